//! The client against the simulator, in process: what the simulated site is, the client must say, whichever way the
//! site tells it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]

mod site;

use seatkeeper_confluence::AccessMode;
use seatkeeper_engine::ports::{
    Capabilities, ConfluenceRead, ConfluenceWrite, ErrorClass, Holder, LastLogin, PortError, Who,
};
use seatkeeper_policy::{GroupName, Status, UserKey, Username};
use seatkeeper_simulator::{
    Fault, FaultBody, FaultKind,
    version::{Feature, Version},
    world::{Change, Clock, Subject},
};
use site::Site;
use std::collections::BTreeSet;

fn group(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

fn user(name: &str) -> Username {
    Username::parse(name).unwrap()
}

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
