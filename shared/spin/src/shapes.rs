//! JSON that more than one component answers with.

use seatkeeper_engine::{
    ports::Store,
    state::{self, Outcome, PlanHead, StateError},
    view,
};
use seatkeeper_policy::{Action, Decision, PlannedAccount, SweepId};
use serde::Serialize;

/// Accounts of a plan that one answer holds at most.
pub const MOST_PLANNED: usize = 2_000;

/// A plan with a part of its accounts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlanShape {
    /// The plan itself.
    pub plan: PlanHead,
    /// How its run stands.
    pub outcome: Option<Outcome>,
    /// This page, from 1.
    pub page: usize,
    /// Accounts on a full page.
    pub size: usize,
    /// The accounts, oldest activity first.
    pub accounts: Vec<PlannedShape>,
}

/// One account of a plan.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlannedShape {
    /// Identity.
    pub user_key: String,
    /// User name when the plan was made.
    pub username: String,
    /// Why, in words.
    pub reason: String,
    /// What, in this order, in words.
    pub actions: Vec<String>,
}

impl From<&PlannedAccount> for PlannedShape {
    fn from(account: &PlannedAccount) -> Self {
        let PlannedAccount { key, username, reason, actions } = account;
        Self {
            user_key: key.to_string(),
            username: username.to_string(),
            reason: Decision::Reclaim(reason.clone()).to_string(),
            actions: actions.iter().map(action).collect(),
        }
    }
}

/// An action as an order.
pub fn action(action: &Action) -> String {
    match action {
        Action::RemoveGroup(group) => format!("take out of group {group}"),
        Action::Disable => "deactivate".to_owned(),
        Action::Rename(name) => format!("rename to {name}"),
    }
}

/// One page of a plan, counted from 1; none when there is no such plan.
pub async fn plan(store: &impl Store, id: &SweepId, page: usize, size: usize) -> Result<Option<PlanShape>, StateError> {
    let from = page.saturating_sub(1).saturating_mul(size);
    let Some((plan, accounts)) = view::plan(store, id, from, size).await? else { return Ok(None) };
    let outcome = state::load(store, &state::run(id)).await?.map(|run| run.outcome);
    Ok(Some(PlanShape { plan, outcome, page, size, accounts: accounts.iter().map(PlannedShape::from).collect() }))
}
