//! Sends one call: at the pace that the rate limit leaves, and again when that is both safe and promising.

use crate::{
    Confluence,
    answer::{Again, Answer, Failure, number},
};
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, Method, Request, header};
use seatkeeper_engine::ports::{Clock, ErrorClass, Http, PortError};
use serde::de::DeserializeOwned;
use std::{cell::Cell, time::Duration};

/// Requests for one call at most. Every call of this client is a GET, or an idempotent PUT or DELETE.
pub const MAX_TRIES: u32 = 3;

/// Waiting for one call at most, slow tries included. A tick has about 20 seconds, so a longer wait is the next tick's.
pub const MAX_WAIT: Duration = Duration::from_secs(10);

/// The longest pause that a nearly empty rate limit bucket puts before a request.
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// First pause after a fault; it triples with each try.
const FIRST_BACK_OFF: Duration = Duration::from_millis(250);

/// When the next request may go out, after what the rate limit headers said.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    not_before: Cell<Option<DateTime<Utc>>>,
}

impl Pace {
    /// With a tenth of the bucket left, go on no faster than the bucket is filled.
    fn note(&self, headers: &HeaderMap, now: DateTime<Utc>) {
        let header = |name| number(headers, name);
        let (Some(limit), Some(remaining)) = (header("x-ratelimit-limit"), header("x-ratelimit-remaining")) else {
            return;
        };
        if limit == 0 || remaining.saturating_mul(10) > limit {
            self.not_before.set(None);
            return;
        }
        let interval = header("x-ratelimit-interval-seconds").unwrap_or(1).min(3600);
        let fill = header("x-ratelimit-fillrate").unwrap_or(1).max(1);
        let pause = Duration::from_millis(interval * 1000 / fill).min(MAX_PAUSE);
        self.not_before.set(TimeDelta::from_std(pause).ok().and_then(|pause| now.checked_add_signed(pause)));
    }

    fn pause(&self, now: DateTime<Utc>) -> Option<Duration> {
        let left = (self.not_before.take()? - now).to_std().ok()?;
        // A clock that was set back must not stop us for hours.
        Some(left.min(MAX_PAUSE)).filter(|left| !left.is_zero())
    }
}

impl<H: Http, C: Clock> Confluence<H, C> {
    /// Reads JSON from a path below the base address.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, operation: &str) -> Result<T, PortError> {
        let got = self.call(&Method::GET, path).await.and_then(|answer| answer.json());
        got.map_err(|failure| failure.during(operation))
    }

    /// Sends an idempotent call until it is answered, refused or given up.
    pub(crate) async fn call(&self, method: &Method, path: &str) -> Result<Answer, Failure> {
        let started = self.clock.now();
        let mut waited = Duration::ZERO;
        let mut tries = 1;
        loop {
            let failure = match self.once(method, path).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let wait = match failure.again {
                Again::Never => return Err(failure),
                Again::BackOff => FIRST_BACK_OFF * 3_u32.pow(tries - 1) + jitter(path, tries),
                Again::After(asked) => asked.max(Duration::from_secs(1)).saturating_add(jitter(path, tries)),
            };
            let elapsed = (self.clock.now() - started).to_std().unwrap_or_default().max(waited);
            if tries == MAX_TRIES || elapsed.saturating_add(wait) > MAX_WAIT {
                let detail = if tries == 1 { failure.detail } else { format!("{}, {tries} tries", failure.detail) };
                return Err(Failure { detail, ..failure });
            }
            self.clock.sleep(wait).await;
            waited += wait;
            tries += 1;
        }
    }

    async fn once(&self, method: &Method, path: &str) -> Result<Answer, Failure> {
        if let Some(pause) = self.pace.pause(self.clock.now()) {
            self.clock.sleep(pause).await;
        }
        let request = self.request(method, path)?;
        let response = self.http.send(request).await?;
        let now = self.clock.now();
        self.pace.note(response.headers(), now);
        Answer::judge(response, now)
    }

    fn request(&self, method: &Method, path: &str) -> Result<Request<Vec<u8>>, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.settings.base))
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.settings.token.expose()));
        if *method != Method::GET {
            // Without it Confluence suspects a forged request of a browser.
            request = request.header("x-atlassian-token", "no-check");
        }
        request.body(Vec::new()).map_err(|_| Failure::new(ErrorClass::Refused, format!("`{path}` is not an address")))
    }
}

/// Up to a quarter of a second that depends on the call only, so that a storm of different calls spreads out and a test
/// can be repeated.
fn jitter(path: &str, tries: u32) -> Duration {
    let hash = path.bytes().fold(u64::from(tries).wrapping_add(0xcbf2_9ce4_8422_2325), |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Duration::from_millis(hash % 250)
}
