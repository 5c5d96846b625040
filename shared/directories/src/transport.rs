//! One call to an outside directory: judged before it is read, tried again when that is safe and promising, and given up
//! in time.
//!
//! INVARIANT (bounded call): a call makes at most [`MAX_TRIES`] requests and waits for at most [`MAX_WAIT`], slow tries
//! included. After [`OPENS_AFTER`] calls in a row that failed, further calls fail at once until [`COOL_DOWN`] has passed:
//! a directory that is down costs a tick little, and gets time to come back. Redirects are never followed, because they
//! would carry our token, and our trust, to another place.
//!
//! All calls only read, POST ones included, so any of them may be repeated.

use crate::reply::{Again, Failure, Reply};
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderName, HeaderValue, Method, Request, header};
use seatkeeper_confluence::Secret;
use seatkeeper_engine::ports::{Clock, ErrorClass, Http};
use std::{cell::Cell, time::Duration};

/// Requests for one call at most.
pub const MAX_TRIES: u32 = 3;

/// Waiting for one call at most, slow tries included. A tick has about 20 seconds, so a longer wait is the next tick's.
pub const MAX_WAIT: Duration = Duration::from_secs(10);

/// Failed calls in a row after which further ones are not sent.
pub const OPENS_AFTER: u32 = 5;

/// So long nothing is sent then, before one call is tried.
pub const COOL_DOWN: Duration = Duration::from_secs(30);

/// First pause after a fault; it triples with each try.
const FIRST_BACK_OFF: Duration = Duration::from_millis(250);

/// The longest request to slow down that is believed: a wrong unit must not silence a directory for years.
const MAX_BLOCK: Duration = Duration::from_mins(5);

/// What an administrator has to look at when a call fails. Each is the object of a sentence.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    /// Who answers, such as `Okta`.
    pub server: &'static str,
    /// What tells where it is, such as `the variable okta_origin`.
    pub address: &'static str,
    /// What proves who we are, such as `the variable okta_token`.
    pub credentials: &'static str,
    /// The right that reading needs, such as `the scope okta.users.read`.
    pub rights: &'static str,
}

/// A request that can be sent again.
#[derive(Clone)]
pub struct Call {
    method: Method,
    url: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
    secrets: Vec<String>,
}

/// The way to one server, with what it said last: whether to slow down, and whether it works at all.
#[derive(Debug)]
pub struct Line {
    names: Names,
    blocked: Cell<Option<DateTime<Utc>>>,
    failed: Cell<u32>,
    closed: Cell<Option<DateTime<Utc>>>,
}

impl Call {
    /// Reads the address. Whatever comes from outside must be encoded in it already.
    pub fn get(url: impl Into<String>) -> Self {
        let accept = (header::ACCEPT, HeaderValue::from_static("application/json"));
        Self { method: Method::GET, url: url.into(), headers: vec![accept], body: Vec::new(), secrets: Vec::new() }
    }

    /// Reads by sending a body of this type.
    pub fn post(url: impl Into<String>, content_type: &'static str, body: Vec<u8>) -> Self {
        let call = Self { method: Method::POST, body, ..Self::get(url) };
        call.with(header::CONTENT_TYPE, HeaderValue::from_static(content_type))
    }

    /// Adds a header, or replaces it.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.retain(|(present, _)| *present != name);
        self.headers.push((name, value));
        self
    }

    /// Proves who we are, such as with the scheme `Bearer`.
    #[must_use]
    pub fn authorized(self, scheme: &str, secret: &Secret) -> Self {
        let call = self.hiding(secret);
        match HeaderValue::from_str(&format!("{scheme} {}", secret.expose())) {
            Ok(mut value) => {
                value.set_sensitive(true);
                call.with(header::AUTHORIZATION, value)
            }
            // A secret that was parsed can be sent; without the header the server answers 401, and nothing is lost.
            Err(_) => call,
        }
    }

    /// Keeps a secret that the body carries out of every error, should the server repeat it.
    #[must_use]
    pub fn hiding(mut self, secret: &Secret) -> Self {
        self.secrets.push(secret.expose().to_owned());
        self
    }

    /// The same for a secret as it is spelled in the body.
    #[must_use]
    pub(crate) fn hiding_text(mut self, text: String) -> Self {
        self.secrets.push(text);
        self
    }

    fn request(&self) -> Result<Request<Vec<u8>>, Failure> {
        let mut request = Request::builder().method(&self.method).uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let not_an_address = |_| Failure::new(ErrorClass::Refused, "what is asked for does not fit into an address");
        request.body(self.body.clone()).map_err(not_an_address)
    }
}

impl Line {
    /// A way on which nothing has happened yet.
    pub fn new(names: Names) -> Self {
        Self { names, blocked: Cell::default(), failed: Cell::default(), closed: Cell::default() }
    }

    /// What to look at when a call fails.
    pub fn names(&self) -> Names {
        self.names
    }

    /// Sends a call until it is answered, refused or given up.
    pub async fn call<H: Http, C: Clock>(&self, http: &H, clock: &C, call: &Call) -> Result<Reply, Failure> {
        self.admit(clock.now())?;
        let outcome = self.tries(http, clock, call).await.map_err(|failure| failure.without(&call.secrets));
        // An answer that refuses us shows that the server works.
        let works = outcome.as_ref().err().is_none_or(|failure| {
            !matches!(failure.class, ErrorClass::Retryable | ErrorClass::Throttled | ErrorClass::Malformed)
        });
        self.note(works, clock.now());
        outcome
    }

    /// Lets a call through, or fails it at once. After the cool-down one call may try; the others still wait for it.
    fn admit(&self, now: DateTime<Utc>) -> Result<(), Failure> {
        let Some(until) = self.closed.get() else { return Ok(()) };
        if now >= until {
            self.closed.set(Some(now + delta(COOL_DOWN)));
            return Ok(());
        }
        let (server, failed, left) = (self.names.server, self.failed.get(), (until - now).num_seconds() + 1);
        Err(Failure::new(
            ErrorClass::Retryable,
            format!("not sent: the last {failed} calls to {server} failed; the next is tried in {left} s"),
        ))
    }

    fn note(&self, works: bool, now: DateTime<Utc>) {
        self.failed.set(if works { 0 } else { self.failed.get().saturating_add(1) });
        let open = self.failed.get() >= OPENS_AFTER;
        self.closed.set(open.then(|| now + delta(COOL_DOWN)));
    }

    async fn tries<H: Http, C: Clock>(&self, http: &H, clock: &C, call: &Call) -> Result<Reply, Failure> {
        let started = clock.now();
        let mut waited = self.keep_pace(clock, &call.url).await?;
        let mut tries = 1;
        loop {
            let failure = match self.once(http, clock, call).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            let wait = match failure.again {
                Again::Never => return Err(failure),
                Again::BackOff => FIRST_BACK_OFF * 3_u32.pow(tries - 1) + jitter(&call.url, tries),
                Again::After(asked) => {
                    let asked = asked.clamp(Duration::from_secs(1), MAX_BLOCK);
                    self.blocked.set(self.blocked.get().max(Some(clock.now() + delta(asked))));
                    asked + jitter(&call.url, tries)
                }
            };
            let elapsed = (clock.now() - started).to_std().unwrap_or_default().max(waited);
            if tries == MAX_TRIES || elapsed.saturating_add(wait) > MAX_WAIT {
                let detail = if tries == 1 { failure.detail } else { format!("{}, {tries} tries", failure.detail) };
                return Err(Failure { detail, ..failure });
            }
            clock.sleep(wait).await;
            waited += wait;
            tries += 1;
        }
    }

    /// What another call of this line was told while we waited, or before, holds for this one too.
    async fn keep_pace<C: Clock>(&self, clock: &C, url: &str) -> Result<Duration, Failure> {
        let mut waited = Duration::ZERO;
        while let Some(until) = self.blocked.get() {
            let Some(left) = (until - clock.now()).to_std().ok().filter(|left| !left.is_zero()) else { break };
            let wait = left + jitter(url, 0);
            if waited + wait > MAX_WAIT {
                let (server, seconds) = (self.names.server, left.as_secs() + 1);
                return Err(Failure::new(
                    ErrorClass::Throttled,
                    format!("not sent: {server} asked another call to slow down, for {seconds} s more"),
                ));
            }
            clock.sleep(wait).await;
            waited += wait;
        }
        Ok(waited)
    }

    async fn once<H: Http, C: Clock>(&self, http: &H, clock: &C, call: &Call) -> Result<Reply, Failure> {
        let response = http.send(call.request()?).await?;
        Reply::judge(response, &self.names, clock.now())
    }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

/// Up to a quarter of a second that depends on the call only, so that a storm of different calls spreads out and a test
/// can be repeated.
fn jitter(url: &str, tries: u32) -> Duration {
    let hash = url.bytes().fold(u64::from(tries).wrapping_add(0xcbf2_9ce4_8422_2325), |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Duration::from_millis(hash % 250)
}

#[cfg(test)]
#[path = "transport_tests.rs"]
mod tests;
