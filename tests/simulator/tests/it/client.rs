//! A small client for tests: requests in process, without sockets.

use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request};
use seatkeeper_simulator::knobs::Knobs;
use seatkeeper_simulator::world::Clock;
use seatkeeper_simulator::{Config, Simulator};
use serde_json::Value;
use tower::ServiceExt;

/// 2026-11-22T12:00:00Z.
pub const NOON: i64 = 1_795_348_800_000;

/// A site whose clock stands still, with these knobs turned.
pub fn site(knobs: &[&str]) -> Simulator {
    site_of(300, knobs)
}

/// The same with another number of accounts.
pub fn site_of(users: u32, pairs: &[&str]) -> Simulator {
    let mut knobs = Knobs::default();
    for pair in pairs {
        knobs.set_pair(pair).unwrap();
    }
    Simulator::new(Config { users, clock: Clock::Standing { now_ms: NOON }, knobs, ..Config::default() })
}

/// An answer, read to the end.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Asks with exactly these headers.
pub async fn ask(simulator: &Simulator, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("host", "wiki.example.com");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = simulator.router().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

const TOKEN: (&str, &str) = ("authorization", "Bearer demo-token");

pub async fn get(simulator: &Simulator, path: &str) -> Answer {
    ask(simulator, "GET", path, &[TOKEN], "").await
}

pub async fn put(simulator: &Simulator, path: &str) -> Answer {
    ask(simulator, "PUT", path, &[TOKEN], "").await
}

pub async fn delete(simulator: &Simulator, path: &str) -> Answer {
    ask(simulator, "DELETE", path, &[TOKEN], "").await
}

pub async fn send(simulator: &Simulator, method: &str, path: &str, body: &Value) -> Answer {
    ask(simulator, method, path, &[TOKEN, ("content-type", "application/json")], &body.to_string()).await
}
