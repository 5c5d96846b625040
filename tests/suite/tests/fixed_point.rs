//! After a sweep was carried out there is nothing left to do, and doing nothing writes nothing.

use chrono::TimeDelta;
use seatkeeper_engine::{state::Outcome, sweep::Status};
use seatkeeper_tests::{Lab, POLICY};

fn lab_with_two_idle() -> Lab {
    let lab = Lab::default();
    lab.add("idle.one", Some(91));
    lab.add_to("idle.two", Some(400), &["confluence-users", "confluence-contractors"]);
    lab.policy(POLICY);
    lab
}

#[test]
fn a_sweep_plans_exactly_the_idle_oldest_first_and_applies_them_after_approval() {
    let lab = lab_with_two_idle();
    let report = lab.sweep();
    assert_eq!((report.status, report.outcome), (Status::Waiting, Some(Outcome::AwaitingApproval)));
    assert_eq!(lab.planned(), ["idle.two", "idle.one"]);
    let (before, used) = (lab.sim.writes(), lab.seats_used());
    assert_eq!(before, 0, "a plan writes nothing");
    lab.approve(false).unwrap();
    let report = lab.rest();
    assert_eq!((report.status, report.outcome), (Status::Finished, Some(Outcome::Applied)));
    assert_eq!(lab.sim.writes(), 3);
    assert_eq!(lab.seats_used(), used - 2);
    assert_eq!(lab.run().tally.reclaimed, 2);
}

#[test]
fn after_an_apply_a_second_sweep_plans_nothing_and_writes_nothing() {
    let lab = lab_with_two_idle();
    lab.sweep_and_apply();
    let (writes, facts) = (lab.sim.writes(), lab.facts());
    let report = lab.sweep();
    assert_eq!((report.status, report.outcome), (Status::Finished, Some(Outcome::NothingToDo)));
    assert_eq!((lab.sim.writes(), lab.facts()), (writes, facts));
}

#[test]
fn two_sweeps_that_are_asked_for_in_the_same_second_are_two_sweeps() {
    let lab = lab_with_two_idle();
    let tick = |open| lab.tick_with(&seatkeeper_tests::Tap::default(), TimeDelta::seconds(20), open).done();
    let first = tick(true).sweep.unwrap();
    lab.approve(false).unwrap();
    tick(false);
    let key = lab.key("idle.one");
    lab.join(&key, "confluence-users");
    let second = tick(true).sweep.unwrap();
    assert_ne!(first, second);
    assert_eq!(lab.planned(), ["idle.one"]);
    lab.approve(false).unwrap();
    tick(false);
    assert!(!lab.has_seat(&key), "the earlier journal of the same second must not pass for this one's");
}

#[test]
fn ticks_after_the_end_change_nothing() {
    let lab = lab_with_two_idle();
    lab.sweep_and_apply();
    let (writes, entries) = (lab.sim.writes(), lab.store.entries());
    for _ in 0..3 {
        assert_eq!(lab.tick().status, Status::Idle);
    }
    assert_eq!(lab.sim.writes(), writes);
    assert_eq!(lab.store.entries(), entries);
}

#[test]
fn one_step_at_a_time_comes_to_the_same_end_as_one_long_tick() {
    let (long, short) = (lab_with_two_idle(), lab_with_two_idle());
    long.sweep_and_apply();
    short.pass(TimeDelta::seconds(1));
    let mut ticks = 0;
    for approve in [true, false] {
        while short.tick_with(&seatkeeper_tests::Tap::default(), TimeDelta::zero(), false).done().status
            == Status::Working
        {
            ticks += 1;
        }
        if approve {
            short.approve(false).unwrap();
        }
    }
    assert!(ticks > 10, "only {ticks} ticks");
    assert_eq!(long.facts(), short.facts());
    assert_eq!(long.run().tally, short.run().tally);
    assert_eq!(long.acts(), short.acts());
}

#[test]
fn a_sweep_becomes_due_after_its_period_and_not_before() {
    let lab = lab_with_two_idle();
    assert_eq!(lab.tick().status, Status::Waiting);
    lab.approve(false).unwrap();
    lab.rest();
    lab.pass(TimeDelta::hours(23));
    assert_eq!(lab.tick().status, Status::Idle);
    lab.pass(TimeDelta::hours(1));
    assert_eq!(lab.tick().status, Status::Finished);
    assert_eq!(lab.runs().len(), 2);
}

#[test]
fn pages_that_nobody_needs_any_more_are_removed() {
    let lab = lab_with_two_idle();
    for _ in 0..4 {
        lab.sweep();
        lab.pass(TimeDelta::hours(24));
    }
    let keys: Vec<String> = lab.store.entries().into_keys().collect();
    let count = |prefix: &str| keys.iter().filter(|key| key.starts_with(prefix)).count();
    assert_eq!((count("gather:"), count("ledger:"), count("snapshot:")), (0, 1, 2), "{keys:#?}");
    assert_eq!(count("lease"), 0);
}
