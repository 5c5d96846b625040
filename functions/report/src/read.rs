//! From what the engine knows to what the pages show.

use crate::{
    filter::Filter,
    moment::Moment,
    view::{
        AccountList, AccountRow, Count, Event, Explanation, Fact, Overview, PlanDetail, PlanSummary, RunRow, Runs,
        Seats,
    },
    words,
};
use seatkeeper_engine::{
    ports::Store,
    state::{self, Outcome, PlanHead, Run, SnapshotHead, StateError},
    view as engine,
};
use seatkeeper_policy::{Decision, Instant, SeatCount, UserKey, journal::Reclaim, restore::Restore};
use seatkeeper_spin::shapes::{self, PlanShape};
use std::collections::BTreeMap;

/// Runs on the first page.
pub const FEW_RUNS: usize = 5;
/// Runs on their own page.
pub const ALL_RUNS: usize = 100;

/// The newest complete snapshot.
pub async fn head(store: &impl Store) -> Result<Option<SnapshotHead>, StateError> {
    state::load(store, &state::snapshot_current()).await
}

/// The first page.
pub async fn overview(store: &impl Store, now: Instant) -> Result<Overview, StateError> {
    let read = engine::overview(store, FEW_RUNS, 0, now).await?;
    let plan = match read.runs.iter().find(|run| run.planned > 0) {
        Some(run) => state::load(store, &state::plan(&run.id)).await?.map(|plan| summary(&plan, &run.outcome, now)),
        None => None,
    };
    let warning = match (&read.checkpoint.trouble, &read.policy) {
        (Some(met), _) => Some(format!("The sweep cannot go on since {}: {}", Moment(met.at), met.trouble)),
        (None, None) => Some("No policy is set, so nothing is done. Send one with PUT /admin/policy.".to_owned()),
        (None, Some(_)) => None,
    };
    let report = read.snapshot.as_ref().map(|head| head.report.clone()).unwrap_or_default();
    let mut states = BTreeMap::new();
    for (code, accounts) in &report.decisions {
        let word = code.split('/').next().unwrap_or_default();
        *states.entry(word.to_owned()).or_default() += accounts;
    }
    Ok(Overview {
        warning,
        progress: read.checkpoint.work.as_ref().map(words::progress),
        seats: seats(&read).map(|(seats, at)| Seats::new(seats, at)),
        states: counts(states),
        reasons: counts(report.decisions),
        statuses: counts(report.statuses),
        limits: report.limits,
        plan,
        runs: read.runs.iter().map(|run| row(run, now)).collect(),
    })
}

/// The newest count of seats: from the sweep that judged, or from the end of what it carried out.
pub fn seats(overview: &engine::Overview) -> Option<(SeatCount, Instant)> {
    let judged = overview.snapshot.as_ref().map(|head| (head.seats, head.at));
    let applied = overview.runs.iter().filter_map(|run| Some((run.after?, run.at)));
    judged.into_iter().chain(applied).max_by_key(|(_, at)| *at)
}

/// The newest runs.
pub async fn runs(store: &impl Store, now: Instant) -> Result<Runs, StateError> {
    let runs = engine::runs(store, ALL_RUNS).await?;
    Ok(Runs { runs: runs.iter().map(|run| row(run, now)).collect() })
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
    let found = engine::accounts(store, head, &filter.wanted(), page - 1, size, now).await?;
    Ok(AccountList {
        sweep: Some(head.pages.sweep.to_string()),
        as_of: Some(Moment(head.at)),
        known: head.report.accounts,
        total: found.total,
        page,
        size,
        pages: found.total.div_ceil(size),
        accounts: found.items.iter().map(|judged| AccountRow::new(judged, now)).collect(),
    })
}

/// One account, by user name or key.
pub async fn explain(store: &impl Store, who: &str, now: Instant) -> Result<Option<Explanation>, StateError> {
    let Some(found) = engine::explain(store, who).await? else { return taken(store, who).await };
    let row = AccountRow::new(&found.judged, now);
    let parts = [found.restore.as_ref(), found.undo.as_ref()];
    Ok(Some(Explanation {
        username: row.username.clone(),
        lines: found.lines(),
        as_of: Some(Moment(found.as_of)),
        facts: facts(&found, &row),
        history: history(found.reclaim.as_ref(), parts, found.login),
        account: Some(row),
        reclaim: found.reclaim,
        restore: found.restore,
        undo: found.undo,
        login: found.login.map(Moment),
    }))
}

/// An account that the newest sweep did not see, because it lost its seat in an earlier run: found in the plans.
async fn taken(store: &impl Store, who: &str) -> Result<Option<Explanation>, StateError> {
    let Some(key) = planned(store, who).await? else { return Ok(None) };
    let Some(reclaim) = state::load(store, &state::reclaim(&key)).await?.filter(|reclaim| reclaim.key == key) else {
        return Ok(None);
    };
    let restore = state::load(store, &state::restore(&key)).await?;
    let undo = state::load(store, &state::undo(&key)).await?;
    let login = state::load(store, &state::login(&key)).await?.map(|login| login.at);
    let history = history(Some(&reclaim), [restore.as_ref(), undo.as_ref()], login);
    let told = history.iter().rev().take(3).rev().map(|event| format!("{} {}", event.at, event.text));
    let first = format!("{} is in no licence group of the newest sweep", reclaim.username);
    let next = "next: the next login gives its seat back, if the policy says so".to_owned();
    Ok(Some(Explanation {
        username: reclaim.username.to_string(),
        lines: std::iter::once(first).chain(told).chain([next]).collect(),
        as_of: None,
        facts: vec![fact("User key", &key), fact("Run", &reclaim.sweep)],
        history,
        account: None,
        reclaim: Some(reclaim),
        restore,
        undo,
        login: login.map(Moment),
    }))
}

/// The key of an account in one of the newest plans.
async fn planned(store: &impl Store, who: &str) -> Result<Option<UserKey>, StateError> {
    let wanted = who.to_lowercase();
    for run in engine::runs(store, FEW_RUNS).await?.iter().filter(|run| run.planned > 0) {
        let Some(head) = state::load(store, &state::plan(&run.id)).await? else { continue };
        for page in 0..head.pages {
            let accounts = state::load(store, &state::plan_page(&run.id, page)).await?.unwrap_or_default();
            let mut accounts = accounts.into_iter();
            let found = accounts.find(|a| a.username.as_str().to_lowercase() == wanted || a.key.as_str() == who);
            if let Some(account) = found {
                return Ok(Some(account.key));
            }
        }
    }
    Ok(None)
}

fn facts(found: &engine::Explanation, row: &AccountRow) -> Vec<Fact> {
    let account = &found.judged.account;
    let mut facts = vec![
        fact("Name", &row.display_name),
        fact("User key", &row.user_key),
        fact("Status", &row.status),
        fact("Licence groups", &row.groups.join(", ")),
        fact("Last seen", &row.last_seen_text()),
        fact("First seen by Seatkeeper", &row.known_since),
        fact("Decision code", &row.decision),
        fact("Judged", &Moment(found.as_of)),
    ];
    if let Some(source) = row.source {
        facts.push(fact("Source", &source));
    }
    if !account.marks.is_empty() {
        let marks: Vec<String> = account.marks.iter().map(ToString::to_string).collect();
        facts.push(fact("Other groups that matter", &marks.join(", ")));
    }
    if account.administrator {
        facts.push(fact("Administrator", &"yes"));
    }
    facts
}

fn history(reclaim: Option<&Reclaim>, given_back: [Option<&Restore>; 2], login: Option<Instant>) -> Vec<Event> {
    let mut history = Vec::new();
    if let Some(reclaim) = reclaim {
        let why = Decision::Reclaim(reclaim.reason.clone());
        history.push(event(reclaim.started, format!("run {} began; {why}", reclaim.sweep)));
        let at = reclaim.finished.unwrap_or(reclaim.started);
        for step in &reclaim.steps {
            history.push(event(at, format!("{}: {}", shapes::action(&step.action), words::step(&step.state))));
        }
    }
    for restore in given_back.into_iter().flatten() {
        history.push(event(restore.at, words::restore(restore.cause, &restore.state)));
    }
    history.extend(login.map(|at| event(at, "login event received".to_owned())));
    history.sort_by_key(|event| event.at);
    history
}

/// One plan with its accounts, as a page.
pub fn plan(shape: PlanShape, now: Instant) -> PlanDetail {
    let PlanShape { plan, outcome, page: _, size: _, accounts } = shape;
    // A plan without its run is one that the sweep is just publishing.
    let outcome = outcome.unwrap_or(Outcome::Running);
    let shown = u32::try_from(accounts.len()).unwrap_or(u32::MAX);
    PlanDetail { plan: summary(&plan, &outcome, now), left_out: plan.accounts.saturating_sub(shown), accounts }
}

fn summary(plan: &PlanHead, outcome: &Outcome, now: Instant) -> PlanSummary {
    PlanSummary {
        id: plan.id.to_string(),
        state: words::state(outcome, Some(plan.expires), now),
        outcome: words::outcome(outcome),
        verdict: words::verdict(plan.verdict),
        next_step: words::next_step(plan, outcome, now),
        made: Moment(plan.made),
        expires: Moment(plan.expires),
        accounts: plan.accounts,
        hash: plan.hash.clone(),
    }
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
        reclaimed: run.tally.reclaimed,
        skipped: run.tally.skipped,
        failed: run.tally.failed,
        seats: words::seats(run),
    }
}

fn counts(counts: BTreeMap<String, u32>) -> Vec<Count> {
    counts.into_iter().map(|(code, accounts)| Count { code, accounts }).collect()
}

fn fact(name: &'static str, value: &impl ToString) -> Fact {
    Fact { name, value: value.to_string() }
}

fn event(at: Instant, text: String) -> Event {
    Event { at: Moment(at), text }
}
