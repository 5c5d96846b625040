//! Changing: memberships, disabling, accounts, groups.

use seatkeeper_simulator::world::Status;
use serde_json::json;

use crate::client::{delete, get, put, send, site};

const PATH: &str = "/rest/api/user/script.kid/group/confluence-users";

#[tokio::test]
async fn leaving_and_joining_a_group_is_idempotent_and_moves_one_seat() {
    let site = site(&[]);
    let before = site.world().seats_used();
    for expected in [1, 1] {
        assert_eq!(delete(&site, PATH).await.status, 204);
        assert_eq!(site.world().seats_used(), before - expected);
    }
    assert_eq!(get(&site, "/rest/api/user?username=script.kid&expand=status").await.json()["status"], "unlicensed");
    for _ in 0..2 {
        assert_eq!(put(&site, PATH).await.status, 204);
        assert_eq!(site.world().seats_used(), before);
    }
    assert_eq!(site.world().changes, 2);
    assert_eq!(site.writes(), 4);
}

#[tokio::test]
async fn member_lists_follow_every_change() {
    let site = site(&[]);
    let count = async |group: &str| {
        let page = get(&site, &format!("/rest/api/group/{group}/member?limit=200")).await.json();
        page["size"].as_u64().unwrap()
    };
    let (direct, above) = (count("contractors-emea").await, count("confluence-contractors").await);
    put(&site, "/rest/api/user/script.kid/group/contractors-emea").await;
    put(&site, "/rest/api/user/script.kid/group/confluence-contractors").await;
    assert_eq!((count("contractors-emea").await, count("confluence-contractors").await), (direct + 1, above + 1));
    delete(&site, "/rest/api/user/script.kid/group/confluence-contractors").await;
    assert_eq!(count("confluence-contractors").await, above + 1, "still a member by the group inside");
    delete(&site, "/rest/api/user/script.kid/group/contractors-emea").await;
    assert_eq!((count("contractors-emea").await, count("confluence-contractors").await), (direct, above));
}

#[tokio::test]
async fn unknown_accounts_and_groups_are_told_apart() {
    let site = site(&[]);
    let answer = put(&site, "/rest/api/user/nobody/group/confluence-users").await;
    assert_eq!((answer.status, answer.text.contains("No user found")), (404, true));
    let answer = put(&site, "/rest/api/user/admin/group/nothing").await;
    assert_eq!((answer.status, answer.text.contains("No group found")), (404, true));
}

#[tokio::test]
async fn awkward_names_are_reached_encoded_and_a_slash_is_refused() {
    let site = site(&[]);
    let names = [
        "anna%20maria.schmidt",
        "k.m%C3%BCller",
        "john+test",
        "john%2Btest",
        "j.doe%40example.com",
        "o%27brien",
        "msmith",
        "100%25real",
        "a%26b%3Dc",
        "question%3Fmark",
        "hash%23tag",
        "semi%3Bcolon%2Ccomma",
        "%E6%97%A5%E6%9C%AC%E5%A4%AA%E9%83%8E",
    ];
    for name in names {
        assert_eq!(put(&site, &format!("/rest/api/admin/user/{name}/disable")).await.status, 204, "{name}");
    }
    assert_eq!(site.world().changes, names.len() as u64 - 1, "john+test was named twice");
    let refused = put(&site, "/rest/api/admin/user/corp%2Fdworth/disable").await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.starts_with("<!doctype html>"));
    // An encoded semicolon is a part of the name; a plain one begins a path parameter.
    assert_eq!(put(&site, "/rest/api/admin/user/script.kid;v=1/disable").await.status, 204);
}

#[tokio::test]
async fn disabling_frees_a_seat_and_enabling_takes_it_again() {
    let site = site(&[]);
    let before = site.world().seats_used();
    for verb in ["disable", "disable"] {
        assert_eq!(put(&site, &format!("/rest/api/admin/user/script.kid/{verb}")).await.status, 204);
        assert_eq!(site.world().seats_used(), before - 1);
    }
    assert_eq!(get(&site, "/rest/api/user?username=script.kid&expand=status").await.json()["status"], "deactivated");
    assert_eq!(put(&site, "/rest/api/admin/user/script.kid/enable").await.status, 204);
    assert_eq!(site.world().seats_used(), before);
    assert_eq!(put(&site, "/rest/api/admin/user/nobody.here/disable").await.status, 404);
}

#[tokio::test]
async fn new_accounts_need_good_names_and_a_free_seat() {
    let site = site(&[]);
    let create = async |name: &str| {
        let body = json!({"userName": name, "fullName": "New", "email": "new@example.com", "password": "pw"});
        send(&site, "POST", "/rest/api/admin/user", &body).await
    };
    let made = create("new.person").await;
    assert_eq!(made.status, 201);
    let key = made.json()["userKey"].as_str().unwrap().to_owned();
    assert_eq!(get(&site, &format!("/rest/api/user?key={key}")).await.json()["username"], "new.person");
    assert_eq!(create("new.person").await.status, 409);
    for bad in ["With Space", "Upper", "plus+sign", "", "anonymous"] {
        assert_eq!(create(bad).await.status, 400, "{bad}");
    }
    let used = site.world().seats_used();
    site.world().max_users = Some(used);
    assert_eq!(create("one.more").await.status, 402);
}

#[tokio::test]
async fn deleting_is_a_long_task_and_leaves_the_key_behind() {
    let site = site(&[]);
    let key = {
        let world = site.world();
        world.user(world.find_user("script.kid").unwrap()).key_text()
    };
    let submitted = delete(&site, "/rest/api/admin/user/script.kid").await;
    assert_eq!(submitted.status, 202);
    let path = submitted.json()["statusPath"].as_str().unwrap().to_owned();
    assert_eq!(get(&site, &path).await.json()["percentageComplete"], 0);
    site.world().clock.advance(2);
    assert_eq!(get(&site, &path).await.json()["percentageComplete"], 100);
    assert_eq!(get(&site, "/rest/api/longtask/99").await.status, 404);
    let left = get(&site, &format!("/rest/api/user?key={key}&expand=status")).await.json();
    assert_eq!(left["status"], "externally-deleted");
    assert_eq!(delete(&site, "/rest/api/admin/user/script.kid").await.status, 404);
}

#[tokio::test]
async fn groups_are_made_once_and_the_last_administrators_stay() {
    let site = site(&[]);
    let body = json!({"type": "group", "name": "new group"});
    assert_eq!(send(&site, "POST", "/rest/api/admin/group", &body).await.status, 200);
    assert_eq!(send(&site, "POST", "/rest/api/admin/group", &body).await.status, 409);
    assert_eq!(delete(&site, "/rest/api/admin/group/new%20group").await.status, 204);
    assert_eq!(delete(&site, "/rest/api/admin/group/confluence-administrators").await.status, 400);
    let before = site.world().seats_used();
    assert_eq!(delete(&site, "/rest/api/admin/group/confluence-contractors").await.status, 204);
    assert!(site.world().seats_used() < before);
}

#[tokio::test]
async fn a_renamed_account_keeps_its_key_groups_and_place_in_the_lists() {
    let site = site(&[]);
    let mut world = site.world();
    let id = world.find_user("script.kid").unwrap();
    let (key, groups, login) = (world.user(id).key, world.groups_of(id, true), world.user(id).last_login_ms);
    let to = seatkeeper_simulator::world::Change::Rename("aaa_inactive_20261122".to_owned());
    assert!(world.apply(None, id, to));
    assert_eq!(world.find_user("script.kid"), None);
    assert_eq!(world.find_user("AAA_inactive_20261122"), Some(id));
    assert_eq!((world.user(id).key, world.groups_of(id, true), world.user(id).last_login_ms), (key, groups, login));
    assert_eq!(world.status(id), Status::Current);
    assert!(world.seat_holders().contains(&id));
    let names: Vec<&str> = world.users_by_name().iter().map(|id| &*world.user(*id).lower).collect();
    assert!(names.is_sorted());
    let group = world.find_group("confluence-users").unwrap();
    assert!(world.group(group).members(true).contains(&id));
}
