//! `[[trigger.http]]` and `[[trigger.cron]]`: their exact shape.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;

/// `[[trigger.http]]`.
#[derive(Debug)]
pub(crate) struct HttpTrigger {
    pub(crate) component: Option<String>,
    pub(crate) static_response: Option<StaticResponse>,
    pub(crate) route: Route,
}

/// Where a trigger listens.
#[derive(Debug)]
pub(crate) enum Route {
    Public(String),
    /// Only for other components; this host serves no such calls, so the route has no address.
    Private,
}

/// A response without a component.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StaticResponse {
    #[serde(default)]
    pub(crate) status_code: Option<u16>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) body: Option<String>,
}

impl StaticResponse {
    /// Checks what the response would be made of.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some(code) = self.status_code {
            StatusCode::from_u16(code).map_err(|_| format!("static_response.status_code {code} is no HTTP status"))?;
        }
        for (name, value) in &self.headers {
            HeaderName::try_from(name).map_err(|_| format!("static_response.headers: {name:?} is no header name"))?;
            HeaderValue::try_from(value)
                .map_err(|_| format!("static_response.headers.{name}: the value is not allowed in a header"))?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpAsWritten {
    #[serde(default, rename = "id")]
    _id: String,
    #[serde(default)]
    component: Option<toml::Value>,
    #[serde(default)]
    static_response: Option<StaticResponse>,
    route: toml::Value,
    #[serde(default)]
    executor: Option<toml::Table>,
    #[serde(default)]
    components: BTreeMap<String, toml::Value>,
    #[serde(default)]
    dependencies: BTreeMap<String, toml::Value>,
}

impl HttpTrigger {
    /// Reads one trigger.
    pub(crate) fn parse(table: &toml::Table) -> Result<Self, String> {
        let refuse = |why: &str| format!("[[trigger.http]]{}: {why}", route_hint(table));
        let written: HttpAsWritten =
            toml::Value::Table(table.clone()).try_into().map_err(|error: toml::de::Error| refuse(error.message()))?;
        if !written.components.is_empty() || !written.dependencies.is_empty() {
            return Err(refuse("components and dependencies are not implemented by the embedded host"));
        }
        if let Some(executor) = written.executor {
            let kind = executor.get("type").and_then(toml::Value::as_str).unwrap_or_default();
            if !matches!(kind, "http" | "spin") || executor.len() != 1 {
                return Err(refuse("only executor = { type = \"http\" } is implemented by the embedded host"));
            }
        }
        let route = match written.route {
            toml::Value::String(route) => Route::Public(route),
            toml::Value::Table(table)
                if table.len() == 1 && table.get("private").and_then(toml::Value::as_bool) == Some(true) =>
            {
                Route::Private
            }
            _ => return Err(refuse("the route must be a pattern or { private = true }")),
        };
        let component = written.component.map(component_name).transpose().map_err(|why| refuse(&why))?;
        Ok(Self { component, static_response: written.static_response, route })
    }
}

fn route_hint(table: &toml::Table) -> String {
    table.get("route").and_then(toml::Value::as_str).map(|route| format!(" route {route:?}")).unwrap_or_default()
}

fn component_name(value: toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(name) => Ok(name),
        _ => {
            Err("a component inside a trigger is not implemented by the embedded host; give it its own [component.ID]"
                .into())
        }
    }
}

/// `[[trigger.cron]]`.
#[derive(Debug)]
pub(crate) struct CronTrigger {
    pub(crate) component: String,
    pub(crate) cron_expression: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CronAsWritten {
    #[serde(default, rename = "id")]
    _id: String,
    component: toml::Value,
    cron_expression: String,
}

impl CronTrigger {
    /// Reads one trigger.
    pub(crate) fn parse(table: &toml::Table) -> Result<Self, String> {
        let refuse = |why: &str| format!("[[trigger.cron]]: {why}");
        let written: CronAsWritten =
            toml::Value::Table(table.clone()).try_into().map_err(|error: toml::de::Error| refuse(error.message()))?;
        let component = component_name(written.component).map_err(|why| refuse(&why))?;
        Ok(Self { component, cron_expression: written.cron_expression })
    }
}
