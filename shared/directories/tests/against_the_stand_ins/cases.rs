//! Edge cases by their numbers in the project's list, as far as a client decides them.

use crate::bench::{Bench, KINDS, said};
use seatkeeper_engine::ports::ErrorClass;
use seatkeeper_policy::directory::{Match, Presence};
use seatkeeper_stand_ins::{Config, Fault, Kind, Person, Rule, State};
use serde_json::{Value, json};

#[test]
fn case_75_a_directory_that_fails_or_gives_a_part_allows_no_conclusion() {
    for kind in KINDS {
        // No people at all is an answer; what it is worth is for the guards to say.
        assert_eq!(Bench::new(kind, 0).everybody().unwrap(), []);
        for (fault, class) in [
            (Fault::CutOff, ErrorClass::Malformed),
            (Fault::Status(401), ErrorClass::Unauthorized),
            (Fault::Status(403), ErrorClass::Refused),
            (Fault::Throttled(600), ErrorClass::Throttled),
        ] {
            // The third page, when most people have come already.
            let bench = Bench::new(kind, 42).failing(Rule::next(fault.clone()).at(3).forever());
            assert_eq!(bench.everybody().unwrap_err().class, class, "{kind:?} {fault:?}");
            let bench = Bench::new(kind, 42).failing(Rule::next(fault.clone()).forever());
            assert_eq!(bench.person("user000001").unwrap_err().class, class, "{kind:?} {fault:?}");
        }
    }
}

#[test]
fn case_77_lookup_by_mail_login_or_employee_number_finds_what_that_attribute_says_now() {
    for kind in KINDS {
        // Married: the mail address is new, the rest is not.
        let mut person = Person::named(1, "anna.maier", State::Active);
        person.mails = vec!["anna.schmidt@example.com".to_owned()];
        person.upn = "anna.maier@corp.example.com".to_owned();
        person.employee_id = "004711".to_owned();
        let ask =
            |matching, identity: &str| Bench::with(kind, vec![person.clone()]).matching(matching).presence(identity);
        assert_eq!(ask(Match::Mail, "anna.schmidt@example.com"), Presence::Active, "{kind:?}");
        assert_eq!(ask(Match::Mail, "anna.maier@example.com"), Presence::Absent, "{kind:?}");
        assert_eq!(ask(Match::Username, "anna.maier"), Presence::Active, "{kind:?}");
        assert_eq!(ask(Match::EmployeeId, "004711"), Presence::Active, "{kind:?}");
        // A value of one attribute is no value of another.
        assert_eq!(ask(Match::Username, "anna.schmidt@example.com"), Presence::Absent, "{kind:?}");
        assert_eq!(ask(Match::EmployeeId, "4711"), Presence::Absent, "{kind:?}");
        let by_upn = if kind == Kind::Graph { "anna.maier@corp.example.com" } else { "anna.maier" };
        assert_eq!(ask(Match::Upn, by_upn), Presence::Active, "{kind:?}");
    }
    // Where the directory keeps the old address as well, both find her.
    let mut person = Person::named(1, "anna.maier", State::Active);
    person.mails = vec!["anna.schmidt@example.com".to_owned(), "anna.maier@example.com".to_owned()];
    let bench = Bench::with(Kind::Scim, vec![person]).matching(Match::Mail);
    assert_eq!(bench.presence("anna.maier@example.com"), Presence::Active);
}

#[test]
fn case_78_only_explicit_states_count_and_each_word_has_one_meaning() {
    for (status, presence) in [
        (json!("ACTIVE"), Presence::Active),
        (json!("RECOVERY"), Presence::Active),
        (json!("PASSWORD_EXPIRED"), Presence::Active),
        (json!("PROVISIONED"), Presence::Active),
        (json!("LOCKED_OUT"), Presence::Locked),
        (json!("SUSPENDED"), Presence::Disabled),
        (json!("DEPROVISIONED"), Presence::Disabled),
        (json!("STAGED"), Presence::Unknown),
        (json!("ARCHIVED"), Presence::Unknown),
        (json!("deprovisioned?"), Presence::Unknown),
        (json!(""), Presence::Unknown),
        (json!(7), Presence::Unknown),
        (Value::Null, Presence::Unknown),
    ] {
        let bench =
            Bench::with(Kind::Okta, vec![Person::named(1, "jdoe", State::Active).odd("status", status.clone())]);
        assert_eq!(said(bench.everybody().unwrap())["jdoe"], presence, "{status}");
        assert_eq!(bench.presence("jdoe"), presence, "{status}");
    }
}

#[test]
fn case_79_switches_written_as_texts_are_understood_in_any_case_and_other_types_say_nothing() {
    for kind in [Kind::Scim, Kind::Graph] {
        let member = if kind == Kind::Scim { "active" } else { "accountEnabled" };
        for (value, presence) in [
            (json!(true), Presence::Active),
            (json!("True"), Presence::Active),
            (json!("true"), Presence::Active),
            (json!("TRUE "), Presence::Active),
            (json!(false), Presence::Disabled),
            (json!("False"), Presence::Disabled),
            (json!("false"), Presence::Disabled),
            (json!("FALSE"), Presence::Disabled),
            (json!("no"), Presence::Unknown),
            (json!(""), Presence::Unknown),
            (json!(0), Presence::Unknown),
            (json!(1), Presence::Unknown),
            (json!([false]), Presence::Unknown),
            (json!({"value": false}), Presence::Unknown),
        ] {
            let bench = Bench::with(kind, vec![Person::named(1, "jdoe", State::Active).odd(member, value.clone())]);
            assert_eq!(said(bench.everybody().unwrap())["jdoe"], presence, "{kind:?} {value}");
            assert_eq!(bench.presence("jdoe"), presence, "{kind:?} {value}");
        }
        let config = Config { string_booleans: true, ..Config::new(kind, 200) };
        let bench = Bench::of(config);
        assert_eq!(said(bench.everybody().unwrap()), bench.truth(), "{kind:?}");
    }
}

#[test]
fn case_80_being_deleted_softly_and_being_switched_off_are_both_gone_and_out_of_scope_is_not_guessed() {
    let graph = |person: Person| said(Bench::with(Kind::Graph, vec![person]).everybody().unwrap())["jdoe"];
    let active = || Person::named(1, "jdoe", State::Active);
    let deleted = json!("2026-11-01T10:00:00Z");
    assert_eq!(graph(active()), Presence::Active);
    assert_eq!(graph(Person::named(1, "jdoe", State::Disabled)), Presence::Disabled);
    // Deleted softly, and the switch was left on.
    assert_eq!(graph(active().odd("deletedDateTime", deleted.clone())), Presence::Disabled);
    assert_eq!(graph(active().odd("deletedDateTime", deleted).odd("accountEnabled", Value::Null)), Presence::Disabled);
    assert_eq!(graph(active().odd("accountEnabled", Value::Null)), Presence::Unknown);
    // What a provisioning service maps to `active` is all that SCIM tells; without it, being listed is being there.
    let scim = |person: Person| said(Bench::with(Kind::Scim, vec![person]).everybody().unwrap())["jdoe"];
    assert_eq!(scim(active().odd("active", json!(false))), Presence::Disabled);
    assert_eq!(scim(active().odd("active", Value::Null)), Presence::Active);
}
