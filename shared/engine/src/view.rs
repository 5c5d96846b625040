//! Reading for people: what the pages, the exports and the command line show. Nothing here writes.

use crate::{
    ports::Store,
    state::{
        self, AlertState, Checkpoint, Judged, PlanHead, PolicyRecord, Run, SnapshotHead, StateError, Stop, UsagePoint,
    },
};
use chrono::Months;
use seatkeeper_policy::{Instant, PlannedAccount, SweepId};

/// Everything the first page needs.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The policy in force.
    pub policy: Option<PolicyRecord>,
    /// The newest snapshot.
    pub snapshot: Option<SnapshotHead>,
    /// Where the sweep stands.
    pub checkpoint: Checkpoint,
    /// The newest runs, newest first.
    pub runs: Vec<Run>,
    /// The plan that waits for an answer.
    pub waiting: Option<PlanHead>,
    /// Levels and messages.
    pub alerts: AlertState,
    /// Seat usage, oldest first.
    pub usage: Vec<UsagePoint>,
    /// The switch that stops every write, if somebody pulled it.
    pub stop: Option<Stop>,
}

/// Reads the overview with so many runs and months of usage.
pub async fn overview(store: &impl Store, runs: usize, months: u32, now: Instant) -> Result<Overview, StateError> {
    let checkpoint = state::load(store, &state::checkpoint()).await?.unwrap_or_default();
    let waiting = match &checkpoint.work {
        Some(state::Work::Await(plan)) => state::load(store, &state::plan(plan)).await?,
        Some(_) | None => None,
    };
    let mut usage = Vec::new();
    for back in (0..months).rev() {
        if let Some(month) = now.checked_sub_months(Months::new(back)) {
            usage.extend(state::load(store, &state::usage(month)).await?.unwrap_or_default());
        }
    }
    Ok(Overview {
        policy: state::load(store, &state::policy()).await?,
        snapshot: state::load(store, &state::snapshot_current()).await?,
        checkpoint,
        runs: self::runs(store, runs).await?,
        waiting,
        alerts: state::load(store, &state::alert()).await?.unwrap_or_default(),
        usage,
        stop: state::load(store, &state::stop()).await?.flatten(),
    })
}

/// The newest runs, newest first.
pub async fn runs(store: &impl Store, most: usize) -> Result<Vec<Run>, StateError> {
    let mut runs = Vec::new();
    for id in state::load(store, &state::runs()).await?.unwrap_or_default().iter().take(most) {
        runs.extend(state::load(store, &state::run(id)).await?);
    }
    Ok(runs)
}

/// One stored page of the snapshot.
pub async fn snapshot_page(store: &impl Store, head: &SnapshotHead, page: u32) -> Result<Vec<Judged>, StateError> {
    let key = state::snapshot(&head.pages.sweep, page);
    state::load(store, &key).await?.ok_or_else(|| state::missing(&key))
}

/// What is read from a snapshot, and once more where a sweep published a newer one in between: what is read first names
/// the pages, and those may be gone by then. A page that is still gone is an error, never a shorter list.
pub async fn steadily<T>(read: impl AsyncFn() -> Result<T, StateError>) -> Result<T, StateError> {
    match read().await {
        Err(error) if error.is_missing() => read().await,
        other => other,
    }
}

/// A plan with its accounts from an index on.
pub async fn plan(
    store: &impl Store,
    id: &SweepId,
    from: usize,
    most: usize,
) -> Result<Option<(PlanHead, Vec<PlannedAccount>)>, StateError> {
    let Some(head) = state::load(store, &state::plan(id)).await? else { return Ok(None) };
    let (mut accounts, mut index) = (Vec::new(), 0);
    for page in 0..head.pages {
        if accounts.len() >= most {
            break;
        }
        for account in state::load(store, &state::plan_page(id, page)).await?.unwrap_or_default() {
            if index >= from && accounts.len() < most {
                accounts.push(account);
            }
            index += 1;
        }
    }
    Ok(Some((head, accounts)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::block_on;
    use std::cell::Cell;

    #[test]
    fn what_a_sweep_replaced_while_it_was_read_is_read_once_more_and_no_more_often() {
        let times = Cell::new(0);
        let read = |fails: u32, error: StateError| {
            times.set(0);
            let (times, error) = (&times, &error);
            let read = async || {
                times.set(times.get() + 1);
                if times.get() <= fails { Err(error.clone()) } else { Ok(times.get()) }
            };
            block_on(steadily(read))
        };
        let missing = || state::missing(&state::checkpoint());
        assert_eq!(read(0, missing()), Ok(1));
        assert_eq!(read(1, missing()), Ok(2));
        assert_eq!((read(9, missing()), times.get()), (Err(missing()), 2));
        let newer = StateError::Newer { key: "x".into(), found: 9 };
        assert_eq!((read(1, newer.clone()), times.get()), (Err(newer), 1));
    }
}
