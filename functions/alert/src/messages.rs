//! The texts that the chat shows.

use seatkeeper_chat::{Level, Message};
use seatkeeper_engine::alert::Notice;
use seatkeeper_policy::SeatCount;

/// Findings in one message; the report has all of them.
const FINDINGS: usize = 5;

/// A notice in words. The same notice always gives the same message, so that a receiver can drop a repetition.
pub fn message(notice: &Notice) -> Message {
    match notice {
        Notice::Seats { level, seats, at } => Message {
            title: title(*seats),
            level: if seats.free() == Some(0) { Level::Critical } else { Level::Warning },
            text: vec![
                "When no seat is free, Confluence becomes read-only for everybody as soon as one more person is added."
                    .to_owned(),
                "See the report for accounts whose seats can be taken back.".to_owned(),
            ],
            facts: vec![
                ("Seats used".to_owned(), seats.used.to_string()),
                ("Seats bought".to_owned(), seats.max.map_or("unlimited".to_owned(), |max| max.to_string())),
                ("Level reached".to_owned(), threshold(level)),
                ("Noticed".to_owned(), at.format("%Y-%m-%d %H:%M UTC").to_string()),
            ],
            link: None,
            dedup_key: notice.subject(),
        },
        Notice::Quarantine { plan, planned, limit, at } => Message {
            title: format!("A plan for {planned} accounts is in quarantine: the cap is {limit}"),
            level: Level::Critical,
            text: vec![
                "Nothing is changed until somebody answers. A plan of this size often means that a source of activity \
                 is missing."
                    .to_owned(),
                "Look at the plan in the report, then approve or reject it.".to_owned(),
            ],
            facts: vec![
                ("Plan".to_owned(), plan.to_string()),
                ("Accounts planned".to_owned(), planned.to_string()),
                ("Accounts allowed".to_owned(), limit.to_string()),
                ("Noticed".to_owned(), at.format("%Y-%m-%d %H:%M UTC").to_string()),
            ],
            link: None,
            dedup_key: notice.subject(),
        },
        Notice::Blocked { plan, findings, at } => Message {
            title: "A sweep was blocked by its second check: nothing was written".to_owned(),
            level: Level::Critical,
            text: blocked(findings),
            facts: vec![
                ("Sweep".to_owned(), plan.to_string()),
                ("Findings".to_owned(), findings.len().to_string()),
                ("Noticed".to_owned(), at.format("%Y-%m-%d %H:%M UTC").to_string()),
            ],
            link: None,
            dedup_key: notice.subject(),
        },
    }
}

/// The first findings, each on a line of its own, and what to do.
fn blocked(findings: &[String]) -> Vec<String> {
    let mut text: Vec<String> = findings.iter().take(FINDINGS).map(|finding| format!("Found: {finding}.")).collect();
    let more = findings.len().saturating_sub(FINDINGS);
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

fn title(seats: SeatCount) -> String {
    let SeatCount { used, max } = seats;
    match (max, seats.free()) {
        (Some(max), Some(0)) => format!("No Confluence seat is free: {used} of {max} are used"),
        (Some(max), Some(1)) => format!("1 Confluence seat is left: {used} of {max} are used"),
        (Some(max), Some(free)) => format!("{free} Confluence seats are left: {used} of {max} are used"),
        (_, _) => format!("{used} Confluence seats are used"),
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
        message(&Notice::Seats { level: level.into(), seats: SeatCount { used, max: Some(500) }, at })
    }

    #[test]
    fn the_title_alone_tells_how_bad_it_is() {
        assert_eq!(seats(460, "percent-90").title, "40 Confluence seats are left: 460 of 500 are used");
        assert_eq!(seats(499, "seats-left-5").title, "1 Confluence seat is left: 499 of 500 are used");
        assert_eq!(seats(505, "percent-100").title, "No Confluence seat is free: 505 of 500 are used");
        assert_eq!((seats(499, "x").level, seats(500, "x").level), (Level::Warning, Level::Critical));
    }

    #[test]
    fn a_level_is_told_in_words() {
        for (level, words) in [("percent-90", "90 % of the seats"), ("seats-left-10", "10 seats left"), ("x", "x")] {
            assert!(seats(460, level).facts.iter().any(|(_, value)| value == words), "{level}");
        }
    }

    #[test]
    fn a_blocked_sweep_is_told_with_its_first_findings_and_nothing_in_them_is_markup() {
        let plan = SweepId::parse("20261122-120000").unwrap();
        let at = "2026-11-22T12:00:00Z".parse().unwrap();
        let findings: Vec<String> =
            (0..8).map(|n| format!("account <!channel> *{n}* must not be touched\n@everyone")).collect();
        let blocked = message(&Notice::Blocked { plan, findings, at });
        assert_eq!((blocked.level, blocked.dedup_key.as_str()), (Level::Critical, "blocked:20261122-120000"));
        assert_eq!(blocked.text.iter().filter(|line| line.starts_with("Found: ")).count(), FINDINGS);
        assert!(blocked.text.iter().any(|line| line == "And 3 more; the report has all of them."), "{blocked:?}");
        assert!(blocked.facts.contains(&("Findings".to_owned(), "8".to_owned())));
        let slack = seatkeeper_chat::slack::payload(&blocked).to_string();
        assert!(!slack.contains("<!channel>") && !slack.contains("@everyone"), "{slack}");
    }

    #[test]
    fn the_same_notice_is_the_same_message_and_another_day_is_another_one() {
        let plan = SweepId::parse("20261122-120000").unwrap();
        let at = "2026-11-22T12:00:00Z".parse().unwrap();
        let quarantine = message(&Notice::Quarantine { plan, planned: 80, limit: 50, at });
        assert_eq!(quarantine.dedup_key, "quarantine:20261122-120000");
        assert!(quarantine.title.contains("80") && quarantine.title.contains("50"));
        assert_eq!(seats(460, "percent-90").dedup_key, "percent-90:2026-11-22");
    }
}
