//! What the page is made of: some twenty records of fixed size, however large the site is.

use seatkeeper_engine::{
    policy_file,
    ports::Store,
    state::{self, AlertState, Checkpoint, Outcome, PolicyRecord, Run, SnapshotHead, StateError, Stop, UsagePoint},
    tallies::{self, Tallies},
};
use seatkeeper_policy::{Instant, Policy};

/// Everything the page shows.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Where the sweep stands, and its totals.
    pub checkpoint: Checkpoint,
    /// The newest complete snapshot.
    pub snapshot: Option<SnapshotHead>,
    /// The newest run, also one under way.
    pub run: Option<Run>,
    /// The newest run that is not under way.
    pub ended: Option<Run>,
    /// The newest count of seats.
    pub seats: Option<UsagePoint>,
    /// The policy as it was accepted.
    pub record: Option<PolicyRecord>,
    /// The same, understood; nothing if this version cannot read it.
    pub policy: Option<Policy>,
    /// Levels and messages.
    pub alerts: AlertState,
    /// The stop switch, if somebody pulled it.
    pub stop: Option<Stop>,
    /// Totals of logins that gave a seat back.
    pub restores: Tallies,
    /// Totals of administrators who gave seats back.
    pub undone: Tallies,
    /// Totals of the alert function.
    pub messages: Tallies,
    /// Totals of events that were refused or could not be handled.
    pub refused: Tallies,
}

/// Runs looked at for one that has ended: only the newest can be under way.
const RUNS: usize = 3;

impl Facts {
    /// Reads them.
    pub async fn read(store: &impl Store, now: Instant) -> Result<Self, StateError> {
        let mut runs = Vec::new();
        for id in state::load(store, &state::runs()).await?.unwrap_or_default().iter().take(RUNS) {
            runs.extend(state::load(store, &state::run(id)).await?);
        }
        let ended = runs.iter().find(|run| run.outcome != Outcome::Running).cloned();
        let snapshot = state::load(store, &state::snapshot_current()).await?;
        let seats = newest_seats(store, snapshot.as_ref(), now).await?;
        let totals =
            async |function| state::load(store, &state::tallies(function)).await.map(Option::unwrap_or_default);
        let record = state::load(store, &state::policy()).await?;
        Ok(Self {
            checkpoint: state::load(store, &state::checkpoint()).await?.unwrap_or_default(),
            run: runs.into_iter().next(),
            ended,
            seats,
            policy: record.as_ref().and_then(|record| policy_file::parse(&record.text).ok()),
            record,
            alerts: state::load(store, &state::alert()).await?.unwrap_or_default(),
            stop: state::load(store, &state::stop()).await?.flatten(),
            restores: totals("restore").await?,
            undone: totals("admin").await?,
            messages: totals("alert").await?,
            refused: totals(tallies::LIMITED).await?,
            snapshot,
        })
    }
}

/// The newest count of seats: sweeps note one before they judge and one after they acted.
async fn newest_seats(
    store: &impl Store,
    snapshot: Option<&SnapshotHead>,
    now: Instant,
) -> Result<Option<UsagePoint>, StateError> {
    // A point of this month, or of the month of the newest snapshot where that is another one.
    for month in std::iter::once(now).chain(snapshot.map(|head| head.at)) {
        let points = state::load(store, &state::usage(month)).await?.unwrap_or_default();
        if let Some(point) = points.last() {
            return Ok(Some(*point));
        }
    }
    Ok(None)
}
