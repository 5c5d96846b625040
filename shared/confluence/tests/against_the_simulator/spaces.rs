//! Who owns which space.

use crate::site::{self, Site, user};
use seatkeeper_confluence::{Administrators, MAX_OWNERSHIP_REQUESTS, Ownership};
use seatkeeper_engine::sources::{Content, Owned};
use seatkeeper_policy::UserKey;
use seatkeeper_simulator::{
    Fault, FaultBody, FaultKind,
    version::{Feature, Version},
    world::{Status, Subject, UserId, World},
};
use std::collections::BTreeSet;

/// What an account owns, by the site itself: only administrators in use count.
fn truth(world: &World, id: UserId) -> Owned {
    let cares = |subject: &Subject| match subject {
        Subject::User(other) => *other != id && world.status(*other) == Status::Current,
        Subject::Group(group) => {
            let members = world.group(*group).members(true);
            members.iter().any(|other| *other != id && world.status(*other) == Status::Current)
        }
        Subject::Anonymous | Subject::Unlicensed => false,
    };
    let mut owned = Owned { personal_space: None, sole_administrator_of: BTreeSet::new() };
    for space in world.spaces() {
        if space.owner == Some(id) {
            owned.personal_space = Some(space.key.to_string());
        } else if space.administrators.contains(&Subject::User(id)) && !space.administrators.iter().any(cares) {
            owned.sole_administrator_of.insert(space.key.to_string());
        }
    }
    owned
}

fn accounts(world: &World) -> Vec<(UserKey, String, Owned)> {
    let registered = world.users().filter(|(_, user)| !user.removed);
    registered.map(|(id, user)| (site::key(world, id), user.username.to_string(), truth(world, id))).collect()
}

#[tokio::test]
async fn everybody_owns_what_the_site_says_within_the_bound_of_requests() {
    let site = Site::with(&[]);
    let accounts = accounts(&site.world());
    let client = site.client();
    let (mut personal, mut sole, mut most) = (0, 0, 0);
    for (key, name, expected) in accounts {
        let before = site.simulator.requests();
        let found = client.ownership(&key, &user(&name)).await.unwrap();
        most = most.max(site.simulator.requests() - before);
        assert_eq!(found, Ownership { owned: expected.clone(), administrators: Administrators::Complete }, "{name}");
        personal += usize::from(expected.personal_space.is_some());
        sole += expected.sole_administrator_of.len();
    }
    assert!(personal > 5 && sole > 0, "{personal} {sole}");
    assert!(most >= 3 && most <= u64::from(MAX_OWNERSHIP_REQUESTS), "{most}");
}

#[tokio::test]
async fn a_space_changes_hands_when_others_come_and_go() {
    let site = Site::with(&[]);
    let (key, heir) = {
        let mut world = site.world();
        let (owner, heir) = (world.find_user("k.müller").unwrap(), world.find_user("script.kid").unwrap());
        let first = world.find_user("admin").unwrap();
        let space = world.space_mut("NOTES").unwrap();
        space.administrators = vec![Subject::User(owner), Subject::User(heir)];
        space.creator = Some(first);
        (site::key(&world, owner), heir)
    };
    let client = site.client();
    let owned = async || client.owned(&key, &user("k.müller")).await.unwrap().sole_administrator_of;
    assert!(owned().await.is_empty());
    site.world().apply(None, heir, seatkeeper_simulator::world::Change::Active(false));
    assert_eq!(owned().await, ["NOTES".to_owned()].into(), "wrote there, and nobody else is left");
}

#[tokio::test]
async fn versions_that_do_not_tell_permissions_say_so_and_still_know_personal_spaces() {
    for version in Version::ALL {
        let site = Site::with(&[("version", version.as_str())]);
        let accounts = accounts(&site.world());
        let client = site.client();
        let mut not_told = 0;
        for (key, name, expected) in accounts {
            let found = client.ownership(&key, &user(&name)).await.unwrap();
            assert_eq!(found.owned.personal_space, expected.personal_space, "{version} {name}");
            if version.has(Feature::SpacePermissions) {
                assert_eq!(found.owned, expected, "{version} {name}");
            } else {
                assert!(found.owned.sole_administrator_of.is_empty());
                not_told += usize::from(found.administrators == Administrators::NotTold);
            }
        }
        assert_eq!(not_told > 0, !version.has(Feature::SpacePermissions), "{version}");
    }
}

#[tokio::test]
async fn a_space_we_may_not_look_into_is_counted_as_unread() {
    let site = Site::with(&[]);
    let (key, name) = {
        let world = site.world();
        let space = world.find_space("TEAM001").unwrap();
        let [Subject::User(id)] = space.administrators[..] else { panic!("the first team has one administrator") };
        (site::key(&world, id), user(&world.user(id).username))
    };
    let forbidden = FaultKind::Status { status: 403, body: FaultBody::Json, retry_after: None };
    site.simulator.inject(Fault::next("GET", "/rest/api/space/TEAM001/permissions", forbidden));
    let client = site.client();
    let found = client.ownership(&key, &name).await.unwrap();
    assert_eq!(found.administrators, Administrators::Partial { unread: 1 });
    let found = client.ownership(&key, &name).await.unwrap();
    assert!(found.owned.sole_administrator_of.contains("TEAM001"));
}
