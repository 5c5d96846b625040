//! `PUT /rest/api/admin/user/{username}`: who may, what is valid, and what becomes of it.

use serde_json::{Value, json};

use crate::client::{NOON, ask, get, send, site};

const KID: &str = "/rest/api/admin/user/script.kid";

fn good() -> Value {
    json!({"fullName": "New Name", "email": "new@example.com"})
}

#[tokio::test]
async fn both_fields_are_changed_and_seen_at_once() {
    let site = site(&[]);
    assert_eq!(send(&site, "PUT", KID, &good()).await.status, 204);
    let seen = get(&site, "/rest/api/user?username=script.kid").await.json();
    assert_eq!((&seen["displayName"], &seen["email"]), (&json!("New Name"), &json!("new@example.com")));
    assert_eq!(site.world().changes, 1);
    assert_eq!(send(&site, "PUT", KID, &good()).await.status, 204);
    assert_eq!(site.world().changes, 1);
}

#[tokio::test]
async fn a_field_that_is_blank_missing_or_wrong_is_refused_and_nothing_changes() {
    let site = site(&[]);
    for bad in [
        json!({}),
        json!({"fullName": "New Name"}),
        json!({"email": "new@example.com"}),
        json!({"fullName": " ", "email": "new@example.com"}),
        json!({"fullName": "New Name", "email": ""}),
        json!({"fullName": "<b>", "email": "new@example.com"}),
        json!({"fullName": "anonymous", "email": "new@example.com"}),
        json!({"fullName": "New Name", "email": "nowhere"}),
        json!({"fullName": 7, "email": "new@example.com"}),
        json!([]),
    ] {
        assert_eq!(send(&site, "PUT", KID, &bad).await.status, 400, "{bad}");
    }
    let token = ("authorization", "Bearer demo-token");
    let json = ("content-type", "application/json");
    assert_eq!(ask(&site, "PUT", KID, &[token, json], "{\"fullName\"").await.status, 400);
    assert_eq!(ask(&site, "PUT", KID, &[token, ("content-type", "text/plain")], &good().to_string()).await.status, 415);
    assert_eq!(site.world().changes, 0);
}

#[tokio::test]
async fn only_an_administrator_may_and_nobody_cannot_be_changed() {
    let site = site(&[]);
    let json = ("content-type", "application/json");
    assert_eq!(ask(&site, "PUT", KID, &[json], &good().to_string()).await.status, 401);
    {
        let mut world = site.world();
        let kid = world.find_user("script.kid").unwrap();
        world.secrets.add_token(kid, "own", "kid-token", NOON, None);
    }
    let kid = ("authorization", "Bearer kid-token");
    assert_eq!(ask(&site, "PUT", KID, &[kid, json], &good().to_string()).await.status, 403);
    for (knob, status) in [("404", 404), ("400", 400)] {
        site.world().knobs.set("update_nobody_status", knob).unwrap();
        let answer = send(&site, "PUT", "/rest/api/admin/user/nobody.at.all", &good()).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.json()["message"], "No user found with username: nobody.at.all");
    }
    assert_eq!(site.world().changes, 0);
}

#[tokio::test]
async fn a_read_only_directory_refuses_in_four_ways_and_a_slow_one_shows_it_later() {
    let somebody = |site: &seatkeeper_simulator::Simulator, directory: &str| {
        let world = site.world();
        let mut there = world.users().filter(|(id, user)| user.has_seat() && world.directory_of(*id).name == directory);
        let name = &there.next().unwrap().1.username;
        percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    for (reaction, status) in [("silent-204", 204), ("403", 403), ("400", 400), ("500", 500)] {
        let site = site(&[&format!("directory_reaction={reaction}")]);
        let path = format!("/rest/api/admin/user/{}", somebody(&site, "Corporate LDAP"));
        assert_eq!(send(&site, "PUT", &path, &good()).await.status, status, "{reaction}");
        assert_eq!(site.world().changes, 0);
    }
    let slow = site(&["directory_sync_seconds=60"]);
    let name = somebody(&slow, "Atlassian Crowd");
    assert_eq!(send(&slow, "PUT", &format!("/rest/api/admin/user/{name}"), &good()).await.status, 204);
    let seen = format!("/rest/api/user?username={name}");
    assert_ne!(get(&slow, &seen).await.json()["displayName"], "New Name");
    slow.world().clock.advance(60);
    assert_eq!(get(&slow, &seen).await.json()["displayName"], "New Name");
}
