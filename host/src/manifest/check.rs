//! From the manifest as written to an application that can run: everything that Spin refuses at the start is refused
//! here, with every problem at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use croner::Cron;

use super::trigger::{CronTrigger, HttpTrigger, Route, StaticResponse};
use super::{Component, Manifest, Source, id};
use crate::cron;
use crate::error::Problems;
use crate::http::router::WELL_KNOWN_PREFIX;
use crate::outbound::allowed::AllowedHosts;
use crate::variables::{Sources, Template, Values, VariableError};

/// An application that can run.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) routes: Vec<(String, RouteTarget)>,
    pub(crate) crons: Vec<Schedule>,
    pub(crate) components: Vec<ComponentPlan>,
}

/// What answers a route.
#[derive(Debug, Clone)]
pub(crate) enum RouteTarget {
    Component(String),
    Static(StaticResponse),
}

/// When a component is woken.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pub(crate) component: String,
    pub(crate) expression: String,
    pub(crate) cron: Cron,
}

/// A component with its grants.
#[derive(Debug)]
pub(crate) struct ComponentPlan {
    pub(crate) id: String,
    pub(crate) description: String,
    pub(crate) source: PathBuf,
    pub(crate) variables: BTreeMap<String, Result<String, VariableError>>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) stores: BTreeSet<String>,
    pub(crate) allowed: AllowedHosts,
    pub(crate) serves_http: bool,
    pub(crate) serves_cron: bool,
}

/// Checks a manifest. What is returned beside problems is not fit to run.
pub(crate) fn check(
    manifest: &Manifest,
    folder: &Path,
    sources: &Sources,
    store_labels: &BTreeSet<&str>,
    problems: &mut Problems,
) -> App {
    let values = variables(manifest, sources, problems);
    application(manifest, problems);
    let mut routes = Vec::new();
    let mut crons = Vec::new();
    for (kind, triggers) in &manifest.triggers {
        match kind.as_str() {
            "http" => routes.extend(triggers.iter().filter_map(|trigger| http(trigger, manifest, problems))),
            "cron" => crons.extend(triggers.iter().filter_map(|trigger| schedule(trigger, manifest, problems))),
            _ => problems.add(format!("[[trigger.{kind}]]: the embedded host has only http and cron triggers")),
        }
    }
    let mut components = Vec::new();
    for (id, component) in &manifest.components {
        let serves_http = routes.iter().any(|(_, target)| matches!(target, RouteTarget::Component(name) if name == id));
        let serves_cron = crons.iter().any(|schedule| schedule.component == *id);
        let plan = plan(id, component, folder, &values, store_labels, serves_cron, problems);
        components.push(ComponentPlan { serves_http, serves_cron, ..plan });
    }
    // A private route is checked like any other and then has no address.
    routes.retain(|(route, _)| !route.is_empty());
    App {
        name: manifest.application.name.clone(),
        version: manifest.application.version.clone(),
        routes,
        crons,
        components,
    }
}

fn variables(manifest: &Manifest, sources: &Sources, problems: &mut Problems) -> Values {
    for (name, variable) in &manifest.variables {
        if let Err(why) = id::lower_snake(name) {
            problems.add(format!("[variables] {name:?} is not a valid name: {why}"));
        }
        if variable.required == variable.default.is_some() {
            problems.add(format!("[variables] {name:?} must have either required = true or a default"));
        }
    }
    let declared = manifest.variables.iter().map(|(name, variable)| (name, variable.default.as_ref()));
    let values = Values::collect(declared, sources);
    for name in values.missing() {
        if manifest.variables.get(name).is_some_and(|variable| variable.required) {
            let upper = name.to_ascii_uppercase();
            problems.add(format!(
                "the required variable {name:?} has no value; set SPIN_VARIABLE_{upper}, in the environment or in \
                 .env, or pass --variable {name}=..."
            ));
        }
    }
    for name in sources.command_line.keys().filter(|name| !values.declares(name)) {
        problems.add(format!("--variable {name}: the manifest declares no variable of this name"));
    }
    values
}

fn application(manifest: &Manifest, problems: &mut Problems) {
    if manifest.triggers.is_empty() {
        problems.add("the manifest has no trigger; without [[trigger.http]] or [[trigger.cron]] nothing would run");
    }
    for (kind, settings) in &manifest.application.trigger {
        let usual_base =
            kind == "http" && settings.iter().all(|(key, value)| key == "base" && value.as_str() == Some("/"));
        if !settings.is_empty() && !usual_base {
            problems.add(format!("[application.trigger.{kind}]: settings are not implemented by the embedded host"));
        }
    }
}

/// Notes a component that a trigger names and the manifest does not have.
fn known(component: &str, manifest: &Manifest, trigger: &str, problems: &mut Problems) {
    if !manifest.components.contains_key(component) {
        problems.add(format!("{trigger}: there is no [component.{component}]"));
    }
}

fn http(trigger: &toml::Table, manifest: &Manifest, problems: &mut Problems) -> Option<(String, RouteTarget)> {
    let parsed = problems.take(HttpTrigger::parse(trigger))?;
    let (route, shown) = match parsed.route {
        Route::Public(route) => {
            let shown = format!("[[trigger.http]] route {route:?}");
            if format!("/{}", route.trim_start_matches('/')).starts_with(WELL_KNOWN_PREFIX) {
                problems.add(format!("{shown}: paths under {WELL_KNOWN_PREFIX} belong to the host"));
            }
            (route, shown)
        }
        Route::Private => (String::new(), "[[trigger.http]] with a private route".to_owned()),
    };
    match (parsed.component, parsed.static_response) {
        (Some(component), None) => {
            known(&component, manifest, &shown, problems);
            Some((route, RouteTarget::Component(component)))
        }
        (None, Some(response)) => {
            problems.take(response.check().map_err(|why| format!("{shown}: {why}")));
            Some((route, RouteTarget::Static(response)))
        }
        (component, _) => {
            let count = if component.is_some() { "both" } else { "neither" };
            problems.add(format!("{shown}: it must have either a component or a static_response and has {count}"));
            None
        }
    }
}

fn schedule(trigger: &toml::Table, manifest: &Manifest, problems: &mut Problems) -> Option<Schedule> {
    let CronTrigger { component, cron_expression } = problems.take(CronTrigger::parse(trigger))?;
    known(&component, manifest, "[[trigger.cron]]", problems);
    let cron = problems.take(cron::parse(&cron_expression))?;
    Some(Schedule { component, expression: cron_expression, cron })
}

fn plan(
    id: &str,
    component: &Component,
    folder: &Path,
    values: &Values,
    store_labels: &BTreeSet<&str>,
    serves_cron: bool,
    problems: &mut Problems,
) -> ComponentPlan {
    let at = format!("[component.{id}]");
    if let Err(why) = id::kebab(id) {
        problems.add(format!("{at}: {id:?} is not a valid component id: {why}"));
    }
    not_served(&at, component, problems);
    for label in &component.key_value_stores {
        if let Err(why) = id::label(label) {
            problems.add(format!("{at} key_value_stores: {label:?} is not a valid label: {why}"));
        } else if !store_labels.contains(label.as_str()) {
            problems.add(format!(
                "unknown key_value_stores label {label:?} for component {id:?}; \
                 add [key_value_store.{label}] to the runtime configuration"
            ));
        }
    }
    ComponentPlan {
        id: id.into(),
        description: component.description.clone(),
        source: source(&at, &component.source, folder, problems),
        variables: component_variables(&at, component, values, problems),
        environment: component.environment.clone(),
        stores: component.key_value_stores.iter().cloned().collect(),
        allowed: allowed(&at, component, values, serves_cron, problems),
        serves_http: false,
        serves_cron,
    }
}

fn not_served(at: &str, component: &Component, problems: &mut Problems) {
    let fields = [
        ("files", component.files.is_empty()),
        ("sqlite_databases", component.sqlite_databases.is_empty()),
        ("ai_models", component.ai_models.is_empty()),
        ("dependencies", component.dependencies.is_empty()),
    ];
    for (field, _) in fields.iter().filter(|(_, empty)| !empty) {
        problems.add(format!("{at} {field}: not implemented by the embedded host"));
    }
    if !component.allowed_http_hosts.is_empty() {
        problems.add(format!("{at} allowed_http_hosts: write allowed_outbound_hosts instead"));
    }
}

fn source(at: &str, source: &Source, folder: &Path, problems: &mut Problems) -> PathBuf {
    match source {
        Source::Local(path) => {
            let path = folder.join(path);
            if !path.is_file() {
                problems.add(format!("{at} source: {} is not there; build the component first", path.display()));
            }
            path
        }
        Source::Elsewhere(table) => {
            let kind = if table.contains_key("url") { "a download" } else { "a registry package" };
            problems.add(format!("{at} source: {kind} is not implemented by the embedded host; give a local path"));
            PathBuf::new()
        }
    }
}

fn component_variables(
    at: &str,
    component: &Component,
    values: &Values,
    problems: &mut Problems,
) -> BTreeMap<String, Result<String, VariableError>> {
    let mut resolved = BTreeMap::new();
    for (name, text) in &component.variables {
        if let Err(why) = id::lower_snake(name) {
            problems.add(format!("{at} variables: {name:?} is not a valid name: {why}"));
        }
        let template = Template::parse(text).map_err(|why| format!("{at} variables.{name}: {why}"));
        let Some(template) = problems.take(template) else { continue };
        for unknown in template.names().filter(|name| !values.declares(name)) {
            problems.add(format!("{at} variables.{name}: unknown variable {unknown:?}"));
        }
        resolved.insert(name.clone(), template.resolve(values));
    }
    resolved
}

fn allowed(
    at: &str,
    component: &Component,
    values: &Values,
    serves_cron: bool,
    problems: &mut Problems,
) -> AllowedHosts {
    let allowed = match AllowedHosts::parse(&component.allowed_outbound_hosts, values) {
        Ok(allowed) => allowed,
        Err(several) => {
            for problem in several {
                problems.add(format!("{at} {problem}"));
            }
            return AllowedHosts::default();
        }
    };
    for host in allowed.iter() {
        if host.is_service_chaining() && serves_cron {
            problems.add(format!(
                "{at} allowed_outbound_hosts: *.spin.internal cannot be used from a cron trigger; \
                 give the component of the cron trigger an id of its own without this entry"
            ));
        } else if host.is_service_chaining() || host.is_own() {
            problems.add(format!(
                "{at} allowed_outbound_hosts: requests to the application's own components are not implemented by the \
                 embedded host"
            ));
        }
    }
    allowed
}
