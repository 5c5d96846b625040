//! Every odd behaviour from the field, switched on one by one.

use seatkeeper_simulator::Simulator;
use serde_json::{Value, json};

use crate::client::{Answer, ask, delete, get, put, send, site, site_of};

async fn with(site: &Simulator, authorization: &str, path: &str) -> Answer {
    ask(site, "GET", path, &[("authorization", authorization)], "").await
}

const CURRENT: &str = "/rest/api/user/current";

#[tokio::test]
async fn an_unknown_token_turns_anonymous() {
    let open = site(&["anonymous_access=true"]);
    let answer = with(&open, "Bearer ended", CURRENT).await;
    assert_eq!((answer.status, answer.json()["type"].as_str().unwrap()), (200, "anonymous"));
    assert_eq!(with(&open, "Bearer ended", "/rest/api/user/list").await.status, 403);
    assert_eq!(with(&open, "Bearer ended", "/rest/api/user?username=admin").await.status, 200);
    let closed = site(&[]);
    assert_eq!(with(&closed, "Bearer ended", CURRENT).await.status, 401);
    let strict = site(&["anonymous_access=true", "bad_token=unauthorized"]);
    assert_eq!(with(&strict, "Bearer ended", CURRENT).await.status, 401);
}

#[tokio::test]
async fn wrong_passwords_are_refused_as_a_page_and_end_in_a_captcha() {
    let site = site(&["captcha_after=2"]);
    let (good, bad) = ("Basic c2stYm90OnNrLWJvdA==", "Basic c2stYm90Ondyb25n");
    assert_eq!(with(&site, good, CURRENT).await.json()["username"], "sk-bot");
    for _ in 0..2 {
        let answer = with(&site, bad, CURRENT).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("x-seraph-loginreason"), "AUTHENTICATED_FAILED");
        assert!(answer.text.starts_with("<!doctype html>"));
    }
    let answer = with(&site, good, CURRENT).await;
    assert_eq!((answer.status, answer.header("x-seraph-loginreason")), (403, "AUTHENTICATION_DENIED"));
}

#[tokio::test]
async fn links_to_the_next_page_are_relative_absolute_or_missing() {
    let table = [
        ("relative", Some("/rest/api/group?limit=2&start=2")),
        ("absolute", Some("http://wiki.example.com/c/rest/api/group?limit=2&start=2")),
        ("missing", None),
    ];
    for (form, expected) in table {
        let site = site(&["context_path=/c", &format!("next_link={form}")]);
        let page = get(&site, "/c/rest/api/group?limit=2").await.json();
        assert_eq!(page["_links"]["next"].as_str(), expected, "{form}");
    }
}

#[tokio::test]
async fn an_endless_listing_repeats_its_last_page() {
    let site = site(&["endless_next=true"]);
    let total = site.world().groups_by_name().len();
    let behind = get(&site, &format!("/rest/api/group?limit=5&start={total}")).await.json();
    let last = get(&site, &format!("/rest/api/group?limit=5&start={}", total - 5)).await.json();
    assert_eq!(behind["results"], last["results"]);
    assert!(behind["_links"]["next"].is_string() && last["_links"]["next"].is_string());
}

#[tokio::test]
async fn a_read_only_directory_refuses_in_four_ways_and_never_changes_the_account() {
    for (reaction, status) in [("silent-204", 204), ("403", 403), ("400", 400), ("500", 500)] {
        let site = site(&[&format!("directory_reaction={reaction}")]);
        let name = {
            let world = site.world();
            let mut read_only =
                world.users().filter(|(id, user)| user.has_seat() && !world.directory_of(*id).update_users);
            read_only.next().unwrap().1.username.to_string()
        };
        let path = name.replace(' ', "%20");
        let answer = put(&site, &format!("/rest/api/admin/user/{}/disable", encode(&path))).await;
        assert_eq!(answer.status, status, "{reaction}");
        assert_eq!(site.world().changes, 0);
        // The directory's own group is refused alike, local groups are not.
        let foreign = put(&site, &format!("/rest/api/user/{}/group/ldap-wiki-readers", encode(&path))).await;
        assert_eq!(foreign.status, status, "{reaction}");
        assert_eq!(put(&site, &format!("/rest/api/user/{}/group/IT%20Support+QA", encode(&path))).await.status, 204);
        assert_eq!(site.world().changes, 1);
    }
}

fn encode(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[tokio::test]
async fn a_slow_directory_shows_changes_after_its_synchronisation() {
    let site = site(&["directory_sync_seconds=3600"]);
    let (slow, name) = {
        let world = site.world();
        let crowd = |id| world.directory_of(id).name == "Atlassian Crowd";
        let (id, user) = world.users().find(|(id, user)| user.has_seat() && crowd(*id)).unwrap();
        (id, user.username.to_string())
    };
    assert_eq!(put(&site, &format!("/rest/api/admin/user/{name}/disable")).await.status, 204);
    assert_eq!(put(&site, "/rest/api/admin/user/script.kid/disable").await.status, 204);
    assert_eq!(get(&site, "/rest/api/user?username=script.kid&expand=status").await.json()["status"], "deactivated");
    let path = format!("/rest/api/user?username={name}&expand=status");
    assert_eq!(get(&site, &path).await.json()["status"], "current");
    site.world().clock.advance(3600);
    assert_eq!(get(&site, &path).await.json()["status"], "deactivated");
    assert!(!site.world().user(slow).active);
}

#[tokio::test]
async fn nested_members_are_flattened_or_not() {
    for (flat, expected) in [(true, 1), (false, 0)] {
        let site = site(&[&format!("nested_members={flat}"), &format!("nested_memberof={flat}")]);
        put(&site, "/rest/api/user/null/group/contractors-emea").await;
        let page = get(&site, "/rest/api/group/confluence-contractors/member?limit=200").await.json();
        let listed = page["results"].as_array().unwrap().iter().filter(|person| person["username"] == "null").count();
        assert_eq!(listed, expected);
        let groups = get(&site, "/rest/api/user/memberof?username=null").await.json();
        assert_eq!(groups["size"], 2 + expected);
    }
}

#[tokio::test]
async fn the_last_login_comes_in_each_format() {
    let value = async |pairs: &[&str]| -> (Value, Value) {
        let site = site(pairs);
        let page = get(&site, "/rest/api/admin/users/list/active?expand=lastLogin&limit=1000").await.json();
        let results = page["results"].as_array().unwrap().clone();
        let (first, last) = (results[0].get("lastLogin").cloned(), results.last().unwrap()["lastLogin"].clone());
        (first.unwrap_or_else(|| json!("missing")), last)
    };
    let (never, iso) = value(&[]).await;
    assert_eq!(never, "missing");
    assert!(iso.as_str().unwrap().ends_with('Z'), "{iso}");
    let (never, epoch) = value(&["last_login_format=epoch-ms", "never_format=null"]).await;
    assert_eq!(never, Value::Null);
    assert!(epoch.is_i64());
    let (_, offset) = value(&["last_login_format=iso-offset"]).await;
    assert!(offset.as_str().unwrap().ends_with("+02:00"), "{offset}");
    let at = |text: &Value| chrono::DateTime::parse_from_rfc3339(text.as_str().unwrap()).unwrap().timestamp_millis();
    assert_eq!(at(&iso), at(&offset));
    assert_eq!(at(&iso), epoch.as_i64().unwrap());
}

#[tokio::test]
async fn the_list_of_seat_holders_can_be_somewhere_else_and_know_logins_early() {
    let site = site(&["list_active_moved=true", "version=9.3", "last_login_early=true"]);
    assert_eq!(get(&site, "/rest/api/admin/users/list/active").await.status, 404);
    let page = get(&site, "/rest/api/user/list/active?expand=lastLogin&limit=1000").await.json();
    assert!(page["results"].as_array().unwrap().last().unwrap()["lastLogin"].is_string());
}

#[tokio::test]
async fn the_third_status_has_any_spelling() {
    for spelling in ["externally-deleted", "externally_deleted", "externallyDeleted"] {
        let site = site_of(2000, &[&format!("deleted_status={spelling}")]);
        let key = {
            let world = site.world();
            world.users().find(|(_, user)| user.removed).unwrap().1.key_text()
        };
        assert_eq!(get(&site, &format!("/rest/api/user?key={key}&expand=status")).await.json()["status"], spelling);
    }
}

#[tokio::test]
async fn the_address_is_there_always_or_never() {
    for (pairs, shown) in [(["version=8.5", "email=always"], true), (["version=10.2", "email=never"], false)] {
        let site = site(&pairs);
        assert_eq!(get(&site, CURRENT).await.json().get("email").is_some(), shown, "{pairs:?}");
    }
}

#[tokio::test]
async fn the_rate_limit_counts_down_refuses_and_fills_again() {
    let site = site(&["rate_limit_requests=2", "rate_limit_interval_seconds=10", "rate_limit_bucket=3"]);
    for left in ["2", "1", "0"] {
        let answer = get(&site, CURRENT).await;
        assert_eq!((answer.status, answer.header("x-ratelimit-remaining")), (200, left));
        assert_eq!(answer.header("x-ratelimit-limit"), "3");
        assert_eq!(answer.header("x-ratelimit-interval-seconds"), "10");
        assert_eq!(answer.header("x-ratelimit-fillrate"), "2");
    }
    let refused = get(&site, CURRENT).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "5"));
    // Another account has a bucket of its own.
    site.world().secrets.add_token(seatkeeper_simulator::world::UserId(0), "t", "admin-token", 0, None);
    assert_eq!(with(&site, "Bearer admin-token", CURRENT).await.status, 200);
    site.world().clock.advance(4);
    assert_eq!(get(&site, CURRENT).await.status, 429);
    site.world().clock.advance(1);
    assert_eq!(get(&site, CURRENT).await.status, 200);
    site.world().knobs.set_pair("rate_limit_requests=-1").unwrap();
    let blocked = get(&site, CURRENT).await;
    assert_eq!((blocked.status, blocked.header("x-ratelimit-limit")), (429, "0"));
    site.world().knobs.set_pair("rate_limit_requests=0").unwrap();
    let free = get(&site, CURRENT).await;
    assert_eq!((free.status, free.header("x-ratelimit-limit")), (200, ""));
}

#[tokio::test]
async fn a_refused_write_has_no_effect() {
    let site = site(&["rate_limit_requests=-1"]);
    assert_eq!(delete(&site, "/rest/api/user/script.kid/group/confluence-users").await.status, 429);
    assert_eq!(site.world().changes, 0);
}

#[tokio::test]
async fn errors_come_as_pages_where_the_knob_says_so() {
    let site = site(&["html_errors=true"]);
    let answer = get(&site, "/rest/api/user?username=nobody").await;
    assert_eq!((answer.status, answer.header("content-type")), (404, "text/html;charset=UTF-8"));
    assert!(answer.text.contains("<html"));
}

#[tokio::test]
async fn read_only_mode_refuses_every_write_with_either_status() {
    for status in [403, 405] {
        let site = site(&["access_mode=READ_ONLY", &format!("read_only_status={status}")]);
        assert_eq!(get(&site, "/rest/api/accessmode").await.json(), "READ_ONLY");
        let answer = put(&site, "/rest/api/admin/user/script.kid/disable").await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.json()["data"]["allowedInReadOnlyMode"], false);
        assert_eq!(site.world().changes, 0);
        assert_eq!(get(&site, CURRENT).await.status, 200);
    }
}

#[tokio::test]
async fn writes_without_the_token_header_fail_the_check_where_it_is_on() {
    let site = site(&["xsrf_check=true"]);
    let path = "/rest/api/admin/user/script.kid/disable";
    let refused = put(&site, path).await;
    assert_eq!((refused.status, refused.text.contains("XSRF check failed")), (403, true));
    let headers = [("authorization", "Bearer demo-token"), ("x-atlassian-token", "no-check")];
    assert_eq!(ask(&site, "PUT", path, &headers, "").await.status, 204);
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let site = site(&[]);
    let headers = [("authorization", "Bearer demo-token"), ("content-type", "text/plain")];
    assert_eq!(ask(&site, "POST", "/rest/api/admin/group", &headers, "{\"name\":\"x\"}").await.status, 415);
    let headers = [("authorization", "Bearer demo-token"), ("content-type", "application/json")];
    assert_eq!(ask(&site, "POST", "/rest/api/admin/group", &headers, "{\"name\"").await.status, 400);
}

#[tokio::test]
async fn paths_outside_the_context_path_do_not_exist() {
    let site = site(&["context_path=/confluence"]);
    assert_eq!(get(&site, CURRENT).await.status, 404);
    assert_eq!(get(&site, "/confluencer/rest/api/user/current").await.status, 404);
    assert_eq!(get(&site, "/confluence/rest/api/user/current").await.status, 200);
}

#[tokio::test]
async fn knobs_are_turned_while_the_site_runs_and_wrong_ones_change_nothing() {
    let site = site(&[]);
    let answer = send(&site, "POST", "/_sim/knobs", &json!({"version": "9.0", "page_cap": 3})).await;
    assert_eq!((answer.status, answer.json()["page_cap"].as_u64().unwrap()), (200, 3));
    assert_eq!(get(&site, "/rest/api/group").await.json()["limit"], 3);
    let refused = send(&site, "POST", "/_sim/knobs", &json!({"page_cap": 9, "no_such_knob": 1})).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("no_such_knob"));
    assert_eq!(site.world().knobs.page_cap, 3);
}
