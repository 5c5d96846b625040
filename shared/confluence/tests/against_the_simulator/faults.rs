//! Ended tokens, faults of every kind, and rate limits.

use crate::site::{Site, group};
use seatkeeper_engine::ports::{ConfluenceRead, ErrorClass};
use seatkeeper_simulator::{Fault, FaultBody, FaultKind};

#[tokio::test]
async fn a_token_that_ended_is_noticed_however_confluence_hides_it() {
    for knobs in [
        [("bad_token", "anonymous"), ("anonymous_access", "true")],
        [("bad_token", "anonymous"), ("anonymous_access", "false")],
        [("bad_token", "unauthorized"), ("anonymous_access", "true")],
    ] {
        let site = Site::with(&knobs);
        assert_eq!(site.client().whoami().await.unwrap().username.as_str(), "sk-bot");
        let stranger = site.client_as("gone", "sk-bot");
        assert_eq!(stranger.whoami().await.unwrap_err().class, ErrorClass::Unauthorized, "{knobs:?}");
        let other = site.client_as("demo-token", "admin").whoami().await.unwrap_err();
        assert_eq!(other.class, ErrorClass::Unauthorized);
        assert!(other.detail.contains("belongs to `sk-bot`"), "{other}");
    }
}

#[tokio::test]
async fn every_fault_has_its_class_and_none_is_taken_for_an_answer() {
    let status = |status, body, retry_after| FaultKind::Status { status, body, retry_after };
    for (kind, class) in [
        (status(401, FaultBody::Html, None), ErrorClass::Unauthorized),
        (status(403, FaultBody::Html, None), ErrorClass::Unauthorized),
        (status(403, FaultBody::Json, None), ErrorClass::Refused),
        (status(404, FaultBody::Json, None), ErrorClass::Gone),
        (status(404, FaultBody::Html, None), ErrorClass::Malformed),
        (status(429, FaultBody::Json, Some(1)), ErrorClass::Throttled),
        (status(429, FaultBody::Empty, Some(3600)), ErrorClass::Throttled),
        (status(500, FaultBody::Html, None), ErrorClass::Retryable),
        (status(503, FaultBody::Empty, None), ErrorClass::Retryable),
        (status(503, FaultBody::Empty, Some(2)), ErrorClass::Throttled),
        (FaultKind::Truncate, ErrorClass::Malformed),
        (FaultKind::HtmlPage, ErrorClass::Malformed),
        (FaultKind::SilentNoEffect, ErrorClass::Malformed),
        (FaultKind::DropBeforeEffect, ErrorClass::Retryable),
    ] {
        let site = Site::with(&[]);
        site.simulator.inject(Fault::next("GET", "/rest/api/group", kind.clone()).forever());
        let failure = site.members("confluence-users").await.unwrap_err();
        assert_eq!(failure.class, class, "{kind:?}: {failure}");
        assert!(failure.to_string().starts_with("failed to list members of group `confluence-users`: "), "{failure}");
    }
}

#[tokio::test]
async fn a_token_that_ends_in_the_middle_of_a_listing_ends_the_listing_with_an_error() {
    for anonymous_access in ["true", "false"] {
        let site = Site::with(&[("page_cap", "7"), ("anonymous_access", anonymous_access)]);
        site.simulator.inject(Fault::next("GET", "/rest/api/group", FaultKind::Anonymous).nth(3).forever());
        let failure = site.members("confluence-users").await.unwrap_err();
        let classes = [ErrorClass::Unauthorized, ErrorClass::Refused];
        assert!(classes.contains(&failure.class), "{failure}");
    }
}

#[tokio::test]
async fn faults_that_pass_are_not_even_noticed() {
    for kind in [
        FaultKind::Status { status: 502, body: FaultBody::Html, retry_after: None },
        FaultKind::Status { status: 429, body: FaultBody::Json, retry_after: Some(2) },
        FaultKind::DropBeforeEffect,
    ] {
        let site = Site::with(&[("page_cap", "7")]);
        let expected = site.members("confluence-users").await.unwrap();
        site.simulator.inject(Fault::next("GET", "/rest/api/group", kind.clone()).nth(2).times(2));
        assert_eq!(site.members("confluence-users").await.unwrap(), expected, "{kind:?}");
    }
}

#[tokio::test]
async fn a_rate_limit_is_kept_to_and_costs_time_but_no_answer() {
    let limited = [("page_cap", "7"), ("rate_limit_requests", "5"), ("rate_limit_bucket", "5")];
    let site = Site::with(&limited);
    let start = site.world().now_ms();
    let client = site.client();
    // One client for all pages, since the pace is kept by the client.
    let (mut start_at, mut pages) = (Some(0), 0);
    while let Some(from) = start_at {
        start_at = client.members(&group("confluence-users"), from).await.unwrap().next;
        pages += 1;
    }
    assert!(pages > 8, "{pages} pages are more than the bucket holds");
    let refused = site.simulator.log().iter().filter(|entry| entry.status == 429).count();
    assert_eq!(refused, 0, "slowing down in time avoids every refusal");
    let waited = site.world().now_ms() - start;
    assert!(waited < 10_000, "{waited} ms for {pages} pages");
}

#[tokio::test]
async fn an_account_that_is_blocked_by_the_rate_limit_is_told_so_at_once() {
    let site = Site::with(&[("rate_limit_requests", "-1")]);
    let failure = site.client().seats().await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Throttled);
    assert!(failure.detail.contains("exemption"), "{failure}");
    assert_eq!(site.simulator.requests(), 1);
}
