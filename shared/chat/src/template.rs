//! The texts that people read, one for each kind of notice.

use crate::{Console, Level, Message};
use chrono::{DateTime, Utc};
use seatkeeper_engine::{
    alert::{Notice, Unrestored},
    state::Tally,
    trouble::Trouble,
};
use seatkeeper_policy::{Forecast, SeatCount, report::Diagnosis};

/// Findings in one message; the report has all of them.
const FINDINGS: usize = 5;

/// A notice in words, with a link to its page where it is known where the pages are. The same notice always gives the
/// same message, so that a receiver can drop a repetition.
pub fn message(notice: &Notice, console: Option<&Console>) -> Message {
    let (level, text, mut facts) = parts(notice);
    facts.push(fact("Noticed", moment(notice.at())));
    Message {
        title: notice.title(),
        level,
        text,
        facts,
        link: console.map(|console| console.page(&page(notice))),
        dedup_key: notice.subject(),
    }
}

type Parts = (Level, Vec<String>, Vec<(String, String)>);

fn parts(notice: &Notice) -> Parts {
    match notice {
        Notice::Seats { level, seats, at: _ } => seats_parts(level, *seats),
        Notice::Forecast { forecast, within, at: _ } => forecast_parts(forecast, *within),
        Notice::Run { plan, planned, tally, before, after, diagnosis, stopped, at: _ } => {
            let (level, text) = run_text(*tally, *diagnosis, stopped.as_deref());
            let skipped = "Skipped, because something had changed";
            let facts = vec![
                fact("Run", plan),
                fact("Planned", planned),
                fact("Reclaimed", tally.reclaimed),
                fact(skipped, tally.skipped),
                fact("Failed", tally.failed),
                fact("Seats before", seats_words(*before)),
                fact("Seats after", seats_words(*after)),
            ];
            (level, text, facts)
        }
        Notice::Blocked { plan, findings, more, at: _ } => {
            let facts = vec![fact("Sweep", plan), fact("Findings", findings.len().saturating_add(*more))];
            (Level::Critical, blocked(findings, *more), facts)
        }
        Notice::Quarantine { plan, planned, limit, at: _ } => {
            let text = lines(&[
                "Nothing is changed until somebody answers. A plan of this size often means that a source of activity is \
                 missing.",
                "Look at the plan in the report, then approve or reject it.",
            ]);
            let facts = vec![fact("Plan", plan), fact("Accounts planned", planned), fact("Accounts allowed", limit)];
            (Level::Critical, text, facts)
        }
        Notice::Approval { plan, planned, emergency, expires, at: _ } => {
            let first = if *emergency {
                "Somebody asked for seats in an emergency. Nothing is changed until the plan is approved."
            } else {
                "Nothing is changed until somebody has looked at the plan and approved it."
            };
            let text = lines(&[first, "Without an answer the plan lapses, and the next sweep makes a new one."]);
            let facts = vec![fact("Plan", plan), fact("Accounts", planned), fact("Answer until", moment(*expires))];
            (Level::Warning, text, facts)
        }
        Notice::Restores { people, more, at: _ } => restores(people, *more),
        Notice::Directory { directory, why, at: _ } => {
            let text = vec![
                format!("Seen: {why}."),
                "Until this is mended, nobody loses a seat because of what this directory says, and nobody it is \
                 responsible for loses one without it."
                    .to_owned(),
                "If it stays away for long, take it out of the policy.".to_owned(),
            ];
            (Level::Warning, text, vec![fact("Directory", directory)])
        }
        Notice::Overdue { last, hours, trouble, at: _ } => overdue(*last, *hours, trouble.as_ref()),
        Notice::Test { by, at: _ } => {
            let text = lines(&["If you can read this, messages from Seatkeeper arrive here. There is nothing to do."]);
            (Level::Info, text, vec![fact("Sent by", by)])
        }
    }
}

fn seats_parts(level: &str, seats: SeatCount) -> Parts {
    let text = lines(&[
        "When no seat is free, Confluence becomes read-only for everybody as soon as one more person is added.",
        "See the report for accounts whose seats can be taken back.",
    ]);
    let facts = vec![
        fact("Seats used", seats.used),
        fact("Seats bought", bought(seats)),
        fact("Level reached", threshold(level)),
    ];
    (if seats.free() == Some(0) { Level::Critical } else { Level::Warning }, text, facts)
}

fn forecast_parts(forecast: &Forecast, within: u32) -> Parts {
    let Forecast { days, on, micro_per_day: _, since, seats } = forecast;
    let text = lines(&[
        "This is the trend of the last four weeks at most, not a promise: it ends with the next reclaim.",
        "See the report for accounts whose seats can be taken back, or buy the next tier in time.",
    ]);
    let facts = vec![
        fact("Limit reached on", on),
        fact("Days until then", days),
        fact("Growth in 30 days", format!("{} seats", forecast.per_month())),
        fact("Trend since", since),
        fact("Seats used", seats.used),
        fact("Seats bought", bought(*seats)),
        fact("Told at", format!("{within} days before the limit")),
    ];
    // A week is hardly enough to buy seats.
    (if *days <= 7 { Level::Critical } else { Level::Warning }, text, facts)
}

fn run_text(tally: Tally, diagnosis: Option<Diagnosis>, stopped: Option<&str>) -> (Level, Vec<String>) {
    let mut text = Vec::new();
    if let Some(why) = stopped {
        text.push(format!("It ended before its end: {why}. The rest of the plan was left alone."));
    }
    if tally.failed > 0 {
        text.push("At least one account could not be changed; its page says why.".to_owned());
    }
    text.push(
        match diagnosis {
            Some(Diagnosis::Freed) => "As many seats came free as were taken.",
            Some(Diagnosis::NotFreed) => {
                "Fewer seats came free than were taken; the list of runs says what holds them."
            }
            Some(Diagnosis::PerhapsCached) => "Confluence's count of seats is cached and may still fall.",
            Some(Diagnosis::NotMeasurable) | None => "Whether seats came free could not be measured.",
        }
        .to_owned(),
    );
    text.push("The whole run can be undone, and so can each account of it.".to_owned());
    let clean = stopped.is_none() && tally.failed == 0 && diagnosis != Some(Diagnosis::NotFreed);
    (if clean { Level::Info } else { Level::Warning }, text)
}

/// The first findings, each on a line of its own, and what to do.
fn blocked(findings: &[String], more: usize) -> Vec<String> {
    let mut text: Vec<String> = findings.iter().take(FINDINGS).map(|finding| format!("Found: {finding}.")).collect();
    let more = findings.len().saturating_sub(FINDINGS).saturating_add(more);
    if more > 0 {
        text.push(format!("And {more} more; the report has all of them."));
    }
    text.push(
        "Everybody keeps the seat until the cause is found. If many last logins jumped at once, Confluence's database was \
         probably restored; otherwise see `blocked` in docs/errors.md."
            .to_owned(),
    );
    text
}

fn restores(people: &[Unrestored], more: usize) -> Parts {
    let mut text: Vec<String> =
        people.iter().map(|one| format!("{}: {} ({})", one.name, one.why, moment(one.at))).collect();
    if more > 0 {
        text.push(format!("And {more} more."));
    }
    text.push(
        "They cannot use Confluence until then. Free a seat or buy some; the next login of each tries again."
            .to_owned(),
    );
    (Level::Critical, text, vec![fact("People", people.len().saturating_add(more))])
}

fn overdue(last: Option<DateTime<Utc>>, hours: u32, trouble: Option<&Trouble>) -> Parts {
    let mut text: Vec<String> = trouble.iter().map(|trouble| format!("The newest try met: {trouble}.")).collect();
    text.push(
        "What the pages show is old, and nobody loses a seat. See whether the timer still calls the sweep, and its log."
            .to_owned(),
    );
    let facts = vec![
        fact("Newest sweep that went well", last.map_or_else(|| "none so far".to_owned(), moment)),
        fact("A sweep is due every", if hours == 1 { "hour".to_owned() } else { format!("{hours} hours") }),
    ];
    (Level::Critical, text, facts)
}

/// The page that says more.
fn page(notice: &Notice) -> String {
    match notice {
        Notice::Blocked { plan, .. }
        | Notice::Quarantine { plan, .. }
        | Notice::Approval { plan, .. }
        | Notice::Run { plan, .. } => format!("/report/plans/{plan}"),
        Notice::Overdue { .. } => "/report/runs".to_owned(),
        Notice::Seats { .. }
        | Notice::Forecast { .. }
        | Notice::Restores { .. }
        | Notice::Directory { .. }
        | Notice::Test { .. } => "/report".to_owned(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "callers hand over numbers and texts made for this")]
fn fact(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

fn bought(seats: SeatCount) -> String {
    seats.max.map_or("unlimited".to_owned(), |max| max.to_string())
}

fn seats_words(seats: Option<SeatCount>) -> String {
    match seats {
        Some(seats @ SeatCount { used, max: Some(_) }) => format!("{used} of {}", bought(seats)),
        Some(SeatCount { used, max: None }) => used.to_string(),
        None => "not known".to_owned(),
    }
}

/// A level's stable name in words.
fn threshold(level: &str) -> String {
    if let Some(percent) = level.strip_prefix("percent-") {
        format!("{percent} % of the seats")
    } else if let Some(left) = level.strip_prefix("seats-left-") {
        format!("{left} seats left")
    } else {
        level.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatkeeper_policy::SweepId;

    fn seats(used: u32, level: &str) -> Message {
        let at = "2026-11-22T12:00:00Z".parse().unwrap();
        message(&Notice::Seats { level: level.into(), seats: SeatCount { used, max: Some(500) }, at }, None)
    }

    #[test]
    fn a_level_is_told_in_words_and_no_free_seat_is_critical() {
        for (level, words) in [("percent-90", "90 % of the seats"), ("seats-left-10", "10 seats left"), ("x", "x")] {
            assert!(seats(460, level).facts.iter().any(|(_, value)| value == words), "{level}");
        }
        assert_eq!((seats(499, "x").level, seats(500, "x").level), (Level::Warning, Level::Critical));
    }

    #[test]
    fn a_blocked_sweep_is_told_with_its_first_findings() {
        let plan = SweepId::parse("20261122-120000").unwrap();
        let at = "2026-11-22T12:00:00Z".parse().unwrap();
        let findings: Vec<String> = (0..8).map(|n| format!("account {n} must not be touched")).collect();
        let blocked = message(&Notice::Blocked { plan, findings, more: 4, at }, None);
        assert_eq!((blocked.level, blocked.dedup_key.as_str()), (Level::Critical, "blocked:20261122-120000"));
        assert_eq!(blocked.text.iter().filter(|line| line.starts_with("Found: ")).count(), FINDINGS);
        assert!(blocked.text.iter().any(|line| line == "And 7 more; the report has all of them."), "{blocked:?}");
        assert!(blocked.facts.contains(&("Findings".to_owned(), "12".to_owned())));
    }

    #[test]
    fn a_run_with_any_flaw_is_a_warning() {
        let tally = |failed| Tally { reclaimed: 3, skipped: 1, failed };
        let level = |failed, diagnosis, stopped| run_text(tally(failed), diagnosis, stopped).0;
        assert_eq!(level(0, Some(Diagnosis::Freed), None), Level::Info);
        assert_eq!(level(0, None, None), Level::Info);
        assert_eq!(level(1, Some(Diagnosis::Freed), None), Level::Warning);
        assert_eq!(level(0, Some(Diagnosis::NotFreed), None), Level::Warning);
        assert_eq!(level(0, Some(Diagnosis::Freed), Some("dry run")), Level::Warning);
    }

    #[test]
    fn a_link_leads_to_the_page_of_the_plan() {
        let console = Console::parse("https://seats.example/").unwrap();
        let plan = SweepId::parse("20261122-120000").unwrap();
        let at = "2026-11-22T12:00:00Z".parse().unwrap();
        let told = message(&Notice::Quarantine { plan, planned: 80, limit: 50, at }, console.as_ref());
        assert_eq!(told.link.as_deref(), Some("https://seats.example/report/plans/20261122-120000"));
        assert_eq!(seats(460, "percent-90").link, None);
    }
}
