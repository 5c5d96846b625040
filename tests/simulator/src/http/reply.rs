//! Answers, before they become bytes.

use serde::Serialize;
use serde_json::{Value, json};

use crate::world::Delivery;

/// What a handler answers; errors are replies too.
pub(crate) type Outcome = Result<Reply, Reply>;

/// A body that still knows what it is.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Nothing.
    Empty,
    /// JSON.
    Json(Value),
    /// JSON that is text already; pages are long and go straight to text.
    Written(String),
    /// An error of the REST layer: the message.
    Error(String),
    /// A page of the servlet filter chain.
    Html(String),
    /// Plain text.
    Text(String),
    /// XML.
    Xml(String),
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) content: Content,
    /// A request that has to be answered by its receiver before this answer is complete.
    pub(crate) wait_for: Option<Box<Delivery>>,
}

impl Reply {
    fn with(status: u16, content: Content) -> Self {
        Self { status, headers: Vec::new(), content, wait_for: None }
    }

    pub(crate) fn json(value: Value) -> Self {
        Self::with(200, Content::Json(value))
    }

    /// JSON, written without a detour.
    pub(crate) fn written(value: &impl Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(text) => Self::with(200, Content::Written(text)),
            Err(error) => Self::error(500, error.to_string()),
        }
    }

    pub(crate) fn created(value: Value) -> Self {
        Self::with(201, Content::Json(value))
    }

    pub(crate) fn accepted(value: Value) -> Self {
        Self::with(202, Content::Json(value))
    }

    pub(crate) fn none() -> Self {
        Self::with(204, Content::Empty)
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::with(status, Content::Empty)
    }

    pub(crate) fn text(status: u16, text: &str) -> Self {
        Self::with(status, Content::Text(text.to_owned()))
    }

    pub(crate) fn xml(text: String) -> Self {
        Self::with(200, Content::Xml(text))
    }

    /// An error of the REST layer.
    pub(crate) fn error(status: u16, message: impl Into<String>) -> Self {
        Self::with(status, Content::Error(message.into()))
    }

    /// An error page of the servlet container or its filters.
    pub(crate) fn page(status: u16, title: &str) -> Self {
        Self::with(status, Content::Html(html(status, title)))
    }

    /// An error in Crowd's shape.
    pub(crate) fn crowd(status: u16, reason: &str, message: &str) -> Self {
        Self::with(status, Content::Json(json!({"reason": reason, "message": message})))
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Content type and bytes.
    pub(crate) fn render(&self, html_errors: bool) -> (Option<&'static str>, Vec<u8>) {
        const HTML: &str = "text/html;charset=UTF-8";
        match &self.content {
            Content::Empty => (None, Vec::new()),
            Content::Error(message) if html_errors => (Some(HTML), html(self.status, message).into_bytes()),
            Content::Error(message) => {
                (Some("application/json"), rest_error(self.status, message).to_string().into_bytes())
            }
            Content::Written(text) => (Some("application/json"), text.clone().into_bytes()),
            Content::Json(value) => (Some("application/json"), value.to_string().into_bytes()),
            Content::Html(page) => (Some(HTML), page.clone().into_bytes()),
            Content::Text(text) => (Some("text/plain;charset=UTF-8"), text.clone().into_bytes()),
            Content::Xml(text) => (Some("application/xml"), text.clone().into_bytes()),
        }
    }
}

/// The error object of the REST layer.
pub(crate) fn rest_error(status: u16, message: &str) -> Value {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason()).unwrap_or("Error");
    json!({
        "statusCode": status,
        "data": {
            "authorized": status != 401 && status != 403,
            "valid": false,
            "allowedInReadOnlyMode": !message.contains("read-only"),
            "errors": [{"message": {"key": message, "args": [], "translation": message}}],
            "successful": false,
        },
        "message": message,
        "reason": reason,
    })
}

/// A page as a servlet container writes it.
pub(crate) fn html(status: u16, title: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><title>HTTP Status {status}</title></head><body>\
         <h1>HTTP Status {status}</h1><p>{title}</p></body></html>"
    )
}
