//! From what the engine knows to what the pages show.

use crate::{
    charts, exemptions,
    filter::Filter,
    glance, handover,
    plan::{left, summary},
    populations,
    view::{AccountList, AccountRow, Count, Overview, Review, RunList, RunRow, Seats},
    words,
};
use seatkeeper_console::Moment;
use seatkeeper_engine::{
    listing, policy_file,
    ports::Store,
    state::{self, Outcome, Run, SnapshotHead, StateError, Work},
    view as engine,
};
use seatkeeper_policy::{Instant, Policy, SeatCount, SweepId, forecast::forecast, report::PlanReport};
use std::collections::BTreeMap;

/// Runs on the first page.
pub const FEW_RUNS: usize = 5;
/// Runs on their own page.
pub const ALL_RUNS: usize = 100;

/// Months of usage on the first page.
const MONTHS: u32 = 6;

/// Seats that did not come free, on the page of the runs: the newest; the JSON has all.
const LEFT: usize = 100;

const NO_POLICY: &str = "No policy is set, so nothing is done. Send one with PUT /admin/policy.";
const UNREADABLE: &str =
    "The stored policy is not valid for this version. Send a corrected one with PUT /admin/policy.";

/// The newest complete snapshot.
pub async fn head(store: &impl Store) -> Result<Option<SnapshotHead>, StateError> {
    state::load(store, &state::snapshot_current()).await
}

/// The policy in force.
pub struct InForce {
    /// Its version and rules, if there is one that this version can read.
    pub policy: Option<(u32, Policy)>,
    /// Why there is none.
    pub problem: Option<&'static str>,
}

/// The policy in force.
pub async fn policy(store: &impl Store) -> Result<InForce, StateError> {
    let Some(record) = state::load(store, &state::policy()).await? else {
        return Ok(InForce { policy: None, problem: Some(NO_POLICY) });
    };
    Ok(match policy_file::parse(&record.text) {
        Ok(policy) => InForce { policy: Some((record.version, policy)), problem: None },
        Err(_) => InForce { policy: None, problem: Some(UNREADABLE) },
    })
}

/// The first page.
pub async fn overview(store: &impl Store, now: Instant) -> Result<Overview, StateError> {
    let read = engine::overview(store, FEW_RUNS, MONTHS, now).await?;
    let counts_of_seats = read.usage.iter().map(|point| (point.at, point.seats));
    let forecast = forecast(counts_of_seats, now);
    let plan = match read.runs.iter().find(|run| run.planned > 0) {
        Some(run) => state::load(store, &state::plan(&run.id)).await?.map(|plan| summary(&plan, &run.outcome, now)),
        None => None,
    };
    let warning = match (&read.checkpoint.trouble, &read.policy) {
        (Some(met), _) => Some(format!("The sweep cannot go on since {}: {}", Moment(met.at), met.trouble)),
        (None, None) => Some(NO_POLICY.to_owned()),
        (None, Some(_)) => None,
    };
    let policy = read.policy.as_ref().and_then(|record| policy_file::parse(&record.text).ok());
    let report = read.snapshot.as_ref().map(|head| head.report.clone()).unwrap_or_default();
    let mut states = BTreeMap::new();
    for (code, accounts) in &report.decisions {
        let word = code.split('/').next().unwrap_or_default();
        *states.entry(word.to_owned()).or_default() += accounts;
    }
    Ok(Overview {
        warning,
        reviews: waiting(&read, now).into_iter().chain(reviews(policy.as_ref(), &report, now)).collect(),
        // A plan that waits is among what has to be looked at.
        progress: read.checkpoint.work.as_ref().filter(|work| !matches!(work, Work::Await(_))).map(words::progress),
        seats: seats(&read).map(|(seats, at)| Seats::new(seats, at)),
        outlook: glance::outlook(&read, forecast.as_ref()),
        chart: charts::usage(&charts::days(&read.usage), forecast.as_ref()),
        figures: read.snapshot.as_ref().map(|head| glance::figures(&head.report, now)).unwrap_or_default(),
        health: glance::health(&read, policy.as_ref(), now),
        stopped: read.stop.is_some(),
        states: counts(states),
        reasons: counts(report.decisions),
        statuses: counts(report.statuses),
        directories: report.directories,
        limits: report.limits,
        plan,
        runs: rows(store, &read.runs, now).await?,
    })
}

/// The plan that waits for an answer, as something to be looked at.
fn waiting(read: &engine::Overview, now: Instant) -> Option<Review> {
    let plan = read.waiting.as_ref().filter(|plan| plan.expires > now)?;
    let quarantined =
        read.runs.iter().any(|run| run.id == plan.id && matches!(run.outcome, Outcome::Quarantined { .. }));
    let text = if quarantined {
        format!("A plan is in quarantine: it would take {} seats, more than the cap allows.", plan.accounts)
    } else {
        format!("A plan waits for approval until {}: it would take {} seats.", Moment(plan.expires), plan.accounts)
    };
    Some(Review { text, href: format!("/report/plans/{}", plan.id) })
}

/// What somebody has to look at.
fn reviews(policy: Option<&Policy>, report: &PlanReport, now: Instant) -> Vec<Review> {
    let lapsing = policy.map_or(0, |policy| policy.lapsing(exemptions::HORIZON, now).len());
    let lapsing = u32::try_from(lapsing).unwrap_or(u32::MAX);
    let held = |code: &str| report.decisions.get(code).copied().unwrap_or_default();
    let disputed = held("hold/policies-conflict") + held("hold/population-unknown");
    let (contradicted, silent) = (held("hold/left-but-active"), held("hold/directory-unknown"));
    let undeliverable = held("warn/undeliverable");
    let named = |count: u32, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    [
        (
            lapsing,
            format!(
                "{} within {} days or ended already.",
                named(lapsing, "exemption ends", "exemptions end"),
                exemptions::HORIZON
            ),
            exemptions::PATH,
        ),
        (
            held("hold/cannot-free"),
            format!(
                "{} a seat that cannot be freed from here.",
                named(held("hold/cannot-free"), "account keeps", "accounts keep")
            ),
            handover::PATH,
        ),
        (
            disputed,
            format!(
                "{} held because it is not clear which rules apply.",
                named(disputed, "account is", "accounts are")
            ),
            populations::PATH,
        ),
        (
            contradicted,
            format!(
                "{} in use although a directory says that the person has left.",
                named(contradicted, "account is", "accounts are")
            ),
            "/report/accounts?decision=hold%2Fleft-but-active",
        ),
        (
            silent,
            format!("{} held because a directory did not answer.", named(silent, "account is", "accounts are")),
            "/report/accounts?decision=hold%2Fdirectory-unknown",
        ),
        (
            undeliverable,
            format!("{} not be warned.", named(undeliverable, "account could", "accounts could")),
            "/report/accounts?decision=warn%2Fundeliverable",
        ),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(_, text, href)| Review { text, href: href.to_owned() })
    .collect()
}

/// The newest count of seats: from the sweep that judged, or from the end of what it carried out.
pub fn seats(overview: &engine::Overview) -> Option<(SeatCount, Instant)> {
    let judged = overview.snapshot.as_ref().map(|head| (head.seats, head.at));
    let applied = overview.runs.iter().filter_map(|run| Some((run.after?, run.at)));
    judged.into_iter().chain(applied).max_by_key(|(_, at)| *at)
}

/// The plan that somebody will want to see: the one that waits or is being carried out, else the newest.
pub async fn newest_plan(store: &impl Store) -> Result<Option<SweepId>, StateError> {
    let work = state::load(store, &state::checkpoint()).await?.and_then(|at| at.work);
    if let Some(Work::Await(plan)) = work {
        return Ok(Some(plan));
    }
    let runs = engine::runs(store, ALL_RUNS).await?;
    Ok(runs.into_iter().find(|run| run.planned > 0).map(|run| run.id))
}

/// The newest runs.
pub async fn runs(store: &impl Store, now: Instant) -> Result<RunList, StateError> {
    let runs = engine::runs(store, ALL_RUNS).await?;
    let work = state::load(store, &state::checkpoint()).await?.and_then(|at| at.work);
    let progress = work.filter(|work| !matches!(work, Work::Await(_))).as_ref().map(words::progress);
    Ok(RunList {
        progress,
        left: runs.iter().flat_map(left).take(LEFT).collect(),
        runs: rows(store, &runs, now).await?,
    })
}

/// Runs as rows; whether a plan is an emergency plan stands with the plan.
async fn rows(store: &impl Store, runs: &[Run], now: Instant) -> Result<Vec<RunRow>, StateError> {
    let mut rows = Vec::with_capacity(runs.len());
    for run in runs {
        let plan = if run.planned > 0 { state::load(store, &state::plan(&run.id)).await? } else { None };
        rows.push(RunRow { emergency: plan.is_some_and(|plan| plan.emergency.is_some()), ..row(run, now) });
    }
    Ok(rows)
}

/// One page of the accounts that match.
pub async fn accounts(
    store: &impl Store,
    head: Option<&SnapshotHead>,
    filter: &Filter,
    now: Instant,
) -> Result<AccountList, StateError> {
    let Filter { page, size, .. } = *filter;
    let Some(head) = head else {
        let accounts = Vec::new();
        return Ok(AccountList { sweep: None, as_of: None, known: 0, total: 0, page, size, pages: 0, accounts });
    };
    let found = listing::accounts(store, head, &filter.wanted(now), filter.part()).await?;
    Ok(AccountList {
        sweep: Some(head.pages.sweep.to_string()),
        as_of: Some(Moment(head.at)),
        known: head.report.accounts,
        total: found.total,
        page,
        size,
        pages: found.total.div_ceil(size),
        accounts: found.accounts.iter().map(|judged| AccountRow::new(judged, now)).collect(),
    })
}

fn row(run: &Run, now: Instant) -> RunRow {
    RunRow {
        id: run.id.to_string(),
        started: Moment(run.opened),
        mode: words::mode(run.mode),
        state: words::state(&run.outcome, None, now),
        result: words::outcome(&run.outcome),
        accounts: run.report.as_ref().map_or(0, |report| report.accounts),
        planned: run.planned,
        warned: run.warned,
        emergency: false,
        reclaimed: run.tally.reclaimed,
        skipped: run.tally.skipped,
        failed: run.tally.failed,
        seats: words::seats(run),
    }
}

fn counts(counts: BTreeMap<String, u32>) -> Vec<Count> {
    counts.into_iter().map(|(code, accounts)| Count { code, accounts }).collect()
}
