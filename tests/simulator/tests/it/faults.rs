//! Faults for single calls, and what the log says of them.

use axum::body::{Body, to_bytes};
use http::Request;
use seatkeeper_simulator::{Fault, FaultBody, FaultKind, Simulator};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

use crate::client::{delete, get, put, send, site};

const DISABLE: &str = "/rest/api/admin/user/script.kid/disable";
const CURRENT: &str = "/rest/api/user/current";

fn disabled(site: &Simulator) -> bool {
    let world = site.world();
    !world.user(world.find_user("script.kid").unwrap()).active
}

#[tokio::test]
async fn a_status_hits_the_nth_matching_call_so_many_times() {
    let site = site(&[]);
    let kind = FaultKind::Status { status: 503, body: FaultBody::Html, retry_after: Some(2) };
    site.inject(Fault::next("GET", "/rest/api/user", kind).nth(2).times(2));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        get(&site, "/rest/api/group").await;
        let answer = get(&site, CURRENT).await;
        if answer.status == 503 {
            assert_eq!(answer.header("retry-after"), "2");
            assert!(answer.text.contains("<html"));
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
}

#[tokio::test]
async fn a_fault_without_end_goes_on_until_it_is_cleared() {
    let site = site(&[]);
    let body =
        json!({"path_contains": "expand=lastLogin", "kind": "status", "status": 500, "body": "empty", "times": null});
    assert_eq!(send(&site, "POST", "/_sim/faults", &body).await.status, 204);
    let path = "/rest/api/admin/users/list/active?expand=lastLogin";
    for _ in 0..3 {
        assert_eq!(get(&site, path).await.status, 500);
    }
    assert_eq!(get(&site, "/rest/api/admin/users/list/active").await.status, 200);
    assert_eq!(get(&site, "/_sim/faults").await.json().as_array().unwrap().len(), 1);
    assert_eq!(delete(&site, "/_sim/faults").await.status, 204);
    assert_eq!(get(&site, path).await.status, 200);
    assert_eq!(send(&site, "POST", "/_sim/faults", &json!({"kind": "earthquake"})).await.status, 400);
}

#[tokio::test]
async fn a_truncated_answer_is_no_longer_json() {
    let site = site(&[]);
    site.inject(Fault::next("GET", CURRENT, FaultKind::Truncate));
    let answer = get(&site, CURRENT).await;
    assert_eq!(answer.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&answer.text).is_err());
    assert!(answer.text.starts_with('{'));
}

#[tokio::test]
async fn a_page_instead_of_json_comes_with_status_200() {
    let site = site(&[]);
    site.inject(Fault::next("GET", CURRENT, FaultKind::HtmlPage));
    let answer = get(&site, CURRENT).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html;charset=UTF-8"));
}

#[tokio::test]
async fn effects_are_kept_or_lost_as_the_fault_says() {
    let after = FaultKind::StatusAfterEffect { status: 500, body: FaultBody::Json };
    let before = FaultKind::Status { status: 500, body: FaultBody::Json, retry_after: None };
    for (kind, status, effect) in [(after, 500, true), (before, 500, false), (FaultKind::SilentNoEffect, 204, false)] {
        let site = site(&[]);
        site.inject(Fault::next("PUT", "/rest/api/admin/user/", kind.clone()));
        assert_eq!(put(&site, DISABLE).await.status, status, "{kind:?}");
        assert_eq!(disabled(&site), effect, "{kind:?}");
    }
}

#[tokio::test]
async fn a_dropped_connection_loses_the_answer_and_in_one_case_the_effect() {
    for (kind, effect) in [(FaultKind::DropBeforeEffect, false), (FaultKind::DropAfterEffect, true)] {
        let site = site(&[]);
        site.inject(Fault::next("PUT", DISABLE, kind));
        let request = Request::put(DISABLE).header("authorization", "Bearer demo-token").body(Body::empty()).unwrap();
        let answer = site.router().oneshot(request).await.unwrap();
        assert!(to_bytes(answer.into_body(), 1000).await.is_err());
        assert_eq!(disabled(&site), effect);
        assert_eq!(site.log().last().unwrap().status, 0);
    }
}

#[tokio::test]
async fn over_a_socket_a_dropped_connection_ends_without_a_byte() {
    let site = site(&[]);
    site.inject(Fault::next("PUT", DISABLE, FaultKind::DropAfterEffect));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(site.clone().serve(listener));
    let ask = async |method: &str, path: &str| {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer demo-token\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A reset is as good as an end.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    };
    assert_eq!(ask("PUT", DISABLE).await, "");
    assert!(disabled(&site));
    let answer = ask("GET", "/rest/api/user?username=script.kid&expand=status").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\"deactivated\""), "{answer}");
    server.abort();
}

#[tokio::test]
async fn a_token_can_end_in_the_middle_of_a_run() {
    let site = site(&["anonymous_access=true"]);
    site.inject(Fault::next("GET", CURRENT, FaultKind::Anonymous).nth(2).forever());
    assert_eq!(get(&site, CURRENT).await.json()["type"], "known");
    for _ in 0..2 {
        assert_eq!(get(&site, CURRENT).await.json()["type"], "anonymous");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hanging_call_is_answered_in_the_end() {
    let site = site(&[]);
    site.inject(Fault::next("GET", CURRENT, FaultKind::Hang { seconds: 60 }));
    let patience = tokio::time::Duration::from_secs(30);
    assert!(tokio::time::timeout(patience, get(&site, CURRENT)).await.is_err());
    site.inject(Fault::next("GET", CURRENT, FaultKind::Hang { seconds: 20 }));
    assert_eq!(tokio::time::timeout(patience, get(&site, CURRENT)).await.unwrap().status, 200);
}

#[tokio::test]
async fn the_log_names_every_request_and_leaves_control_out() {
    let site = site(&[]);
    get(&site, "/rest/api/user?username=admin&expand=status").await;
    put(&site, DISABLE).await;
    get(&site, "/_sim/state").await;
    crate::client::ask(&site, "GET", CURRENT, &[], "").await;
    let told: Vec<String> = site
        .log()
        .into_iter()
        .map(|entry| {
            format!("{} {} {} {}?{} {}", entry.number, entry.user, entry.method, entry.path, entry.query, entry.status)
        })
        .collect();
    let expected = [
        "1 sk-bot GET /rest/api/user?username=admin&expand=status 200".to_owned(),
        format!("2 sk-bot PUT {DISABLE}? 204"),
        format!("3  GET {CURRENT}? 401"),
    ];
    assert_eq!(told, expected);
    assert_eq!((site.requests(), site.writes()), (3, 1));
    let tail = get(&site, "/_sim/requests?tail=1").await.json();
    assert_eq!(tail[0]["number"], 3);
}
