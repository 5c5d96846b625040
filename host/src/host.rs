//! The host as a whole: load an application, serve it, wake its components, stop.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::Utc;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use wasmtime::Engine;
use wasmtime::component::InstancePre;

use crate::error::{Problems, StartError};
use crate::http::dispatch::ReuseLimits;
use crate::http::router::Router;
use crate::http::server::Server;
use crate::manifest::Manifest;
use crate::manifest::check::{self, App, ComponentPlan, RouteTarget, Schedule};
use crate::outbound::client::{Client, ClientOptions, read_roots};
use crate::outbound::hooks::OutboundPolicy;
use crate::outbound::sockets::Sockets;
use crate::postgres::Databases;
use crate::runtime_config::RuntimeConfig;
use crate::state::{ComponentShared, State};
use crate::variables::Sources;
use crate::{bindings, components, cron, engine, kv};

/// How long cron runs may go on after the order to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// The longest sleep of a schedule, so that a changed clock is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// Slots of the pool for each request that may run at once. Instances outlive their requests for reuse, and every
/// component keeps its own.
const SLOTS_PER_REQUEST: usize = 4;

/// How to load and run an application.
#[derive(Debug, Clone)]
pub struct Options {
    /// The manifest file.
    pub manifest: PathBuf,
    /// The runtime configuration file, if there is one.
    pub runtime_config: Option<PathBuf>,
    /// Where databases, logs and compiled code are kept; by default `.spin` beside the manifest.
    pub state_dir: Option<PathBuf>,
    /// Values for variables.
    pub sources: Sources,
    /// Extra roots for TLS, a PEM file.
    pub ca_file: Option<PathBuf>,
    /// Whether keys and values must fit every host, not only this one.
    pub strict_kv: bool,
    /// Whether compiled code is kept on disk.
    pub cache: bool,
    /// Whether components' output is also shown on standard error.
    pub show_logs: bool,
    /// Whether each request is logged to standard output.
    pub access_log: bool,
    /// How instances are used.
    pub reuse: ReuseLimits,
    /// Requests that run at once; more of them wait.
    pub max_requests: usize,
    /// Bytes of memory that one instance may have.
    pub max_instance_memory: usize,
}

impl Options {
    /// The defaults, which take nothing from the process environment.
    pub fn new(manifest: impl Into<PathBuf>) -> Self {
        Self {
            manifest: manifest.into(),
            runtime_config: None,
            state_dir: None,
            sources: Sources::default(),
            ca_file: None,
            strict_kv: false,
            cache: true,
            show_logs: false,
            access_log: false,
            reuse: ReuseLimits {
                max_reuse: 128,
                max_concurrent: 16,
                idle: Duration::from_secs(1),
                request: Some(Duration::from_mins(5)),
            },
            max_requests: 128,
            max_instance_memory: 128 << 20,
        }
    }
}

/// A loaded application. Clones are handles to the same one.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    engine: Engine,
    server: Arc<Server>,
    components: BTreeMap<String, Loaded>,
    crons: Vec<Schedule>,
    stores: Stores,
    request_limit: Option<Duration>,
    stop: watch::Sender<bool>,
    stopping: Arc<AtomicBool>,
}

/// A component that is ready to make instances.
pub(crate) struct Loaded {
    pub(crate) shared: Arc<ComponentShared>,
    pub(crate) pre: InstancePre<State>,
    pub(crate) description: String,
}

impl Host {
    /// Loads an application, or says everything that is wrong with it.
    pub fn load(options: &Options) -> Result<Self, StartError> {
        let (manifest, folder) = Manifest::read(&options.manifest)?;
        let mut problems = Problems::default();
        let config = options
            .runtime_config
            .as_deref()
            .map_or_else(RuntimeConfig::default, |path| RuntimeConfig::read(path, &mut problems));
        let labels: BTreeSet<&str> = config.stores.keys().map(String::as_str).collect();
        let app = check::check(&manifest, &folder, &options.sources, &labels, &mut problems);
        let roots = options.ca_file.as_deref().map(read_roots).transpose();
        let router = Router::build(app.routes.iter().cloned());
        if let Err(several) = &router {
            for problem in several {
                problems.add(problem);
            }
        }
        let roots = problems.take(roots).flatten().unwrap_or_default();
        problems.finish()?;
        let router = router.map_err(|problems| StartError { problems })?;

        let state_dir = options.state_dir.clone().or_else(|| config.state_dir.clone());
        let state_dir = std::path::absolute(state_dir.unwrap_or_else(|| folder.join(".spin")))
            .map_err(|error| StartError::one(format!("the state directory is not usable: {error}")))?;
        let databases = Databases::new(config.blocked.clone(), roots.clone());
        let client =
            Client::new(ClientOptions { blocked: config.blocked.clone(), pooling: config.pooling, extra_roots: roots })
                .map_err(StartError::one)?;
        let cache = options.cache.then(|| state_dir.join("cache"));
        let engine = engine::start(slots(options.max_requests), cache.as_deref()).map_err(StartError::one)?;
        let shared =
            Shared { options, config: &config, state_dir: &state_dir, client, databases, stopping: Arc::default() };
        Self::assemble(app, &shared, engine, router)
    }

    fn assemble(
        app: App,
        shared: &Shared<'_>,
        engine: Engine,
        router: Router<RouteTarget>,
    ) -> Result<Self, StartError> {
        let mut problems = Problems::default();
        let stores = shared.open_stores(&app, &mut problems);
        let linker = bindings::linker(&engine)
            .map_err(|error| StartError::one(format!("the engine cannot link its interfaces: {error:#}")))?;
        let mut loader = components::Loader::new(&engine, &linker);
        let (mut loaded, mut dispatchers) = (BTreeMap::new(), BTreeMap::new());
        for plan in app.components.iter().filter(|plan| plan.serves_http || plan.serves_cron) {
            let component = shared.component(plan, Arc::clone(&stores));
            let Some(component) = problems.take(component) else { continue };
            let pre = loader.load(plan);
            let Some(pre) = problems.take(pre) else { continue };
            if plan.serves_http {
                let dispatcher = components::dispatcher(&engine, &pre, &component, &shared.options.reuse);
                dispatchers.extend(problems.take(dispatcher).map(|dispatcher| (plan.id.clone(), dispatcher)));
            }
            let entry = Loaded { shared: component, pre, description: plan.description.clone() };
            loaded.insert(plan.id.clone(), entry);
        }
        problems.finish()?;
        let server = Server {
            name: app.name,
            version: app.version,
            router,
            dispatchers,
            places: Arc::new(Semaphore::new(shared.options.max_requests)),
            access_log: shared.options.access_log,
        };
        Ok(Self(Arc::new(Inner {
            engine,
            server: Arc::new(server),
            components: loaded,
            crons: app.crons,
            stores,
            request_limit: shared.options.reuse.request,
            stop: watch::channel(false).0,
            stopping: Arc::clone(&shared.stopping),
        })))
    }

    /// Serves HTTP until [`Host::stop`], then lets open requests end.
    pub async fn serve(&self, listener: TcpListener) {
        self.0.server.serve(listener, self.0.stop.subscribe()).await;
    }

    /// Runs the cron triggers until [`Host::stop`], then lets open runs end.
    pub async fn run_crons(&self) {
        let mut schedules = JoinSet::new();
        for schedule in self.0.crons.iter().cloned() {
            schedules.spawn(self.clone().run_schedule(schedule));
        }
        while schedules.join_next().await.is_some() {}
    }

    async fn run_schedule(self, schedule: Schedule) {
        let mut stop = self.0.stop.subscribe();
        let mut runs = JoinSet::new();
        let mut last = Utc::now();
        while let Some(due) = cron::next(&schedule.cron, last) {
            let wait = (due - Utc::now()).to_std().unwrap_or_default();
            if !wait.is_zero() {
                tokio::select! {
                    () = tokio::time::sleep(wait.min(LONGEST_SLEEP)) => continue,
                    _ = stop.wait_for(|stop| *stop) => break,
                }
            }
            // After a pause of the machine there is one run, not one for each tick that was missed.
            last = Utc::now().max(due);
            let host = self.clone();
            let component = schedule.component.clone();
            let timestamp = u64::try_from(due.timestamp()).unwrap_or_default();
            runs.spawn(async move {
                if let Err(why) = host.fire_cron(&component, timestamp).await {
                    eprintln!("A cron event of component {component} failed: {why}");
                }
            });
            while runs.try_join_next().is_some() {}
        }
        let drained = async { while runs.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, drained).await.is_err() {
            eprintln!("A cron run of component {} was still going on and has been cut off.", schedule.component);
        }
    }

    /// Wakes a component as its cron trigger would; the error is the component's own or says how its instance failed.
    pub async fn fire_cron(&self, component: &str, timestamp: u64) -> Result<(), String> {
        let loaded = self.0.components.get(component).ok_or_else(|| {
            let known: Vec<&str> = self.0.components.keys().map(String::as_str).collect();
            format!("there is no component {component:?}; loaded are {}", known.join(", "))
        })?;
        cron::check(&loaded.pre)?;
        let run = cron::fire(&loaded.pre, loaded.shared.new_store(&self.0.engine), timestamp);
        match self.0.request_limit {
            None => run.await,
            Some(limit) => tokio::time::timeout(limit, run)
                .await
                .unwrap_or_else(|_| Err("it took longer than --request-timeout".into())),
        }
    }

    /// Tells [`Host::serve`] and [`Host::run_crons`] to come to an end.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
        self.0.stop.send_replace(true);
    }

    /// Moves what is still in the databases' logs into their files, so that a copy of the file alone is complete.
    pub async fn flush(&self) {
        for (label, database) in self.0.stores.iter() {
            if let Err(why) = database.flush().await {
                eprintln!("The log of key-value store {label} stays for the next start: {why}");
            }
        }
    }

    /// The largest memory, in bytes, that one instance of a component has had.
    pub fn peak_memory(&self, component: &str) -> Option<usize> {
        let loaded = self.0.components.get(component)?;
        Some(loaded.shared.peak_memory.load(Ordering::Relaxed))
    }

    /// The loaded components.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.components.keys().map(String::as_str)
    }

    /// One line for each route and schedule, as it is shown at the start.
    pub fn describe(&self, base_url: &str) -> Vec<String> {
        let stores = self.0.stores.iter();
        let mut lines: Vec<String> = stores
            .map(|(label, database)| format!("Storing {label} key-value data to {}", database.path().display()))
            .collect();
        lines.push("Available Routes:".to_owned());
        for (route, target) in self.0.server.router.iter() {
            let RouteTarget::Component(id) = target else {
                lines.push(format!("  static: {base_url}{route}"));
                continue;
            };
            lines.push(format!("  {id}: {base_url}{route}"));
            let description = self.0.components.get(id).map_or("", |loaded| loaded.description.as_str());
            if !description.is_empty() {
                lines.push(format!("    {description}"));
            }
        }
        let crons = self.0.crons.iter();
        lines.extend(crons.map(|schedule| format!("  {}: cron {}", schedule.component, schedule.expression)));
        lines
    }
}

fn slots(max_requests: usize) -> u32 {
    u32::try_from(max_requests.saturating_mul(SLOTS_PER_REQUEST)).unwrap_or(u32::MAX)
}

/// What loading needs besides the manifest.
struct Shared<'a> {
    options: &'a Options,
    config: &'a RuntimeConfig,
    state_dir: &'a Path,
    client: Client,
    databases: Databases,
    stopping: Arc<AtomicBool>,
}

type Stores = Arc<BTreeMap<String, kv::Database>>;

impl Shared<'_> {
    /// Opens each database that a component uses, once for each file.
    fn open_stores(&self, app: &App, problems: &mut Problems) -> Stores {
        let used: BTreeSet<&String> = app.components.iter().flat_map(|plan| &plan.stores).collect();
        let mut files: BTreeMap<PathBuf, kv::Database> = BTreeMap::new();
        let mut stores = BTreeMap::new();
        for (label, path) in self.config.stores.iter().filter(|(label, _)| used.contains(label)) {
            let path = path.clone().unwrap_or_else(|| self.state_dir.join("sqlite_key_value.db"));
            let database = match files.get(&path) {
                Some(open) => Some(open.clone()),
                None => problems.take(kv::Database::open(&path)),
            };
            if let Some(database) = database {
                files.insert(path, database.clone());
                stores.insert(label.clone(), database);
            }
        }
        Arc::new(stores)
    }

    fn component(&self, plan: &ComponentPlan, stores: Stores) -> Result<Arc<ComponentShared>, String> {
        let log_dir = self.config.log_dir.clone().unwrap_or_else(|| self.state_dir.join("logs"));
        let outbound = Arc::new(OutboundPolicy::new(&plan.id, plan.allowed.clone(), self.client.clone()));
        Ok(Arc::new(ComponentShared {
            id: plan.id.clone(),
            variables: plan.variables.clone(),
            environment: plan.environment.clone(),
            granted_stores: plan.stores.clone(),
            stores,
            strict_kv: self.options.strict_kv,
            sockets: Sockets::new(Arc::clone(&outbound), self.config.blocked.clone()),
            outbound,
            databases: self.databases.clone(),
            logs: crate::logs::ComponentLogs::open(&plan.id, Some(&log_dir), self.options.show_logs)?,
            max_memory: self.config.max_instance_memory.unwrap_or(self.options.max_instance_memory),
            peak_memory: 0.into(),
            stopping: Arc::clone(&self.stopping),
        }))
    }
}
