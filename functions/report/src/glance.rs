//! What the first page says at a glance: the figures, how long the seats will last, and how the sweep is.

use crate::{read, words};
use chrono::TimeDelta;
use seatkeeper_console::Moment;
use seatkeeper_engine::{
    state::{Outcome, Run, Work},
    view as engine,
};
use seatkeeper_policy::{Forecast, Instant, Policy, report::PlanReport};

/// A number with the list behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What is counted.
    pub name: &'static str,
    /// What exactly, in a few words.
    pub hint: &'static str,
    /// How many.
    pub accounts: u32,
    /// The list.
    pub href: String,
}

/// How the sweep is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// `good`, `warn` or `bad`.
    pub level: &'static str,
    /// A word for it.
    pub word: &'static str,
    /// The last run.
    pub last: String,
    /// What comes next.
    pub next: String,
}

/// People with a seat; the four numbers after the first make it up.
pub fn figures(report: &PlanReport, now: Instant) -> Vec<Figure> {
    let activity = report.activity;
    let inactive = activity.under_60 + activity.under_90 + activity.under_180 + activity.older;
    let of = |map: &std::collections::BTreeMap<String, u32>, key: &str| map.get(key).copied().unwrap_or_default();
    let recent = (now - TimeDelta::days(30)).format("%Y-%m-%d");
    [
        ("Licensed", "accounts with a seat", of(&report.statuses, "current"), "status=current".to_owned()),
        ("Active", "seen in the last 30 days", activity.under_30, format!("status=current&seen-from={recent}")),
        ("Inactive", "not seen for 30 days", inactive, "status=current&idle-days=30".to_owned()),
        ("Never", "never logged in", activity.never, "status=current&never=true".to_owned()),
        ("Unknown", "no evidence either way", activity.unknown, "decision=hold%2Factivity-unknown".to_owned()),
        ("Exempt", "kept by an exemption", of(&report.decisions, "keep/exempt"), "decision=keep%2Fexempt".to_owned()),
    ]
    .into_iter()
    .map(|(name, hint, accounts, query)| Figure { name, hint, accounts, href: format!("/report/accounts?{query}") })
    .collect()
}

/// How long the seats will last, in words.
pub fn outlook(overview: &engine::Overview, forecast: Option<&Forecast>) -> String {
    let Some((seats, _)) = read::seats(overview) else { return "Not counted yet.".to_owned() };
    match (seats.max, seats.free(), forecast) {
        (None, ..) => "The licence has no limit, so none can be reached.".to_owned(),
        (_, Some(0), _) => "The limit is reached: no seat is free.".to_owned(),
        (.., Some(Forecast { days, on, .. })) if *days == 0 => {
            format!("At the present growth the last seat is taken today, {on}.")
        }
        (.., Some(forecast)) => format!(
            "{} day{} until the limit: at the present growth, about {} seat{} a month, the last seat is taken on {}.",
            forecast.days,
            if forecast.days == 1 { "" } else { "s" },
            forecast.per_month(),
            if forecast.per_month() == 1 { "" } else { "s" },
            forecast.on
        ),
        (.., None) => "No limit in sight: usage does not grow steadily, or was not counted on enough days yet (a week \
                       is the least)."
            .to_owned(),
    }
}

/// How the sweep is: the last run, and what comes next.
pub fn health(overview: &engine::Overview, policy: Option<&Policy>, now: Instant) -> Health {
    let period = policy.map(|policy| TimeDelta::hours(i64::from(policy.sweep_every_hours)));
    let ended = overview.runs.iter().find(|run| run.outcome != Outcome::Running);
    let judged = overview.runs.iter().find(|run| run.report.is_some()).map(|run| run.opened);
    let late = period.is_some_and(|period| judged.is_some_and(|opened| now - opened > period * 2));
    let (level, word) = match (&overview.checkpoint.trouble, ended.map(|run| &run.outcome)) {
        (Some(_), _) => ("bad", "in trouble"),
        (None, Some(Outcome::Failed { .. })) => ("bad", "failed"),
        (None, Some(Outcome::Blocked { .. })) => ("bad", "blocked"),
        _ if overview.stop.is_some() => ("warn", "stopped"),
        _ if late => ("warn", "late"),
        (None, None) => ("warn", "not yet"),
        (None, Some(_)) => ("good", "working"),
    };
    let last = ended.map_or_else(|| "No sweep has been finished yet.".to_owned(), |run| last(run, now));
    Health { level, word, last, next: next(overview, period, now) }
}

fn last(run: &Run, now: Instant) -> String {
    format!("Last sweep {} ({}): {}.", ago(now - run.opened), Moment(run.opened), words::outcome(&run.outcome))
}

fn next(overview: &engine::Overview, period: Option<TimeDelta>, now: Instant) -> String {
    if overview.stop.is_some() {
        return "Nothing is written until somebody releases the switch; sweeps go on reading.".to_owned();
    }
    if overview.checkpoint.trouble.is_some() {
        return "It tries again by itself every minute.".to_owned();
    }
    match (&overview.checkpoint.work, period, overview.checkpoint.opened) {
        (Some(Work::Await(plan)), ..) => format!("Plan {plan} waits for an answer."),
        (Some(work), ..) => words::progress(work),
        (None, None, _) => "Nothing, until a policy is in force.".to_owned(),
        (None, Some(period), Some(opened)) if opened + period > now => {
            format!("The next sweep is due at {}.", Moment(opened + period))
        }
        (None, Some(_), _) => "The next sweep is due now and begins within a minute.".to_owned(),
    }
}

/// How long ago, in the largest unit that says enough.
fn ago(span: TimeDelta) -> String {
    let (count, unit) = match (span.num_days(), span.num_hours(), span.num_minutes()) {
        (days @ 2.., ..) => (days, "day"),
        (_, hours @ 2.., _) => (hours, "hour"),
        (.., minutes @ 1..) => (minutes, "minute"),
        _ => return "just now".to_owned(),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
