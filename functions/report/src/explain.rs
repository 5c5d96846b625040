//! Everything about one account: what the engine explains, and the tables below it.

use crate::{
    read::FEW_RUNS,
    view::{AccountRow, Event, EvidenceRow, Explanation, Fact, NoticeRow, ObstacleRow},
    words,
};
use seatkeeper_console::Moment;
use seatkeeper_engine::{
    explain as engine,
    ports::Store,
    state::{self, Judged, OwnedBy, StateError},
    view,
};
use seatkeeper_policy::{Decision, Instant, UserKey, journal::Reclaim, restore::Restore, seat_path};
use seatkeeper_spin::shapes;
use std::cmp::Reverse;

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
        sightings: sightings(&found.judged),
        paths: seat_path::paths(&found.judged.account),
        obstacles: found.judged.account.obstacles.iter().map(ObstacleRow::from).collect(),
        notice: NoticeRow::new(&found.judged),
        owned: owned(store, &found.judged.account.key).await?,
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
        sightings: Vec::new(),
        paths: Vec::new(),
        obstacles: Vec::new(),
        notice: None,
        owned: None,
        account: None,
        reclaim: Some(reclaim),
        restore,
        undo,
        login: login.map(Moment),
    }))
}

/// What an account owns, if the plan of the newest sweep would take its seat. That is also the plan that waits for an
/// answer: while one waits, no other sweep begins.
async fn owned(store: &impl Store, key: &UserKey) -> Result<Option<OwnedBy>, StateError> {
    let Some(head) = state::load(store, &state::snapshot_current()).await? else { return Ok(None) };
    let list = state::load(store, &state::owned(&head.pages.sweep)).await?.unwrap_or_default();
    Ok(list.into_iter().find(|owned| owned.key == *key))
}

/// What each source says, newest first. Of two at the same instant only the one that the judgement names is marked.
fn sightings(judged: &Judged) -> Vec<EvidenceRow> {
    let evidence = &judged.account.evidence;
    let newest = evidence.newest();
    let row = |seen: &seatkeeper_policy::account::Sighting| EvidenceRow {
        source: seen.source.to_string(),
        at: Moment(seen.at),
        newest: Some(*seen) == newest,
    };
    let mut rows: Vec<EvidenceRow> = evidence.sightings.iter().map(row).collect();
    rows.sort_by_key(|row| (Reverse(row.at), !row.newest));
    rows
}

/// The key of an account in one of the newest plans.
async fn planned(store: &impl Store, who: &str) -> Result<Option<UserKey>, StateError> {
    let wanted = who.to_lowercase();
    for run in view::runs(store, FEW_RUNS).await?.iter().filter(|run| run.planned > 0) {
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
        fact("Known since", &row.known_since),
        fact("First seen by Seatkeeper", &Moment(account.first_seen)),
        fact("Decision code", &row.decision),
        fact("Judged", &Moment(found.as_of)),
    ];
    let told = [
        ("Mail address", row.mail.clone()),
        ("Directory", row.directory.clone()),
        ("Created", row.created.map(|at| at.to_string())),
        ("Activated again", account.reenabled.map(|at| Moment(at).to_string())),
        ("Seat given back", account.restored.map(|at| Moment(at).to_string())),
        ("Source", row.source.map(|source| source.to_string())),
    ];
    facts.extend(told.into_iter().filter_map(|(name, value)| Some(Fact { name, value: value? })));
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
        history.extend(reclaim.left.as_ref().map(|left| event(at, format!("seat still held: {}", words::left(left)))));
    }
    for restore in given_back.into_iter().flatten() {
        history.push(event(restore.at, words::restore(restore.cause, &restore.state)));
    }
    history.extend(login.map(|at| event(at, "login event received".to_owned())));
    history.sort_by_key(|event| event.at);
    history
}

fn fact(name: &'static str, value: &impl ToString) -> Fact {
    Fact { name, value: value.to_string() }
}

fn event(at: Instant, text: String) -> Event {
    Event { at: Moment(at), text }
}
