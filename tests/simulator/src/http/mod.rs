//! The HTTP side: a request is taken apart, judged, answered from the world, and written down.

mod audit_text;
mod auth;
mod call;
mod deliver;
mod fault;
mod limit;
mod log;
mod page;
mod person;
mod pipeline;
mod reply;
mod routes;
mod serve;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;

use crate::generate::{Shape, population};
use crate::knobs::Knobs;
use crate::world::{Action, Author, Clock, User, UserId, World};
pub use fault::{Fault, FaultBody, FaultKind};
pub use log::LogEntry;

use fault::Faults;
use limit::Limiter;
use log::Log;

/// How to set up a simulator.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many accounts.
    pub users: u32,
    /// The seed of the population.
    pub seed: u64,
    /// The clock.
    pub clock: Clock,
    /// The switches.
    pub knobs: Knobs,
    /// The administrator that the product works as; made when the population lacks it.
    pub admin: String,
    /// Its password for Basic.
    pub admin_password: String,
    /// Its personal access token.
    pub token: String,
    /// Name and password of the application that may use the Crowd interface.
    pub crowd_application: Option<(String, String)>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            users: 100,
            seed: 7,
            clock: Clock::Running { offset_ms: 0 },
            knobs: Knobs::default(),
            admin: "sk-bot".to_owned(),
            admin_password: "sk-bot".to_owned(),
            token: "demo-token".to_owned(),
            crowd_application: Some(("seatkeeper".to_owned(), "crowd-secret".to_owned())),
        }
    }
}

#[derive(Debug)]
struct Inner {
    world: Mutex<World>,
    faults: Mutex<Faults>,
    limiter: Mutex<Limiter>,
    log: Mutex<Log>,
}

/// A running site. Clones share it.
#[derive(Clone, Debug)]
pub struct Simulator(Arc<Inner>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Simulator {
    /// Generates a population and sets up its administrator.
    pub fn new(config: Config) -> Self {
        let mut world = population(Shape { users: config.users, seed: config.seed, clock: config.clock });
        world.knobs = config.knobs;
        if !world.knobs.audit_logins {
            world.audit.forget_logins();
        }
        let admin = administrator(&mut world, &config.admin);
        if let Some(admin) = admin {
            let now = world.now_ms();
            world.secrets.add_token(admin, "seatkeeper", &config.token, now, None);
            world.secrets.set_password(admin, &config.admin_password);
        }
        world.secrets.crowd_application = config.crowd_application;
        world.changes = 0;
        Self::from_world(world)
    }

    /// Serves a world that somebody else made.
    pub fn from_world(world: World) -> Self {
        Self(Arc::new(Inner {
            world: Mutex::new(world),
            faults: Mutex::default(),
            limiter: Mutex::default(),
            log: Mutex::default(),
        }))
    }

    /// The world, locked. Let it go before the next request.
    pub fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.0.world)
    }

    /// Every request to the product's own paths so far (the last 200,000), oldest first. Control calls are not in it.
    pub fn log(&self) -> Vec<LogEntry> {
        lock(&self.0.log).entries().cloned().collect()
    }

    /// How many requests came, control calls not counted.
    pub fn requests(&self) -> u64 {
        lock(&self.0.log).total()
    }

    /// How many of them asked for a change.
    pub fn writes(&self) -> u64 {
        lock(&self.0.log).writes()
    }

    /// How many requests came by route, such as `GET /rest/api/group/{}/member`.
    pub fn routes(&self) -> BTreeMap<String, u64> {
        lock(&self.0.log).routes().clone()
    }

    /// Starts counting by route from nothing.
    pub fn forget_routes(&self) {
        lock(&self.0.log).forget_routes();
    }

    /// Makes a later call go wrong.
    pub fn inject(&self, fault: Fault) {
        lock(&self.0.faults).add(fault);
    }

    /// Forgets all faults that have not struck yet.
    pub fn clear_faults(&self) {
        lock(&self.0.faults).clear();
    }

    /// The site as a router, for use in process or behind any server.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }
}

async fn answer(State(simulator): State<Simulator>, request: Request) -> Response {
    simulator.answer(request).await
}

/// The account that the product works as: in the administrators' group and in the licence group.
fn administrator(world: &mut World, name: &str) -> Option<UserId> {
    let id = match world.find_user(name) {
        Some(id) => id,
        None => new_account(world, None, name, "Seatkeeper", None).ok()?,
    };
    for group in ["confluence-users", "confluence-administrators"] {
        if let Some(group) = world.find_group(group) {
            world.apply(None, id, crate::world::Change::Join(group));
        }
    }
    Some(id)
}

/// Makes an account in the internal directory.
pub(crate) fn new_account(
    world: &mut World,
    actor: Option<UserId>,
    name: &str,
    full_name: &str,
    email: Option<&str>,
) -> Result<UserId, crate::world::Refusal> {
    let now = world.now_ms();
    let number = world.users().len() as u128;
    let user = User {
        username: Arc::from(name),
        lower: Arc::from(name.to_lowercase()),
        // Generated keys begin with 2 or 3; the number keeps the rest apart.
        key: 0x4028_d676_0000_0000_u128 << 64 | number,
        display_name: full_name.into(),
        email: email.map(Into::into),
        directory: crate::world::DirectoryId(0),
        shadows: 0,
        active: true,
        removed: false,
        created_ms: now,
        last_login_ms: None,
        groups: Vec::new(),
        seat: false,
    };
    world.add_user(actor, user)
}

/// Writes into the audit log in the name of a caller.
pub(crate) fn audit(world: &mut World, actor: Option<UserId>, action: Action) {
    let now = world.now_ms();
    world.audit.push(now, actor.map_or(Author::Anonymous, Author::User), action);
}
