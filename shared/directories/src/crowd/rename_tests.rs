//! Renames against a small Crowd that has users and can be told to misbehave.

use super::*;
use crate::crowd::CrowdSettings;
use chrono::{DateTime, Utc};
use futures::executor::block_on;
use http::{Request, Response};
use seatkeeper_engine::ports::HttpError;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    time::Duration,
};

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Good,
    /// Acknowledges renames and does not make them.
    Silent,
    /// Makes renames and loses the answer.
    LosesAnswers,
    /// Answers every rename with this.
    Says(u16, &'static str),
    /// Answers everything with this.
    SaysAlways(u16, &'static str),
}

struct FakeCrowd {
    users: RefCell<BTreeSet<String>>,
    mood: Cell<Mood>,
    calls: RefCell<Vec<String>>,
    slept: Cell<Duration>,
}

impl FakeCrowd {
    fn with(users: &[&str], mood: Mood) -> Self {
        Self {
            users: RefCell::new(users.iter().map(ToString::to_string).collect()),
            mood: Cell::new(mood),
            calls: RefCell::default(),
            slept: Cell::default(),
        }
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), PortError> {
        let settings = CrowdSettings::parse("https://crowd.example.com", "/crowd", "seatkeeper", "s3cr3t").unwrap();
        let crowd = Crowd::new(self, self, settings);
        assert!(crowd.available());
        block_on(crowd.rename(&Username::parse(from).unwrap(), &Username::parse(to).unwrap()))
    }

    fn names(&self) -> Vec<String> {
        self.users.borrow().iter().cloned().collect()
    }

    fn posts(&self) -> usize {
        self.calls.borrow().iter().filter(|call| call.starts_with("POST")).count()
    }

    fn not_found() -> (u16, String) {
        (404, json!({"reason": "USER_NOT_FOUND", "message": "User does not exist"}).to_string())
    }

    fn answer(&self, request: &Request<Vec<u8>>) -> (u16, String) {
        let name = request.uri().query().and_then(|query| query.strip_prefix("username=")).unwrap().to_lowercase();
        let body = serde_json::from_slice::<serde_json::Value>(request.body()).unwrap_or_default();
        let exists = self.users.borrow().contains(&name);
        match (self.mood.get(), request.method() == Method::POST) {
            (Mood::SaysAlways(status, text), _) | (Mood::Says(status, text), true) => (status, text.to_owned()),
            (_, false) if exists => (200, json!({"name": name, "active": true}).to_string()),
            (_, false) => Self::not_found(),
            (_, true) if !exists => Self::not_found(),
            (mood, true) => match body["new-name"].as_str() {
                Some(new) if mood != Mood::Silent => {
                    self.users.borrow_mut().remove(&name);
                    self.users.borrow_mut().insert(new.to_lowercase());
                    (200, json!({"name": new}).to_string())
                }
                Some(_) => (200, "{}".to_owned()),
                None => (400, json!({"reason": "ILLEGAL_ARGUMENT", "message": "new-name is missing"}).to_string()),
            },
        }
    }
}

impl Http for &FakeCrowd {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        self.calls.borrow_mut().push(format!("{} {}", request.method(), request.uri().path()));
        // Base64 of `seatkeeper:s3cr3t`.
        assert_eq!(request.headers()["authorization"], "Basic c2VhdGtlZXBlcjpzM2NyM3Q=");
        let (status, body) = self.answer(&request);
        if self.mood.get() == Mood::LosesAnswers && request.method() == Method::POST {
            return Err(HttpError::Timeout);
        }
        Ok(Response::builder().status(status).body(body.into_bytes()).unwrap())
    }
}

impl Clock for &FakeCrowd {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    async fn sleep(&self, how_long: Duration) {
        self.slept.set(self.slept.get() + how_long);
    }
}

#[test]
fn a_rename_is_checked_made_and_read_back() {
    let crowd = FakeCrowd::with(&["jdoe"], Mood::Good);
    crowd.rename("jdoe", "jdoe_inactive_20261122").unwrap();
    assert_eq!(crowd.names(), ["jdoe_inactive_20261122"]);
    assert_eq!(
        *crowd.calls.borrow(),
        [
            "GET /crowd/rest/usermanagement/1/user",
            "GET /crowd/rest/usermanagement/1/user",
            "POST /crowd/rest/usermanagement/1/user/rename",
            "GET /crowd/rest/usermanagement/1/user",
            "GET /crowd/rest/usermanagement/1/user",
        ]
    );
}

#[test]
fn case_68_a_taken_name_is_refused_and_nothing_is_sent() {
    let crowd = FakeCrowd::with(&["jdoe", "jdoe_inactive_20261122"], Mood::Good);
    let error = crowd.rename("jdoe", "jdoe_inactive_20261122").unwrap_err();
    assert_eq!(error.class, ErrorClass::Refused);
    assert!(error.to_string().contains("the new name is taken by `jdoe_inactive_20261122`"), "{error}");
    assert_eq!(crowd.posts(), 0);
}

#[test]
fn case_68_a_name_that_differs_in_case_only_is_refused() {
    let crowd = FakeCrowd::with(&["jdoe"], Mood::Good);
    assert_eq!(crowd.rename("jdoe", "JDoe").unwrap_err().class, ErrorClass::Refused);
    assert!(crowd.calls.borrow().is_empty());
}

#[test]
fn an_account_of_another_directory_is_gone() {
    let crowd = FakeCrowd::with(&["somebody"], Mood::Good);
    assert_eq!(crowd.rename("jdoe", "jdoe_inactive_20261122").unwrap_err().class, ErrorClass::Gone);
    assert_eq!(crowd.posts(), 0);
}

#[test]
fn a_rename_whose_answer_was_lost_is_found_done_by_the_next_call_and_not_made_twice() {
    let crowd = FakeCrowd::with(&["jdoe"], Mood::LosesAnswers);
    assert_eq!(crowd.rename("jdoe", "jdoe_inactive_20261122").unwrap_err().class, ErrorClass::Retryable);
    crowd.mood.set(Mood::Good);
    crowd.rename("jdoe", "jdoe_inactive_20261122").unwrap();
    assert_eq!(crowd.names(), ["jdoe_inactive_20261122"]);
    assert_eq!(crowd.posts(), 1);
}

#[test]
fn an_acknowledged_rename_that_did_not_happen_is_not_a_success() {
    let crowd = FakeCrowd::with(&["jdoe"], Mood::Silent);
    let error = crowd.rename("jdoe", "jdoe_inactive_20261122").unwrap_err();
    assert_eq!(error.class, ErrorClass::Retryable);
    assert!(error.detail.contains("still has its old name"), "{error}");
    assert_eq!(crowd.slept.get(), READ_BACK_AFTER.iter().sum());
}

#[test]
fn every_refusal_has_its_class_and_says_what_to_do() {
    let denied = r#"{"reason": "APPLICATION_PERMISSION_DENIED", "message": "Application not allowed to modify user"}"#;
    for (mood, class, part) in [
        (Mood::SaysAlways(401, "Application failed to authenticate"), ErrorClass::Unauthorized, "name or the password"),
        (
            Mood::SaysAlways(403, "Client with address \"10.0.0.1\" is forbidden"),
            ErrorClass::Refused,
            "remote addresses",
        ),
        (Mood::SaysAlways(404, "<html>not here</html>"), ErrorClass::Malformed, "context path"),
        (Mood::SaysAlways(200, "<html>welcome</html>"), ErrorClass::Malformed, "instead of Crowd's JSON"),
        (Mood::SaysAlways(302, ""), ErrorClass::Malformed, "redirected"),
        (Mood::SaysAlways(503, ""), ErrorClass::Retryable, "503"),
        (Mood::Says(403, denied), ErrorClass::Refused, "the directory is not read-only"),
        (Mood::Says(409, "{}"), ErrorClass::Refused, "taken"),
        (Mood::Says(400, r#"{"reason": "INVALID_USER"}"#), ErrorClass::Refused, "400: INVALID_USER"),
        (Mood::Says(429, ""), ErrorClass::Throttled, "slow down"),
        (Mood::Says(500, r#"{"reason": "OPERATION_FAILED"}"#), ErrorClass::Retryable, "OPERATION_FAILED"),
    ] {
        let crowd = FakeCrowd::with(&["jdoe"], mood);
        let error = crowd.rename("jdoe", "jdoe_inactive_20261122").unwrap_err();
        assert_eq!(error.class, class, "{error}");
        assert!(error.detail.contains(part), "{error}");
        assert!(error.to_string().starts_with("failed to rename account `jdoe` to `jdoe_inactive_20261122`: "));
        assert_eq!(crowd.names(), ["jdoe"]);
    }
}

#[test]
fn a_refusal_that_repeats_name_and_password_or_their_encoding_does_not_tell_them() {
    for echo in ["Authorization: Basic c2VhdGtlZXBlcjpzM2NyM3Q=", "s3cr3t", r#"{"message": "c2VhdGtlZXBlcjpzM2NyM3Q"}"#]
    {
        for status in [400, 401, 403, 404, 409, 500] {
            let crowd = FakeCrowd::with(&["jdoe"], Mood::Says(status, echo));
            let error = crowd.rename("jdoe", "jdoe_inactive_20261122").unwrap_err();
            let told = format!("{error} {error:?}");
            assert!(!told.contains("c2Vhd") && !told.contains("s3cr3t"), "{told}");
        }
    }
}

#[test]
fn all_problems_of_the_settings_are_told_together_and_the_password_never() {
    let error = CrowdSettings::parse("crowd", "", "a:b", "").unwrap_err();
    assert_eq!(error.problems.len(), 3, "{error}");
    for application in ["", " ", "a:b", "a\r\nX-Evil: 1", "a\0"] {
        assert!(CrowdSettings::parse("https://crowd.example.com", "", application, "x").is_err(), "{application:?}");
    }
    let settings = CrowdSettings::parse("https://crowd.example.com", "crowd", "app", "s3cr3t").unwrap();
    assert!(!format!("{settings:?}").contains("s3cr3t"));
}
