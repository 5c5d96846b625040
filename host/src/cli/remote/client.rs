//! HTTP to a running instance.

use std::io::Read;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::{Method, Request, Response};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, AsSendBody, Body};
use url::Url;

use super::exit::{Exit, Failure};
use super::secrets::{Found, Role, Secrets};

/// Longer than any host lets a component work, so that the host's answer arrives first.
const PATIENCE: Duration = Duration::from_secs(330);
/// More than the longest answer in one piece: a page of 500 accounts. Exports are streamed.
const LONGEST: u64 = 64 << 20;

/// A client for one instance.
pub(crate) struct Client {
    agent: Agent,
    base: String,
    secrets: Secrets,
    by: Result<String, Failure>,
}

/// An answer in one piece.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) text: String,
}

impl Client {
    /// A client for the instance at `url`; `roots` is a PEM file. An unknown `by` matters only to commands that write.
    pub(crate) fn new(
        url: &str,
        roots: Option<&[u8]>,
        secrets: Secrets,
        by: Result<String, Failure>,
    ) -> Result<Self, Failure> {
        let base = base(url)?;
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect would lead away from the instance that the token was meant for.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_per_read(Some(PATIENCE))
            .user_agent(concat!("seatkeeper/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = roots {
            let mut certificates = Vec::new();
            for item in parse_pem(pem) {
                match item {
                    Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
                    Ok(_) => {}
                    Err(error) => return Err(Failure::new("--ca-file is not a PEM file").detail(error)),
                }
            }
            config = config.tls_config(TlsConfig::builder().root_certs(RootCerts::from(certificates)).build());
        }
        if local(url) {
            // A proxy never leads back to this machine.
            config = config.proxy(None);
        }
        Ok(Self { agent: config.build().new_agent(), base, secrets, by })
    }

    /// The tokens.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// `GET` of JSON.
    pub(crate) fn get<T: DeserializeOwned>(&self, role: Role, path: &str) -> Result<T, Failure> {
        self.answer(Method::GET, role, path, &[], ())?.json(path)
    }

    /// `POST` without an order to write down, such as waking the sweep. The answer may have any status.
    pub(crate) fn wake(&self, role: Role, path: &str) -> Result<Answer, Failure> {
        self.whole(Method::POST, Some(&self.secrets.find(role)?), path, &[], &[][..])
    }

    /// `POST` of an administrator's order.
    pub(crate) fn order<T: DeserializeOwned>(&self, path: &str, order: &Value) -> Result<T, Failure> {
        let by = self.by.clone()?;
        let headers = [("X-Seatkeeper-By", by.as_str()), ("Content-Type", "application/json")];
        self.answer(Method::POST, Role::Admin, path, &headers, order.to_string())?.json(path)
    }

    /// `PATCH` as an administrator's order.
    pub(crate) fn patch<T: DeserializeOwned>(&self, path: &str, order: &Value) -> Result<T, Failure> {
        let by = self.by.clone()?;
        let headers = [("X-Seatkeeper-By", by.as_str()), ("Content-Type", "application/json")];
        self.answer(Method::PATCH, Role::Admin, path, &headers, order.to_string())?.json(path)
    }

    /// `PUT` of an administrator's file.
    pub(crate) fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &str,
        if_match: Option<&str>,
        body: &str,
    ) -> Result<T, Failure> {
        let by = self.by.clone()?;
        let mut headers = vec![("X-Seatkeeper-By", by.as_str()), ("Content-Type", content_type)];
        headers.extend(if_match.map(|version| ("If-Match", version)));
        self.answer(Method::PUT, Role::Admin, path, &headers, body)?.json(path)
    }

    /// `POST` of an administrator's file.
    pub(crate) fn send<T: DeserializeOwned>(&self, path: &str, content_type: &str, body: &str) -> Result<T, Failure> {
        let by = self.by.clone()?;
        let headers = [("X-Seatkeeper-By", by.as_str()), ("Content-Type", content_type)];
        self.answer(Method::POST, Role::Admin, path, &headers, body)?.json(path)
    }

    /// `POST` of a file that only asks something: nobody has to say who asks.
    pub(crate) fn ask<T: DeserializeOwned>(&self, path: &str, content_type: &str, body: &str) -> Result<T, Failure> {
        self.answer(Method::POST, Role::Admin, path, &[("Content-Type", content_type)], body)?.json(path)
    }

    /// `GET` of a page without a token, as a browser would. The answer may have any status.
    pub(crate) fn visit(&self, path: &str) -> Result<Answer, Failure> {
        self.whole(Method::GET, None, path, &[("Accept", "text/html")], ())
    }

    /// Whether a browser keeps the cookies of a session: only over TLS, or on this machine.
    pub(crate) fn keeps_cookies(&self) -> bool {
        self.base.starts_with("https:") || local(&self.base)
    }

    /// `DELETE` as an administrator's order.
    pub(crate) fn withdraw<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let by = self.by.clone()?;
        self.answer(Method::DELETE, Role::Admin, path, &[("X-Seatkeeper-By", by.as_str())], ())?.json(path)
    }

    /// `POST` without a token, for what proves itself by a signature. The answer may have any status.
    pub(crate) fn event(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer, Failure> {
        self.whole(Method::POST, None, path, headers, body)
    }

    /// `GET` of something long.
    pub(crate) fn stream(&self, role: Role, path: &str, accept: &str) -> Result<impl Read + use<>, Failure> {
        let found = self.secrets.find(role)?;
        let response = self.exchange(Method::GET, Some(&found), path, &[("Accept", accept)], ())?;
        if response.status().is_success() {
            return Ok(response.into_body().into_reader());
        }
        Err(self.read(response)?.failure(Some(&found)))
    }

    /// Sends, and turns every status but success into a failure.
    fn answer(
        &self,
        method: Method,
        role: Role,
        path: &str,
        headers: &[(&str, &str)],
        body: impl AsSendBody,
    ) -> Result<Answer, Failure> {
        let found = self.secrets.find(role)?;
        let answer = self.whole(method, Some(&found), path, headers, body)?;
        if (200..300).contains(&answer.status) { Ok(answer) } else { Err(answer.failure(Some(&found))) }
    }

    fn whole(
        &self,
        method: Method,
        found: Option<&Found>,
        path: &str,
        headers: &[(&str, &str)],
        body: impl AsSendBody,
    ) -> Result<Answer, Failure> {
        let response = self.exchange(method, found, path, headers, body)?;
        self.read(response)
    }

    fn read(&self, response: Response<Body>) -> Result<Answer, Failure> {
        let (parts, body) = response.into_parts();
        let text = body.into_with_config().limit(LONGEST).lossy_utf8(true).read_to_string();
        let text = text.map_err(|error| self.unreachable(&error))?;
        Ok(Answer { status: parts.status.as_u16(), text })
    }

    fn exchange(
        &self,
        method: Method,
        found: Option<&Found>,
        path: &str,
        headers: &[(&str, &str)],
        body: impl AsSendBody,
    ) -> Result<Response<Body>, Failure> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(found) = found {
            request = request.header("Authorization", format!("Bearer {}", found.secret.expose()));
        }
        if !headers.iter().any(|(name, _)| *name == "Accept") {
            request = request.header("Accept", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).map_err(|_| {
            // The error would name the value, which may be the token.
            Failure::new("the request cannot be made").next_step("Check that the token has only printable characters.")
        })?;
        self.agent.run(request).map_err(|error| self.unreachable(&error))
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        Failure::new(format!("the instance at {} does not answer", self.base))
            .detail(error)
            .next_step("Start it with `seatkeeper up`, or say where it is with --url or SEATKEEPER_URL.")
    }
}

impl Answer {
    /// The body as JSON of a known shape.
    pub(crate) fn json<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        serde_json::from_str(&self.text).map_err(|error| {
            Failure::new(format!("the answer to {path} cannot be understood"))
                .detail(error)
                .next_step("Check that --url names Seatkeeper, and that both sides have the same version.")
        })
    }

    /// What an answer without success means.
    pub(crate) fn failure(&self, found: Option<&Found>) -> Failure {
        let failure = Failure::from_problem(self.status, &self.text).unwrap_or_else(|| {
            let html = self.text.trim_start().starts_with('<');
            let said = if html { "a page" } else { self.text.trim() };
            let said: String = said.chars().take(200).collect();
            let failure = Failure::new(format!("the instance answered with status {}", self.status));
            if said.is_empty() { failure } else { failure.detail(said) }
        });
        match (self.status, found) {
            (401 | 403, Some(Found { role, source, .. })) => failure
                .detail(format!("sent was {source} as the {}", role.variable().replace('_', " ")))
                .instead("Check that the token is the one of this instance."),
            (300..=399 | 404, _) => {
                failure.next_step("Check that --url names Seatkeeper and nothing before or after it.")
            }
            (500..=599, _) => failure.next_step("Look into the log of the instance; nothing was lost."),
            _ => failure,
        }
    }

    /// As [`Answer::failure`], for the sweep: an obstacle on the server's side is a failed sweep.
    pub(crate) fn sweep_failure(&self, found: Option<&Found>) -> Failure {
        let failure = self.failure(found);
        if self.status >= 500 { failure.exit(Exit::Failed) } else { failure }
    }
}

/// Checks the address and takes the slash from its end.
fn base(url: &str) -> Result<String, Failure> {
    let refuse = |why: String| Failure::new("--url is not the address of an instance").detail(why);
    let parsed = Url::parse(url).map_err(|error| refuse(format!("{url}: {error}")))?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(refuse("it contains a user name or password".to_owned())
            .next_step("Give the token by --token-file or the environment."));
    }
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host().is_none() {
        return Err(refuse(format!("{url}: it must begin with http:// or https://")));
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(refuse(format!("{url}: it must not contain `?` or `#`")));
    }
    Ok(parsed.as_str().trim_end_matches('/').to_owned())
}

fn local(url: &str) -> bool {
    Url::parse(url).ok().is_some_and(|url| match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_loses_its_slash_and_nothing_else() {
        assert_eq!(base("http://127.0.0.1:3000").unwrap(), "http://127.0.0.1:3000");
        assert_eq!(base("https://seats.example.com/tools/").unwrap(), "https://seats.example.com/tools");
    }

    #[test]
    fn an_address_with_credentials_is_refused_without_repeating_them() {
        let error = base("http://me:hunter2@host").unwrap_err().to_string();
        assert!(error.contains("--token-file") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in ["", "localhost:3000", "ftp://host", "http://host?x=1", "http://host/#x", "http://"] {
            assert!(base(url).is_err(), "{url}");
        }
    }

    #[test]
    fn only_this_machine_is_reached_without_a_proxy() {
        for (url, expected) in [
            ("http://127.0.0.1:3000", true),
            ("http://[::1]:3000", true),
            ("http://localhost:3000", true),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(local(url), expected, "{url}");
        }
    }
}
