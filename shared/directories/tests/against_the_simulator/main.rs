//! Crowd's client against the simulator, which serves Crowd's interface beside the wiki's.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

mod attributes;
mod people;
mod rename;

use chrono::{DateTime, Utc};
use http::{Request, Response};
use seatkeeper_directories::{Crowd, CrowdSettings};
use seatkeeper_engine::ports::{Clock, Http, HttpError};
use seatkeeper_simulator::{
    Config, Simulator,
    knobs::Knobs,
    world::{Clock as SiteClock, User, World},
};
use std::time::Duration;
use tower::ServiceExt as _;

/// A site in this process.
struct Site(Simulator);

impl Site {
    /// A site of 300 accounts with these knobs turned.
    fn with(knobs: &[&str]) -> Self {
        let mut all = Knobs::default();
        for pair in knobs {
            all.set_pair(pair).unwrap();
        }
        let clock = SiteClock::Standing { now_ms: 1_795_348_800_000 };
        Self(Simulator::new(Config { users: 300, knobs: all, clock, ..Config::default() }))
    }

    fn crowd(&self, password: &str) -> Crowd<&Self, &Self> {
        let settings = CrowdSettings::parse("http://crowd.test", "/crowd", "seatkeeper", password).unwrap();
        Crowd::new(self, self, settings)
    }

    /// Names in this directory of people with a seat.
    fn names(&self, directory: &str) -> Vec<String> {
        let world = self.0.world();
        let there = |(id, user): &(_, &User)| user.has_seat() && world.directory_of(*id).name == directory;
        world.users().filter(there).map(|(_, user)| user.username.to_string()).collect()
    }

    fn name(&self, directory: &str) -> String {
        self.names(directory).swap_remove(0)
    }

    fn look<T>(&self, at: impl FnOnce(&World) -> T) -> T {
        at(&self.0.world())
    }
}

impl Http for &Site {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        let answer = self.0.router().oneshot(request.map(axum::body::Body::from)).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        let body = body.map_err(|error| HttpError::Connection(error.to_string()))?;
        Ok(Response::from_parts(parts, body.to_vec()))
    }
}

impl Clock for &Site {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.world().now_ms()).unwrap()
    }

    async fn sleep(&self, _: Duration) {}
}
