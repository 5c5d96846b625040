//! Generated populations: the same every time, and shaped like real sites.

use std::collections::BTreeSet;

use crate::client::NOON;
use seatkeeper_simulator::generate::{Shape, population};
use seatkeeper_simulator::world::{Clock, DAY_MS, DirectoryKind, Operation, Status, Subject, World};

fn world(users: u32, seed: u64) -> World {
    population(Shape { users, seed, clock: Clock::Standing { now_ms: NOON } })
}

fn told(world: &World) -> Vec<String> {
    let seats = world.seat_holders().iter().map(|id| format!("{id:?}"));
    let audit = world.audit.events().iter().map(|event| format!("{event:?}"));
    world.users().map(|(_, user)| format!("{user:?}")).chain(seats).chain(audit).collect()
}

#[test]
fn the_same_seed_gives_the_same_world_and_another_seed_another_one() {
    assert_eq!(told(&world(2000, 7)), told(&world(2000, 7)));
    assert_ne!(told(&world(2000, 7)), told(&world(2000, 8)));
}

#[test]
fn the_smallest_population_has_every_age_of_login_and_every_kind_of_directory() {
    let world = world(100, 7);
    let ages: BTreeSet<Option<usize>> = world
        .users()
        .map(|(_, user)| user.last_login_ms.map(|at| (NOON - at) / DAY_MS))
        .map(|days| days.map(|days| [7, 30, 90, 180, 365, 730].into_iter().filter(|bound| days >= *bound).count()))
        .collect();
    assert_eq!(ages.len(), 8, "{ages:?}");
    assert_eq!(world.users().len(), 100);
    for kind in [DirectoryKind::Internal, DirectoryKind::Connector, DirectoryKind::Crowd] {
        assert!(world.users().any(|(id, _)| world.directory_of(id).kind == kind), "{kind:?}");
    }
}

#[test]
fn a_larger_population_has_every_state_and_shadowed_duplicates() {
    let world = world(5000, 7);
    for status in [Status::Current, Status::Deactivated, Status::Unlicensed, Status::ExternallyDeleted] {
        assert!(world.users().filter(|(id, _)| world.status(*id) == status).count() > 20, "{status:?}");
    }
    assert!(world.users().any(|(_, user)| user.shadows > 0));
    assert!(world.users().filter(|(_, user)| user.last_login_ms.is_none()).count() > 100);
}

#[test]
fn usernames_differ_and_nobody_logs_in_before_the_account_was_made() {
    let world = world(20_000, 3);
    let names: BTreeSet<&str> = world.users().map(|(_, user)| &*user.lower).collect();
    assert_eq!(names.len(), 20_000);
    for (_, user) in world.users() {
        assert!(user.created_ms <= user.last_login_ms.unwrap_or(NOON), "{}", user.username);
    }
}

#[test]
fn seats_counted_in_a_slow_and_plain_way_agree_with_the_index() {
    let mut world = world(3000, 11);
    let licensed: Vec<_> =
        world.grants().iter().filter(|grant| grant.operation.is_use()).map(|grant| grant.subject).collect();
    let plain = |world: &World| {
        let holds = |id| {
            licensed.iter().any(|subject| match subject {
                Subject::Group(group) => world.is_member(id, *group, true),
                Subject::User(user) => *user == id,
                _ => false,
            })
        };
        world
            .users()
            .filter(|(id, user)| user.active && !user.removed && world.directory_of(*id).active && holds(*id))
            .count()
    };
    assert_eq!(plain(&world), world.seats_used() as usize);
    let individually = world.find_user("individual.grant").unwrap();
    assert!(world.user(individually).has_seat());
    world.revoke(Subject::User(individually), &Operation::new("application", "use"));
    assert!(!world.user(individually).has_seat());
}

#[test]
fn seat_holders_are_ordered_by_last_login_with_the_never_logged_in_first() {
    let world = world(1000, 5);
    let logins: Vec<Option<i64>> = world.seat_holders().iter().map(|id| world.user(*id).last_login_ms).collect();
    assert!(logins.first().unwrap().is_none());
    assert!(logins.is_sorted());
}
