//! The reading half against scripted answers.

use super::*;
use crate::testing::{World, error, ok, page, raw};
use chrono::{DateTime, Utc};
use futures::executor::block_on;
use seatkeeper_policy::{Status, Username};
use serde_json::{Value, json};

fn person(name: &str) -> Value {
    json!({"type": "known", "username": name, "userKey": format!("key-{name}"), "displayName": name, "status": "current"})
}

fn group(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

fn key(text: &str) -> UserKey {
    UserKey::parse(text).unwrap()
}

#[test]
fn our_own_account_is_recognised_whatever_the_case() {
    let world = World::new([ok(person("bOT"))]);
    let identity = block_on(world.client().whoami()).unwrap();
    assert_eq!((identity.key, identity.username.as_str()), (key("key-bOT"), "bOT"));
    assert_eq!(world.calls(), ["GET /rest/api/user/current"]);
}

#[test]
fn a_token_that_is_not_ours_any_more_is_unauthorized_and_says_why() {
    for (answer, part) in [
        (ok(json!({"type": "anonymous", "displayName": "Anonymous"})), "the token is expired, revoked or unknown"),
        (ok(json!({"username": "bot"})), "the token is expired, revoked or unknown"),
        (ok(person("other")), "the token belongs to `other`, but `Bot` is expected"),
        (error(401, "no"), "401"),
        (error(403, "no can use"), "403"),
        (page(200, "Log in to continue"), "login page"),
    ] {
        let world = World::new([answer]);
        let failure = block_on(world.client().whoami()).unwrap_err();
        assert_eq!(failure.class, ErrorClass::Unauthorized, "{failure}");
        assert!(failure.to_string().starts_with("failed to verify our own account: "), "{failure}");
        assert!(failure.detail.contains(part), "{failure}");
    }
}

#[test]
fn a_wrong_context_path_is_told_as_that() {
    for answer in [error(404, "null for uri"), page(404, "Not Found")] {
        let world = World::new([answer]);
        let failure = block_on(world.client().whoami()).unwrap_err();
        assert_eq!(failure.class, ErrorClass::Malformed);
        assert!(failure.detail.contains("context path"), "{failure}");
    }
}

#[test]
fn members_are_read_page_by_page_from_where_the_last_page_ended() {
    let first = json!({"results": [person("a"), {"type": "anonymous"}], "start": 0, "limit": 2, "size": 2,
        "_links": {"next": "/rest/api/group/users/member?limit=200&start=200"}});
    let world = World::new([ok(first), ok(json!({"results": [person("b")], "start": 2, "limit": 2}))]);
    let client = world.client();
    let one = block_on(client.members(&group("users"), 0)).unwrap();
    assert_eq!(one.items.iter().map(|person| person.username.as_str()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(one.next, Some(2));
    let two = block_on(client.members(&group("users"), 2)).unwrap();
    assert_eq!((two.items[0].status, two.next), (Status::Current, None));
    assert_eq!(
        world.calls(),
        [
            "GET /rest/api/group/users/member?expand=status&start=0&limit=200",
            "GET /rest/api/group/users/member?expand=status&start=2&limit=200",
        ]
    );
}

#[test]
fn a_bad_page_of_members_is_an_error_with_its_class_and_never_a_short_listing() {
    for (answer, class) in [
        (error(404, "no group"), ErrorClass::Gone),
        (page(404, "Not Found"), ErrorClass::Malformed),
        (error(403, "no administrator"), ErrorClass::Refused),
        (page(200, "Maintenance"), ErrorClass::Malformed),
        (raw(200, &[], r#"{"results": [{"type": "kno"#), ErrorClass::Malformed),
        (ok(json!({"size": 0})), ErrorClass::Malformed),
        (ok(json!({"results": [{"type": "known", "username": "no key"}]})), ErrorClass::Malformed),
        (ok(json!({"results": [person("a")], "start": 7})), ErrorClass::Malformed),
    ] {
        let world = World::new([answer]);
        let failure = block_on(world.client().members(&group("users"), 0)).unwrap_err();
        assert_eq!(failure.class, class, "{failure}");
        assert!(failure.to_string().starts_with("failed to list members of group `users`: "), "{failure}");
    }
}

#[test]
fn a_listing_that_starts_over_behind_its_last_entry_has_ended_there() {
    let last = ok(json!({"results": [person("b")], "start": 1, "limit": 1}));
    let over = json!({"results": [person("a"), person("b")], "start": 0, "_links": {"next": "/x?start=2"}});
    let world = World::new([ok(over), last]);
    let page = block_on(world.client().members(&group("users"), 2)).unwrap();
    assert_eq!((page.items, page.next), (vec![], None));
    assert_eq!(world.calls()[1], "GET /rest/api/group/users/member?expand=status&start=1&limit=1");
}

#[test]
fn a_listing_that_does_not_heed_where_to_start_is_endless_and_not_ended() {
    let first = ok(json!({"results": [person("a"), person("b")], "start": 0, "_links": {"next": "/x?start=2"}}));
    let world = World::new([first.clone(), first]);
    let failure = block_on(world.client().members(&group("users"), 2)).unwrap_err();
    assert_eq!(failure.class, ErrorClass::Endless);
    assert!(failure.detail.contains("asked for entries from 2, got those from 0 again"), "{failure}");
}

#[test]
fn the_list_of_seat_holders_is_found_at_its_other_address_and_remembered_there() {
    let holders = ok(json!({"results": [login("a", Some(json!("2025-11-02T08:14:55Z")))]}));
    let world = World::new([error(404, "null for uri"), holders.clone(), holders]);
    let client = world.client();
    for _ in 0..2 {
        assert_eq!(block_on(client.active(0)).unwrap().items.len(), 1);
    }
    let paths = world.calls().iter().map(|call| call.split_once('?').unwrap().0.to_owned()).collect::<Vec<_>>();
    let moved = "GET /rest/api/user/list/active";
    assert_eq!(paths, ["GET /rest/api/admin/users/list/active", moved, moved]);
}

#[test]
fn a_group_with_a_slash_is_refused_before_anything_is_sent() {
    let world = World::new([]);
    let failure = block_on(world.client().members(&group("R/D"), 0)).unwrap_err();
    assert_eq!(failure.class, ErrorClass::Refused);
    assert!(failure.detail.contains("`R/D` contains `/`"), "{failure}");
    assert!(world.calls().is_empty());
}

#[test]
fn all_groups_of_an_account_are_collected_over_the_pages() {
    let one = json!({"results": [{"type": "group", "name": "a"}], "limit": 1, "_links": {"next": "?start=1"}});
    let world = World::new([ok(one), ok(json!({"results": [{"type": "group", "name": "b"}], "limit": 200}))]);
    let groups = block_on(world.client().groups_of(&key("k/1"))).unwrap();
    assert_eq!(groups, BTreeSet::from([group("a"), group("b")]));
    assert_eq!(world.calls()[1], "GET /rest/api/user/memberof?key=k%2F1&start=1&limit=200");
}

#[test]
fn a_listing_that_repeats_itself_is_endless() {
    let same = json!({"results": [{"name": "a"}], "_links": {"next": "/rest/x"}});
    let world = World::new(std::iter::repeat_n(ok(same), 200));
    let failure = block_on(world.client().child_groups(&group("parent"))).unwrap_err();
    assert_eq!(failure.class, ErrorClass::Endless);
    assert_eq!(world.calls().len(), 2);
}

#[test]
fn a_listing_that_always_brings_something_new_is_endless_too() {
    let pages = (0..200).map(|page| ok(json!({"results": [{"name": format!("g{page}")}], "_links": {"next": "/x"}})));
    let world = World::new(pages);
    let failure = block_on(world.client().child_groups(&group("parent"))).unwrap_err();
    assert_eq!(failure.class, ErrorClass::Endless);
    assert_eq!(world.calls().len(), usize::try_from(MAX_PAGES).unwrap());
}

fn login(name: &str, field: Option<Value>) -> Value {
    let mut entry = person(name);
    if let Some(value) = field {
        entry["lastLogin"] = value;
    }
    entry
}

#[test]
fn whoever_has_no_login_beside_others_with_one_never_logged_in() {
    let entries =
        [login("a", None), login("b", Some(Value::Null)), login("c", Some(json!("2025-11-02T08:14:55.000Z")))];
    let world = World::new([ok(json!({"results": entries}))]);
    let page = block_on(world.client().active(0)).unwrap();
    let expected = DateTime::parse_from_rfc3339("2025-11-02T08:14:55Z").unwrap().with_timezone(&Utc);
    let logins: Vec<_> = page.items.iter().map(|(_, login)| *login).collect();
    assert_eq!(logins, [LastLogin::Never, LastLogin::Never, LastLogin::At(expected)]);
    assert_eq!(world.calls(), ["GET /rest/api/admin/users/list/active?expand=status%2ClastLogin&start=0&limit=200"]);
}

#[test]
fn where_nobody_has_a_login_it_is_unknown_and_not_never() {
    for field in [None, Some(Value::Null)] {
        let answer = ok(json!({"results": [login("a", field)]}));
        // The second answer is for the probe over the whole list.
        let world = World::new([answer.clone(), answer]);
        let page = block_on(world.client().active(0)).unwrap();
        assert_eq!(page.items[0].1, LastLogin::Unknown);
    }
}

#[test]
fn a_client_that_was_told_the_capabilities_does_not_probe_again() {
    for (last_login, expected) in [(true, LastLogin::Never), (false, LastLogin::Unknown)] {
        let world = World::new([ok(json!({"results": [login("a", None)]}))]);
        let client = world.client().with_capabilities(Capabilities { last_login, ..Capabilities::default() });
        assert_eq!(block_on(client.active(0)).unwrap().items[0].1, expected);
        assert_eq!(world.calls().len(), 1);
    }
}

#[test]
fn an_account_is_found_by_key_and_by_name_or_does_not_exist() {
    let world = World::new([ok(person("jdoe")), ok(person("jdoe")), error(404, "No user found")]);
    let client = world.client();
    let name = Username::parse("JDoe").unwrap();
    block_on(async {
        assert!(client.account(Who::Key(&key("key-jdoe"))).await.unwrap().is_some());
        assert!(client.account(Who::Name(&name)).await.unwrap().is_some());
        assert_eq!(client.account(Who::Name(&name)).await.unwrap(), None);
    });
    assert_eq!(
        world.calls(),
        [
            "GET /rest/api/user?key=key-jdoe&expand=status",
            "GET /rest/api/user?username=JDoe&expand=status",
            "GET /rest/api/user?username=JDoe&expand=status",
        ]
    );
}

#[test]
fn a_404_of_a_proxy_is_not_taken_for_an_account_that_does_not_exist() {
    let world = World::new([page(404, "nginx")]);
    let failure = block_on(world.client().account(Who::Key(&key("k")))).unwrap_err();
    assert_eq!(failure.class, ErrorClass::Malformed);
}

#[test]
fn an_answer_about_somebody_else_is_malformed() {
    let world = World::new([ok(person("other")), ok(person("other"))]);
    let client = world.client();
    let name = Username::parse("jdoe").unwrap();
    for who in [Who::Key(&key("key-jdoe")), Who::Name(&name)] {
        assert_eq!(block_on(client.account(who)).unwrap_err().class, ErrorClass::Malformed);
    }
}

fn permission(target: &str, operation: &str, subject: &Value) -> Value {
    json!({"operation": {"targetType": target, "operationKey": operation}, "subject": subject})
}

#[test]
fn permissions_give_the_holders_of_seats_and_of_administration() {
    let users = json!({"type": "group", "name": "users"});
    let entries = json!([
        permission("application", "use", &users),
        permission("application", "use", &json!({"type": "known", "userKey": "k1"})),
        permission("application", "use", &json!({"type": "known", "username": "jdoe"})),
        permission("application", "use", &json!({"type": "anonymous"})),
        permission("application", "use_unlicensed", &json!({"type": "unlicensed"})),
        permission("space", "create", &json!({"displayName": "whoever"})),
        permission("application", "administer", &json!({"type": "group", "name": "admins"})),
        permission("system", "administer", &json!({"type": "group", "name": "sysadmins"})),
    ]);
    let world = World::new([ok(entries), ok(person("jdoe"))]);
    let permissions = block_on(world.client().permissions()).unwrap();
    assert_eq!(
        permissions.can_use,
        BTreeSet::from([Holder::Group(group("users")), Holder::Account(key("k1")), Holder::Account(key("key-jdoe"))])
    );
    assert_eq!(
        permissions.administer,
        BTreeSet::from([Holder::Group(group("admins")), Holder::Group(group("sysadmins"))])
    );
}

#[test]
fn an_administrator_who_cannot_be_told_is_an_error() {
    let world = World::new([ok(json!([permission("system", "administer", &json!({"type": "known"}))]))]);
    assert_eq!(block_on(world.client().permissions()).unwrap_err().class, ErrorClass::Malformed);
}

#[test]
fn seats_are_counted_with_and_without_a_limit() {
    for (max, expected) in [(100, Some(100)), (-1, None)] {
        let world = World::new([ok(json!({"count": 48})), ok(json!({"count": max}))]);
        assert_eq!(block_on(world.client().seats()).unwrap(), SeatCount { used: 48, max: expected });
    }
}

#[test]
fn the_access_mode_is_read() {
    for (text, mode) in [("READ_WRITE", AccessMode::ReadWrite), ("READ_ONLY", AccessMode::ReadOnly)] {
        let world = World::new([ok(json!(text))]);
        assert_eq!(block_on(world.client().access_mode()).unwrap(), mode);
    }
    let world = World::new([ok(json!("SOMETHING"))]);
    assert_eq!(block_on(world.client().access_mode()).unwrap_err().class, ErrorClass::Malformed);
}
