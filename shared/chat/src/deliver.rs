//! Sending one message once, and telling what a failure means.
//!
//! Nothing is retried here: the caller keeps the message and calls again later, so that a message is neither lost nor
//! able to use up the time of a tick.

use crate::{Channel, Message, generic, slack};
use chrono::{DateTime, Utc};
use http::{Request, Response, StatusCode, header};
use seatkeeper_engine::ports::{Http, HttpError};
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
    /// What was seen and what to do, never with the path of the channel.
    pub detail: String,
}

/// Sends the message once. `Ok` means that the receiver confirmed it: Slack by its word `ok`, others by any 2xx.
pub async fn deliver<H: Http>(
    http: &H,
    channel: &Channel,
    message: &Message,
    now: DateTime<Utc>,
) -> Result<(), DeliveryError> {
    let outcome = match request(channel, message, now) {
        Ok(request) => judge(channel, http.send(request).await, now),
        Err(error) => Err((DeliveryClass::Permanent, format!("the request cannot be built: {error}"))),
    };
    outcome.map_err(|(class, detail)| DeliveryError {
        class,
        channel: channel.name(),
        origin: channel.origin().to_owned(),
        // Error texts of other programs like to repeat the address they were given.
        detail: detail.replace(channel.path(), "/***"),
    })
}

fn request(channel: &Channel, message: &Message, now: DateTime<Utc>) -> Result<Request<Vec<u8>>, http::Error> {
    let request = Request::post(format!("{}{}", channel.origin(), channel.path()))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("Seatkeeper/", env!("CARGO_PKG_VERSION")));
    match channel {
        Channel::Slack { origin: _, path: _ } => request.body(slack::payload(message).to_string().into_bytes()),
        Channel::Webhook { origin: _, path: _, secret } => {
            let body = generic::payload(message).to_string().into_bytes();
            let timestamp = now.timestamp();
            request
                .header(TIMESTAMP_HEADER, timestamp)
                .header(SIGNATURE_HEADER, signature::sign_at(secret, timestamp, &body))
                .body(body)
        }
    }
}

type Failure = (DeliveryClass, String);

fn judge(channel: &Channel, answer: Result<Response<Vec<u8>>, HttpError>, now: DateTime<Utc>) -> Result<(), Failure> {
    let later = |detail: String| Err((DeliveryClass::Later { after: None }, detail));
    let answer = match answer {
        Ok(answer) => answer,
        Err(error @ HttpError::Denied) => return Err((DeliveryClass::Permanent, error.to_string())),
        Err(error @ HttpError::TooLarge { limit: _ }) => {
            return later(format!("{error}; this is not how a chat answers, check the address"));
        }
        Err(error @ (HttpError::Timeout | HttpError::Connection(_))) => return later(error.to_string()),
    };
    let status = answer.status();
    match channel {
        Channel::Slack { .. } if status == StatusCode::OK && answer.body().trim_ascii() == b"ok" => return Ok(()),
        Channel::Webhook { .. } if status.is_success() => return Ok(()),
        // A proxy or login page answered in Slack's place. That can pass, so the message is kept.
        Channel::Slack { .. } if status.is_success() => {
            return later(format!("status {status} without Slack's `ok`; is there a proxy in between?"));
        }
        Channel::Slack { .. } | Channel::Webhook { .. } => {}
    }
    let after = retry_after(&answer, now);
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err((DeliveryClass::Later { after }, "asked to slow down (status 429)".to_owned()));
    }
    if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT || status == StatusCode::TOO_EARLY {
        return Err((DeliveryClass::Later { after }, format!("the receiver has a fault (status {status})")));
    }
    if status.is_redirection() {
        return Err((
            DeliveryClass::Permanent,
            format!("the receiver redirects (status {status}), which is not followed; configure the final address"),
        ));
    }
    let advice = match channel {
        Channel::Slack { .. } => slack_advice(answer.body()),
        Channel::Webhook { .. } => match status.as_u16() {
            401 | 403 => "the receiver does not accept the signature; compare `webhook_secret` on both sides",
            404 | 410 => "nothing listens at this path; check `webhook_path`",
            413 => "the message is too large for the receiver; raise its limit",
            _ => "the receiver does not accept the message; see its log",
        },
    };
    Err((DeliveryClass::Permanent, format!("refused with status {status}: {advice}")))
}

/// What Slack's one-word errors mean. Unknown words are not repeated: they come from outside.
fn slack_advice(body: &[u8]) -> &'static str {
    match body.trim_ascii() {
        b"invalid_payload"
        | b"invalid_blocks"
        | b"invalid_blocks_format"
        | b"no_text"
        | b"missing_text_or_fallback_or_attachments" => {
            "Slack does not understand the message (a defect of Seatkeeper; please report it)"
        }
        b"invalid_token" | b"no_service" | b"no_active_hooks" | b"no_service_id" | b"no_team" | b"team_disabled" => {
            "the Slack webhook was removed or switched off; create a new one and set `slack_path`"
        }
        b"channel_not_found" => "the Slack channel no longer exists; create a new webhook and set `slack_path`",
        b"channel_is_archived" => "the Slack channel is archived; restore it or create a new webhook",
        b"user_not_found" => "the Slack user that this webhook writes to no longer exists; create a new webhook",
        b"action_prohibited" | b"posting_to_general_channel_denied" => {
            "an administrator of the Slack workspace does not allow this webhook to write there; ask them"
        }
        _ => "Slack gave no reason that is known; check `slack_origin` and `slack_path`",
    }
}

/// `Retry-After` as seconds or as a date, never longer than [`MAX_PAUSE`].
fn retry_after(answer: &Response<Vec<u8>>, now: DateTime<Utc>) -> Option<Duration> {
    let value = answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = value.parse() {
        Duration::from_secs(seconds)
    } else {
        let until = DateTime::parse_from_rfc2822(value).ok()?;
        // A date in the past means that we may go on at once.
        (until.to_utc() - now).to_std().unwrap_or(Duration::ZERO)
    };
    Some(wait.min(MAX_PAUSE))
}
