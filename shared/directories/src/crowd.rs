//! Renames accounts in Crowd, or in a Jira that serves as Confluence's user directory.
//!
//! Confluence sees a new name only after its next directory synchronisation (an hour by default), so a caller that reads
//! Confluence right after a rename still finds the old one. Crowd itself is read back here.
//!
//! INVARIANT (no taken name): the new name is looked up before every rename, and an account that already has it is never
//! touched. The rename is a POST, so it is sent once; a repeated call finds out by looking up whether it took effect.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Method, Request, StatusCode, header};
use seatkeeper_confluence::{BaseUrl, Secret, SettingsError, answer::printable, path::encoded};
use seatkeeper_engine::ports::{Clock, ErrorClass, Http, HttpError, PortError, Rename};
use seatkeeper_policy::Username;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// Pauses between the looks at a rename that Crowd has acknowledged; the nodes of a cluster may lag a little.
const READ_BACK_AFTER: [Duration; 3] = [Duration::ZERO, Duration::from_millis(300), Duration::from_secs(1)];

/// Where Crowd is, and the application that we are there. Crowd knows applications, not people.
#[derive(Debug, Clone)]
pub struct CrowdSettings {
    /// Origin and context path, such as `https://crowd.example.com/crowd`.
    pub base: BaseUrl,
    /// Name of the application in Crowd.
    pub application: String,
    /// Password of the application.
    pub password: Secret,
}

/// A client of Crowd's user management.
pub struct Crowd<H, C> {
    http: H,
    clock: C,
    settings: CrowdSettings,
}

#[derive(Deserialize)]
struct UserWire {
    name: String,
}

#[derive(Deserialize, Default)]
struct ErrorWire {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    message: String,
}

impl CrowdSettings {
    /// Checks the raw texts and tells all problems at once.
    pub fn parse(origin: &str, context_path: &str, application: &str, password: &str) -> Result<Self, SettingsError> {
        let base = BaseUrl::parse(origin, context_path);
        let password = Secret::parse("the password of the Crowd application", password);
        let application = application.trim();
        // Basic authentication ends the name at the first colon.
        let named = !application.is_empty() && !application.contains(':') && !application.chars().any(char::is_control);
        match (base, password, named) {
            (Ok(base), Ok(password), true) => Ok(Self { base, application: application.to_owned(), password }),
            (base, password, named) => {
                let mut problems = Vec::new();
                problems.extend(base.err().map(|error| error.problems).unwrap_or_default());
                if !named {
                    problems.push("the name of the Crowd application is empty or contains `:`; set it".to_owned());
                }
                problems.extend(password.err().map(|error| error.problems).unwrap_or_default());
                Err(SettingsError { problems })
            }
        }
    }
}

impl<H: Http, C: Clock> Crowd<H, C> {
    /// A client that has not said anything yet.
    pub fn new(http: H, clock: C, settings: CrowdSettings) -> Self {
        Self { http, clock, settings }
    }

    async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Result<(StatusCode, Vec<u8>), Problem> {
        let CrowdSettings { base, application, password } = &self.settings;
        let credentials = STANDARD.encode(format!("{application}:{}", password.expose()));
        let request = Request::builder()
            .method(method)
            .uri(format!("{base}/rest/usermanagement/1{path}"))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Basic {credentials}"))
            .body(body)
            .map_err(|_| Problem::new(ErrorClass::Refused, "the name does not fit into an address"))?;
        let response = self.http.send(request).await?;
        Ok((response.status(), response.into_body()))
    }

    /// The name as Crowd spells it, or nothing when nobody has it.
    async fn find(&self, name: &Username) -> Result<Option<String>, Problem> {
        let path = format!("/user?username={}", encoded(name.as_str()));
        let (status, body) = self.send(Method::GET, &path, Vec::new()).await?;
        if status.is_success() {
            let user: UserWire = serde_json::from_slice(&body).map_err(|_| {
                Problem::new(ErrorClass::Malformed, format!("the answer about `{name}` is not Crowd's JSON; {ADDRESS}"))
            })?;
            return Ok(Some(user.name));
        }
        // Anybody can answer 404; only Crowd gives this reason.
        match (status.as_u16(), said(&body).reason.as_str()) {
            (404, "USER_NOT_FOUND") => Ok(None),
            (404, _) => Err(Problem::new(ErrorClass::Malformed, format!("404, but not from Crowd; {ADDRESS}"))),
            (_, _) => Err(problem(status, &body)),
        }
    }

    async fn rename_checked(&self, from: &Username, to: &Username) -> Result<(), Problem> {
        if same(from.as_str(), to.as_str()) {
            return Err(Problem::new(ErrorClass::Refused, "both names are the same to Crowd; choose another new name"));
        }
        match (self.find(from).await?, self.find(to).await?) {
            (Some(_), None) => {}
            (Some(_), Some(taken)) => {
                let detail =
                    format!("the new name is taken by `{taken}`; choose another suffix or remove that account");
                return Err(Problem::new(ErrorClass::Refused, detail));
            }
            // An earlier call got here before its answer was lost.
            (None, Some(_)) => return Ok(()),
            (None, None) => {
                let detail = format!("`{from}` does not exist in Crowd; it may belong to another directory");
                return Err(Problem::new(ErrorClass::Gone, detail));
            }
        }
        let path = format!("/user/rename?username={}", encoded(from.as_str()));
        let body = json!({"new-name": to.as_str()}).to_string().into_bytes();
        let (status, body) = self.send(Method::POST, &path, body).await?;
        if !status.is_success() {
            return Err(problem(status, &body));
        }
        for pause in READ_BACK_AFTER {
            if !pause.is_zero() {
                self.clock.sleep(pause).await;
            }
            if self.find(to).await?.is_some_and(|name| same(&name, to.as_str())) && self.find(from).await?.is_none() {
                return Ok(());
            }
        }
        let detail = "Crowd acknowledged the rename, but the account still has its old name; look into Crowd's log";
        Err(Problem::new(ErrorClass::Retryable, detail))
    }
}

impl<H: Http, C: Clock> Rename for Crowd<H, C> {
    fn available(&self) -> bool {
        true
    }

    async fn rename(&self, from: &Username, to: &Username) -> Result<(), PortError> {
        self.rename_checked(from, to).await.map_err(|problem| PortError {
            class: problem.class,
            operation: format!("rename account `{from}` to `{to}`"),
            detail: problem.detail,
        })
    }

    async fn holder(&self, name: &Username) -> Result<Option<String>, PortError> {
        self.find(name).await.map_err(|problem| PortError {
            class: problem.class,
            operation: format!("look up `{name}` in Crowd"),
            detail: problem.detail,
        })
    }
}

const ADDRESS: &str = "check origin and context path of Crowd";

struct Problem {
    class: ErrorClass,
    detail: String,
}

impl Problem {
    fn new(class: ErrorClass, detail: impl Into<String>) -> Self {
        Self { class, detail: detail.into() }
    }
}

impl From<HttpError> for Problem {
    fn from(error: HttpError) -> Self {
        let class = match error {
            HttpError::Denied => ErrorClass::Refused,
            HttpError::Timeout | HttpError::Connection(_) => ErrorClass::Retryable,
            HttpError::TooLarge { .. } => ErrorClass::Malformed,
        };
        Self::new(class, error.to_string())
    }
}

/// Names differ to Crowd only if they differ beyond upper and lower case.
fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

fn said(body: &[u8]) -> ErrorWire {
    serde_json::from_slice(body).unwrap_or_default()
}

fn problem(status: StatusCode, body: &[u8]) -> Problem {
    let ErrorWire { reason, message } = said(body);
    // The refusal of an address comes as plain text, without a reason.
    let plain = printable(&String::from_utf8_lossy(body), 80);
    let heard = if reason.is_empty() && message.is_empty() { plain } else { format!("{reason} {message}") };
    let heard = printable(&heard, 160);
    let status = status.as_u16();
    let (class, detail) = match status {
        401 => (
            ErrorClass::Unauthorized,
            "Crowd rejects the application (401); check the application's name and password".to_owned(),
        ),
        403 if heard.contains("Client with address") => (
            ErrorClass::Refused,
            "Crowd refuses our address (403); add it to the remote addresses of the application in Crowd".to_owned(),
        ),
        403 => (
            ErrorClass::Refused,
            format!(
                "not permitted (403: {heard}); allow the application to modify users of the directory, and check that the \
                 directory is not read-only"
            ),
        ),
        404 => (ErrorClass::Gone, format!("does not exist (404: {heard})")),
        409 => (ErrorClass::Refused, format!("the new name is taken (409: {heard})")),
        408 => (ErrorClass::Retryable, "the request timed out (408)".to_owned()),
        429 => (ErrorClass::Throttled, "Crowd or a proxy asks to slow down (429)".to_owned()),
        500..=599 => (ErrorClass::Retryable, format!("server fault ({status}: {heard})")),
        300..=399 => (ErrorClass::Malformed, format!("redirected ({status}); {ADDRESS}")),
        _ => (ErrorClass::Refused, format!("refused ({status}: {heard})")),
    };
    Problem::new(class, detail)
}

#[cfg(test)]
#[path = "crowd_tests.rs"]
mod tests;
