//! What the site knows beyond its listings: logins in the log, contributions, what a database would hold, counters.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use seatkeeper_simulator::world::Status;
use serde_json::{Value, json};

use crate::client::{NOON, ask, delete, get, send, site, site_of};

const EVENTS: &str = "/rest/auditing/1.0/events";
const SEARCHED: &str = "Audit Log search performed";

#[tokio::test]
async fn a_site_without_coverage_never_recorded_a_login_but_its_searches() {
    let site = site(&["audit_logins=false"]);
    get(&site, EVENTS).await;
    send(&site, "POST", "/_sim/login", &json!({"username": "script.kid"})).await;
    let page = get(&site, EVENTS).await.json();
    let actions: Vec<&Value> =
        page["entities"].as_array().unwrap().iter().map(|event| &event["type"]["action"]).collect();
    assert!(
        actions.iter().all(|action| !action.as_str().unwrap().contains("log") || *action == SEARCHED),
        "{actions:?}"
    );
    assert_eq!(actions.iter().filter(|action| **action == SEARCHED).count(), 1);
}

#[tokio::test]
async fn the_text_of_a_login_and_the_name_in_it_can_be_those_of_another_server() {
    let site = site(&["audit_login_text=Benutzer angemeldet", "audit_text_keys=true", "audit_full_names=true"]);
    send(&site, "POST", "/_sim/login", &json!({"username": "script.kid"})).await;
    let event = get(&site, &format!("{EVENTS}?limit=1")).await.json()["entities"][0].clone();
    assert_eq!(event["type"]["action"], "Benutzer angemeldet");
    assert_eq!(event["type"]["actionI18nKey"], "Benutzer angemeldet");
    assert_ne!(event["affectedObjects"][0]["name"], "script.kid");
    assert!(event["affectedObjects"][0]["uri"].as_str().unwrap().ends_with("?username=script.kid"));
}

#[tokio::test]
async fn a_site_without_the_log_over_rest_answers_404_there() {
    let site = site(&["audit_rest=false"]);
    assert_eq!(get(&site, EVENTS).await.status, 404);
    assert_eq!(get(&site, "/rest/auditing/1.0/configuration/coverage").await.status, 404);
}

#[tokio::test]
async fn contributions_are_counted_and_tell_their_space_when_asked() {
    let site = site(&["search_time_format=epoch-ms"]);
    let owner = {
        let world = site.world();
        let known = |id| {
            world.status(id) == Status::Current
                && world.user(id).username.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
        };
        let space = world.spaces().iter().find(|space| space.owner.is_some_and(known) && !space.archived).unwrap();
        world.user(space.owner.unwrap()).username.to_string()
    };
    let contributor = format!("/rest/api/search?cql=contributor+%3D+%22{owner}%22+order+by+lastmodified+desc");
    let found = get(&site, &format!("{contributor}&expand=content.space")).await.json();
    let hits = found["results"].as_array().unwrap();
    assert!(hits.iter().any(|hit| hit["content"]["space"]["key"] == format!("~{owner}")));
    let times: Vec<i64> = hits.iter().map(|hit| hit["lastModified"].as_i64().unwrap()).collect();
    assert!(times.len() > 1 && times.iter().rev().is_sorted());
    assert!(get(&site, &contributor).await.json()["results"][0]["content"].get("space").is_none());
    let spaces = format!("/rest/api/search?cql=type+%3D+space+and+creator+%3D+%22{owner}%22");
    let keys = get(&site, &spaces).await.json();
    assert!(keys["results"].as_array().unwrap().iter().any(|hit| hit["space"]["key"] == format!("~{owner}")));
}

#[tokio::test]
async fn the_database_holds_every_account_with_directory_times_and_direct_groups() {
    let site = site_of(1000, &[]);
    let whole = get(&site, "/_sim/database").await.json();
    let users = whole["users"].as_array().unwrap();
    assert_eq!(users.len(), site.world().users().len());
    assert_eq!(whole["directories"].as_array().unwrap().len(), 5);
    for user in users {
        let name = user["username"].as_str().unwrap();
        let world = site.world();
        let id = world.find_user(name).unwrap();
        let direct: Vec<&str> = world.user(id).groups.iter().map(|group| &*world.group(*group).name).collect();
        assert_eq!(user["groups"], json!(direct), "{name}");
        assert_eq!(user["lastLogin_ms"].as_i64(), world.user(id).last_login_ms);
        assert_eq!(user["directory"], world.directory_of(id).name);
        assert!(user["lastAuthenticated_ms"].as_i64().unwrap_or_default() <= NOON);
    }
    let differing = users.iter().filter(|user| user["lastLogin_ms"] != user["lastAuthenticated_ms"]).count();
    assert!(differing > 100, "the two places differ for some: {differing}");
    assert!(users.iter().any(|user| !user["lastLogin_ms"].is_null() && user["lastAuthenticated_ms"].is_null()));
    assert!(users.iter().any(|user| !user["shadows"].as_array().unwrap().is_empty()));
    assert!(whole["grants"].as_array().unwrap().iter().any(|grant| grant["holder"]["user"] == "individual.grant"));
    assert!(whole["groups"].as_array().unwrap().iter().any(|group| group["children"] == json!(["contractors-emea"])));
    let cut = get(&site, "/_sim/database?start=10&limit=5").await.json();
    assert_eq!(cut["users"].as_array().unwrap()[..], users[10..15]);
    assert_eq!(cut["total"], users.len());
}

#[tokio::test]
async fn requests_are_counted_by_route_without_names() {
    let site = site(&["context_path=/wiki"]);
    for path in [
        "/wiki/rest/api/group/confluence-users/member?limit=1",
        "/wiki/rest/api/group/all-staff/member?limit=1",
        "/wiki/rest/api/user?username=admin",
        "/wiki/rest/api/user/memberof?username=admin",
        "/wiki/rest/api/space/NOTES/permissions",
        "/wiki/rest/api/group/user/member",
    ] {
        get(&site, path).await;
    }
    delete(&site, "/wiki/rest/api/user/script.kid/group/confluence-users").await;
    let expected: BTreeMap<&str, u64> = [
        ("GET /rest/api/group/{}/member", 3),
        ("GET /rest/api/user", 1),
        ("GET /rest/api/user/memberof", 1),
        ("GET /rest/api/space/{}/permissions", 1),
        ("DELETE /rest/api/user/{}/group/{}", 1),
    ]
    .into();
    let told = get(&site, "/_sim/routes").await.json();
    assert_eq!((&told["routes"], &told["total"]), (&json!(expected), &json!(7)));
    assert_eq!(delete(&site, "/_sim/routes").await.status, 204);
    assert_eq!(get(&site, "/_sim/routes").await.json()["routes"], json!({}));
}

#[tokio::test(start_paused = true)]
async fn latency_of_calls_at_the_same_time_does_not_add_up() {
    let site = site(&["latency_ms=20"]);
    let before = tokio::time::Instant::now();
    let answers = join_all((0..50).map(|_| get(&site, "/rest/api/user/current"))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(before.elapsed(), Duration::from_millis(20));
    ask(&site, "GET", "/_sim/state", &[], "").await;
    assert_eq!(before.elapsed(), Duration::from_millis(20), "control calls take no time");
}
