//! Codes and messages: each has its paragraph.

use crate::{read, sources};
use seatkeeper_engine::{state::Outcome, trouble};
use seatkeeper_policy::restore::{NothingReason, WaitReason};
use serde_json::Value;
use std::collections::BTreeSet;

fn headings(text: &str) -> BTreeSet<String> {
    text.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).map(str::to_owned).collect()
}

/// The word of an outcome on the wire. Adding a variant without extending the list below does not compile.
fn outcomes() -> Vec<String> {
    let text = String::new;
    let all = [
        Outcome::Running,
        Outcome::NothingToDo,
        Outcome::DryRunPublished,
        Outcome::AwaitingApproval,
        Outcome::Quarantined { planned: 1, limit: 0 },
        Outcome::Blocked { findings: Vec::new() },
        Outcome::Rejected { by: text() },
        Outcome::Lapsed { why: text() },
        Outcome::Stopped,
        Outcome::Applied,
        Outcome::Failed { code: text(), message: text() },
    ];
    for outcome in &all {
        match outcome {
            Outcome::Running
            | Outcome::NothingToDo
            | Outcome::DryRunPublished
            | Outcome::AwaitingApproval
            | Outcome::Quarantined { .. }
            | Outcome::Blocked { .. }
            | Outcome::Rejected { .. }
            | Outcome::Lapsed { .. }
            | Outcome::Stopped
            | Outcome::Applied
            | Outcome::Failed { .. } => {}
        }
    }
    all.iter().map(|outcome| serde_json::to_value(outcome).unwrap()["is"].as_str().unwrap().to_owned()).collect()
}

/// Why nothing or nothing yet is given back: the word and the text that people read.
fn restores() -> Vec<(String, String)> {
    let nothing = [
        NothingReason::NothingTaken,
        NothingReason::AlreadyRestored,
        NothingReason::LoginBeforeReclaim,
        NothingReason::SwitchedOff,
        NothingReason::Left,
        NothingReason::DisabledByOthers,
        NothingReason::Gone,
    ];
    for reason in nothing {
        match reason {
            NothingReason::NothingTaken
            | NothingReason::AlreadyRestored
            | NothingReason::LoginBeforeReclaim
            | NothingReason::SwitchedOff
            | NothingReason::Left
            | NothingReason::DisabledByOthers
            | NothingReason::Gone => {}
        }
    }
    let wait = [WaitReason::NoSeat { free: 1, buffer: 1 }, WaitReason::StatusUnknown];
    for reason in wait {
        match reason {
            WaitReason::NoSeat { .. } | WaitReason::StatusUnknown => {}
        }
    }
    let word = |value: Value| value.as_str().map_or_else(|| only_key(&value), str::to_owned);
    let nothing = nothing.iter().map(|reason| (word(serde_json::to_value(reason).unwrap()), reason.to_string()));
    nothing.chain(wait.iter().map(|reason| (word(serde_json::to_value(reason).unwrap()), reason.to_string()))).collect()
}

fn only_key(value: &Value) -> String {
    value.as_object().unwrap().keys().next().unwrap().clone()
}

/// Codes of problems that the components answer with, found in their source.
fn answered() -> BTreeSet<String> {
    let code = sources(&["functions", "shared/console/src", "shared/web/src", "shared/spin/src"], false);
    let calls = code.split("Problem::new(").skip(1).chain(code.split("Self::new(StatusCode::").skip(1));
    // The code is the first text of the call, before the title, or the second value of a tuple that a call is made from.
    let pairs = code.split("StatusCode::").skip(1);
    let mut found = BTreeSet::new();
    for call in calls.chain(pairs) {
        let first = call.split('"').nth(1).unwrap_or_default();
        let near = call.find('"').is_some_and(|at| at < 60);
        if near && !first.is_empty() && first.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
            found.insert(first.to_owned());
        }
    }
    found
}

#[test]
fn every_code_has_one_paragraph_and_no_paragraph_is_about_nothing() {
    let text = read("docs/errors.md");
    let headings = headings(&text);
    let answered = answered();
    assert!(answered.contains("signature-invalid") && answered.contains("too-large"), "{answered:?}");
    let restores = restores();
    let refusals = ["policy-invalid", "policy-conflict", "plan-hash", "plan-closed", "over-cap", "dry-run"];
    let mut codes: BTreeSet<String> = trouble::CODES.iter().chain(&refusals).map(|code| (*code).to_owned()).collect();
    codes.extend(outcomes());
    codes.extend(restores.iter().map(|(code, _)| code.clone()));
    codes.extend(answered);
    let missing: Vec<_> = codes.difference(&headings).collect();
    assert!(missing.is_empty(), "docs/errors.md has no paragraph for {missing:?}");
    let unknown: Vec<_> = headings.difference(&codes).collect();
    assert!(unknown.is_empty(), "docs/errors.md explains {unknown:?}, which no code answers with");
    assert_eq!(text.matches("\n### `").count(), headings.len(), "a code has two paragraphs");
    let plain = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "").replace("  ", " ");
    for (code, words) in restores {
        assert!(plain(&text).contains(&plain(&words)), "docs/errors.md does not quote `{words}` for {code}");
    }
}
