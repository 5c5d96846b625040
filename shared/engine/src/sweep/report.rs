//! What a tick tells whoever called it.

use crate::{
    state::{Outcome, PlanHead},
    trouble::Trouble,
};
use seatkeeper_policy::SweepId;
use serde::{Deserialize, Serialize};

/// How a tick ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Another runner works.
    Busy,
    /// No sweep is due.
    Idle,
    /// Out of time; the next tick goes on.
    Working,
    /// Waiting for a person, or for Confluence's seat count.
    Waiting,
    /// A sweep came to its end in this tick.
    Finished,
    /// Something went wrong; nothing is lost, see the error.
    Failed,
}

/// What a tick did, for whoever called it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TickReport {
    /// How it ended.
    pub status: Status,
    /// What it was doing: `open`, `gather`, `judge`, `survey`, `await`, `apply`, `verify` or `none`.
    pub phase: String,
    /// The sweep it worked on.
    pub sweep: Option<SweepId>,
    /// Entries read or accounts handled.
    pub done: u64,
    /// Of how many, where that is known.
    pub total: Option<u64>,
    /// How the sweep stands.
    pub outcome: Option<Outcome>,
    /// Its plan.
    pub plan: Option<PlanHead>,
    /// What went wrong.
    pub error: Option<Trouble>,
}

impl TickReport {
    /// What is told of a tick that had no sweep in hand.
    pub(super) fn bare(status: Status, error: Option<Trouble>) -> Self {
        Self { status, phase: "none".into(), sweep: None, done: 0, total: None, outcome: None, plan: None, error }
    }
}
