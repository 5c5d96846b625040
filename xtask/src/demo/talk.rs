//! Talking HTTP to the two programs of the demo: an answer that is not a success is an error with what it said.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::Agent;

/// Longer than any tick may take.
const LIMIT: Duration = Duration::from_secs(90);
/// The export of the demo is a few hundred kilobytes.
const MOST: u64 = 64 * 1024 * 1024;

/// One of the programs, with the token that it wants.
pub struct Peer {
    agent: Agent,
    base: String,
    token: Option<String>,
}

impl Peer {
    /// The program at an address.
    pub fn new(base: &str, token: Option<&str>) -> Self {
        let config = Agent::config_builder().timeout_global(Some(LIMIT)).http_status_as_error(false).build();
        Self { agent: config.into(), base: base.to_owned(), token: token.map(ToOwned::to_owned) }
    }

    /// Reads a JSON document.
    pub fn get(&self, path: &str) -> Result<Value> {
        let text = self.text("GET", path, None, "application/json")?;
        serde_json::from_str(&text).with_context(|| format!("GET {path} answered with something else than JSON"))
    }

    /// Sends a JSON document, or nothing, and reads one.
    pub fn post(&self, path: &str, body: Option<&Value>) -> Result<Value> {
        let text = self.text("POST", path, body.map(Value::to_string), "application/json")?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).with_context(|| format!("POST {path} answered with something else than JSON"))
    }

    /// Sends a text and reads a JSON document.
    pub fn put(&self, path: &str, body: String) -> Result<Value> {
        let text = self.text("PUT", path, Some(body), "application/toml")?;
        serde_json::from_str(&text).with_context(|| format!("PUT {path} answered with something else than JSON"))
    }

    /// Any request; the answer as text.
    pub fn text(&self, method: &str, path: &str, body: Option<String>, content_type: &str) -> Result<String> {
        let url = format!("{}{path}", self.base);
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(&url)
            .header("Content-Type", content_type)
            .header("X-Seatkeeper-By", "demo");
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let request = request.body(body.unwrap_or_default())?;
        let mut answer = self.agent.run(request).with_context(|| format!("{method} {path} got no answer"))?;
        let status = answer.status();
        let text = answer.body_mut().with_config().limit(MOST).read_to_string();
        let text = text.with_context(|| format!("{method} {path} broke off"))?;
        if !status.is_success() {
            bail!("{method} {path} answered {status}: {}", text.chars().take(600).collect::<String>());
        }
        Ok(text)
    }
}
