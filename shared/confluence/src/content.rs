//! What accounts wrote, by CQL.

use crate::{Confluence, answer::Failure, path::encoded, wire::instant, wire::malformed};
use chrono::{DateTime, Utc};
use http::Method;
use seatkeeper_engine::{
    ports::{Clock, ErrorClass, Http, PortError, Who},
    sources::{Content, Owned},
};
use seatkeeper_policy::{UserKey, Username};
use serde::Deserialize;
use serde_json::Value;

/// A page of search results.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchWire {
    pub(crate) results: Vec<HitWire>,
    total_size: Option<u64>,
}

/// One result.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HitWire {
    last_modified: Option<Value>,
    pub(crate) space: Option<SpaceWire>,
    pub(crate) content: Option<ContentWire>,
}

/// The content of a result.
#[derive(Debug, Deserialize)]
pub(crate) struct ContentWire {
    pub(crate) space: Option<SpaceWire>,
}

/// A space as any listing shows it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SpaceWire {
    pub(crate) key: String,
}

/// A text as CQL quotes it.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl<H: Http, C: Clock> Confluence<H, C> {
    /// Searches for something of an account; nothing when the account does not exist. One request, and another one when
    /// the question is refused: Confluence answers 400 both to bad CQL and to somebody it does not know.
    pub(crate) async fn search_of(
        &self,
        username: &Username,
        cql: &str,
        more: &str,
        operation: &str,
    ) -> Result<Option<SearchWire>, PortError> {
        let path = format!("/rest/api/search?cql={}&start=0&excerpt=none&{more}", encoded(cql));
        let found = self.call(&Method::GET, &path).await.and_then(|answer| answer.json::<SearchWire>());
        let refusal = match found {
            Ok(found) => return Ok(Some(found)),
            Err(failure) if failure.status == Some(400) => failure,
            Err(failure) => return Err(failure.during(operation)),
        };
        match self.lookup(Who::Name(username), operation).await? {
            None => Ok(None),
            Some(_) => Err(Failure { class: ErrorClass::Refused, ..refusal }.during(operation)),
        }
    }
}

impl SearchWire {
    /// When the newest result was changed. Results without a time, or hidden ones, are errors: they are not nothing.
    fn newest(&self) -> Result<Option<DateTime<Utc>>, Failure> {
        let Some(first) = self.results.first() else {
            return match self.total_size {
                None | Some(0) => Ok(None),
                Some(total) => Err(malformed(format!("the search counts {total} results and shows none"))),
            };
        };
        let at = first.last_modified.as_ref().and_then(instant);
        at.map(Some).ok_or_else(|| malformed("`lastModified` of a search result is missing or no instant"))
    }
}

impl<H: Http, C: Clock> Content for Confluence<H, C> {
    /// The newest page, comment or file that the account has ever contributed to, and when that was last changed, by
    /// whomever. So it may be later than the account's own last change, and never earlier. One request, two if refused.
    async fn last_contribution(&self, username: &Username) -> Result<Option<DateTime<Utc>>, PortError> {
        let operation = format!("search for contributions of account `{username}`");
        let cql = format!("contributor = {} order by lastmodified desc", quoted(username.as_str()));
        let found = self.search_of(username, &cql, "limit=1&includeArchivedSpaces=true", &operation).await?;
        match found {
            Some(found) => found.newest().map_err(|failure| failure.during(&operation)),
            None => Ok(None),
        }
    }

    /// At most [`MAX_OWNERSHIP_REQUESTS`](crate::MAX_OWNERSHIP_REQUESTS) requests; [`Confluence::ownership`] also tells
    /// how complete the answer is.
    async fn owned(&self, key: &UserKey, username: &Username) -> Result<Owned, PortError> {
        Ok(self.ownership(key, username).await?.owned)
    }
}

#[cfg(test)]
#[path = "content_tests.rs"]
mod tests;
