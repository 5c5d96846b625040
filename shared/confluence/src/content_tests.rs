//! Contributions against scripted answers.

use super::*;
use crate::testing::{World, error, ok, page, raw};
use futures::executor::block_on;
use serde_json::json;

fn newest(world: &World, name: &str) -> Result<Option<DateTime<Utc>>, PortError> {
    block_on(world.client().last_contribution(&Username::parse(name).unwrap()))
}

fn hit(last_modified: &Value) -> Value {
    json!({
        "results": [{
            "content": {"id": "1", "type": "page", "status": "current", "title": "T"}, "title": "T", "excerpt": "",
            "url": "/display/A/T", "entityType": "content", "lastModified": last_modified, "friendlyLastModified": "today",
        }],
        "start": 0, "limit": 1, "size": 1, "totalSize": 12, "cqlQuery": "…", "searchDuration": 3, "_links": {},
    })
}

#[test]
fn the_newest_contribution_is_told_in_whatever_format_also_when_it_is_in_the_future() {
    for (text, at) in [
        (json!("2025-11-02T08:14:55.000Z"), "2025-11-02T08:14:55Z"),
        (json!("2025-11-02T10:14:55.000+02:00"), "2025-11-02T08:14:55Z"),
        (json!("2025-11-02T03:14:55.000-0500"), "2025-11-02T08:14:55Z"),
        (json!(1_762_071_295_000_i64), "2025-11-02T08:14:55Z"),
        (json!("2031-01-01T00:00:00Z"), "2031-01-01T00:00:00Z"),
    ] {
        let world = World::new([ok(hit(&text))]);
        assert_eq!(newest(&world, "jdoe").unwrap(), Some(at.parse().unwrap()), "{text}");
        assert_eq!(
            world.calls(),
            ["GET /rest/api/search?cql=contributor%20%3D%20%22jdoe%22%20order%20by%20lastmodified%20desc&start=0\
              &excerpt=none&limit=1&includeArchivedSpaces=true"]
        );
    }
}

#[test]
fn a_name_cannot_break_out_of_its_quotes() {
    assert_eq!(quoted(r#"a" or creator = "b\"#), r#""a\" or creator = \"b\\""#);
    let world = World::new([ok(json!({"results": [], "totalSize": 0}))]);
    assert_eq!(newest(&world, r#"o"neil\"#).unwrap(), None);
    assert!(
        world.calls()[0].contains("cql=contributor%20%3D%20%22o%5C%22neil%5C%5C%22%20order"),
        "{:?}",
        world.calls()
    );
}

#[test]
fn nothing_found_is_nothing_and_something_hidden_or_undated_is_an_error() {
    for body in [json!({"results": [], "totalSize": 0}), json!({"results": []})] {
        assert_eq!(newest(&World::new([ok(body)]), "jdoe").unwrap(), None);
    }
    let undated = json!({"results": [{"title": "T"}], "totalSize": 1});
    for body in [json!({"results": [], "totalSize": 3}), undated, hit(&json!("2025-11-02T08:14:55")), hit(&json!(null))]
    {
        let failure = newest(&World::new([ok(body.clone())]), "jdoe").unwrap_err();
        assert_eq!(failure.class, ErrorClass::Malformed, "{body}");
        assert!(failure.to_string().starts_with("failed to search for contributions of account `jdoe`: "), "{failure}");
    }
}

#[test]
fn a_refused_question_is_nothing_only_when_the_account_does_not_exist() {
    let person = ok(json!({"type": "known", "username": "jdoe", "userKey": "k", "status": "current"}));
    let refused = || error(400, "No user found with username: jdoe");
    for nobody in [error(404, "No user found"), ok(json!({"type": "unknown", "username": "jdoe"}))] {
        let world = World::new([refused(), nobody]);
        assert_eq!(newest(&world, "jdoe").unwrap(), None);
        assert_eq!(world.calls()[1], "GET /rest/api/user?username=jdoe&expand=status");
    }
    let failure = newest(&World::new([refused(), person]), "jdoe").unwrap_err();
    assert_eq!(failure.class, ErrorClass::Refused, "{failure}");
    let failure = newest(&World::new([refused(), error(403, "no")]), "jdoe").unwrap_err();
    assert_eq!(failure.class, ErrorClass::Refused, "{failure}");
    let failure = newest(&World::new([refused(), page(200, "Log in")]), "jdoe").unwrap_err();
    assert_eq!(failure.class, ErrorClass::Unauthorized, "{failure}");
}

#[test]
fn an_answer_that_is_none_is_told_as_what_it_is() {
    let half = raw(200, &[("content-type", "application/json")], r#"{"results": [{"lastModified": "2025-1"#);
    for (answer, class) in [
        (error(401, "no"), ErrorClass::Unauthorized),
        (error(403, "no"), ErrorClass::Refused),
        (raw(429, &[("Retry-After", "99")], ""), ErrorClass::Throttled),
        (page(200, "Welcome"), ErrorClass::Malformed),
        (half, ErrorClass::Malformed),
        (ok(json!({"hits": []})), ErrorClass::Malformed),
    ] {
        assert_eq!(newest(&World::new([answer]), "jdoe").unwrap_err().class, class);
    }
    let world = World::new(std::iter::repeat_n(error(500, "oops"), 3));
    assert_eq!(newest(&world, "jdoe").unwrap_err().class, ErrorClass::Retryable);
}
