//! The exact bodies that channels receive. To accept a wanted change: `SEATKEEPER_BLESS=1 cargo test -p seatkeeper-chat`.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use seatkeeper_chat::{Level, Message, generic, slack};
use serde_json::Value;
use std::{env, fs, path::Path};

fn threshold() -> Message {
    Message {
        title: "Seats are almost used up".into(),
        level: Level::Critical,
        text: vec!["487 of 500 seats are taken.".into(), "At the present rate none is left on 2026-12-04.".into()],
        facts: vec![("Free seats".into(), "13".into()), ("Could be reclaimed".into(), "62".into())],
        link: Some("https://seatkeeper.example/report?state=idle&days=90".into()),
        dedup_key: "seats/critical/2026-11-22".into(),
    }
}

fn plain() -> Message {
    Message {
        title: "The sweep is finished".into(),
        level: Level::Info,
        text: Vec::new(),
        facts: Vec::new(),
        link: None,
        dedup_key: "sweep/42".into(),
    }
}

fn hostile() -> Message {
    Message {
        title: "Restored <!channel> & @here".into(),
        level: Level::Warning,
        text: vec!["Name: <https://evil.example|Anna>\nsecond line".into()],
        facts: vec![("user\u{202e}".into(), "a*b_c`d@everyone".into())],
        link: Some("javascript:alert(1)".into()),
        dedup_key: "restore/anna".into(),
    }
}

fn check(name: &str, payload: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if env::var_os("SEATKEEPER_BLESS").is_some() {
        fs::write(&path, serde_json::to_string_pretty(payload).unwrap() + "\n").unwrap();
    }
    let golden: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(*payload, golden, "{name} differs; if that is wanted, bless it");
}

#[test]
fn slack_messages_are_as_recorded() {
    check("slack-threshold.json", &slack::payload(&threshold()));
    check("slack-plain.json", &slack::payload(&plain()));
    check("slack-hostile.json", &slack::payload(&hostile()));
}

#[test]
fn generic_messages_are_as_recorded() {
    check("generic-threshold.json", &generic::payload(&threshold()));
    check("generic-plain.json", &generic::payload(&plain()));
    check("generic-hostile.json", &generic::payload(&hostile()));
}

#[test]
fn a_message_can_be_stored_until_it_is_delivered() {
    for message in [threshold(), plain(), hostile()] {
        let stored = serde_json::to_vec(&message).unwrap();
        assert_eq!(serde_json::from_slice::<Message>(&stored).unwrap(), message);
    }
}
