//! What holds for a while: the limit comes near, sweeps do not come to an end, a directory cannot be relied on.

use super::{Notice, runs::Known};
use crate::{
    policy_file,
    ports::Store,
    state::{self, AlertState, Checkpoint, Listing, Outcome, StateError, Work},
};
use chrono::{Months, TimeDelta};
use seatkeeper_policy::{
    Instant, Policy, SeatCount,
    alert::{FORECAST_DAYS, Seen, nears},
    forecast as trend,
};
use std::collections::BTreeMap;

/// Hours between two sweeps where the policy cannot be read any more.
const USUAL_HOURS: u32 = 24;
/// A gathering that failed so often in a row is more than a moment's trouble.
const PATIENCE: u32 = 2;

/// When the last seat will be taken, told at each distance once. If several are due at once, the nearest speaks for all.
pub(super) async fn forecast(
    store: &impl Store,
    alert: &mut AlertState,
    seats: SeatCount,
    now: Instant,
) -> Result<Option<Notice>, StateError> {
    let mut counts = vec![(now, seats)];
    for month in [Some(now), now.checked_sub_months(Months::new(1))].into_iter().flatten() {
        let points = state::load(store, &state::usage(month)).await?.unwrap_or_default();
        counts.extend(points.into_iter().map(|point| (point.at, point.seats)));
    }
    let forecast = trend(counts, now);
    let mut due = None;
    for within in FORECAST_DAYS {
        if hold(alert, format!("forecast-{within}"), nears(forecast.as_ref(), within), now) {
            due = Some(within);
        }
    }
    Ok(forecast.zip(due).map(|(forecast, within)| Notice::Forecast { forecast, within, at: now }))
}

/// No sweep went well for two periods. While a plan waits for an answer, no sweep is due.
pub(super) async fn overdue(
    store: &impl Store,
    alert: &mut AlertState,
    known: &Known,
    now: Instant,
) -> Result<Option<Notice>, StateError> {
    let Some(record) = state::load(store, &state::policy()).await? else { return Ok(None) };
    let hours = policy_file::parse(&record.text).map_or(USUAL_HOURS, |policy| policy.sweep_every_hours);
    let snapshot = state::load(store, &state::snapshot_current()).await?.map(|head| head.at);
    // A run that made a plan went well until then, and its record says when it was last at work.
    let made = known.runs.iter().filter(|run| run.report.is_some() && !matches!(run.outcome, Outcome::Failed { .. }));
    let last = made.map(|run| run.at).chain(snapshot).max();
    // Nobody can expect a sweep of a policy that was set just now.
    let since = last.map_or(record.saved, |last| last.max(record.saved));
    let waits = matches!(known.checkpoint.work, Some(Work::Await(_)));
    let seen = if !waits && now - since >= TimeDelta::hours(2 * i64::from(hours)) { Seen::Holds } else { Seen::Calm };
    let due = hold(alert, "overdue".to_owned(), seen, now);
    let trouble = known.checkpoint.trouble.as_ref().map(|trouble| trouble.trouble.clone());
    Ok(due.then_some(Notice::Overdue { last, hours, trouble, at: now }))
}

/// Directories of the policy that were not believed or did not answer.
pub(super) fn directories(alert: &mut AlertState, policy: Option<&Policy>, known: &Known, now: Instant) -> Vec<Notice> {
    let Some(policy) = policy else { return Vec::new() };
    let of_policy = |name: &str| policy.directories.iter().any(|directory| condition(&directory.name) == name);
    alert.conditions.retain(|name, _| !name.starts_with(DIRECTORY) || of_policy(name));
    let troubled = troubled(policy, known);
    // A sweep that reads, or is about to be judged, has not said anything yet.
    let reading = matches!(known.checkpoint.work, Some(Work::Gather(_) | Work::Judge(_)));
    let mut notices = Vec::new();
    for directory in &policy.directories {
        let why = troubled.get(&directory.name);
        let seen = match why {
            Some(_) => Seen::Holds,
            None if reading => Seen::Unclear,
            None => Seen::Calm,
        };
        let due = hold(alert, condition(&directory.name), seen, now);
        if let (Some(why), true) = (why, due) {
            notices.push(Notice::Directory { directory: directory.name.clone(), why: why.clone(), at: now });
        }
    }
    notices
}

const DIRECTORY: &str = "directory:";

fn condition(directory: &str) -> String {
    format!("{DIRECTORY}{directory}")
}

/// What is wrong with which directory.
fn troubled(policy: &Policy, known: &Known) -> BTreeMap<String, String> {
    let mut troubled = BTreeMap::new();
    let newest = known.runs.iter().find(|run| !matches!(run.outcome, Outcome::Running | Outcome::Lapsed { .. }));
    let silent = silent(&known.checkpoint);
    for directory in &policy.directories {
        let name = &directory.name;
        let quoted = format!("directory `{name}`");
        let why = match newest.map(|run| &run.outcome) {
            _ if silent.is_some_and(|(failing, _)| failing == name) => silent.map(|(_, why)| why.to_owned()),
            Some(Outcome::Failed { message, .. }) if message.contains(&quoted) => Some(message.clone()),
            Some(Outcome::Blocked { findings }) if known.checkpoint.doubted.contains(name) => {
                let about = findings.iter().find(|finding| finding.contains(&quoted));
                Some(about.cloned().unwrap_or_else(|| not_believed(name)))
            }
            _ if known.checkpoint.doubted.contains(name) => Some(not_believed(name)),
            _ => None,
        };
        troubled.extend(why.map(|why| (name.clone(), why)));
    }
    troubled
}

fn not_believed(name: &str) -> String {
    format!("the newest sweep did not believe what directory `{name}` said")
}

/// The directory that the sweep is reading in vain, and what it met.
fn silent(checkpoint: &Checkpoint) -> Option<(&str, &str)> {
    let Some(Work::Gather(gather)) = &checkpoint.work else { return None };
    if gather.failures < PATIENCE {
        return None;
    }
    let trouble = checkpoint.trouble.as_ref()?;
    match gather.listings.get(gather.listing)? {
        Listing::Directory(name) | Listing::Ask(name) => Some((name, &trouble.trouble.message)),
        Listing::Licence(_)
        | Listing::Administrators(_)
        | Listing::Mark(_)
        | Listing::OtherSeat(_)
        | Listing::Nested { .. }
        | Listing::Active
        | Listing::Audit
        | Listing::Database => None,
    }
}

/// Notes what was seen of a condition; true when a message is due.
fn hold(alert: &mut AlertState, name: String, seen: Seen, now: Instant) -> bool {
    let before = alert.conditions.get(&name).copied().unwrap_or_default();
    let (after, due) = before.after(seen, now);
    alert.conditions.insert(name, after);
    due
}
