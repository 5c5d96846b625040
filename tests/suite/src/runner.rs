//! One start of a component: its own clients, with a tap in front of every port.

use crate::{Lab, LabClock, Tap};
use http::{Request, Response};
use seatkeeper_confluence::{Confluence, Settings};
use seatkeeper_directories::{Crowd, CrowdSettings, NoRename};
use seatkeeper_engine::{
    ports::{Http, HttpError, PortError, Rename, Store, StoreError},
    sweep::Ports,
    testing::MemoryStore,
};
use seatkeeper_policy::Username;
use seatkeeper_simulator::Simulator;
use std::cell::RefCell;
use tower::ServiceExt as _;

/// The store behind a tap. Lock keys can be made invisible, to see what happens when an advisory lock fails.
pub struct TappedStore<'a> {
    store: &'a MemoryStore,
    tap: &'a Tap,
    full: &'a RefCell<Option<String>>,
    blind_to: Option<&'a str>,
    own: RefCell<Option<Vec<u8>>>,
}

/// The way to the simulator behind a tap.
pub struct TappedHttp<'a> {
    sim: Simulator,
    tap: &'a Tap,
}

/// The executor for renames that the lab has.
pub enum Renamer<'a> {
    /// Crowd.
    Crowd(Crowd<TappedHttp<'a>, LabClock>),
    /// None.
    Nobody(NoRename),
}

/// One start of a component.
pub struct Runner<'a> {
    /// State.
    pub store: TappedStore<'a>,
    /// Confluence.
    pub confluence: Confluence<TappedHttp<'a>, LabClock>,
    /// Renames.
    pub rename: Renamer<'a>,
    /// Time.
    pub clock: LabClock,
    /// A name that no other runner has.
    pub name: String,
}

impl<'a> Runner<'a> {
    /// Starts a component on the lab.
    pub fn start(lab: &'a Lab, tap: &'a Tap) -> Self {
        let http = || TappedHttp { sim: lab.sim.clone(), tap };
        let context = lab.world().knobs.context_path.clone();
        let settings = Settings::parse("http://wiki.test", &context, "demo-token", "sk-bot").unwrap();
        let rename = if lab.crowd {
            let settings = CrowdSettings::parse("http://wiki.test", "/crowd", "seatkeeper", "crowd-secret").unwrap();
            Renamer::Crowd(Crowd::new(http(), lab.clock.clone(), settings))
        } else {
            Renamer::Nobody(NoRename)
        };
        Self {
            store: TappedStore { store: &lab.store, tap, full: &lab.full, blind_to: None, own: RefCell::default() },
            confluence: Confluence::new(http(), lab.clock.clone(), settings),
            rename,
            clock: lab.clock.clone(),
            name: lab.next_runner(),
        }
    }

    /// The same, but blind to what others wrote under a lock's key.
    #[must_use]
    pub fn blind_to(mut self, key: &'a str) -> Self {
        self.store.blind_to = Some(key);
        self
    }

    /// The ports as the flows want them.
    pub fn ports(&self) -> Ports<'_, TappedStore<'a>, Confluence<TappedHttp<'a>, LabClock>, Renamer<'a>, LabClock> {
        Ports { store: &self.store, confluence: &self.confluence, rename: &self.rename, clock: &self.clock }
    }
}

impl Store for TappedStore<'_> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if self.blind_to == Some(key) {
            return Ok(self.own.borrow().clone());
        }
        self.tap.call(format!("get {key}"), self.store.get(key)).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        if self.blind_to == Some(key) {
            *self.own.borrow_mut() = Some(value.to_owned());
            return Ok(());
        }
        if self.full.borrow().as_ref().is_some_and(|full| key.starts_with(full.as_str())) {
            return Err(StoreError::Failed("database or disk is full".to_owned()));
        }
        self.tap.call(format!("set {key}"), self.store.set(key, value)).await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.tap.call(format!("delete {key}"), self.store.delete(key)).await
    }
}

impl Http for TappedHttp<'_> {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        let name = format!("{} {}", request.method(), request.uri().path());
        self.tap.call(name, ask(&self.sim, request)).await
    }
}

async fn ask(sim: &Simulator, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
    let broken = |error: &dyn std::fmt::Display| HttpError::Connection(error.to_string());
    let request = request.map(axum::body::Body::from);
    let answer = sim.router().oneshot(request).await.map_err(|error| broken(&error))?;
    let (parts, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|error| broken(&error))?;
    Ok(Response::from_parts(parts, body.to_vec()))
}

impl Rename for Renamer<'_> {
    fn available(&self) -> bool {
        match self {
            Self::Crowd(crowd) => crowd.available(),
            Self::Nobody(nobody) => nobody.available(),
        }
    }

    async fn rename(&self, from: &Username, to: &Username) -> Result<(), PortError> {
        match self {
            Self::Crowd(crowd) => crowd.rename(from, to).await,
            Self::Nobody(nobody) => nobody.rename(from, to).await,
        }
    }

    async fn holder(&self, name: &Username) -> Result<Option<String>, PortError> {
        match self {
            Self::Crowd(crowd) => crowd.holder(name).await,
            Self::Nobody(nobody) => nobody.holder(name).await,
        }
    }
}
