//! Judges an answer before anybody reads it: is it the directory that speaks, and what did it say?

use crate::transport::Names;
use chrono::{DateTime, Utc};
use http::{HeaderMap, Response, header};
use seatkeeper_confluence::answer::printable;
use seatkeeper_engine::ports::{ErrorClass, HttpError, PortError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{fmt, time::Duration};

/// Characters of a foreign text that an error may repeat.
const EXCERPT: usize = 200;

/// The shortest beginning of a secret, in bytes, that is worth hiding.
const SHORTEST_PART: usize = 4;

/// A successful answer that is no web page.
pub struct Reply {
    /// HTTP status, 200 to 299.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

/// A failed call, before it is known which operation it belonged to.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    /// What the caller may do about it.
    pub class: ErrorClass,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// The code of the error in the directory's own words, such as `Authorization_RequestDenied`.
    pub code: Option<String>,
    /// What was seen and what to do.
    pub detail: String,
    /// Whether the same request may be sent again.
    pub again: Again,
}

/// Whether a failed request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The next answer would be the same.
    Never,
    /// After a growing pause.
    BackOff,
    /// After the time that the server asked for.
    After(Duration),
}

impl Reply {
    /// Accepts a successful answer, or says what is wrong with it.
    pub fn judge(response: Response<Vec<u8>>, names: &Names, now: DateTime<Utc>) -> Result<Self, Failure> {
        let (parts, body) = response.into_parts();
        let status = parts.status.as_u16();
        if !(200..300).contains(&status) {
            return Err(failure(status, &parts.headers, &body, names, now));
        }
        if web_page(&parts.headers, &body) {
            let Names { server, address, .. } = names;
            let detail = format!(
                "a web page came instead of {server}'s JSON; check {address}, and proxies and sign-in pages in between"
            );
            return Err(Failure { status: Some(status), ..Failure::new(ErrorClass::Malformed, detail) });
        }
        Ok(Self { status, headers: parts.headers, body })
    }

    /// Reads the body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let detail = if self.body.is_empty() {
                "the answer is empty instead of JSON".to_owned()
            } else if error.is_eof() {
                format!("the JSON answer was cut off after {} bytes", self.body.len())
            } else {
                // The place only: the text of the error can repeat values of the answer.
                format!("the answer is not the expected JSON (line {}, column {})", error.line(), error.column())
            };
            Failure::new(ErrorClass::Malformed, detail)
        })
    }
}

impl Failure {
    /// A failure that is not to be tried again.
    pub fn new(class: ErrorClass, detail: impl Into<String>) -> Self {
        Self { class, status: None, code: None, detail: detail.into(), again: Again::Never }
    }

    /// The failure as an error of an operation, such as `read a page of directory `hr``.
    pub fn during(self, operation: impl Into<String>) -> PortError {
        PortError { class: self.class, operation: operation.into(), detail: self.detail }
    }

    /// A refusal that may be due to the one who was asked for says nothing about the others: a name that is too long, or
    /// that the server takes for none.
    #[must_use]
    pub fn about_one(self) -> Self {
        let request = matches!(self.status, Some(400 | 406 | 409 | 414 | 422));
        if request { Self { class: ErrorClass::Malformed, ..self } } else { self }
    }

    /// The same without secrets that a server repeated.
    #[must_use]
    pub fn without(mut self, secrets: &[String]) -> Self {
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            self.detail = self.detail.replace(secret.as_str(), "…");
            self.code = self.code.map(|code| code.replace(secret.as_str(), "…"));
            // An excerpt may end inside of a secret, with a mark there.
            for part in (SHORTEST_PART..secret.len()).rev().filter_map(|end| secret.get(..end)) {
                self.detail = self.detail.replace(&format!("{part}…"), "…");
            }
        }
        self
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({:?}, {:?}, {})", self.class, self.status, self.detail)
    }
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        let detail = error.to_string();
        let (class, again) = match error {
            HttpError::Denied => (ErrorClass::Refused, Again::Never),
            HttpError::Timeout | HttpError::Connection(_) => (ErrorClass::Retryable, Again::BackOff),
            HttpError::TooLarge { .. } => (ErrorClass::Malformed, Again::Never),
        };
        Self { again, ..Self::new(class, detail) }
    }
}

fn failure(status: u16, headers: &HeaderMap, body: &[u8], names: &Names, now: DateTime<Utc>) -> Failure {
    let Names { server, address, credentials, rights } = names;
    let page = web_page(headers, body);
    let (code, said) = if page { (None, "a web page".to_owned()) } else { said(body) };
    let wait = asked_to_wait(status, headers, now);
    let slowly = wait.map_or_else(|| "without a waiting time".to_owned(), |wait| format!("for {} s", wait.as_secs()));
    let (class, again, detail) = match status {
        300..=399 => {
            let target = headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
            // Only up to the path: a query may carry what is nobody's business.
            let target = printable(target.split(['?', '#']).next().unwrap_or_default(), EXCERPT);
            let detail = format!("redirected ({status}: `{target}`), which is never followed; check {address}");
            (ErrorClass::Malformed, Again::Never, detail)
        }
        401 => {
            let detail = format!("{server} rejects us (401: {said}); {credentials} is wrong, expired or revoked");
            (ErrorClass::Unauthorized, Again::Never, detail)
        }
        403 => {
            (ErrorClass::Refused, Again::Never, format!("{server} does not permit this (403: {said}); grant {rights}"))
        }
        404 | 410 if page => {
            let detail = format!("{status} with a web page, so not from {server}; check {address}");
            (ErrorClass::Malformed, Again::Never, detail)
        }
        404 | 410 => (ErrorClass::Gone, Again::Never, format!("does not exist ({status}: {said})")),
        408 => (ErrorClass::Retryable, Again::BackOff, format!("the request timed out (408: {said})")),
        429 => {
            let detail = format!("{server} asks to slow down (429, {slowly}: {said})");
            (ErrorClass::Throttled, Again::After(wait.unwrap_or_default()), detail)
        }
        503 if wait.is_some() => {
            let detail = format!("{server} is not available (503, {slowly}: {said})");
            (ErrorClass::Throttled, Again::After(wait.unwrap_or_default()), detail)
        }
        500..600 => (ErrorClass::Retryable, Again::BackOff, format!("server fault ({status}: {said})")),
        _ => (ErrorClass::Refused, Again::Never, format!("refused ({status}: {said})")),
    };
    Failure { class, status: Some(status), code, detail, again }
}

/// For how long to wait: `Retry-After` in seconds or as a date, or Okta's `X-Rate-Limit-Reset`, seconds since 1970. Dates
/// are compared with the `Date` of the same answer, so that a wrong clock on either side does no harm.
fn asked_to_wait(status: u16, headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let date = |text: &str| Some(DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&Utc));
    let now = text("date").and_then(date).unwrap_or(now);
    let until = match text("retry-after") {
        Some(value) => match value.parse() {
            Ok(seconds) => return Some(Duration::from_secs(seconds)),
            Err(_) => date(value),
        },
        None => None,
    };
    // Okta tells with every answer when its count begins anew; only where the count is used up is it a reason to wait.
    let reset = || DateTime::from_timestamp(text("x-rate-limit-reset").filter(|_| status == 429)?.parse().ok()?, 0);
    Some((until.or_else(reset)? - now).to_std().unwrap_or_default())
}

fn web_page(headers: &HeaderMap, body: &[u8]) -> bool {
    let start = body.iter().find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xEF | 0xBB | 0xBF));
    let html = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().to_ascii_lowercase().starts_with(b"text/html"));
    start == Some(&b'<') || (html && !matches!(start, Some(b'{' | b'[')))
}

/// Code and message of an error body, as SCIM, Graph, Okta, OAuth and most others write it.
fn said(body: &[u8]) -> (Option<String>, String) {
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        let text = printable(&String::from_utf8_lossy(body.get(..body.len().min(1024)).unwrap_or_default()), EXCERPT);
        return (None, if text.is_empty() { "no message".to_owned() } else { text });
    };
    let first = |places: &[&str]| {
        let texts = places.iter().filter_map(|place| json.pointer(place)?.as_str());
        texts.map(|text| printable(text, EXCERPT)).find(|text| !text.is_empty())
    };
    let code = first(&["/error/code", "/errorCode", "/scimType", "/error", "/reason"]);
    let message = first(&["/error/message", "/errorSummary", "/detail", "/error_description", "/message"]);
    let said = match (&code, message) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(text), None) => text.clone(),
        (None, Some(text)) => text,
        (None, None) => "no message".to_owned(),
    };
    (code, said)
}
