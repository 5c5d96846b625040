//! Crowd's rename against the simulator, which serves Crowd's interface beside the wiki's.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use chrono::{DateTime, Utc};
use http::{Request, Response};
use seatkeeper_directories::{Crowd, CrowdSettings};
use seatkeeper_engine::ports::{Clock, ErrorClass, Http, HttpError, PortError, Rename};
use seatkeeper_policy::Username;
use seatkeeper_simulator::{Config, Fault, FaultKind, Simulator};
use std::time::Duration;
use tower::ServiceExt as _;

struct Site(Simulator);

impl Http for &Site {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        let answer = self.0.router().oneshot(request.map(axum::body::Body::from)).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        let body = body.map_err(|error| HttpError::Connection(error.to_string()))?;
        Ok(Response::from_parts(parts, body.to_vec()))
    }
}

impl Clock for &Site {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.world().now_ms()).unwrap()
    }

    async fn sleep(&self, _: Duration) {}
}

/// Names, passwords and addresses never differ in these tests.
async fn rename(site: &Site, password: &str, from: &str, to: &str) -> Result<(), PortError> {
    let settings = CrowdSettings::parse("http://crowd.test", "/crowd", "seatkeeper", password).unwrap();
    Crowd::new(site, site, settings).rename(&Username::parse(from).unwrap(), &Username::parse(to).unwrap()).await
}

fn site() -> (Site, String) {
    let simulator = Simulator::new(Config::default());
    let name = {
        let world = simulator.world();
        let in_crowd =
            world.users().find(|(id, user)| user.has_seat() && world.directory_of(*id).name == "Atlassian Crowd");
        in_crowd.unwrap().1.username.to_string()
    };
    (Site(simulator), name)
}

#[tokio::test]
async fn an_account_keeps_its_key_when_it_gets_a_new_name() {
    let (site, name) = site();
    let new = format!("{name}_inactive_20261122");
    let before = site.0.world().find_user(&name);
    rename(&site, "crowd-secret", &name, &new).await.unwrap();
    assert_eq!(site.0.world().find_user(&name), None);
    assert_eq!(site.0.world().find_user(&new), before);
    // The second run of anything changes nothing.
    site.0.world().changes = 0;
    rename(&site, "crowd-secret", &name, &new).await.unwrap();
    assert_eq!(site.0.world().changes, 0);
}

#[tokio::test]
async fn a_rename_whose_answer_was_lost_is_finished_by_the_next_call() {
    let (site, name) = site();
    let new = format!("{name}_inactive_20261122");
    site.0.inject(Fault::next("POST", "/crowd/", FaultKind::DropAfterEffect));
    let lost = rename(&site, "crowd-secret", &name, &new).await.unwrap_err();
    assert_eq!(lost.class, ErrorClass::Retryable, "{lost}");
    rename(&site, "crowd-secret", &name, &new).await.unwrap();
    assert!(site.0.world().find_user(&new).is_some());
}

#[tokio::test]
async fn a_taken_name_a_wrong_password_and_an_unknown_account_change_nothing() {
    let (site, name) = site();
    let other = {
        let world = site.0.world();
        let in_crowd = |(id, user): &(_, &seatkeeper_simulator::world::User)| {
            user.has_seat() && *user.username != *name && world.directory_of(*id).name == "Atlassian Crowd"
        };
        world.users().find(in_crowd).unwrap().1.username.to_string()
    };
    for (password, from, to, class) in [
        ("crowd-secret", name.as_str(), other.as_str(), ErrorClass::Refused),
        ("wrong", name.as_str(), "new", ErrorClass::Unauthorized),
        ("crowd-secret", "nobody.at.all", "new", ErrorClass::Gone),
    ] {
        let failure = rename(&site, password, from, to).await.unwrap_err();
        assert_eq!(failure.class, class, "{failure}");
    }
    assert_eq!(site.0.world().changes, 0);
}
