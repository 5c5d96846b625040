//! Seats taken and given back, one by one, from the audit trail. The trail grows for ever, so a page reads only so much of
//! it, newest first, and a file is written while it is read.

use super::Span;
use chrono::NaiveDate;
use futures::{Stream, stream};
use seatkeeper_console::Moment;
use seatkeeper_engine::{
    audit::{self, Entry, Place},
    ports::Store,
    state::{self, StateError},
};
use seatkeeper_policy::{
    Action, Instant, SweepId, UserKey,
    journal::{Reclaim, StepState},
};
use seatkeeper_spin::respond::StreamError;
use seatkeeper_web::csv;
use serde::Serialize;

/// Pages of the trail that one page reads at most, of each function: 80,000 acts.
const PAGES: usize = 400;

/// What a seat that somebody else had given back already is recorded as.
const IN_PLACE: &str = "everything was in place already";

/// The columns of the file of reclaims.
const TAKEN: [&str; 6] = ["at", "username", "user-key", "reason", "taken", "run"];
/// The columns of the file of restores.
const RESTORED: [&str; 7] = ["at", "username", "user-key", "cause", "by", "run", "note"];

/// Without the rows that are gone the file would look complete.
const GONE: &str = "a page of the audit trail is gone; see the audit page for what is left";

/// Which acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Seats taken.
    Reclaims,
    /// Seats given back, by logins and by people.
    Restores,
}

impl Kind {
    /// Functions that record them, with the name of the act.
    fn streams(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Reclaims => &[("sweep", "reclaimed")],
            Self::Restores => &[("restore", "restored"), ("admin", "undone")],
        }
    }
}

/// A seat that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Taken {
    /// When.
    pub at: Moment,
    /// User name when it was taken; the key where nothing else is known.
    pub username: String,
    /// Identity.
    pub user_key: String,
    /// Why; none where a later reclaim took its place in the journal, so that only the plan knows.
    pub reason: Option<String>,
    /// What was taken.
    #[serde(rename = "taken")]
    pub groups: Vec<String>,
    /// By which run.
    pub run: String,
}

/// A seat that was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Restored {
    /// When.
    pub at: Moment,
    /// User name when it was taken; the key where nothing else is known.
    pub username: String,
    /// Identity.
    pub user_key: String,
    /// `login` or `undo`.
    pub cause: &'static str,
    /// Who: the function, or a person.
    pub by: String,
    /// The run that had taken it.
    pub run: String,
    /// Whether somebody else had given it back before.
    pub in_place: bool,
}

/// What was found.
pub struct Acts {
    /// The newest acts, newest first.
    pub entries: Vec<Entry>,
    /// All that were counted, with the run they belong to.
    pub counted: Vec<(Instant, SweepId)>,
    /// The first day that was read, where the trail goes on before it.
    pub since: Option<NaiveDate>,
}

/// The newest acts of a period. Once there are enough for the list, only days that `count` names are read on, and none
/// once `enough` says that the time is over; what was not counted then is told.
pub async fn newest(
    store: &impl Store,
    kind: Kind,
    span: Span,
    most: usize,
    count: impl Fn(NaiveDate) -> bool,
    enough: impl Fn() -> bool,
) -> Result<Acts, StateError> {
    let mut acts = Acts { entries: Vec::new(), counted: Vec::new(), since: None };
    for (function, act) in kind.streams() {
        let (mut listed, mut read) = (0, 0);
        for place in places(store, function, span).await?.into_iter().rev() {
            let day = day_of(&place);
            if listed >= most && !day.is_some_and(&count) {
                continue;
            }
            if read >= PAGES || (read > 0 && enough()) {
                acts.since = acts.since.max(day.and_then(|day| day.succ_opt()));
                break;
            }
            read += 1;
            let entries = state::load(store, &state::audit(&place.day, function, place.page)).await?;
            for entry in entries.unwrap_or_default().into_iter().rev() {
                if entry.act != *act || !span.has(entry.at) {
                    continue;
                }
                acts.counted.extend(run_of(&entry).map(|run| (entry.at, run)));
                if listed < most {
                    listed += 1;
                    acts.entries.push(entry);
                }
            }
        }
    }
    acts.entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    acts.entries.truncate(most);
    Ok(acts)
}

/// Pages of a function's trail that may hold acts of the period, oldest first.
async fn places(store: &impl Store, function: &str, span: Span) -> Result<Vec<Place>, StateError> {
    let days = audit::days(store, function).await?;
    // Where a clock went back, entries stand under a later day than their own; never under an earlier one.
    Ok(days.places().filter(|place| day_of(place).is_some_and(|day| day >= span.from)).collect())
}

fn day_of(place: &Place) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(&place.day, "%Y-%m-%d").ok()
}

/// The run that took the seat: the id of an act about an account begins with it.
fn run_of(entry: &Entry) -> Option<SweepId> {
    entry.id.split(':').next().and_then(|run| SweepId::parse(run).ok())
}

/// The journal of the account that an act is about.
async fn journal(store: &impl Store, entry: &Entry) -> Result<Option<Reclaim>, StateError> {
    let Ok(key) = UserKey::parse(entry.subject.clone()) else { return Ok(None) };
    Ok(state::load(store, &state::reclaim(&key)).await?.filter(|reclaim| reclaim.key == key))
}

/// Reclaims as rows.
pub async fn taken(store: &impl Store, entries: &[Entry]) -> Result<Vec<Taken>, StateError> {
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let (journal, run) = (journal(store, entry).await?, run_of(entry));
        let username = journal.as_ref().map_or_else(|| entry.subject.clone(), |journal| journal.username.to_string());
        let own = journal.filter(|journal| Some(&journal.sweep) == run.as_ref());
        rows.push(Taken {
            at: Moment(entry.at),
            username,
            user_key: entry.subject.clone(),
            reason: own.as_ref().map(|journal| journal.reason.to_string()),
            groups: own.iter().flat_map(effects).collect(),
            run: run.map(|run| run.to_string()).unwrap_or_default(),
        });
    }
    Ok(rows)
}

fn effects(journal: &Reclaim) -> Vec<String> {
    let done = journal.steps.iter().filter(|step| step.state == StepState::Done);
    done.map(|step| match &step.action {
        Action::RemoveGroup(group) => format!("group {group}"),
        Action::Disable => "activation".to_owned(),
        Action::Rename(name) => format!("name, now {name}"),
    })
    .collect()
}

/// Restores as rows.
pub async fn restored(store: &impl Store, entries: &[Entry]) -> Result<Vec<Restored>, StateError> {
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let journal = journal(store, entry).await?;
        rows.push(Restored {
            at: Moment(entry.at),
            username: journal.map_or_else(|| entry.subject.clone(), |journal| journal.username.to_string()),
            user_key: entry.subject.clone(),
            cause: if entry.act == "undone" { "undo" } else { "login" },
            by: entry.actor.clone(),
            run: run_of(entry).map(|run| run.to_string()).unwrap_or_default(),
            in_place: entry.detail == IN_PLACE,
        });
    }
    Ok(rows)
}

/// The header, and then the acts of each stored page, oldest first; those of logins before those of people.
pub async fn export<S: Store>(
    store: S,
    kind: Kind,
    span: Span,
) -> Result<impl Stream<Item = Result<Vec<u8>, StreamError>> + use<S>, StateError> {
    let mut all = Vec::new();
    for (function, act) in kind.streams() {
        all.extend(places(&store, function, span).await?.into_iter().map(|place| (*function, *act, place)));
    }
    let header = match kind {
        Kind::Reclaims => csv::header(&TAKEN),
        Kind::Restores => csv::header(&RESTORED),
    };
    let state = (store, all.into_iter(), Some(header));
    Ok(stream::try_unfold(state, move |(store, mut places, header)| async move {
        if let Some(header) = header {
            return Ok(Some((header, (store, places, None))));
        }
        let Some((function, act, place)) = places.next() else { return Ok(None) };
        let stored = state::load(&store, &state::audit(&place.day, function, place.page)).await?.ok_or(GONE)?;
        let wanted: Vec<Entry> = stored.into_iter().filter(|entry| entry.act == act && span.has(entry.at)).collect();
        let rows = match kind {
            Kind::Reclaims => {
                taken(&store, &wanted).await?.into_iter().flat_map(|row| csv::row(&row.fields())).collect()
            }
            Kind::Restores => {
                restored(&store, &wanted).await?.into_iter().flat_map(|row| csv::row(&row.fields())).collect()
            }
        };
        Ok(Some((rows, (store, places, None))))
    }))
}

impl Taken {
    fn fields(self) -> [String; 6] {
        let Self { at, username, user_key, reason, groups, run } = self;
        [at.iso(), username, user_key, reason.unwrap_or_default(), groups.join("; "), run]
    }
}

impl Restored {
    fn fields(self) -> [String; 7] {
        let Self { at, username, user_key, cause, by, run, in_place } = self;
        let note = if in_place { IN_PLACE } else { "" };
        [at.iso(), username, user_key, cause.to_owned(), by, run, note.to_owned()]
    }
}
