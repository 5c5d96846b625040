//! What all listings share.

use super::*;
use chrono::DateTime;
use serde_json::json;

fn person(identity: &str, presence: Presence) -> DirectoryPerson {
    DirectoryPerson { identity: identity.to_owned(), presence, seen: None }
}

#[test]
fn a_listing_that_goes_in_a_circle_of_any_length_is_noticed() {
    for (lead_in, length) in [(0, 1), (0, 2), (1, 3), (5, 7), (20, 60)] {
        let mut trail = Trail::new();
        let noticed = (0_u32..400).find(|page| {
            let content = if *page < lead_in { *page } else { lead_in + (page - lead_in) % length };
            // Every page is read by somebody who knows the cursor only.
            let cursor = format!("{trail} rest");
            let (remembered, rest) = Trail::parse(&cursor).unwrap();
            assert_eq!(rest, "rest");
            match remembered.step([format!("id-{content}").as_str()]) {
                Ok(next) => {
                    trail = next;
                    false
                }
                Err(failure) => {
                    assert_eq!(failure.class, ErrorClass::Endless);
                    true
                }
            }
        });
        let noticed = noticed.unwrap_or_else(|| panic!("circle of {length} after {lead_in}"));
        assert!(noticed >= lead_in + length, "noticed on page {noticed} although nothing had come twice");
        assert!(noticed <= 3 * (lead_in + length), "{noticed}");
    }
}

#[test]
fn a_long_listing_without_a_circle_is_no_circle() {
    let mut trail = Trail::new();
    for page in 0..5_000 {
        trail = trail.step([page.to_string().as_str(), "x"]).unwrap();
    }
}

#[test]
fn a_listing_without_an_end_or_without_people_is_endless() {
    let last = Trail { page: MAX_PAGES - 1, mark: 1, empty: 0 };
    assert_eq!(last.step(["a"]).unwrap_err().class, ErrorClass::Endless);
    let two = Trail::new().step([]).unwrap().step([]).unwrap();
    assert!(two.step(["a"]).is_ok());
    assert_eq!(two.step([]).unwrap_err().class, ErrorClass::Endless);
}

#[test]
fn a_damaged_cursor_is_an_error() {
    for cursor in ["", "1", "1.2.3", "x.y.z https://a", "-1.0.0 a", "1.0 a"] {
        assert_eq!(Trail::parse(cursor).unwrap_err().class, ErrorClass::Malformed, "{cursor}");
    }
}

#[test]
fn a_link_is_followed_only_below_the_configured_address() {
    let base = "https://graph.example.com/proxy";
    for good in
        ["https://graph.example.com/proxy/v1.0/users?$skiptoken=x", "HTTPS://GRAPH.example.com:443/proxy/v1.0/users"]
    {
        at_home(base, good).unwrap();
    }
    for bad in [
        "http://graph.example.com/proxy/v1.0/users",
        "https://graph.example.com:8443/proxy/v1.0/users",
        "https://graph.example.com.evil.example/proxy/v1.0/users",
        "https://evil.example/proxy/v1.0/users",
        "https://graph.example.com@evil.example/proxy/v1.0/users",
        "https://user@graph.example.com/proxy/v1.0/users",
        "https://127.0.0.1/proxy/x",
        "https://2130706433/proxy/x",
        "https://[::1]/proxy/x",
        "https://169.254.169.254/latest/meta-data",
        "//evil.example/proxy/x",
        "/proxy/v1.0/users",
        "https://graph.example.com/v1.0/users",
        "https://graph.example.com/proxyless/v1.0",
        "https://graph.example.com/proxy/../admin",
        "https://graph.example.com/proxy/a\r\nHost: evil",
        "file:///etc/passwd",
        "",
    ] {
        let failure = at_home(base, bad).unwrap_err();
        assert_eq!(failure.class, ErrorClass::Refused, "{bad}");
        assert!(!failure.detail.contains('\n'), "{failure:?}");
    }
}

#[test]
fn a_switch_is_understood_as_a_text_and_nothing_else_is_a_switch() {
    for (value, meaning) in [
        (json!(true), Some(true)),
        (json!(false), Some(false)),
        (json!("True"), Some(true)),
        (json!(" FALSE "), Some(false)),
        (json!("yes"), None),
        (json!(""), None),
        (json!(0), None),
        (json!(1), None),
        (json!(null), None),
        (json!([true]), None),
        (json!({"value": false}), None),
    ] {
        assert_eq!(flag(&value), meaning, "{value}");
    }
}

#[test]
fn a_sign_in_that_is_no_time_is_an_error_and_never_none() {
    let read = |value| sign_in(Some(&value), Source::OktaLogin);
    assert_eq!(read(json!(null)).unwrap(), None);
    assert_eq!(read(json!("0001-01-01T00:00:00Z")).unwrap(), None);
    assert_eq!(read(json!("1970-01-01T00:00:00.000Z")).unwrap(), None);
    let at = DateTime::parse_from_rfc3339("2026-11-01T10:00:00Z").unwrap();
    assert_eq!(read(json!("2026-11-01T11:00:00+01:00")).unwrap().unwrap().at, at);
    for bad in [json!("yesterday"), json!(""), json!(1_700_000_000), json!({})] {
        assert_eq!(read(bad.clone()).unwrap_err().class, ErrorClass::Malformed, "{bad}");
    }
}

#[test]
fn only_the_whole_identity_counts_and_never_a_prefix() {
    let others = vec![person("jdoe2", Presence::Active), person("jdoe.old", Presence::Disabled)];
    // The server does not compare as we do, so it cannot say that somebody is absent either.
    assert_eq!(exactly("jdoe", others, true).presence, Presence::Unknown);
    let found = exactly("jdoe", vec![person("jdoe2", Presence::Disabled), person("JDoe", Presence::Active)], true);
    assert_eq!(found, person("JDoe", Presence::Active));
    assert_eq!(exactly("jdoe", vec![], true), person("jdoe", Presence::Absent));
    assert_eq!(exactly("jdoe", vec![], false), person("jdoe", Presence::Unknown));
}

#[test]
fn of_several_with_the_same_identity_the_present_one_wins() {
    for (a, b, winner) in [
        (Presence::Disabled, Presence::Active, Presence::Active),
        (Presence::Active, Presence::Disabled, Presence::Active),
        (Presence::Disabled, Presence::Locked, Presence::Locked),
        (Presence::Disabled, Presence::Unknown, Presence::Unknown),
    ] {
        assert_eq!(exactly("j", vec![person("j", a), person("J", b)], true).presence, winner);
    }
}

#[test]
fn while_more_with_the_same_identity_may_follow_only_somebody_present_is_believed() {
    for (presence, told) in [
        (Presence::Disabled, Presence::Unknown),
        (Presence::Absent, Presence::Unknown),
        (Presence::Unknown, Presence::Unknown),
        (Presence::Locked, Presence::Locked),
        (Presence::Active, Presence::Active),
    ] {
        let found = || vec![person("Team", presence), person("team", presence)];
        assert_eq!(exactly("team", found(), false), person("Team", told), "{presence:?}");
        assert_eq!(exactly("team", found(), true), person("Team", presence), "{presence:?}");
    }
}

#[test]
fn an_employee_number_with_letters_is_asked_for_in_both_cases_and_not_called_absent() {
    assert_eq!(spellings(Match::EmployeeId, "e-07"), ["E-07", "e-07"]);
    assert_eq!(spellings(Match::EmployeeId, "0701"), ["0701"]);
    assert_eq!(spellings(Match::Username, "jdoe"), ["jdoe"]);
    let absent = |identity| careful(Match::EmployeeId, person(identity, Presence::Absent)).presence;
    assert_eq!((absent("e07"), absent("0701")), (Presence::Unknown, Presence::Absent));
    assert_eq!(careful(Match::Username, person("jdoe", Presence::Absent)).presence, Presence::Absent);
}

#[test]
fn an_identity_is_a_text_or_a_number_and_anything_else_is_an_error() {
    assert_eq!(identity(Some(&json!(" J Doe ")), "a").unwrap().as_deref(), Some(" J Doe "));
    assert_eq!(identity(Some(&json!(701_984)), "a").unwrap().as_deref(), Some("701984"));
    assert_eq!(identity(Some(&json!("  ")), "a").unwrap(), None);
    assert_eq!(identity(Some(&json!(null)), "a").unwrap(), None);
    assert!(identity(Some(&json!(["x"])), "a").unwrap_err().detail.contains("`a`"));
}
