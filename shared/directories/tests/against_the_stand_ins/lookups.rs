//! Lookups of one person: exactly that one, whatever the name contains.

use crate::bench::{Bench, KINDS};
use seatkeeper_policy::directory::{Match, Presence};
use seatkeeper_stand_ins::{Kind, Person, State};

/// Names that want to be more than a name.
const PAYLOADS: [&str; 26] = [
    "o'brien",
    "o''brien",
    "' or '1'='1",
    "x' or accountenabled eq true or mail eq 'x",
    "say \"hi\"",
    "a\" or active eq true or username eq \"b",
    "back\\slash",
    "back\\\"both\\",
    "*",
    "*)(uid=*))(|(uid=*",
    "()&|!",
    "nul\0byte",
    "cr\r\nlf: x",
    "tab\there",
    "../../admin",
    "/../",
    "%2e%2e%2f",
    "%00",
    "a?b=c&d",
    "a#b",
    "a&$filter=x",
    "a+b@example.com",
    "a b",
    "jörg.müller",
    "名前",
    "${jndi:ldap://127.0.0.1/x}",
];

#[test]
fn whatever_a_name_contains_it_is_asked_for_as_a_name_and_found_by_nobody_else() {
    for kind in KINDS {
        for matching in [Match::Username, Match::Mail, Match::Upn] {
            for payload in PAYLOADS {
                let person = |number, name: &str, state| {
                    let mut person = Person::named(number, name, state);
                    person.upn = name.to_owned();
                    person.mails = vec![name.to_owned()];
                    person
                };
                let people = vec![
                    person(1, "somebody", State::Active),
                    person(2, payload, State::Disabled),
                    person(3, &format!("{payload}2"), State::Active),
                ];
                let bench = Bench::with(kind, people).matching(matching);
                let found = bench.person(payload).unwrap();
                assert_eq!(found.identity, payload, "{kind:?} {matching:?}");
                assert_eq!(found.presence, Presence::Disabled, "{kind:?} {matching:?} {payload:?}");
                let without = Bench::with(kind, vec![person(1, "somebody", State::Active)]).matching(matching);
                assert_eq!(without.presence(payload), Presence::Absent, "{kind:?} {matching:?} {payload:?}");
                // One question, below one path, whose filter holds the name and nothing more.
                let asked = without.stand_in.asked().pop().unwrap();
                assert!(asked.is_ascii() && !asked.contains(['\r', '\n', '\0', '"', '\'', '#']), "{asked}");
                assert_eq!(asked.matches('?').count(), 1, "{asked}");
            }
        }
    }
}

#[test]
fn names_are_compared_without_case_and_as_a_whole() {
    for kind in KINDS {
        let people = vec![Person::named(1, "JDoe", State::Disabled), Person::named(2, "jdoe2", State::Active)];
        let bench = Bench::with(kind, people);
        let found = bench.person("jdoe").unwrap();
        assert_eq!((found.identity.as_str(), found.presence), ("JDoe", Presence::Disabled), "{kind:?}");
        let found = bench.person("JDOE").unwrap();
        assert_eq!((found.identity.as_str(), found.presence), ("JDoe", Presence::Disabled), "{kind:?}");
        assert_eq!(bench.presence("jdo"), Presence::Absent, "{kind:?}");
        assert_eq!(bench.presence("doe"), Presence::Absent, "{kind:?}");
    }
}

#[test]
fn of_two_people_with_one_mail_address_the_present_one_wins() {
    for kind in KINDS {
        let person = |number, name, state| {
            let mut person = Person::named(number, name, state);
            person.mails = vec!["team@example.com".to_owned()];
            person
        };
        let people = vec![person(1, "old", State::Disabled), person(2, "new", State::Active)];
        let bench = Bench::with(kind, people).matching(Match::Mail);
        assert_eq!(bench.presence("team@example.com"), Presence::Active, "{kind:?}");
    }
}

#[test]
fn employee_numbers_are_found_in_whatever_case_they_are_kept() {
    for kind in KINDS {
        for kept in ["e-0701", "E-0701", "0701"] {
            let mut person = Person::named(1, "jdoe", State::Disabled);
            person.employee_id = kept.to_owned();
            let bench = Bench::with(kind, vec![person]).matching(Match::EmployeeId);
            assert_eq!(bench.presence(&kept.to_lowercase()), Presence::Disabled, "{kind:?} {kept}");
        }
    }
    // SCIM compares these exactly, so a number in mixed case is not found, and that must not look like a leaver.
    let mut person = Person::named(1, "jdoe", State::Active);
    person.employee_id = "aB-7".to_owned();
    let bench = Bench::with(Kind::Scim, vec![person]).matching(Match::EmployeeId);
    assert_eq!(bench.presence("ab-7"), Presence::Unknown);
    assert_eq!(bench.presence("0815"), Presence::Absent);
}

#[test]
fn somebody_without_the_attribute_is_in_no_listing_under_another_name() {
    for (kind, attribute) in [(Kind::Graph, "mail"), (Kind::Scim, "emails")] {
        let people = vec![
            Person::named(1, "nomail", State::Active).odd(attribute, serde_json::Value::Null),
            Person::named(2, "mail", State::Active),
        ];
        let bench = Bench::with(kind, people).matching(Match::Mail);
        let identities: Vec<_> = bench.everybody().unwrap().into_iter().map(|person| person.identity).collect();
        assert_eq!(identities, ["mail@example.com"], "{kind:?}");
    }
}
