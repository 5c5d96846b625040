//! The alert function: look at the seats, the runs and the restores, and deliver what is news. A message is stored
//! before it is sent and removed after it arrived, so a failed delivery is tried again by the next ticks; after a crash
//! in between it may arrive twice. What cannot be delivered is put aside where people see it, and never just dropped.

mod deliver;
mod news;
mod notice;
mod restores;
mod runs;
mod trial;
mod warn;

use crate::{
    ports::{Clock, ConfluenceRead, Store},
    state::{self, Outgoing, Warning},
    tallies::{self, Count, Tallies},
    trouble::Trouble,
};
use chrono::TimeDelta;
use seatkeeper_policy::{Instant, SeatCount, alert::judge};
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub use notice::{Notice, Unrestored};
pub use trial::{Trial, test};

/// The channels that are configured.
#[expect(async_fn_in_trait, reason = "guests are single-threaded, as for all ports")]
pub trait Notify {
    /// The names of those that are configured.
    fn channels(&self) -> Vec<String>;
    /// The names of all that could be.
    fn known(&self) -> Vec<String> {
        self.channels()
    }
    /// The time that has to lie between two messages to a channel.
    fn spacing(&self, _channel: &str) -> Duration {
        Duration::ZERO
    }
    /// Delivers to one of them.
    async fn deliver(&self, channel: &str, notice: &Notice) -> Result<Accepted, Undelivered>;
    /// Whether people can be written to at all.
    fn can_warn(&self) -> bool;
    /// Writes to one person.
    async fn warn(&self, warning: &Warning) -> Result<(), WarnError>;
}

/// A message that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accepted {
    /// What the receiver answered, where it is HTTP.
    pub status: Option<u16>,
    /// The receiver wants no other message before this time has passed.
    pub pause: Option<Duration>,
}

/// A message that did not arrive, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{told}")]
pub struct Undelivered {
    /// What may be done about it.
    pub retry: Retry,
    /// What the receiver answered, if it did.
    pub status: Option<u16>,
    /// What was seen and what to do, never with the address, which is a secret.
    pub told: String,
}

/// What may be done about a message that did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same message will fail again.
    Never,
    /// It may pass by itself; the receiver may have said when to come back.
    Later(Option<Duration>),
    /// We were too fast; the receiver may have said when to come back.
    Throttled(Option<Duration>),
}

/// Why a person could not be written to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WarnError {
    /// Never possible: no address, or the gateway refused it for good.
    #[error("{0}")]
    Never(String),
    /// Perhaps later.
    #[error("{0}")]
    Later(String),
}

/// What a tick of the alert function did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AlertReport {
    /// Seats now, unless Confluence did not tell.
    pub seats: Option<SeatCount>,
    /// Messages that arrived in this tick.
    pub delivered: u32,
    /// Messages that wait for the next tick.
    pub waiting: u32,
    /// Messages that were given up in this tick.
    #[serde(default)]
    pub given_up: u32,
    /// Tries in vain in this tick.
    #[serde(default)]
    pub failed: u32,
    /// People who were warned in this tick.
    #[serde(default)]
    pub warned: u32,
    /// Warnings that were tried in vain in this tick.
    #[serde(default)]
    pub unwarned: u32,
    /// What went wrong.
    pub error: Option<Trouble>,
}

/// As for the sweep: the lease outlives a slow tick.
const LENGTH: TimeDelta = TimeDelta::seconds(60);

/// One tick.
pub async fn tick<S, X, C, M>(store: &S, confluence: &X, clock: &C, notify: &M, runner: &str) -> AlertReport
where
    S: Store,
    X: ConfluenceRead,
    C: Clock,
    M: Notify,
{
    let mut report = AlertReport::default();
    let result = match crate::lease::take(store, clock, state::alert_lease(), runner, LENGTH).await {
        Ok(Some(held)) => {
            let result = work(store, confluence, clock, notify, &mut report).await;
            // A lease that cannot be given back ends by itself.
            let _ = crate::lease::release(store, held).await;
            result
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error.into()),
    };
    if let Err(trouble) = result {
        report.error = Some(trouble);
    }
    report
}

async fn work<S, X, C, M>(
    store: &S,
    confluence: &X,
    clock: &C,
    notify: &M,
    report: &mut AlertReport,
) -> Result<(), Trouble>
where
    S: Store,
    X: ConfluenceRead,
    C: Clock,
    M: Notify,
{
    let mut alert = state::load(store, &state::alert()).await?.unwrap_or_default();
    alert.upgrade(clock.now());
    // Messages of earlier ticks go out even when Confluence is away or the policy is broken now.
    let mut notices = Vec::new();
    let news = collect(store, confluence, clock, &mut alert, &mut notices, report).await;
    let now = clock.now();
    for notice in notices {
        for channel in notify.channels() {
            let notice = notice.clone();
            alert.outbox.push(Outgoing { channel, notice, attempts: 0, last_error: None, since: Some(now) });
        }
    }
    deliver::make_room(&mut alert, now, report);
    deliver::look_at_channels(&mut alert, notify, now);
    state::save(store, &state::alert(), &alert).await?;
    deliver::deliver(store, clock, notify, &mut alert, report).await?;
    let warned = warn::warn(store, clock, notify, &mut alert, report).await;
    let well = news.is_ok() && warned.is_ok();
    count(store, report, well.then(|| clock.now())).await;
    warned?;
    news
}

/// What is news. A part that cannot be read leaves the others alone; the first such trouble is told.
async fn collect<S, X, C>(
    store: &S,
    confluence: &X,
    clock: &C,
    alert: &mut state::AlertState,
    notices: &mut Vec<Notice>,
    report: &mut AlertReport,
) -> Result<(), Trouble>
where
    S: Store,
    X: ConfluenceRead,
    C: Clock,
{
    let now = clock.now();
    let policy = crate::policy_file::in_force(store).await;
    if policy.as_ref().is_err_and(|trouble| trouble.code == "no-policy") {
        return policy.map(|_| ());
    }
    let known = runs::load(store).await?;
    notices.extend(runs::waiting(store, alert, &known, now).await?);
    notices.extend(runs::ended(alert, &known, now));
    notices.extend(news::overdue(store, alert, &known, now).await?);
    notices.extend(news::directories(alert, policy.as_ref().ok().map(|(_, policy)| policy), &known, now));
    notices.extend(restores::restores(store, alert, now).await?);
    let seats = confluence.seats().await;
    report.seats = seats.as_ref().ok().copied();
    if let (Ok((_, policy)), Ok(seats)) = (&policy, &seats) {
        let (levels, risen) = judge(&policy.alerts, &alert.levels, *seats, now);
        alert.levels = levels;
        notices.extend(risen.into_iter().map(|n| Notice::Seats { level: n.level, seats: n.seats, at: n.at }));
        notices.extend(news::forecast(store, alert, *seats, now).await?);
    }
    policy?;
    seats.map(|_| ()).map_err(Trouble::from)
}

/// Counts what happened, for monitoring, and notes when everything went well. A count that cannot be written is lost; the messages are safe.
async fn count(store: &impl Store, report: &AlertReport, well: Option<Instant>) {
    let mut totals = Tallies::default();
    if let Some(at) = well {
        totals.succeed(at);
    }
    for (count, result, times) in [
        (Count::Messages, "delivered", report.delivered),
        (Count::Messages, "failed", report.failed),
        (Count::Warnings, "delivered", report.warned),
        (Count::Warnings, "failed", report.unwarned),
    ] {
        if times > 0 {
            totals.add(count, &[result], times.into());
        }
    }
    let _ = tallies::add(store, "alert", &totals).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MemoryStore, block_on};
    use seatkeeper_policy::testing::at;

    #[test]
    fn warnings_and_the_last_tick_that_went_well_are_in_the_totals_of_the_function() {
        let (store, now) = (MemoryStore::default(), at("2026-11-23T08:00:00Z"));
        let report = AlertReport { warned: 2, unwarned: 1, ..AlertReport::default() };
        block_on(count(&store, &report, Some(now)));
        block_on(count(&store, &report, None));
        let totals = block_on(state::load(&store, &state::tallies("alert"))).unwrap().unwrap();
        assert_eq!(totals.success(), Some(now), "a tick with a trouble is no success");
        assert_eq!((totals.total(Count::Warnings, &["delivered"]), totals.total(Count::Warnings, &["failed"])), (4, 2));
    }
}
