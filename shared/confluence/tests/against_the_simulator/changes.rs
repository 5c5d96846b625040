//! What the client changes, and what directories and the read-only mode do with it.

use crate::site::{Site, group, user};
use seatkeeper_confluence::AccessMode;
use seatkeeper_engine::ports::{ConfluenceRead, ConfluenceWrite, ErrorClass, PortError, Who};
use seatkeeper_policy::Status;
use seatkeeper_simulator::{Fault, FaultBody, FaultKind};

#[tokio::test]
async fn every_change_is_made_in_the_site_and_a_second_time_changes_nothing() {
    let site = Site::with(&[("xsrf_check", "true"), ("context_path", "/confluence")]);
    let client = site.client();
    for name in ["anna maria.schmidt", "k.müller", "100%real", "semi;colon,comma", "日本太郎", "question?mark"] {
        let (name, users) = (user(name), group("confluence-users"));
        for _ in 0..2 {
            client.remove_from_group(&name, &users).await.unwrap();
            assert_eq!(site.status(&name).await, Status::Unlicensed, "{name}");
        }
        for _ in 0..2 {
            client.add_to_group(&name, &users).await.unwrap();
            assert_eq!(site.status(&name).await, Status::Current, "{name}");
        }
        for _ in 0..2 {
            client.disable(&name).await.unwrap();
            assert_eq!(site.status(&name).await, Status::Deactivated, "{name}");
        }
        for _ in 0..2 {
            client.enable(&name).await.unwrap();
            assert_eq!(site.status(&name).await, Status::Current, "{name}");
        }
        assert_eq!(site.changes(), 4, "{name}");
    }
    let (name, odd) = (user("k.müller"), group("Marketing & Söhne"));
    client.add_to_group(&name, &odd).await.unwrap();
    let key = client.account(Who::Name(&name)).await.unwrap().unwrap().key;
    assert!(client.groups_of(&key).await.unwrap().contains(&odd));
    let failure = client.disable(&user("corp/dworth")).await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Refused);
    for failure in [
        client.disable(&user("nobody.at.all")).await.unwrap_err(),
        client.add_to_group(&name, &group("no such group")).await.unwrap_err(),
    ] {
        assert_eq!(failure.class, ErrorClass::Gone, "{failure}");
    }
}

#[tokio::test]
async fn a_read_only_directory_refuses_in_its_own_way_or_silently_does_nothing() {
    for reaction in ["403", "400", "500", "silent-204"] {
        let site = Site::with(&[("directory_reaction", reaction)]);
        let name = {
            let world = site.world();
            let mut users = world.users();
            let (_, account) = users
                .find(|(id, account)| account.active && account.has_seat() && !world.directory_of(*id).update_users)
                .unwrap();
            user(&account.username)
        };
        let answer = site.client().disable(&name).await;
        match reaction {
            "silent-204" => answer.unwrap(),
            _ => assert_eq!(answer.unwrap_err().class, ErrorClass::Refused, "{reaction}"),
        }
        assert_eq!(site.status(&name).await, Status::Current, "{reaction}");
    }
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_made_once() {
    for kind in [
        FaultKind::DropAfterEffect,
        FaultKind::StatusAfterEffect { status: 500, body: FaultBody::Html },
        FaultKind::DropBeforeEffect,
    ] {
        let site = Site::with(&[]);
        site.simulator.inject(Fault::next("DELETE", "/rest/api/user", kind.clone()));
        site.client().remove_from_group(&user("k.müller"), &group("confluence-users")).await.unwrap();
        assert_eq!((site.changes(), site.simulator.writes()), (1, 2), "{kind:?}");
    }
}

#[tokio::test]
async fn read_only_mode_is_seen_before_and_refused_at_a_change() {
    for status in ["403", "405"] {
        let site = Site::with(&[]);
        assert_eq!(site.client().access_mode().await.unwrap(), AccessMode::ReadWrite);
        site.set("access_mode", "READ_ONLY");
        site.set("read_only_status", status);
        assert_eq!(site.client().access_mode().await.unwrap(), AccessMode::ReadOnly);
        let failure: PortError = site.client().disable(&user("k.müller")).await.unwrap_err();
        assert_eq!(failure.class, ErrorClass::Refused);
        assert!(failure.detail.contains("read-only mode"), "{failure}");
        assert_eq!(site.changes(), 0);
    }
}

#[tokio::test]
async fn a_slow_directory_shows_a_change_later_and_the_client_says_what_is_there_now() {
    let site = Site::with(&[("directory_sync_seconds", "3600")]);
    let name = {
        let world = site.world();
        let slow = |(id, account): &(_, &seatkeeper_simulator::world::User)| {
            account.has_seat() && world.directory_of(*id).name == "Atlassian Crowd"
        };
        let (_, account) = world.users().find(slow).unwrap();
        user(&account.username)
    };
    site.client().disable(&name).await.unwrap();
    assert_eq!(site.status(&name).await, Status::Current);
    site.world().clock.advance(3600);
    assert_eq!(site.status(&name).await, Status::Deactivated);
}
