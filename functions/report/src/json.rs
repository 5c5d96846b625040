//! The overview for programs: what the engine knows, under stable names.

use crate::{moment::Moment, read};
use seatkeeper_engine::{
    policy_file,
    state::{AlertState, PlanHead, Run, UsagePoint, Work},
    trouble::TroubleAt,
    view,
};
use seatkeeper_policy::{Mode, SeatCount, report::PlanReport};
use serde::Serialize;

/// Everything the first page is made of.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct OverviewShape {
    policy_version: Option<u32>,
    mode: Option<Mode>,
    seats: Option<SeatCount>,
    as_of: Option<Moment>,
    report: Option<PlanReport>,
    phase: &'static str,
    waiting_plan: Option<PlanHead>,
    trouble: Option<TroubleAt>,
    runs: Vec<Run>,
    alerts: AlertState,
    usage: Vec<UsagePoint>,
}

impl From<view::Overview> for OverviewShape {
    fn from(overview: view::Overview) -> Self {
        let seats = read::seats(&overview).map(|(seats, _)| seats);
        let view::Overview { policy, snapshot, checkpoint, runs, waiting, alerts, usage } = overview;
        Self {
            policy_version: policy.as_ref().map(|record| record.version),
            // A policy that this version cannot read is told by the sweep's trouble.
            mode: policy.and_then(|record| policy_file::parse(&record.text).ok()).map(|policy| policy.mode),
            seats,
            as_of: snapshot.as_ref().map(|head| Moment(head.at)),
            report: snapshot.map(|head| head.report),
            phase: match checkpoint.work {
                None => "none",
                Some(Work::Gather(_)) => "gather",
                Some(Work::Await(_)) => "await",
                Some(Work::Apply(_)) => "apply",
                Some(Work::Verify(_)) => "verify",
            },
            waiting_plan: waiting,
            trouble: checkpoint.trouble,
            runs,
            alerts,
            usage,
        }
    }
}

/// The runs for programs.
#[derive(Serialize)]
pub struct RunsShape {
    /// Newest first.
    pub runs: Vec<Run>,
}
