//! What holds for a while: the limit comes near, sweeps do not come to an end, a directory cannot be relied on.

use crate::chat::{Chat, calm, tick};
use chrono::TimeDelta;
use seatkeeper_engine::{
    alert::Notice,
    ports::ErrorClass,
    state::{self, UsagePoint},
    testing::block_on,
};
use seatkeeper_policy::SeatCount;
use seatkeeper_simulator::{Fault, FaultBody, FaultKind};
use seatkeeper_tests::{Lab, POLICY};

/// Counts of fourteen days that grow by one a day up to what is used now, with so many seats free.
fn growing(lab: &Lab, free: u32) {
    lab.free_seats(free);
    let (used, now) = (lab.seats_used(), lab.now());
    for back in (1..14).rev() {
        let point = UsagePoint {
            at: now - TimeDelta::days(i64::from(back)),
            seats: SeatCount { used: used - back, max: Some(used + free) },
        };
        let key = state::usage(point.at);
        let mut points = lab.load(&key).unwrap_or_default();
        points.push(point);
        block_on(state::save(&lab.store, &key, &points)).unwrap();
    }
}

#[test]
fn the_forecast_is_told_at_thirty_and_at_seven_days_once_each() {
    for (free, within) in [(31, None), (30, Some(30)), (8, Some(30)), (7, Some(7)), (1, Some(7))] {
        let (lab, chat) = (calm(), Chat::default());
        growing(&lab, free);
        for _ in 0..3 {
            tick(&lab, &chat);
            lab.pass(TimeDelta::minutes(5));
        }
        let told = chat.about("forecast-");
        match within {
            None => assert_eq!(told, Vec::<String>::new(), "{free}"),
            Some(within) => {
                assert_eq!(told, [format!("forecast-{within}:2026-11-22")], "{free}");
                let Notice::Forecast { forecast, .. } = chat.newest() else { panic!() };
                assert_eq!((forecast.days, forecast.per_month()), (free, 30));
            }
        }
    }
}

#[test]
fn a_forecast_that_comes_nearer_is_told_again_and_one_that_stands_still_is_not() {
    let (lab, chat) = (calm(), Chat::default());
    growing(&lab, 20);
    tick(&lab, &chat);
    lab.pass(TimeDelta::hours(20));
    tick(&lab, &chat);
    assert_eq!(chat.about("forecast-").len(), 1);
    lab.free_seats(6);
    tick(&lab, &chat);
    assert_eq!(chat.about("forecast-"), ["forecast-30:2026-11-22", "forecast-7:2026-11-23"]);
}

/// Sweeps do not come to an end from now on.
fn broken(lab: &Lab) {
    let kind = FaultKind::Status { status: 500, body: FaultBody::Html, retry_after: None };
    lab.sim.inject(Fault::next("GET", "/rest/api/group", kind).forever());
}

#[test]
fn two_periods_without_a_sweep_are_told_at_their_end_and_once() {
    let (lab, chat) = (calm(), Chat::default());
    lab.sweep();
    let last = lab.load(&state::snapshot_current()).unwrap().at;
    lab.pass(last + TimeDelta::hours(48) - lab.now() - TimeDelta::seconds(1));
    tick(&lab, &chat);
    assert_eq!(chat.about("overdue:"), Vec::<String>::new(), "a second before");
    lab.pass(TimeDelta::seconds(1));
    for _ in 0..30 {
        tick(&lab, &chat);
        lab.pass(TimeDelta::hours(2));
    }
    assert_eq!(chat.about("overdue:").len(), 1);
    let Notice::Overdue { last: told, hours, .. } = chat.newest() else { panic!() };
    assert_eq!((told, hours), (Some(lab.run().at.max(last)), 24));
    // A sweep that goes well ends it, and the next time is news.
    lab.sweep();
    tick(&lab, &chat);
    lab.pass(TimeDelta::hours(49));
    tick(&lab, &chat);
    assert_eq!(chat.about("overdue:").len(), 2);
}

#[test]
fn sweeps_that_only_fail_are_overdue_with_what_the_newest_met() {
    let (lab, chat) = (calm(), Chat::default());
    broken(&lab);
    for _ in 0..50 {
        lab.tick();
        tick(&lab, &chat);
        lab.pass(TimeDelta::hours(1));
    }
    assert_eq!(chat.about("overdue:").len(), 1, "{:?}", chat.received);
    let Notice::Overdue { last, trouble, .. } = chat.newest() else { panic!() };
    assert_eq!((last, trouble.unwrap().code.as_str()), (None, "unreachable"));
}

#[test]
fn a_plan_that_waits_for_its_answer_is_no_missing_sweep() {
    let (lab, chat) = (calm(), Chat::default());
    lab.add("idle.one", Some(100));
    lab.sweep();
    for _ in 0..70 {
        lab.tick();
        tick(&lab, &chat);
        lab.pass(TimeDelta::hours(1));
    }
    assert!(lab.work().is_some(), "the plan still waits");
    lab.approve(false).unwrap();
    lab.rest();
    tick(&lab, &chat);
    assert_eq!(chat.about("overdue:"), Vec::<String>::new());
}

#[test]
fn nobody_misses_a_sweep_before_there_is_a_policy() {
    let (lab, chat) = (Lab::default(), Chat::default());
    for _ in 0..5 {
        assert_eq!(tick(&lab, &chat).error.unwrap().code, "no-policy");
        lab.pass(TimeDelta::hours(24));
    }
    assert!(chat.received.borrow().is_empty());
}

/// A directory `hr` that the policy asks.
fn with_directory() -> (Lab, Chat) {
    let lab = calm();
    lab.directory("hr");
    lab.policy(&format!(
        "{POLICY}[[directory]]\nname = \"hr\"\nprovider = \"scim\"\nmatch = \"username\"\neveryone = true\n"
    ));
    (lab, Chat::default())
}

fn fault(lab: &Lab, class: Option<ErrorClass>) {
    lab.directories.borrow_mut().get_mut("hr").unwrap().fault = class;
}

#[test]
fn a_directory_that_does_not_answer_is_told_once_and_again_after_it_was_well() {
    let (lab, chat) = with_directory();
    fault(&lab, Some(ErrorClass::Retryable));
    for _ in 0..4 {
        lab.tick();
        tick(&lab, &chat);
        lab.pass(TimeDelta::minutes(5));
    }
    assert_eq!(chat.about("directory:"), ["directory:hr:2026-11-22"]);
    let Notice::Directory { why, .. } = chat.newest() else { panic!() };
    assert!(why.contains("as ordered"), "{why}");
    fault(&lab, None);
    lab.rest();
    tick(&lab, &chat);
    lab.pass(TimeDelta::hours(25));
    fault(&lab, Some(ErrorClass::Retryable));
    for _ in 0..4 {
        lab.tick();
        tick(&lab, &chat);
    }
    assert_eq!(chat.about("directory:").len(), 2, "{:?}", chat.received);
}

#[test]
fn a_directory_that_fails_once_and_then_answers_is_no_news() {
    let (lab, chat) = with_directory();
    fault(&lab, Some(ErrorClass::Retryable));
    lab.tick();
    tick(&lab, &chat);
    fault(&lab, None);
    lab.rest();
    tick(&lab, &chat);
    assert_eq!(chat.about("directory:"), Vec::<String>::new());
}

#[test]
fn a_directory_that_is_not_believed_is_told_with_what_was_found() {
    let (lab, chat) = with_directory();
    lab.directories.borrow_mut().get_mut("hr").unwrap().people.clear();
    lab.sweep();
    for _ in 0..3 {
        tick(&lab, &chat);
        lab.pass(TimeDelta::minutes(5));
    }
    assert_eq!(chat.about("directory:").len(), 1);
    let told = chat.told.borrow().clone();
    let why = told.iter().find_map(|notice| match notice {
        Notice::Directory { why, .. } => Some(why.clone()),
        _ => None,
    });
    assert!(why.unwrap().contains("has nobody in it"), "{told:?}");
    assert_eq!(chat.about("blocked:").len(), 1, "and the block says what else there is");
}
