//! Totals for monitoring: what happened, counted up for good, because the store remembers only the newest runs.
//!
//! Each owner keeps its own totals: the sweep inside its checkpoint, so that a count moves together with the progress it
//! belongs to and a repetition after a crash counts once; the others under `tallies:{function}`. Counts never stop any
//! work: where one cannot be written it is lost, and the work goes on.
//!
//! INVARIANT (fixed labels): every label is a text of this program, never one from outside. So no person, group or path
//! can become a label, and their number is bounded.

use crate::{
    give_back::GivenBack,
    ports::Store,
    state::{self, StateError},
    trouble::Trouble,
};
use chrono::TimeDelta;
use seatkeeper_policy::{
    Action, Instant,
    journal::{Reclaim, StepState},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod requests;

pub use requests::{CODES, Counted, Requests, System};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Count {
    /// Changes of accounts by sweeps: action, result.
    Actions,
    /// Accounts of plans that were left alone: reason.
    Skipped,
    /// Seats given back, by logins and by administrators: result.
    Restores,
    /// Plans that were larger than the cap allows.
    CapExceeded,
    /// Events that were refused or could not be handled: result.
    Events,
    /// Requests to other systems: system, code.
    Requests,
    /// Messages to channels: result.
    Messages,
    /// Warnings to people: result.
    Warnings,
}

impl Count {
    /// The name under which it is stored.
    fn word(self) -> &'static str {
        match self {
            Self::Actions => "actions",
            Self::Skipped => "skipped",
            Self::Restores => "restores",
            Self::CapExceeded => "cap-exceeded",
            Self::Events => "events",
            Self::Requests => "requests",
            Self::Messages => "messages",
            Self::Warnings => "warnings",
        }
    }
}

/// Actions, as labels.
pub const ACTIONS: [&str; 3] = ["remove-group", "disable", "rename"];
/// How an action ended, as labels.
pub const ACTION_RESULTS: [&str; 4] = ["done", "not-needed", "not-effective", "failed"];
/// How giving a seat back ended, as labels.
pub const RESTORE_RESULTS: [&str; 3] = ["restored", "waiting", "failed"];
/// How an event ended that was not handled, as labels.
pub const EVENT_RESULTS: [&str; 3] = ["rejected", "malformed", "failed"];
/// How a delivery ended, as labels.
pub const DELIVERY_RESULTS: [&str; 2] = ["delivered", "failed"];

/// Totals of one owner.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tallies {
    /// Totals by what is counted, then by its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    counts: BTreeMap<String, BTreeMap<String, u64>>,
    /// When something last went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    success: Option<Instant>,
    /// When these totals were last written, where that is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    written: Option<Instant>,
}

impl Tallies {
    /// Counts something.
    pub fn add(&mut self, count: Count, labels: &[&'static str], times: u64) {
        let total = self.counts.entry(count.word().to_owned()).or_default().entry(labels.join("/")).or_default();
        *total = total.saturating_add(times);
    }

    /// Notes that something went well.
    pub fn succeed(&mut self, at: Instant) {
        self.success = self.success.max(Some(at));
    }

    /// When something last went well.
    pub fn success(&self) -> Option<Instant> {
        self.success
    }

    /// The total for these labels.
    pub fn total(&self, count: Count, labels: &[&str]) -> u64 {
        self.counts.get(count.word()).and_then(|of| of.get(&labels.join("/"))).copied().unwrap_or_default()
    }

    /// Whether nothing was ever counted.
    pub fn is_empty(&self) -> bool {
        let Self { counts, success, written } = self;
        counts.is_empty() && success.is_none() && written.is_none()
    }

    /// Adds the totals of another owner.
    pub fn merge(&mut self, other: &Self) {
        for (name, labels) in &other.counts {
            let into = self.counts.entry(name.clone()).or_default();
            for (label, times) in labels {
                let total = into.entry(label.clone()).or_default();
                *total = total.saturating_add(*times);
            }
        }
        self.success = self.success.max(other.success);
        self.written = self.written.max(other.written);
    }

    /// Counts how one account of a plan ended.
    pub(crate) fn reclaim(&mut self, journal: Option<&Reclaim>, skipped: Option<&'static str>) {
        for step in journal.into_iter().flat_map(|journal| &journal.steps) {
            let action = match step.action {
                Action::RemoveGroup(_) => "remove-group",
                Action::Disable => "disable",
                Action::Rename(_) => "rename",
            };
            let result = match step.state {
                StepState::Done => "done",
                StepState::NotNeeded => "not-needed",
                StepState::NotEffective => "not-effective",
                // An ended journal has no open intent; one that has is not a success.
                StepState::Intended | StepState::Failed { .. } => "failed",
            };
            self.add(Count::Actions, &[action, result], 1);
        }
        if let Some(reason) = skipped {
            self.add(Count::Skipped, &[reason], 1);
        }
    }
}

/// Adds to the totals of a function. Nothing to add means no access to the store at all.
pub async fn add(store: &impl Store, function: &'static str, more: &Tallies) -> Result<(), StateError> {
    if more.is_empty() {
        return Ok(());
    }
    let key = state::tallies(function);
    let mut totals = state::load(store, &key).await?.unwrap_or_default();
    totals.merge(more);
    state::save(store, &key, &totals).await
}

/// The owner of counts that anybody can cause, which are therefore limited.
pub const LIMITED: &str = "refused";
/// Between two writes of limited counts.
const PAUSE: TimeDelta = TimeDelta::seconds(1);

/// Counts an event that was refused or could not be handled, at most one a second in the whole installation: strangers
/// can send as many as they like, and must not make us write as often. So in a flood the total is a lower bound. Comes
/// back with whether it was counted.
pub async fn add_limited(
    store: &impl Store,
    result: &'static str,
    requests: &Requests,
    now: Instant,
) -> Result<bool, StateError> {
    let key = state::tallies(LIMITED);
    let mut totals = state::load(store, &key).await?.unwrap_or_default();
    // A time in the future was written by a wrong clock.
    if totals.written.is_some_and(|written| written <= now && now - written < PAUSE) {
        return Ok(false);
    }
    totals.add(Count::Events, &[result], 1);
    requests.pour(&mut totals);
    totals.written = Some(now);
    state::save(store, &key, &totals).await?;
    Ok(true)
}

/// Counts how giving a seat back ended; that nothing was to do is no write. The caller holds the seat lock, so no
/// other restore counts at the same time.
pub(crate) async fn add_restore(
    store: &impl Store,
    function: &'static str,
    result: &Result<GivenBack, Trouble>,
    requests: &Requests,
    now: Instant,
) -> Result<(), StateError> {
    let word = match result {
        Ok(GivenBack::Nothing { .. }) => return Ok(()),
        Ok(GivenBack::Restored { .. }) => "restored",
        Ok(GivenBack::Waiting { .. }) => "waiting",
        Err(_) => "failed",
    };
    let mut more = Tallies::default();
    more.add(Count::Restores, &[word], 1);
    if word == "restored" {
        more.succeed(now);
    }
    requests.pour(&mut more);
    add(store, function, &more).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MemoryStore, block_on};
    use seatkeeper_policy::testing::at;

    #[test]
    fn totals_grow_and_survive_the_store() {
        let store = MemoryStore::default();
        let mut more = Tallies::default();
        more.add(Count::Actions, &["disable", "done"], 2);
        more.succeed(at("2026-11-22T12:00:00Z"));
        for _ in 0..3 {
            block_on(add(&store, "alert", &more)).unwrap();
        }
        let totals = block_on(state::load(&store, &state::tallies("alert"))).unwrap().unwrap();
        assert_eq!(totals.total(Count::Actions, &["disable", "done"]), 6);
        assert_eq!(totals.total(Count::Actions, &["disable", "failed"]), 0);
        assert_eq!(totals.success(), Some(at("2026-11-22T12:00:00Z")));
    }

    #[test]
    fn nothing_to_count_is_no_access_to_the_store() {
        let store = MemoryStore::default();
        store.put("tallies:alert", b"{");
        block_on(add(&store, "alert", &Tallies::default())).unwrap();
        let nothing = Ok(GivenBack::Nothing { why: "no".into() });
        let now = at("2026-11-22T12:00:00Z");
        block_on(add_restore(&store, "restore", &nothing, &Requests::default(), now)).unwrap();
        assert_eq!(store.entries().len(), 1);
    }

    #[test]
    fn a_flood_of_refused_events_is_one_write_a_second() {
        let store = MemoryStore::default();
        let (requests, start) = (Requests::default(), at("2026-11-22T12:00:00Z"));
        let mut written = 0;
        for millis in 0..5_000 {
            let now = start + TimeDelta::milliseconds(millis);
            written += u32::from(block_on(add_limited(&store, "rejected", &requests, now)).unwrap());
        }
        assert_eq!(written, 5);
        // A clock that was an hour ahead must not silence the counter for that hour.
        assert!(block_on(add_limited(&store, "rejected", &requests, start - TimeDelta::hours(1))).unwrap());
        let totals = block_on(state::load(&store, &state::tallies(LIMITED))).unwrap().unwrap();
        assert_eq!(totals.total(Count::Events, &["rejected"]), 6);
    }

    #[test]
    fn a_total_never_wraps_around() {
        let mut totals = Tallies::default();
        totals.add(Count::CapExceeded, &[], u64::MAX);
        totals.add(Count::CapExceeded, &[], 1);
        let copy = totals.clone();
        totals.merge(&copy);
        assert_eq!(totals.total(Count::CapExceeded, &[]), u64::MAX);
    }
}
