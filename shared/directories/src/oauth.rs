//! OAuth 2 client credentials (RFC 6749, 4.4): a token is fetched once, used until shortly before its end, and fetched
//! once more when it is rejected early.

use crate::{
    reply::{Failure, Reply},
    transport::{Call, Line, Names},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::lock::Mutex;
use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use seatkeeper_confluence::{BaseUrl, Secret, SettingsError};
use seatkeeper_engine::ports::{Clock, ErrorClass, Http};
use serde::Deserialize;
use serde_json::Value;

/// A token is not used in its last minute, so that it does not end on the way.
const MARGIN: TimeDelta = TimeDelta::seconds(60);

/// What a token lives when the server does not say.
const UNSAID: TimeDelta = TimeDelta::minutes(5);

/// Letters that are not encoded in a form.
const FORM: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where tokens come from, and who we are there.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// The token endpoint.
    pub token_url: BaseUrl,
    /// Identifier of our application.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// What the token is to allow, where the server wants to be told.
    pub scope: Option<String>,
}

impl ClientCredentials {
    /// Checks the raw texts and tells all problems at once. The address is whole, such as
    /// `https://login.example.com/oauth2/token`.
    pub fn parse(token_url: &str, client_id: &str, client_secret: &str, scope: &str) -> Result<Self, SettingsError> {
        let url = address(token_url);
        let secret = Secret::parse("the client secret", client_secret);
        let (client_id, scope) = (client_id.trim(), scope.trim());
        let mut problems = Vec::new();
        if client_id.is_empty() || client_id.chars().any(char::is_control) {
            problems.push("the client id is empty or contains a control character; copy it again".to_owned());
        }
        if scope.chars().any(char::is_control) {
            problems.push("the scope contains a control character; copy it again".to_owned());
        }
        match (url, secret, problems.is_empty()) {
            (Ok(token_url), Ok(client_secret), true) => Ok(Self {
                token_url,
                client_id: client_id.to_owned(),
                client_secret,
                scope: (!scope.is_empty()).then(|| scope.to_owned()),
            }),
            (url, secret, _) => {
                let of = |error: Option<SettingsError>| error.map(|error| error.problems).unwrap_or_default();
                let all = of(url.err()).into_iter().chain(problems).chain(of(secret.err()));
                Err(SettingsError { problems: all.collect() })
            }
        }
    }
}

/// Checks a whole address, which may have a path.
pub(crate) fn address(text: &str) -> Result<BaseUrl, SettingsError> {
    let text = text.trim();
    if text.contains('@') {
        // The text is not repeated: it may carry a password.
        let problem = "the address contains `@`; user names and passwords do not belong into it".to_owned();
        return Err(SettingsError { problems: vec![problem] });
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    // Without a scheme the text is told as it is.
    if scheme.is_empty() { BaseUrl::parse(text, "") } else { BaseUrl::parse(&format!("{scheme}://{host}"), path) }
}

/// The token of the moment.
pub struct Tokens {
    credentials: ClientCredentials,
    line: Line,
    // Locked while a token is fetched, so that eight calls at once fetch one token.
    current: Mutex<Option<Token>>,
}

struct Token {
    secret: Secret,
    until: DateTime<Utc>,
}

#[derive(Deserialize)]
struct TokenWire {
    access_token: String,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Value,
}

impl Tokens {
    /// No token yet. The names are those of the token endpoint.
    pub fn new(credentials: ClientCredentials, names: Names) -> Self {
        Self { credentials, line: Line::new(names), current: Mutex::default() }
    }

    /// Sends a call with a token; when a token is rejected, with a new one, once.
    pub async fn call<H: Http, C: Clock>(
        &self,
        http: &H,
        clock: &C,
        line: &Line,
        call: &Call,
    ) -> Result<Reply, Failure> {
        let token = self.token(http, clock, None).await?;
        match line.call(http, clock, &call.clone().authorized("Bearer", &token)).await {
            Err(failure) if failure.status == Some(401) => {
                let fresh = self.token(http, clock, Some(&token)).await?;
                line.call(http, clock, &call.clone().authorized("Bearer", &fresh)).await
            }
            other => other,
        }
    }

    /// A token that is still good, and not the one that was rejected.
    async fn token<H: Http, C: Clock>(
        &self,
        http: &H,
        clock: &C,
        rejected: Option<&Secret>,
    ) -> Result<Secret, Failure> {
        let mut current = self.current.lock().await;
        let good = |token: &&Token| clock.now() < token.until && rejected != Some(&token.secret);
        if let Some(token) = current.as_ref().filter(good) {
            return Ok(token.secret.clone());
        }
        *current = None;
        let token = self.fetch(http, clock).await?;
        let secret = token.secret.clone();
        *current = Some(token);
        Ok(secret)
    }

    async fn fetch<H: Http, C: Clock>(&self, http: &H, clock: &C) -> Result<Token, Failure> {
        let asked = clock.now();
        let reply = self.line.call(http, clock, &self.request()).await.map_err(|failure| self.explain(failure))?;
        let malformed = |detail: &str| Failure::new(ErrorClass::Malformed, format!("the token endpoint: {detail}"));
        let wire: TokenWire = reply.json().map_err(|failure| malformed(&failure.detail))?;
        if wire.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(malformed("the token is of another type than `Bearer`"));
        }
        let secret = Secret::parse("the token", &wire.access_token)
            .map_err(|_| malformed("the token is empty or cannot be sent in a header"))?;
        let seconds = wire.expires_in.as_i64().or_else(|| wire.expires_in.as_str()?.trim().parse().ok());
        let life = seconds.filter(|seconds| *seconds > 0).and_then(TimeDelta::try_seconds).unwrap_or(UNSAID);
        // A token that lives for less than two minutes is used for half of its life.
        let until = asked.checked_add_signed((life - MARGIN).max(life / 2)).unwrap_or(asked + UNSAID);
        Ok(Token { secret, until })
    }

    fn request(&self) -> Call {
        let ClientCredentials { token_url, client_id, client_secret, scope } = &self.credentials;
        let scope = scope.as_deref().map(|scope| format!("&scope={}", encoded(scope))).unwrap_or_default();
        let (id, secret) = (encoded(client_id), encoded(client_secret.expose()));
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}{scope}");
        Call::post(token_url.as_str(), "application/x-www-form-urlencoded", form.into_bytes())
            .hiding(client_secret)
            .hiding_text(secret)
    }

    /// Token endpoints say 400 where they mean that they do not know us.
    fn explain(&self, failure: Failure) -> Failure {
        let class = match (failure.status, failure.code.as_deref()) {
            (Some(400), Some("invalid_client" | "unauthorized_client" | "invalid_grant")) => ErrorClass::Unauthorized,
            // The address of the endpoint is wrong, not a person.
            (Some(404 | 410), _) => ErrorClass::Refused,
            _ => failure.class,
        };
        let host = self.credentials.token_url.as_str().parse::<Uri>().ok();
        let host = host.as_ref().and_then(Uri::host).unwrap_or_default();
        let Names { address, credentials, .. } = self.line.names();
        let what = match failure.status {
            Some(400) => format!("; check {credentials} and {address}"),
            Some(404 | 410) => format!("; check {address}"),
            _ => String::new(),
        };
        let detail = format!("no token from {host}: {}{what}", failure.detail);
        // A rejection here has to be told apart from a 401 of the directory, which asks for a new token.
        Failure { class, detail, status: None, ..failure }
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, &FORM).to_string()
}

#[cfg(test)]
#[path = "oauth_tests.rs"]
mod tests;
