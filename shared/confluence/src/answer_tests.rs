//! Judging answers, case by case.

use super::*;
use crate::testing::{error, page, raw};
use serde_json::json;

fn judged(answer: Result<Response<Vec<u8>>, HttpError>) -> Result<Answer, Failure> {
    let now = DateTime::parse_from_rfc2822("Wed, 21 Oct 2026 07:28:00 GMT").unwrap().with_timezone(&Utc);
    Answer::judge(answer.unwrap(), now)
}

#[test]
fn every_bad_answer_has_its_class_and_says_what_to_do() {
    use ErrorClass::{Gone, Malformed, Refused, Retryable, Throttled, Unauthorized};
    let read_only_mode = json!({"message": "x", "data": {"allowedInReadOnlyMode": false}}).to_string();
    for (answer, class, part) in [
        (error(401, "no"), Unauthorized, "token is expired, revoked or has no licensed account"),
        (raw(403, &[("X-Seraph-LoginReason", "AUTHENTICATION_DENIED")], ""), Unauthorized, "CAPTCHA"),
        (raw(200, &[("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")], "{}"), Unauthorized, "create a new one"),
        (raw(403, &[("X-AUSERNAME", "anonymous")], "{}"), Unauthorized, "served us as anonymous"),
        (raw(404, &[("X-AUSERNAME", "anonymous")], "{}"), Unauthorized, "served us as anonymous"),
        (page(200, "Log In - Confluence"), Unauthorized, "login page (`Log In - Confluence`)"),
        (page(403, "Forbidden"), Unauthorized, "in front of Confluence's REST layer"),
        (raw(302, &[("location", "/login.action?os_destination=x")], ""), Unauthorized, "`/login.action`"),
        (error(403, "You cannot do that"), Refused, "403: You cannot do that"),
        (page(403, "XSRF check failed"), Refused, "XSRF"),
        (raw(405, &[], &read_only_mode), Refused, "read-only mode"),
        (raw(403, &[], &read_only_mode), Refused, "read-only mode"),
        (error(400, "bad group"), Refused, "400: bad group"),
        (error(500, "Cannot update group 'g' because directory 'd' does not allow updates."), Refused, "directory"),
        (error(404, "No user found"), Gone, "404: No user found"),
        (page(404, "Not Found"), Malformed, "check origin and context path"),
        (page(200, "Welcome"), Malformed, "web page (`Welcome`)"),
        (raw(200, &[("content-type", "text/html")], "hello"), Malformed, "without a title"),
        (raw(301, &[("location", "https://other/wiki")], ""), Malformed, "`https://other/wiki`"),
        (error(500, "oops"), Retryable, "500: oops"),
        (page(502, "Bad Gateway"), Retryable, "page `Bad Gateway`"),
        (raw(503, &[], ""), Retryable, "503: no message"),
        (raw(408, &[], ""), Retryable, "408"),
        (raw(503, &[("retry-after", "7")], ""), Throttled, "asked to wait 7 s"),
        (raw(429, &[("retry-after", "3")], ""), Throttled, "asked to wait 3 s"),
        (raw(429, &[], "slow down"), Throttled, "without a waiting time"),
        (raw(429, &[("X-RateLimit-Limit", "0")], ""), Throttled, "add an exemption"),
    ] {
        let failure = judged(answer).unwrap_err();
        assert_eq!(failure.class, class, "{}", failure.detail);
        assert!(failure.detail.contains(part), "{part}: {}", failure.detail);
        assert!(!failure.detail.contains("secret body"), "{}", failure.detail);
    }
}

#[test]
fn only_faults_that_may_pass_are_worth_another_try() {
    for (answer, again) in [
        (error(500, "oops"), Again::BackOff),
        (raw(503, &[], ""), Again::BackOff),
        (raw(503, &[("retry-after", "7")], ""), Again::After(Duration::from_secs(7))),
        (raw(429, &[], ""), Again::After(Duration::ZERO)),
        (raw(429, &[("retry-after", "Wed, 21 Oct 2026 07:28:04 GMT")], ""), Again::After(Duration::from_secs(4))),
        (raw(429, &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")], ""), Again::After(Duration::ZERO)),
        (raw(429, &[("X-RateLimit-Limit", "0"), ("retry-after", "1")], ""), Again::Never),
        (error(500, "Directory is read only"), Again::Never),
        (error(401, "no"), Again::Never),
        (raw(403, &[("X-Seraph-LoginReason", "AUTHENTICATION_DENIED")], ""), Again::Never),
        (error(400, "no"), Again::Never),
    ] {
        let failure = judged(answer).unwrap_err();
        assert_eq!(failure.again, again, "{}", failure.detail);
    }
}

#[test]
fn json_that_is_cut_off_empty_or_of_another_shape_is_malformed() {
    for (body, part) in [
        (r#"{"count": 4"#, "cut off after 11 bytes"),
        ("", "empty"),
        ("[1]", "not the expected JSON"),
        ("nonsense", "not the expected JSON"),
    ] {
        let failure = judged(raw(200, &[], body)).unwrap().json::<std::collections::BTreeMap<String, u8>>();
        let failure = failure.unwrap_err();
        assert_eq!(failure.class, ErrorClass::Malformed);
        assert!(failure.detail.contains(part), "{}", failure.detail);
    }
}

#[test]
fn messages_lose_the_java_exception_control_characters_and_length() {
    let text = format!("com.atlassian.api.NotFoundException: no\r\n user {}", "x".repeat(500));
    let failure = judged(error(404, &text)).unwrap_err();
    assert!(failure.detail.contains("(404: no user xxx"), "{}", failure.detail);
    assert!(failure.detail.chars().count() < 200, "{}", failure.detail);
    let nested = json!({"data": {"errors": [{"message": {"translation": "deep"}}]}, "reason": "Not Found"});
    assert!(judged(raw(404, &[], &nested.to_string())).unwrap_err().detail.contains("404: deep"));
}

#[test]
fn a_successful_change_needs_no_body() {
    assert!(judged(raw(204, &[], "")).is_ok());
}

#[test]
fn a_destination_that_the_host_denies_is_not_tried_again() {
    let failure = Failure::from(HttpError::Denied);
    assert_eq!((failure.class, failure.again), (ErrorClass::Refused, Again::Never));
    let failure = Failure::from(HttpError::TooLarge { limit: 10 });
    assert_eq!((failure.class, failure.again), (ErrorClass::Malformed, Again::Never));
}
