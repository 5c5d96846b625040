//! What the pages show, and the JSON about accounts: plain values, apart from the stored shapes so that either may
//! change.

mod account;
mod explanation;

pub use account::*;
pub use explanation::*;

use crate::{
    charts::Chart,
    glance::{Figure, Health},
};
use seatkeeper_console::Moment;
use seatkeeper_engine::state::OwnedBy;
use seatkeeper_policy::{DirectoryTally, Instant, SeatCount};
use seatkeeper_spin::shapes::PlannedShape;
use serde::Serialize;
use std::collections::BTreeMap;

/// The first page.
#[derive(Debug)]
pub struct Overview {
    /// What keeps the sweep from working, if anything.
    pub warning: Option<String>,
    /// What the sweep is doing now.
    pub progress: Option<String>,
    /// Seats as last counted.
    pub seats: Option<Seats>,
    /// How long they will last, in words.
    pub outlook: String,
    /// Usage of the last months.
    pub chart: Chart,
    /// People with a seat.
    pub figures: Vec<Figure>,
    /// How the sweep is.
    pub health: Health,
    /// Whether somebody pulled the switch that stops every write.
    pub stopped: bool,
    /// What somebody has to look at.
    pub reviews: Vec<Review>,
    /// Accounts by decision: keep, warn, hold, reclaim.
    pub states: Vec<Count>,
    /// Accounts by reason.
    pub reasons: Vec<Count>,
    /// Accounts by status in Confluence.
    pub statuses: Vec<Count>,
    /// What the policy asks for and this installation cannot do.
    pub limits: Vec<String>,
    /// What each outside directory said.
    pub directories: BTreeMap<String, DirectoryTally>,
    /// The newest plan.
    pub plan: Option<PlanSummary>,
    /// The newest runs, newest first.
    pub runs: Vec<RunRow>,
}

/// Something that somebody has to look at.
#[derive(Debug)]
pub struct Review {
    /// What.
    pub text: String,
    /// Where it is shown.
    pub href: String,
}

/// Seats at an instant.
#[derive(Debug)]
pub struct Seats {
    /// In use.
    pub used: u32,
    /// Bought; none when the licence is unlimited.
    pub max: Option<u32>,
    /// Left.
    pub free: Option<u32>,
    /// Use in percent of the seats bought.
    pub percent: Option<f64>,
    /// When they were counted.
    pub at: Moment,
}

/// The bar that shows how full the licence is.
#[derive(Debug, PartialEq, Eq)]
pub struct Bar {
    /// Length, of 1000.
    pub width: u32,
    /// `good`, `warn` or `bad`.
    pub level: &'static str,
    /// The same in words.
    pub label: String,
}

impl Seats {
    /// The view of a count.
    pub fn new(seats: SeatCount, at: Instant) -> Self {
        Self { used: seats.used, max: seats.max, free: seats.free(), percent: seats.percent(), at: Moment(at) }
    }

    /// The bar; none for an unlimited licence.
    pub fn bar(&self) -> Option<Bar> {
        let Self { used, max, free: Some(free), percent: Some(percent), at: _ } = self else { return None };
        let max = (*max)?;
        let width = u64::from(*used).saturating_mul(1_000).checked_div(u64::from(max))?.min(1_000);
        let level = match (*free, percent) {
            (0, _) => "bad",
            (_, percent) if *percent >= 90.0 => "warn",
            (_, _) => "good",
        };
        let label = format!("{percent:.1} % of {max} seats used");
        Some(Bar { width: u32::try_from(width).unwrap_or(1_000), level, label })
    }
}

/// How many accounts share a property.
#[derive(Debug)]
pub struct Count {
    /// The property.
    pub code: String,
    /// How many have it.
    pub accounts: u32,
}

/// A plan without its accounts.
#[derive(Debug)]
pub struct PlanSummary {
    /// The sweep that made it.
    pub id: String,
    /// `open`, `quarantined`, `dry-run`, `applied` and so on.
    pub state: &'static str,
    /// How it stands, in words.
    pub outcome: String,
    /// Whether it is within the cap, in words.
    pub verdict: String,
    /// What a person can do now.
    pub next_step: String,
    /// When it was made.
    pub made: Moment,
    /// Until when it can be approved.
    pub expires: Moment,
    /// Accounts in it.
    pub accounts: u32,
    /// What an emergency plan is for.
    pub emergency: Option<String>,
}

impl PlanSummary {
    /// Whether it waits for an answer, so that its page has a form for whoever may approve.
    pub fn can_be_answered(&self) -> bool {
        matches!(self.state, "open" | "quarantined")
    }

    /// Whether it was carried out, so that its page has a form to undo it.
    pub fn was_applied(&self) -> bool {
        self.state == "applied"
    }
}

/// A plan with its accounts.
#[derive(Debug)]
pub struct PlanDetail {
    /// The plan itself.
    pub plan: PlanSummary,
    /// The accounts, oldest activity first.
    pub accounts: Vec<PlannedShape>,
    /// Accounts that this page leaves out.
    pub left_out: u32,
    /// What accounts of the plan own.
    pub owned: Vec<OwnedBy>,
    /// Accounts of which it was looked up.
    pub looked_up: usize,
    /// Seats as predicted and as measured.
    pub seats: Forecast,
    /// Seats that stayed taken.
    pub left: Vec<LeftRow>,
}

/// Seats that a plan should free, and what became of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Forecast {
    /// Seats in use before the first change, or when the plan was made.
    pub before: Option<u32>,
    /// Seats that the plan frees if everything takes effect: one for each account.
    pub predicted: u32,
    /// Seats in use afterwards according to the plan.
    pub predicted_after: Option<u32>,
    /// Accounts whose seat was taken.
    pub reclaimed: u32,
    /// Seats that came free by Confluence's own count; negative when more are in use than before.
    pub measured: Option<i64>,
    /// Seats in use by Confluence's own count, afterwards.
    pub measured_after: Option<u32>,
    /// What the difference means.
    pub diagnosis: Option<&'static str>,
}

/// Seats of one run that stayed taken, by what holds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LeftRow {
    /// The run.
    pub run: String,
    /// Stable word.
    pub code: String,
    /// Seats.
    pub accounts: u32,
    /// What it means.
    pub meaning: &'static str,
}

/// One sweep in a list.
#[derive(Debug)]
pub struct RunRow {
    /// The sweep.
    pub id: String,
    /// When it was opened.
    pub started: Moment,
    /// Mode of the policy then.
    pub mode: &'static str,
    /// A word for programs.
    pub state: &'static str,
    /// How it went, in words.
    pub result: String,
    /// Accounts judged.
    pub accounts: u32,
    /// Accounts in its plan.
    pub planned: u32,
    /// People warned.
    pub warned: u32,
    /// Whether its plan is an emergency plan.
    pub emergency: bool,
    /// Accounts whose seat was taken back.
    pub reclaimed: u32,
    /// Accounts left alone because something had changed.
    pub skipped: u32,
    /// Accounts where something failed.
    pub failed: u32,
    /// Seats before and after, in words.
    pub seats: String,
}

/// Several sweeps.
#[derive(Debug)]
pub struct RunList {
    /// What the sweep is doing now.
    pub progress: Option<String>,
    /// Newest first.
    pub runs: Vec<RunRow>,
    /// Seats that stayed taken, newest run first.
    pub left: Vec<LeftRow>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::now;

    #[test]
    fn the_bar_is_as_long_as_the_licence_is_full_and_never_longer() {
        let bar = |used, max| Seats::new(SeatCount { used, max }, now()).bar();
        for (used, max, width, level) in [
            (0, 500, 0, "good"),
            (449, 500, 898, "good"),
            (450, 500, 900, "warn"),
            (500, 500, 1_000, "bad"),
            (505, 500, 1_000, "bad"),
        ] {
            let bar = bar(used, Some(max)).unwrap();
            assert_eq!((bar.width, bar.level), (width, level), "{used} of {max}");
        }
        assert_eq!(bar(10, None), None);
        assert_eq!(bar(10, Some(0)), None);
    }
}
