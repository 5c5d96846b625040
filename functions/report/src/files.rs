//! Lists that fit into memory, as CSV: runs, populations, directories and messages. The long ones are streamed by
//! [`crate::export`], [`crate::audit`] and their like.

use crate::{alerts, directories, populations::Populations, view::RunRow};
use seatkeeper_console::Moment;
use seatkeeper_web::csv;

/// A file of columns and rows.
pub fn file<const N: usize>(columns: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Vec<u8> {
    let rows = rows.into_iter().flat_map(|row| csv::row(&row));
    csv::header(&columns).into_iter().chain(rows).collect()
}

fn or_empty(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The runs, newest first.
pub fn runs(runs: &[RunRow]) -> Vec<u8> {
    let columns = [
        "run",
        "started",
        "mode",
        "state",
        "result",
        "accounts",
        "planned",
        "warned",
        "reclaimed",
        "skipped",
        "failed",
        "seats",
        "emergency",
    ];
    let row = |run: &RunRow| {
        let counts = [run.accounts, run.planned, run.warned, run.reclaimed, run.skipped, run.failed];
        let [accounts, planned, warned, reclaimed, skipped, failed] = counts.map(|count| count.to_string());
        let (id, started, result) = (run.id.clone(), run.started.iso(), run.result.clone());
        let (mode, state, seats) = (run.mode.to_owned(), run.state.to_owned(), run.seats.clone());
        let emergency = run.emergency.to_string();
        [id, started, mode, state, result, accounts, planned, warned, reclaimed, skipped, failed, seats, emergency]
    };
    file(columns, runs.iter().map(row))
}

/// A row for each decision in a population, for each two populations that claim the same accounts, and for each missing
/// fact. The general rules have no name.
pub fn populations(found: &Populations) -> Vec<u8> {
    let row = |kind: &str, name: &str, about: &str, accounts: u32, held: Option<u32>| {
        [kind.to_owned(), name.to_owned(), about.to_owned(), accounts.to_string(), or_empty(held)]
    };
    let decided = found.rows.iter().flat_map(|population| {
        let name = population.name.as_deref().unwrap_or_default();
        population.decisions.iter().map(move |(code, accounts)| row("decision", name, code, *accounts, None))
    });
    let twice =
        found.conflicts.iter().map(|two| row("conflict", &two.first, &two.second, two.accounts, Some(two.held)));
    let open = found.open.iter().map(|open| row("open", &open.population, &open.fact, open.accounts, Some(open.held)));
    file(["kind", "population", "about", "accounts", "held"], decided.chain(twice).chain(open))
}

/// What each directory said.
pub fn directories(found: &directories::View) -> Vec<u8> {
    let columns = [
        "directory",
        "state",
        "people",
        "present",
        "present-before",
        "accounts",
        "known",
        "disabled",
        "absent",
        "left",
        "unknown",
        "unmatched",
    ];
    let row = |row: &directories::Row| {
        let said = row.tally.as_ref();
        [
            row.name.clone(),
            row.state.to_owned(),
            or_empty(said.and_then(|said| said.people)),
            or_empty(said.map(|said| said.present)),
            or_empty(row.present_before),
            or_empty(said.map(|said| said.accounts)),
            or_empty(said.map(|said| said.known)),
            or_empty(said.map(|said| said.disabled)),
            or_empty(said.map(|said| said.absent)),
            or_empty(said.map(|said| said.left)),
            or_empty(said.map(|said| said.unknown)),
            or_empty(said.map(|said| said.unmatched)),
        ]
    };
    file(columns, found.directories.iter().map(row))
}

/// The messages: what waits, what was given up, what arrived.
pub fn alerts(found: &alerts::View) -> Vec<u8> {
    let columns = ["state", "at", "channel", "message", "attempts", "why", "last-error"];
    let row =
        |state: &str, at: Option<Moment>, channel: &str, title: &str, tries: Option<u32>, why: &str, error: &str| {
            let at = at.map(Moment::iso).unwrap_or_default();
            [state, &at, channel, title, &or_empty(tries), why, error].map(str::to_owned)
        };
    let waiting = found.waiting.iter().map(|message| {
        let error = message.last_error.as_deref().unwrap_or_default();
        row("waiting", message.since, &message.channel, &message.title, Some(message.attempts), "", error)
    });
    let given_up = found.given_up.iter().map(|message| {
        let error = message.last_error.as_deref().unwrap_or_default();
        row("given-up", Some(message.at), &message.channel, &message.title, None, message.why, error)
    });
    let arrived = found
        .arrived
        .iter()
        .map(|message| row("arrived", Some(message.at), &message.channel, &message.title, None, "", ""));
    file(columns, waiting.chain(given_up).chain(arrived))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        populations::{Conflict, Open, Row},
        testing::now,
    };

    #[test]
    fn each_kind_of_row_of_the_populations_is_told_apart_and_the_general_rules_have_no_name() {
        let found = Populations {
            problem: None,
            as_of: None,
            policy_changed: false,
            rows: vec![Row {
                name: None,
                priority: None,
                accounts: 3,
                decisions: [("keep/exempt".to_owned(), 1), ("reclaim/inactive".to_owned(), 2)].into(),
            }],
            conflicts: vec![Conflict { first: "a".into(), second: "=b".into(), accounts: 5, held: 4 }],
            open: vec![Open { population: "a".into(), fact: "mail".into(), accounts: 7, held: 6 }],
        };
        let text = String::from_utf8(populations(&found)).unwrap();
        let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines[0], "kind,population,about,accounts,held");
        assert_eq!(lines[1..3], ["decision,,keep/exempt,1,", "decision,,reclaim/inactive,2,"]);
        // What a spreadsheet would take for a formula does not begin a cell.
        assert!(lines[3].starts_with("conflict,a,") && !lines[3].contains(",=b"), "{}", lines[3]);
        assert_eq!(lines[4], "open,a,mail,7,6");
    }

    #[test]
    fn a_message_says_what_became_of_it() {
        let found = alerts::View {
            channels: Vec::new(),
            waiting: Vec::new(),
            given_up: vec![alerts::GivenUp {
                channel: "slack".into(),
                title: "Seats short".into(),
                at: Moment(now()),
                why: "refused",
                last_error: Some("404".into()),
            }],
            forgotten: 0,
            arrived: vec![alerts::Arrived { channel: "teams".into(), title: "Run".into(), at: Moment(now()) }],
        };
        let text = String::from_utf8(alerts(&found)).unwrap();
        let when = Moment(now()).iso();
        assert!(text.contains(&format!("given-up,{when},slack,Seats short,,refused,404\r\n")), "{text}");
        assert!(text.contains(&format!("arrived,{when},teams,Run,,,\r\n")), "{text}");
    }
}
