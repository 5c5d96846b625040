//! The audit log: cursors, windows, authors, keys, and its own traces.

use serde_json::Value;

use crate::client::{delete, get, put, send, site, site_of};

const EVENTS: &str = "/rest/auditing/1.0/events";
const LOGIN: &str = "audit.logging.summary.login.success";

async fn newest(site: &seatkeeper_simulator::Simulator) -> Value {
    get(site, &format!("{EVENTS}?limit=1")).await.json()["entities"][0].clone()
}

#[tokio::test]
async fn the_cursor_leads_from_the_newest_to_the_oldest_without_gap_or_repetition() {
    let site = site_of(1000, &[]);
    let total = site.world().audit.events().len();
    // The window keeps searches, which are recorded themselves, out of the pages.
    let window = "from=2020-01-01T00:00:00.000Z&to=2026-11-22T12:00:00.000Z&limit=100";
    let mut path = format!("{EVENTS}?{window}");
    let mut times: Vec<String> = Vec::new();
    loop {
        let page = get(&site, &path).await.json();
        let entities = page["entities"].as_array().unwrap();
        assert_eq!(page["pagingInfo"]["size"], entities.len());
        times.extend(entities.iter().map(|event| event["timestamp"].as_str().unwrap().to_owned()));
        if page["pagingInfo"]["lastPage"] == true {
            assert!(page["pagingInfo"].get("nextPageCursor").is_none());
            break;
        }
        assert!(
            page["pagingInfo"]["nextPageLink"].as_str().unwrap().starts_with("http://wiki.example.com/rest/auditing/")
        );
        path = format!("{EVENTS}?{window}&pageCursor={}", page["pagingInfo"]["nextPageCursor"].as_str().unwrap());
        site.world().clock.advance(1);
    }
    assert!(times.iter().rev().is_sorted());
    assert_eq!(times.len(), total, "what is recorded between two pages does not shift them");
}

#[tokio::test]
async fn a_login_names_the_person_as_object_and_nobody_as_author() {
    let site = site(&[]);
    let body = serde_json::json!({"username": "script.kid"});
    let login = send(&site, "POST", "/_sim/login", &body).await.json();
    assert_eq!((login["access"].as_bool(), login["lastLogin_ms"].as_i64()), (Some(true), Some(crate::client::NOON)));
    let event = newest(&site).await;
    assert_eq!(event["type"]["actionI18nKey"], LOGIN);
    assert_eq!(event["type"]["categoryI18nKey"], "audit.logging.category.auth");
    assert_eq!(event["author"]["id"], "-2");
    assert_eq!(event["affectedObjects"][0]["name"], "script.kid");
    assert_eq!(event["affectedObjects"][0]["id"], login["userKey"]);
    assert!(event["affectedObjects"][0]["uri"].as_str().unwrap().ends_with("viewuser.action?username=script.kid"));
}

#[tokio::test]
async fn authors_and_keys_of_logins_come_in_each_form() {
    for (author, id) in [("system", "-1"), ("anonymous", "-2")] {
        let site = site(&[&format!("audit_login_author={author}"), "audit_text_keys=true"]);
        send(&site, "POST", "/_sim/login", &serde_json::json!({"username": "script.kid"})).await;
        let event = newest(&site).await;
        assert_eq!(event["author"]["id"], id);
        assert_eq!(event["type"]["actionI18nKey"], "User logged in");
    }
    let site = site(&["audit_login_author=user"]);
    send(&site, "POST", "/_sim/login", &serde_json::json!({"username": "script.kid"})).await;
    let event = newest(&site).await;
    assert_eq!(event["author"]["id"], event["affectedObjects"][0]["id"]);
}

#[tokio::test]
async fn without_coverage_no_login_is_recorded() {
    let site = site(&["audit_logins=false"]);
    let before = site.world().audit.events().len();
    send(&site, "POST", "/_sim/login", &serde_json::json!({"username": "script.kid"})).await;
    assert_eq!(site.world().audit.events().len(), before);
    let coverage = get(&site, "/rest/auditing/1.0/configuration/coverage").await.json();
    assert_eq!(coverage["levelByArea"]["SECURITY"], "BASE");
}

#[tokio::test]
async fn changes_are_recorded_with_what_they_changed() {
    let site = site(&["audit_self_events=false"]);
    delete(&site, "/rest/api/user/script.kid/group/confluence-users").await;
    let event = newest(&site).await;
    assert_eq!(event["type"]["actionI18nKey"], "audit.logging.summary.group.membership.removed");
    assert_eq!(event["affectedObjects"][0]["type"], "Group");
    assert_eq!(event["changedValues"][0]["from"], "confluence-users");
    assert_eq!(event["author"]["name"], "Seatkeeper");
    put(&site, "/rest/api/admin/user/script.kid/disable").await;
    let event = newest(&site).await;
    assert_eq!(event["type"]["actionI18nKey"], "audit.logging.summary.user.updated");
    assert_eq!((&event["changedValues"][0]["key"], &event["changedValues"][0]["to"]), (&"Active".into(), &"No".into()));
}

#[tokio::test]
async fn each_search_is_recorded_unless_switched_off() {
    let recorded = async |pairs: &[&str]| {
        let site = site(pairs);
        newest(&site).await;
        newest(&site).await["type"]["actionI18nKey"] == "atlassian.audit.event.action.audit.search"
    };
    assert!(recorded(&[]).await);
    assert!(!recorded(&["audit_self_events=false"]).await);
}

#[tokio::test]
async fn events_are_filtered_by_action_and_time_and_bad_filters_are_refused() {
    let site = site(&["audit_self_events=false"]);
    let page = get(&site, &format!("{EVENTS}?actions=User+created")).await.json();
    assert_eq!(page["entities"].as_array().unwrap().len(), 1, "only sk-bot was made after the start");
    let page = get(&site, &format!("{EVENTS}?from=2030-01-01T00:00:00Z")).await.json();
    assert_eq!(page["pagingInfo"], serde_json::json!({"lastPage": true, "size": 0}));
    assert_eq!(get(&site, &format!("{EVENTS}?from=yesterday")).await.status, 400);
    assert_eq!(get(&site, &format!("{EVENTS}?pageCursor=5")).await.status, 400);
}

#[tokio::test]
async fn the_old_interface_tells_the_same_events_in_milliseconds() {
    let site = site(&[]);
    put(&site, "/rest/api/admin/user/script.kid/disable").await;
    let page = get(&site, "/rest/api/audit?limit=1").await.json();
    assert_eq!(page["results"][0]["creationDate"], crate::client::NOON);
    assert_eq!(page["results"][0]["affectedObject"]["name"], "script.kid");
    let since = get(&site, "/rest/api/audit/since?number=1&units=DAYS").await.json();
    assert!(since["size"].as_u64().unwrap() >= 1);
}
