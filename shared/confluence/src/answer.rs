//! Judges an answer before anybody reads it: is it Confluence's REST layer that speaks, to us, and what did it say?

use chrono::{DateTime, Utc};
use http::{HeaderMap, Response, header};
use seatkeeper_engine::ports::{ErrorClass, HttpError, PortError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// Characters of a foreign text that an error may repeat.
const EXCERPT: usize = 80;

/// A body of a successful call.
#[derive(Debug)]
pub struct Answer {
    body: Vec<u8>,
}

/// A failed request, before it is known which operation it belonged to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What the caller may do about it.
    pub class: ErrorClass,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
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
    /// After a growing pause, if the request is idempotent.
    BackOff,
    /// After the time that the server asked for.
    After(Duration),
}

impl Failure {
    pub(crate) fn new(class: ErrorClass, detail: impl Into<String>) -> Self {
        Self { class, status: None, detail: detail.into(), again: Again::Never }
    }

    /// Whether the resource itself does not exist here, whoever said so.
    pub(crate) fn not_there(&self) -> bool {
        matches!(self.status, Some(404 | 405))
    }

    /// The failure as an error of an operation, such as `list members of group `x``.
    pub fn during(self, operation: &str) -> PortError {
        PortError { class: self.class, operation: operation.to_owned(), detail: self.detail }
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
        Self { class, status: None, detail, again }
    }
}

impl Answer {
    /// Accepts the answer of a REST resource, or says what is wrong with it.
    pub fn judge(response: Response<Vec<u8>>, now: DateTime<Utc>) -> Result<Self, Failure> {
        let (parts, body) = response.into_parts();
        let (status, headers) = (parts.status.as_u16(), &parts.headers);
        let judged = match login_problem(headers) {
            Some(detail) => Err(Failure::new(ErrorClass::Unauthorized, detail)),
            None if (200..300).contains(&status) => match page_title(headers, &body) {
                Some(title) => Err(web_page(&title)),
                None => Ok(()),
            },
            None => Err(failure(status, headers, &body, now)),
        };
        match judged {
            Ok(()) => Ok(Self { body }),
            Err(failure) => Err(Failure { status: Some(status), ..failure }),
        }
    }

    /// Reads the body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let detail = if self.body.is_empty() {
                "the answer is empty instead of JSON".to_owned()
            } else if error.is_eof() {
                format!("the JSON answer was cut off after {} bytes", self.body.len())
            } else {
                format!("the answer is not the expected JSON: {}", printable(&error.to_string(), 2 * EXCERPT))
            };
            Failure::new(ErrorClass::Malformed, detail)
        })
    }
}

/// Seraph, Confluence's login layer, says how it judged our credentials, also when the answer is served nevertheless.
fn login_problem(headers: &HeaderMap) -> Option<&'static str> {
    match headers.get("x-seraph-loginreason")?.to_str().ok()?.trim() {
        "AUTHENTICATION_DENIED" => Some(
            "Confluence demands a CAPTCHA after failed logins; sign in once as this account in a browser, then check the \
             token",
        ),
        "AUTHENTICATED_FAILED" => {
            Some("Confluence rejected the credentials; the token is wrong, expired or revoked, create a new one")
        }
        _ => None,
    }
}

fn web_page(title: &str) -> Failure {
    let lower = title.to_lowercase();
    if ["log in", "login", "sign in", "anmelde"].iter().any(|word| lower.contains(word)) {
        Failure::new(
            ErrorClass::Unauthorized,
            format!(
                "a login page (`{title}`) came instead of JSON; check the token, and that no single sign-on guards /rest"
            ),
        )
    } else {
        Failure::new(
            ErrorClass::Malformed,
            format!("a web page (`{title}`) came instead of JSON; check the origin, the context path and proxies"),
        )
    }
}

fn failure(status: u16, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Failure {
    let title = page_title(headers, body);
    let said = title.as_ref().map_or_else(|| message(body), |title| format!("page `{title}`"));
    let retry_after = retry_after(headers, now);
    let (class, again, detail) = match status {
        300..=399 => return redirect(status, headers),
        401 => (
            ErrorClass::Unauthorized,
            Again::Never,
            format!("not authenticated (401: {said}); the token is expired, revoked or has no licensed account"),
        ),
        403 | 404 if anonymous(headers) => (
            ErrorClass::Unauthorized,
            Again::Never,
            format!("Confluence served us as anonymous ({status}: {said}); the token is expired or unknown"),
        ),
        403 | 405 if not_in_read_only_mode(body) => (
            ErrorClass::Refused,
            Again::Never,
            format!(
                "refused ({status}: {said}); Confluence is in read-only mode, or the account lacks administrator rights"
            ),
        ),
        // An answer of the filter chain in front of the REST layer concerns all calls, not this one.
        403 if title.is_some() && !said.to_lowercase().contains("xsrf") => (
            ErrorClass::Unauthorized,
            Again::Never,
            format!("access is blocked in front of Confluence's REST layer (403: {said}); check the token and proxies"),
        ),
        403 => (
            ErrorClass::Refused,
            Again::Never,
            format!("not permitted (403: {said}); the account needs administrator rights, the directory write rights"),
        ),
        404 | 410 if title.is_some() => (
            ErrorClass::Malformed,
            Again::Never,
            format!("{status} with a web page ({said}), so not from the REST layer; check origin and context path"),
        ),
        404 | 410 => (ErrorClass::Gone, Again::Never, format!("does not exist ({status}: {said})")),
        408 => (ErrorClass::Retryable, Again::BackOff, format!("the request timed out (408: {said})")),
        429 if number(headers, "x-ratelimit-limit") == Some(0) => (
            ErrorClass::Throttled,
            Again::Never,
            "rate limiting blocks all requests (429 with a limit of 0); add an exemption for this account".to_owned(),
        ),
        429 => (
            ErrorClass::Throttled,
            Again::After(retry_after.unwrap_or_default()),
            format!("rate limited (429, {}); raise this account's limit or wait", asked(retry_after)),
        ),
        503 if retry_after.is_some() => (
            ErrorClass::Throttled,
            Again::After(retry_after.unwrap_or_default()),
            format!("not available (503, {}); maintenance or overload, wait", asked(retry_after)),
        ),
        500..600 if read_only_directory(&said) => {
            (ErrorClass::Refused, Again::Never, format!("the directory refuses the change ({status}: {said})"))
        }
        500..600 => (ErrorClass::Retryable, Again::BackOff, format!("server fault ({status}: {said})")),
        _ => (ErrorClass::Refused, Again::Never, format!("refused ({status}: {said})")),
    };
    Failure { class, status: Some(status), detail, again }
}

fn redirect(status: u16, headers: &HeaderMap) -> Failure {
    let target = headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Only the path: a query may carry what is nobody's business.
    let target = printable(target.split(['?', '#']).next().unwrap_or_default(), EXCERPT);
    if target.to_lowercase().contains("login") || target.contains("/saml") || target.contains("/sso") {
        Failure::new(
            ErrorClass::Unauthorized,
            format!(
                "redirected to a login page ({status}: `{target}`); check the token, and that single sign-on spares /rest"
            ),
        )
    } else {
        Failure::new(
            ErrorClass::Malformed,
            format!("redirected ({status}: `{target}`); set origin and context path to Confluence's real address"),
        )
    }
}

fn asked(retry_after: Option<Duration>) -> String {
    retry_after
        .map_or_else(|| "without a waiting time".to_owned(), |wait| format!("asked to wait {} s", wait.as_secs()))
}

/// `Retry-After` in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    Some((date.with_timezone(&Utc) - now).to_std().unwrap_or_default())
}

/// A header that is a whole number.
pub(crate) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn anonymous(headers: &HeaderMap) -> bool {
    headers.get("x-ausername").is_some_and(|name| name.as_bytes().eq_ignore_ascii_case(b"anonymous"))
}

/// Confluence marks calls that read-only mode forbids, also when they fail for another reason.
fn not_in_read_only_mode(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body)
        .is_ok_and(|body| body.pointer("/data/allowedInReadOnlyMode") == Some(&Value::Bool(false)))
}

/// Confluence answers with all kinds of statuses when a directory is read-only; the text gives it away.
fn read_only_directory(said: &str) -> bool {
    let said = said.to_lowercase();
    ["does not allow", "not permitted", "read-only", "read only"].iter().any(|words| said.contains(words))
}

/// The title of a web page (or of any XML), or nothing when the body is neither.
fn page_title(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let start = body.iter().position(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xEF | 0xBB | 0xBF));
    let markup = start.and_then(|at| body.get(at)) == Some(&b'<');
    let html = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().to_ascii_lowercase().starts_with(b"text/html"));
    if start.is_none() || !(markup || html) {
        return None;
    }
    let text = String::from_utf8_lossy(body.get(..body.len().min(8192)).unwrap_or_default()).into_owned();
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|open| {
        let from = open + lower.get(open..)?.find('>')? + 1;
        let to = from + lower.get(from..)?.find("</title")?;
        text.get(from..to)
    });
    Some(title.map_or_else(|| "without a title".to_owned(), |title| printable(title, EXCERPT)))
}

/// The message of Confluence's error body, or the beginning of a plain text.
fn message(body: &[u8]) -> String {
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        let text = printable(&String::from_utf8_lossy(body), EXCERPT);
        return if text.is_empty() { "no message".to_owned() } else { text };
    };
    let places = ["/message", "/data/errors/0/message/translation", "/errorMessages/0", "/reason"];
    let text = places.iter().find_map(|place| json.pointer(place)?.as_str().filter(|text| !text.trim().is_empty()));
    let text = text.unwrap_or("no message");
    // A Java exception in front says nothing to an administrator.
    let text = match text.split_once(": ") {
        Some((class, rest)) if class.contains('.') && !class.contains(' ') => rest,
        Some(_) | None => text,
    };
    printable(text, 2 * EXCERPT)
}

/// The beginning of a foreign text on one line, without control characters.
pub fn printable(text: &str, limit: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= limit {
        return words;
    }
    words.chars().take(limit).chain(['…']).collect()
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
