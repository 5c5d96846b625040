//! The overview for programs: what the engine knows, under stable names.

use crate::{
    exemptions::HORIZON,
    plan::Beside,
    read,
    view::{Forecast, LeftRow},
};
use seatkeeper_console::Moment;
use seatkeeper_engine::{
    policy_file,
    state::{AlertState, OwnedBy, PlanHead, Run, Stop, UsagePoint, Work},
    trouble::TroubleAt,
    view,
};
use seatkeeper_policy::{Instant, Mode, SeatCount, report::PlanReport};
use seatkeeper_spin::shapes::PlanShape;
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
    stop: Option<Stop>,
    lapsing_exemptions: usize,
    waiting_plan: Option<PlanHead>,
    trouble: Option<TroubleAt>,
    runs: Vec<Run>,
    alerts: AlertState,
    usage: Vec<UsagePoint>,
}

impl OverviewShape {
    /// The overview at an instant.
    pub fn new(overview: view::Overview, now: Instant) -> Self {
        let seats = read::seats(&overview).map(|(seats, _)| seats);
        let view::Overview { policy, snapshot, checkpoint, runs, waiting, alerts, usage, stop } = overview;
        // A policy that this version cannot read is told by the sweep's trouble.
        let rules = policy.as_ref().and_then(|record| policy_file::parse(&record.text).ok());
        Self {
            policy_version: policy.as_ref().map(|record| record.version),
            mode: rules.as_ref().map(|policy| policy.mode),
            stop,
            lapsing_exemptions: rules.map_or(0, |policy| policy.lapsing(HORIZON, now).len()),
            seats,
            as_of: snapshot.as_ref().map(|head| Moment(head.at)),
            report: snapshot.map(|head| head.report),
            phase: match checkpoint.work {
                None => "none",
                Some(Work::Gather(_)) => "gather",
                Some(Work::Judge(_)) => "judge",
                Some(Work::Survey(_)) => "survey",
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
    /// Seats that stayed taken, with what each code means; newest run first.
    pub left: Vec<LeftRow>,
}

/// A plan for programs, with what stands beside it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlanJson {
    #[serde(flatten)]
    plan: PlanShape,
    seats: Forecast,
    owned: Vec<OwnedBy>,
    left: Vec<LeftRow>,
}

impl PlanJson {
    /// Both parts as one object.
    pub fn new(plan: PlanShape, beside: Beside) -> Self {
        let Beside { owned, seats, left } = beside;
        Self { plan, seats, owned, left }
    }
}
