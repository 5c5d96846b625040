//! Mail address and full name, against scripted answers.

use super::*;
use crate::testing::{World, error, ok, page, raw};
use futures::executor::block_on;
use http::Response;
use seatkeeper_engine::ports::HttpError;
use serde_json::Value;

type Scripted = Result<Response<Vec<u8>>, HttpError>;

fn account(full_name: &str, email: &str) -> Scripted {
    ok(json!({"type": "known", "username": "ann", "userKey": "k1", "displayName": full_name, "email": email}))
}

fn target() -> Attributes {
    Attributes { full_name: "Ann Neu".to_owned(), email: "ann@new.example.com".to_owned() }
}

fn old() -> Scripted {
    account("Ann Alt", "ann@old.example.com")
}

fn new() -> Scripted {
    account("Ann Neu", "ann@new.example.com")
}

fn acknowledged() -> Scripted {
    raw(204, &[], "")
}

fn update(world: &World, name: &str, to: &Attributes) -> Result<(), PortError> {
    block_on(world.client().update(&Username::parse(name).unwrap(), to))
}

fn no_user() -> Scripted {
    error(404, &format!("No user found with username: {NOBODY}"))
}

fn no_route() -> Scripted {
    error(404, "null for uri: http://wiki.example.com/rest/api/admin/user")
}

#[test]
fn a_confluence_that_has_the_call_refuses_to_blank_nobody() {
    for refusal in [error(400, "fullName must not be blank"), no_user()] {
        let world = World::new([refusal]);
        assert_eq!(block_on(world.client().updater()).unwrap(), Some("Confluence"));
        assert_eq!(world.calls(), ["PUT /rest/api/admin/user/seatkeeper%2Casks%3Cnobody"]);
        assert_eq!(serde_json::from_str::<Value>(&world.body(0)).unwrap(), json!({"fullName": "", "email": ""}));
        assert_eq!(world.header(0, "content-type").as_deref(), Some("application/json"));
        assert_eq!(world.header(0, "x-atlassian-token").as_deref(), Some("no-check"));
    }
}

#[test]
fn what_was_found_out_is_not_asked_again() {
    for (answer, updater) in [(error(400, "blank"), Some("Confluence")), (no_route(), None)] {
        let world = World::new([answer]);
        let client = world.client();
        for _ in 0..3 {
            assert_eq!(block_on(client.updater()).unwrap(), updater);
        }
        assert_eq!(world.calls().len(), 1);
    }
    // What was not found out is.
    let world = World::new([error(403, "no"), error(400, "blank")]);
    let client = world.client();
    assert!(block_on(client.updater()).is_err());
    assert_eq!(block_on(client.updater()).unwrap(), Some("Confluence"));
}

#[test]
fn a_confluence_without_the_call_cannot() {
    let old = [error(405, "method not allowed"), ok(json!("READ_WRITE"))];
    assert_eq!(block_on(World::new(old).client().updater()).unwrap(), None);
    let moved = World::new([no_route()]);
    assert_eq!(block_on(moved.client().updater()).unwrap(), None);
}

#[test]
fn a_probe_that_is_not_answered_is_an_error_and_not_a_missing_capability() {
    for (answer, class) in [
        (error(403, "no"), ErrorClass::Refused),
        (error(401, "no"), ErrorClass::Unauthorized),
        (page(404, "Not Found"), ErrorClass::Malformed),
        (page(200, "Welcome"), ErrorClass::Malformed),
        // Nobody can have been changed.
        (acknowledged(), ErrorClass::Malformed),
        (raw(429, &[("retry-after", "60")], ""), ErrorClass::Throttled),
    ] {
        let world = World::new([answer]);
        let failure = block_on(world.client().updater()).unwrap_err();
        assert_eq!(failure.class, class, "{failure}");
        assert!(failure.to_string().starts_with("failed to probe the change of mail and full name: "), "{failure}");
    }
    let world = World::new(std::iter::repeat_n(error(500, "oops"), 3));
    assert_eq!(block_on(world.client().updater()).unwrap_err().class, ErrorClass::Retryable);
}

#[test]
fn read_only_mode_is_not_taken_for_an_old_confluence() {
    let world = World::new([raw(405, &[], ""), ok(json!("READ_ONLY"))]);
    let failure = block_on(world.client().updater()).unwrap_err();
    assert_eq!(failure.class, ErrorClass::Refused);
    assert!(failure.detail.contains("read-only mode"), "{failure}");
}

#[test]
fn both_fields_are_sent_and_read_back() {
    let world = World::new([acknowledged(), new()]);
    update(&world, "ann", &target()).unwrap();
    assert_eq!(world.calls(), ["PUT /rest/api/admin/user/ann", "GET /rest/api/user?username=ann&expand=status"]);
    assert_eq!(
        serde_json::from_str::<Value>(&world.body(0)).unwrap(),
        json!({"fullName": "Ann Neu", "email": "ann@new.example.com"})
    );
}

#[test]
fn a_change_that_shows_late_is_waited_for_and_one_that_never_shows_is_no_success() {
    let world = World::new([acknowledged(), old(), new()]);
    update(&world, "ann", &target()).unwrap();
    assert_eq!(world.sleeps(), [READ_BACK_AFTER[1]]);

    let world = World::new([acknowledged(), old(), old(), old()]);
    let failure = update(&world, "ann", &target()).unwrap_err();
    assert_eq!(failure.class, ErrorClass::Refused);
    assert!(failure.detail.contains("does not show it"), "{failure}");
}

#[test]
fn a_read_only_directory_is_refused_in_every_spelling_with_the_manual_way() {
    let text = "com.atlassian.crowd.exception.OperationNotPermittedException: directory 'LDAP' does not allow updates.";
    for status in [400, 403, 500] {
        let world = World::new([error(status, text)]);
        let failure = update(&world, "ann", &target()).unwrap_err();
        assert_eq!(failure.class, ErrorClass::Refused, "{failure}");
        assert!(failure.detail.contains("by hand in the directory that holds the account"), "{failure}");
        assert_eq!(world.calls().len(), 1);
    }
}

#[test]
fn every_other_failure_has_its_class() {
    for (answer, class) in [
        (error(401, "no"), ErrorClass::Unauthorized),
        (error(404, "No user found"), ErrorClass::Gone),
        (raw(429, &[("retry-after", "60")], ""), ErrorClass::Throttled),
        (raw(302, &[("location", "/x")], ""), ErrorClass::Malformed),
        (page(200, "Welcome"), ErrorClass::Malformed),
    ] {
        let world = World::new([answer]);
        let failure = update(&world, "ann", &target()).unwrap_err();
        assert_eq!(failure.class, class, "{failure}");
        assert!(failure.to_string().starts_with("failed to set mail and full name of account `ann`: "), "{failure}");
        assert!(!failure.to_string().contains("t0k3n"), "{failure}");
    }
}

#[test]
fn a_fault_that_passes_is_survived_because_the_call_may_be_repeated() {
    let world = World::new([Err(HttpError::Timeout), error(500, "oops"), acknowledged(), new()]);
    update(&world, "ann", &target()).unwrap();
    assert_eq!(world.body(0), world.body(2));
}

#[test]
fn a_blank_field_or_a_control_character_is_refused_and_nothing_is_sent() {
    for (full_name, email) in
        [("", "a@b.c"), (" ", "a@b.c"), ("Ann", ""), ("Ann\r\nBcc: all@example.com", "a@b.c"), ("Ann", "a@b.c\0")]
    {
        let world = World::new([]);
        let to = Attributes { full_name: full_name.to_owned(), email: email.to_owned() };
        assert_eq!(update(&world, "ann", &to).unwrap_err().class, ErrorClass::Refused, "{to:?}");
        assert_eq!(world.calls().len(), 0);
    }
}

#[test]
fn case_9_a_name_of_any_letters_is_one_segment_or_is_refused() {
    for (name, segment) in [
        ("a b", "a%20b"),
        ("a+b@example.com", "a%2Bb%40example.com"),
        ("jörg", "j%C3%B6rg"),
        ("x?y#z", "x%3Fy%23z"),
        ("%2e%2e", "%252e%252e"),
        ("a;b", "a%3Bb"),
    ] {
        let world = World::new([error(404, "No user found")]);
        assert_eq!(update(&world, name, &target()).unwrap_err().class, ErrorClass::Gone);
        assert_eq!(world.calls(), [format!("PUT /rest/api/admin/user/{segment}")]);
    }
    for name in ["..", ".", "a/b", "../admin", "a\\b"] {
        let world = World::new([]);
        assert_eq!(update(&world, name, &target()).unwrap_err().class, ErrorClass::Refused, "{name}");
        assert_eq!(world.calls().len(), 0);
    }
}

#[test]
fn texts_that_look_like_json_or_markup_arrive_as_they_are() {
    for text in [r#"","email":"x"#, "\\u0000", "${7*7} {{x}}", "日本 \u{202e}x", "O'Neil \"Q\" \\"] {
        let to = Attributes { full_name: text.to_owned(), email: "a@b.c".to_owned() };
        let world = World::new([acknowledged(), account(text, "a@b.c")]);
        update(&world, "ann", &to).unwrap();
        let sent: Value = serde_json::from_str(&world.body(0)).unwrap();
        assert_eq!(sent, json!({"fullName": text, "email": "a@b.c"}));
    }
}

#[test]
fn what_they_are_now_is_told_and_an_address_that_is_not_told_is_no_empty_one() {
    let ann = Username::parse("ann").unwrap();
    let told = Attributes { full_name: "Ann Alt".to_owned(), email: "ann@old.example.com".to_owned() };
    assert_eq!(block_on(World::new([old()]).client().attributes(&ann)).unwrap(), Some(told));
    assert_eq!(block_on(World::new([error(404, "No user found")]).client().attributes(&ann)).unwrap(), None);
    let silent = ok(json!({"type": "known", "username": "ann", "userKey": "k1", "displayName": "Ann"}));
    let failure = block_on(World::new([silent]).client().attributes(&ann)).unwrap_err();
    assert_eq!(failure.class, ErrorClass::Refused);
    assert!(failure.detail.contains("does not tell the mail address"), "{failure}");
}
