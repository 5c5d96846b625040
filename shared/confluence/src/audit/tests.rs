//! The audit log against scripted answers, in the shape that real ones have.

use super::*;
use crate::testing::{World, error, ok, page, raw};
use futures::executor::block_on;
use seatkeeper_engine::sources::AuditLogin;
use seatkeeper_policy::{UserKey, Username};
use serde_json::{Value, json};

const KEY: &str = "2c9580827d4a06e8017d4a07c3e10000";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn read(world: &World, cursor: Option<&str>) -> Result<AuditPage, PortError> {
    block_on(world.client().logins(at("2025-11-20T00:00:00Z"), at("2025-12-01T12:30:00.250Z"), cursor))
}

/// A login as releases with full coverage write it.
fn login() -> Value {
    json!({
        "timestamp": "2025-11-23T00:43:12.188Z",
        "author": {"name": "Anonymous", "type": "system", "id": "-2", "uri": "", "avatarUri": ""},
        "type": {
            "categoryI18nKey": "audit.logging.category.auth", "category": "Authentication",
            "actionI18nKey": "audit.logging.summary.login.success", "action": "Benutzer angemeldet",
        },
        "affectedObjects": [
            {"name": "wiki", "type": "Group"},
            {"name": "Jane Doe", "type": "User", "uri": "http://host:8090/admin/users/viewuser.action?username=jdoe", "id": KEY},
        ],
        "changedValues": [], "source": "10.50.33.72", "system": "http://host:8090", "node": "node1", "method": "Browser",
        "extraAttributes": [{"nameI18nKey": "x", "name": "x", "value": "y"}],
    })
}

fn events(entities: &[Value], paging: &Value) -> Value {
    json!({"entities": entities, "pagingInfo": paging})
}

fn last(entities: &[Value]) -> Value {
    events(entities, &json!({"lastPage": true, "size": entities.len()}))
}

/// What a single entry comes to.
fn one(entry: Value) -> Vec<AuditLogin> {
    read(&World::new([ok(last(&[entry]))]), None).unwrap().logins
}

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut entry = login();
    change(&mut entry);
    entry
}

fn told(login: &AuditLogin) -> (Option<&str>, Option<&str>) {
    (login.key.as_ref().map(UserKey::as_str), login.username.as_ref().map(Username::as_str))
}

#[test]
fn a_page_is_asked_for_with_the_window_and_the_cursor_and_tells_where_to_go_on() {
    let other =
        json!({"timestamp": "2025-11-22T00:00:00Z", "type": {"actionI18nKey": "audit.logging.summary.user.logout"}});
    let paging = json!({"lastPage": false, "nextPageOffset": 0, "nextPageCursor": "1763000000000,179", "size": 2});
    let world = World::new([ok(events(&[login(), other], &paging))]);
    let page = read(&world, Some("1763900000000,200")).unwrap();
    assert_eq!((page.entries, page.next.as_deref()), (2, Some("1763000000000,179")));
    let expected = AuditLogin {
        key: Some(UserKey::parse(KEY).unwrap()),
        username: Some(Username::parse("jdoe").unwrap()),
        at: at("2025-11-23T00:43:12.188Z"),
    };
    assert_eq!(page.logins, [expected]);
    assert_eq!(
        world.calls(),
        ["GET /rest/auditing/1.0/events?from=2025-11-20T00%3A00%3A00.000Z&to=2025-12-01T12%3A30%3A00.250Z&limit=500\
          &pageCursor=1763900000000%2C200"]
    );
}

#[test]
fn a_login_is_known_by_its_key_or_by_its_text_wherever_the_text_stands() {
    for (key, action, is_login) in [
        ("audit.logging.summary.login.success", "Anmeldung", true),
        ("User logged in", "User logged in", true),
        ("user login SUCCESSFUL ", "", true),
        ("Benutzer erfolgreich angemeldet", "x", true),
        ("x", "benutzer erfolgreich angemeldet", true),
        ("audit.logging.summary.login.failed", "User login failed", false),
        ("audit.logging.summary.user.logout", "User logged out", false),
        ("", "", false),
    ] {
        let entry = with(|entry| entry["type"] = json!({"actionI18nKey": key, "action": action}));
        let world = World::new([ok(last(&[entry]))]);
        let mut client = world.client();
        client.settings =
            client.settings.with_login_texts(["Benutzer erfolgreich angemeldet".to_owned(), " ".to_owned()]);
        let page = block_on(client.logins(at("2025-11-20T00:00:00Z"), at("2025-12-01T00:00:00Z"), None)).unwrap();
        assert_eq!((page.logins.len(), page.entries), (usize::from(is_login), 1), "{key} {action}");
    }
}

#[test]
fn the_affected_account_goes_before_the_author_and_nobody_is_not_somebody() {
    let author = json!({"name": "Admin", "type": "user", "id": "aa", "uri": "http://x/viewuser.action?username=admin"});
    let both = with(|entry| entry["author"] = author.clone());
    assert_eq!(told(&one(both)[0]), (Some(KEY), Some("jdoe")));
    let only_author = with(|entry| {
        entry["author"] = author.clone();
        entry.as_object_mut().unwrap().remove("affectedObjects");
    });
    assert_eq!(told(&one(only_author)[0]), (Some("aa"), Some("admin")));
    for nobody in [
        json!({"name": "Anonymous", "type": "user", "id": "-2"}),
        json!({"name": "System", "type": "user", "id": -1}),
        json!({"name": "System", "type": "system"}),
        json!({"name": "Anonymous", "type": "ANONYMOUS", "id": ""}),
    ] {
        let entry = with(|entry| {
            entry["author"] = nobody.clone();
            entry["affectedObjects"] = json!([]);
        });
        assert_eq!(one(entry), [], "{nobody}");
    }
}

#[test]
fn the_name_of_a_person_may_be_the_full_name_so_it_only_counts_where_nothing_else_does() {
    let object = |object: Value| with(|entry| entry["affectedObjects"] = json!([object]));
    for (body, expected) in [
        (json!({"type": "User", "id": KEY, "name": "Jane Doe"}), (Some(KEY), None)),
        (json!({"type": "user", "name": "jdoe"}), (None, Some("jdoe"))),
        (
            json!({"type": "User", "name": "Jane Doe", "uri": "/v.action?a=1&username=j%C3%B6rg%20b#x"}),
            (None, Some("jörg b")),
        ),
        (json!({"type": "User", "id": KEY, "uri": "/v.action?username=john+test"}), (Some(KEY), None)),
        (json!({"type": "User", "id": KEY, "uri": "/v.action?username=%FF"}), (Some(KEY), None)),
        (json!({"type": "User", "id": 17, "name": null, "uri": null}), (Some("17"), None)),
    ] {
        assert_eq!(told(&one(object(body.clone()))[0]), expected, "{body}");
    }
    assert_eq!(one(object(json!({"type": "User", "id": "", "name": " "}))), []);
}

#[test]
fn every_optional_field_may_be_missing() {
    for field in ["author", "changedValues", "source", "system", "node", "method", "extraAttributes"] {
        let entry = with(|entry| {
            entry.as_object_mut().unwrap().remove(field);
        });
        assert_eq!(one(entry).len(), 1, "{field}");
    }
    let other = json!({"timestamp": null, "author": null, "type": null, "affectedObjects": null});
    let page = read(&World::new([ok(last(&[json!({}), other]))]), None).unwrap();
    assert_eq!((page.entries, page.logins.len(), page.next), (2, 0, None));
}

#[test]
fn times_come_in_several_formats_and_a_login_without_one_is_an_error_and_not_overlooked() {
    for time in [json!("2025-11-23T01:43:12.188+01:00"), json!(1_763_858_592_188_i64), json!("1763858592188")] {
        let entry = with(|entry| entry["timestamp"] = time.clone());
        assert_eq!(one(entry)[0].at, at("2025-11-23T00:43:12.188Z"), "{time}");
    }
    for time in [json!(null), json!("yesterday"), json!("2025-11-23T01:43:12")] {
        let entry = with(|entry| entry["timestamp"] = time.clone());
        let failure = read(&World::new([ok(last(&[entry]))]), None).unwrap_err();
        assert_eq!(failure.class, ErrorClass::Malformed, "{time}");
        assert!(failure.detail.contains("timestamp"), "{failure}");
    }
}

#[test]
fn a_cursor_that_does_not_lead_on_is_endless() {
    for (what, asked, next, entities) in [
        ("the same again", "100,5", "100,5", vec![login()]),
        ("back to newer entries", "100,5", "101,9", vec![login()]),
        ("nothing, and more of it", "100,5", "99,1", vec![]),
    ] {
        let world = World::new([ok(events(&entities, &json!({"lastPage": false, "nextPageCursor": next})))]);
        let failure = read(&world, Some(asked)).unwrap_err();
        assert_eq!(failure.class, ErrorClass::Endless, "{what}");
        assert!(failure.to_string().starts_with("failed to read logins from the audit log: "), "{failure}");
    }
    let world = World::new([ok(events(&[login()], &json!({"lastPage": false, "nextPageCursor": "100,4"})))]);
    assert_eq!(read(&world, Some("100,5")).unwrap().next.as_deref(), Some("100,4"), "two entries of one moment");
}

#[test]
fn a_page_that_does_not_say_whether_it_is_the_last_is_malformed() {
    for body in [
        json!({"entities": []}),
        json!({"entities": [], "pagingInfo": {}}),
        json!({"entities": [], "pagingInfo": {"lastPage": false, "size": 0}}),
        json!({"entities": [], "pagingInfo": {"lastPage": false, "nextPageCursor": " "}}),
        json!({"pagingInfo": {"lastPage": true}}),
        json!([]),
    ] {
        let failure = read(&World::new([ok(body.clone())]), None).unwrap_err();
        assert_eq!(failure.class, ErrorClass::Malformed, "{body}");
    }
}

#[test]
fn a_log_that_is_refused_missing_or_broken_is_told_as_that() {
    let half = raw(200, &[("content-type", "application/json")], r#"{"entities": [{"timestamp": "2025-11-2"#);
    for (answer, class, part) in [
        (error(401, "no"), ErrorClass::Unauthorized, "401"),
        (error(403, "admins only"), ErrorClass::Refused, "administrator rights"),
        (error(404, "null for uri"), ErrorClass::Gone, "no audit log over REST"),
        (page(404, "Not Found"), ErrorClass::Gone, "no audit log over REST"),
        (error(410, "gone"), ErrorClass::Gone, "no audit log over REST"),
        (raw(404, &[("X-AUSERNAME", "anonymous")], "{}"), ErrorClass::Unauthorized, "anonymous"),
        (raw(429, &[("Retry-After", "99")], ""), ErrorClass::Throttled, "99 s"),
        (page(200, "Log in"), ErrorClass::Unauthorized, "login page"),
        (page(200, "Welcome"), ErrorClass::Malformed, "web page"),
        (half, ErrorClass::Malformed, "cut off"),
        (ok(json!({"entities": 5})), ErrorClass::Malformed, "not the expected JSON"),
    ] {
        let failure = read(&World::new([answer]), None).unwrap_err();
        assert_eq!(failure.class, class, "{failure}");
        assert!(failure.detail.contains(part), "{failure}");
    }
    let world = World::new(std::iter::repeat_n(error(500, "oops"), 3));
    assert_eq!(read(&world, None).unwrap_err().class, ErrorClass::Retryable);
}
