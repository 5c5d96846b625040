//! The Crowd interface and the old remote API.

use seatkeeper_simulator::Simulator;
use serde_json::{Value, json};

use crate::client::{Answer, ask, get, send, site};

/// `seatkeeper:crowd-secret`.
const APPLICATION: &str = "Basic c2VhdGtlZXBlcjpjcm93ZC1zZWNyZXQ=";

async fn crowd(site: &Simulator, method: &str, path: &str, body: &Value) -> Answer {
    let headers = [("authorization", APPLICATION), ("content-type", "application/json")];
    ask(site, method, &format!("/crowd/rest/usermanagement/1/{path}"), &headers, &body.to_string()).await
}

fn somebody(site: &Simulator, directory: &str) -> String {
    let world = site.world();
    let (_, user) =
        world.users().find(|(id, user)| user.has_seat() && world.directory_of(*id).name == directory).unwrap();
    user.username.to_string()
}

#[tokio::test]
async fn the_application_has_to_show_its_own_password() {
    let site = site(&[]);
    let answer = get(&site, "/crowd/rest/usermanagement/1/user?username=admin").await;
    assert_eq!((answer.status, answer.text.as_str()), (401, "Application failed to authenticate"));
    let read = crowd(&site, "GET", "user?username=admin&expand=attributes", &Value::Null).await.json();
    assert_eq!((&read["name"], &read["active"]), (&json!("admin"), &json!(true)));
    assert!(
        read["attributes"]["attributes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|attribute| attribute["name"] == "lastAuthenticated")
    );
    let missing = crowd(&site, "GET", "user?username=nobody", &Value::Null).await;
    assert_eq!((missing.status, &missing.json()["reason"]), (404, &json!("USER_NOT_FOUND")));
}

#[tokio::test]
async fn renaming_wants_the_right_field_and_a_free_name() {
    let site = site(&["context_path=/confluence"]);
    let name = somebody(&site, "Atlassian Crowd");
    let path = format!("user/rename?username={name}");
    assert_eq!(crowd(&site, "POST", &path, &json!({"newName": "x"})).await.status, 400);
    assert_eq!(crowd(&site, "POST", &path, &json!({"new-name": "admin"})).await.json()["reason"], "INVALID_USER");
    let renamed = crowd(&site, "POST", &path, &json!({"new-name": format!("{name}_inactive_20261122")})).await;
    assert_eq!((renamed.status, &renamed.json()["name"]), (200, &json!(format!("{name}_inactive_20261122"))));
    assert_eq!(crowd(&site, "POST", &path, &json!({"new-name": "y"})).await.status, 404);
    let seen = get(&site, &format!("/confluence/rest/api/user?username={name}_inactive_20261122")).await;
    assert_eq!(seen.status, 200);
}

#[tokio::test]
async fn a_read_only_directory_is_not_renamed() {
    let site = site(&[]);
    let name = somebody(&site, "Corporate LDAP");
    let answer = crowd(&site, "POST", &format!("user/rename?username={name}"), &json!({"new-name": "x"})).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (403, &json!("APPLICATION_PERMISSION_DENIED")));
}

#[tokio::test]
async fn crowd_shows_a_change_at_once_and_the_wiki_after_its_synchronisation() {
    let site = site(&["directory_sync_seconds=60"]);
    let name = somebody(&site, "Atlassian Crowd");
    assert_eq!(
        crowd(&site, "POST", &format!("user/rename?username={name}"), &json!({"new-name": "moved"})).await.status,
        200
    );
    assert_eq!(crowd(&site, "GET", "user?username=moved", &Value::Null).await.json()["name"], "moved");
    assert_eq!(get(&site, "/rest/api/user?username=moved").await.status, 404);
    site.world().clock.advance(60);
    assert_eq!(get(&site, "/rest/api/user?username=moved").await.status, 200);
}

#[tokio::test]
async fn an_update_replaces_the_whole_account() {
    let site = site(&[]);
    let body = json!({"name": "script.kid", "display-name": "Kid", "email": "kid@example.com", "active": "false"});
    assert_eq!(crowd(&site, "PUT", "user?username=script.kid", &body).await.status, 204);
    let read = crowd(&site, "GET", "user?username=script.kid", &Value::Null).await.json();
    assert_eq!((&read["display-name"], &read["active"]), (&json!("Kid"), &json!(false)));
    let other = json!({"name": "somebody.else", "active": true});
    assert_eq!(crowd(&site, "PUT", "user?username=script.kid", &other).await.status, 400);
}

#[tokio::test]
async fn groups_are_joined_left_and_listed() {
    let site = site(&[]);
    let (path, body) = ("user/group/direct?username=script.kid", json!({"name": "contractors-emea"}));
    assert_eq!(crowd(&site, "POST", path, &body).await.status, 201);
    assert_eq!(crowd(&site, "POST", path, &body).await.status, 409);
    let direct = crowd(&site, "GET", path, &Value::Null).await.json();
    assert_eq!(direct["groups"].as_array().unwrap().len(), 2);
    let nested = crowd(&site, "GET", "user/group/nested?username=script.kid", &Value::Null).await.json();
    assert_eq!(nested["groups"].as_array().unwrap().len(), 3);
    let members =
        crowd(&site, "GET", "group/user/direct?groupname=contractors-emea&max-results=1", &Value::Null).await.json();
    assert_eq!(members["users"].as_array().unwrap().len(), 1);
    let leave = format!("{path}&groupname=contractors-emea");
    assert_eq!(crowd(&site, "DELETE", &leave, &Value::Null).await.status, 204);
    assert_eq!(crowd(&site, "DELETE", &leave, &Value::Null).await.status, 404);
}

#[tokio::test]
async fn the_old_remote_api_is_off_until_it_is_switched_on() {
    let path = "/rpc/json-rpc/confluenceservice-v2";
    let body = json!({"jsonrpc": "2.0", "method": "deactivateUser", "params": ["script.kid"], "id": 1});
    let off = site(&[]);
    assert_eq!(send(&off, "POST", path, &body).await.status, 403);
    let on = site(&["jsonrpc=true"]);
    assert_eq!(send(&on, "POST", path, &body).await.json()["result"], true);
    assert!(!on.world().users().find(|(_, user)| &*user.username == "script.kid").unwrap().1.active);
    let unknown = json!({"jsonrpc": "2.0", "method": "renameUser", "params": ["script.kid", "x"], "id": 2});
    let answer = send(&on, "POST", path, &unknown).await;
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (200, &json!(500)));
}

async fn search(site: &Simulator, query: &str) -> Answer {
    crowd(site, "GET", &format!("search?{query}"), &Value::Null).await
}

fn names(page: &Value) -> Vec<&str> {
    page["users"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_search_is_paged_without_a_total_and_shows_accounts_only_when_asked() {
    let site = site(&[]);
    let all = search(&site, "entity-type=user").await.json();
    assert_eq!(names(&all).len(), site.world().users_by_name().len());
    assert_eq!(all.as_object().unwrap().keys().collect::<Vec<_>>(), ["expand", "users"]);
    assert_eq!(all["users"][0].get("active"), None);
    let page = search(&site, "entity-type=user&start-index=5&max-results=3&expand=user").await.json();
    assert_eq!(names(&page), names(&all)[5..8]);
    assert!(page["users"][0]["active"].is_boolean() && page["users"][0]["email"].is_string());
    assert_eq!(names(&search(&site, "entity-type=user&start-index=100000").await.json()), Vec::<&str>::new());
    site.world().knobs.set("crowd_page_cap", "2").unwrap();
    assert_eq!(names(&search(&site, "entity-type=user&max-results=1000").await.json()).len(), 2);
}

#[tokio::test]
async fn a_search_reads_its_restriction_and_refuses_what_it_cannot_read() {
    let site = site(&[]);
    let by = |restriction: &str| {
        let encoded = percent_encoding::utf8_percent_encode(restriction, percent_encoding::NON_ALPHANUMERIC);
        format!("entity-type=user&restriction={encoded}")
    };
    let found = search(&site, &by("email = \"SCRIPT.kid@example.com\"")).await.json();
    assert_eq!(names(&found), ["script.kid"]);
    let off = search(&site, &by("active = false")).await.json();
    let expected = site.world().users().filter(|(_, user)| !user.active && !user.removed).count();
    assert_eq!(names(&off).len(), expected);
    assert_eq!(names(&search(&site, &by("name = \"script*\" and active = true")).await.json()), ["script.kid"]);
    for bad in [by("shoe-size = 37"), by("name = \"x"), "entity-type=page".to_owned(), "max-results=1".to_owned()] {
        let refused = search(&site, &bad).await;
        assert_eq!((refused.status, &refused.json()["reason"]), (400, &json!("ILLEGAL_ARGUMENT")), "{bad}");
    }
    let bad_number = search(&site, "entity-type=user&start-index=x").await;
    assert_eq!((bad_number.status, &bad_number.json()["reason"]), (400, &json!("ILLEGAL_ARGUMENT")));
    assert_eq!(crowd(&site, "DELETE", "search?entity-type=user", &Value::Null).await.status, 405);
    let groups = search(&site, "entity-type=group").await.json();
    assert!(groups["groups"].as_array().unwrap().iter().any(|group| group["name"] == "confluence-users"));
}

#[tokio::test]
async fn a_name_that_was_changed_is_free_in_crowd_while_the_wiki_waits() {
    let site = site(&["directory_sync_seconds=60"]);
    let name = somebody(&site, "Atlassian Crowd");
    let path = format!("user/rename?username={name}");
    assert_eq!(crowd(&site, "POST", &path, &json!({"new-name": "moved"})).await.json()["name"], "moved");
    assert_eq!(crowd(&site, "GET", &format!("user?username={name}"), &Value::Null).await.status, 404);
    assert_eq!(get(&site, &format!("/rest/api/user?username={name}")).await.status, 200);
    let listed = search(&site, "entity-type=user").await.json();
    assert!(names(&listed).contains(&"moved") && !names(&listed).contains(&name.as_str()));
}

#[tokio::test]
async fn passwords_and_uses_are_two_times_that_may_differ() {
    let site = site(&[]);
    let (mut differ, mut only_use) = (0, 0);
    let all: Vec<String> = site.world().users().take(100).map(|(_, user)| user.username.to_string()).collect();
    for name in all {
        let encoded = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
        let answer = crowd(&site, "GET", &format!("user/attribute?username={encoded}"), &Value::Null).await;
        if answer.status != 200 {
            continue;
        }
        let read = answer.json();
        let of = |attribute: &str| {
            let all = read["attributes"].as_array().unwrap();
            all.iter().find(|entry| entry["name"] == attribute).map(|entry| entry["values"][0].clone())
        };
        match (of("lastAuthenticated"), of("lastActive")) {
            (Some(password), Some(used)) => differ += usize::from(password != used),
            (None, Some(_)) => only_use += 1,
            (password, None) => assert_eq!(password, None),
        }
    }
    assert!(differ > 0 && only_use > 0, "{differ} {only_use}");
}
