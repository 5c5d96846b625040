//! Which accounts a request asks for, and addresses that ask for the same again.

use chrono::{Days, NaiveDate, TimeDelta};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use seatkeeper_engine::listing::{self, Order, Part};
use seatkeeper_policy::{Instant, Status};
use seatkeeper_web::{Query, QueryError};
use std::fmt::Write;

/// All parameters of a list of accounts.
pub const PARAMETERS: [&str; 15] = [
    "decision",
    "status",
    "group",
    "without-group",
    "directory",
    "idle-days",
    "seen-from",
    "seen-to",
    "never",
    "text",
    "sort",
    "order",
    "page",
    "size",
    "all",
];

/// The decisions an account can have, as words.
pub const DECISIONS: [&str; 4] = ["keep", "warn", "hold", "reclaim"];

/// The statuses an account can have.
pub const STATUSES: [Status; 5] =
    [Status::Current, Status::Deactivated, Status::ExternallyDeleted, Status::Unlicensed, Status::Unknown];

/// What a list can be sorted by.
const SORTS: [(&str, Order); 3] = [("name", Order::Name), ("seen", Order::Seen), ("created", Order::Created)];

/// A century: whoever asks for more made a mistake, and instants end somewhere.
const MOST_DAYS: u32 = 36_500;

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
    /// A group of the account, as Confluence spells it.
    pub group: Option<String>,
    /// A group that the account is not in.
    pub without_group: Option<String>,
    /// The directory of Confluence that it comes from.
    pub directory: Option<String>,
    /// Last seen at least so many days ago.
    pub idle_days: Option<u32>,
    /// Last seen on this day (UTC) or later.
    pub seen_from: Option<NaiveDate>,
    /// Last seen on this day (UTC) or earlier.
    pub seen_to: Option<NaiveDate>,
    /// Never logged in.
    pub never: bool,
    /// Part of the user name or display name.
    pub text: Option<String>,
    /// What the list is sorted by.
    pub sort: Order,
    /// The other way round.
    pub descending: bool,
    /// The page, from 1.
    pub page: usize,
    /// Accounts on one page.
    pub size: usize,
    /// In JSON: all that match, as a file.
    pub all: bool,
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
        let day = |name| query.parsed::<NaiveDate>(name, "a day such as 2026-11-22");
        let sort = one_of(&query, "sort", &SORTS.map(|(word, _)| word))?;
        Ok(Self {
            decision,
            status: one_of(&query, "status", &STATUSES.map(Status::word))?,
            group: text("group"),
            without_group: text("without-group"),
            directory: text("directory"),
            idle_days: match query.parsed::<u32>("idle-days", "a whole number of days")? {
                Some(days) if days > MOST_DAYS => {
                    let (name, value) = ("idle-days".to_owned(), days.to_string());
                    return Err(QueryError::Invalid { name, value, expected: format!("at most {MOST_DAYS}") });
                }
                days => days,
            },
            seen_from: day("seen-from")?,
            seen_to: day("seen-to")?,
            never: one_of(&query, "never", &["true", "false"])?.is_some_and(|never| never == "true"),
            text: text("text"),
            sort: SORTS.iter().find(|(word, _)| sort.as_deref() == Some(word)).map_or(Order::Name, |(_, order)| *order),
            descending: one_of(&query, "order", &["asc", "desc"])?.is_some_and(|order| order == "desc"),
            page: number("page")?.unwrap_or(1).max(1),
            size: number("size")?.unwrap_or(SIZE).clamp(1, MAX_SIZE),
            all: one_of(&query, "all", &["true", "false"])?.is_some_and(|all| all == "true"),
        })
    }

    /// Which accounts, for the engine.
    pub fn wanted(&self, now: Instant) -> listing::Filter {
        let midnight = |day: NaiveDate| day.and_hms_opt(0, 0, 0).map(|at| at.and_utc());
        // Idle for exactly so many days counts, and the engine's bound is outside.
        let idle = self.idle_days.map(|days| now - TimeDelta::days(days.into()) + TimeDelta::seconds(1));
        let until = self.seen_to.and_then(|day| day.checked_add_days(Days::new(1))).and_then(midnight);
        listing::Filter {
            // A word stands for all codes that begin with it.
            decision: self
                .decision
                .as_ref()
                .map(|code| if code.contains('/') { code.clone() } else { format!("{code}/") }),
            status: self.status.clone(),
            group: self.group.clone(),
            without_group: self.without_group.clone(),
            directory: self.directory.clone(),
            seen_from: self.seen_from.and_then(midnight),
            seen_before: idle.into_iter().chain(until).min(),
            never: self.never,
            text: self.text.clone(),
        }
    }

    /// Which part of them, for the engine.
    pub fn part(&self) -> Part {
        let skip = (self.page - 1).saturating_mul(self.size);
        Part { order: self.sort, descending: self.descending, skip, most: self.size }
    }

    /// An address with this filter and another page.
    pub fn link(&self, path: &str, page: usize) -> String {
        let given = |yes: bool, word: &str| yes.then(|| word.to_owned());
        let parameters = [
            ("decision", self.decision.clone()),
            ("status", self.status.clone()),
            ("group", self.group.clone()),
            ("without-group", self.without_group.clone()),
            ("directory", self.directory.clone()),
            ("idle-days", self.idle_days.map(|days| days.to_string())),
            ("seen-from", self.seen_from.map(|day| day.to_string())),
            ("seen-to", self.seen_to.map(|day| day.to_string())),
            ("never", given(self.never, "true")),
            ("text", self.text.clone()),
            ("sort", self.sort_word().map(str::to_owned)),
            ("order", given(self.descending, "desc")),
            ("page", (page > 1).then(|| page.to_string())),
            ("size", (self.size != SIZE).then(|| self.size.to_string())),
            ("all", given(self.all, "true")),
        ];
        address(path, parameters)
    }

    /// An address with this filter and all that match it.
    pub fn link_all(&self, path: &str) -> String {
        Self { all: true, size: SIZE, ..self.clone() }.link(path, 1)
    }

    /// The word for what it is sorted by, unless that is the name.
    pub fn sort_word(&self) -> Option<&'static str> {
        let order = SORTS.iter().find(|(_, order)| *order == self.sort);
        order.map(|(word, _)| *word).filter(|_| self.sort != Order::Name)
    }

    /// The address of the same list sorted by a column; the other way round if it is sorted by it already.
    pub fn sorted(&self, path: &str, column: &str) -> String {
        let sort = SORTS.iter().find(|(word, _)| *word == column).map_or(Order::Name, |(_, order)| *order);
        let descending = sort == self.sort && !self.descending;
        Self { sort, descending, ..self.clone() }.link(path, 1)
    }

    /// How a column is sorted, as `aria-sort` wants it.
    pub fn direction(&self, column: &str) -> &'static str {
        match SORTS.iter().any(|(word, order)| *word == column && *order == self.sort) {
            true if self.descending => "descending",
            true => "ascending",
            false => "none",
        }
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
        !Filter::parse(query).unwrap().wanted(now()).choose(vec![judged("jdoe", Some(200))]).is_empty()
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
        let wrong = [
            "sort=age",
            "order=up",
            "seen-from=1.2.2026",
            "decision=gone",
            "decision=reclaimed",
            "status=gone",
            "idle-days=x",
            "idle-days=-1",
            "idle-days=36501",
            "idle-days=4294967295",
            "page=x",
        ];
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
            without_group: Some("a=b".into()),
            directory: None,
            idle_days: Some(90),
            seen_from: NaiveDate::from_ymd_opt(2026, 1, 2),
            seen_to: NaiveDate::from_ymd_opt(2026, 3, 4),
            never: true,
            text: Some("Müller=1".into()),
            sort: Order::Created,
            descending: true,
            page: 1,
            size: 20,
            all: true,
        };
        let link = filter.link("/report/accounts", 3);
        let query = link.strip_prefix("/report/accounts?").unwrap();
        assert_eq!(Filter::parse(query), Ok(Filter { page: 3, ..filter }));
        assert_eq!(Filter::parse("").unwrap().link("/report/accounts", 1), "/report/accounts");
    }

    #[test]
    fn days_are_whole_days_on_both_ends() {
        // Seen at noon on 6 May 2026.
        for (query, shown) in [
            ("seen-from=2026-05-06", true),
            ("seen-from=2026-05-07", false),
            ("seen-to=2026-05-06", true),
            ("seen-to=2026-05-05", false),
            ("seen-from=2026-05-06&seen-to=2026-05-06", true),
            ("without-group=users", false),
            ("without-group=others", true),
            ("directory=LDAP", false),
        ] {
            assert_eq!(found(query), shown, "{query}");
        }
    }

    #[test]
    fn the_heading_of_a_sorted_column_turns_the_order_round() {
        let filter = Filter::parse("text=a&page=7").unwrap();
        assert_eq!(filter.sorted("/p", "seen"), "/p?text=a&sort=seen");
        assert_eq!((filter.direction("name"), filter.direction("seen")), ("ascending", "none"));
        let filter = Filter::parse("sort=seen").unwrap();
        assert_eq!(filter.sorted("/p", "seen"), "/p?sort=seen&order=desc");
        assert_eq!(filter.sorted("/p", "name"), "/p");
    }
}
