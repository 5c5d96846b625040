//! Sending one message once, and telling what a failure means.
//!
//! Nothing is retried here: the caller keeps the message and calls again later, so that a message is neither lost nor
//! able to use up the time of a tick.

use crate::{Channel, Kind, Message, advice, discord, generic, google_chat, mattermost, slack, teams};
use chrono::{DateTime, Utc};
use http::{HeaderMap, Request, Response, StatusCode, header};
use seatkeeper_engine::{
    alert::{Accepted, Retry, Undelivered},
    ports::{Http, HttpError},
};
use seatkeeper_web::signature;
use std::time::Duration;

/// The header with the signature of a generic message.
pub const SIGNATURE_HEADER: &str = "X-Seatkeeper-Signature";
/// The header with the time of sending, in seconds since 1970; part of what is signed.
pub const TIMESTAMP_HEADER: &str = "X-Seatkeeper-Timestamp";

/// The longest pause that a receiver can impose. A wrong clock or a hostile receiver would otherwise silence alerts
/// for as long as it likes.
const MAX_PAUSE: Duration = Duration::from_hours(24);

/// What the caller may do about a failed delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryClass {
    /// Somebody has to change something first; the same message will fail again.
    Permanent,
    /// It may pass by itself.
    Later {
        /// How long the receiver asked us to wait, if it did.
        after: Option<Duration>,
    },
    /// We were too fast.
    Throttled {
        /// How long the receiver asked us to wait, if it did.
        after: Option<Duration>,
    },
}

/// A message that was not delivered, as far as we know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("failed to deliver to {channel} at {origin}: {detail}")]
pub struct DeliveryError {
    /// What the caller may do about it.
    pub class: DeliveryClass,
    /// Name of the channel.
    pub channel: &'static str,
    /// Scheme and host of the channel.
    pub origin: String,
    /// What the receiver answered, if it did.
    pub status: Option<u16>,
    /// What was seen and what to do, never with the path of the channel.
    pub detail: String,
}

impl From<DeliveryError> for Undelivered {
    fn from(error: DeliveryError) -> Self {
        let told = error.to_string();
        let retry = match error.class {
            DeliveryClass::Permanent => Retry::Never,
            DeliveryClass::Later { after } => Retry::Later(after),
            DeliveryClass::Throttled { after } => Retry::Throttled(after),
        };
        Self { retry, status: error.status, told }
    }
}

/// Sends the message once. `Ok` means that the receiver confirmed it: Slack by its word `ok`, others by any 2xx.
pub async fn deliver<H: Http>(
    http: &H,
    channel: &Channel,
    message: &Message,
    now: DateTime<Utc>,
) -> Result<Accepted, DeliveryError> {
    let outcome = match request(channel, message, now) {
        Ok(request) => judge(channel.kind(), http.send(request).await, now),
        Err(error) => Err(Failure::of(DeliveryClass::Permanent, format!("the request cannot be built: {error}"))),
    };
    outcome.map_err(|Failure { class, status, detail }| DeliveryError {
        class,
        channel: channel.name(),
        origin: channel.origin().to_owned(),
        status: status.map(|status| status.as_u16()),
        detail: channel.hidden(&detail),
    })
}

/// The body of a message for a kind of channel.
pub fn payload(kind: Kind, message: &Message) -> serde_json::Value {
    match kind {
        Kind::Slack => slack::payload(message),
        Kind::Teams => teams::payload(message),
        Kind::Mattermost => mattermost::payload(message),
        Kind::GoogleChat => google_chat::payload(message),
        Kind::Discord => discord::payload(message),
        Kind::Webhook => generic::payload(message),
    }
}

fn request(channel: &Channel, message: &Message, now: DateTime<Utc>) -> Result<Request<Vec<u8>>, http::Error> {
    let body = payload(channel.kind(), message).to_string().into_bytes();
    let mut request = Request::post(format!("{}{}", channel.origin(), channel.path()))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("Seatkeeper/", env!("CARGO_PKG_VERSION")));
    if let Some(secret) = channel.secret() {
        let timestamp = now.timestamp();
        request = request
            .header(TIMESTAMP_HEADER, timestamp)
            .header(SIGNATURE_HEADER, signature::sign_at(secret, timestamp, &body));
    }
    request.body(body)
}

struct Failure {
    class: DeliveryClass,
    status: Option<StatusCode>,
    detail: String,
}

impl Failure {
    fn of(class: DeliveryClass, detail: String) -> Self {
        Self { class, status: None, detail }
    }
}

fn judge(kind: Kind, answer: Result<Response<Vec<u8>>, HttpError>, now: DateTime<Utc>) -> Result<Accepted, Failure> {
    let later = DeliveryClass::Later { after: None };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error @ HttpError::Denied) => return Err(Failure::of(DeliveryClass::Permanent, error.to_string())),
        Err(error @ HttpError::TooLarge { limit: _ }) => {
            let detail = format!("{error}; this is not how a chat answers, check the address");
            return Err(Failure::of(later, detail));
        }
        Err(error @ (HttpError::Timeout | HttpError::Connection(_))) => {
            return Err(Failure::of(later, error.to_string()));
        }
    };
    let status = answer.status();
    let failed = |class, detail: String| Err(Failure { class, status: Some(status), detail });
    if status.is_success() {
        return match kind {
            // A proxy or login page answered in Slack's place. That can pass, so the message is kept.
            Kind::Slack if status != StatusCode::OK || answer.body().trim_ascii() != b"ok" => {
                failed(later, format!("status {status} without Slack's `ok`; is there a proxy in between?"))
            }
            // A webhook of the old kind says with 200 what happened behind it.
            Kind::Teams if says(answer.body(), "HTTP error 429") => {
                failed(DeliveryClass::Throttled { after: None }, "asked to slow down".to_owned())
            }
            _ => Ok(Accepted { status: Some(status.as_u16()), pause: spent(answer.headers()) }),
        };
    }
    let after = retry_after(kind, &answer, now);
    if status == StatusCode::TOO_MANY_REQUESTS {
        return failed(DeliveryClass::Throttled { after }, "asked to slow down (status 429)".to_owned());
    }
    // Mattermost says so where an administrator switched webhooks off.
    let fault = status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED;
    if fault || status == StatusCode::REQUEST_TIMEOUT || status == StatusCode::TOO_EARLY {
        return failed(DeliveryClass::Later { after }, format!("the receiver has a fault (status {status})"));
    }
    if status.is_redirection() {
        return failed(
            DeliveryClass::Permanent,
            format!("the receiver redirects (status {status}), which is not followed; configure the final address"),
        );
    }
    let advice = advice::advice(kind, status, answer.body());
    failed(DeliveryClass::Permanent, format!("refused with status {status}: {advice}"))
}

fn says(body: &[u8], what: &str) -> bool {
    String::from_utf8_lossy(body).contains(what)
}

/// The pause before the next message, where the answer says that no more are allowed at present (Discord).
fn spent(headers: &HeaderMap) -> Option<Duration> {
    let none_left = headers.get("X-RateLimit-Remaining")?.to_str().ok()?.trim() == "0";
    if none_left { seconds(headers, "X-RateLimit-Reset-After") } else { None }
}

/// How long the receiver asked us to wait, never longer than [`MAX_PAUSE`].
fn retry_after(kind: Kind, answer: &Response<Vec<u8>>, now: DateTime<Utc>) -> Option<Duration> {
    let told = match kind {
        Kind::Discord => seconds(answer.headers(), "X-RateLimit-Reset-After").or_else(|| discords_word(answer.body())),
        Kind::Mattermost => seconds(answer.headers(), "X-RateLimit-Reset"),
        Kind::Slack | Kind::Teams | Kind::GoogleChat | Kind::Webhook => None,
    };
    let wait = told.or_else(|| standard(answer, now))?;
    Some(wait.min(MAX_PAUSE))
}

/// `Retry-After` as seconds or as a date.
fn standard(answer: &Response<Vec<u8>>, now: DateTime<Utc>) -> Option<Duration> {
    let value = answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(value).ok()?;
    // A date in the past means that we may go on at once.
    Some((until.to_utc() - now).to_std().unwrap_or(Duration::ZERO))
}

/// A header with seconds, perhaps with a fraction.
fn seconds(headers: &HeaderMap, name: &str) -> Option<Duration> {
    let seconds: f64 = headers.get(name)?.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok().map(|wait| wait.min(MAX_PAUSE))
}

/// `retry_after` of Discord's JSON: seconds with a fraction in present versions, whole milliseconds in old ones, which
/// an address without a version still gets (<https://github.com/discord/discord-api-docs/issues/4722>).
fn discords_word(body: &[u8]) -> Option<Duration> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let told = body.get("retry_after")?;
    if let Some(millis) = told.as_u64() {
        return Some(Duration::from_millis(millis).max(Duration::from_secs(1)));
    }
    Duration::try_from_secs_f64(told.as_f64()?).ok()
}
