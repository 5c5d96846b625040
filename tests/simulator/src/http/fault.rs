//! Faults that are injected into single calls.

use serde::{Deserialize, Serialize};

use super::reply::{Content, Reply, html, rest_error};

/// The body of an injected status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum FaultBody {
    /// The error object of the REST layer.
    #[default]
    Json,
    /// A page.
    Html,
    /// Nothing.
    Empty,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FaultKind {
    /// The call is answered with a status and has no effect.
    Status {
        /// The status.
        status: u16,
        /// The body.
        #[serde(default)]
        body: FaultBody,
        /// `Retry-After` in seconds.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// The call has its effect and is answered with a status all the same.
    StatusAfterEffect {
        /// The status.
        status: u16,
        /// The body.
        #[serde(default)]
        body: FaultBody,
    },
    /// The answer breaks off in the middle of the JSON; its length is told as if it were whole.
    Truncate,
    /// 200 with a login page instead of JSON.
    HtmlPage,
    /// 204, and nothing happens.
    SilentNoEffect,
    /// No answer for so many seconds; then the real one.
    Hang {
        /// How long.
        seconds: u64,
    },
    /// The connection is closed before anything happens.
    DropBeforeEffect,
    /// The call has its effect and the connection is closed without an answer.
    DropAfterEffect,
    /// The caller becomes anonymous, as with a token that has just ended.
    Anonymous,
}

/// A fault and the calls that it hits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Only this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Only paths that begin so, without the context path, encoded as sent; empty for all.
    #[serde(default)]
    pub path_prefix: String,
    /// Only paths (with query) that hold this text.
    #[serde(default)]
    pub path_contains: String,
    /// The first matching call that is hit, counted from 1.
    #[serde(default = "one")]
    pub nth: u32,
    /// How many matching calls are hit from there; `null` means all that follow.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
}

fn one() -> u32 {
    1
}

// Serde wants the exact type of the field.
#[expect(clippy::unnecessary_wraps, reason = "the default of an optional field has to be optional")]
fn once() -> Option<u32> {
    Some(1)
}

impl Fault {
    /// Hits the next call of the method whose path begins so, once.
    pub fn next(method: &str, path_prefix: &str, kind: FaultKind) -> Self {
        Self {
            method: Some(method.to_owned()),
            path_prefix: path_prefix.to_owned(),
            path_contains: String::new(),
            nth: 1,
            times: Some(1),
            kind,
        }
    }

    /// Hits the `nth` matching call instead of the next one.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Self {
        self.nth = nth.max(1);
        self
    }

    /// Hits every matching call from the first hit on.
    #[must_use]
    pub fn forever(mut self) -> Self {
        self.times = None;
        self
    }

    /// Hits so many matching calls in a row.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }
}

/// The faults that wait for their call.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Vec<Fault>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.waiting.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    pub(crate) fn waiting(&self) -> &[Fault] {
        &self.waiting
    }

    /// The fault that hits this call; every matching fault counts it, the first that is due strikes.
    pub(crate) fn strike(&mut self, method: &str, path: &str, path_and_query: &str) -> Option<FaultKind> {
        let mut hit = None;
        for fault in &mut self.waiting {
            let matches = fault.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                && path.starts_with(&fault.path_prefix)
                && path_and_query.contains(&fault.path_contains);
            if !matches {
                continue;
            }
            if fault.nth > 1 {
                fault.nth = fault.nth.saturating_sub(1);
            } else if hit.is_none() && fault.times != Some(0) {
                fault.times = fault.times.map(|left| left.saturating_sub(1));
                hit = Some(fault.kind.clone());
            }
        }
        self.waiting.retain(|fault| fault.times != Some(0));
        hit
    }
}

/// The reply of an injected status.
pub(crate) fn status_reply(status: u16, body: FaultBody, retry_after: Option<u32>) -> Reply {
    let mut reply = Reply::empty(status);
    reply.content = match body {
        FaultBody::Json => Content::Json(rest_error(status, "injected fault")),
        FaultBody::Html => Content::Html(html(status, "injected fault")),
        FaultBody::Empty => Content::Empty,
    };
    match retry_after {
        Some(seconds) => reply.header("retry-after", seconds.to_string()),
        None => reply,
    }
}
