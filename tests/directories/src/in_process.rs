//! The ports without a socket: a network of stand-ins, and a clock on which waiting takes no time.

use crate::stand_in::StandIn;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, Response};
use seatkeeper_engine::ports::{Clock, Http, HttpError};
use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

/// Stand-ins by their origin, such as `https://graph.example.com`. Everything else is denied, as by a host that allows
/// only what the manifest names.
pub struct Network {
    stand_ins: Vec<(String, StandIn)>,
    denied: RefCell<Vec<String>>,
    now: Cell<DateTime<Utc>>,
    waited: Cell<Duration>,
}

impl Network {
    /// A network of one.
    pub fn of(origin: &str, stand_in: &StandIn) -> Self {
        Self {
            stand_ins: vec![(origin.to_owned(), stand_in.clone())],
            denied: RefCell::default(),
            now: Cell::new(Utc::now()),
            waited: Cell::default(),
        }
    }

    /// One more.
    #[must_use]
    pub fn and(mut self, origin: &str, stand_in: &StandIn) -> Self {
        self.stand_ins.push((origin.to_owned(), stand_in.clone()));
        self
    }

    /// Addresses outside the network that somebody tried to reach.
    pub fn denied(&self) -> Vec<String> {
        self.denied.borrow().clone()
    }

    /// All waiting so far.
    pub fn waited(&self) -> Duration {
        self.waited.get()
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.now.set(self.now.get() + TimeDelta::from_std(time).unwrap_or_default());
    }
}

impl Http for &Network {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        let uri = request.uri();
        let origin = format!(
            "{}://{}",
            uri.scheme_str().unwrap_or_default(),
            uri.authority().map(http::uri::Authority::as_str).unwrap_or_default()
        );
        let Some((_, stand_in)) = self.stand_ins.iter().find(|(known, _)| *known == origin) else {
            self.denied.borrow_mut().push(uri.to_string());
            return Err(HttpError::Denied);
        };
        stand_in.answer(request).await.ok_or(HttpError::Timeout)
    }
}

impl Clock for &Network {
    fn now(&self) -> DateTime<Utc> {
        self.now.get()
    }

    async fn sleep(&self, how_long: Duration) {
        self.waited.set(self.waited.get() + how_long);
        self.pass(how_long);
    }
}
