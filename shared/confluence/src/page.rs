//! Listings. Confluence lowers `limit` silently, gives `next` relative, absolute or not at all, and has listings that
//! never end.
//!
//! INVARIANT (no gaps): the following page starts right behind the entries that came, never where a link points. Links
//! only say that there is more. At worst an entry comes twice, and callers collect by key.

use crate::{answer::Failure, wire::malformed};
use seatkeeper_engine::ports::{ErrorClass, Page};
use serde::Deserialize;
use std::fmt;

/// The envelope of every listing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listing<T> {
    pub(crate) results: Vec<T>,
    start: Option<u64>,
    limit: Option<u64>,
    total_count: Option<u64>,
    #[serde(rename = "_links")]
    links: Option<Links>,
}

#[derive(Debug, Deserialize)]
struct Links {
    next: Option<String>,
}

/// What came, measured against what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// The entries that were asked for, or none.
    Asked,
    /// Entries from before the place that was asked for: either the listing ended and starts over, or Confluence does
    /// not heed `start` at all.
    Again {
        /// Where they are from.
        from: u64,
    },
}

impl<T> Listing<T> {
    /// A page behind the end.
    pub(crate) fn end() -> Self {
        Self { results: Vec::new(), start: None, limit: None, total_count: None, links: None }
    }

    /// Whether the entries are those that were asked for. A gap is an error.
    pub(crate) fn fit(&self, asked: Asked) -> Result<Fit, Failure> {
        match self.start.filter(|_| !self.results.is_empty()) {
            Some(from) if from < asked.start => Ok(Fit::Again { from }),
            Some(from) if from > asked.start => {
                Err(malformed(format!("asked for entries from {}, got those from {from}", asked.start)))
            }
            Some(_) | None => Ok(Fit::Asked),
        }
    }

    /// Where to go on, or nothing at the end. A listing that does not advance is `Endless`.
    pub(crate) fn next(&self, asked: Asked) -> Result<Option<u64>, Failure> {
        // A page without entries ends the listing, whatever it links to.
        let Ok(count @ 1..) = u64::try_from(self.results.len()) else { return Ok(None) };
        if let Fit::Again { from } = self.fit(asked)? {
            return Err(again(asked, from));
        }
        let next = asked.start.saturating_add(count);
        let link = self.links.as_ref().and_then(|links| links.next.as_deref()).filter(|link| !link.trim().is_empty());
        // A page that says where it starts is believed more than its link; the next page will show.
        if self.start.is_none()
            && let Some(back) = link.and_then(start_of).filter(|start| *start <= asked.start)
        {
            return Err(endless(format_args!("the page from {} links to {back} as its next", asked.start)));
        }
        let limit = self.limit.filter(|limit| *limit > 0).unwrap_or(asked.limit);
        // A full page without a link costs one more request, a missed page would cost the truth.
        let more = link.is_some() || count >= limit || self.total_count.is_some_and(|total| total > next);
        Ok(more.then_some(next))
    }

    /// The page with its entries converted; entries that are nobody (`None`) are dropped.
    pub(crate) fn page<U>(
        self,
        asked: Asked,
        mut convert: impl FnMut(T) -> Result<Option<U>, Failure>,
    ) -> Result<Page<U>, Failure> {
        let next = self.next(asked)?;
        let items =
            self.results.into_iter().filter_map(|entry| convert(entry).transpose()).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }
}

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) start: u64,
    pub(crate) limit: u64,
}

impl Asked {
    /// The query for it.
    pub(crate) fn query(self) -> String {
        format!("start={}&limit={}", self.start, self.limit)
    }
}

/// Entries from before the place that was asked for.
pub(crate) fn again(asked: Asked, from: u64) -> Failure {
    endless(format_args!("asked for entries from {}, got those from {from} again", asked.start))
}

pub(crate) fn endless(what: impl fmt::Display) -> Failure {
    Failure::new(ErrorClass::Endless, format!("the listing does not advance: {what}; a known defect of some versions"))
}

/// The parameter `start` of a link, relative or absolute.
fn start_of(link: &str) -> Option<u64> {
    let query = link.split_once('?')?.1.split('#').next()?;
    query.split(['&', ';']).find_map(|pair| pair.strip_prefix("start=")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn next(start: u64, body: Value) -> Result<Option<u64>, Failure> {
        let listing: Listing<Value> = serde_json::from_value(body).unwrap();
        listing.next(Asked { start, limit: 2 })
    }

    #[test]
    fn the_next_page_starts_behind_the_entries_that_came_whatever_the_link_says() {
        for (what, body, expected) in [
            (
                "relative link",
                json!({"results": [1, 2], "_links": {"next": "/rest/api/group?limit=2&start=4"}}),
                Some(4),
            ),
            ("absolute link", json!({"results": [1, 2], "_links": {"next": "https://x/c/rest?start=4#z"}}), Some(4)),
            ("link that skips", json!({"results": [1], "limit": 1, "_links": {"next": "/x?start=202"}}), Some(3)),
            ("link without a start", json!({"results": [1], "_links": {"next": "/x?cursor=abc"}}), Some(3)),
            ("full page without a link", json!({"results": [1, 2], "_links": {}}), Some(4)),
            ("full page without links", json!({"results": [1, 2]}), Some(4)),
            ("lowered limit without a link", json!({"results": [1], "limit": 1}), Some(3)),
            ("total says more", json!({"results": [1], "totalCount": 9}), Some(3)),
            ("short page", json!({"results": [1], "start": 2, "limit": 2, "size": 1, "_links": {"self": "x"}}), None),
            ("short page with an empty link", json!({"results": [1], "_links": {"next": ""}}), None),
            (
                "link back, but a start",
                json!({"results": [1, 2], "start": 2, "_links": {"next": "/x?start=2"}}),
                Some(4),
            ),
            ("nothing", json!({"results": []}), None),
            ("nothing but a link", json!({"results": [], "_links": {"next": "/x?start=4"}}), None),
            ("nothing but a total", json!({"results": [], "totalCount": 9}), None),
        ] {
            assert_eq!(next(2, body).unwrap(), expected, "{what}");
        }
    }

    #[test]
    fn a_listing_that_does_not_advance_is_endless() {
        for body in [
            json!({"results": [1, 2], "_links": {"next": "/x?start=2"}}),
            json!({"results": [1, 2], "_links": {"next": "/x?limit=2&start=0"}}),
            json!({"results": [1, 2], "start": 0, "_links": {"next": "/x?start=4"}}),
        ] {
            assert_eq!(next(2, body).unwrap_err().class, ErrorClass::Endless);
        }
    }

    #[test]
    fn a_page_that_skips_entries_is_malformed() {
        assert_eq!(next(2, json!({"results": [1], "start": 3})).unwrap_err().class, ErrorClass::Malformed);
    }
}
