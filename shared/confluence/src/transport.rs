//! Sends one call: at the pace that the rate limit leaves, and again when that is both safe and promising.

use crate::{
    Confluence,
    answer::{Again, Answer, Failure},
};
use chrono::{DateTime, Utc};
use http::{Method, Request, header};
use seatkeeper_engine::ports::{Clock, ErrorClass, Http, PortError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// Requests for one call at most. Every call of this client is a GET, or an idempotent PUT or DELETE.
pub const MAX_TRIES: u32 = 3;

/// Waiting for one call at most, slow tries included. A tick has about 20 seconds, so a longer wait is the next tick's.
pub const MAX_WAIT: Duration = Duration::from_secs(10);

/// First pause after a fault; it triples with each try.
const FIRST_BACK_OFF: Duration = Duration::from_millis(250);

impl<H: Http, C: Clock> Confluence<H, C> {
    /// Reads JSON from a path below the base address.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, operation: &str) -> Result<T, PortError> {
        let got = self.call(&Method::GET, path).await.and_then(|answer| answer.json());
        got.map_err(|failure| failure.during(operation))
    }

    /// Sends an idempotent call until it is answered, refused or given up.
    pub(crate) async fn call(&self, method: &Method, path: &str) -> Result<Answer, Failure> {
        self.call_with(method, path, None).await
    }

    /// The same with a JSON body.
    pub(crate) async fn call_with(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Answer, Failure> {
        let started = self.clock.now();
        let mut waited = Duration::ZERO;
        let mut tries = 1;
        loop {
            waited += self.keep_pace(path, started, waited).await?;
            let failure = match self.once(method, path, body).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let wait = match failure.again {
                Again::Never => return Err(failure),
                Again::BackOff => FIRST_BACK_OFF * 3_u32.pow(tries - 1) + jitter(path, tries),
                Again::After(asked) => {
                    let asked = asked.max(Duration::from_secs(1));
                    self.pace.block(self.clock.now(), asked);
                    asked.saturating_add(jitter(path, tries))
                }
            };
            if tries == MAX_TRIES || self.elapsed(started, waited).saturating_add(wait) > MAX_WAIT {
                let detail = if tries == 1 { failure.detail } else { format!("{}, {tries} tries", failure.detail) };
                return Err(Failure { detail, ..failure });
            }
            self.clock.sleep(wait).await;
            waited += wait;
            tries += 1;
        }
    }

    /// Waits until a request may go out, and says for how long it waited. What another call was told while we waited
    /// holds for us too. A wait beyond our patience is a failure, and nothing is sent.
    async fn keep_pace(&self, path: &str, started: DateTime<Utc>, before: Duration) -> Result<Duration, Failure> {
        let mut waited = Duration::ZERO;
        loop {
            let now = self.clock.now();
            let wait = match self.pace.blocked(now) {
                Some(left) => left.saturating_add(jitter(path, 0)),
                None if waited.is_zero() => self.pace.queue(now).unwrap_or_default(),
                None => Duration::ZERO,
            };
            if wait.is_zero() {
                return Ok(waited);
            }
            if self.elapsed(started, before + waited).saturating_add(wait) > MAX_WAIT {
                return Err(Failure::new(
                    ErrorClass::Throttled,
                    format!(
                        "not sent: Confluence asked another call of this client to slow down, for {} s more; raise this \
                         account's limit or wait",
                        wait.as_secs()
                    ),
                ));
            }
            self.clock.sleep(wait).await;
            waited += wait;
        }
    }

    fn elapsed(&self, started: DateTime<Utc>, waited: Duration) -> Duration {
        (self.clock.now() - started).to_std().unwrap_or_default().max(waited)
    }

    async fn once(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Answer, Failure> {
        let request = self.request(method, path, body)?;
        let response = self.http.send(request).await?;
        let now = self.clock.now();
        self.pace.note(response.headers(), now);
        Answer::judge(response, now)
    }

    fn request(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Request<Vec<u8>>, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.settings.base))
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.settings.token.expose()));
        if *method != Method::GET {
            // Without it Confluence suspects a forged request of a browser.
            request = request.header("x-atlassian-token", "no-check");
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        request.body(bytes).map_err(|_| Failure::new(ErrorClass::Refused, format!("`{path}` is not an address")))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pace::MAX_GAP;
    use crate::testing::{World, error, ok, page, raw};
    use futures::executor::block_on;
    use seatkeeper_engine::ports::{ConfluenceRead, ConfluenceWrite, HttpError};
    use seatkeeper_policy::{GroupName, SeatCount, Username};
    use serde_json::json;

    fn counts() -> [Result<http::Response<Vec<u8>>, HttpError>; 2] {
        [ok(json!({"count": 48})), ok(json!({"count": 100}))]
    }

    #[test]
    fn a_fault_that_passes_is_survived_with_growing_pauses() {
        for fault in [error(500, "oops"), page(502, "Bad Gateway"), Err(HttpError::Timeout)] {
            let world = World::new([fault.clone(), fault].into_iter().chain(counts()));
            let seats = block_on(world.client().seats()).unwrap();
            assert_eq!(seats, SeatCount { used: 48, max: Some(100) });
            let sleeps = world.sleeps();
            assert_eq!(sleeps.len(), 2);
            assert!(sleeps[0] >= FIRST_BACK_OFF && sleeps[1] >= FIRST_BACK_OFF * 3, "{sleeps:?}");
        }
    }

    #[test]
    fn a_fault_that_stays_is_given_up_after_three_tries_and_says_so() {
        let world = World::new(std::iter::repeat_n(error(500, "oops"), 5));
        let failure = block_on(world.client().seats()).unwrap_err();
        assert_eq!(failure.class, ErrorClass::Retryable);
        assert_eq!(failure.to_string(), "failed to count seats: server fault (500: oops), 3 tries");
        assert_eq!(world.calls().len(), 3);
    }

    #[test]
    fn slow_failures_use_up_the_patience_before_the_tries() {
        let world = World::new(std::iter::repeat_n(Err(HttpError::Timeout), 5));
        world.latency.set(MAX_WAIT);
        assert_eq!(block_on(world.client().seats()).unwrap_err().class, ErrorClass::Retryable);
        assert_eq!(world.calls().len(), 1);
    }

    #[test]
    fn throttling_is_waited_out_for_as_long_as_asked_but_at_least_a_second() {
        for (asked, least) in [("3", 3), ("0", 1)] {
            let throttled = raw(429, &[("Retry-After", asked)], "");
            let world = World::new([throttled].into_iter().chain(counts()));
            block_on(world.client().seats()).unwrap();
            let wait = world.sleeps()[0];
            assert!(wait >= Duration::from_secs(least) && wait < Duration::from_secs(least + 1), "{wait:?}");
        }
    }

    #[test]
    fn throttling_beyond_our_patience_is_told_at_once_and_not_waited_for() {
        let world = World::new([raw(429, &[("Retry-After", "60")], "")]);
        let failure = block_on(world.client().seats()).unwrap_err();
        assert_eq!(failure.class, ErrorClass::Throttled);
        assert!(failure.detail.contains("60 s"), "{failure}");
        assert!(world.sleeps().is_empty());

        let world = World::new(std::iter::repeat_n(raw(429, &[("Retry-After", "1")], ""), 9));
        assert_eq!(block_on(world.client().seats()).unwrap_err().class, ErrorClass::Throttled);
        assert_eq!(world.calls().len(), 3);
        assert!(world.sleeps().iter().sum::<Duration>() <= MAX_WAIT);
    }

    #[test]
    fn a_captcha_is_never_tried_again() {
        let world = World::new([raw(403, &[("X-Seraph-LoginReason", "AUTHENTICATION_DENIED")], "")]);
        assert_eq!(block_on(world.client().whoami()).unwrap_err().class, ErrorClass::Unauthorized);
        assert_eq!(world.calls().len(), 1);
    }

    #[test]
    fn a_nearly_empty_bucket_slows_us_down_to_the_speed_it_is_filled_with() {
        let headers = |remaining| {
            [
                ("X-RateLimit-Limit", "50"),
                ("X-RateLimit-Remaining", remaining),
                ("X-RateLimit-Interval-Seconds", "1"),
                ("X-RateLimit-FillRate", "10"),
            ]
        };
        for (remaining, pauses) in [("5", vec![Duration::from_millis(100)]), ("40", vec![])] {
            let world = World::new(counts().map(|_| raw(200, &headers(remaining), r#"{"count": 1}"#)));
            block_on(world.client().seats()).unwrap();
            assert_eq!(world.sleeps(), pauses, "{remaining} left");
        }
    }

    #[test]
    fn a_slow_bucket_never_pauses_us_for_long() {
        let headers = [
            ("X-RateLimit-Limit", "5"),
            ("X-RateLimit-Remaining", "0"),
            ("X-RateLimit-Interval-Seconds", "3600"),
            ("X-RateLimit-FillRate", "1"),
        ];
        let world = World::new(counts().map(|_| raw(200, &headers, r#"{"count": 1}"#)));
        block_on(world.client().seats()).unwrap();
        assert_eq!(world.sleeps(), [MAX_GAP]);
    }

    #[test]
    fn changes_carry_the_forgery_header_and_reads_do_not_and_both_the_token() {
        let world = World::new([raw(204, &[], ""), ok(json!([]))]);
        let client = world.client();
        let (user, group) = (Username::parse("jörg").unwrap(), GroupName::parse("a b").unwrap());
        block_on(client.add_to_group(&user, &group)).unwrap();
        block_on(client.permissions()).unwrap();
        assert_eq!(world.header(0, "X-Atlassian-Token").as_deref(), Some("no-check"));
        assert_eq!(world.header(1, "X-Atlassian-Token"), None);
        for request in 0..2 {
            assert_eq!(world.header(request, "Authorization").as_deref(), Some("Bearer t0k3n"));
            assert_eq!(world.header(request, "Accept").as_deref(), Some("application/json"));
        }
    }

    #[test]
    fn the_token_is_in_no_error() {
        let redirect = raw(302, &[("location", "https://sso.example.com/login?token=t0k3n")], "");
        let world = World::new([error(401, "no"), redirect, raw(400, &[], "")]);
        let client = world.client();
        for _ in 0..3 {
            let failure = block_on(client.whoami()).unwrap_err();
            assert!(!format!("{failure:?}").contains("t0k3n"), "{failure}");
        }
        assert!(!format!("{:?}", client.settings).contains("t0k3n"));
    }
}
