//! Calls against a scripted world.

use super::*;
use crate::testing::{Scripted, World, json, raw};
use futures::executor::block_on;
use seatkeeper_engine::ports::HttpError;
use serde_json::json;

const NAMES: Names = Names {
    server: "the directory",
    address: "the variable x_origin",
    credentials: "the variable x_token",
    rights: "the right to read people",
};

fn call() -> Call {
    Call::get("https://people.example.com/people").authorized("Bearer", &Secret::parse("x", "t0k3n").unwrap())
}

fn send(world: &World) -> Result<Reply, Failure> {
    block_on(Line::new(NAMES).call(&world, &world, &call()))
}

fn fine() -> Scripted {
    json(200, json!({}))
}

#[test]
fn a_fault_that_passes_is_survived_with_growing_pauses() {
    for fault in [json(500, json!({})), raw(502, &[], "<html>"), json(408, json!({})), Err(HttpError::Timeout)] {
        let world = World::new([fault.clone(), fault, fine()]);
        assert_eq!(send(&world).unwrap().status, 200);
        let sleeps = world.sleeps();
        assert_eq!(sleeps.len(), 2);
        assert!(sleeps[0] >= FIRST_BACK_OFF && sleeps[1] >= FIRST_BACK_OFF * 3, "{sleeps:?}");
    }
}

#[test]
fn a_fault_that_stays_is_given_up_after_three_tries_and_says_so() {
    let world = World::new(std::iter::repeat_n(json(500, json!({"message": "oops"})), 5));
    let failure = send(&world).unwrap_err();
    assert_eq!(failure.class, ErrorClass::Retryable);
    assert_eq!(failure.detail, "server fault (500: oops), 3 tries");
    assert_eq!(world.calls().len(), 3);
}

#[test]
fn slow_failures_use_up_the_patience_before_the_tries() {
    let world = World::new(std::iter::repeat_n(Err(HttpError::Timeout), 5));
    world.latency.set(MAX_WAIT);
    assert_eq!(send(&world).unwrap_err().class, ErrorClass::Retryable);
    assert_eq!(world.calls().len(), 1);
}

#[test]
fn throttling_is_waited_out_as_the_headers_ask() {
    // The world's clock stands at 2025-12-01 00:00:00; a server whose clock differs is compared with its own `Date`.
    for (headers, least) in [
        (vec![("Retry-After", "3")], 3),
        (vec![("Retry-After", "0")], 1),
        (vec![], 1),
        (vec![("Retry-After", "Mon, 01 Dec 2025 00:00:04 GMT")], 4),
        (vec![("Retry-After", "Mon, 01 Dec 2025 10:00:02 GMT"), ("Date", "Mon, 01 Dec 2025 10:00:00 GMT")], 2),
        (vec![("X-Rate-Limit-Reset", "1764547205")], 5),
        (vec![("X-Rate-Limit-Reset", "1764583206"), ("Date", "Mon, 01 Dec 2025 10:00:00 GMT")], 6),
        // Both: the one that says for how long is the plainer one.
        (vec![("Retry-After", "2"), ("X-Rate-Limit-Reset", "1764547208")], 2),
    ] {
        let world = World::new([raw(429, &headers, ""), fine()]);
        send(&world).unwrap();
        let wait = world.sleeps()[0];
        assert!(wait >= Duration::from_secs(least) && wait < Duration::from_secs(least + 1), "{headers:?}: {wait:?}");
    }
}

#[test]
fn throttling_beyond_our_patience_is_told_at_once_and_holds_for_other_calls_of_the_line() {
    let world = World::new([raw(429, &[("Retry-After", "60")], ""), fine()]);
    let line = Line::new(NAMES);
    let failure = block_on(line.call(&&world, &&world, &call())).unwrap_err();
    assert_eq!(failure.class, ErrorClass::Throttled);
    assert!(failure.detail.contains("60 s"), "{failure:?}");
    let failure = block_on(line.call(&&world, &&world, &call())).unwrap_err();
    assert_eq!(failure.class, ErrorClass::Throttled);
    assert!(failure.detail.starts_with("not sent"), "{failure:?}");
    assert_eq!((world.calls().len(), world.sleeps().len()), (1, 0));
    // Five seconds before the end it is worth waiting.
    world.pass(Duration::from_secs(55));
    block_on(line.call(&&world, &&world, &call())).unwrap();
    assert_eq!((world.calls().len(), world.sleeps().len()), (2, 1));
}

#[test]
fn throttling_that_does_not_end_is_given_up_within_the_patience() {
    let world = World::new(std::iter::repeat_n(raw(429, &[("Retry-After", "1")], ""), 9));
    assert_eq!(send(&world).unwrap_err().class, ErrorClass::Throttled);
    assert_eq!(world.calls().len(), 3);
    assert!(world.sleeps().iter().sum::<Duration>() <= MAX_WAIT);
}

#[test]
fn a_waiting_time_in_a_wrong_unit_does_not_silence_the_directory_for_years() {
    let world = World::new([raw(429, &[("X-Rate-Limit-Reset", "1764547205000")], ""), fine()]);
    let line = Line::new(NAMES);
    block_on(line.call(&&world, &&world, &call())).unwrap_err();
    world.pass(MAX_BLOCK);
    block_on(line.call(&&world, &&world, &call())).unwrap();
}

#[test]
fn each_status_has_its_class_and_names_what_to_check() {
    for (answer, class, part) in [
        (json(401, json!({"error": "no"})), ErrorClass::Unauthorized, "x_token"),
        (json(403, json!({})), ErrorClass::Refused, "the right to read people"),
        (json(404, json!({})), ErrorClass::Gone, "does not exist"),
        (raw(404, &[("content-type", "text/html")], "no such page"), ErrorClass::Malformed, "x_origin"),
        (json(400, json!({"detail": "bad filter", "scimType": "invalidFilter"})), ErrorClass::Refused, "bad filter"),
        (raw(200, &[], " <!DOCTYPE html>"), ErrorClass::Malformed, "web page"),
        (raw(302, &[("location", "http://169.254.169.254/?token=x")], ""), ErrorClass::Malformed, "x_origin"),
        (Err(HttpError::Denied), ErrorClass::Refused, "allowed_outbound_hosts"),
        (Err(HttpError::TooLarge { limit: 9 }), ErrorClass::Malformed, "9 bytes"),
    ] {
        let world = World::new([answer]);
        let failure = send(&world).unwrap_err();
        assert_eq!(failure.class, class, "{failure:?}");
        assert!(failure.detail.contains(part), "{failure:?}");
        assert_eq!(world.calls().len(), 1, "{failure:?}");
    }
}

#[test]
fn a_redirect_is_not_followed_and_its_query_is_not_repeated() {
    for status in [301, 302, 303, 307, 308] {
        let world = World::new([raw(status, &[("location", "http://127.0.0.1/admin?key=v")], ""), fine()]);
        let failure = send(&world).unwrap_err();
        assert!(failure.detail.contains("`http://127.0.0.1/admin`"), "{failure:?}");
        assert_eq!(world.calls(), ["GET https://people.example.com/people"]);
    }
}

#[test]
fn a_secret_that_the_server_repeats_is_in_no_error() {
    for status in [400, 401, 403, 404, 429, 500] {
        let body = json!({"error": {"code": "t0k3n", "message": "Bearer t0k3n is wrong"}});
        let world = World::new(std::iter::repeat_n(json(status, body), 3));
        let failure = send(&world).unwrap_err();
        assert!(!format!("{failure:?} {:?}", failure.code).contains("t0k3n"), "{failure:?}");
    }
}

#[test]
fn a_secret_at_the_end_of_an_excerpt_is_hidden_too() {
    let secret = "c2VhdGtlZXBlcjpzM2NyM3Q";
    for before in 170..200 {
        let body = format!("{} {secret}", "x".repeat(before));
        let world = World::new([raw(400, &[], &body)]);
        let call = Call::get("https://people.example.com/people").hiding_text(secret.to_owned());
        let failure = block_on(Line::new(NAMES).call(&&world, &&world, &call)).err().unwrap();
        assert!(failure.detail.contains("xxx") && !failure.detail.contains("c2Vh"), "{failure:?}");
    }
}

#[test]
fn broken_json_tells_the_place_and_not_the_content() {
    let read = |body: &str| {
        let world = World::new([raw(200, &[], body)]);
        send(&world).unwrap().json::<Vec<String>>().unwrap_err()
    };
    assert!(read("[\"a").detail.contains("cut off after 3 bytes"));
    assert!(read("").detail.contains("empty"));
    let failure = read("[12345]");
    assert_eq!(failure.class, ErrorClass::Malformed);
    assert!(failure.detail.contains("line 1") && !failure.detail.contains("12345"), "{failure:?}");
}

#[test]
fn after_five_failed_calls_nothing_is_sent_until_the_cool_down_is_over() {
    let world = World::new(std::iter::repeat_n(json(500, json!({})), 15));
    let line = Line::new(NAMES);
    let send = || block_on(line.call(&&world, &&world, &call()));
    for _ in 0..OPENS_AFTER {
        send().unwrap_err();
    }
    assert_eq!(world.calls().len(), 15);
    let failure = send().unwrap_err();
    assert_eq!((failure.class, world.calls().len()), (ErrorClass::Retryable, 15));
    assert!(failure.detail.contains("the last 5 calls"), "{failure:?}");
    // One call is tried after the cool-down; it fails, so the next is not sent.
    world.pass(COOL_DOWN);
    world.then([json(401, json!({}))].into_iter().chain([fine(), fine()]));
    assert_eq!(send().unwrap_err().class, ErrorClass::Unauthorized);
    // Being rejected is an answer: the server works again.
    send().unwrap();
    send().unwrap();
    assert_eq!(world.calls().len(), 18);
}

#[test]
fn one_success_among_failures_keeps_the_line_open() {
    let faults = || std::iter::repeat_n(json(500, json!({})), 12);
    let world = World::new(faults().chain([fine()]).chain(faults()).chain([fine()]));
    let line = Line::new(NAMES);
    let good = (0..10).filter(|_| block_on(line.call(&&world, &&world, &call())).is_ok()).count();
    assert_eq!((good, world.calls().len()), (2, 26));
}

#[test]
fn while_one_call_tries_after_the_cool_down_the_others_are_not_sent() {
    let line = Line::new(NAMES);
    let now = DateTime::from_timestamp(1_764_547_200, 0).unwrap();
    (0..OPENS_AFTER).for_each(|_| line.note(false, now));
    let later = now + delta(COOL_DOWN);
    assert!(line.admit(later).is_ok());
    assert!(line.admit(later).is_err());
    line.note(false, later);
    assert!(line.admit(later).is_err());
}

#[test]
fn a_call_carries_its_headers_and_its_body_and_asks_for_json() {
    let world = World::new([fine()]);
    let call = Call::post("https://people.example.com/token", "text/plain", b"who".to_vec())
        .with(header::ACCEPT, HeaderValue::from_static("application/scim+json"))
        .authorized("SSWS", &Secret::parse("x", "t0k3n").unwrap());
    block_on(Line::new(NAMES).call(&&world, &&world, &call)).unwrap();
    let header = |name| world.header(0, name).unwrap();
    assert_eq!(world.calls(), ["POST https://people.example.com/token"]);
    assert_eq!((header("accept").as_str(), world.body(0).as_str()), ("application/scim+json", "who"));
    assert_eq!((header("authorization").as_str(), header("content-type").as_str()), ("SSWS t0k3n", "text/plain"));
}

#[test]
fn okta_tells_with_every_fault_when_its_count_begins_anew_and_that_is_no_reason_to_wait() {
    let headers = [("X-Rate-Limit-Reset", "1764547260")];
    let world = World::new([raw(503, &headers, ""), raw(500, &headers, ""), fine()]);
    send(&world).unwrap();
    assert!(world.sleeps().iter().all(|wait| *wait < Duration::from_secs(2)), "{:?}", world.sleeps());
}
