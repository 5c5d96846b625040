//! Which accounts a request asks for, and addresses that ask for the same again.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use seatkeeper_engine::view;
use seatkeeper_policy::Status;
use seatkeeper_web::{Query, QueryError};
use std::fmt::Write;

/// All parameters of a list of accounts.
pub const PARAMETERS: [&str; 8] = ["decision", "status", "group", "idle-days", "never", "text", "page", "size"];

/// The decisions an account can have, as words.
pub const DECISIONS: [&str; 4] = ["keep", "warn", "hold", "reclaim"];

/// The statuses an account can have.
pub const STATUSES: [Status; 5] =
    [Status::Current, Status::Deactivated, Status::ExternallyDeleted, Status::Unlicensed, Status::Unknown];

/// Accounts on one page, if the request does not say.
const SIZE: usize = 50;
/// Accounts on one page at most: more would make the answer slow, and there is the CSV.
const MAX_SIZE: usize = 500;

/// What an account must have to be shown, and which part of the list is shown. Everything that is absent matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// One of [`DECISIONS`], or a whole code such as `reclaim/inactive`.
    pub decision: Option<String>,
    /// A status, such as `deactivated`.
    pub status: Option<String>,
    /// A licence group of the account, as Confluence spells it.
    pub group: Option<String>,
    /// Last seen at least so many days ago.
    pub idle_days: Option<u32>,
    /// Never logged in.
    pub never: bool,
    /// Part of the user name or display name.
    pub text: Option<String>,
    /// The page, from 1.
    pub page: usize,
    /// Accounts on one page.
    pub size: usize,
}

impl Filter {
    /// Reads a query string.
    pub fn parse(query: &str) -> Result<Self, QueryError> {
        let query = Query::parse(query, &PARAMETERS)?;
        let text = |name| query.get(name).map(str::to_owned);
        let decision = match query.get("decision") {
            Some(code) if !DECISIONS.contains(&code.split('/').next().unwrap_or_default()) => {
                return Err(invalid("decision", code, &DECISIONS));
            }
            code => code.map(str::to_owned),
        };
        let number = |name| query.parsed::<usize>(name, "a whole number from 1");
        Ok(Self {
            decision,
            status: one_of(&query, "status", &STATUSES.map(Status::word))?,
            group: text("group"),
            idle_days: query.parsed("idle-days", "a whole number of days")?,
            never: one_of(&query, "never", &["true", "false"])?.is_some_and(|never| never == "true"),
            text: text("text"),
            page: number("page")?.unwrap_or(1).max(1),
            size: number("size")?.unwrap_or(SIZE).clamp(1, MAX_SIZE),
        })
    }

    /// The same for the engine.
    pub fn wanted(&self) -> view::Filter {
        let Self { decision, status, group, idle_days, never, text, page: _, size: _ } = self;
        view::Filter {
            // A word stands for all codes that begin with it.
            decision: decision.as_ref().map(|code| if code.contains('/') { code.clone() } else { format!("{code}/") }),
            status: status.clone(),
            group: group.clone(),
            idle_days: *idle_days,
            never: *never,
            text: text.clone(),
        }
    }

    /// An address with this filter and another page.
    pub fn link(&self, path: &str, page: usize) -> String {
        let Self { decision, status, group, idle_days, never, text, page: _, size } = self;
        let days = idle_days.map(|days| days.to_string());
        let never = never.then(|| "true".to_owned());
        let page = (page > 1).then(|| page.to_string());
        let size = (*size != SIZE).then(|| size.to_string());
        let parameters = [
            ("decision", decision.clone()),
            ("status", status.clone()),
            ("group", group.clone()),
            ("idle-days", days),
            ("never", never),
            ("text", text.clone()),
            ("page", page),
            ("size", size),
        ];
        address(path, parameters)
    }
}

/// A path with a query of the parameters that have a value.
pub fn address<'a>(path: &str, parameters: impl IntoIterator<Item = (&'a str, Option<String>)>) -> String {
    let mut link = path.to_owned();
    let mut mark = '?';
    for (name, value) in parameters {
        if let Some(value) = value {
            // Writing to a text cannot fail.
            let _ = write!(link, "{mark}{name}={}", utf8_percent_encode(&value, NON_ALPHANUMERIC));
            mark = '&';
        }
    }
    link
}

/// A parameter that has one of a few values, if it is given.
pub fn one_of(query: &Query, name: &str, words: &[&str]) -> Result<Option<String>, QueryError> {
    match query.get(name) {
        Some(value) if !words.contains(&value) => Err(invalid(name, value, words)),
        other => Ok(other.map(str::to_owned)),
    }
}

fn invalid(name: &str, value: &str, words: &[&str]) -> QueryError {
    let expected = format!("one of: {}", words.join(", "));
    QueryError::Invalid { name: name.to_owned(), value: value.to_owned(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{judged, now};

    fn found(query: &str) -> bool {
        // Last seen 200 days ago, in group `users`.
        Filter::parse(query).unwrap().wanted().matches(&judged("jdoe", Some(200)), now())
    }

    #[test]
    fn each_filter_shows_what_fits_and_hides_what_does_not() {
        let fitting = ["", "decision=reclaim", "decision=reclaim%2Finactive", "status=current", "group=users"];
        for query in fitting.into_iter().chain(["idle-days=200", "text=JD", "text=doe+jdoe", "never=false"]) {
            assert!(found(query), "{query}");
        }
        let other = ["decision=keep", "decision=reclaim/never-logged-in", "status=deactivated", "group=user"];
        for query in other.into_iter().chain(["idle-days=201", "text=x", "never=true", "text=jdoe&idle-days=201"]) {
            assert!(!found(query), "{query}");
        }
    }

    #[test]
    fn words_that_are_none_are_errors_and_not_empty_lists() {
        let wrong = ["decision=gone", "decision=reclaimed", "status=gone", "idle-days=x", "idle-days=-1", "page=x"];
        for query in wrong.into_iter().chain(["never=yes", "stat=current", "text=a&text=b"]) {
            assert!(Filter::parse(query).is_err(), "{query}");
        }
    }

    #[test]
    fn a_page_has_a_sensible_size() {
        let parsed = |query| Filter::parse(query).map(|filter| (filter.page, filter.size)).unwrap();
        assert_eq!(parsed(""), (1, SIZE));
        assert_eq!(parsed("page=0&size=0"), (1, 1));
        assert_eq!(parsed("page=3&size=100000"), (3, MAX_SIZE));
    }

    #[test]
    fn a_link_leads_back_to_the_same_filter() {
        let filter = Filter {
            decision: Some("keep/exempt".into()),
            status: None,
            group: Some("R&D \"team\"".into()),
            idle_days: Some(90),
            never: true,
            text: Some("Müller=1".into()),
            page: 1,
            size: 20,
        };
        let link = filter.link("/report/accounts", 3);
        let query = link.strip_prefix("/report/accounts?").unwrap();
        assert_eq!(Filter::parse(query), Ok(Filter { page: 3, ..filter }));
        assert_eq!(Filter::parse("").unwrap().link("/report/accounts", 1), "/report/accounts");
    }
}
