//! Crowd as a directory, against scripted answers.

use super::*;
use crate::{
    crowd::CrowdSettings,
    testing::{Scripted, World, json as answer, raw},
};
use futures::executor::block_on;
use seatkeeper_engine::ports::HttpError;
use seatkeeper_policy::{account::Source, directory::DirectoryGuard};
use serde_json::{Value, json};
use std::{iter::repeat_n, time::Duration};

fn directory(matching: Match) -> Directory {
    let guard = DirectoryGuard { leavers_percent: 10, leavers_accounts: 5, drop_percent: 10, unknown_percent: 10 };
    Directory {
        name: "people".to_owned(),
        provider: Provider::Crowd,
        matching,
        responsible: None,
        leavers: true,
        absent_after: None,
        sign_ins: false,
        one_by_one: false,
        guard,
    }
}

fn seeing(matching: Match) -> Directory {
    Directory { sign_ins: true, ..directory(matching) }
}

fn crowd(world: &World) -> Crowd<&World, &World> {
    let settings = CrowdSettings::parse("https://crowd.example.com", "/crowd", "seatkeeper", "s3cr3t");
    Crowd::new(world, world, settings.unwrap())
}

fn user(name: &str, active: impl Into<Value>) -> Value {
    json!({"name": name, "email": format!("{name}@example.com"), "active": active.into()})
}

fn listing(users: impl IntoIterator<Item = Value>) -> Scripted {
    answer(200, json!({"expand": "user", "users": users.into_iter().collect::<Vec<_>>()}))
}

fn nobody() -> Scripted {
    answer(404, json!({"reason": "USER_NOT_FOUND", "message": "User <x> does not exist"}))
}

/// Reads everybody, as the sweep does.
fn everybody(world: &World, directory: &Directory) -> Result<Vec<DirectoryPerson>, PortError> {
    let crowd = crowd(world);
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = block_on(crowd.people(directory, cursor.as_deref()))?;
        all.extend(page.people);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

fn person(world: &World, directory: &Directory, identity: &str) -> Result<DirectoryPerson, PortError> {
    block_on(crowd(world).person(directory, identity))
}

fn words(people: &[DirectoryPerson]) -> Vec<(&str, Presence)> {
    people.iter().map(|person| (person.identity.as_str(), person.presence)).collect()
}

const SEARCH: &str = "GET https://crowd.example.com/crowd/rest/usermanagement/1/search?entity-type=user";

#[test]
fn everybody_is_read_until_a_page_is_empty() {
    let world =
        World::new([listing([user("ann", true), user("Bob", false)]), listing([user("cy", "False")]), listing([])]);
    let people = everybody(&world, &directory(Match::Username)).unwrap();
    assert_eq!(words(&people), [("ann", Presence::Active), ("Bob", Presence::Disabled), ("cy", Presence::Disabled)]);
    let page = |start| format!("{SEARCH}&start-index={start}&max-results=1000&expand=user");
    assert_eq!(world.calls(), [page(0), page(2), page(3)]);
    // Base64 of `seatkeeper:s3cr3t`.
    assert_eq!(world.header(0, "authorization").as_deref(), Some("Basic c2VhdGtlZXBlcjpzM2NyM3Q="));
}

#[test]
fn case_75_a_crowd_without_users_is_an_empty_page_and_no_error() {
    let world = World::new([listing([])]);
    assert_eq!(everybody(&world, &directory(Match::Username)).unwrap(), []);
}

#[test]
fn case_75_half_a_page_in_the_middle_does_not_hide_those_behind_it() {
    let full = |from: usize| listing((from..from + 1000).map(|number| user(&format!("u{number}"), true)));
    let half = listing((1000..1400).map(|number| user(&format!("u{number}"), true)));
    let world = World::new([full(0), half, full(1400), listing([])]);
    assert_eq!(everybody(&world, &directory(Match::Username)).unwrap().len(), 2400);
}

#[test]
fn by_mail_those_without_an_address_are_left_out_and_by_username_they_are_not() {
    let users =
        || [json!({"name": "ann", "active": true, "email": "Ann@Example.com"}), json!({"name": "bob", "active": true})];
    let world = World::new([listing(users()), listing([])]);
    assert_eq!(words(&everybody(&world, &directory(Match::Mail)).unwrap()), [("Ann@Example.com", Presence::Active)]);
    let world = World::new([listing(users()), listing([])]);
    assert_eq!(everybody(&world, &directory(Match::Upn)).unwrap().len(), 2);
}

#[test]
fn a_listing_of_mere_names_is_an_error_and_not_a_crowd_without_addresses() {
    let world = World::new([listing([json!({"name": "ann", "link": {"href": "x"}})])]);
    let error = everybody(&world, &directory(Match::Mail)).unwrap_err();
    assert_eq!(error.class, ErrorClass::Malformed);
    assert!(error.detail.contains("expand=user"), "{error}");
}

/// What goes wrong, and its class.
fn faults() -> Vec<(Scripted, ErrorClass, &'static str)> {
    let reason = |reason: &str| json!({"reason": reason, "message": "no"}).to_string();
    vec![
        (raw(401, &[], "Application failed to authenticate"), ErrorClass::Unauthorized, "the password of the Crowd"),
        (raw(403, &[], "Client with address \"10.0.0.1\" is forbidden"), ErrorClass::Refused, "remote addresses"),
        (raw(403, &[], &reason("APPLICATION_PERMISSION_DENIED")), ErrorClass::Refused, "APPLICATION_PERMISSION"),
        (raw(429, &[("retry-after", "60")], ""), ErrorClass::Throttled, "60 s"),
        (raw(500, &[], &reason("OPERATION_FAILED")), ErrorClass::Retryable, "OPERATION_FAILED"),
        (Err(HttpError::Timeout), ErrorClass::Retryable, "no answer in time"),
        (Err(HttpError::TooLarge { limit: 8 }), ErrorClass::Malformed, "larger than 8"),
        (Err(HttpError::Denied), ErrorClass::Refused, "allowed_outbound_hosts"),
        (raw(200, &[], r#"{"users": [{"name": "ann", "act"#), ErrorClass::Malformed, "cut off"),
        (raw(200, &[], "<html>Sign in</html>"), ErrorClass::Malformed, "web page"),
        (raw(200, &[], "{}"), ErrorClass::Malformed, "not the expected JSON"),
        (raw(302, &[("location", "http://169.254.169.254/latest")], ""), ErrorClass::Malformed, "never followed"),
        (raw(404, &[], "<html>not here</html>"), ErrorClass::Malformed, "web page"),
        (answer(404, json!({"message": "null for uri"})), ErrorClass::Malformed, "not from Crowd"),
        (raw(400, &[], &reason("ILLEGAL_ARGUMENT")), ErrorClass::Refused, "ILLEGAL_ARGUMENT"),
    ]
}

#[test]
fn case_75_a_page_that_fails_at_any_index_is_an_error_of_its_class_and_never_a_shorter_list() {
    for index in 0..3 {
        for (fault, class, part) in faults() {
            let good = (0..index).map(|page| listing([user(&format!("u{page}"), true)]));
            let world = World::new(good.chain(repeat_n(fault, 3)));
            let error = everybody(&world, &directory(Match::Username)).unwrap_err();
            assert_eq!(error.class, class, "page {index}: {error}");
            assert!(error.detail.contains(part), "{error}");
            assert!(error.to_string().starts_with("failed to read directory `people`: "), "{error}");
            assert!(!format!("{error:?}").contains("s3cr3t"), "{error}");
        }
    }
}

#[test]
fn case_13_a_person_whose_look_up_fails_is_an_error_and_not_absent() {
    for matching in [Match::Username, Match::Mail] {
        for (fault, class, part) in faults() {
            let world = World::new(repeat_n(fault, 3));
            let error = person(&world, &seeing(matching), "ann").unwrap_err();
            // What one name is refused for says nothing about the others.
            let class = if part == "ILLEGAL_ARGUMENT" { ErrorClass::Malformed } else { class };
            assert_eq!(error.class, class, "{error}");
            assert!(error.detail.contains(part), "{error}");
        }
    }
}

#[test]
fn a_proxy_that_shows_the_headers_it_got_gives_neither_name_and_password_nor_their_encoding_away() {
    // Base64 of `seatkeeper:s3cr3t`.
    for echo in ["Authorization: Basic c2VhdGtlZXBlcjpzM2NyM3Q=", "Basic%20c2VhdGtlZXBlcjpzM2NyM3Q%3D", "s3cr3t"] {
        for body in [echo.to_owned(), json!({"reason": echo, "message": echo}).to_string()] {
            for status in [400, 401, 403, 404, 409, 429, 500] {
                let world = World::new(repeat_n(raw(status, &[], &body), 3));
                let error = person(&world, &directory(Match::Username), "ann").unwrap_err();
                let told = format!("{error} {error:?}");
                assert!(!told.contains("c2Vhd") && !told.contains("s3cr3t"), "{told}");
            }
        }
    }
}

#[test]
fn a_fault_that_passes_is_survived_and_a_throttled_page_waits_as_asked() {
    let throttled = raw(429, &[("retry-after", "3")], "");
    let world = World::new([throttled, answer(500, json!({})), listing([user("ann", true)]), listing([])]);
    assert_eq!(everybody(&world, &directory(Match::Username)).unwrap().len(), 1);
    assert!(world.sleeps()[0] >= Duration::from_secs(3), "{:?}", world.sleeps());
}

#[test]
fn a_listing_that_starts_over_or_never_ends_is_endless() {
    let page = || listing([user("ann", true), user("bob", true)]);
    let world = World::new([page(), page()]);
    assert_eq!(everybody(&world, &directory(Match::Username)).unwrap_err().class, ErrorClass::Endless);

    let world = World::new([page()]);
    let far = format!("{MAX_PEOPLE} zoe");
    let error = block_on(crowd(&world).people(&directory(Match::Username), Some(&far))).unwrap_err();
    assert_eq!(error.class, ErrorClass::Endless);
}

#[test]
fn a_cursor_carries_any_name_and_a_foreign_one_is_refused() {
    for name in ["a b", "  ", "", "ann\n1000 bob"] {
        let next = Place { start: 0, first: None }.after(7, name).unwrap();
        assert_eq!(Place::parse(Some(&next)).unwrap(), Place { start: 7, first: Some(name.to_owned()) });
    }
    for cursor in ["", "1000", "x ann", "-1 ann"] {
        assert_eq!(Place::parse(Some(cursor)).unwrap_err().class, ErrorClass::Malformed, "{cursor}");
    }
}

#[test]
fn a_person_is_looked_up_with_the_newest_sign_in_where_the_policy_wants_it() {
    let wire = json!({"name": "Ann", "active": true, "attributes": {"attributes": [
        {"name": "lastAuthenticated", "values": ["1700000000000"]}, {"name": "lastActive", "values": ["1700000009000"]},
        {"name": "invalidPasswordAttempts", "values": ["1700000010000"]}]}});
    let world = World::new([answer(200, wire)]);
    let found = person(&world, &seeing(Match::Username), "ann").unwrap();
    assert_eq!((found.identity.as_str(), found.presence), ("Ann", Presence::Active));
    let seen = found.seen.unwrap();
    assert_eq!((seen.source, seen.at.timestamp()), (Source::CrowdActive, 1_700_000_009));
    assert!(world.calls()[0].ends_with("/user?username=ann&expand=attributes"), "{:?}", world.calls());

    let world = World::new([answer(200, user("ann", false))]);
    assert_eq!(person(&world, &directory(Match::Username), "ANN").unwrap().identity, "ann");

    let world = World::new([answer(200, user("ann", false))]);
    assert_eq!(person(&world, &directory(Match::Username), "ann").unwrap().presence, Presence::Disabled);
    assert!(world.calls()[0].ends_with("/user?username=ann"), "{:?}", world.calls());
}

#[test]
fn case_13_only_crowds_own_word_makes_a_person_absent() {
    let world = World::new([nobody()]);
    let found = person(&world, &directory(Match::Username), "ann").unwrap();
    assert_eq!(found, DirectoryPerson { identity: "ann".to_owned(), presence: Presence::Absent, seen: None });
    for other in [raw(404, &[], ""), answer(404, json!({"message": "null for uri"})), raw(404, &[], "<html>")] {
        let world = World::new([other]);
        assert_eq!(person(&world, &directory(Match::Username), "ann").unwrap_err().class, ErrorClass::Malformed);
    }
}

#[test]
fn an_answer_about_somebody_else_is_an_error() {
    let world = World::new([answer(200, user("anna", false))]);
    assert_eq!(person(&world, &directory(Match::Username), "ann").unwrap_err().class, ErrorClass::Malformed);
}

#[test]
fn case_9_a_name_of_any_letters_reaches_crowd_as_one_value() {
    for (name, encoded) in [
        ("a b", "a%20b"),
        ("a+b@example.com", "a%2Bb%40example.com"),
        ("jörg", "j%C3%B6rg"),
        ("日本", "%E6%97%A5%E6%9C%AC"),
        ("x&username=admin", "x%26username%3Dadmin"),
        ("a#b?c", "a%23b%3Fc"),
        ("/../admin", "%2F..%2Fadmin"),
        ("%2e%2e", "%252e%252e"),
        ("a\r\nX-Evil: 1", "a%0D%0AX-Evil%3A%201"),
        ("a\0b", "a%00b"),
        ("*()\\\"'", "%2A%28%29%5C%22%27"),
    ] {
        let world = World::new([nobody()]);
        assert_eq!(person(&world, &directory(Match::Username), name).unwrap().presence, Presence::Absent);
        assert!(world.calls()[0].ends_with(&format!("/user?username={encoded}")), "{:?}", world.calls());
        assert_eq!(world.header(0, "x-evil"), None);
    }
}

#[test]
fn case_10_a_prefix_of_a_mail_never_matches() {
    let others =
        || [user("ann.other", false), json!({"name": "ann", "email": "ann@example.com.evil", "active": false})];
    let world = World::new([listing(others())]);
    let found = person(&world, &directory(Match::Mail), "ann@example.com").unwrap();
    // Crowd answered with people we did not ask for, so it is not known what it would have said about ours.
    assert_eq!((found.identity.as_str(), found.presence), ("ann@example.com", Presence::Unknown));

    let world = World::new([answer(200, user("ann@example.com", true))]);
    assert_eq!(person(&world, &directory(Match::Username), "ann").unwrap_err().class, ErrorClass::Malformed);
}

#[test]
fn case_79_a_word_where_a_truth_value_belongs_is_understood_and_any_other_is_unknown() {
    let world = World::new([
        listing([user("a", "False"), user("b", "TRUE"), user("c", "nope"), user("d", 0), user("e", Value::Null)]),
        listing([]),
    ]);
    let people = everybody(&world, &directory(Match::Username)).unwrap();
    assert_eq!(
        people.iter().map(|person| person.presence).collect::<Vec<_>>(),
        [Presence::Disabled, Presence::Active, Presence::Unknown, Presence::Unknown, Presence::Unknown]
    );
}

#[test]
fn a_mail_is_searched_as_a_quoted_text_and_compared_as_a_whole() {
    let world = World::new([listing([user("ann.other", true), user("ann", false)])]);
    let found = person(&world, &directory(Match::Mail), "ANN@example.com").unwrap();
    assert_eq!((found.identity.as_str(), found.presence), ("ann@example.com", Presence::Disabled));
    let asked = "&restriction=email%20%3D%20%22ANN%40example.com%22&start-index=0&max-results=1000&expand=user";
    assert_eq!(world.calls(), [format!("{SEARCH}{asked}")]);

    let world = World::new([listing([])]);
    assert_eq!(person(&world, &directory(Match::Mail), "ann@example.com").unwrap().presence, Presence::Absent);
}

#[test]
fn case_82_several_accounts_with_one_address_are_present_when_one_is_and_tell_the_newest_sign_in() {
    let of = |name: &str, active: Value| json!({"name": name, "email": "ann@example.com", "active": active});
    let signed_in = |name: &str, at: &str| {
        answer(
            200,
            json!({"name": name, "active": true, "attributes": {"attributes": [
            {"name": "lastActive", "values": [at]}]}}),
        )
    };
    let both = || listing([of("ann", json!(false)), of("ann2", json!(true))]);
    let world = World::new([both(), signed_in("ann", "1700000000000"), signed_in("ann2", "1600000000000")]);
    let found = person(&world, &seeing(Match::Mail), "ann@example.com").unwrap();
    assert_eq!(found.presence, Presence::Active);
    assert_eq!(found.seen.unwrap().at.timestamp(), 1_700_000_000);

    // Somebody who is removed between the two questions says nothing any more.
    let world = World::new([both(), nobody(), signed_in("ann2", "1600000000000")]);
    assert_eq!(
        person(&world, &seeing(Match::Mail), "ann@example.com").unwrap().seen.unwrap().at.timestamp(),
        1_600_000_000
    );

    let unclear = listing([of("ann", json!(false)), of("ann2", json!("?"))]);
    let world = World::new([unclear]);
    assert_eq!(person(&world, &directory(Match::Mail), "ann@example.com").unwrap().presence, Presence::Unknown);

    let many = listing((0..=MAX_NAMESAKES).map(|number| of(&format!("ann{number}"), json!(true))));
    let world = World::new([many]);
    let error = person(&world, &seeing(Match::Mail), "ann@example.com").unwrap_err();
    assert_eq!(error.class, ErrorClass::Malformed);
    assert_eq!(world.calls().len(), 1);
}

#[test]
fn a_search_by_mail_that_came_full_calls_nobody_disabled() {
    let of = |number: usize, active| json!({"name": number.to_string(), "email": "team@example.com", "active": active});
    for (count, last, presence) in [
        (PAGE_SIZE - 1, false, Presence::Disabled),
        (PAGE_SIZE, false, Presence::Unknown),
        (PAGE_SIZE, true, Presence::Active),
    ] {
        let users = (0..count).map(|number| of(number, last && number + 1 == count));
        let world = World::new([listing(users)]);
        assert_eq!(person(&world, &directory(Match::Mail), "team@example.com").unwrap().presence, presence);
    }
}

#[test]
fn a_text_that_would_be_part_of_the_query_language_stays_a_text() {
    for (mail, literal) in [
        (r#"x" or active = true or email = "y"#, r#""x\" or active = true or email = \"y""#),
        (r"x\", r#""x\\""#),
        (r#"x\" or "#, r#""x\\\" or ""#),
        ("x) or (y", "\"x) or (y\""),
        ("jörg@exämple.com", "\"jörg@exämple.com\""),
    ] {
        let world = World::new([listing([])]);
        let found = person(&world, &directory(Match::Mail), mail).unwrap();
        let asked = encoded(&format!("email = {literal}"));
        assert!(world.calls()[0].contains(&format!("&restriction={asked}&start-index")), "{:?}", world.calls());
        // Crowd's own reading of escapes has faults, so nobody is taken for absent by them.
        let expected = if literal.contains('\\') { Presence::Unknown } else { Presence::Absent };
        assert_eq!(found.presence, expected, "{mail}");
    }
}

#[test]
fn a_mail_that_the_query_language_cannot_say_is_not_asked_for() {
    for mail in ["*", "ann*", "ann\n@example.com", "ann\0", "ann\r\nX: y"] {
        let world = World::new([]);
        assert_eq!(person(&world, &directory(Match::Mail), mail).unwrap().presence, Presence::Unknown);
        assert_eq!(world.calls().len(), 0);
    }
}

#[test]
fn case_77_employee_numbers_are_refused_because_crowd_does_not_tell_them() {
    let world = World::new([]);
    let by_number = directory(Match::EmployeeId);
    for error in [everybody(&world, &by_number).unwrap_err(), person(&world, &by_number, "4711").unwrap_err()] {
        assert_eq!(error.class, ErrorClass::Refused);
        assert!(error.detail.contains("does not tell employee numbers"), "{error}");
    }
    assert_eq!(world.calls().len(), 0);
}

#[test]
fn a_directory_of_another_provider_is_not_ours() {
    let world = World::new([]);
    let okta = Directory { provider: Provider::Okta, ..directory(Match::Mail) };
    assert_eq!(everybody(&world, &okta).unwrap_err(), not_configured(&okta));
    assert_eq!(person(&world, &okta, "ann").unwrap_err(), not_configured(&okta));
}
