//! Levels of seats: told when one is crossed, never lost, at most once a level and day.

use crate::chat::{Chat, lab, tick, tick_with, usage};
use chrono::TimeDelta;
use seatkeeper_engine::{alert::AlertReport, state};
use seatkeeper_tests::{Drive, Tap, When};

#[test]
fn a_level_that_is_crossed_is_told_once_to_each_channel() {
    let (lab, chat) = (lab(80), Chat::default());
    assert_eq!(tick(&lab, &chat).delivered, 0);
    usage(&lab, 92);
    assert_eq!(tick(&lab, &chat).delivered, 2);
    for _ in 0..10 {
        lab.pass(TimeDelta::minutes(5));
        assert_eq!(tick(&lab, &chat).delivered, 0);
    }
    let received = chat.received.borrow().clone();
    assert_eq!(
        received,
        [("slack".into(), "percent-90:2026-11-22".into()), ("generic".into(), "percent-90:2026-11-22".into())]
    );
}

#[test]
fn usage_that_dances_around_a_level_is_told_at_most_once_a_day() {
    let (lab, chat) = (lab(80), Chat::default());
    for _ in 0..3 {
        for percent in [92, 70, 92, 89, 92] {
            usage(&lab, percent);
            tick(&lab, &chat);
        }
        lab.pass(TimeDelta::hours(24));
    }
    for day in ["2026-11-22", "2026-11-23", "2026-11-24"] {
        assert_eq!(chat.count("slack", &format!("percent-90:{day}")), 1, "{day}: {:?}", chat.received);
    }
}

#[test]
fn a_channel_that_fails_for_a_while_loses_nothing_and_does_not_hold_up_the_other() {
    for failures in 0..8 {
        let (lab, chat) = (lab(92), Chat::default());
        chat.failures.borrow_mut().insert("slack".into(), failures);
        let mut ticks = 0;
        loop {
            let report = tick(&lab, &chat);
            ticks += 1;
            lab.pass(TimeDelta::minutes(5));
            if report.waiting == 0 {
                break;
            }
            assert_eq!(chat.count("generic", "percent-90:2026-11-22"), 1);
        }
        assert_eq!(ticks, failures + 1);
        assert_eq!(chat.count("slack", "percent-90:2026-11-22"), 1, "{failures} failures");
        let kept = lab.load(&state::alert()).unwrap();
        assert_eq!((kept.outbox.len(), kept.sent.len()), (0, 2));
    }
}

#[test]
fn a_crash_at_any_call_delivers_everything_at_least_once() {
    let (calm, chat) = (lab(97), Chat::default());
    let counter = Tap::default();
    tick_with(&calm, &chat, &counter).done();
    let subjects: Vec<String> = chat.received.borrow().iter().map(|(_, subject)| subject.clone()).collect();
    assert!(subjects.len() >= 4, "{subjects:?}");
    for (number, call) in counter.calls().iter().enumerate() {
        for when in [When::Before, When::After] {
            let (lab, chat) = (lab(97), Chat::default());
            assert_eq!(tick_with(&lab, &chat, &Tap::dying_at(number, when)), Drive::Died);
            lab.pass(TimeDelta::minutes(3));
            tick(&lab, &chat);
            for subject in &subjects {
                for channel in ["slack", "generic"] {
                    let times = chat.count(channel, subject);
                    assert!((1..=2).contains(&times), "{when:?} {call}: {subject} arrived {times} times at {channel}");
                }
            }
            let received = chat.received.borrow().len();
            assert!(received <= subjects.len() + 1, "{when:?} {call}: at most one message is repeated");
            assert_eq!(lab.load(&state::alert()).unwrap().outbox.len(), 0);
        }
    }
}

#[test]
fn what_waits_goes_out_even_when_confluence_is_away() {
    use seatkeeper_simulator::{Fault, FaultBody, FaultKind};
    let (lab, chat) = (lab(92), Chat::default());
    chat.failures.borrow_mut().extend([("slack".to_owned(), 1), ("generic".to_owned(), 1)]);
    assert_eq!(tick(&lab, &chat).waiting, 2);
    let kind = FaultKind::Status { status: 500, body: FaultBody::Html, retry_after: None };
    lab.sim.inject(Fault::next("GET", "/rest/", kind).forever());
    let report = tick(&lab, &chat);
    assert_eq!((report.delivered, report.error.unwrap().code.as_str()), (2, "unreachable"));
}

#[test]
fn an_unlimited_licence_is_never_a_reason_to_worry() {
    let (lab, chat) = (lab(99), Chat::default());
    lab.world().max_users = None;
    assert_eq!(tick(&lab, &chat), AlertReport { seats: tick(&lab, &chat).seats, ..AlertReport::default() });
    assert!(chat.tries.borrow().is_empty());
}
