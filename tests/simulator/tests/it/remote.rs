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
