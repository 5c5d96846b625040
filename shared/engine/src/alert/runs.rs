//! What the newest runs have to say: a plan waits, a plan was carried out, a plan was blocked.

use super::Notice;
use crate::{
    ports::Store,
    state::{self, AlertState, Checkpoint, Outcome, Run, StateError, Tally, Work},
};
use chrono::TimeDelta;
use seatkeeper_policy::Instant;

/// Runs that are looked at. The timer of the alert function rings far more often than sweeps end.
const RUNS: usize = 5;
/// A run that ended earlier than this is no news: somebody has just set up a channel.
const NEWS: TimeDelta = TimeDelta::hours(24);
/// Findings of a blocked run in one message; the report has all of them.
const FINDINGS: usize = 5;

/// What the sweep has written.
pub(super) struct Known {
    /// Where the sweep stands.
    pub(super) checkpoint: Checkpoint,
    /// The newest runs, newest first.
    pub(super) runs: Vec<Run>,
}

pub(super) async fn load(store: &impl Store) -> Result<Known, StateError> {
    let checkpoint = state::load(store, &state::checkpoint()).await?.unwrap_or_default();
    Ok(Known { checkpoint, runs: crate::view::runs(store, RUNS).await? })
}

/// The plan that waits for an answer, once.
pub(super) async fn waiting(
    store: &impl Store,
    alert: &mut AlertState,
    known: &Known,
    now: Instant,
) -> Result<Option<Notice>, StateError> {
    let Some(Work::Await(plan)) = &known.checkpoint.work else { return Ok(None) };
    let run = match known.runs.iter().find(|run| run.id == *plan) {
        Some(run) => Some(run.clone()),
        None => state::load(store, &state::run(plan)).await?,
    };
    let notice = match run.map(|run| run.outcome) {
        Some(Outcome::Quarantined { planned, limit }) => {
            Notice::Quarantine { plan: plan.clone(), planned, limit, at: now }
        }
        Some(Outcome::AwaitingApproval) => {
            let Some(head) = state::load(store, &state::plan(plan)).await? else { return Ok(None) };
            Notice::Approval {
                plan: plan.clone(),
                planned: head.accounts,
                emergency: head.emergency.is_some(),
                expires: head.expires,
                at: now,
            }
        }
        Some(_) | None => return Ok(None),
    };
    Ok(alert.tell(notice.subject()).then_some(notice))
}

/// Runs that were blocked or carried out, oldest first, each once.
pub(super) fn ended(alert: &mut AlertState, known: &Known, now: Instant) -> Vec<Notice> {
    let mut notices = Vec::new();
    for (place, run) in known.runs.iter().enumerate().rev() {
        // A block has to be known of however long ago it was, as long as nothing came after it.
        let newest = place == 0 && matches!(run.outcome, Outcome::Blocked { .. });
        if !newest && now - run.at > NEWS {
            continue;
        }
        let Some(notice) = notice(run, now) else { continue };
        if alert.tell(notice.subject()) {
            notices.push(notice);
        }
    }
    notices
}

fn notice(run: &Run, now: Instant) -> Option<Notice> {
    let stopped = match &run.outcome {
        Outcome::Blocked { findings } => {
            let more = findings.len().saturating_sub(FINDINGS);
            let findings = findings.iter().take(FINDINGS).cloned().collect();
            return Some(Notice::Blocked { plan: run.id.clone(), findings, more, at: now });
        }
        Outcome::Applied => None,
        Outcome::Stopped => Some("the policy was set to dry run".to_owned()),
        Outcome::Failed { message, .. } if run.tally != Tally::default() => Some(message.clone()),
        Outcome::Failed { .. }
        | Outcome::Running
        | Outcome::NothingToDo
        | Outcome::DryRunPublished
        | Outcome::AwaitingApproval
        | Outcome::Quarantined { .. }
        | Outcome::Rejected { .. }
        | Outcome::Lapsed { .. } => return None,
    };
    Some(Notice::Run {
        plan: run.id.clone(),
        planned: run.planned,
        tally: run.tally,
        before: run.before,
        after: run.after,
        diagnosis: run.diagnosis,
        stopped,
        at: now,
    })
}
