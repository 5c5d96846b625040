//! The alert function: look at the seats, judge the levels, and deliver. A message is stored before it is sent and
//! removed after it arrived, so a failed delivery is tried again by the next tick and never lost; after a crash in
//! between it may arrive twice.

use crate::{
    policy_file,
    ports::{Clock, ConfluenceRead, Store},
    state::{self, AlertState, Notified, Outcome, Outgoing, Sent, Warning, Work},
    trouble::Trouble,
};
use chrono::TimeDelta;
use seatkeeper_policy::{Instant, SeatCount, SweepId, alert::judge};
use serde::{Deserialize, Serialize};

/// Something people should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Notice {
    /// Usage reached a level.
    Seats {
        /// The level, such as `percent-90`.
        level: String,
        /// Usage at that moment.
        seats: SeatCount,
        /// When.
        at: Instant,
    },
    /// The second opinion or a guard found something, so nothing was written.
    Blocked {
        /// The plan.
        plan: SweepId,
        /// What was found.
        findings: Vec<String>,
        /// When.
        at: Instant,
    },
    /// A plan is larger than the cap and waits for an answer.
    Quarantine {
        /// The plan.
        plan: SweepId,
        /// Accounts planned.
        planned: u32,
        /// Accounts allowed.
        limit: u32,
        /// When.
        at: Instant,
    },
}

impl Notice {
    /// A stable name for what it is about; the same name means the same message.
    pub fn subject(&self) -> String {
        match self {
            Self::Seats { level, at, .. } => format!("{level}:{}", at.format("%Y-%m-%d")),
            Self::Quarantine { plan, .. } => format!("quarantine:{plan}"),
            Self::Blocked { plan, .. } => format!("blocked:{plan}"),
        }
    }
}

/// The channels that are configured.
#[expect(async_fn_in_trait, reason = "guests are single-threaded, as for all ports")]
pub trait Notify {
    /// Their names.
    fn channels(&self) -> Vec<String>;
    /// Delivers to one of them. The error text never contains the address, which is a secret.
    async fn deliver(&self, channel: &str, notice: &Notice) -> Result<(), String>;
    /// Whether people can be written to at all.
    fn can_warn(&self) -> bool;
    /// Writes to one person.
    async fn warn(&self, warning: &Warning) -> Result<(), WarnError>;
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
    /// People who were warned in this tick.
    #[serde(default)]
    pub warned: u32,
    /// What went wrong.
    pub error: Option<Trouble>,
}

/// Messages delivered that are remembered.
const REMEMBERED: usize = 50;
/// Messages that may wait; beyond that the oldest repetition of the same level gives way.
const OUTBOX: usize = 100;
/// Sweeps whose warnings are still delivered. Beyond that the account is judged anew in any case.
const WARNING_SWEEPS: usize = 5;
/// Tries of one warning, one in a tick, before the next person's turn comes.
const WARNING_ATTEMPTS: u32 = 20;
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
    // Messages of earlier ticks go out even when Confluence is away or the policy is broken now.
    let news = collect(store, confluence, clock, &mut alert, notify, report).await;
    state::save(store, &state::alert(), &alert).await?;
    deliver(store, clock, notify, &mut alert, report).await?;
    warn(store, clock, notify, &mut alert, report).await?;
    news
}

async fn collect<S, X, C, M>(
    store: &S,
    confluence: &X,
    clock: &C,
    alert: &mut AlertState,
    notify: &M,
    report: &mut AlertReport,
) -> Result<(), Trouble>
where
    S: Store,
    X: ConfluenceRead,
    C: Clock,
    M: Notify,
{
    let (_, policy) = policy_file::in_force(store).await?;
    let mut notices = Vec::new();
    if let Some(notice) = quarantine(store, alert, clock.now()).await? {
        notices.push(notice);
    }
    if let Some(notice) = blocked(store, alert, clock.now()).await? {
        notices.push(notice);
    }
    let seats = confluence.seats().await;
    if let Ok(seats) = seats {
        report.seats = Some(seats);
        let (levels, risen) = judge(&policy.alerts, &alert.levels, seats, clock.now());
        alert.levels = levels;
        notices.extend(risen.into_iter().map(|n| Notice::Seats { level: n.level, seats: n.seats, at: n.at }));
    }
    for notice in notices {
        for channel in notify.channels() {
            if alert.outbox.len() >= OUTBOX {
                alert.outbox.remove(0);
            }
            let notice = notice.clone();
            alert.outbox.push(Outgoing { channel, notice, attempts: 0, last_error: None });
        }
    }
    seats.map(|_| ()).map_err(Trouble::from)
}

async fn quarantine<S: Store>(store: &S, alert: &mut AlertState, now: Instant) -> Result<Option<Notice>, Trouble> {
    let Some(checkpoint) = state::load(store, &state::checkpoint()).await? else { return Ok(None) };
    let Some(Work::Await(plan)) = checkpoint.work else { return Ok(None) };
    if alert.quarantine_told.as_ref() == Some(&plan) {
        return Ok(None);
    }
    let run = state::load(store, &state::run(&plan)).await?;
    let Some(Outcome::Quarantined { planned, limit }) = run.map(|run| run.outcome) else { return Ok(None) };
    alert.quarantine_told = Some(plan.clone());
    Ok(Some(Notice::Quarantine { plan, planned, limit, at: now }))
}

/// The newest run, if it was blocked and nobody has been told.
async fn blocked<S: Store>(store: &S, alert: &mut AlertState, now: Instant) -> Result<Option<Notice>, Trouble> {
    let runs = state::load(store, &state::runs()).await?.unwrap_or_default();
    let Some(plan) = runs.first().filter(|plan| alert.blocked_told.as_ref() != Some(*plan)) else { return Ok(None) };
    let run = state::load(store, &state::run(plan)).await?;
    let Some(Outcome::Blocked { findings }) = run.map(|run| run.outcome) else { return Ok(None) };
    alert.blocked_told = Some(plan.clone());
    Ok(Some(Notice::Blocked { plan: plan.clone(), findings, at: now }))
}

/// Delivers the warnings of the newest sweeps. Progress is saved after each person, so that a crash repeats one
/// message at most, and a person is never told to have been warned who was not.
async fn warn<S, C, M>(
    store: &S,
    clock: &C,
    notify: &M,
    alert: &mut AlertState,
    report: &mut AlertReport,
) -> Result<(), Trouble>
where
    S: Store,
    C: Clock,
    M: Notify,
{
    let stopped = state::load(store, &state::stop()).await?.flatten().is_some();
    if !notify.can_warn() || stopped {
        return Ok(());
    }
    let runs = state::load(store, &state::runs()).await?.unwrap_or_default();
    let recent: Vec<SweepId> = runs.into_iter().take(WARNING_SWEEPS).collect();
    alert.warned.retain(|sweep, _| recent.contains(sweep));
    alert.warn_attempts.retain(|sweep, _| recent.contains(sweep));
    for sweep in recent {
        let from = alert.warned.get(&sweep).copied().unwrap_or_default();
        let Some(warnings) = state::load(store, &state::warnings(&sweep)).await? else { continue };
        for warning in warnings.iter().skip(usize::try_from(from).unwrap_or(usize::MAX)) {
            let delivered = match one_warning(notify, warning).await {
                Ok(()) => {
                    report.warned += u32::from(!warning.quiet);
                    Some(true)
                }
                Err(WarnError::Never(_)) => Some(false),
                Err(WarnError::Later(_)) => {
                    let attempts = alert.warn_attempts.entry(sweep.clone()).or_default();
                    *attempts += 1;
                    if *attempts < WARNING_ATTEMPTS {
                        state::save(store, &state::alert(), alert).await?;
                        return Ok(());
                    }
                    // The next person may be luckier. Nothing is noted, so this one counts as not warned yet and keeps
                    // the seat; a fault of the gateway is never a reason to act.
                    None
                }
            };
            if let Some(delivered) = delivered.filter(|_| !warning.quiet) {
                let (key, noticed) = (warning.key.clone(), warning.noticed);
                let notified = Notified { key, noticed, at: clock.now(), delivered };
                state::save(store, &state::notified(&warning.key), &notified).await?;
            }
            *alert.warned.entry(sweep.clone()).or_default() += 1;
            alert.warn_attempts.remove(&sweep);
            state::save(store, &state::alert(), alert).await?;
        }
    }
    Ok(())
}

async fn one_warning(notify: &impl Notify, warning: &Warning) -> Result<(), WarnError> {
    if warning.quiet {
        return Ok(());
    }
    if warning.email.as_ref().is_none_or(|address| !address.contains('@')) {
        return Err(WarnError::Never("no mail address is known".into()));
    }
    notify.warn(warning).await
}

async fn deliver<S, C, M>(
    store: &S,
    clock: &C,
    notify: &M,
    alert: &mut AlertState,
    report: &mut AlertReport,
) -> Result<(), Trouble>
where
    S: Store,
    C: Clock,
    M: Notify,
{
    let mut kept = Vec::new();
    while !alert.outbox.is_empty() {
        let mut outgoing = alert.outbox.remove(0);
        match notify.deliver(&outgoing.channel, &outgoing.notice).await {
            Ok(()) => {
                report.delivered += 1;
                let subject = outgoing.notice.subject();
                alert.sent.push(Sent { channel: outgoing.channel, subject, at: clock.now() });
                if alert.sent.len() > REMEMBERED {
                    alert.sent.remove(0);
                }
            }
            Err(why) => {
                outgoing.attempts = outgoing.attempts.saturating_add(1);
                outgoing.last_error = Some(why);
                kept.push(outgoing);
            }
        }
        // Saved after each message, so that a crash repeats one message at most.
        let rest = AlertState { outbox: kept.iter().chain(&alert.outbox).cloned().collect(), ..alert.clone() };
        state::save(store, &state::alert(), &rest).await?;
    }
    report.waiting = u32::try_from(kept.len()).unwrap_or(u32::MAX);
    alert.outbox = kept;
    Ok(())
}
