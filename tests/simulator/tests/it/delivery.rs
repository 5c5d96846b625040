//! What leaves the site: webhooks, the login hook, and the chat sinks.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, StatusCode};
use seatkeeper_simulator::Simulator;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::client::{ask, delete, get, put, send, site};

type Seen = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A receiver on a real socket that answers with this status.
async fn receiver(status: u16) -> (String, Seen) {
    let seen = Seen::default();
    let take = async move |State(seen): State<Seen>, headers: HeaderMap, body: String| {
        seen.lock().unwrap().push((headers, body));
        StatusCode::from_u16(status).unwrap()
    };
    let router = Router::new().route("/hook", post(take)).with_state(Arc::clone(&seen));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, seen)
}

fn signature(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// Waits until so many deliveries came to an end.
async fn delivered(site: &Simulator, count: usize) {
    while site.world().delivered.len() < count {
        tokio::task::yield_now().await;
    }
}

async fn register(site: &Simulator, url: &str, events: Value) -> Value {
    let body =
        json!({"name": "leavers", "url": url, "events": events, "configuration": {"secret": "s3cret"}, "active": true});
    let answer = send(site, "POST", "/rest/api/webhooks", &body).await;
    assert_eq!(answer.status, 201);
    answer.json()
}

#[tokio::test]
async fn a_webhook_is_signed_over_its_raw_body() {
    let (url, seen) = receiver(200).await;
    let site = site(&[]);
    register(&site, &url, json!(["user_deactivated", {"id": "user_reactivated"}])).await;
    put(&site, "/rest/api/admin/user/script.kid/disable").await;
    put(&site, "/rest/api/user/script.kid/group/jira-software-users").await;
    delivered(&site, 1).await;
    put(&site, "/rest/api/admin/user/script.kid/enable").await;
    delivered(&site, 2).await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    for ((headers, body), event) in seen.iter().zip(["user_deactivated", "user_reactivated"]) {
        assert_eq!(headers["x-hub-signature"], signature("s3cret", body).as_str());
        assert_eq!(headers["x-event-key"], event);
        assert_eq!(headers["content-type"], "application/json; charset=utf-8");
        assert_eq!(headers["x-request-id"].len(), 36);
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!((&body["event"], &body["user"]["username"]), (&event.into(), &"script.kid".into()));
        assert_eq!(body["userKey"].as_str().unwrap().len(), 32, "the actor");
        assert_eq!(body["timestamp"], crate::client::NOON);
    }
}

#[tokio::test]
async fn webhooks_are_registered_changed_listed_and_deleted_and_never_tell_their_secret() {
    let site = site(&[]);
    let made = register(&site, "http://127.0.0.1:9/hook", json!(["user_created"])).await;
    let path = format!("/rest/api/webhooks/{}", made["id"]);
    assert_eq!(made["scopeType"], "global");
    let changed = send(&site, "PUT", &path, &json!({"events": ["group_created"], "active": false})).await.json();
    assert_eq!(
        (&changed["events"], &changed["active"], &changed["name"]),
        (&json!(["group_created"]), &json!(false), &json!("leavers"))
    );
    let list = get(&site, "/rest/api/webhooks").await;
    assert_eq!(list.json()["size"], 1);
    assert!(!list.text.contains("s3cret"));
    assert_eq!(delete(&site, &path).await.status, 204);
    assert_eq!(get(&site, &path).await.status, 404);
    for wrong in [json!({"name": "x"}), json!({"name": "x", "url": "ftp://x", "events": ["user_created"]})] {
        assert_eq!(send(&site, "POST", "/rest/api/webhooks", &wrong).await.status, 400);
    }
}

#[tokio::test]
async fn a_test_sends_a_ping_and_tells_the_answer() {
    let (url, seen) = receiver(202).await;
    let site = site(&[]);
    let answer = send(&site, "POST", &format!("/rest/api/webhooks/test?url={url}"), &json!({})).await.json();
    assert_eq!(answer["delivery"]["status"], 202);
    let seen = seen.lock().unwrap();
    assert_eq!(
        (seen[0].0["x-event-key"].to_str().unwrap(), seen[0].1.as_str()),
        ("diagnostics:ping", "{\"test\":true}")
    );
}

#[tokio::test]
async fn five_failures_open_the_breaker_and_time_closes_it() {
    let (url, seen) = receiver(500).await;
    let site = site(&[]);
    let made = register(&site, &url, json!(["user_deactivated", "user_reactivated"])).await;
    let flip = async |count: usize, expected: usize| {
        for number in 0..count {
            let verb = if number % 2 == 0 { "disable" } else { "enable" };
            put(&site, &format!("/rest/api/admin/user/script.kid/{verb}")).await;
            let so_far = site.world().delivered.len();
            delivered(&site, expected.min(so_far + 1)).await;
        }
    };
    flip(6, 5).await;
    assert_eq!(seen.lock().unwrap().len(), 5, "the sixth was skipped");
    let latest = get(&site, &format!("/rest/api/webhooks/{}/latest?outcome=FAILURE", made["id"])).await.json();
    assert_eq!(latest["result"]["description"], "500");
    site.world().clock.advance(10);
    flip(1, 6).await;
    assert_eq!(seen.lock().unwrap().len(), 6);
    let counts = get(&site, &format!("/rest/api/webhooks/{}/statistics/summary", made["id"])).await.json();
    assert_eq!(counts["counts"]["failures"], 6);
}

#[tokio::test]
async fn a_login_reaches_the_login_hook_signed_and_tells_what_it_answered() {
    let (url, seen) = receiver(200).await;
    let site = site(&[]);
    assert_eq!(send(&site, "POST", "/_sim/hook", &json!({"url": url, "secret": "key"})).await.status, 204);
    delete(&site, "/rest/api/user/script.kid/group/confluence-users").await;
    let login = send(&site, "POST", "/_sim/login", &json!({"username": "script.kid"})).await.json();
    assert_eq!((&login["access"], &login["result"]), (&json!(false), &json!("no-access")));
    assert_eq!(login["delivery"]["status"], 200);
    let (headers, body) = seen.lock().unwrap()[0].clone();
    assert_eq!(headers["x-hub-signature"], signature("key", &body).as_str());
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["event"], &body["username"]), (&json!("login"), &json!("script.kid")));
    assert_eq!(body["userKey"], login["userKey"]);
}

#[tokio::test]
async fn a_disabled_account_cannot_log_in_and_fires_no_hook() {
    let (url, seen) = receiver(200).await;
    let site = site(&[]);
    send(&site, "POST", "/_sim/hook", &json!({"url": url, "secret": "key"})).await;
    put(&site, "/rest/api/admin/user/script.kid/disable").await;
    let login = send(&site, "POST", "/_sim/login", &json!({"username": "script.kid"})).await.json();
    assert_eq!(login["result"], "refused");
    assert!(seen.lock().unwrap().is_empty());
    assert_eq!(send(&site, "POST", "/_sim/login", &json!({"username": "nobody"})).await.status, 404);
}

#[tokio::test]
async fn a_hook_that_nobody_answers_is_told_as_such() {
    let site = site(&[]);
    send(&site, "POST", "/_sim/hook", &json!({"url": "http://127.0.0.1:1/hook", "secret": ""})).await;
    let login = send(&site, "POST", "/_sim/login", &json!({"username": "script.kid"})).await.json();
    assert_eq!(login["delivery"]["status"], Value::Null);
    assert!(login["delivery"]["response_body"].as_str().unwrap().starts_with("not delivered"));
    assert_eq!(get(&site, "/_sim/deliveries").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn chat_sinks_keep_messages_and_fail_as_often_as_told() {
    let site = site(&["chat_failures=1"]);
    let post = async |sink: &str, body: &str| {
        let headers = [("content-type", "application/json"), ("x-seatkeeper-signature", "sha256=00")];
        ask(&site, "POST", &format!("/_sim/chat/{sink}"), &headers, body).await
    };
    assert_eq!(post("slack", "{\"text\":\"one\"}").await.status, 500);
    let good = post("slack", "{\"text\":\"one\"}").await;
    assert_eq!((good.status, good.text.as_str()), (200, "ok"));
    assert_eq!(post("slack", "{\"words\":\"one\"}").await.status, 400);
    assert_eq!(post("generic", "{\"any\":1}").await.status, 204);
    let kept = get(&site, "/_sim/chat").await.json();
    let told: Vec<_> = kept
        .as_array()
        .unwrap()
        .iter()
        .map(|post| (post["sink"].as_str().unwrap(), post["status"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [("slack", 500), ("slack", 200), ("slack", 400), ("generic", 204)]);
    assert!(kept[3]["headers"].as_array().unwrap().contains(&json!(["x-seatkeeper-signature", "sha256=00"])));
    assert_eq!(delete(&site, "/_sim/chat").await.status, 204);
    assert_eq!(get(&site, "/_sim/chat").await.json(), json!([]));
}
