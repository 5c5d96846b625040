//! A custom directory, against scripted answers.

use super::*;
use crate::testing::{Scripted, World, json as answer, raw};
use futures::executor::block_on;
use seatkeeper_engine::ports::HttpError;
use seatkeeper_policy::directory::{DirectoryGuard, Match};
use serde_json::json;
use std::{iter::repeat_n, time::Duration};

fn rules() -> HttpRules {
    HttpRules {
        path: "/people/{identity}?fields=state".to_owned(),
        status: "/employment/state".to_owned(),
        values: [("working", Presence::Active), ("left", Presence::Disabled), ("true", Presence::Active)]
            .map(|(word, presence)| (word.to_owned(), presence))
            .into(),
        not_found_is_absent: true,
        identity: None,
        sign_in: Some("/seen".to_owned()),
    }
}

fn directory(rules: HttpRules) -> Directory {
    let guard = DirectoryGuard { leavers_percent: 10, leavers_accounts: 5, drop_percent: 10, unknown_percent: 10 };
    Directory {
        name: "hr".to_owned(),
        provider: Provider::Http(rules),
        matching: Match::Username,
        responsible: None,
        leavers: true,
        absent_after: None,
        sign_ins: true,
        one_by_one: false,
        guard,
    }
}

fn person_by(world: &World, rules: HttpRules, identity: &str) -> Result<DirectoryPerson, PortError> {
    let settings = HttpPeopleSettings::parse("https://hr.example.com", "t0k3n\n").unwrap();
    block_on(HttpPeople::new(world, world, settings).person(&directory(rules), identity))
}

fn person(world: &World, identity: &str) -> Result<DirectoryPerson, PortError> {
    person_by(world, rules(), identity)
}

fn state(state: impl Into<Value>) -> Scripted {
    answer(200, json!({"employment": {"state": state.into()}}))
}

#[test]
fn a_person_is_asked_for_with_the_token_and_told_with_the_sign_in() {
    let world = World::new([answer(200, json!({"employment": {"state": "left"}, "seen": "2026-11-01T08:00:00Z"}))]);
    let found = person(&world, "Ann B").unwrap();
    assert_eq!((found.identity.as_str(), found.presence), ("Ann B", Presence::Disabled));
    let seen = found.seen.unwrap();
    assert_eq!((seen.source, seen.at.to_rfc3339().as_str()), (Source::HttpSignIn, "2026-11-01T08:00:00+00:00"));
    assert_eq!(world.calls(), ["GET https://hr.example.com/people/Ann%20B?fields=state"]);
    assert_eq!(world.header(0, "authorization").as_deref(), Some("Bearer t0k3n"));
}

#[test]
fn sign_ins_are_not_told_where_the_policy_does_not_ask_for_them() {
    let body = || json!({"employment": {"state": "working"}, "seen": 1_700_000_000});
    let without = Directory { sign_ins: false, ..directory(rules()) };
    let world = World::new([answer(200, body()), answer(200, body())]);
    let settings = HttpPeopleSettings::parse("https://hr.example.com", "").unwrap();
    let client = HttpPeople::new(&world, &world, settings);
    assert_eq!(block_on(client.person(&without, "ann")).unwrap().seen, None);
    assert_eq!(world.header(0, "authorization"), None);
    let silent = HttpRules { sign_in: None, ..rules() };
    assert_eq!(block_on(client.person(&directory(silent), "ann")).unwrap().seen, None);
}

#[test]
fn case_78_a_state_that_the_policy_does_not_list_or_that_is_not_there_is_unknown() {
    let nowhere = [json!({}), json!({"employment": "left"}), json!([]), json!("left"), json!(null)];
    let other = [json!("on leave"), json!(null), json!({"state": "left"}), json!(["left"]), json!(1), json!("")];
    let answers = nowhere.map(|body| answer(200, body)).into_iter().chain(other.map(state));
    for scripted in answers {
        let world = World::new([scripted]);
        assert_eq!(person(&world, "ann").unwrap().presence, Presence::Unknown);
    }
}

#[test]
fn case_79_a_word_where_a_truth_value_belongs_means_the_same() {
    let with_false = HttpRules {
        values: [("true", Presence::Active), ("false", Presence::Disabled)]
            .map(|(word, presence)| (word.to_owned(), presence))
            .into(),
        ..rules()
    };
    for (value, presence) in [
        (json!(true), Presence::Active),
        (json!("True"), Presence::Active),
        (json!(false), Presence::Disabled),
        (json!("False"), Presence::Disabled),
        (json!("no"), Presence::Unknown),
        (json!(0), Presence::Unknown),
    ] {
        let world = World::new([state(value)]);
        assert_eq!(person_by(&world, with_false.clone(), "ann").unwrap().presence, presence);
    }
}

#[test]
fn the_whole_answer_or_an_entry_of_a_list_can_be_the_state() {
    let whole = HttpRules { status: String::new(), ..rules() };
    let world = World::new([answer(200, json!("left"))]);
    assert_eq!(person_by(&world, whole, "ann").unwrap().presence, Presence::Disabled);
    let entry = HttpRules { status: "/0/state".to_owned(), ..rules() };
    for (list, presence) in [(json!([{"state": "left"}]), Presence::Disabled), (json!([]), Presence::Unknown)] {
        let world = World::new([answer(200, list)]);
        assert_eq!(person_by(&world, entry.clone(), "ann").unwrap().presence, presence);
    }
}

#[test]
fn not_found_means_what_the_policy_says_and_a_web_page_means_a_wrong_address() {
    for (not_found_is_absent, presence) in [(true, Presence::Absent), (false, Presence::Unknown)] {
        for body in [answer(404, json!({"error": "no such person"})), raw(404, &[], "")] {
            let world = World::new([body]);
            let found = person_by(&world, HttpRules { not_found_is_absent, ..rules() }, "ann").unwrap();
            assert_eq!((found.presence, found.seen), (presence, None));
        }
        let world = World::new([raw(404, &[], "<html><title>nginx</title>")]);
        let error = person_by(&world, HttpRules { not_found_is_absent, ..rules() }, "ann").unwrap_err();
        assert_eq!(error.class, ErrorClass::Malformed);
    }
    let world = World::new([raw(410, &[], "")]);
    assert_eq!(person(&world, "ann").unwrap_err().class, ErrorClass::Malformed);
}

#[test]
fn a_name_is_asked_for_as_it_is_spelled_and_then_in_lower_case_before_it_is_absent() {
    let nobody = || raw(404, &[], "");
    let world = World::new([nobody(), state("working")]);
    let found = person(&world, "Ann").unwrap();
    assert_eq!((found.identity.as_str(), found.presence), ("Ann", Presence::Active));
    assert!(world.calls()[0].contains("/people/Ann?") && world.calls()[1].contains("/people/ann?"));
    let world = World::new([nobody(), nobody()]);
    assert_eq!(person(&world, "Ann").unwrap().presence, Presence::Absent);
    let world = World::new([nobody()]);
    assert_eq!(person(&world, "ann").unwrap().presence, Presence::Absent);
    // Where the answer tells who it is about, case makes no difference either.
    let telling = HttpRules { identity: Some("/id".to_owned()), ..rules() };
    let world = World::new([answer(200, json!({"id": "ann", "employment": {"state": "left"}}))]);
    assert_eq!(person_by(&world, telling, "ANN").unwrap().presence, Presence::Disabled);
}

#[test]
fn case_75_every_fault_is_an_error_of_its_class_and_never_a_leaver() {
    for (fault, class, part) in [
        (raw(401, &[], "no"), ErrorClass::Unauthorized, "token"),
        (raw(403, &[], "no"), ErrorClass::Refused, "grant the token reading"),
        (raw(429, &[("retry-after", "60")], ""), ErrorClass::Throttled, "60 s"),
        (raw(429, &[], ""), ErrorClass::Throttled, "slow down"),
        (raw(503, &[("retry-after", "1")], ""), ErrorClass::Throttled, "3 tries"),
        (raw(500, &[], "oops"), ErrorClass::Retryable, "oops"),
        (raw(503, &[], ""), ErrorClass::Retryable, "503"),
        (Err(HttpError::Timeout), ErrorClass::Retryable, "no answer in time"),
        (Err(HttpError::Connection("reset".to_owned())), ErrorClass::Retryable, "reset"),
        (Err(HttpError::TooLarge { limit: 9 }), ErrorClass::Malformed, "larger than 9"),
        (Err(HttpError::Denied), ErrorClass::Refused, "allowed_outbound_hosts"),
        (raw(200, &[], r#"{"employment": {"state": "le"#), ErrorClass::Malformed, "cut off"),
        (raw(200, &[], ""), ErrorClass::Malformed, "empty"),
        (raw(200, &[], "<html>Sign in</html>"), ErrorClass::Malformed, "web page"),
        (raw(204, &[], ""), ErrorClass::Malformed, "204"),
        // Due to the name perhaps, so not a word about the whole directory.
        (raw(400, &[], "bad"), ErrorClass::Malformed, "400"),
        (raw(414, &[], ""), ErrorClass::Malformed, "414"),
        (raw(422, &[], ""), ErrorClass::Malformed, "422"),
        (raw(405, &[], ""), ErrorClass::Refused, "405"),
        (raw(301, &[("location", "https://other.example.com/")], ""), ErrorClass::Malformed, "never followed"),
    ] {
        let world = World::new(repeat_n(fault, 3));
        let error = person(&world, "ann").unwrap_err();
        assert_eq!(error.class, class, "{error}");
        assert!(error.detail.contains(part), "{error}");
        assert!(error.to_string().starts_with("failed to look up `ann` in directory `hr`: "), "{error}");
        assert!(!format!("{error:?}").contains("t0k3n"), "{error}");
    }
}

#[test]
fn list_o_a_redirect_inward_is_not_followed() {
    for target in
        ["http://169.254.169.254/latest/meta-data", "http://127.0.0.1/", "http://[::1]/", "http://2130706433/"]
    {
        let world = World::new([raw(302, &[("location", target)], ""), state("left")]);
        let error = person(&world, "ann").unwrap_err();
        assert_eq!(error.class, ErrorClass::Malformed);
        assert_eq!(world.calls().len(), 1);
    }
}

#[test]
fn list_o_no_name_leaves_its_place_or_adds_a_header() {
    for identity in [
        "../admin",
        "/../admin",
        "..",
        ".",
        "a/b",
        "a\\b",
        "..;",
        "x\r\nX-Evil: 1",
        "x\0",
        "%2e%2e",
        "x?y=z",
        "x#y",
        "@evil",
        "*()",
        "'\"\\",
        "ünïcode",
        "..%2fadmin",
        "\u{ff0e}\u{ff0e}",
    ] {
        let world = World::new([state("left")]);
        let found = person(&world, identity).unwrap();
        for call in world.calls() {
            let rest = call.strip_prefix("GET https://hr.example.com/people/").unwrap();
            let name = rest.strip_suffix("?fields=state").unwrap();
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "-._~%".contains(c)), "{call}");
            assert!(!matches!(name, "." | ".."), "{call}");
        }
        assert_eq!(world.header(0, "x-evil"), None);
        let expected = if world.calls().is_empty() { Presence::Unknown } else { Presence::Disabled };
        assert_eq!(found.presence, expected, "{identity}");
    }
}

#[test]
fn case_10_a_name_is_asked_for_as_a_whole_and_returned_as_it_was_asked() {
    let world = World::new([state("left")]);
    assert_eq!(person(&world, "ann@example.com").unwrap().identity, "ann@example.com");
    assert_eq!(world.calls(), ["GET https://hr.example.com/people/ann%40example.com?fields=state"]);
}

#[test]
fn a_fault_that_passes_is_survived() {
    let world = World::new([raw(429, &[("retry-after", "2")], ""), raw(500, &[], ""), state("working")]);
    assert_eq!(person(&world, "ann").unwrap().presence, Presence::Active);
    assert!(world.sleeps()[0] >= Duration::from_secs(2), "{:?}", world.sleeps());
}

#[test]
fn rules_that_cannot_be_used_are_refused_before_anything_is_sent() {
    for (rules, part) in [
        (HttpRules { path: "//evil.example/{identity}".to_owned(), ..rules() }, "begin with one `/`"),
        (HttpRules { path: "/people".to_owned(), ..rules() }, "exactly once"),
        (HttpRules { status: "state".to_owned(), ..rules() }, "`status` of the custom directory is `state`"),
        (HttpRules { sign_in: Some("seen".to_owned()), ..rules() }, "`sign-in` of the custom directory"),
    ] {
        let world = World::new([state("left")]);
        let error = person_by(&world, rules, "ann").unwrap_err();
        assert_eq!(error.class, ErrorClass::Refused);
        assert!(error.detail.contains(part), "{error}");
        assert_eq!(world.calls().len(), 0);
    }
}

#[test]
fn there_is_no_list_and_other_providers_are_not_ours() {
    let world = World::new([]);
    let client = HttpPeople::new(&world, &world, HttpPeopleSettings::parse("https://hr.example.com", "").unwrap());
    let error = block_on(client.people(&directory(rules()), None)).unwrap_err();
    assert_eq!(error.class, ErrorClass::Refused);
    assert!(error.detail.contains("one person at a time"), "{error}");
    let other = Directory { provider: Provider::Scim, ..directory(rules()) };
    assert_eq!(block_on(client.people(&other, None)).unwrap_err(), not_configured(&other));
    assert_eq!(block_on(client.person(&other, "ann")).unwrap_err(), not_configured(&other));
}

#[test]
fn settings_tell_all_problems_at_once_and_never_the_token() {
    let error = HttpPeopleSettings::parse("https://hr.example.com/x", "two words").unwrap_err();
    assert!(error.problems.len() >= 2, "{error}");
    assert!(!error.to_string().contains("two words"), "{error}");
    assert!(error.to_string().contains(POLICY) && !error.to_string().contains("context"), "{error}");
    let settings = HttpPeopleSettings::parse("https://hr.example.com", "t0k3n").unwrap();
    assert!(!format!("{settings:?}").contains("t0k3n"));
    for origin in ["https://user:pass@hr.example.com", "file:///etc", "https://hr.example.com/api", ""] {
        assert!(HttpPeopleSettings::parse(origin, "").is_err(), "{origin}");
    }
}

#[test]
fn case_10_an_answer_about_somebody_else_says_nothing_where_the_policy_names_the_pointer() {
    let rules = HttpRules { identity: Some("/login".to_owned()), ..rules() };
    let left =
        |login: Value| answer(200, json!({"login": login, "employment": {"state": "left"}, "seen": 1_700_000_000}));
    for (login, presence) in [
        (json!("jdoe"), Presence::Disabled),
        (json!("JDoe"), Presence::Disabled),
        (json!("jdoe2"), Presence::Unknown),
        (json!("jdoe@example.com"), Presence::Unknown),
        (json!(["jdoe"]), Presence::Unknown),
        (json!(null), Presence::Unknown),
    ] {
        let found = person_by(&World::new([left(login.clone())]), rules.clone(), "jdoe").unwrap();
        assert_eq!((found.presence, found.seen.is_some()), (presence, presence == Presence::Disabled), "{login}");
    }
}
