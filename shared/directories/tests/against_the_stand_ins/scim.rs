//! What only SCIM does.

use crate::bench::{Bench, ORIGIN, said};
use futures::executor::block_on;
use seatkeeper_directories::{OAuthTexts, Scim, ScimSettings};
use seatkeeper_engine::{directories::Directories, ports::ErrorClass};
use seatkeeper_policy::directory::{Match, Presence};
use seatkeeper_stand_ins::{Config, Fault, Kind, Person, Rule, State};
use serde_json::{Value, json};

#[test]
fn half_a_page_is_noticed_and_the_other_half_is_asked_for() {
    for page in 1..=5 {
        let bench = Bench::new(Kind::Scim, 42).failing(Rule::next(Fault::HalfPage).at(page));
        assert_eq!(said(bench.everybody().unwrap()), bench.truth(), "half of page {page}");
    }
}

#[test]
fn a_page_without_anybody_before_the_end_is_an_error() {
    for page in 1..=4 {
        let bench = Bench::new(Kind::Scim, 42).failing(Rule::next(Fault::EmptyPage).at(page));
        let error = bench.everybody().unwrap_err();
        assert_eq!(error.class, ErrorClass::Endless, "{error}");
        assert!(error.detail.contains("said 40 people"), "{error}");
    }
}

#[test]
fn a_directory_that_changes_while_it_is_read_has_to_be_read_again() {
    for page in 2..=4 {
        let bench = Bench::new(Kind::Scim, 42).failing(Rule::next(Fault::OtherTotal).at(page));
        let error = bench.everybody().unwrap_err();
        assert_eq!(error.class, ErrorClass::Retryable, "{error}");
        assert!(error.detail.contains("said 40 people at first and 41"), "{error}");
    }
}

#[test]
fn each_mail_address_is_an_identity_of_its_own() {
    let mut person = Person::named(1, "jdoe", State::Active);
    person.mails = vec!["jdoe@example.com".to_owned(), "J.Doe@example.org".to_owned(), "JDOE@example.com".to_owned()];
    let bench = Bench::with(Kind::Scim, vec![person]).matching(Match::Mail);
    let identities: Vec<_> = bench.everybody().unwrap().into_iter().map(|person| person.identity).collect();
    assert_eq!(identities, ["jdoe@example.com", "J.Doe@example.org"]);
    assert_eq!(bench.presence("j.doe@example.org"), Presence::Active);
}

#[test]
fn attributes_may_be_spelled_in_any_case() {
    let person = Person::named(1, "jdoe", State::Active)
        .odd("active", Value::Null)
        .odd("userName", Value::Null)
        .odd("Active", json!(false))
        .odd("USERNAME", json!("jdoe"));
    let bench = Bench::with(Kind::Scim, vec![person]);
    assert_eq!(bench.everybody().unwrap()[0].presence, Presence::Disabled);
    assert_eq!(bench.presence("jdoe"), Presence::Disabled);
}

#[test]
fn an_attribute_of_a_wrong_type_is_an_error_and_nobody_is_left_out() {
    for odd in [json!({"x": 1}), json!(["jdoe"]), json!(true)] {
        let people =
            vec![Person::named(1, "a", State::Active), Person::named(2, "b", State::Active).odd("userName", odd)];
        let bench = Bench::with(Kind::Scim, people);
        assert_eq!(bench.everybody().unwrap_err().class, ErrorClass::Malformed);
    }
}

#[test]
fn the_questions_are_those_of_the_standard() {
    let bench = Bench::new(Kind::Scim, 12);
    bench.everybody().unwrap();
    bench.person("o\"brien").unwrap();
    assert_eq!(
        bench.stand_in.asked(),
        [
            format!("GET {ORIGIN}/scim/v2/Users?startIndex=1&count=200&attributes=userName,active"),
            format!("GET {ORIGIN}/scim/v2/Users?startIndex=11&count=200&attributes=userName,active"),
            format!(
                "GET {ORIGIN}/scim/v2/Users?filter=userName%20eq%20%22o%5C%22brien%22&startIndex=1&count=10&\
                 attributes=userName,active"
            ),
        ]
    );
}

#[test]
fn tokens_can_be_fetched_and_are_fetched_again_when_they_end_early() {
    let bench = Bench::of(Config { page_cap: Some(10), ..Config::new(Kind::Scim, 42) })
        .failing(Rule::next(Fault::TokenEnded).at(3));
    let token_url = format!("{ORIGIN}/oauth/token");
    let oauth =
        OAuthTexts { token_url: &token_url, client_id: "stand-in-client", client_secret: "stand-in-secret", scope: "" };
    let settings = ScimSettings::parse(&format!("{ORIGIN}/scim/v2"), "", oauth).unwrap();
    let client = Scim::new(&bench.network, &bench.network, settings);
    let mut cursor: Option<String> = None;
    let mut people = Vec::new();
    loop {
        let page = block_on(client.people(&bench.directory, cursor.as_deref())).unwrap();
        people.extend(page.people);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(said(people), bench.truth());
    assert_eq!(bench.stand_in.counts().tokens, 2);
}

#[test]
fn all_problems_of_the_settings_are_told_together_and_no_secret() {
    let both = OAuthTexts { token_url: "x", ..OAuthTexts::default() };
    let error = ScimSettings::parse("people.example.com", "hunter2", both).unwrap_err();
    assert_eq!(error.problems.len(), 2, "{error}");
    assert!(!error.to_string().contains("hunter2"));
    assert!(ScimSettings::parse("https://people.example.com", "", OAuthTexts::default()).is_err());
    let good = ScimSettings::parse("https://people.example.com/scim/v2/", "hunter2\n", OAuthTexts::default()).unwrap();
    assert_eq!(good.base.as_str(), "https://people.example.com/scim/v2");
    assert!(!format!("{good:?}").contains("hunter2"));
}
