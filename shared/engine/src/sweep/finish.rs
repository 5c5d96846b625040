//! After the plan: waiting for an answer, and proving that the seats came free.

use super::{Status, Step, Tick, apply};
use crate::{
    audit::{self, Act},
    ports::{Clock, Rename, Store},
    sources::{Outside, Site},
    state::{self, Answer, Approval, Outcome, PlanHead, UsagePoint, Verify, Work},
    trouble::Trouble,
};
use seatkeeper_policy::{Mode, SeatCount, SweepId, UserKey, Verdict, report::Diagnosis, report::diagnose};
use std::collections::{BTreeMap, BTreeSet};

impl<S: Store, X: Site, N: Rename, C: Clock, D: Outside> Tick<'_, S, X, N, C, D> {
    /// Looks whether somebody answered the plan, and whether it may still be answered.
    pub(super) async fn answered(&mut self, id: SweepId) -> Result<Step, Trouble> {
        let store = self.ports.store;
        let Some(plan) = state::load(store, &state::plan(&id)).await? else {
            return self.close(&id, Outcome::Lapsed { why: "the plan is not in the store any more".into() }).await;
        };
        let now = self.ports.clock.now();
        let lapsed = if plan.rules != plan.rules_of(&self.policy) {
            Some("the policy's rules changed")
        } else if self.policy.mode == Mode::DryRun {
            Some("the policy was set to dry run")
        } else if now >= plan.expires {
            Some("nobody answered in time")
        } else {
            None
        };
        if let Some(why) = lapsed {
            return self.close(&id, Outcome::Lapsed { why: why.into() }).await;
        }
        let Some(approval) = state::load(store, &state::approval(&id)).await? else { return Ok(Status::waiting()) };
        let struck = state::load(store, &state::struck(&id)).await?.unwrap_or_default();
        let struck: BTreeSet<UserKey> = struck.into_iter().map(|struck| struck.key).collect();
        match verdict(&plan, &approval, &struck) {
            Answered::Yes => {
                let seats = self.ports.confluence.seats().await?;
                self.record(&id, |run| run.outcome = Outcome::Running).await?;
                self.at.work = Some(apply::begin(id, seats, approval.without));
                self.save().await?;
                Ok(Step::Again)
            }
            Answered::No => {
                // Somebody looked at what these rules do and did not want it.
                self.at.rehearsed.retain(|rules| *rules != plan.rules);
                self.close(&id, Outcome::Rejected { by: approval.by }).await
            }
            Answered::NotThis => Ok(Status::waiting()),
        }
    }

    async fn close(&mut self, id: &SweepId, outcome: Outcome) -> Result<Step, Trouble> {
        let detail = format!("{outcome:?}");
        self.record(id, |run| run.outcome = outcome).await?;
        let act = Act { id: format!("{id}:closed"), actor: "sweep", act: "plan-closed", subject: id.as_str(), detail };
        audit::append(self.ports.store, "sweep", act, self.ports.clock.now()).await?;
        self.at.work = None;
        self.save().await?;
        Ok(Step::Again)
    }

    /// Compares the seats before and after. Confluence caches its count, so this may take some ticks.
    pub(super) async fn verify(&mut self) -> Result<Step, Trouble> {
        let Some(Work::Verify(verify)) = self.at.work.clone() else { return Ok(Step::Again) };
        let seats = self.ports.confluence.seats().await?;
        let now = self.ports.clock.now();
        let minutes = (now - verify.applied).num_minutes();
        let diagnosis = diagnose(verify.before, Some(seats), verify.tally.reclaimed, minutes);
        let left = unexplained(&verify, seats, diagnosis);
        let mut success = false;
        self.record(&verify.plan, |run| {
            run.after = Some(seats);
            run.diagnosis = Some(diagnosis);
            run.tally = verify.tally;
            run.left = left;
            if run.outcome == Outcome::Running && diagnosis != Diagnosis::PerhapsCached {
                run.outcome = Outcome::Applied;
            }
            success = matches!(run.outcome, Outcome::Applied | Outcome::Stopped);
        })
        .await?;
        self.note_usage(UsagePoint { at: now, seats, active: None }).await?;
        if diagnosis == Diagnosis::PerhapsCached {
            return Ok(Status::waiting());
        }
        if success {
            self.at.tallies.succeed(now);
        }
        self.at.work = None;
        self.save().await?;
        Ok(Step::Again)
    }
}

/// What still holds seats, with those that no account shows: it gave everything back, and the count did not fall. A
/// duplicate in a lower directory does that, and so does somebody who took a free seat meanwhile.
fn unexplained(verify: &Verify, after: SeatCount, diagnosis: Diagnosis) -> BTreeMap<String, u32> {
    let mut left = verify.left.clone();
    if diagnosis == Diagnosis::NotFreed {
        let missing = verify.tally.reclaimed.saturating_sub(verify.before.used.saturating_sub(after.used));
        // Accounts that failed were never expected to free a seat.
        let failed = |code: &str| ["refused", "silent-204"].contains(&code);
        let told: u32 = left.iter().filter(|(code, _)| !failed(code)).map(|(_, count)| *count).sum();
        if missing > told {
            *left.entry("duplicate-or-cache".to_owned()).or_default() += missing - told;
        }
    }
    left
}

enum Answered {
    Yes,
    No,
    /// The answer is about another content or does not cover the size of the plan.
    NotThis,
}

fn verdict(plan: &PlanHead, approval: &Approval, struck: &BTreeSet<UserKey>) -> Answered {
    // Whatever was struck off or put back after the answer makes it an answer to another plan.
    if approval.without != *struck || approval.hash != plan.hash_without(struck) {
        return Answered::NotThis;
    }
    match approval.answer {
        Answer::Rejected => Answered::No,
        Answer::Approved { .. } if plan.verdict == Verdict::Incomplete => Answered::NotThis,
        Answer::Approved { over_cap } if over_cap || plan.over_cap_without(approval.without.len()).is_none() => {
            Answered::Yes
        }
        Answer::Approved { .. } => Answered::NotThis,
    }
}
