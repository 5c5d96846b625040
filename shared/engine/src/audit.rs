//! The audit trail: one append-only stream for each function, each entry chained to the one before by its hash, so a
//! change in the past shows. An automatic act leaves the same record as a manual one.

mod verify;

pub use verify::{Break, Chain, Days, FUNCTIONS, Page, Place, Verified, Why, days, page, verify};

use crate::{
    digest,
    ports::Store,
    state::{self, StateError},
};
use seatkeeper_policy::Instant;
use serde::{Deserialize, Serialize};

/// Entries on one page: about 40 KB, so that appending stays cheap.
const PAGE: usize = 200;

/// One act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// Names the act itself, so that a repetition after a crash is noticed.
    pub id: String,
    /// Who: a function, or a person that an administrator's request named.
    pub actor: String,
    /// What, such as `reclaim` or `policy-replaced`.
    pub act: String,
    /// On whom or what: a user key, a plan, a policy version.
    pub subject: String,
    /// How it went, in words.
    pub detail: String,
    /// Hash over the entry before and everything above.
    pub hash: String,
}

/// Which page is being written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Head {
    /// Day of the page.
    pub day: String,
    /// Number of the page on that day.
    pub page: u32,
    /// Hash of the last entry on the page before.
    pub before: String,
}

/// A day on which a function recorded something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The day, such as `2026-11-23`.
    pub day: String,
    /// How many pages it has.
    pub pages: u32,
}

/// An act to be recorded.
pub struct Act<'a> {
    /// Names the act itself.
    pub id: String,
    /// Who.
    pub actor: &'a str,
    /// What.
    pub act: &'a str,
    /// On whom or what.
    pub subject: &'a str,
    /// How it went.
    pub detail: String,
}

/// An id that two different acts never share, also when they happen at the same instant or about the same thing; the
/// same act has the same one again.
pub fn id(about: &str, parts: &[&str]) -> String {
    format!("{about}:{}", digest::short(parts.iter().copied(), 6))
}

/// Appends an act to a function's stream. A repetition of the newest acts is not recorded twice.
pub async fn append(store: &impl Store, function: &str, act: Act<'_>, now: Instant) -> Result<(), StateError> {
    let known = match state::load(store, &state::audit_head(function)).await? {
        Some(head) => Some(head),
        None => newest(store, function).await?,
    };
    let mut entries = match &known {
        Some(head) => state::load(store, &state::audit(&head.day, function, head.page)).await?.unwrap_or_default(),
        None => Vec::new(),
    };
    if entries.iter().any(|entry| entry.id == act.id) {
        return Ok(());
    }
    let before = entries.last().map(|last| last.hash.clone());
    let before = before.or_else(|| known.as_ref().map(|head| head.before.clone())).unwrap_or_default();
    let mut entry = Entry {
        at: now,
        id: act.id,
        actor: act.actor.to_owned(),
        act: act.act.to_owned(),
        subject: act.subject.to_owned(),
        detail: act.detail,
        hash: String::new(),
    };
    entry.hash = chained(&before, &entry);
    let today = now.format("%Y-%m-%d").to_string();
    if let Some(head) = &known
        // A clock that went back never opens a page of an earlier day, which would be overwritten.
        && head.day >= today
        && entries.len() < PAGE
    {
        entries.push(entry);
        return state::save(store, &state::audit(&head.day, function, head.page), &entries).await;
    }
    // The number comes from the head, which says where the entry before stands: two runners at once come to the same page.
    let (day, page) = match &known {
        Some(head) if head.day >= today => (head.day.clone(), head.page.saturating_add(1)),
        Some(_) | None => (today, 0),
    };
    let mut days = state::load(store, &state::audit_days(function)).await?.unwrap_or_default();
    if let Some(head) = &known {
        noted(&mut days, &head.day, head.page);
    }
    let begin = state::load(store, &state::audit_begin(function)).await?;
    if known.is_some() && begin.as_ref() != days.first().map(|first| &first.day) {
        // The list of days is younger than the stream of an older installation, or was lost: filled up here, where that
        // happens once a day at most, nobody who reads has to look for them.
        days = self::days(store, function).await?.days;
    }
    noted(&mut days, &day, page);
    let first = days.first().map(|first| first.day.clone());
    // The page comes first and the head last: after a crash in between, the act is recorded once more in the same place.
    state::save(store, &state::audit(&day, function, page), &vec![entry]).await?;
    state::save(store, &state::audit_head(function), &Head { day, page, before }).await?;
    state::save(store, &state::audit_days(function), &days).await?;
    if let Some(first) = first
        && begin.is_none_or(|begin| first < begin)
    {
        state::save(store, &state::audit_begin(function), &first).await?;
    }
    Ok(())
}

/// The newest page by the list of days, where the head is lost: a stream that began anew would write over it.
async fn newest(store: &impl Store, function: &str) -> Result<Option<Head>, StateError> {
    let days = state::load(store, &state::audit_days(function)).await?.unwrap_or_default();
    let newest = days.into_iter().max_by(|a, b| a.day.cmp(&b.day));
    Ok(newest.map(|Day { day, pages }| Head { day, page: pages.saturating_sub(1), before: String::new() }))
}

/// Notes a page in the list of days.
fn noted(days: &mut Vec<Day>, day: &str, page: u32) {
    match days.iter_mut().find(|known| known.day == day) {
        Some(known) => known.pages = known.pages.max(page.saturating_add(1)),
        None => days.push(Day { day: day.to_owned(), pages: page.saturating_add(1) }),
    }
}

/// Whether a page is unbroken. `before` is the hash that the page continues.
pub fn unbroken(before: &str, entries: &[Entry]) -> bool {
    let mut before = before.to_owned();
    entries.iter().all(|entry| {
        let holds = entry.hash == chained(&before, entry);
        before.clone_from(&entry.hash);
        holds
    })
}

fn chained(before: &str, entry: &Entry) -> String {
    let Entry { at, id, actor, act, subject, detail, hash: _ } = entry;
    hex::encode(digest::of([before, &at.to_rfc3339(), id, actor, act, subject, detail]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MemoryStore, block_on};
    use seatkeeper_policy::testing::at;

    fn record(store: &MemoryStore, id: &str, when: &str) {
        let act = Act { id: id.into(), actor: "sweep", act: "reclaim", subject: "k", detail: String::new() };
        block_on(append(store, "sweep", act, at(when))).unwrap();
    }

    #[test]
    fn a_changed_entry_breaks_the_chain_and_a_repeated_act_is_recorded_once() {
        let store = MemoryStore::default();
        for id in ["a", "b", "b", "c"] {
            record(&store, id, "2026-11-22T10:00:00Z");
        }
        let mut page = block_on(state::load(&store, &state::audit("2026-11-22", "sweep", 0))).unwrap().unwrap();
        assert_eq!(page.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert!(unbroken("", &page));
        page[1].subject = "somebody else".into();
        assert!(!unbroken("", &page));
    }

    #[test]
    fn the_chain_goes_on_over_days_and_full_pages() {
        let store = MemoryStore::default();
        for n in 0..=PAGE {
            record(&store, &n.to_string(), "2026-11-22T10:00:00Z");
        }
        record(&store, "next day", "2026-11-23T00:00:00Z");
        let head = block_on(state::load(&store, &state::audit_head("sweep"))).unwrap().unwrap();
        assert_eq!((head.day.as_str(), head.page), ("2026-11-23", 0));
        let full = block_on(state::load(&store, &state::audit("2026-11-22", "sweep", 0))).unwrap().unwrap();
        let rest = block_on(state::load(&store, &state::audit("2026-11-22", "sweep", 1))).unwrap().unwrap();
        assert_eq!((full.len(), rest.len()), (PAGE, 1));
        assert!(unbroken(&full[PAGE - 1].hash, &rest));
        assert_eq!(head.before, rest[0].hash);
    }
}
