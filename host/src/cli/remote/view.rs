//! What the instance's answers mean to us. Fields that we do not need are not read, so that an instance may say more.

use seatkeeper_engine::state::{Outcome, PlanHead, Run};
use seatkeeper_engine::trouble::TroubleAt;
use seatkeeper_policy::report::PlanReport;
use seatkeeper_policy::{Mode, SeatCount, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::exit::Exit;

/// `GET /report/overview.json`.
#[derive(Debug, Deserialize)]
pub(crate) struct Overview {
    pub(crate) mode: Option<Mode>,
    pub(crate) seats: Option<SeatCount>,
    pub(crate) report: Option<PlanReport>,
    pub(crate) trouble: Option<TroubleAt>,
    #[serde(default)]
    pub(crate) alerts: Alerts,
}

/// Messages to the chat.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Alerts {
    #[serde(default)]
    pub(crate) outbox: Vec<Value>,
}

/// `GET /admin/plans`.
#[derive(Debug, Deserialize)]
pub(crate) struct Plans {
    pub(crate) plans: Vec<Listed>,
}

/// A plan in the administrator's list.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Listed {
    #[serde(flatten)]
    pub(crate) head: PlanHead,
    pub(crate) outcome: Outcome,
}

impl Listed {
    /// Whether an answer to it can be expected to count. The instance has the last word.
    pub(crate) fn open(&self) -> bool {
        match &self.outcome {
            Outcome::AwaitingApproval | Outcome::Quarantined { .. } | Outcome::DryRunPublished => true,
            Outcome::Running
            | Outcome::NothingToDo
            | Outcome::Blocked { .. }
            | Outcome::Rejected { .. }
            | Outcome::Lapsed { .. }
            | Outcome::Stopped
            | Outcome::Applied
            | Outcome::Failed { .. } => false,
        }
    }
}

/// `GET /report/plans/{id}.json`.
#[derive(Debug, Deserialize)]
pub(crate) struct PlanPage {
    pub(crate) plan: PlanHead,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) accounts: Vec<Row>,
}

/// One account of a plan, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Row {
    pub(crate) user_key: String,
    pub(crate) username: String,
    pub(crate) reason: String,
    pub(crate) actions: Vec<String>,
}

/// `GET /report/runs.json`.
#[derive(Debug, Deserialize)]
pub(crate) struct Runs {
    pub(crate) runs: Vec<Run>,
}

/// The exit code that a sweep's state stands for.
pub(crate) fn exit(outcome: Option<&Outcome>, verdict: Option<Verdict>) -> Exit {
    match outcome {
        Some(Outcome::Quarantined { .. }) => Exit::OverCap,
        Some(Outcome::AwaitingApproval | Outcome::DryRunPublished) => match verdict {
            Some(Verdict::OverCap { .. }) => Exit::OverCap,
            Some(Verdict::Incomplete) => Exit::Failed,
            Some(Verdict::Within) | None => Exit::Planned,
        },
        Some(Outcome::Blocked { .. } | Outcome::Failed { .. }) => Exit::Failed,
        Some(
            Outcome::Running
            | Outcome::NothingToDo
            | Outcome::Rejected { .. }
            | Outcome::Lapsed { .. }
            | Outcome::Stopped
            | Outcome::Applied,
        )
        | None => Exit::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_its_exit_code() {
        let over = Verdict::OverCap { planned: 9, limit: 5 };
        for (outcome, verdict, expected) in [
            (Outcome::Running, None, Exit::Done),
            (Outcome::NothingToDo, None, Exit::Done),
            (Outcome::DryRunPublished, Some(Verdict::Within), Exit::Planned),
            (Outcome::DryRunPublished, Some(over), Exit::OverCap),
            (Outcome::DryRunPublished, Some(Verdict::Incomplete), Exit::Failed),
            (Outcome::AwaitingApproval, Some(Verdict::Within), Exit::Planned),
            (Outcome::Quarantined { planned: 9, limit: 5 }, Some(over), Exit::OverCap),
            (Outcome::Blocked { findings: vec![] }, None, Exit::Failed),
            (Outcome::Rejected { by: "me".into() }, None, Exit::Done),
            (Outcome::Lapsed { why: "late".into() }, None, Exit::Done),
            (Outcome::Stopped, None, Exit::Done),
            (Outcome::Applied, Some(Verdict::Within), Exit::Done),
            (Outcome::Failed { code: "x".into(), message: "y".into() }, None, Exit::Failed),
        ] {
            assert_eq!(exit(Some(&outcome), verdict), expected, "{outcome:?}");
        }
        assert_eq!(exit(None, None), Exit::Done);
    }
}
