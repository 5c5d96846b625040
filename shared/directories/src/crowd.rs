//! Crowd, or a Jira that serves as Confluence's user directory: who is there, renames, mail addresses and full names.
//!
//! Crowd knows applications, not people: we are one, with a name, a password and an address in its list. Confluence sees
//! a change only after its next directory synchronisation (an hour by default), so a caller that reads Confluence right
//! after one still finds what was before. Crowd itself is read back here.
//!
//! Reading order: `wire`, `people`, `rename`, `attributes`.

mod attributes;
mod people;
mod rename;
mod wire;

use crate::{
    reply::Failure,
    transport::{Call, Line, Names},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, Method, Request, StatusCode, header};
use seatkeeper_confluence::{BaseUrl, Secret, SettingsError, answer::printable, path::encoded};
use seatkeeper_engine::ports::{Clock, ErrorClass, Http};
use seatkeeper_policy::Username;
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;
use wire::{ErrorWire, Named, UserWire};

/// What an administrator has to look at when a call fails.
const NAMES: Names = Names {
    server: "Crowd",
    address: "origin and context path of Crowd",
    credentials: "the name or the password of the Crowd application",
    rights: "the application what it asks for, and add our address to its remote addresses in Crowd",
};

/// Pauses between the looks at a change that Crowd has acknowledged; the nodes of a cluster may lag a little.
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
    line: Line,
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
        Self { http, clock, settings, line: Line::new(NAMES) }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/rest/usermanagement/1{path}", self.settings.base)
    }

    /// Name and password as they are sent.
    fn pair(&self) -> String {
        let CrowdSettings { application, password, .. } = &self.settings;
        STANDARD.encode(format!("{application}:{}", password.expose()))
    }

    /// What no error may repeat: a proxy may show the headers that it got.
    fn secrets(&self) -> [String; 2] {
        // The padding at the end may come back percent-encoded.
        [self.settings.password.expose().to_owned(), self.pair().trim_end_matches('=').to_owned()]
    }

    fn credentials(&self) -> Result<HeaderValue, Failure> {
        let pair = self.pair();
        let mut value = HeaderValue::from_str(&format!("Basic {pair}"))
            .map_err(|_| Failure::new(ErrorClass::Refused, "name and password do not fit into a header"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Reads JSON, and tries again where that helps.
    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let call = Call::get(self.url(path)).with(header::AUTHORIZATION, self.credentials()?);
        let call = self.secrets().into_iter().fold(call, Call::hiding_text);
        match self.line.call(&self.http, &self.clock, &call).await {
            Ok(reply) => reply.json(),
            // Anybody can answer 404; only Crowd gives the reason.
            Err(failure) if failure.class == ErrorClass::Gone && !nobody(&failure) => {
                Err(Failure::new(ErrorClass::Malformed, NOT_CROWD))
            }
            Err(failure) => Err(failure),
        }
    }

    /// Sends a change once.
    async fn write(&self, method: Method, path: &str, body: &impl Serialize) -> Result<(), Failure> {
        let unwritable = |_| Failure::new(ErrorClass::Refused, "the change cannot be written down");
        let request = Request::builder()
            .method(method)
            .uri(self.url(path))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, self.credentials()?)
            .body(serde_json::to_vec(body).map_err(unwritable)?)
            .map_err(|_| Failure::new(ErrorClass::Refused, "the name does not fit into an address"))?;
        let sent = self.http.send(request).await.map_err(Failure::from);
        let refused = match sent {
            Ok(response) if response.status().is_success() => return Ok(()),
            Ok(response) => refusal(response.status(), response.body()),
            Err(failure) => failure,
        };
        Err(refused.without(&self.secrets()))
    }

    /// One account in the shape that the caller needs, or nothing when nobody has the name.
    async fn account<T: DeserializeOwned + Named>(&self, name: &str, expand: &str) -> Result<Option<T>, Failure> {
        let found: Result<T, _> = self.read(&format!("/user?username={}{expand}", encoded(name))).await;
        match found {
            Ok(user) if same(user.name(), name) => Ok(Some(user)),
            Ok(_) => {
                let detail = "the answer is about another account; check caches in front of Crowd";
                Err(Failure::new(ErrorClass::Malformed, detail))
            }
            Err(failure) if nobody(&failure) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The name as Crowd spells it, or nothing when nobody has it.
    async fn find(&self, name: &Username) -> Result<Option<String>, Failure> {
        Ok(self.account::<UserWire>(name.as_str(), "").await?.map(|user| user.name))
    }
}

const NOT_CROWD: &str = "404, but not from Crowd; check origin and context path of Crowd";

/// Names differ to Crowd only if they differ beyond upper and lower case.
fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// Whether Crowd itself says that nobody has the name.
fn nobody(failure: &Failure) -> bool {
    failure.class == ErrorClass::Gone && failure.code.as_deref() == Some("USER_NOT_FOUND")
}

/// The refusal of a change.
fn refusal(status: StatusCode, body: &[u8]) -> Failure {
    let ErrorWire { reason, message } = serde_json::from_slice(body).unwrap_or_default();
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
                 directory is not read-only; otherwise make the change by hand where the directory has its accounts from"
            ),
        ),
        404 => (ErrorClass::Gone, format!("does not exist (404: {heard})")),
        409 => (ErrorClass::Refused, format!("the new name is taken (409: {heard})")),
        408 => (ErrorClass::Retryable, "the request timed out (408)".to_owned()),
        429 => (ErrorClass::Throttled, "Crowd or a proxy asks to slow down (429)".to_owned()),
        500..=599 => (ErrorClass::Retryable, format!("server fault ({status}: {heard})")),
        300..=399 => (ErrorClass::Malformed, format!("redirected ({status}); check origin and context path of Crowd")),
        _ => (ErrorClass::Refused, format!("refused ({status}: {heard})")),
    };
    Failure { status: Some(status), code: Some(reason), ..Failure::new(class, detail) }
}
