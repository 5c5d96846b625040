//! The hand-over list: seats that should come free and cannot be freed from here, for the people who can.

use crate::{export, filter};
use futures::Stream;
use seatkeeper_console::Moment;
use seatkeeper_engine::{
    lists,
    ports::Store,
    state::{Judged, SnapshotHead, StateError},
};
use seatkeeper_policy::{Decision, HoldReason};
use seatkeeper_spin::respond::StreamError;
use seatkeeper_web::{Query, QueryError, csv};
use serde::Serialize;
use std::collections::BTreeMap;

/// Where it is.
pub const PATH: &str = "/report/handover";

/// Codes of all obstacles.
const CODES: [&str; 7] = [
    "comes-back",
    "individual-grant",
    "inherited",
    "other-group",
    "read-only-directory",
    "shadowed-duplicate",
    "tried-in-vain",
];

/// Rows on one page, if the request does not say.
const SIZE: usize = 100;
/// Rows of one JSON answer at most; a page for people stays at [`SIZE`].
const MAX_SIZE: usize = 500;

/// The columns, in the order of [`fields`].
const COLUMNS: [&str; 8] =
    ["username", "user-key", "display-name", "directory", "obstacle", "detail", "advice", "reason"];

/// One account and one thing that stands in the way of freeing its seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// User name.
    pub username: String,
    /// Identity.
    pub user_key: String,
    /// Name for people.
    pub display_name: String,
    /// Directory, where it is known.
    pub directory: Option<String>,
    /// Stable word.
    pub obstacle: &'static str,
    /// What it is.
    pub detail: String,
    /// What can be done about it.
    pub advice: String,
    /// Why the seat should come free.
    pub reason: String,
}

/// Which rows a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Only this obstacle.
    pub obstacle: Option<String>,
    /// The page, from 1.
    pub page: usize,
    /// Rows on one page.
    pub size: usize,
}

impl Wanted {
    /// Reads a query string; `people` are shown smaller pages than programs.
    pub fn parse(query: &str, people: bool) -> Result<Self, QueryError> {
        let query = Query::parse(query, &["obstacle", "page", "size"])?;
        let number = |name| query.parsed::<usize>(name, "a whole number from 1");
        let most = if people { SIZE } else { MAX_SIZE };
        Ok(Self {
            obstacle: filter::one_of(&query, "obstacle", &CODES)?,
            page: number("page")?.unwrap_or(1).max(1),
            size: number("size")?.unwrap_or(SIZE).clamp(1, most),
        })
    }

    /// An address with this filter and another page.
    pub fn link(&self, path: &str, page: usize) -> String {
        let page = (page > 1).then(|| page.to_string());
        let size = (self.size != SIZE).then(|| self.size.to_string());
        filter::address(path, [("obstacle", self.obstacle.clone()), ("page", page), ("size", size)])
    }

    fn matches(&self, row: &Row) -> bool {
        self.obstacle.as_deref().is_none_or(|code| code == row.obstacle)
    }
}

/// One page of the list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct List {
    /// When the newest sweep judged; none before the first one that wrote the list.
    pub as_of: Option<Moment>,
    /// Rows of each obstacle, whatever the filter.
    pub obstacles: BTreeMap<&'static str, usize>,
    /// Rows that match.
    pub total: usize,
    /// This page, from 1.
    pub page: usize,
    /// Rows on a full page.
    pub size: usize,
    /// Pages there are.
    pub pages: usize,
    /// The rows, sorted by user name.
    pub rows: Vec<Row>,
}

/// The rows of one account: none for most.
pub fn rows(judged: &Judged) -> Vec<Row> {
    let Decision::Hold(HoldReason::CannotFree { reason, obstacles }) = &judged.decision else { return Vec::new() };
    let account = &judged.account;
    obstacles
        .iter()
        .map(|obstacle| Row {
            username: account.username.to_string(),
            user_key: account.key.to_string(),
            display_name: account.display_name.clone(),
            directory: account.directory.clone(),
            obstacle: obstacle.code(),
            detail: obstacle.to_string(),
            advice: obstacle.advice(),
            reason: reason.to_string(),
        })
        .collect()
}

/// Reads one page of the list. The sweep wrote the accounts on pages of their own and counted the lines of each, so only
/// the stored pages that hold the shown lines are read.
pub async fn read(store: &impl Store, head: Option<&SnapshotHead>, wanted: &Wanted) -> Result<List, StateError> {
    let Wanted { page, size, .. } = *wanted;
    let first = (page - 1).saturating_mul(size);
    let (mut found, mut total, mut obstacles) = (Vec::new(), 0_usize, BTreeMap::new());
    let counts = lists::counts(store, head).await?;
    for (number, lines) in (0..).zip(counts.iter().flat_map(|counts| &counts.handover)) {
        let mut matching = 0_usize;
        for code in CODES {
            let lines = lines.get(code).map_or(0, |lines| usize::try_from(*lines).unwrap_or(usize::MAX));
            if lines > 0 {
                *obstacles.entry(code).or_default() += lines;
            }
            if wanted.obstacle.as_deref().is_none_or(|wanted| wanted == code) {
                matching += lines;
            }
        }
        if let Some(head) = head
            && total + matching > first
            && found.len() < size
        {
            let accounts = lists::handover_page(store, head, number).await?;
            let rows = accounts.iter().flat_map(rows).filter(|row| wanted.matches(row));
            found.extend(rows.skip(first.saturating_sub(total)).take(size - found.len()));
        }
        total += matching;
    }
    let as_of = head.filter(|_| counts.is_some()).map(|head| Moment(head.at));
    Ok(List { as_of, obstacles, total, page, size, pages: total.div_ceil(size), rows: found })
}

/// All rows that match, one stored page at a time.
pub fn export<S: Store>(
    store: S,
    head: Option<SnapshotHead>,
    wanted: Wanted,
) -> impl Stream<Item = Result<Vec<u8>, StreamError>> + use<S> {
    let pages = head.map_or(export::Pages::None, export::Pages::handover);
    export::pages(store, pages, csv::header(&COLUMNS), move |judged| {
        let rows = judged.iter().flat_map(rows).filter(|row| wanted.matches(row));
        rows.flat_map(|row| csv::row(&fields(row))).collect()
    })
}

fn fields(row: Row) -> [String; 8] {
    let Row { username, user_key, display_name, directory, obstacle, detail, advice, reason } = row;
    [username, user_key, display_name, directory.unwrap_or_default(), obstacle.to_owned(), detail, advice, reason]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{blocked_by, every_obstacle};

    #[test]
    fn every_obstacle_can_be_asked_for_and_has_a_row_of_its_own() {
        let account = blocked_by("anna", every_obstacle());
        let rows = rows(&account);
        assert_eq!(rows.len(), CODES.len());
        for row in rows {
            let wanted = Wanted::parse(&format!("obstacle={}", row.obstacle), true).unwrap();
            assert!(wanted.matches(&row) && !row.advice.is_empty() && !row.detail.is_empty(), "{row:?}");
        }
        assert!(Wanted::parse("obstacle=nothing", true).is_err());
    }

    #[test]
    fn people_are_shown_fewer_rows_at_once_than_programs() {
        let size = |people| Wanted::parse("size=9999", people).unwrap().size;
        assert_eq!((size(true), size(false)), (SIZE, MAX_SIZE));
        let wanted = Wanted::parse("obstacle=inherited&size=20", true).unwrap();
        assert_eq!(wanted.link(PATH, 2), "/report/handover?obstacle=inherited&page=2&size=20");
    }
}
