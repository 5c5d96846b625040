//! Acting: one account at a time. Read again, write the intent, call, read again, write the outcome. The only part of
//! the sweep that changes anything in Confluence.

use super::{Skip, Status, Step, Tick};
use crate::{
    audit::{self, Act},
    ports::{Clock, ErrorClass, Person, PortError, Rename, Store, Who},
    sources::{Outside, Site},
    state::{self, Apply, Outcome, Tally, Verify, Work},
    trouble::Trouble,
};
use seatkeeper_policy::{
    Action, GroupName, Mode, PlannedAccount, SeatCount, Status as AccountStatus, SweepId, UserKey, Username,
    journal::{Reclaim, Step as JournalStep, StepState},
};
use std::collections::{BTreeMap, BTreeSet};

/// Failed accounts in a row after which Confluence itself is taken to be down.
const BREAKER: u32 = 3;
/// Ticks in a row that may end with an error before the rest of a plan is left alone.
const PATIENCE: u32 = 30;
/// Accounts on one page of a plan, as `decide` writes them.
const PLAN_PAGE: u32 = 500;

/// The work of carrying out a plan, from its first account on.
pub(super) fn begin(plan: SweepId, before: SeatCount, without: BTreeSet<UserKey>) -> Work {
    Work::Apply(Apply { plan, without, next: 0, tally: Tally::default(), before, failures: 0, left: BTreeMap::new() })
}

/// How one account ended.
enum Ended {
    Reclaimed,
    Skipped(Skip),
    Failed(String),
}

impl<S: Store, X: Site, N: Rename, C: Clock, D: Outside> Tick<'_, S, X, N, C, D> {
    /// Handles the next account of the plan.
    pub(super) async fn apply(&mut self) -> Result<Step, Trouble> {
        let Some(Work::Apply(mut apply)) = self.at.work.clone() else { return Ok(Step::Again) };
        let store = self.ports.store;
        // The policy is read anew before each account: setting it to dry run is the switch that stops everything.
        (self.record, self.policy) = crate::policy_file::in_force(store).await?;
        if self.policy.mode == Mode::DryRun {
            return self.end(&apply, Some(Outcome::Stopped)).await;
        }
        if self.stopped().await? {
            return Ok(Status::waiting());
        }
        let Some(planned) = self.planned(&apply).await? else {
            return self.end(&apply, None).await;
        };
        let struck = apply.without.contains(&planned.key);
        let ended = match if struck { Ok(Ended::Skipped(Skip::Struck)) } else { self.one(&apply.plan, &planned).await }
        {
            Ok(ended) => {
                self.misses = 0;
                ended
            }
            Err(trouble) => {
                self.misses += 1;
                let about_all = ["store-failed", "read-only-site"].contains(&trouble.code.as_str());
                let patient = trouble.may_pass() && self.misses < BREAKER && !about_all;
                if !patient {
                    return self.stumble(apply, trouble).await;
                }
                // Perhaps this account is difficult; the same one is tried again at once, and each step of it is safe to repeat.
                return Ok(Step::Again);
            }
        };
        let (act, detail) = match &ended {
            Ended::Reclaimed => ("reclaimed", format!("{:?}", planned.actions)),
            Ended::Skipped(skip) => ("reclaim-skipped", skip.why().to_owned()),
            Ended::Failed(why) => ("reclaim-failed", why.clone()),
        };
        let id = format!("{}:{}", apply.plan, planned.key);
        let act = Act { id, actor: "sweep", act, subject: planned.key.as_str(), detail };
        audit::append(store, "sweep", act, self.ports.clock.now()).await?;
        let journal = state::load(store, &state::reclaim(&planned.key)).await?;
        let skipped = match &ended {
            Ended::Skipped(skip) => Some(skip.code()),
            Ended::Reclaimed | Ended::Failed(_) => None,
        };
        // The totals are part of the checkpoint, so they move together with the next account and never twice.
        self.at.tallies.reclaim(journal.as_ref().filter(|journal| journal.sweep == apply.plan), skipped);
        if let Some(left) = journal.and_then(|reclaim| reclaim.left)
            && skipped.is_none()
        {
            *apply.left.entry(left).or_default() += 1;
        }
        match ended {
            Ended::Reclaimed => apply.tally.reclaimed += 1,
            Ended::Skipped(_) => apply.tally.skipped += 1,
            Ended::Failed(_) => apply.tally.failed += 1,
        }
        apply.next += 1;
        apply.failures = 0;
        self.at.work = Some(Work::Apply(apply));
        self.save().await?;
        Ok(Step::Again)
    }

    /// The next account of the plan. A plan never changes, so its page is read once in a tick.
    async fn planned(&mut self, apply: &Apply) -> Result<Option<PlannedAccount>, Trouble> {
        let number = apply.next / PLAN_PAGE;
        if self.page.as_ref().is_none_or(|(known, _)| *known != number) {
            let page = state::load(self.ports.store, &state::plan_page(&apply.plan, number)).await?;
            self.page = Some((number, page.unwrap_or_default()));
        }
        let index = usize::try_from(apply.next % PLAN_PAGE).unwrap_or_default();
        Ok(self.page.as_ref().and_then(|(_, page)| page.get(index)).cloned())
    }

    async fn stumble(&mut self, mut apply: Apply, trouble: Trouble) -> Result<Step, Trouble> {
        // Maintenance ends by itself, however long it takes.
        apply.failures += u32::from(trouble.code != "read-only-site");
        if apply.failures >= PATIENCE {
            let (code, message) = (trouble.code.clone(), trouble.message.clone());
            self.end(&apply, Some(Outcome::Failed { code, message })).await?;
        } else {
            self.at.work = Some(Work::Apply(apply));
            self.save().await?;
        }
        Err(trouble)
    }

    async fn end(&mut self, apply: &Apply, outcome: Option<Outcome>) -> Result<Step, Trouble> {
        let tally = apply.tally;
        let verify = Verify {
            plan: apply.plan.clone(),
            applied: self.ports.clock.now(),
            tally,
            before: apply.before,
            left: apply.left.clone(),
        };
        self.record(&apply.plan, |run| {
            run.tally = tally;
            run.before = Some(apply.before);
            if let Some(outcome) = outcome {
                run.outcome = outcome;
            }
        })
        .await?;
        self.at.work = Some(Work::Verify(verify));
        self.save().await?;
        Ok(Step::Again)
    }

    /// One account. An error means that nothing is known about it now and that it is tried again; everything that is
    /// known to have gone wrong is an outcome instead.
    async fn one(&self, plan: &SweepId, planned: &PlannedAccount) -> Result<Ended, Trouble> {
        let store = self.ports.store;
        let journal = state::reclaim(&planned.key);
        let earlier = state::load(store, &journal).await?;
        let mut came_back = false;
        let mut name = planned.username.clone();
        let mut reclaim = match earlier {
            // A crash or an error in the middle: what was intended is done again, whatever the account looks like now,
            // unless the person came back in the meantime. Then the journal is only brought to its end.
            Some(reclaim) if reclaim.sweep == *plan && reclaim.finished.is_none() => {
                came_back = self.logged_in(planned).await? || self.given_back(&reclaim).await?;
                // Its name may be another person's by now.
                if let Some(person) = self.ports.confluence.account(Who::Key(&planned.key)).await? {
                    name = person.username;
                }
                reclaim
            }
            Some(reclaim) if reclaim.sweep == *plan => return Ok(ended(&reclaim)),
            earlier => {
                let begun = self.begin_reclaim(plan, planned, earlier).await?;
                // Another runner may have begun with the same account meanwhile; its journal saw more of it.
                match state::load(store, &journal).await?.filter(|other| other.sweep == *plan) {
                    Some(other) if other.finished.is_some() => return Ok(ended(&other)),
                    Some(other) => other,
                    None => match begun {
                        Ok(reclaim) => {
                            state::save(store, &journal, &reclaim).await?;
                            reclaim
                        }
                        Err(why) => return Ok(Ended::Skipped(why)),
                    },
                }
            }
        };
        let mut failures: Vec<(usize, PortError)> = Vec::new();
        for (index, step) in reclaim.steps.iter().enumerate() {
            if came_back || step.state != StepState::Intended {
                continue;
            }
            if let Err(error) = self.call(&reclaim.key, &name, &step.action).await {
                match error.class {
                    // Repeating is safe, and the answer says nothing about this account.
                    ErrorClass::Unauthorized | ErrorClass::Throttled | ErrorClass::Retryable | ErrorClass::Endless => {
                        return Err(error.into());
                    }
                    // A refusal may be about the whole site, and then it says nothing about this account either.
                    ErrorClass::Refused if self.ports.confluence.read_only().await? => {
                        return Err(Trouble::read_only_site());
                    }
                    ErrorClass::Refused | ErrorClass::Gone | ErrorClass::Malformed => failures.push((index, error)),
                }
            }
        }
        let after = self.ports.confluence.account(Who::Key(&planned.key)).await?;
        let groups = match &after {
            Some(_) => self.ports.confluence.groups_of(&planned.key).await?,
            None => BTreeSet::new(),
        };
        for (index, step) in reclaim.steps.iter_mut().enumerate() {
            if step.state != StepState::Intended {
                continue;
            }
            let effective = match (&step.action, &after) {
                (_, None) => true,
                (Action::RemoveGroup(group), Some(_)) => !groups.contains(group),
                // Without its groups an account is unlicensed, which looks like a success and is none.
                (Action::Disable, Some(person)) => {
                    matches!(person.status, AccountStatus::Deactivated | AccountStatus::ExternallyDeleted)
                }
                (Action::Rename(name), Some(person)) => person.username == *name,
            };
            step.state = match failures.iter().find(|(failed, _)| *failed == index) {
                _ if effective => StepState::Done,
                Some((_, error)) => StepState::Failed { detail: error.to_string() },
                None => StepState::NotEffective,
            };
        }
        reclaim.left = self.holder(&reclaim, after.as_ref(), &groups);
        reclaim.finished = Some(self.ports.clock.now());
        state::save(store, &journal, &reclaim).await?;
        if came_back {
            return Ok(Ended::Skipped(Skip::CameBack));
        }
        Ok(ended(&reclaim))
    }

    /// What still holds the seat after everything was done, as far as the account itself shows it.
    fn holder(&self, reclaim: &Reclaim, after: Option<&Person>, groups: &BTreeSet<GroupName>) -> Option<String> {
        after.filter(|person| person.status == AccountStatus::Current)?;
        let step = |wanted: fn(&StepState) -> bool| reclaim.steps.iter().any(|step| wanted(&step.state));
        let word = if step(|state| matches!(state, StepState::Failed { .. })) {
            "refused"
        } else if step(|state| matches!(state, StepState::NotEffective)) {
            "silent-204"
        } else if groups.iter().any(|group| self.policy.administrator_groups.contains(group)) {
            "administrator"
        } else if groups.iter().any(|group| self.policy.licence_groups.contains(group)) {
            "nested"
        } else {
            // In no group that gives a seat and yet active with one: a duplicate, a grant to the account itself, or a
            // status that Confluence has not worked out anew.
            "duplicate-or-cache"
        };
        Some(word.to_owned())
    }

    async fn call(&self, key: &UserKey, name: &Username, action: &Action) -> Result<(), PortError> {
        match action {
            Action::RemoveGroup(group) => self.ports.confluence.remove_from_group(name, group).await,
            Action::Disable => self.ports.confluence.disable(name).await,
            Action::Rename(new) => {
                // After a crash the account may carry the new name already; renaming it again would be refused.
                let now = self.ports.confluence.account(Who::Key(key)).await?;
                match now {
                    Some(person) if person.username == *new => Ok(()),
                    Some(person) => self.ports.rename.rename(&person.username, new).await,
                    None => Ok(()),
                }
            }
        }
    }

    /// Reads the account again just before the first write. Anything that changed since the plan was made leaves it
    /// alone; the next sweep will judge it anew.
    async fn begin_reclaim(
        &self,
        plan: &SweepId,
        planned: &PlannedAccount,
        earlier: Option<Reclaim>,
    ) -> Result<Result<Reclaim, Skip>, Trouble> {
        let now = self.ports.clock.now();
        let Some(person) = self.ports.confluence.account(Who::Key(&planned.key)).await? else {
            return Ok(Err(Skip::Gone));
        };
        if person.username != planned.username {
            return Ok(Err(Skip::Renamed));
        }
        if person.status != AccountStatus::Current {
            return Ok(Err(Skip::NotActive));
        }
        let groups = self.ports.confluence.groups_of(&planned.key).await?;
        if let Some(why) = self.protected_now(planned, &groups).await? {
            return Ok(Err(why));
        }
        let steps: Vec<JournalStep> = planned
            .actions
            .iter()
            .map(|action| {
                let needed = match action {
                    Action::RemoveGroup(group) => groups.contains(group),
                    Action::Disable | Action::Rename(_) => true,
                };
                let state = if needed { StepState::Intended } else { StepState::NotNeeded };
                JournalStep { action: action.clone(), state }
            })
            .collect();
        let some_group =
            steps.iter().any(|step| matches!(step.action, Action::RemoveGroup(_)) && step.state == StepState::Intended);
        if !some_group {
            return Ok(Err(Skip::NoGroup));
        }
        let more = groups.iter().find(|group| {
            let taken = |action: &Action| matches!(action, Action::RemoveGroup(taken) if taken == *group);
            self.policy.licence_groups.contains(*group) && !planned.actions.iter().any(taken)
        });
        if more.is_some() {
            return Ok(Err(Skip::MoreGroups));
        }
        if let Some(why) = self.returned(planned, &person, &groups).await? {
            return Ok(Err(why));
        }
        if let Some(why) = self.contributed(planned).await? {
            return Ok(Err(why));
        }
        let (carried, again) = match earlier {
            Some(earlier) if !self.given_back(&earlier).await? => {
                let again = earlier.again + u32::from(earlier.effective());
                (earlier.taken().groups, again)
            }
            Some(_) | None => (BTreeSet::new(), 0),
        };
        Ok(Ok(Reclaim {
            sweep: plan.clone(),
            key: planned.key.clone(),
            username: planned.username.clone(),
            reason: planned.reason.clone(),
            started: now,
            finished: None,
            steps,
            carried,
            again,
            left: None,
        }))
    }
}

fn ended(reclaim: &Reclaim) -> Ended {
    if reclaim.effective() {
        return Ended::Reclaimed;
    }
    let problems: Vec<String> = reclaim
        .steps
        .iter()
        .filter_map(|step| match &step.state {
            StepState::NotEffective => Some(format!(
                "{:?} was accepted and changed nothing: the directory may be read-only or the membership inherited",
                step.action
            )),
            StepState::Failed { detail } => Some(format!("{:?}: {detail}", step.action)),
            StepState::Intended => Some(format!("{:?} has no outcome", step.action)),
            StepState::Done | StepState::NotNeeded => None,
        })
        .collect();
    Ended::Failed(problems.join("; "))
}
