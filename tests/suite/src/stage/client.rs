//! A client for any HTTP server. An answer is an answer, whatever its status; only a broken transfer is an error.

use anyhow::{Context, Result, bail, ensure};
use http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use ureq::Agent;

/// Longer than any single answer may take.
const LIMIT: Duration = Duration::from_mins(5);
/// More than the CSV of the largest population that is measured.
const MOST: u64 = 512 * 1024 * 1024;

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What was asked, for messages.
    pub asked: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

/// How long an answer took.
#[derive(Debug, Clone, Copy)]
pub struct Timed {
    /// Until its headers had arrived.
    pub first: Duration,
    /// Until its last byte had.
    pub whole: Duration,
    /// Bytes of its body.
    pub bytes: u64,
}

/// A server at an address, and the token that is sent to it.
#[derive(Debug, Clone)]
pub struct Peer {
    agent: Agent,
    base: String,
    token: Option<String>,
    transcript: Option<Arc<Mutex<Vec<u8>>>>,
}

impl Peer {
    /// A server that is asked without a token.
    pub fn new(base: &str) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(LIMIT))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .build();
        Self { agent: config.into(), base: base.trim_end_matches('/').to_owned(), token: None, transcript: None }
    }

    /// The same server, asked with a token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same server; every answer is written down there.
    #[must_use]
    pub fn writing_down(&self, transcript: Arc<Mutex<Vec<u8>>>) -> Self {
        Self { transcript: Some(transcript), ..self.clone() }
    }

    /// The address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Any request.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Result<Answer> {
        let asked = format!("{method} {path}");
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let bad = || format!("{asked} cannot be asked");
        let answer = match body {
            Some(body) => self.agent.run(request.body(body).with_context(bad)?),
            None => self.agent.run(request.body(()).with_context(bad)?),
        };
        let mut answer = answer.with_context(|| format!("{asked} got no answer"))?;
        let whole = answer.body_mut().with_config().limit(MOST).read_to_vec();
        let body = whole.with_context(|| format!("the answer to {asked} broke off"))?;
        if let Some(transcript) = &self.transcript {
            let mut transcript = transcript.lock().unwrap_or_else(PoisonError::into_inner);
            transcript.extend_from_slice(format!("{asked}\n{:?}\n", answer.headers()).as_bytes());
            transcript.extend_from_slice(&body);
            transcript.push(b'\n');
        }
        Ok(Answer { asked, status: answer.status(), headers: answer.headers().clone(), body })
    }

    /// Reads a path, and tells when its headers and its last byte arrived.
    pub fn timed(&self, path: &str, accept: &str) -> Result<Timed> {
        let mut request = Request::builder().uri(format!("{}{path}", self.base)).header("accept", accept);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let started = Instant::now();
        let answer = self.agent.run(request.body(()).with_context(|| format!("{path} cannot be asked"))?);
        let answer = answer.with_context(|| format!("{path} got no answer"))?;
        let first = started.elapsed();
        ensure!(answer.status() == StatusCode::OK, "{path} answered {}", answer.status());
        let mut body = answer.into_body().into_with_config().limit(MOST).reader();
        let bytes = std::io::copy(&mut body, &mut std::io::sink()).context("the answer broke off")?;
        Ok(Timed { first, whole: started.elapsed(), bytes })
    }

    /// Reads a path.
    pub fn get(&self, path: &str) -> Result<Answer> {
        self.send("GET", path, &[("accept", "application/json")], None)
    }

    /// Sends a JSON document, or nothing.
    pub fn post(&self, path: &str, body: Option<&Value>) -> Result<Answer> {
        let text = body.map(Value::to_string).unwrap_or_default();
        let headers = [("content-type", "application/json"), ("x-seatkeeper-by", "contract")];
        self.send("POST", path, &headers, Some(text.as_bytes()))
    }

    /// Replaces a text, as an administrator does.
    pub fn put(&self, path: &str, headers: &[(&str, &str)], text: &str) -> Result<Answer> {
        let mut all = vec![("content-type", "application/toml"), ("x-seatkeeper-by", "contract")];
        all.extend_from_slice(headers);
        self.send("PUT", path, &all, Some(text.as_bytes()))
    }
}

impl Answer {
    /// The same, if it has this status.
    pub fn expect(self, status: u16) -> Result<Self> {
        ensure!(
            self.status.as_u16() == status,
            "{} answered {}, not {status}: {}",
            self.asked,
            self.status,
            self.shown()
        );
        Ok(self)
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("{} answered with something else than JSON: {}", self.asked, self.shown()))
    }

    /// The JSON of a success.
    pub fn success(self) -> Result<Value> {
        ensure!(self.status.is_success(), "{} answered {}: {}", self.asked, self.status, self.shown());
        if self.body.is_empty() { Ok(Value::Null) } else { self.json() }
    }

    /// The body as text.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.body).with_context(|| format!("the answer to {} is not UTF-8", self.asked))
    }

    /// A header as text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Requires an error with this status, told as problem+json with this code and a next step.
    pub fn problem(self, status: u16, code: &str) -> Result<Value> {
        let answer = self.expect(status)?;
        let kind = answer.header("content-type").to_owned();
        ensure!(kind.starts_with("application/problem+json"), "{} answered {status} as `{kind}`", answer.asked);
        let problem = answer.json()?;
        if problem.get("code").and_then(Value::as_str) != Some(code) {
            bail!("{} answered {status} with another code than {code}: {problem}", answer.asked);
        }
        ensure!(problem.get("title").is_some_and(Value::is_string), "the problem has no title: {problem}");
        Ok(problem)
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.body).chars().take(600).collect()
    }
}

/// A number in a JSON document.
pub fn number(value: &Value, pointer: &str) -> Result<u64> {
    value.pointer(pointer).and_then(Value::as_u64).with_context(|| format!("no number at {pointer} in {value}"))
}

/// A text in a JSON document.
pub fn text(value: &Value, pointer: &str) -> Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    Ok(found.with_context(|| format!("no text at {pointer} in {value}"))?.to_owned())
}

/// A list in a JSON document.
pub fn list(value: &Value, pointer: &str) -> Result<Vec<Value>> {
    let found = value.pointer(pointer).and_then(Value::as_array);
    Ok(found.with_context(|| format!("no list at {pointer} in {value}"))?.clone())
}

/// A name as one segment of a path.
pub fn segment(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(byte).collect()
}
