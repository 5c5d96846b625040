//! What only Microsoft Graph does.

use crate::bench::{Bench, ORIGIN, SECRETS, said};
use chrono::{DateTime, Utc};
use seatkeeper_directories::GraphSettings;
use seatkeeper_engine::ports::ErrorClass;
use seatkeeper_policy::{
    account::{Sighting, Source},
    directory::{Match, Presence},
};
use seatkeeper_stand_ins::{Config, Fault, Kind, Person, Rule, State};
use serde_json::json;

#[expect(clippy::unnecessary_wraps, clippy::unwrap_used, reason = "it is compared with what a client found")]
fn seen(text: &str) -> Option<Sighting> {
    let at: DateTime<Utc> = text.parse().unwrap();
    Some(Sighting { at, source: Source::GraphSignIn })
}

#[test]
fn the_newest_sign_in_of_all_kinds_counts_in_the_listing() {
    let activity = |value| Person::named(1, "jdoe", State::Active).odd("signInActivity", value);
    for (value, newest) in [
        (
            json!({"lastSignInDateTime": "2026-05-01T10:00:00Z", "lastSuccessfulSignInDateTime": "2026-04-01T10:00:00Z",
                   "lastNonInteractiveSignInDateTime": "2026-06-01T10:00:00Z"}),
            seen("2026-06-01T10:00:00Z"),
        ),
        (json!({"lastSignInDateTime": "2026-05-01T10:00:00Z"}), seen("2026-05-01T10:00:00Z")),
        (json!({"lastSuccessfulSignInDateTime": "2026-05-01T10:00:00Z"}), seen("2026-05-01T10:00:00Z")),
        (json!({"lastSignInDateTime": null}), None),
        (json!({"lastSignInDateTime": "0001-01-01T00:00:00Z"}), None),
        (json!({}), None),
    ] {
        let bench = Bench::with(Kind::Graph, vec![activity(value.clone())]).sign_ins();
        assert_eq!(bench.everybody().unwrap()[0].seen, newest, "{value}");
        assert_eq!(bench.person("jdoe").unwrap().seen, newest, "{value}");
    }
    for value in [json!({"lastSignInDateTime": "soon"}), json!("2026-05-01T10:00:00Z")] {
        let bench = Bench::with(Kind::Graph, vec![activity(value.clone())]).sign_ins();
        assert_eq!(bench.everybody().unwrap_err().class, ErrorClass::Malformed, "{value}");
    }
}

#[test]
fn sign_ins_are_asked_for_only_where_the_policy_wants_them_and_one_person_by_object_id() {
    let bench = Bench::new(Kind::Graph, 3);
    bench.everybody().unwrap();
    let bench = Bench::new(Kind::Graph, 3).matching(Match::Upn).sign_ins();
    let user = bench.stand_in.people()[0].clone();
    assert_eq!(bench.person(&user.upn).unwrap().seen.is_some(), user.last_sign_in.is_some());
    let asked = bench.stand_in.asked();
    assert!(asked[1].contains("$filter=userPrincipalName%20eq%20%27user000000%40corp.example.com%27"), "{asked:?}");
    assert!(!asked[1].contains("signInActivity"), "{asked:?}");
    assert_eq!(asked[2], format!("GET {ORIGIN}/v1.0/users/{}?$select=id,signInActivity", user.id));
}

#[test]
fn the_pages_are_as_large_as_graph_allows() {
    for (sign_ins, size) in [(false, 999), (true, 120)] {
        let mut bench = Bench::of(Config::new(Kind::Graph, 1_500));
        bench.directory.sign_ins = sign_ins;
        let people = bench.everybody().unwrap();
        assert_eq!(people.iter().any(|person| person.seen.is_some()), sign_ins);
        assert_eq!(said(people), bench.truth());
        let asked = bench.stand_in.asked();
        assert!(asked[1].contains(&format!("$top={size}")), "{asked:?}");
        let pages = bench.truth().len().div_ceil(size);
        assert_eq!(bench.stand_in.counts().requests, pages as u64 + 1);
    }
}

#[test]
fn a_tenant_without_the_licence_for_sign_ins_is_told_so() {
    let mut bench = Bench::of(Config { premium: false, ..Config::new(Kind::Graph, 5) }).sign_ins();
    let error = bench.everybody().unwrap_err();
    assert_eq!(error.class, ErrorClass::Refused);
    assert!(error.detail.contains("P1 or P2") && error.detail.contains("`sign-ins`"), "{error}");
    bench.directory.sign_ins = false;
    bench.everybody().unwrap();
}

#[test]
fn refusals_say_which_permission_is_missing() {
    for (code, part) in [
        ("Authorization_RequestDenied", "User.Read.All"),
        ("Authentication_MSGraphPermissionMissing", "AuditLog.Read.All"),
        ("Authorization_IdentityNotFound", "tenant"),
    ] {
        let bench = Bench::new(Kind::Graph, 5).failing(Rule::next(Fault::Refusal(403, code.to_owned())));
        let error = bench.everybody().unwrap_err();
        assert_eq!(error.class, ErrorClass::Refused);
        assert!(error.detail.contains(part) && error.detail.contains(code), "{error}");
    }
}

#[test]
fn a_search_that_the_tenant_cannot_make_is_about_one_person_and_tells_what_to_do() {
    let fault = Fault::Refusal(400, "Request_UnsupportedQuery".to_owned());
    let error = Bench::new(Kind::Graph, 5).failing(Rule::next(fault.clone())).person("user000001").unwrap_err();
    assert_eq!(error.class, ErrorClass::Malformed);
    assert!(error.detail.contains("read the whole directory instead"), "{error}");
    // A listing that is refused is about everybody.
    assert_eq!(
        Bench::new(Kind::Graph, 5).failing(Rule::next(fault)).everybody().unwrap_err().class,
        ErrorClass::Refused
    );
}

#[test]
fn somebody_who_is_gone_between_two_questions_is_an_error_about_one_person() {
    let bench = Bench::new(Kind::Graph, 5).sign_ins().failing(Rule::next(Fault::Status(404)).at(2));
    assert_eq!(bench.person("user000001").unwrap_err().class, ErrorClass::Malformed);
}

#[test]
fn one_token_serves_a_whole_listing_and_a_token_that_ends_early_is_replaced_once() {
    let bench = Bench::new(Kind::Graph, 42);
    bench.everybody().unwrap();
    assert_eq!(bench.stand_in.counts().tokens, 1);
    for page in 1..=4 {
        let bench = Bench::new(Kind::Graph, 42).failing(Rule::next(Fault::TokenEnded).at(page));
        assert_eq!(said(bench.everybody().unwrap()), bench.truth());
        assert_eq!(bench.stand_in.counts().tokens, 2);
    }
    let bench = Bench::new(Kind::Graph, 42).failing(Rule::next(Fault::TokenEnded).forever());
    assert_eq!(bench.everybody().unwrap_err().class, ErrorClass::Unauthorized);
    assert_eq!((bench.stand_in.counts().tokens, bench.stand_in.counts().requests), (2, 4));
}

#[test]
fn a_token_endpoint_that_fails_is_an_error_of_its_own_class() {
    for (fault, class) in [
        (Fault::Status(500), ErrorClass::Retryable),
        (Fault::Status(404), ErrorClass::Refused),
        (Fault::Throttled(600), ErrorClass::Throttled),
        (Fault::Timeout, ErrorClass::Retryable),
        (Fault::Html, ErrorClass::Malformed),
        (Fault::CutOff, ErrorClass::Malformed),
    ] {
        let bench = Bench::new(Kind::Graph, 5).failing(Rule::next(fault.clone()).of_token().forever());
        let error = bench.everybody().unwrap_err();
        assert_eq!(error.class, class, "{fault:?}: {error}");
        assert!(error.detail.contains("token"), "{error}");
        assert!(SECRETS.iter().all(|secret| !error.to_string().contains(secret)), "{error}");
    }
    let bench = Bench::of(Config { client_secret: "another".to_owned(), ..Config::new(Kind::Graph, 5) });
    let error = bench.everybody().unwrap_err();
    assert_eq!(error.class, ErrorClass::Unauthorized);
    assert!(error.detail.contains("AADSTS7000215") && !error.detail.contains("stand-in-secret"), "{error}");
}

#[test]
fn a_page_without_anybody_does_not_end_a_listing_but_three_in_a_row_do() {
    let bench = Bench::new(Kind::Graph, 200).failing(Rule::next(Fault::EmptyPage).at(2).times(2));
    // The people of the two pages are lost in this fault, which no client can see; the others come.
    assert_eq!(bench.everybody().unwrap().len(), bench.truth().len() - 20);
    let bench = Bench::new(Kind::Graph, 200).failing(Rule::next(Fault::EmptyPage).at(2).times(3));
    assert_eq!(bench.everybody().unwrap_err().class, ErrorClass::Endless);
}

#[test]
fn somebody_without_a_switch_is_unknown() {
    for odd in [json!(null), json!("perhaps"), json!(0), json!({"value": true})] {
        let person = Person::named(1, "jdoe", State::Active).odd("accountEnabled", odd.clone());
        let bench = Bench::with(Kind::Graph, vec![person]);
        assert_eq!(bench.everybody().unwrap()[0].presence, Presence::Unknown, "{odd}");
        assert_eq!(bench.presence("jdoe"), Presence::Unknown, "{odd}");
    }
}

#[test]
fn all_problems_of_the_settings_are_told_together_and_no_secret() {
    let error = GraphSettings::parse("graph", "login", "../x", "", "hunter 2").unwrap_err();
    assert_eq!(error.problems.len(), 5, "{error}");
    assert!(!error.to_string().contains("hunter"));
    let good = GraphSettings::parse(
        "https://graph.microsoft.us",
        "https://login.microsoftonline.us/",
        "contoso.com",
        "app",
        "hunter2",
    )
    .unwrap();
    let credentials = &good.credentials;
    assert_eq!(credentials.token_url.as_str(), "https://login.microsoftonline.us/contoso.com/oauth2/v2.0/token");
    assert_eq!(credentials.scope.as_deref(), Some("https://graph.microsoft.us/.default"));
    assert!(!format!("{good:?}").contains("hunter2"));
}
