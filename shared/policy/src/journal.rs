//! The journal of one reclaim: what was intended before each call, and how it ended. What we took is folded from it,
//! never stored beside it.

use crate::{Action, GroupName, Instant, ReclaimReason, SweepId, UserKey, Username};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How one action stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// Written before the call. After a crash nobody knows whether the call took effect, so it is called again and
    /// counts as taken.
    Intended,
    /// Called, read again, and found effective.
    Done,
    /// There was nothing to take when we looked: it was so before, by somebody else's hand.
    NotNeeded,
    /// Confluence said yes and nothing changed: a read-only directory, an inherited membership or a slow cache.
    NotEffective,
    /// The call was refused or failed.
    Failed {
        /// What was seen.
        detail: String,
    },
}

/// One action and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// The action.
    pub action: Action,
    /// How it stands.
    pub state: StepState,
}

/// One account's reclaim, from the intent to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reclaim {
    /// The sweep whose plan this carries out.
    pub sweep: SweepId,
    /// Identity.
    pub key: UserKey,
    /// Name when the reclaim began.
    pub username: Username,
    /// Why.
    pub reason: ReclaimReason,
    /// When the first intent was written.
    pub started: Instant,
    /// When the last outcome was written.
    pub finished: Option<Instant>,
    /// The actions in order.
    pub steps: Vec<Step>,
    /// Groups that an earlier reclaim took and that were not given back yet.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub carried: BTreeSet<GroupName>,
    /// How often the groups were taken before and came back without being given back by us.
    #[serde(default)]
    pub again: u32,
    /// What still held the seat when everything had been done.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub left: Option<String>,
}

/// What we hold of an account, to be given back exactly.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// Groups we took.
    pub groups: BTreeSet<GroupName>,
    /// Whether we deactivated it.
    pub disabled: bool,
    /// The name we gave it.
    pub renamed_to: Option<Username>,
}

impl Taken {
    /// Whether there is nothing to give back.
    pub fn is_empty(&self) -> bool {
        let Self { groups, disabled, renamed_to } = self;
        groups.is_empty() && !disabled && renamed_to.is_none()
    }
}

impl Reclaim {
    /// What we took, as far as anyone can know: an intent without an outcome counts, because giving back what was
    /// never taken does no harm and keeping what was taken does.
    pub fn taken(&self) -> Taken {
        let mut taken = Taken { groups: self.carried.clone(), ..Taken::default() };
        for step in &self.steps {
            match step.state {
                StepState::Intended | StepState::Done => match &step.action {
                    Action::RemoveGroup(group) => {
                        taken.groups.insert(group.clone());
                    }
                    Action::Disable => taken.disabled = true,
                    Action::Rename(name) => taken.renamed_to = Some(name.clone()),
                },
                // A call that failed or showed no effect may still take effect later (a slow directory). Groups are
                // given back all the same: adding a membership that is there changes nothing. An account that we did
                // not verifiably deactivate is never activated by us.
                StepState::NotEffective | StepState::Failed { .. } => {
                    if let Action::RemoveGroup(group) = &step.action {
                        taken.groups.insert(group.clone());
                    }
                }
                StepState::NotNeeded => {}
            }
        }
        taken
    }

    /// Whether every action that was needed took effect, so that the seat should be free.
    pub fn effective(&self) -> bool {
        self.steps.iter().all(|step| matches!(step.state, StepState::Done | StepState::NotNeeded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, group, key};

    fn reclaim(states: [StepState; 3]) -> Reclaim {
        let [a, b, c] = states;
        Reclaim {
            sweep: SweepId::parse("s").unwrap(),
            key: key("k"),
            username: Username::parse("jdoe").unwrap(),
            reason: ReclaimReason::Inactive { since: at("2026-01-01T00:00:00Z"), source: crate::Source::LastLogin },
            started: at("2026-11-22T00:00:00Z"),
            finished: None,
            steps: vec![
                Step { action: Action::RemoveGroup(group("a")), state: a },
                Step { action: Action::Disable, state: b },
                Step { action: Action::Rename(Username::parse("new").unwrap()), state: c },
            ],
            carried: BTreeSet::new(),
            again: 0,
            left: None,
        }
    }

    #[test]
    fn an_intent_without_outcome_counts_as_taken() {
        let taken = reclaim([StepState::Intended, StepState::Intended, StepState::Intended]).taken();
        assert_eq!(taken.groups, BTreeSet::from([group("a")]));
        assert!(taken.disabled && taken.renamed_to.is_some());
    }

    #[test]
    fn what_others_did_before_us_is_not_ours_to_give_back() {
        assert!(reclaim([StepState::NotNeeded, StepState::NotNeeded, StepState::NotNeeded]).taken().is_empty());
    }

    #[test]
    fn a_deactivation_that_we_could_not_prove_is_never_undone() {
        let failed = || StepState::Failed { detail: "403".into() };
        let taken = reclaim([failed(), StepState::NotEffective, failed()]).taken();
        assert_eq!((taken.disabled, taken.renamed_to), (false, None));
    }
}
