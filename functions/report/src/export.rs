//! CSV, one stored page at a time, so that the size of an export does not matter.

use crate::{
    filter::Filter,
    view::{AccountRow, Sighted},
    words::{SOURCES, source as word},
};
use futures::{Stream, stream};
use seatkeeper_console::Moment;
use seatkeeper_engine::{
    ports::Store,
    state::{self, Judged, Key, OwnedBy, PlanHead, SnapshotHead},
};
use seatkeeper_policy::Instant;
use seatkeeper_spin::{respond::StreamError, shapes::PlannedShape};
use seatkeeper_web::csv;

/// The columns of accounts, in the order of [`fields`]; after them each source has one.
const ACCOUNT: [&str; 16] = [
    "user-key",
    "username",
    "display-name",
    "status",
    "groups",
    "decision",
    "reason",
    "last-seen",
    "source",
    "never",
    "known-since",
    "idle-days",
    "directory",
    "mail",
    "created",
    "obstacles",
];

/// The columns of a plan.
const PLANNED: [&str; 7] =
    ["user-key", "username", "reason", "actions", "personal-space", "sole-administrator-of", "ownership-problem"];

/// Without the rows that are gone the file would look complete.
const REPLACED: &str = "the stored pages were replaced while they were exported; start the export again";

/// The header, and then the matching accounts of each stored page.
pub fn accounts<S: Store>(
    store: S,
    head: Option<SnapshotHead>,
    filter: &Filter,
    now: Instant,
) -> impl Stream<Item = Result<Vec<u8>, StreamError>> + use<S> {
    let filter = filter.wanted(now);
    let sources = SOURCES.map(|source| format!("seen-{}", word(source)));
    let columns: Vec<String> = ACCOUNT.map(str::to_owned).into_iter().chain(sources).collect();
    pages(store, head.map_or(Pages::None, Pages::Snapshot), csv::header(&columns), move |judged| {
        let chosen = filter.choose(judged);
        chosen.iter().flat_map(|judged| csv::row(&fields(AccountRow::new(judged, now)))).collect()
    })
}

/// The same accounts as one JSON object, in the order of their names.
pub fn accounts_json<S: Store>(
    store: S,
    head: Option<SnapshotHead>,
    filter: &Filter,
    now: Instant,
) -> impl Stream<Item = Result<Vec<u8>, StreamError>> + use<S> {
    let filter = filter.wanted(now);
    let about = serde_json::json!({
        "sweep": head.as_ref().map(|head| head.pages.sweep.to_string()),
        "as-of": head.as_ref().map(|head| Moment(head.at)),
        "known": head.as_ref().map_or(0, |head| head.report.accounts),
    });
    let mut header = about.to_string().into_bytes();
    header.pop();
    header.extend(b",\"accounts\":[");
    let mut first = true;
    let lines = move |judged| {
        let mut part = Vec::new();
        for judged in &filter.choose(judged) {
            if !std::mem::take(&mut first) {
                part.push(b',');
            }
            part.extend(serde_json::to_vec(&AccountRow::new(judged, now))?);
        }
        Ok(part)
    };
    parts(store, head.map_or(Pages::None, Pages::Snapshot), header, lines, b"]}".to_vec())
}

/// Stored pages of accounts, one after the other.
pub enum Pages {
    /// There are none.
    None,
    /// Of a whole snapshot.
    Snapshot(SnapshotHead),
    /// Of the hand-over list.
    Handover(SnapshotHead),
}

impl Pages {
    /// The hand-over list; where an older Seatkeeper wrote none, its accounts are looked for in the whole snapshot.
    pub fn handover(head: SnapshotHead) -> Self {
        if head.lists.parts == 0 { Self::Snapshot(head) } else { Self::Handover(head) }
    }

    /// The key of a page; none behind the last.
    fn key(&self, page: u32) -> Option<Key<Vec<Judged>>> {
        match self {
            Self::None => None,
            Self::Snapshot(head) => (page < head.pages.count).then(|| state::snapshot(&head.pages.sweep, page)),
            Self::Handover(head) => (page < head.lists.handover).then(|| state::handover(&head.pages.sweep, page)),
        }
    }
}

/// The header, and then what `lines` makes of the accounts of each stored page.
pub fn pages<S: Store, L: FnMut(Vec<Judged>) -> Vec<u8>>(
    store: S,
    pages: Pages,
    header: Vec<u8>,
    mut lines: L,
) -> impl Stream<Item = Result<Vec<u8>, StreamError>> + use<S, L> {
    parts(store, pages, header, move |judged| Ok(lines(judged)), Vec::new())
}

/// The same with an end. A file that broke off does not have it.
fn parts<S: Store, L: FnMut(Vec<Judged>) -> Result<Vec<u8>, StreamError>>(
    store: S,
    pages: Pages,
    header: Vec<u8>,
    lines: L,
    end: Vec<u8>,
) -> impl Stream<Item = Result<Vec<u8>, StreamError>> + use<S, L> {
    stream::try_unfold((store, pages, lines, None), move |(store, pages, mut lines, next)| {
        let (header, end) = (header.clone(), end.clone());
        async move {
            let page = match next {
                None => return Ok(Some((header, (store, pages, lines, Some(Some(0)))))),
                Some(None) => return Ok(None),
                Some(Some(page)) => page,
            };
            let Some(key) = pages.key(page) else { return Ok(Some((end, (store, pages, lines, Some(None))))) };
            let judged = state::load(&store, &key).await?.ok_or(REPLACED)?;
            let part = lines(judged)?;
            Ok(Some((part, (store, pages, lines, Some(Some(page + 1))))))
        }
    })
}

/// The header, and then the accounts of each stored page of a plan, with what they own as far as it was looked up.
pub fn plan<S: Store>(
    store: S,
    head: PlanHead,
    owned: Vec<OwnedBy>,
) -> impl Stream<Item = Result<Vec<u8>, StreamError>> + use<S> {
    stream::try_unfold((store, head, owned, None), move |(store, head, owned, next)| async move {
        let Some(page) = next else { return Ok(Some((csv::header(&PLANNED), (store, head, owned, Some(0))))) };
        if page >= head.pages {
            return Ok(None);
        }
        let planned = state::load(&store, &state::plan_page(&head.id, page)).await?.ok_or(REPLACED)?;
        let rows = planned
            .iter()
            .flat_map(|account| {
                let owns = owned.iter().find(|owned| owned.key == account.key);
                let PlannedShape { user_key, username, reason, actions } = account.into();
                let [space, spaces, problem] = owns.map(ownership).unwrap_or_default();
                csv::row(&[user_key, username, reason, actions.join("; "), space, spaces, problem])
            })
            .collect();
        Ok(Some((rows, (store, head, owned, Some(page + 1)))))
    })
}

fn ownership(by: &OwnedBy) -> [String; 3] {
    let OwnedBy { key: _, username: _, owned, problem } = by;
    let spaces: Vec<&str> = owned.sole_administrator_of.iter().map(String::as_str).collect();
    [owned.personal_space.clone().unwrap_or_default(), spaces.join("; "), problem.clone().unwrap_or_default()]
}

fn fields(row: AccountRow) -> Vec<String> {
    let AccountRow {
        user_key,
        username,
        display_name,
        status,
        groups,
        decision,
        reason,
        last_seen,
        source,
        never,
        known_since,
        idle_days,
        directory,
        mail,
        created,
        evidence,
        obstacles,
    } = row;
    let account = [
        user_key,
        username,
        display_name,
        status.to_owned(),
        groups.join("; "),
        decision.to_owned(),
        reason,
        last_seen.map(Moment::iso).unwrap_or_default(),
        source.map(word).unwrap_or_default().to_owned(),
        never.to_string(),
        known_since.iso(),
        idle_days.map(|days| days.to_string()).unwrap_or_default(),
        directory.unwrap_or_default(),
        mail.unwrap_or_default(),
        created.map(Moment::iso).unwrap_or_default(),
        obstacles.join("; "),
    ];
    let seen = SOURCES.map(|source| {
        let sighted: Option<&Sighted> = evidence.iter().find(|sighted| sighted.source == source);
        sighted.map(|sighted| sighted.at.iso()).unwrap_or_default()
    });
    account.into_iter().chain(seen).collect()
}
