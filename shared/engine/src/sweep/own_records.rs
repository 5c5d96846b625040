//! What our own records add to an account that is due to lose its seat, or of which nothing is known.

use super::Tick;
use crate::{
    ports::{Clock, Rename, Store},
    sources::{Outside, Site},
    state::{self, StateError},
};
use chrono::TimeDelta;
use seatkeeper_policy::{
    Account, Decision, HoldReason, Instant, KeepReason, Notice, Obstacle, Policy, Source,
    account::Sighting,
    journal::{Reclaim, StepState},
    restore::RestoreState,
};

/// An attempt that changed nothing is repeated after so long: directories are mended now and then.
const RETRY: TimeDelta = TimeDelta::days(30);

/// Whether our own records can change a decision. More recent activity can only make a reclaim less likely, so for
/// everybody else these look-ups would change nothing.
pub(crate) fn matter(decision: &Decision) -> bool {
    matches!(
        decision,
        Decision::Reclaim(_)
            | Decision::Warn { .. }
            | Decision::Hold(HoldReason::ActivityUnknown | HoldReason::CannotFree { .. })
            // Perhaps it came back because we gave the seat back, and that has a grace period of its own.
            | Decision::Keep(KeepReason::ReenabledRecently { .. })
    )
}

impl<S: Store, X: Site, N: Rename, C: Clock, D: Outside> Tick<'_, S, X, N, C, D> {
    /// Adds what we know ourselves: logins heard, contributions found, seats given back, attempts made, warnings sent.
    pub(super) async fn add_own_records(&self, account: &mut Account, now: Instant) -> Result<(), StateError> {
        add(self.ports.store, &self.policy, account, now).await
    }
}

/// Adds what we know ourselves under a policy.
pub(crate) async fn add(
    store: &impl Store,
    policy: &Policy,
    account: &mut Account,
    now: Instant,
) -> Result<(), StateError> {
    if let Some(login) = state::load(store, &state::login(&account.key)).await?
        && login.key == account.key
    {
        account.evidence.saw(Sighting { at: login.at, source: Source::LoginEvent });
    }
    if policy.sources.contributions
        && let Some(seen) = state::load(store, &state::sighting(&account.key)).await?
        && seen.key == account.key
    {
        account.evidence.saw(Sighting { at: seen.at, source: Source::Contribution });
    }
    let reclaim = state::load(store, &state::reclaim(&account.key)).await?.filter(|r| r.key == account.key);
    let mut given_back = None;
    for key in [state::restore(&account.key), state::undo(&account.key)] {
        if let Some(restore) = state::load(store, &key).await?
            && restore.state == RestoreState::Done
            && restore.at <= now
        {
            account.restored = account.restored.max(Some(restore.at));
            if reclaim.as_ref().is_some_and(|reclaim| reclaim.sweep == restore.answers) {
                given_back = given_back.max(Some(restore.at));
            }
        }
    }
    // The sweep after a restore sees the account come back; that is the restore, not somebody's hand.
    let sweeps = TimeDelta::hours(2 * i64::from(policy.sweep_every_hours));
    if let (Some(restored), Some(back)) = (given_back, account.reenabled)
        && restored <= back
        && back - restored <= sweeps
    {
        account.reenabled = None;
    }
    // Somebody activated the account by hand: that is as good as a seat given back.
    if let Some(hint) = state::load(store, &state::hint(&account.key)).await?
        && hint.key == account.key
        && hint.event == "user_reactivated"
        && hint.at <= now
    {
        account.reenabled = account.reenabled.max(Some(hint.at));
    }
    if let Some(reclaim) = reclaim.filter(|_| given_back.is_none()) {
        account.obstacles.extend(met(&reclaim, now));
    }
    if policy.governing(account).rules.warning.is_some() {
        account.notice = notice(store, account).await?;
    }
    Ok(())
}

async fn notice(store: &impl Store, account: &Account) -> Result<Option<Notice>, StateError> {
    let noticed = state::load(store, &state::notice(&account.key)).await?.filter(|n| n.key == account.key);
    let Some(noticed) = noticed else { return Ok(None) };
    let notified = state::load(store, &state::notified(&account.key)).await?;
    let notified = notified.filter(|n| n.key == account.key && n.noticed == noticed.at);
    Ok(Some(Notice {
        noticed: noticed.at,
        delivered: match &notified {
            Some(notified) => notified.delivered.then_some(notified.at),
            None => noticed.quiet.then_some(noticed.at),
        },
        undeliverable: notified.is_some_and(|notified| !notified.delivered),
    }))
}

/// What an earlier attempt met that a new one would meet again.
fn met(reclaim: &Reclaim, now: Instant) -> Option<Obstacle> {
    let finished = reclaim.finished.filter(|at| *at <= now && now - *at < RETRY)?;
    let in_vain = reclaim.steps.iter().find_map(|step| match &step.state {
        StepState::NotEffective => Some("accepted, and nothing changed".to_owned()),
        StepState::Failed { detail } => Some(detail.clone()),
        StepState::Intended | StepState::Done | StepState::NotNeeded => None,
    });
    match in_vain {
        Some(detail) => Some(Obstacle::TriedInVain { at: finished, detail }),
        None if reclaim.again > 0 => Some(Obstacle::ComesBack { taken: finished }),
        None => None,
    }
}
