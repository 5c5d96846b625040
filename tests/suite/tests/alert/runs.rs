//! Plans that wait, runs that ended.

use crate::chat::{Chat, calm, tick};
use chrono::TimeDelta;
use seatkeeper_engine::{
    alert::Notice,
    control,
    state::{Answer, Outcome},
    testing::block_on,
};
use seatkeeper_policy::{Emergency, SeatCount};
use seatkeeper_tests::{Lab, POLICY};

/// Rings the timer some times; what is told is told by the first.
fn ring(lab: &Lab, chat: &Chat) {
    for _ in 0..3 {
        tick(lab, chat);
        lab.pass(TimeDelta::minutes(5));
    }
}

#[test]
fn a_plan_that_waits_for_an_approval_is_told_once() {
    let (lab, chat) = (calm(), Chat::default());
    lab.add("idle.one", Some(100));
    lab.sweep();
    ring(&lab, &chat);
    let run = lab.run();
    assert_eq!(run.outcome, Outcome::AwaitingApproval);
    let Notice::Approval { plan, planned, emergency, expires, .. } = chat.newest() else { panic!() };
    assert_eq!((plan, planned, emergency), (run.id.clone(), 1, false));
    assert_eq!(expires, lab.newest_plan().unwrap().expires);
    assert_eq!(chat.received.borrow().len(), 2, "once to each channel");

    lab.answer(Answer::Rejected).unwrap();
    lab.rest();
    ring(&lab, &chat);
    assert_eq!(chat.received.borrow().len(), 2, "the person who said no knows it");
}

#[test]
fn an_emergency_plan_is_told_as_one() {
    let (lab, chat) = (calm(), Chat::default());
    lab.add("idle.one", Some(100));
    let wanted = Emergency { seats: lab.seats_used() - 1, idle_days: 30 };
    block_on(control::emergency(&lab.store, wanted, "alice", lab.now())).unwrap();
    lab.sweep();
    ring(&lab, &chat);
    let Notice::Approval { emergency, .. } = chat.newest() else { panic!("{:?}", chat.newest()) };
    assert!(emergency);
}

#[test]
fn a_plan_in_quarantine_is_told_once() {
    let (lab, chat) = (calm(), Chat::default());
    for number in 0..4 {
        lab.add(&format!("idle.{number}"), Some(100));
    }
    lab.policy(&POLICY.replace("accounts = 20", "accounts = 3"));
    lab.sweep();
    ring(&lab, &chat);
    let subject = format!("quarantine:{}", lab.run().id);
    assert_eq!((chat.count("slack", &subject), chat.count("generic", &subject)), (1, 1));
    assert_eq!(chat.received.borrow().len(), 2);
}

#[test]
fn a_run_that_was_carried_out_is_told_once_with_its_numbers() {
    let (lab, chat) = (calm(), Chat::default());
    lab.add("idle.one", Some(100));
    lab.add("idle.two", Some(200));
    let before = lab.seats_used();
    lab.sweep_and_apply();
    ring(&lab, &chat);
    let Notice::Run { plan, planned, tally, before: seats, after, stopped, .. } = chat.newest() else { panic!() };
    assert_eq!((plan, planned, stopped), (lab.run().id, 2, None));
    assert_eq!((tally.reclaimed, tally.skipped, tally.failed), (2, 0, 0));
    let used = |seats: Option<SeatCount>| seats.unwrap().used;
    assert_eq!((used(seats), used(after)), (before, before - 2));
    assert_eq!(chat.about("run:").len(), 1);
}

#[test]
fn a_run_of_yesterday_is_no_news_for_a_channel_that_is_set_up_today() {
    for (hours, told) in [(23, 1), (25, 0)] {
        let (lab, chat) = (calm(), Chat::default());
        lab.add("idle.one", Some(100));
        lab.sweep_and_apply();
        lab.pass(TimeDelta::hours(hours));
        tick(&lab, &chat);
        assert_eq!(chat.about("run:").len(), told, "{hours} hours");
    }
}

#[test]
fn a_run_that_was_stopped_in_the_middle_says_so() {
    let (lab, chat) = (calm(), Chat::default());
    lab.add("idle.one", Some(100));
    lab.sweep();
    lab.approve(false).unwrap();
    lab.policy(&POLICY.replace("\"approve\"", "\"dry-run\""));
    lab.rest();
    ring(&lab, &chat);
    let stopped = match (lab.run().outcome, chat.told.borrow().last()) {
        (Outcome::Stopped, Some(Notice::Run { stopped, .. })) => stopped.is_some(),
        // The plan lapses where the policy changed before the first account.
        (Outcome::Lapsed { .. }, last) => !matches!(last, Some(Notice::Run { .. })),
        other => panic!("{other:?}"),
    };
    assert!(stopped);
}

#[test]
fn a_dry_run_tells_nobody_anything() {
    let (lab, chat) = (calm(), Chat::default());
    lab.policy(&POLICY.replace("\"approve\"", "\"dry-run\""));
    lab.add("idle.one", Some(100));
    lab.sweep();
    ring(&lab, &chat);
    assert_eq!(lab.run().outcome, Outcome::DryRunPublished);
    assert!(chat.received.borrow().is_empty(), "{:?}", chat.received);
}
