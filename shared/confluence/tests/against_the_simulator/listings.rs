//! What the client reads: accounts, groups, permissions, seats, in whichever way the site tells them.

use crate::site::{self, Site, group, user};
use seatkeeper_engine::ports::{Capabilities, ConfluenceRead, Holder, LastLogin, Who};
use seatkeeper_policy::{Status, UserKey};
use seatkeeper_simulator::{
    version::{Feature, Version},
    world::{Change, Clock, Subject},
};
use std::collections::BTreeSet;

#[tokio::test]
async fn every_version_is_known_by_what_it_can_do() {
    for version in Version::ALL {
        let site = Site::with(&[("version", version.as_str())]);
        let expected = Capabilities {
            active_list: version.has(Feature::ListActive),
            last_login: version.has(Feature::LastLogin),
            permissions: version.has(Feature::Permissions),
            child_groups: version.has(Feature::GroupMember),
        };
        assert_eq!(site.client().capabilities().await.unwrap(), expected, "{version}");
    }
    let site = Site::with(&[("version", "10.0"), ("last_login_early", "true"), ("list_active_moved", "true")]);
    let found = site.client().capabilities().await.unwrap();
    assert!(found.active_list && found.last_login, "{found:?}");
}

#[tokio::test]
async fn every_way_of_paging_gives_exactly_the_members_of_a_group() {
    let ways: [&[(&str, &str)]; 8] = [
        &[],
        &[("page_cap", "7")],
        &[("page_cap", "7"), ("next_link", "absolute"), ("context_path", "/confluence")],
        &[("page_cap", "7"), ("next_link", "missing")],
        &[("page_cap", "7"), ("next_link", "missing"), ("total_count", "true")],
        &[("page_cap", "7"), ("endless_next", "true")],
        &[("endless_next", "true"), ("total_count", "true")],
        &[("page_cap", "1"), ("nested_members", "false")],
    ];
    for way in ways {
        let site = Site::with(way);
        let expected = {
            let world = site.world();
            let id = world.find_group("confluence-users").unwrap();
            let members = world.group(id).members(world.knobs.nested_members);
            members.iter().map(|id| site::key(&world, *id)).collect::<BTreeSet<_>>()
        };
        let members = site.members("confluence-users").await.unwrap();
        let count = members.len();
        let keys: BTreeSet<_> = members.into_iter().map(|person| person.key).collect();
        assert_eq!(keys, expected, "{way:?}");
        assert_eq!(count, expected.len(), "nobody comes twice: {way:?}");
        assert!(count > 20, "the page sizes must matter");
    }
}

#[tokio::test]
async fn every_seat_holder_comes_with_the_last_login_in_whatever_format() {
    for format in ["iso", "iso-offset", "epoch-ms"] {
        for never in ["missing", "null"] {
            let site = Site::with(&[("last_login_format", format), ("never_format", never), ("user_list_cap", "9")]);
            let expected: BTreeSet<_> = {
                let world = site.world();
                let of = |id: &_| (site::key(&world, *id), world.user(*id).last_login_ms);
                world.seat_holders().iter().map(of).collect()
            };
            let told = |login| match login {
                LastLogin::At(at) => Some(at.timestamp_millis()),
                LastLogin::Never => None,
                LastLogin::Unknown => panic!("{format} {never}: nothing is unknown here"),
            };
            let found = site.active().await.unwrap();
            let found: BTreeSet<_> = found.into_iter().map(|(person, login)| (person.key, told(login))).collect();
            assert_eq!(found, expected, "{format} {never}");
            assert!(expected.iter().any(|(_, login)| login.is_none()), "somebody never logged in");
        }
    }
}

#[tokio::test]
async fn before_10_2_nobody_counts_as_never_logged_in() {
    for version in ["9.3", "10.0"] {
        let site = Site::with(&[("version", version), ("user_list_cap", "9")]);
        let found = site.active().await.unwrap();
        assert!(!found.is_empty());
        assert!(found.iter().all(|(_, login)| *login == LastLogin::Unknown), "{version}");
    }
}

#[tokio::test]
async fn groups_of_accounts_and_groups_in_groups_are_those_of_the_site() {
    let site = Site::with(&[("page_cap", "1")]);
    let (accounts, children) = {
        let world = site.world();
        let names = |ids: &[_]| ids.iter().map(|id| group(&world.group(*id).name)).collect::<BTreeSet<_>>();
        let of = |(id, _): (_, _)| (site::key(&world, id), names(&world.groups_of(id, true)));
        let users = world.find_group("engineering").unwrap();
        (world.users().take(30).map(of).collect::<Vec<_>>(), names(&world.group(users).children))
    };
    let client = site.client();
    for (key, expected) in accounts {
        assert_eq!(client.groups_of(&key).await.unwrap(), expected, "{key}");
    }
    assert!(children.len() > 1);
    assert_eq!(client.child_groups(&group("engineering")).await.unwrap(), children);
}

#[tokio::test]
async fn permissions_name_every_holder_of_a_seat_and_every_administrator() {
    let site = Site::with(&[]);
    let (mut can_use, mut administer) = (BTreeSet::new(), BTreeSet::new());
    {
        let world = site.world();
        for grant in world.grants() {
            let holder = match grant.subject {
                Subject::Group(id) => Holder::Group(group(&world.group(id).name)),
                Subject::User(id) => Holder::Account(site::key(&world, id)),
                _ => continue,
            };
            if grant.operation.is_use() {
                can_use.insert(holder);
            } else if grant.operation.is_administer() {
                administer.insert(holder);
            }
        }
    }
    let found = site.client().permissions().await.unwrap();
    assert!(can_use.iter().any(|holder| matches!(holder, Holder::Account(_))));
    assert_eq!((found.can_use, found.administer), (can_use, administer));
}

#[tokio::test]
async fn every_account_is_found_by_key_and_by_name_however_awkward() {
    let site = Site::with(&[("deleted_status", "externallyDeleted")]);
    let expected: Vec<_> = {
        let world = site.world();
        let of = |(id, user): (_, &seatkeeper_simulator::world::User)| {
            (site::key(&world, id), user.username.to_string(), format!("{:?}", world.status(id)))
        };
        world.users().map(of).collect()
    };
    let client = site.client();
    for (key, name, status) in expected {
        let by_key = client.account(Who::Key(&key)).await.unwrap().unwrap();
        assert_eq!((by_key.username.as_str(), format!("{:?}", by_key.status)), (name.as_str(), status));
        assert_eq!(client.account(Who::Name(&user(&name))).await.unwrap().unwrap(), by_key);
    }
    assert_eq!(client.account(Who::Name(&user("nobody.at.all"))).await.unwrap(), None);
    assert_eq!(client.account(Who::Key(&UserKey::parse("ff").unwrap())).await.unwrap(), None);
}

#[tokio::test]
async fn seats_are_counted_with_every_way_to_say_unlimited() {
    let site = Site::with(&[]);
    let used = site.world().seats_used();
    let max = site.world().max_users;
    let seats = site.client().seats().await.unwrap();
    assert_eq!((seats.used, seats.max), (used, max));
    site.world().max_users = None;
    for unlimited in ["-1", "0", "2147483647"] {
        site.set("unlimited_value", unlimited);
        assert_eq!(site.client().seats().await.unwrap().max, None, "{unlimited}");
    }
}

#[tokio::test]
async fn every_spelling_of_an_externally_deleted_account_is_understood() {
    for spelling in ["externally-deleted", "externally_deleted", "externallyDeleted", "EXTERNALLY_DELETED"] {
        let site = Site::with(&[("deleted_status", spelling)]);
        {
            let mut world = site.world();
            let id = world.find_user("k.müller").unwrap();
            world.delete_user(None, id);
        }
        assert_eq!(site.status(&user("k.müller")).await, Status::ExternallyDeleted, "{spelling}");
    }
}

#[tokio::test]
async fn somebody_who_joined_by_another_hand_is_a_member_of_the_next_listing() {
    let site = Site::with(&[]);
    let before = site.members("engineering").await.unwrap().len();
    {
        let mut world = site.world();
        assert!(matches!(world.clock, Clock::Standing { .. }));
        let (id, group) = (world.find_user("k.müller").unwrap(), world.find_group("engineering").unwrap());
        assert!(world.apply(None, id, Change::Join(group)));
    }
    assert_eq!(site.members("engineering").await.unwrap().len(), before + 1);
}
