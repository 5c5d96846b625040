//! The exact bodies that channels receive. To accept a wanted change: `SEATKEEPER_BLESS=1 cargo test -p seatkeeper-chat`.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use seatkeeper_chat::{Level, Message, generic, mail, slack};
use seatkeeper_engine::state::Warning;
use seatkeeper_policy::{ReclaimReason, Source, UserKey, Username};
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

/// What the alert function says when the second check of a plan found something.
fn blocked() -> Message {
    Message {
        title: "A sweep was blocked by its second check: nothing was written".into(),
        level: Level::Critical,
        text: vec![
            "Found: account <!here|k1> & \u{202e}k2 must not be touched: it is exempt.".into(),
            "Found: @channel\nsecond line.".into(),
            "Everybody keeps the seat until the cause is found.".into(),
        ],
        facts: vec![("Sweep".into(), "20261122-120000".into()), ("Findings".into(), "2".into())],
        link: None,
        dedup_key: "blocked:20261122-120000".into(),
    }
}

fn warning() -> Warning {
    Warning {
        key: UserKey::parse("4028b881908ab4bb01908ab4cc2e0001".to_owned()).unwrap(),
        username: Username::parse("jdoe".to_owned()).unwrap(),
        display_name: "Jane Doe".into(),
        email: Some("jane.doe@example.com".into()),
        reason: ReclaimReason::Inactive { since: at("2026-07-01T08:00:00Z"), source: Source::LastLogin },
        noticed: at("2026-11-22T12:00:00Z"),
        subject: "Your Confluence licence".into(),
        text: "Hello Jane Doe,\n\nlog in before 2026-12-06 to keep it.".into(),
        quiet: false,
    }
}

/// A name and texts that try to become headers, recipients and markup.
fn hostile_warning() -> Warning {
    let name = "Eve\r\nBcc: all@example.com\r\n\r\n<script>\u{202e}";
    Warning {
        display_name: name.into(),
        subject: format!("Hello {name}"),
        text: format!("Hello {name},\r\n.\r\nQUIT\u{0}\u{1b}[2J"),
        ..warning()
    }
}

fn at(text: &str) -> chrono::DateTime<chrono::Utc> {
    text.parse().unwrap()
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
    check("slack-blocked.json", &slack::payload(&blocked()));
}

#[test]
fn generic_messages_are_as_recorded() {
    check("generic-threshold.json", &generic::payload(&threshold()));
    check("generic-plain.json", &generic::payload(&plain()));
    check("generic-hostile.json", &generic::payload(&hostile()));
    check("generic-blocked.json", &generic::payload(&blocked()));
}

#[test]
fn warnings_to_people_are_as_recorded() {
    check("mail-warning.json", &mail::payload(&warning()).unwrap());
    let hostile = mail::payload(&hostile_warning()).unwrap();
    for header in ["to", "name", "username", "subject"] {
        let value = hostile[header].as_str().unwrap();
        assert!(!value.contains(|c: char| c.is_control()), "{header}: {value:?}");
    }
    check("mail-hostile.json", &hostile);
}

#[test]
fn an_address_that_would_reach_somebody_else_gets_no_warning() {
    for email in [None, Some(""), Some("jdoe"), Some("jdoe@example.com\r\nBcc: x@example.com"), Some("a@b.c,d@e.f")] {
        assert_eq!(mail::payload(&Warning { email: email.map(str::to_owned), ..warning() }), None, "{email:?}");
    }
}

#[test]
fn a_message_can_be_stored_until_it_is_delivered() {
    for message in [threshold(), plain(), hostile(), blocked()] {
        let stored = serde_json::to_vec(&message).unwrap();
        assert_eq!(serde_json::from_slice::<Message>(&stored).unwrap(), message);
    }
}
