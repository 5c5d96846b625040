//! Every fault with every client: none ends in a shorter list, in an absence, or in a secret told.

use crate::bench::{Bench, KINDS, ORIGIN, SECRETS, directory, said};
use seatkeeper_engine::ports::{ErrorClass, PortError};
use seatkeeper_policy::directory::{Presence, Provider};
use seatkeeper_stand_ins::{Config, Fault, Kind, Rule};
use std::time::Duration;

/// Faults that no retry heals, with the class of their error.
fn faults() -> Vec<(Fault, ErrorClass)> {
    vec![
        (Fault::Status(401), ErrorClass::Unauthorized),
        (Fault::Status(403), ErrorClass::Refused),
        (Fault::Status(404), ErrorClass::Refused),
        (Fault::Status(400), ErrorClass::Refused),
        (Fault::Status(414), ErrorClass::Refused),
        (Fault::Status(422), ErrorClass::Refused),
        (Fault::Status(500), ErrorClass::Retryable),
        (Fault::Status(502), ErrorClass::Retryable),
        (Fault::Status(503), ErrorClass::Retryable),
        (Fault::Throttled(2), ErrorClass::Throttled),
        (Fault::Throttled(3600), ErrorClass::Throttled),
        (Fault::Timeout, ErrorClass::Retryable),
        (Fault::BrokenJson, ErrorClass::Malformed),
        (Fault::CutOff, ErrorClass::Malformed),
        (Fault::Html, ErrorClass::Malformed),
        (Fault::Redirect("http://127.0.0.1:1/users".to_owned()), ErrorClass::Malformed),
        (Fault::Redirect(format!("{ORIGIN}/elsewhere?token=stand-in-token")), ErrorClass::Malformed),
    ]
}

fn tells_no_secret(error: &PortError) {
    let text = format!("{error} {error:?}");
    for secret in SECRETS {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(text.contains("`hr`"), "{text}");
}

#[test]
fn everybody_is_read_once_page_by_page_and_across_ticks() {
    for kind in KINDS {
        for users in [1, 9, 10, 11, 20, 237] {
            let bench = Bench::new(kind, users);
            assert_eq!(said(bench.everybody().unwrap()), bench.truth(), "{kind:?} {users}");
            assert_eq!(said(bench.everybody_in_ticks().unwrap()), bench.truth(), "{kind:?} {users}");
        }
    }
}

#[test]
fn a_directory_without_people_is_empty_and_knows_nobody() {
    for kind in KINDS {
        let bench = Bench::new(kind, 0);
        assert_eq!(bench.everybody().unwrap(), [], "{kind:?}");
        assert_eq!(bench.presence("jdoe"), Presence::Absent, "{kind:?}");
    }
}

#[test]
fn a_page_that_fails_at_any_index_is_an_error_with_its_class_and_never_a_shorter_list() {
    for kind in KINDS {
        let pages = {
            let bench = Bench::new(kind, 42);
            bench.everybody().unwrap();
            let counts = bench.stand_in.counts();
            u32::try_from(counts.requests - counts.tokens).unwrap()
        };
        assert!(pages >= 4, "{kind:?} has {pages} pages");
        for (fault, class) in faults() {
            for page in 1..=pages {
                let bench = Bench::new(kind, 42).failing(Rule::next(fault.clone()).at(page).forever());
                let error = bench.everybody().unwrap_err();
                assert_eq!(error.class, class, "{kind:?} {fault:?} on page {page}: {error}");
                tells_no_secret(&error);
                assert_eq!(bench.network.denied(), [] as [String; 0], "{kind:?} {fault:?}");
                assert!(bench.network.waited() <= Duration::from_secs(10), "{kind:?} {fault:?}");
            }
        }
    }
}

#[test]
fn a_lookup_that_fails_is_an_error_with_its_class_and_never_an_absence() {
    for kind in KINDS {
        for (fault, class) in faults() {
            let bench = Bench::new(kind, 42).failing(Rule::next(fault.clone()).forever());
            let error = bench.person("user000001").unwrap_err();
            // What is wrong with one question says nothing about the other people.
            let about_one = matches!(fault, Fault::Status(400 | 414 | 422));
            let class = if about_one { ErrorClass::Malformed } else { class };
            assert_eq!(error.class, class, "{kind:?} {fault:?}: {error}");
            assert!(error.to_string().contains("`user000001`"), "{error}");
            tells_no_secret(&error);
        }
    }
}

#[test]
fn a_fault_that_passes_is_survived_wherever_it_comes() {
    for kind in KINDS {
        for fault in [Fault::Status(500), Fault::Status(503), Fault::Timeout, Fault::Throttled(2)] {
            for page in 1..=4 {
                let bench = Bench::new(kind, 42).failing(Rule::next(fault.clone()).at(page).times(2));
                assert_eq!(said(bench.everybody().unwrap()), bench.truth(), "{kind:?} {fault:?} on page {page}");
            }
        }
    }
}

#[test]
fn throttling_is_waited_out_for_as_long_as_the_directory_asks_in_its_own_way() {
    for kind in KINDS {
        let bench = Bench::new(kind, 5).failing(Rule::next(Fault::Throttled(4)));
        bench.everybody().unwrap();
        let waited = bench.network.waited();
        assert!(waited >= Duration::from_secs(4) && waited < Duration::from_secs(5), "{kind:?}: {waited:?}");

        let bench = Bench::new(kind, 5).failing(Rule::next(Fault::Throttled(60)));
        let error = bench.everybody().unwrap_err();
        assert_eq!(error.class, ErrorClass::Throttled, "{kind:?}: {error}");
        assert!(error.detail.contains("60 s"), "{kind:?}: {error}");
        assert_eq!(bench.network.waited(), Duration::ZERO, "{kind:?}");
    }
}

#[test]
fn a_server_that_gives_fewer_people_than_asked_for_is_read_to_the_end() {
    for kind in KINDS {
        let config = Config { page_cap: Some(3), ..Config::new(kind, 50) };
        let bench = Bench::of(config);
        assert_eq!(said(bench.everybody().unwrap()), bench.truth(), "{kind:?}");
    }
}

#[test]
fn a_listing_that_repeats_itself_ends_in_an_error() {
    for kind in KINDS {
        for page in 2..=4 {
            let bench = Bench::new(kind, 42).failing(Rule::next(Fault::NextRepeats).at(page).forever());
            let error = bench.everybody_in_ticks().unwrap_err();
            assert_eq!(error.class, ErrorClass::Endless, "{kind:?} from page {page}: {error}");
            tells_no_secret(&error);
        }
    }
}

#[test]
fn a_link_to_another_origin_is_refused_and_not_followed() {
    for kind in [Kind::Graph, Kind::Okta] {
        for origin in [
            "https://evil.example",
            "http://directory.example.com",
            "https://directory.example.com:8443",
            "https://directory.example.com.evil.example",
            "https://directory.example.com@evil.example",
            "http://127.0.0.1",
            "http://2130706433",
            "http://[::1]",
            "http://169.254.169.254",
            "https://localhost",
        ] {
            let bench = Bench::new(kind, 42).failing(Rule::next(Fault::NextElsewhere(origin.to_owned())).at(2));
            let error = bench.everybody().unwrap_err();
            assert_eq!(error.class, ErrorClass::Refused, "{kind:?} {origin}: {error}");
            assert!(error.detail.contains("not followed"), "{error}");
            assert_eq!(bench.network.denied(), [] as [String; 0]);
        }
    }
}

#[test]
fn a_remembered_place_that_was_tampered_with_is_refused_and_not_followed() {
    for (kind, cursors) in [
        (Kind::Scim, ["1.0.0 x 42", "1.0.0 11", "nonsense"]),
        (Kind::Graph, ["1.0.0 https://evil.example/v1.0/users", "https://evil.example/", "1.0.0 "]),
        (Kind::Okta, ["o 1.0.0 https://evil.example/api/v1/users", "x 1.0.0 y", "o"]),
    ] {
        for cursor in cursors {
            let bench = Bench::new(kind, 42);
            let error = bench.page(Some(cursor)).unwrap_err();
            assert!(matches!(error.class, ErrorClass::Refused | ErrorClass::Malformed), "{kind:?} {cursor}: {error}");
            assert_eq!(bench.stand_in.counts().requests, 0);
            assert_eq!(bench.network.denied(), [] as [String; 0]);
        }
    }
}

#[test]
fn after_five_failed_lookups_the_directory_is_left_alone_for_a_while() {
    for kind in KINDS {
        let bench = Bench::new(kind, 5).failing(Rule::next(Fault::Status(500)).forever());
        let client = bench.client();
        let ask = || client.person(&bench.directory, "user000001");
        for _ in 0..5 {
            ask().unwrap_err();
        }
        let before = bench.stand_in.counts().requests;
        let error = ask().unwrap_err();
        assert_eq!(error.class, ErrorClass::Retryable);
        assert!(error.detail.starts_with("not sent"), "{kind:?}: {error}");
        assert_eq!(bench.stand_in.counts().requests, before, "{kind:?}");
        bench.stand_in.heal();
        bench.network.pass(Duration::from_secs(30));
        ask().unwrap();
    }
}

#[test]
fn a_client_answers_for_no_other_provider() {
    for (kind, other) in [(Kind::Scim, Provider::Okta), (Kind::Graph, Provider::Scim), (Kind::Okta, Provider::Crowd)] {
        let bench = Bench::new(kind, 5);
        let other = directory(other);
        for error in
            [bench.client().people(&other, None).unwrap_err(), bench.client().person(&other, "jdoe").unwrap_err()]
        {
            assert_eq!(error.class, ErrorClass::Refused);
        }
        assert_eq!(bench.stand_in.counts().requests, 0);
    }
}
