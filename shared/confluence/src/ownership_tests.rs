//! Ownership against scripted answers.

use super::*;
use crate::testing::{World, error, ok};
use futures::executor::block_on;
use http::Response;
use seatkeeper_engine::ports::HttpError;
use serde_json::{Value, json};

type Scripted = Result<Response<Vec<u8>>, HttpError>;

fn find(world: &World) -> Result<Ownership, PortError> {
    block_on(world.client().ownership(&UserKey::parse("k1").unwrap(), &Username::parse("jdoe").unwrap()))
}

fn personal(keys: &[&str]) -> Scripted {
    let spaces: Vec<Value> =
        keys.iter().map(|key| json!({"id": 1, "key": key, "name": "N", "type": "personal"})).collect();
    ok(json!({"results": spaces, "start": 0, "limit": 10, "size": keys.len(), "_links": {}}))
}

fn made(keys: &[&str]) -> Scripted {
    let hits: Vec<Value> =
        keys.iter().map(|key| json!({"space": {"key": key, "type": "global"}, "title": key})).collect();
    ok(json!({"results": hits, "totalSize": keys.len()}))
}

fn wrote_in(keys: &[&str]) -> Scripted {
    let hit =
        |key: &&str| json!({"content": {"id": "1", "space": {"key": key, "type": "global"}}, "lastModified": "x"});
    ok(json!({"results": keys.iter().map(hit).collect::<Vec<_>>()}))
}

fn entry(operation: &str, subject: &Value) -> Value {
    json!({"operation": {"targetType": "space", "operationKey": operation}, "subject": subject, "spaceKey": "A", "spaceId": 1})
}

fn us() -> Value {
    json!({"type": "known", "userKey": "k1", "username": "jdoe"})
}

fn account(key: &str, status: &str) -> Value {
    json!({"type": "known", "userKey": key, "username": key, "status": status})
}

#[test]
fn a_personal_space_is_found_by_name_or_key_and_never_another_ones() {
    for (keys, expected) in [
        (vec!["~jdoe"], Some("~jdoe")),
        (vec!["~JDoe"], Some("~JDoe")),
        (vec!["~k1"], Some("~k1")),
        (vec!["~other", "~jdoe"], Some("~jdoe")),
        (vec!["~other"], None),
        (vec![], None),
    ] {
        let world = World::new([personal(&keys), made(&[]), wrote_in(&[])]);
        let found = find(&world).unwrap();
        assert_eq!(found.owned.personal_space.as_deref(), expected);
        assert_eq!(found.administrators, Administrators::Complete);
        assert_eq!(world.calls().len(), 3);
        assert_eq!(world.calls()[0], "GET /rest/api/space?type=personal&spaceKey=~jdoe&spaceKey=~k1&start=0&limit=10");
    }
}

#[test]
fn a_space_with_no_other_administrator_in_use_is_named() {
    let group = json!({"type": "group", "name": "team"});
    let other = json!({"type": "known", "userKey": "k2"});
    for (administrators, answers, alone) in [
        (vec![us()], vec![], true),
        (vec![other.clone()], vec![], false),
        (vec![us(), other.clone()], vec![ok(account("k2", "current"))], false),
        (vec![us(), other.clone()], vec![ok(account("k2", "deactivated"))], true),
        (vec![us(), other], vec![error(404, "no such account")], true),
        (
            vec![us(), group.clone()],
            vec![ok(json!({"results": [account("k1", "current"), account("k3", "current")]}))],
            false,
        ),
        (
            vec![us(), group.clone()],
            vec![ok(json!({"results": [account("k1", "current"), account("k3", "unlicensed")]}))],
            true,
        ),
        (vec![us(), group], vec![error(404, "no such group")], true),
        (vec![us(), json!({"type": "anonymous"})], vec![], true),
    ] {
        let mut entries: Vec<Value> = administrators.iter().map(|who| entry("administer", who)).collect();
        entries.push(entry("read", &json!({"type": "known", "userKey": "k9"})));
        let script = [personal(&[]), made(&["A"]), wrote_in(&["A"]), ok(json!(entries))];
        let found = find(&World::new(script.into_iter().chain(answers))).unwrap();
        assert_eq!(found.owned.sole_administrator_of.contains("A"), alone, "{administrators:?}");
        assert_eq!(found.administrators, Administrators::Complete);
    }
}

#[test]
fn a_version_that_does_not_tell_permissions_says_so_and_is_asked_once() {
    let script = [
        personal(&["~jdoe"]),
        made(&["A", "B"]),
        wrote_in(&[]),
        error(404, "null for uri"),
        ok(json!({"key": "A"})),
        personal(&[]),
    ];
    let world = World::new(script);
    let client = world.client();
    let (key, name) = (UserKey::parse("k1").unwrap(), Username::parse("jdoe").unwrap());
    let found = block_on(client.ownership(&key, &name)).unwrap();
    assert_eq!(found.owned.personal_space.as_deref(), Some("~jdoe"));
    assert!(found.owned.sole_administrator_of.is_empty());
    assert_eq!(found.administrators, Administrators::NotTold);
    assert_eq!(block_on(client.ownership(&key, &name)).unwrap().administrators, Administrators::NotTold);
    assert_eq!(world.calls().len(), 6);
}

#[test]
fn a_space_that_was_deleted_in_between_is_not_a_missing_capability() {
    let gone = [error(404, "no space"), error(404, "no space")];
    let script = [personal(&[]), made(&["A", "B"]), wrote_in(&[])].into_iter().chain(gone);
    let found = find(&World::new(script.chain([ok(json!([entry("administer", &us())]))]))).unwrap();
    assert_eq!(found.owned.sole_administrator_of, ["B".to_owned()].into());
    assert_eq!(found.administrators, Administrators::Complete);
}

#[test]
fn what_could_not_be_read_is_counted_and_not_told_as_nobodys() {
    let untold =
        ok(json!([entry("administer", &us()), entry("administer", &json!({"type": "known", "displayName": "J"}))]));
    let script = [personal(&[]), made(&["A", "B", "C/D"]), wrote_in(&[]), error(403, "not yours"), untold];
    let found = find(&World::new(script)).unwrap();
    assert_eq!(found.administrators, Administrators::Partial { unread: 3 });
    assert!(found.owned.sole_administrator_of.is_empty());
}

#[test]
fn the_number_of_requests_is_bounded_however_much_somebody_wrote() {
    let keys: Vec<String> = (0..100).map(|number| format!("S{number:03}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let sole = (0..200).map(|_| ok(json!([entry("administer", &us())])));
    let world = World::new([personal(&[]), made(&keys), wrote_in(&keys)].into_iter().chain(sole));
    let found = find(&world).unwrap();
    assert!(world.calls().len() <= MAX_OWNERSHIP_REQUESTS as usize, "{}", world.calls().len());
    assert_eq!(found.owned.sole_administrator_of.len(), 40);
    // Sixty are beyond the bound, and both searches may have more.
    assert_eq!(found.administrators, Administrators::Partial { unread: 61 });
}

#[test]
fn a_fault_is_an_error_and_somebody_unknown_owns_nothing_by_search() {
    assert_eq!(find(&World::new([error(401, "no")])).unwrap_err().class, ErrorClass::Unauthorized);
    let failing = std::iter::repeat_n(error(500, "oops"), 3);
    let world = World::new([personal(&[]), made(&["A"]), wrote_in(&[])].into_iter().chain(failing));
    let failure = find(&world).unwrap_err();
    assert_eq!(failure.to_string(), "failed to find the spaces of account `jdoe`: server fault (500: oops), 3 tries");
    let unknown = [personal(&[]), error(400, "who?"), error(404, "no"), error(400, "who?"), error(404, "no")];
    assert_eq!(find(&World::new(unknown)).unwrap(), Ownership::default());
}
