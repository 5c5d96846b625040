//! The exact bodies that channels receive, for every kind of notice. To accept a wanted change:
//! `SEATKEEPER_BLESS=1 cargo test -p seatkeeper-chat`.

use crate::notices::{at, console, every_notice, hostile_notices};
use seatkeeper_chat::{Kind, Level, Message, mail, message, payload};
use seatkeeper_engine::state::Warning;
use seatkeeper_policy::{ReclaimReason, Source, UserKey, Username};
use serde_json::Value;
use std::{collections::BTreeSet, env, fs, path::Path};

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn check(name: &str, payload: &Value) {
    let path = folder().join(name);
    if env::var_os("SEATKEEPER_BLESS").is_some() {
        fs::write(&path, serde_json::to_string_pretty(payload).unwrap() + "\n").unwrap();
    }
    let golden: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(*payload, golden, "{name} differs; if that is wanted, bless it");
}

#[test]
fn every_notice_is_as_recorded_in_every_channel() {
    let console = console();
    for (name, notice) in every_notice() {
        for kind in Kind::ALL {
            check(&format!("{}-{name}.json", kind.name()), &payload(kind, &message(&notice, Some(&console))));
        }
    }
}

#[test]
fn hostile_names_are_as_recorded_in_every_channel() {
    for (name, notice) in hostile_notices() {
        for kind in Kind::ALL {
            check(&format!("{}-hostile-{name}.json", kind.name()), &payload(kind, &message(&notice, None)));
        }
    }
}

#[test]
fn a_message_of_nothing_but_a_title_is_as_recorded() {
    let plain = Message {
        title: "The sweep is finished".into(),
        level: Level::Info,
        text: Vec::new(),
        facts: Vec::new(),
        link: Some("javascript:alert(1)".into()),
        dedup_key: "sweep/42".into(),
    };
    for kind in Kind::ALL {
        check(&format!("{}-plain.json", kind.name()), &payload(kind, &plain));
    }
}

#[test]
fn every_recorded_body_belongs_to_a_test() {
    let mut expected = BTreeSet::from(["mail-warning.json".to_owned(), "mail-hostile.json".to_owned()]);
    for kind in Kind::ALL {
        let names = every_notice().into_iter().map(|(name, _)| name.to_owned());
        let hostile = hostile_notices().into_iter().map(|(name, _)| format!("hostile-{name}"));
        let names = names.chain(hostile).chain(["plain".to_owned()]);
        expected.extend(names.map(|name| format!("{}-{name}.json", kind.name())));
    }
    let found: BTreeSet<_> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, expected);
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
fn a_notice_can_be_stored_until_it_is_delivered() {
    for (name, notice) in every_notice().into_iter().chain(hostile_notices()) {
        let stored = serde_json::to_vec(&notice).unwrap();
        assert_eq!(serde_json::from_slice::<seatkeeper_engine::alert::Notice>(&stored).unwrap(), notice, "{name}");
    }
}
