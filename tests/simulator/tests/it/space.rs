//! Spaces: personal ones, those of teams, and who administers them.

use serde_json::{Value, json};

use crate::client::{get, send, site, site_of};

#[tokio::test]
async fn some_people_own_a_personal_space_and_some_alone_administer_one_of_a_team() {
    let site = site_of(1000, &[]);
    let spaces = get(&site, "/_sim/spaces").await.json();
    let spaces = spaces.as_array().unwrap();
    let personal: Vec<&Value> = spaces.iter().filter(|space| !space["owner"].is_null()).collect();
    let sole = spaces.iter().filter(|space| space["owner"].is_null() && !space["soleAdministrator"].is_null()).count();
    assert!(personal.len() > 50 && sole >= 4, "{} {sole}", personal.len());
    assert!(personal.iter().all(|space| space["key"] == format!("~{}", space["owner"].as_str().unwrap())));
    assert!(personal.iter().any(|space| space["archived"] == true));
    let groups =
        |space: &&Value| space["administrators"].as_array().unwrap().iter().any(|who| who["group"].is_string());
    assert!(spaces.iter().filter(groups).count() > 4);
}

#[tokio::test]
async fn spaces_are_found_by_key_kind_and_page() {
    let site = site_of(1000, &[]);
    let list = async |query: &str| get(&site, &format!("/rest/api/space?{query}")).await.json();
    let found = list("spaceKey=notes&spaceKey=TEAM001&spaceKey=NOTHING").await;
    let keys: Vec<&str> =
        found["results"].as_array().unwrap().iter().map(|space| space["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["NOTES", "TEAM001"]);
    assert_eq!(list("spaceKey=NOTES&type=personal").await["size"], 0);
    let personal = list("type=personal&limit=3").await;
    assert_eq!((&personal["size"], &personal["limit"]), (&json!(3), &json!(3)));
    assert!(personal["_links"]["next"].is_string());
    assert_eq!(get(&site, "/rest/api/space/NOTES").await.json()["type"], "global");
    assert_eq!(get(&site, "/rest/api/space/NOTHING").await.status, 404);
}

#[tokio::test]
async fn permissions_of_a_space_are_told_from_10_0_on_and_can_be_given_and_taken() {
    for version in ["8.5", "9.0", "9.3"] {
        let site = site(&[&format!("version={version}")]);
        assert_eq!(get(&site, "/rest/api/space/NOTES/permissions").await.status, 404);
        assert_eq!(get(&site, "/rest/api/space/NOTES").await.status, 200);
    }
    let site = site(&["version=10.0"]);
    let key = get(&site, "/_sim/users/script.kid").await.json()["userKey"].as_str().unwrap().to_owned();
    let path = format!("/rest/api/space/NOTES/permissions/user/{key}");
    assert_eq!(get(&site, &path).await.json(), json!([]));
    let administer = json!([{"targetType": "space", "operationKey": "administer"}]);
    assert_eq!(send(&site, "PUT", &format!("{path}/grant"), &administer).await.status, 204);
    let all = get(&site, "/rest/api/space/NOTES/permissions").await.json();
    let administrators: Vec<&Value> = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["operation"] == administer[0])
        .map(|entry| &entry["subject"])
        .collect();
    assert_eq!(administrators.len(), 2);
    assert_eq!((&administrators[0]["type"], &administrators[1]["userKey"]), (&json!("group"), &json!(key)));
    assert_eq!(send(&site, "PUT", &format!("{path}/revoke"), &administer).await.status, 204);
    assert_eq!(get(&site, &path).await.json(), json!([]));
    let wrong = json!([{"targetType": "application", "operationKey": "use"}]);
    assert_eq!(send(&site, "PUT", &format!("{path}/grant"), &wrong).await.status, 400);
    assert_eq!(get(&site, "/rest/api/space/NOTES/permissions/user/ff").await.status, 404);
}
