//! What only Okta does.

use crate::bench::{Bench, ORIGIN, said};
use seatkeeper_directories::{OktaSettings, okta::OktaScheme};
use seatkeeper_engine::ports::ErrorClass;
use seatkeeper_policy::{account::Source, directory::Presence};
use seatkeeper_stand_ins::{Config, Fault, Kind, Person, Rule, State};
use serde_json::json;

#[test]
fn deactivated_people_are_listed_although_the_plain_listing_leaves_them_out() {
    let bench = Bench::of(Config::new(Kind::Okta, 500));
    let all = said(bench.everybody().unwrap());
    assert_eq!(all, bench.truth());
    assert_eq!(all.values().filter(|presence| **presence == Presence::Disabled).count(), 20);
    assert_eq!(
        bench.stand_in.asked()[..2],
        [
            format!("GET {ORIGIN}/api/v1/users?limit=200&filter=status%20eq%20%22DEPROVISIONED%22"),
            format!("GET {ORIGIN}/api/v1/users?limit=200"),
        ]
    );
}

#[test]
fn last_logins_are_evidence_where_the_policy_wants_them() {
    let person = |value| Person::named(1, "jdoe", State::Active).odd("lastLogin", value);
    let at = json!("2026-06-24T17:39:19.000Z");
    let bench = Bench::with(Kind::Okta, vec![person(at.clone())]);
    assert_eq!(bench.everybody().unwrap()[0].seen, None);
    let bench = Bench::with(Kind::Okta, vec![person(at)]).sign_ins();
    for found in [bench.everybody().unwrap().remove(0), bench.person("jdoe").unwrap()] {
        let seen = found.seen.unwrap();
        assert_eq!((seen.at.to_rfc3339().as_str(), seen.source), ("2026-06-24T17:39:19+00:00", Source::OktaLogin));
    }
    let bench = Bench::with(Kind::Okta, vec![person(json!(1_700_000_000))]).sign_ins();
    assert_eq!(bench.everybody().unwrap_err().class, ErrorClass::Malformed);
}

#[test]
fn a_missing_right_is_named() {
    let bench = Bench::new(Kind::Okta, 5).failing(Rule::next(Fault::Status(403)));
    let error = bench.everybody().unwrap_err();
    assert!(error.detail.contains("okta.users.read") && error.detail.contains("E0000006"), "{error}");
}

#[test]
fn somebody_without_a_profile_is_an_error_and_nobody_is_left_out() {
    let people =
        vec![Person::named(1, "a", State::Active), Person::named(2, "b", State::Active).odd("profile", json!("b"))];
    let bench = Bench::with(Kind::Okta, people);
    assert_eq!(bench.everybody().unwrap_err().class, ErrorClass::Malformed);
}

#[test]
fn a_token_is_an_api_token_unless_it_says_otherwise() {
    let parse = |token| OktaSettings::parse("https://example.okta.com", token).unwrap();
    for (text, scheme) in [
        ("hunter2", OktaScheme::Ssws),
        ("SSWS hunter2", OktaScheme::Ssws),
        ("Bearer hunter2\n", OktaScheme::Bearer),
        ("bearer hunter2", OktaScheme::Bearer),
    ] {
        let settings = parse(text);
        assert_eq!((settings.scheme, settings.token.expose()), (scheme, "hunter2"), "{text}");
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
    let error = OktaSettings::parse("example.okta.com", "a b").unwrap_err();
    assert_eq!(error.problems.len(), 2, "{error}");
}
