//! What a stand-in was asked, and what it says.

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A question.
#[derive(Debug)]
pub(crate) struct Question {
    /// `GET` or `POST`.
    pub method: http::Method,
    /// Path as it was sent.
    pub path: String,
    /// Query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Where we were reached: scheme and host.
    pub origin: String,
    /// The whole address, as it was asked for.
    pub url: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Question {
    pub(crate) fn of(request: Request<Vec<u8>>) -> Self {
        let (parts, body) = request.into_parts();
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let host = parts.uri.authority().map_or(host, |authority| authority.as_str());
        let origin = format!("{}://{host}", parts.uri.scheme_str().unwrap_or("http"));
        let path_and_query = parts.uri.path_and_query().map_or("/", |both| both.as_str());
        let query = parts.uri.query().unwrap_or_default();
        Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: pairs(query),
            url: format!("{origin}{path_and_query}"),
            origin,
            headers: parts.headers,
            body,
        }
    }

    /// A parameter of the query.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of the query that is a number.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.parse().ok()
    }
}

/// Pairs of a query or a form, decoded.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(key), decoded(value))
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
}

/// What is said.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json;charset=utf-8".to_owned())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn html() -> Self {
        let body = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form></form></body></html>";
        Self { status: 200, headers: vec![("content-type", "text/html".to_owned())], body: body.into() }
    }

    pub(crate) fn into_response(self) -> Response<Vec<u8>> {
        let mut response = Response::new(self.body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}
