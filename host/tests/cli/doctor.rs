//! Whether everything is as it must be.

use super::*;

#[test]
fn doctor_passes_a_healthy_instance_and_sends_a_right_signature() {
    let ping = "POST /hooks/login";
    let instance = Instance::new(vec![
        ("GET /admin/check", 200, check("sk-bot", true)),
        overview("approve"),
        (ping, 401, problem(401, "signature-invalid", "The signature is not valid")),
        (ping, 200, json!({"user": null, "outcome": {"is": "nothing", "why": "connection test"}}).to_string()),
        ("GET /admin/sign-in", 200, "<!doctype html>".to_owned()),
    ]);
    instance.run(&["doctor"]).expect(
        0,
        &[
            "reached as sk-bot",
            "exist: confluence-users",
            "accepts an event signed with the hook secret",
            "Everything is as it must be.",
        ],
    );
    let pings: Vec<Seen> = instance.seen().into_iter().filter(|request| request.line == ping).collect();
    assert_eq!(pings[0].header("X-Hub-Signature"), None);
    // printf %s '{"test": true}' | openssl dgst -sha256 -hmac hook-secret-0123456789
    assert_eq!(
        pings[1].header("X-Hub-Signature"),
        Some("sha256=1fdfe9c71cbf90704a5a5e60d7a429698c5a7363a2df27e1917598ee08013216")
    );
    assert!(pings.iter().all(|ping| ping.header("Authorization").is_none()), "an event carries no token");
}

#[test]
fn doctor_names_everything_that_is_wrong_at_once() {
    let instance = Instance::new(vec![
        ("GET /admin/check", 200, check("sk-bot", false)),
        ("GET /report/overview.json", 401, problem(401, "unauthorized", "The token is not valid")),
        ("POST /hooks/login", 200, "{}".to_owned()),
    ]);
    instance.run(&["doctor"]).expect(
        1,
        &[
            "named in the policy and not in Confluence: confluence-users",
            "FAIL  report token   The token is not valid",
            "SEATKEEPER_REPORT_TOKEN",
            "without a signature with status 200 instead of 401",
        ],
    );
}

fn check(user: &str, exists: bool) -> String {
    json!({"confluence": {"identity": {"user-key": "k", "username": user}, "seats": {"used": 90, "max": 100}, "errors": [],
            "capabilities": {"active-list": true, "last-login": true, "permissions": true, "child-groups": true}},
        "rename": true, "groups": [{"name": "confluence-users", "exists": exists, "error": null}], "policy-version": 1,
        "policy-error": null, "clock": chrono::Utc::now()})
    .to_string()
}

/// A healthy instance with some more answers.
fn healthy(more: Vec<Reply>) -> Instance {
    let ping = "POST /hooks/login";
    let mut replies = vec![
        ("GET /admin/check", 200, check("sk-bot", true)),
        overview("approve"),
        (ping, 401, problem(401, "signature-invalid", "The signature is not valid")),
        (ping, 200, json!({"user": null, "outcome": {"is": "nothing", "why": "connection test"}}).to_string()),
    ];
    replies.extend(more);
    Instance::new(replies)
}

#[test]
fn a_test_is_sent_only_on_request_and_every_channel_is_told() {
    let sent = json!({"channels": [{"name": "slack", "ok": true, "detail": "200"}, {"channel": "teams", "ok": false, "status": 404, "text": "404"}]});
    let line = "POST /alert/test";
    let instance = healthy(vec![(line, 200, sent.to_string())]);
    instance.run(&["doctor"]).expect(0, &[]);
    assert!(!instance.lines().contains(&line.to_owned()));
    let instance = healthy(vec![(line, 200, sent.to_string())]);
    instance.run(&["doctor", "--send-test"]).expect(1, &["slack took it: 200", "teams did not take it: 404"]);
    assert_eq!(instance.find(line).header("Authorization"), Some(format!("Bearer {TRIGGER}").as_str()));
}

#[test]
fn an_instance_that_cannot_send_a_test_or_has_no_channel_is_only_warned_about() {
    healthy(vec![]).run(&["doctor", "--send-test"]).expect(0, &["this instance cannot send one"]);
    let none = vec![("POST /alert/test", 200, json!({"channels": []}).to_string())];
    healthy(none).run(&["doctor", "--send-test"]).expect(0, &["no channel is configured"]);
    let refused = vec![("POST /alert/test", 401, problem(401, "unauthorized", "The token is not valid"))];
    healthy(refused).run(&["doctor", "--send-test"]).expect(1, &["FAIL  test message", "SEATKEEPER_TRIGGER_TOKEN"]);
}

#[test]
fn the_page_to_sign_in_is_visited_as_a_browser_would() {
    let line = "GET /admin/sign-in";
    let instance = healthy(vec![(line, 200, "<!doctype html>".to_owned())]);
    instance.run(&["doctor"]).expect(0, &["the page to sign in answers", "Everything is as it must be."]);
    assert_eq!(instance.find(line).header("Authorization"), None);
    healthy(vec![]).run(&["doctor"]).expect(0, &["no page to sign in", "1 warning"]);
    let broken = vec![(line, 500, "oh".to_owned())];
    healthy(broken).run(&["doctor"]).expect(1, &["FAIL  sign-in", "status 500"]);
}
