//! A scripted world for the unit tests: answers are given out in order, requests and waiting are written down. When the
//! script is at its end, the connection is broken.

use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, Response};
use seatkeeper_engine::ports::{Clock, Http, HttpError};
use serde_json::Value;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    time::Duration,
};

/// An answer of the script.
pub(crate) type Scripted = Result<Response<Vec<u8>>, HttpError>;

/// The world that a client under test talks to.
pub(crate) struct World {
    answers: RefCell<VecDeque<Scripted>>,
    requests: RefCell<Vec<Request<Vec<u8>>>>,
    now: Cell<DateTime<Utc>>,
    sleeps: RefCell<Vec<Duration>>,
    /// How long every request takes.
    pub(crate) latency: Cell<Duration>,
}

impl World {
    pub(crate) fn new(answers: impl IntoIterator<Item = Scripted>) -> Self {
        Self {
            answers: RefCell::new(answers.into_iter().collect()),
            requests: RefCell::default(),
            // A Monday, 2025-12-01 00:00:00.
            now: Cell::new(DateTime::from_timestamp(1_764_547_200, 0).unwrap_or_default()),
            sleeps: RefCell::default(),
            latency: Cell::default(),
        }
    }

    /// Methods and addresses so far.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.requests.borrow().iter().map(|request| format!("{} {}", request.method(), request.uri())).collect()
    }

    /// A header of a request, by the request's number.
    pub(crate) fn header(&self, request: usize, name: &str) -> Option<String> {
        let requests = self.requests.borrow();
        Some(requests.get(request)?.headers().get(name)?.to_str().ok()?.to_owned())
    }

    /// The body of a request, by the request's number.
    pub(crate) fn body(&self, request: usize) -> String {
        let requests = self.requests.borrow();
        requests.get(request).map(|request| String::from_utf8_lossy(request.body()).into_owned()).unwrap_or_default()
    }

    /// All waiting so far.
    pub(crate) fn sleeps(&self) -> Vec<Duration> {
        self.sleeps.borrow().clone()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        self.now.set(self.now.get() + TimeDelta::from_std(time).unwrap_or_default());
    }

    /// Adds to the end of the script.
    pub(crate) fn then(&self, answers: impl IntoIterator<Item = Scripted>) {
        self.answers.borrow_mut().extend(answers);
    }
}

impl Http for &World {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        self.requests.borrow_mut().push(request);
        self.pass(self.latency.get());
        let answer = self.answers.borrow_mut().pop_front();
        answer.unwrap_or_else(|| Err(HttpError::Connection("the script is at its end".to_owned())))
    }
}

impl Clock for &World {
    fn now(&self) -> DateTime<Utc> {
        self.now.get()
    }

    async fn sleep(&self, how_long: Duration) {
        self.sleeps.borrow_mut().push(how_long);
        self.pass(how_long);
    }
}

/// An answer with headers and a body.
#[expect(clippy::unnecessary_wraps, reason = "scripts mix answers and failures")]
pub(crate) fn raw(status: u16, headers: &[(&str, &str)], body: &str) -> Scripted {
    let builder =
        headers.iter().fold(Response::builder().status(status), |builder, (name, value)| builder.header(*name, *value));
    Ok(builder.body(body.as_bytes().to_vec()).expect("the answers of the tests are valid"))
}

/// A JSON answer.
#[expect(clippy::needless_pass_by_value, reason = "bodies are written in place")]
pub(crate) fn json(status: u16, body: Value) -> Scripted {
    raw(status, &[("content-type", "application/json")], &body.to_string())
}
