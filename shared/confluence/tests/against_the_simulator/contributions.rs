//! Contributions by CQL.

use crate::site::{Site, user};
use seatkeeper_engine::{ports::ErrorClass, sources::Content};
use seatkeeper_simulator::{Fault, FaultBody, FaultKind};

#[tokio::test]
async fn every_account_has_the_contribution_that_the_site_knows_however_awkward_its_name() {
    for format in ["iso", "iso-offset", "epoch-ms"] {
        let site = Site::with(&[("search_time_format", format)]);
        let accounts: Vec<_> = {
            let world = site.world();
            let newest = |id: seatkeeper_simulator::world::UserId| {
                let wrote = world.user(id).last_login_ms.map(|at| at - i64::from(id.0 % 9) * 86_400_000);
                wrote.into_iter().chain(world.spaces_made_by(id).map(|space| space.created_ms)).max()
            };
            let registered = world.users().filter(|(_, user)| !user.removed);
            registered.map(|(id, user)| (user.username.to_string(), newest(id))).collect()
        };
        let client = site.client();
        for (name, expected) in &accounts {
            let found = client.last_contribution(&user(name)).await.unwrap();
            assert_eq!(found.map(|at| at.timestamp_millis()), *expected, "{format} {name}");
        }
        assert!(accounts.iter().any(|(_, newest)| newest.is_none()), "somebody never wrote anything");
        assert_eq!(site.simulator.requests(), accounts.len() as u64, "one request for each");
    }
}

#[tokio::test]
async fn a_contribution_in_the_future_is_told_as_it_is() {
    let site = Site::with(&[]);
    let future = site.world().now_ms() + 400 * 86_400_000;
    {
        let mut world = site.world();
        let id = world.find_user("k.müller").unwrap();
        world.set_last_login(id, Some(future));
    }
    let found = site.client().last_contribution(&user("k.müller")).await.unwrap().unwrap();
    assert!(found.timestamp_millis() > future - 10 * 86_400_000);
}

#[tokio::test]
async fn nobody_wrote_nothing_and_a_refusal_about_somebody_is_no_nothing() {
    let site = Site::with(&[]);
    assert_eq!(site.client().last_contribution(&user("nobody.at.all")).await.unwrap(), None);
    assert_eq!(site.simulator.routes()["GET /rest/api/user"], 1);
    let refused = FaultKind::Status { status: 400, body: FaultBody::Json, retry_after: None };
    site.simulator.inject(Fault::next("GET", "/rest/api/search", refused));
    let failure = site.client().last_contribution(&user("k.müller")).await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Refused, "{failure}");
}

#[tokio::test]
async fn every_fault_of_the_search_has_its_class_and_none_is_taken_for_nothing() {
    let status = |status, body, retry_after| FaultKind::Status { status, body, retry_after };
    for (kind, class) in [
        (status(401, FaultBody::Html, None), ErrorClass::Unauthorized),
        (status(403, FaultBody::Json, None), ErrorClass::Refused),
        (status(429, FaultBody::Json, Some(99)), ErrorClass::Throttled),
        (status(500, FaultBody::Html, None), ErrorClass::Retryable),
        (FaultKind::Truncate, ErrorClass::Malformed),
        (FaultKind::HtmlPage, ErrorClass::Malformed),
        (FaultKind::SilentNoEffect, ErrorClass::Malformed),
        (FaultKind::Anonymous, ErrorClass::Unauthorized),
    ] {
        let site = Site::with(&[]);
        site.simulator.inject(Fault::next("GET", "/rest/api/search", kind.clone()).forever());
        let failure = site.client().last_contribution(&user("k.müller")).await.unwrap_err();
        assert_eq!(failure.class, class, "{kind:?}: {failure}");
    }
}
