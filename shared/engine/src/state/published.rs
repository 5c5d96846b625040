//! What a sweep publishes: snapshot, plan, run.

use super::{Lists, Pages, Tally};
use crate::digest;
use seatkeeper_policy::report::{Diagnosis, PlanReport};
use seatkeeper_policy::{Account, Decision, Instant, Mode, SeatCount, SweepId, UserKey, Username, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One account of a snapshot with its decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The facts.
    pub account: Account,
    /// The judgement.
    pub decision: Decision,
}

/// Which pages a snapshot has: what is removed with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// Of the snapshot itself.
    pub pages: Pages,
    /// Of its index.
    pub index: u32,
    /// What was counted and listed beside it.
    pub lists: Lists,
}

/// The newest complete snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotHead {
    /// Its pages.
    pub pages: Pages,
    /// Pages of its index; none in a snapshot by an older Seatkeeper.
    #[serde(default)]
    pub index: u32,
    /// What was counted and listed beside it.
    #[serde(default)]
    pub lists: Lists,
    /// What it took the place of. A crash between this record and the checkpoint repeats the publication, which then
    /// finds itself here and has to know what was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Generation>,
    /// When it was judged.
    pub at: Instant,
    /// Counts.
    pub report: PlanReport,
    /// Seats.
    pub seats: SeatCount,
    /// Version of the policy that judged.
    pub policy: u32,
    /// What this Confluence could do; unknown in a snapshot by an older Seatkeeper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<crate::ports::Capabilities>,
}

impl SnapshotHead {
    /// Its pages.
    pub fn generation(&self) -> Generation {
        Generation { pages: self.pages.clone(), index: self.index, lists: self.lists }
    }

    /// What a newer snapshot takes the place of, also when that one is published a second time.
    pub fn replaced_by(self, sweep: &SweepId) -> Option<Generation> {
        if self.pages.sweep == *sweep { self.replaced } else { Some(self.generation()) }
    }
}

/// A plan without its accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanHead {
    /// The sweep that made it.
    pub id: SweepId,
    /// When.
    pub made: Instant,
    /// End of the time for approval.
    pub expires: Instant,
    /// The rules behind it.
    pub rules: String,
    /// Whether it is within the cap.
    pub verdict: Verdict,
    /// Hash of rules and accounts.
    pub hash: String,
    /// Accounts in it.
    pub accounts: u32,
    /// Pages of accounts.
    pub pages: u32,
    /// An emergency plan has rules of its own and always waits for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<seatkeeper_policy::Emergency>,
}

impl PlanHead {
    /// The hash that the rules behind this plan would have under a policy: an emergency has windows of its own.
    pub fn rules_of(&self, policy: &seatkeeper_policy::Policy) -> String {
        match self.emergency {
            Some(emergency) => policy.in_emergency(emergency).rules_hash(),
            None => policy.rules_hash(),
        }
    }

    /// The hash of this plan without the accounts that were struck off it: its own if there are none.
    pub fn hash_without(&self, struck: &BTreeSet<UserKey>) -> String {
        if struck.is_empty() {
            return self.hash.clone();
        }
        hex::encode(digest::of(std::iter::once(self.hash.as_str()).chain(struck.iter().map(UserKey::as_str))))
    }

    /// Whether it is larger than the cap after so many accounts were struck off: accounts planned, accounts allowed.
    pub fn over_cap_without(&self, struck: usize) -> Option<(u32, u32)> {
        let Verdict::OverCap { planned, limit } = self.verdict else { return None };
        let planned = planned.saturating_sub(u32::try_from(struck).unwrap_or(u32::MAX));
        (planned > limit).then_some((planned, limit))
    }
}

/// A warning on its way to one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Warning {
    /// Identity.
    pub key: UserKey,
    /// User name.
    pub username: Username,
    /// Name for people, from outside.
    pub display_name: String,
    /// Where to write to.
    pub email: Option<String>,
    /// Why the seat will be taken.
    pub reason: seatkeeper_policy::ReclaimReason,
    /// When it was decided.
    pub noticed: Instant,
    /// Subject, filled in.
    pub subject: String,
    /// Text, filled in.
    pub text: String,
    /// Nothing is sent; only time passes.
    #[serde(default)]
    pub quiet: bool,
}

/// What a planned account owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OwnedBy {
    /// Identity.
    pub key: UserKey,
    /// User name.
    pub username: Username,
    /// What it owns.
    pub owned: crate::sources::Owned,
    /// Why it could not be found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// How one sweep went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The sweep.
    pub id: SweepId,
    /// When it was opened.
    pub opened: Instant,
    /// Last change of this record.
    pub at: Instant,
    /// Mode of the policy then.
    pub mode: Mode,
    /// How it stands.
    pub outcome: Outcome,
    /// Counts of the decisions, once there are any.
    pub report: Option<PlanReport>,
    /// Hash of the plan, once there is one.
    pub plan: Option<String>,
    /// Accounts in the plan.
    pub planned: u32,
    /// How they ended.
    pub tally: Tally,
    /// Seats before the first change.
    pub before: Option<SeatCount>,
    /// Seats after the last change.
    pub after: Option<SeatCount>,
    /// What became of the seats.
    pub diagnosis: Option<Diagnosis>,
    /// Seats that stayed taken although everything was done, by what holds them; see [`seatkeeper_policy::report`].
    #[serde(default)]
    pub left: BTreeMap<String, u32>,
    /// People warned by this sweep.
    #[serde(default)]
    pub warned: u32,
}

/// How a sweep stands or ended. `docs/errors.md` has a paragraph for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Outcome {
    /// Under way.
    Running,
    /// Nobody is to lose a seat.
    NothingToDo,
    /// A dry run: the plan was published, nothing was written.
    DryRunPublished,
    /// The plan waits for an approval.
    AwaitingApproval,
    /// The plan is larger than the cap; nothing is written until a person answers.
    Quarantined {
        /// Accounts planned.
        planned: u32,
        /// Accounts allowed.
        limit: u32,
    },
    /// The second opinion found something; nothing was written.
    Blocked {
        /// What was found.
        findings: Vec<String>,
    },
    /// A person said no.
    Rejected {
        /// Who.
        by: String,
    },
    /// Nobody answered in time, or the rules changed, or a newer sweep took its place.
    Lapsed {
        /// Why.
        why: String,
    },
    /// The policy was set to dry run in the middle; the rest was left alone.
    Stopped,
    /// Carried out.
    Applied,
    /// Gave up; nothing was written by this sweep after the error.
    Failed {
        /// Stable code, see `docs/errors.md`.
        code: String,
        /// What was seen and what to do.
        message: String,
    },
}

/// Seats at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsagePoint {
    /// When.
    pub at: Instant,
    /// Seats.
    pub seats: SeatCount,
    /// People with a seat who were seen in the 24 hours before, where a sweep found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatkeeper_policy::testing::at;

    fn head(sweep: &str, replaced: Option<Generation>) -> SnapshotHead {
        SnapshotHead {
            pages: Pages { sweep: SweepId::parse(sweep).unwrap(), count: 3 },
            index: 1,
            lists: Lists { parts: 2, handover: 1 },
            replaced,
            at: at("2026-11-22T12:00:00Z"),
            report: PlanReport::default(),
            seats: SeatCount { used: 1, max: None },
            policy: 1,
            capabilities: None,
        }
    }

    #[test]
    fn a_publication_that_is_repeated_after_a_crash_still_knows_what_it_replaced() {
        let (old, new) = (head("a", None), SweepId::parse("b").unwrap());
        let replaced = old.clone().replaced_by(&new);
        assert_eq!(replaced, Some(old.generation()));
        // The pointer has flipped, the checkpoint has not: everything again, from the store.
        let stored = serde_json::to_string(&head("b", replaced.clone())).unwrap();
        let again: SnapshotHead = serde_json::from_str(&stored).unwrap();
        assert_eq!(again.replaced_by(&new), replaced);
        assert_eq!(head("b", None).replaced_by(&new), None, "the first snapshot replaced none");
    }
}
