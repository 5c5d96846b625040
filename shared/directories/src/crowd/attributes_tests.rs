//! Mail address and full name in Crowd, against scripted answers.

use super::*;
use crate::{
    crowd::CrowdSettings,
    testing::{Scripted, World, json as answer, raw},
};
use futures::executor::block_on;
use seatkeeper_engine::ports::HttpError;
use serde_json::{Value, json};
use std::iter::repeat_n;

fn crowd(world: &World) -> Crowd<&World, &World> {
    let settings = CrowdSettings::parse("https://crowd.example.com", "/crowd", "seatkeeper", "s3cr3t");
    Crowd::new(world, world, settings.unwrap())
}

/// An account with fields that nobody here knows.
fn account(full_name: &str, email: &str) -> Value {
    json!({
        "expand": "attributes", "link": {"href": "x", "rel": "self"}, "name": "Ann", "first-name": "Ann", "last-name": "Alt",
        "display-name": full_name, "email": email, "active": true, "key": "32769:6c0f", "shoe-size": 37,
        "password": {"link": {"href": "y", "rel": "edit"}}, "attributes": {"attributes": []},
    })
}

fn old() -> Scripted {
    answer(200, account("Ann Alt", "ann@old.example.com"))
}

fn new() -> Scripted {
    answer(200, account("Ann Neu", "ann@new.example.com"))
}

fn target() -> Attributes {
    Attributes { full_name: "Ann Neu".to_owned(), email: "ann@new.example.com".to_owned() }
}

fn update(world: &World, to: &Attributes) -> Result<(), PortError> {
    block_on(crowd(world).update(&Username::parse("ann").unwrap(), to))
}

#[test]
fn the_whole_account_is_read_changed_in_two_fields_and_written_back() {
    let world = World::new([old(), raw(204, &[], ""), new()]);
    update(&world, &target()).unwrap();
    let user = "https://crowd.example.com/crowd/rest/usermanagement/1/user?username=ann";
    assert_eq!(world.calls(), [format!("GET {user}"), format!("PUT {user}"), format!("GET {user}")]);
    assert_eq!(
        serde_json::from_str::<Value>(&world.body(1)).unwrap(),
        json!({
            "name": "Ann", "first-name": "Ann", "last-name": "Alt", "display-name": "Ann Neu",
            "email": "ann@new.example.com", "active": true, "key": "32769:6c0f", "shoe-size": 37,
        })
    );
    assert_eq!(world.header(1, "content-type").as_deref(), Some("application/json"));
}

#[test]
fn somebody_switched_off_stays_switched_off() {
    let off = |full_name: &str, email: &str| {
        let mut account = account(full_name, email);
        account["active"] = json!("False");
        answer(200, account)
    };
    let world =
        World::new([off("Ann Alt", "a@example.com"), raw(204, &[], ""), off(&target().full_name, &target().email)]);
    update(&world, &target()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&world.body(1)).unwrap()["active"], json!(false));
}

#[test]
fn an_account_that_does_not_say_whether_it_is_active_is_not_written() {
    for active in [Value::Null, json!("perhaps"), json!(1)] {
        let mut unclear = account("Ann Alt", "ann@old.example.com");
        unclear["active"] = active;
        let world = World::new([answer(200, unclear)]);
        assert_eq!(update(&world, &target()).unwrap_err().class, ErrorClass::Malformed);
        assert_eq!(world.calls().len(), 1);
    }
}

#[test]
fn what_is_so_already_is_not_written() {
    let world = World::new([new()]);
    update(&world, &target()).unwrap();
    assert_eq!(world.calls().len(), 1);
}

#[test]
fn a_blank_field_or_a_control_character_is_refused_and_nothing_is_asked() {
    for (full_name, email) in
        [("", "a@b.c"), (" ", "a@b.c"), ("Ann", ""), ("Ann\r\nBcc: all@example.com", "a@b.c"), ("Ann", "a@b.c\0")]
    {
        let world = World::new([]);
        let to = Attributes { full_name: full_name.to_owned(), email: email.to_owned() };
        assert_eq!(update(&world, &to).unwrap_err().class, ErrorClass::Refused, "{to:?}");
        assert_eq!(world.calls().len(), 0);
    }
}

#[test]
fn texts_that_look_like_json_or_markup_arrive_as_they_are() {
    for text in [r#"","active":false,"x":""#, "<b>\\u0000</b>", "${7*7} {{x}}", "日本 \u{202e}x", "O'Neil \"Q\" \\"] {
        let to = Attributes { full_name: text.to_owned(), email: "a@b.c".to_owned() };
        let world = World::new([old(), raw(204, &[], ""), answer(200, account(text, "a@b.c"))]);
        update(&world, &to).unwrap();
        let sent: Value = serde_json::from_str(&world.body(1)).unwrap();
        assert_eq!((&sent["display-name"], &sent["active"]), (&json!(text), &json!(true)));
    }
}

#[test]
fn an_acknowledged_change_that_did_not_happen_is_not_a_success() {
    let world = World::new([old(), raw(204, &[], ""), old(), old(), old()]);
    let error = update(&world, &target()).unwrap_err();
    assert_eq!(error.class, ErrorClass::Retryable);
    assert!(error.detail.contains("does not show it"), "{error}");
}

#[test]
fn a_change_that_shows_late_is_waited_for() {
    let world = World::new([old(), raw(204, &[], ""), old(), new()]);
    update(&world, &target()).unwrap();
    assert_eq!(world.sleeps(), [READ_BACK_AFTER[1]]);
}

#[test]
fn case_4_every_refusal_has_its_class_and_a_read_only_directory_says_what_to_do() {
    let denied = r#"{"reason": "APPLICATION_PERMISSION_DENIED", "message": "Application may not update users"}"#;
    for (refusal, class, part) in [
        (raw(403, &[], denied), ErrorClass::Refused, "by hand where the directory"),
        (raw(400, &[], r#"{"reason": "INVALID_USER", "message": "bad mail"}"#), ErrorClass::Refused, "INVALID_USER"),
        (raw(401, &[], ""), ErrorClass::Unauthorized, "name and password"),
        (raw(429, &[], ""), ErrorClass::Throttled, "slow down"),
        (raw(500, &[], ""), ErrorClass::Retryable, "500"),
        (raw(302, &[], ""), ErrorClass::Malformed, "redirected"),
        (Err(HttpError::Timeout), ErrorClass::Retryable, "no answer in time"),
    ] {
        let world = World::new([old(), refusal]);
        let error = update(&world, &target()).unwrap_err();
        assert_eq!(error.class, class, "{error}");
        assert!(error.detail.contains(part), "{error}");
        assert!(error.to_string().starts_with("failed to set mail and full name of `ann` in Crowd: "), "{error}");
        // A change is sent once; whoever repeats the call reads first.
        assert_eq!(world.calls().len(), 2);
    }
}

#[test]
fn somebody_crowd_does_not_have_is_gone_for_a_change_and_nobody_for_a_look() {
    let nobody = || answer(404, json!({"reason": "USER_NOT_FOUND", "message": "no"}));
    let world = World::new([nobody()]);
    assert_eq!(update(&world, &target()).unwrap_err().class, ErrorClass::Gone);
    let ann = Username::parse("ann").unwrap();
    let world = World::new([nobody(), old()]);
    let crowd = crowd(&world);
    assert_eq!(block_on(crowd.attributes(&ann)).unwrap(), None);
    let told = Attributes { full_name: "Ann Alt".to_owned(), email: "ann@old.example.com".to_owned() };
    assert_eq!(block_on(crowd.attributes(&ann)).unwrap(), Some(told));
}

#[test]
fn a_look_that_fails_is_an_error_and_not_nobody() {
    let ann = Username::parse("ann").unwrap();
    for fault in [raw(500, &[], ""), raw(404, &[], "{}"), raw(200, &[], "<html>"), Err(HttpError::Timeout)] {
        let world = World::new(repeat_n(fault, 3));
        assert!(block_on(crowd(&world).attributes(&ann)).is_err());
    }
}

#[test]
fn crowd_can_in_every_version() {
    assert_eq!(block_on(crowd(&World::new([])).updater()).unwrap(), Some("Crowd"));
}
