//! A simulated site in this process, and clients of it. Time stands still unless a client waits.

use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, Response};
use seatkeeper_confluence::{Confluence, Settings};
use seatkeeper_engine::ports::{Clock, ConfluenceRead, Http, HttpError, LastLogin, Page, Person, PortError, Who};
use seatkeeper_policy::{GroupName, Status, UserKey, Username};
use seatkeeper_simulator::{
    Config, Simulator,
    knobs::Knobs,
    world::{Clock as SiteClock, UserId, World},
};
use std::{sync::MutexGuard, time::Duration};
use tower::ServiceExt as _;

/// Pages of a listing at most; more means that it never ends.
const MAX_PAGES: usize = 2_000;

/// A site with 150 accounts on 1 December 2025.
pub struct Site {
    pub simulator: Simulator,
    context_path: String,
}

impl Site {
    /// A site with these knobs turned.
    pub fn with(knobs: &[(&str, &str)]) -> Self {
        let mut all = Knobs::default();
        for (name, value) in knobs {
            all.set(name, value).unwrap();
        }
        let context_path = all.context_path.clone();
        let clock = SiteClock::Standing { now_ms: 1_764_547_200_000 };
        let simulator = Simulator::new(Config { users: 150, knobs: all, clock, ..Config::default() });
        Self { simulator, context_path }
    }

    /// Turns a knob.
    pub fn set(&self, name: &str, value: &str) {
        self.world().knobs.set(name, value).unwrap();
    }

    /// The world; let go of it before the next call.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.simulator.world()
    }

    /// A client of the product's own account.
    pub fn client(&self) -> Confluence<&Self, &Self> {
        self.client_as("demo-token", "SK-Bot")
    }

    /// A client with another token, or that expects to be somebody else.
    pub fn client_as(&self, token: &str, expected_user: &str) -> Confluence<&Self, &Self> {
        Confluence::new(self, self, self.settings(token, expected_user))
    }

    /// The settings of a client of this site.
    pub fn settings(&self, token: &str, expected_user: &str) -> Settings {
        Settings::parse("http://wiki.test", &self.context_path, token, expected_user).unwrap()
    }

    /// A client of somebody who may use the site and no more.
    pub fn client_of(&self, name: &str) -> Confluence<&Self, &Self> {
        let mut world = self.world();
        let (id, now) = (world.find_user(name).unwrap(), world.now_ms());
        world.secrets.add_token(id, "own", "own-token", now, None);
        drop(world);
        self.client_as("own-token", name)
    }

    /// All members of a group, page by page.
    pub async fn members(&self, group: &str) -> Result<Vec<Person>, PortError> {
        let (client, group) = (self.client(), GroupName::parse(group).unwrap());
        all(async |start| client.members(&group, start).await).await
    }

    /// All seat holders, page by page.
    pub async fn active(&self) -> Result<Vec<(Person, LastLogin)>, PortError> {
        let client = self.client();
        all(async |start| client.active(start).await).await
    }

    /// The status that a fresh client reads.
    pub async fn status(&self, name: &Username) -> Status {
        self.client().account(Who::Name(name)).await.unwrap().unwrap().status
    }

    /// How many changes really changed something since the last question.
    pub fn changes(&self) -> u64 {
        std::mem::take(&mut self.world().changes)
    }
}

/// A group of this name.
pub fn group(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

/// An account of this name.
pub fn user(name: &str) -> Username {
    Username::parse(name).unwrap()
}

/// The key of an account, as the client sees it.
pub fn key(world: &World, id: UserId) -> UserKey {
    UserKey::parse(world.user(id).key_text()).unwrap()
}

async fn all<T>(mut page: impl AsyncFnMut(u64) -> Result<Page<T>, PortError>) -> Result<Vec<T>, PortError> {
    let (mut items, mut next) = (Vec::new(), Some(0));
    for _ in 0..MAX_PAGES {
        let Some(start) = next else { return Ok(items) };
        let got = page(start).await?;
        items.extend(got.items);
        next = got.next;
    }
    panic!("more than {MAX_PAGES} pages")
}

impl Http for &Site {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        let broken = |error: &dyn std::fmt::Display| HttpError::Connection(error.to_string());
        let request = request.map(axum::body::Body::from);
        let answer = self.simulator.router().oneshot(request).await.map_err(|error| broken(&error))?;
        let (parts, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|error| broken(&error))?;
        Ok(Response::from_parts(parts, body.to_vec()))
    }
}

impl Clock for &Site {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.world().now_ms()).unwrap()
    }

    async fn sleep(&self, how_long: Duration) {
        if let SiteClock::Standing { now_ms } = &mut self.world().clock {
            *now_ms += TimeDelta::from_std(how_long).unwrap().num_milliseconds();
        }
    }
}
