//! What planned accounts own: looked up before anybody is asked to approve, so that nobody finds an ownerless space
//! afterwards. It never stops a plan; what could not be found out is said.

use super::{Step, Tick};
use crate::{
    ports::{Clock, Rename, Store},
    sources::{Outside, Owned, Site},
    state::{self, OwnedBy, Survey, Work},
    trouble::Trouble,
};
use chrono::TimeDelta;
use seatkeeper_policy::SweepId;

/// Accounts looked up for one plan. A plan above that is in quarantine in any case, and the list is cut.
const MOST: usize = 300;
/// Accounts looked up at once.
const FAN: usize = 8;
/// What was found for an equal plan holds for so long.
const FRESH: TimeDelta = TimeDelta::days(7);

impl<S: Store, X: Site, N: Rename, C: Clock, D: Outside> Tick<'_, S, X, N, C, D> {
    /// Looks up the next accounts of the plan.
    pub(super) async fn survey(&mut self) -> Result<Step, Trouble> {
        let Some(Work::Survey(survey)) = self.at.work.clone() else { return Ok(Step::Again) };
        let store = self.ports.store;
        if survey.next == 0 && self.same_as_before(&survey.plan).await? {
            return self.settle(survey).await;
        }
        let from = usize::try_from(survey.next).unwrap_or(usize::MAX);
        let planned = match crate::view::plan(store, &survey.plan, from, FAN.min(MOST.saturating_sub(from))).await? {
            Some((_, planned)) => planned,
            None => Vec::new(),
        };
        if planned.is_empty() || matches!(survey.outcome, state::Outcome::Blocked { .. }) {
            if let (Some(head), true) = (state::load(store, &state::plan(&survey.plan)).await?, survey.next > 0) {
                self.at.surveyed = Some((survey.plan.clone(), head.hash, self.ports.clock.now()));
            }
            return self.settle(survey).await;
        }
        let confluence = self.ports.confluence;
        let looks = planned.iter().map(|account| confluence.owned(&account.key, &account.username));
        let answers = futures::future::join_all(looks).await;
        let mut list = state::load(store, &state::owned(&survey.plan)).await?.unwrap_or_default();
        list.truncate(from);
        for (account, answer) in planned.iter().zip(answers) {
            let (owned, problem) = match answer {
                Ok(owned) => (owned, None),
                Err(error) => (Owned::default(), Some(error.to_string())),
            };
            list.push(OwnedBy { key: account.key.clone(), username: account.username.clone(), owned, problem });
        }
        state::save(store, &state::owned(&survey.plan), &list).await?;
        let next = survey.next + u32::try_from(planned.len()).unwrap_or_default();
        self.at.work = Some(Work::Survey(Survey { next, ..survey }));
        self.save().await?;
        Ok(Step::Again)
    }

    /// Takes over what was found for an equal plan not long ago: most plans of a dry run are those of the day before, and
    /// asking again would cost more requests than the whole sweep.
    async fn same_as_before(&self, plan: &SweepId) -> Result<bool, Trouble> {
        let store = self.ports.store;
        let Some((before, hash, at)) = &self.at.surveyed else { return Ok(false) };
        let Some(head) = state::load(store, &state::plan(plan)).await? else { return Ok(false) };
        let age = self.ports.clock.now() - *at;
        if head.hash != *hash || age > FRESH || age < TimeDelta::zero() {
            return Ok(false);
        }
        let Some(list) = state::load(store, &state::owned(before)).await? else { return Ok(false) };
        if list.iter().any(|entry| entry.problem.is_some()) {
            return Ok(false);
        }
        state::save(store, &state::owned(plan), &list).await?;
        Ok(true)
    }
}
