//! Many people come back at once and few seats are free: at one seat too many all of Confluence turns read-only.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use chrono::TimeDelta;
use futures::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use seatkeeper_engine::{
    give_back::GivenBack,
    login::{self, Handled},
    trouble::Trouble,
};
use seatkeeper_policy::UserKey;
use seatkeeper_tests::{Lab, POLICY, Runner, Tap, drive};

const PEOPLE: usize = 100;

/// A hundred people without their seats, and so many free beyond the buffer of one.
fn lab(free: u32, knobs: &[(&str, &str)]) -> (Lab, Vec<UserKey>) {
    let lab = Lab::with(knobs);
    let keys: Vec<_> = (0..PEOPLE).map(|n| lab.add(&format!("crowd.{n}"), Some(100))).collect();
    lab.policy(&POLICY.replace("accounts = 20", "accounts = 1000"));
    lab.sweep_and_apply();
    assert_eq!(usize::try_from(lab.run().tally.reclaimed).unwrap(), PEOPLE);
    lab.pass(TimeDelta::minutes(20));
    lab.rest();
    lab.free_seats(free + 1);
    (lab, keys)
}

/// All of them at once; the most seats that were ever in use, and how each one ended.
fn all_at_once(lab: &Lab, keys: &[UserKey], tap: &Tap) -> (u32, Vec<Result<Handled, Trouble>>) {
    let runners: Vec<_> = keys.iter().map(|_| Runner::start(lab, tap)).collect();
    let ports: Vec<_> = runners.iter().map(Runner::ports).collect();
    let events = keys.iter().map(|key| login::parse(lab.login_event(key).as_bytes()).unwrap());
    let mut all: FuturesUnordered<_> = events
        .zip(&ports)
        .zip(&runners)
        .map(|((event, ports), runner)| login::handle(ports, event, &runner.name).boxed_local())
        .collect();
    let mut most = 0;
    let mut ends = Vec::new();
    drive(tap, async {
        while let Some(end) = all.next().await {
            most = most.max(lab.seats_used());
            ends.push(end);
        }
    })
    .done();
    (most, ends)
}

fn winners(ends: &[Result<Handled, Trouble>]) -> usize {
    let restored = |handled: &Handled| matches!(handled.outcome, GivenBack::Restored { .. });
    ends.iter().filter(|end| end.as_ref().is_ok_and(restored)).count()
}

#[test]
fn of_a_hundred_people_at_once_exactly_one_gets_the_last_seat() {
    for (seed, cache) in [(0, "0"), (1, "0"), (2, "0"), (3, "300"), (4, "300"), (5, "900")] {
        let (lab, keys) = lab(1, &[("seat_cache_seconds", cache)]);
        let max = lab.world().max_users.unwrap();
        let tap = if seed == 0 { Tap::default() } else { Tap::taking_turns(seed) };
        let (most, ends) = all_at_once(&lab, &keys, &tap);
        assert_eq!(winners(&ends), 1, "seed {seed}, cache {cache}");
        assert!(most < max, "seed {seed}: {most} of {max}, and one must stay free");
        assert_eq!(keys.iter().filter(|key| lab.has_seat(key)).count(), 1);
        // Whoever found the lock busy is asked to send the event again, and then waits for a seat like the rest.
        for key in &keys {
            let handled = lab.hears(&lab.login_event(key)).unwrap();
            assert!(!matches!(handled.outcome, GivenBack::Restored { .. }), "seed {seed}: {handled:?}");
        }
        assert_eq!(lab.seats_used(), max - 1, "seed {seed}");
        lab.acts();
    }
}

#[test]
fn of_a_hundred_people_seven_get_the_last_seven_seats_after_a_while() {
    for cache in ["0", "300"] {
        let (lab, keys) = lab(7, &[("seat_cache_seconds", cache)]);
        let max = lab.world().max_users.unwrap();
        for round in 0..4 {
            let (most, _) = all_at_once(&lab, &keys, &Tap::taking_turns(round));
            assert!(most < max, "cache {cache}, round {round}: {most} of {max}");
            // The next round comes after Confluence's count is fresh for certain.
            lab.pass(TimeDelta::minutes(16));
        }
        assert_eq!(lab.seats_used(), max - 1, "cache {cache}");
        assert_eq!(keys.iter().filter(|key| lab.has_seat(key)).count(), 7, "cache {cache}");
    }
}

#[test]
fn with_a_seat_for_everybody_a_hundred_people_at_once_all_get_theirs() {
    let (lab, keys) = lab(200, &[]);
    let mut restored = 0;
    for round in 0..20 {
        let rest: Vec<_> = keys.iter().filter(|key| !lab.has_seat(key)).cloned().collect();
        if rest.is_empty() {
            break;
        }
        restored += winners(&all_at_once(&lab, &rest, &Tap::taking_turns(round)).1);
    }
    assert_eq!(restored, PEOPLE);
    assert!(keys.iter().all(|key| lab.has_seat(key)));
}

#[test]
fn who_waits_for_a_seat_gets_it_with_the_next_login_after_one_came_free() {
    let (lab, keys) = lab(0, &[]);
    let handled = lab.login(&keys[0]).unwrap();
    assert!(matches!(&handled.outcome, GivenBack::Waiting { why } if why.contains("1 seats are free")), "{handled:?}");
    lab.free_seats(2);
    assert!(matches!(lab.login(&keys[0]).unwrap().outcome, GivenBack::Restored { .. }));
    assert!(lab.has_seat(&keys[0]));
}

#[test]
fn the_buffer_keeps_the_site_within_its_licence_when_the_count_is_older_than_a_newcomer() {
    let (lab, keys) = lab(1, &[("seat_cache_seconds", "300")]);
    let max = lab.world().max_users.unwrap();
    // The count is remembered now, with one seat free beyond the buffer; then a newcomer takes it.
    assert_eq!(lab.world().seats_shown(), max - 2);
    let newcomer = lab.add("newcomer", Some(0));
    assert!(lab.has_seat(&newcomer));
    let (most, _) = all_at_once(&lab, &keys, &Tap::default());
    assert_eq!((most, lab.seats_used()), (max, max));
    lab.pass(TimeDelta::minutes(16));
    let handled = lab.hears(&lab.login_event(&keys[99])).unwrap();
    assert!(matches!(handled.outcome, GivenBack::Waiting { .. }), "{handled:?}");
    assert_eq!(lab.seats_used(), max);
}
