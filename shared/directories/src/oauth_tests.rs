//! Tokens against a scripted world.

use super::*;
use crate::testing::{Scripted, World, json, raw};
use futures::{executor::block_on, future::join_all};
use serde_json::json;
use std::time::Duration;

const NAMES: Names =
    Names { server: "x", address: "the address x", credentials: "the client id or the secret", rights: "x" };

fn tokens() -> Tokens {
    let url = "https://login.example.com/contoso/oauth2/v2.0/token";
    let credentials = ClientCredentials::parse(url, "app id&1", "s3cr3t/+", "https://x/.default").unwrap();
    Tokens::new(credentials, NAMES)
}

#[expect(clippy::needless_pass_by_value, reason = "values are written in place")]
fn token(name: &str, life: Value) -> Scripted {
    json(200, json!({"token_type": "Bearer", "expires_in": life, "ext_expires_in": 3599, "access_token": name}))
}

fn fine() -> Scripted {
    json(200, json!({}))
}

async fn read(tokens: &Tokens, line: &Line, world: &World) -> Result<Reply, Failure> {
    tokens.call(&world, &world, line, &Call::get("https://x.example.com/users")).await
}

#[test]
fn one_token_serves_many_calls_until_shortly_before_its_end() {
    let world = World::new([token("one", json!(3599)), fine(), fine()]);
    let (tokens, line) = (tokens(), Line::new(NAMES));
    block_on(read(&tokens, &line, &world)).unwrap();
    world.pass(Duration::from_secs(3530));
    block_on(read(&tokens, &line, &world)).unwrap();
    assert_eq!(world.calls().len(), 3);
    assert_eq!(
        world.body(0),
        "grant_type=client_credentials&client_id=app%20id%261&client_secret=s3cr3t%2F%2B&scope=https%3A%2F%2Fx%2F.default"
    );
    assert_eq!(world.header(0, "content-type").as_deref(), Some("application/x-www-form-urlencoded"));
    assert_eq!(world.header(2, "authorization").as_deref(), Some("Bearer one"));
    world.pass(Duration::from_secs(10));
    world.then([token("two", json!("3599")), fine()]);
    block_on(read(&tokens, &line, &world)).unwrap();
    assert_eq!(world.header(4, "authorization").as_deref(), Some("Bearer two"));
}

#[test]
fn a_token_without_a_life_or_with_a_short_one_is_used_for_a_while_and_not_for_ever() {
    for (life, good_for) in [(json!(null), 240), (json!(60), 30), (json!(-5), 240), (json!("soon"), 240)] {
        let world = World::new([token("one", life.clone()), fine(), fine()]);
        let (tokens, line) = (tokens(), Line::new(NAMES));
        block_on(read(&tokens, &line, &world)).unwrap();
        world.pass(Duration::from_secs(good_for - 1));
        block_on(read(&tokens, &line, &world)).unwrap();
        world.pass(Duration::from_secs(1));
        world.then([token("two", life.clone()), fine()]);
        block_on(read(&tokens, &line, &world)).unwrap();
        assert_eq!(world.calls().len(), 5, "{life}");
    }
}

#[test]
fn a_rejected_token_is_replaced_once_and_a_second_rejection_is_the_end() {
    let rejected = || json(401, json!({"error": {"code": "InvalidAuthenticationToken", "message": "expired"}}));
    let world = World::new([token("one", json!(3599)), rejected(), token("two", json!(3599)), fine()]);
    let (tokens, line) = (tokens(), Line::new(NAMES));
    block_on(read(&tokens, &line, &world)).unwrap();
    assert_eq!(world.header(3, "authorization").as_deref(), Some("Bearer two"));
    world.then([rejected(), token("three", json!(3599)), rejected()]);
    let failure = block_on(read(&tokens, &line, &world)).unwrap_err();
    assert_eq!((failure.class, world.calls().len()), (ErrorClass::Unauthorized, 7));
}

#[test]
fn eight_calls_at_once_fetch_one_token() {
    let world = World::new([token("one", json!(3599))].into_iter().chain(std::iter::repeat_n(fine(), 8)));
    let (tokens, line) = (tokens(), Line::new(NAMES));
    let all = block_on(join_all((0..8).map(|_| read(&tokens, &line, &world))));
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(world.calls().iter().filter(|call| call.starts_with("POST")).count(), 1);
}

#[test]
fn a_refusal_of_the_token_endpoint_has_its_class_and_never_shows_the_secret() {
    let said = |error: &str| json!({"error": error, "error_description": "AADSTS7000215: s3cr3t/+ is wrong, so is s3cr3t%2F%2B"});
    for (answer, class, part) in [
        (json(401, said("invalid_client")), ErrorClass::Unauthorized, "AADSTS7000215"),
        (json(400, said("invalid_client")), ErrorClass::Unauthorized, "the client id or the secret"),
        (json(400, said("unauthorized_client")), ErrorClass::Unauthorized, "the client id"),
        (json(400, said("invalid_scope")), ErrorClass::Refused, "invalid_scope"),
        (json(404, json!({})), ErrorClass::Refused, "the address x"),
        (raw(200, &[], "<html>"), ErrorClass::Malformed, "web page"),
        (raw(200, &[], "{\"access"), ErrorClass::Malformed, "cut off"),
        (json(200, json!({"token_type": "mac", "access_token": "x"})), ErrorClass::Malformed, "another type"),
        (json(200, json!({"access_token": "a\nb"})), ErrorClass::Malformed, "cannot be sent"),
        (json(200, json!({"access_token": ""})), ErrorClass::Malformed, "empty"),
        (raw(302, &[("location", "http://127.0.0.1/")], ""), ErrorClass::Malformed, "redirected"),
    ] {
        let world = World::new([answer]);
        let failure = block_on(read(&tokens(), &Line::new(NAMES), &world)).unwrap_err();
        assert_eq!(failure.class, class, "{failure:?}");
        assert!(failure.detail.contains(part), "{failure:?}");
        assert!(!format!("{failure:?}").contains("s3cr3t"), "{failure:?}");
        assert_eq!(world.calls().len(), 1);
    }
}

#[test]
fn all_problems_of_the_credentials_are_told_together_and_no_secret() {
    let error = ClientCredentials::parse("login.example.com", "", "a b", "x\u{7}").unwrap_err();
    assert_eq!(error.problems.len(), 4, "{error}");
    let error = ClientCredentials::parse("https://u:hunter2@login.example.com/x", "a", "b", "").unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
    let good = ClientCredentials::parse("https://login.example.com/a/b", "a", "hunter2", "").unwrap();
    assert_eq!((good.token_url.as_str(), good.scope.as_deref()), ("https://login.example.com/a/b", None));
    assert!(!format!("{good:?}").contains("hunter2"));
}
