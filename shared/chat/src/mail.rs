//! Warnings to single people, by a gateway that can send mail: signed JSON, as the generic webhook signs it.
//!
//! Nothing here is a mail header: the gateway gets fields and makes the mail. Names and texts are plain text; those that
//! become headers (`to`, `name`, `subject`) never contain a line break, so that no gateway can be made to send another
//! mail than this one, and whoever shows them as HTML has to escape them.

use crate::{
    ChannelError,
    channel::address,
    deliver::{SIGNATURE_HEADER, TIMESTAMP_HEADER},
    text::{lines, one_line},
};
use chrono::{DateTime, SecondsFormat, Utc};
use http::{Request, Response, StatusCode, header};
use seatkeeper_engine::{
    alert::WarnError,
    ports::{Http, HttpError},
    state::Warning,
};
use seatkeeper_web::{Secret, signature};
use serde_json::{Value, json};
use std::fmt;

/// Characters of a name or a subject; RFC 5322 allows a line of 998.
const MAX_LINE: usize = 300;
/// Bytes of an address; RFC 5321 allows no more.
const MAX_ADDRESS: usize = 254;

/// The gateway. Its path may be a credential, so it is never shown.
#[derive(Clone)]
pub struct MailGateway {
    origin: String,
    path: String,
    secret: Secret,
}

impl MailGateway {
    /// The gateway of the variables `mail_origin`, `mail_path` and `mail_secret`; an empty origin switches it off.
    pub fn new(origin: &str, path: &str, secret: Secret) -> Result<Option<Self>, ChannelError> {
        if origin.is_empty() {
            return Ok(None);
        }
        let (origin, path) = address(origin, path, "mail_origin", "mail_path")?;
        Ok(Some(Self { origin, path, secret }))
    }

    /// Scheme and host, which may be shown.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl fmt::Debug for MailGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailGateway(at {}, path redacted)", self.origin)
    }
}

/// Hands one warning to the gateway. Error texts contain neither the gateway's path nor the person's address.
pub async fn warn<H: Http>(
    http: &H,
    gateway: &MailGateway,
    warning: &Warning,
    now: DateTime<Utc>,
) -> Result<(), WarnError> {
    let Some(body) = payload(warning) else {
        return Err(WarnError::Never("the account's mail address is not one address that mail can be sent to".into()));
    };
    let request =
        request(gateway, body.to_string().into_bytes(), now).map_err(|error| WarnError::Later(error.to_string()))?;
    judge(http.send(request).await).map_err(|error| {
        // Error texts of other programs like to repeat the address they were given.
        let told = |detail: String| format!("mail gateway at {}: {}", gateway.origin, hidden(gateway, &detail));
        match error {
            WarnError::Never(detail) => WarnError::Never(told(detail)),
            WarnError::Later(detail) => WarnError::Later(told(detail)),
        }
    })
}

fn hidden(gateway: &MailGateway, detail: &str) -> String {
    if gateway.path.len() > 1 { detail.replace(&gateway.path, "/***") } else { detail.to_owned() }
}

/// The body for a warning, or nothing when its address cannot be used. `version` grows when a field changes its meaning;
/// fields may be added without that. `dedup_key` is the same for every try of one warning.
pub fn payload(warning: &Warning) -> Option<Value> {
    let Warning { key, username, display_name, email, reason, noticed, subject, text, quiet: _ } = warning;
    Some(json!({
        "version": 1,
        "source": "seatkeeper",
        "event": "licence-warning",
        "to": usable(email.as_deref()?)?,
        "name": short(&one_line(display_name)),
        "username": one_line(username.as_str()),
        "userKey": key.as_str(),
        "subject": short(&one_line(subject)),
        "text": lines(text),
        "reason": reason.to_string(),
        "noticed": noticed.to_rfc3339_opts(SecondsFormat::Secs, true),
        "dedup_key": format!("licence-warning/{key}/{}", noticed.timestamp()),
    }))
}

/// One address and nothing else: what could add a second recipient, a header or a comment is refused and never repaired.
fn usable(address: &str) -> Option<&str> {
    let address = address.trim();
    let (local, domain) = address.rsplit_once('@')?;
    // What `one_line` would change has no place in an address, either.
    let plain = |text: &str| {
        !text.is_empty()
            && one_line(text) == text
            && !text.contains(char::is_whitespace)
            && !text.contains(['@', ',', ';', ':', '<', '>', '(', ')', '[', ']', '"', '\\'])
    };
    (plain(local) && plain(domain) && !local.starts_with('-') && address.len() <= MAX_ADDRESS).then_some(address)
}

fn short(line: &str) -> String {
    let line = line.trim();
    if line.chars().count() <= MAX_LINE {
        return line.to_owned();
    }
    line.chars().take(MAX_LINE - 1).chain(['…']).collect()
}

fn request(gateway: &MailGateway, body: Vec<u8>, now: DateTime<Utc>) -> Result<Request<Vec<u8>>, http::Error> {
    let timestamp = now.timestamp();
    Request::post(format!("{}{}", gateway.origin, gateway.path))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("Seatkeeper/", env!("CARGO_PKG_VERSION")))
        .header(TIMESTAMP_HEADER, timestamp)
        .header(SIGNATURE_HEADER, signature::sign_at(&gateway.secret, timestamp, &body))
        .body(body)
}

/// A refusal (4xx) is final for this warning, except where it speaks of the moment: a person of whom the gateway knows
/// nothing must not hold up the others. Everything else may pass.
fn judge(answer: Result<Response<Vec<u8>>, HttpError>) -> Result<(), WarnError> {
    let status = match answer {
        Ok(answer) => answer.status(),
        Err(error) => return Err(WarnError::Later(error.to_string())),
    };
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            Err(WarnError::Later(format!("asked to try again later (status {status})")))
        }
        // A wrong secret or path is nobody's address being wrong: it is mended, and then the warning goes out.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            Err(WarnError::Later(refused(status)))
        }
        status if status.is_client_error() => Err(WarnError::Never(refused(status))),
        status if status.is_redirection() => {
            Err(WarnError::Later(format!("redirects (status {status}), which is not followed; set the final address")))
        }
        status => Err(WarnError::Later(format!("has a fault (status {status})"))),
    }
}

fn refused(status: StatusCode) -> String {
    let advice = match status.as_u16() {
        401 | 403 => "it does not accept the signature; compare `mail_secret` on both sides",
        404 | 405 | 410 => "nothing listens at this path; check `mail_path`",
        _ => "it does not accept this recipient or message; see its log",
    };
    format!("refused with status {status}: {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_plain_address_is_written_to() {
        for good in ["jdoe@example.com", " j.doe+wiki@sub.example.com ", "jürgen@bücher.example", "o'neil@x.example"]
        {
            assert_eq!(usable(good), Some(good.trim()), "{good}");
        }
        for bad in [
            "",
            "jdoe",
            "@example.com",
            "jdoe@",
            "a@b@example.com",
            "jdoe@example.com, boss@example.com",
            "jdoe@example.com;boss@example.com",
            "jdoe@example.com\r\nBcc: all@example.com",
            "Anna <anna@example.com>",
            "anna\u{0}@example.com",
            "anna\u{202e}@example.com",
            "\"a b\"@example.com",
            "-oQ/tmp@example.com",
        ] {
            assert_eq!(usable(bad), None, "{bad:?}");
        }
        assert_eq!(usable(&format!("{}@example.com", "a".repeat(250))), None);
    }

    #[test]
    fn a_long_subject_is_cut_and_says_so() {
        let cut = short(&"ü".repeat(400));
        assert_eq!(cut.chars().count(), MAX_LINE);
        assert!(cut.ends_with('…'));
        assert_eq!(short("short"), "short");
    }
}
