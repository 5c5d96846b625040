//! One request, taken apart.

use axum::body::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::form_urlencoded;

use super::reply::Reply;
use crate::world::{Status, UserId, World};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A visitor without an account.
    Anonymous,
    /// An account.
    User(UserId),
}

/// A request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The path without the context path, still encoded.
    pub(crate) raw_path: String,
    /// The decoded parts of the path.
    pub(crate) segments: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) caller: Caller,
    /// The address of the site with its context path.
    pub(crate) base: String,
}

/// Takes a path apart as Tomcat does: path parameters are dropped, an encoded slash is refused.
pub(crate) fn segments(path: &str) -> Result<Vec<String>, Reply> {
    let lowered = path.to_ascii_lowercase();
    if lowered.contains("%2f") || lowered.contains("%5c") || lowered.contains("%00") {
        return Err(Reply::page(400, "Invalid URI: the encoded slash character is not allowed"));
    }
    let decode = |part: &str| {
        let part = part.split(';').next().unwrap_or_default();
        let text = percent_decode_str(part).decode_utf8();
        text.map(std::borrow::Cow::into_owned).map_err(|_| Reply::page(400, "Invalid URI: the path is not UTF-8"))
    };
    path.split('/').filter(|part| !part.is_empty()).map(decode).collect()
}

/// Decodes a query, where `+` is a space.
pub(crate) fn query(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

impl Call {
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// A number from the query.
    pub(crate) fn number(&self, name: &str) -> Result<Option<usize>, Reply> {
        let wrong = |_| Reply::error(400, format!("parameter {name} must be a number that is not negative"));
        self.param(name).map(|text| text.parse().map_err(wrong)).transpose()
    }

    /// Whether `expand` names this.
    pub(crate) fn expands(&self, what: &str) -> bool {
        let all = self.query.iter().filter(|(key, _)| key == "expand");
        all.flat_map(|(_, value)| value.split(',')).any(|part| part.trim() == what)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, Reply> {
        let kind = self.header("content-type").unwrap_or("application/json");
        if !kind.to_ascii_lowercase().starts_with("application/json") {
            return Err(Reply::error(415, format!("unsupported content type {kind}: send application/json")));
        }
        serde_json::from_slice(&self.body).map_err(|error| Reply::error(400, format!("the body is not JSON: {error}")))
    }

    /// The account that asks.
    pub(crate) fn actor(&self) -> Option<UserId> {
        match self.caller {
            Caller::User(id) => Some(id),
            Caller::Anonymous => None,
        }
    }

    /// Somebody with permission to use the site.
    pub(crate) fn require_use(&self, world: &World) -> Result<UserId, Reply> {
        match self.caller {
            Caller::Anonymous if world.knobs.anonymous_access => {
                Err(Reply::error(403, "not permitted for anonymous users"))
            }
            Caller::Anonymous => Err(Reply::error(401, "authentication is required")),
            Caller::User(id) if world.status(id) == Status::Current => Ok(id),
            Caller::User(_) => Err(Reply::error(403, "the calling user has no permission to use Confluence")),
        }
    }

    /// An administrator.
    pub(crate) fn require_admin(&self, world: &World) -> Result<UserId, Reply> {
        let id = self.require_use(world)?;
        if world.is_admin(id) {
            Ok(id)
        } else {
            Err(Reply::error(403, "Confluence administrator permission is required"))
        }
    }

    /// An administrator, where strangers are answered 401 rather than 403.
    pub(crate) fn require_admin_401(&self, world: &World) -> Result<UserId, Reply> {
        match self.require_use(world) {
            Err(_) => Err(Reply::error(401, "the calling user is not authenticated or not licensed")),
            Ok(_) => self.require_admin(world),
        }
    }

    /// The full address of a path below the base.
    pub(crate) fn link(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}
