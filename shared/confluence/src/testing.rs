//! A scripted world for the unit tests: answers are given out in order, requests and waiting are written down. When the
//! script is at its end, the connection is broken.

use crate::{Confluence, Settings};
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, Response};
use seatkeeper_engine::ports::{Clock, Http, HttpError};
use serde_json::Value;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    time::Duration,
};

/// The world that a client under test talks to.
pub(crate) struct World {
    answers: RefCell<VecDeque<Result<Response<Vec<u8>>, HttpError>>>,
    requests: RefCell<Vec<Request<Vec<u8>>>>,
    now: Cell<DateTime<Utc>>,
    sleeps: RefCell<Vec<Duration>>,
    /// How long every request takes.
    pub(crate) latency: Cell<Duration>,
}

impl World {
    pub(crate) fn new(answers: impl IntoIterator<Item = Result<Response<Vec<u8>>, HttpError>>) -> Self {
        Self {
            answers: RefCell::new(answers.into_iter().collect()),
            requests: RefCell::default(),
            now: Cell::new(DateTime::from_timestamp(1_764_547_200, 0).unwrap_or_default()),
            sleeps: RefCell::default(),
            latency: Cell::default(),
        }
    }

    /// A client of `https://wiki.example.com/confluence` that expects to be `Bot`.
    pub(crate) fn client(&self) -> Confluence<&Self, &Self> {
        let settings = Settings::parse("https://wiki.example.com", "/confluence", "t0k3n", "Bot");
        Confluence::new(self, self, settings.expect("the settings of the tests are valid"))
    }

    /// Methods and paths so far, without the base address.
    pub(crate) fn calls(&self) -> Vec<String> {
        let call = |request: &Request<Vec<u8>>| {
            let uri = request.uri().to_string();
            format!("{} {}", request.method(), uri.strip_prefix("https://wiki.example.com/confluence").unwrap_or(&uri))
        };
        self.requests.borrow().iter().map(call).collect()
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
}

impl Http for &World {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        self.requests.borrow_mut().push(request);
        self.now.set(self.now.get() + TimeDelta::from_std(self.latency.get()).unwrap_or_default());
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
        self.now.set(self.now.get() + TimeDelta::from_std(how_long).unwrap_or_default());
    }
}

/// An answer with headers and a body.
#[expect(clippy::unnecessary_wraps, reason = "scripts mix answers and failures")]
pub(crate) fn raw(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Response<Vec<u8>>, HttpError> {
    let builder =
        headers.iter().fold(Response::builder().status(status), |builder, (name, value)| builder.header(*name, *value));
    Ok(builder.body(body.as_bytes().to_vec()).expect("the answers of the tests are valid"))
}

/// A JSON answer with status 200.
#[expect(clippy::needless_pass_by_value, reason = "bodies are written in place")]
pub(crate) fn ok(body: Value) -> Result<Response<Vec<u8>>, HttpError> {
    raw(200, &[("content-type", "application/json")], &body.to_string())
}

/// An error answer of the REST layer.
pub(crate) fn error(status: u16, message: &str) -> Result<Response<Vec<u8>>, HttpError> {
    let body = serde_json::json!({"statusCode": status, "data": {"authorized": true}, "message": message});
    raw(status, &[("content-type", "application/json")], &body.to_string())
}

/// A web page.
pub(crate) fn page(status: u16, title: &str) -> Result<Response<Vec<u8>>, HttpError> {
    let body = format!("<!DOCTYPE html><html><head><title>{title}</title></head><body>secret body</body></html>");
    raw(status, &[("content-type", "text/html;charset=UTF-8")], &body)
}
