//! One plan: what it would do, what its accounts own, and what became of their seats.

use crate::{
    read,
    view::{Forecast, LeftRow, PlanDetail, PlanSummary},
    words,
};
use seatkeeper_console::Moment;
use seatkeeper_engine::{
    ports::Store,
    state::{self, Outcome, OwnedBy, PlanHead, Run, StateError},
};
use seatkeeper_policy::{Instant, SeatCount};
use seatkeeper_spin::shapes::PlanShape;

/// What stands beside a plan.
pub struct Beside {
    /// What its accounts own, as far as it was looked up.
    pub owned: Vec<OwnedBy>,
    /// Seats as predicted and as measured.
    pub seats: Forecast,
    /// Seats that stayed taken.
    pub left: Vec<LeftRow>,
}

/// Reads what stands beside a plan.
pub async fn beside(store: &impl Store, plan: &PlanHead) -> Result<Beside, StateError> {
    let run = state::load(store, &state::run(&plan.id)).await?;
    let judged = read::head(store).await?.filter(|head| head.pages.sweep == plan.id).map(|head| head.seats);
    Ok(Beside {
        owned: state::load(store, &state::owned(&plan.id)).await?.unwrap_or_default(),
        seats: forecast(plan.accounts, run.as_ref(), judged),
        left: run.as_ref().map(left).unwrap_or_default(),
    })
}

/// Predicted and measured: each account of a plan holds one seat.
fn forecast(predicted: u32, run: Option<&Run>, judged: Option<SeatCount>) -> Forecast {
    let before = run.and_then(|run| run.before).or(judged).map(|seats| seats.used);
    let measured_after = run.and_then(|run| run.after).map(|seats| seats.used);
    Forecast {
        before,
        predicted,
        predicted_after: before.map(|used| used.saturating_sub(predicted)),
        reclaimed: run.map_or(0, |run| run.tally.reclaimed),
        measured: before.zip(measured_after).map(|(before, after)| i64::from(before) - i64::from(after)),
        measured_after,
        diagnosis: run.and_then(|run| run.diagnosis).map(words::diagnosis),
    }
}

/// One plan with its accounts, as a page.
pub fn detail(shape: PlanShape, beside: Beside, now: Instant) -> PlanDetail {
    let PlanShape { plan, outcome, page: _, size: _, accounts } = shape;
    let Beside { owned, seats, left } = beside;
    // A plan without its run is one that the sweep is just publishing.
    let outcome = outcome.unwrap_or(Outcome::Running);
    let shown = u32::try_from(accounts.len()).unwrap_or(u32::MAX);
    let looked_up = owned.len();
    // Most accounts own nothing, and a line that says so would hide those that do.
    let tells = |owned: &OwnedBy| {
        owned.problem.is_some() || owned.owned.personal_space.is_some() || !owned.owned.sole_administrator_of.is_empty()
    };
    PlanDetail {
        plan: summary(&plan, &outcome, now),
        left_out: plan.accounts.saturating_sub(shown),
        accounts,
        owned: owned.into_iter().filter(tells).collect(),
        looked_up,
        seats,
        left,
    }
}

/// A plan without its accounts.
pub fn summary(plan: &PlanHead, outcome: &Outcome, now: Instant) -> PlanSummary {
    PlanSummary {
        id: plan.id.to_string(),
        state: words::state(outcome, Some(plan.expires), now),
        outcome: words::outcome(outcome),
        verdict: words::verdict(plan.verdict),
        next_step: words::next_step(plan, outcome, now),
        made: Moment(plan.made),
        expires: Moment(plan.expires),
        accounts: plan.accounts,
        emergency: plan.emergency.map(words::emergency),
    }
}

/// Seats of a run that stayed taken, most first.
pub fn left(run: &Run) -> Vec<LeftRow> {
    let row = |(code, accounts): (&String, &u32)| LeftRow {
        run: run.id.to_string(),
        code: code.clone(),
        accounts: *accounts,
        meaning: words::left(code),
    };
    let mut rows: Vec<LeftRow> = run.left.iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.accounts));
    rows
}
