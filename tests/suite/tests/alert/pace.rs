//! The pace that providers allow.

use crate::chat::{Answer, Chat, failure, lab, tick};
use chrono::TimeDelta;
use seatkeeper_engine::{
    alert::{Accepted, Retry},
    state,
};
use seatkeeper_tests::Lab;
use std::time::Duration;

fn throttled(after: Option<Duration>) -> Answer {
    failure(Retry::Throttled(after), "asked to slow down (status 429)")
}

fn next(chat: &Chat, channel: &str, answer: Answer) {
    chat.answers.borrow_mut().entry(channel.to_owned()).or_default().push_back(answer);
}

fn tries(chat: &Chat, channel: &str) -> usize {
    chat.tries.borrow().iter().filter(|(to, _)| to == channel).count()
}

/// Three levels at once: three messages for each channel.
fn three() -> (Lab, Chat) {
    (lab(97), Chat::default())
}

#[test]
fn a_channel_that_says_429_is_closed_until_its_instant_and_the_other_goes_on() {
    for (after, seconds) in
        [(Some(Duration::from_mins(10)), 600), (None, 60), (Some(Duration::from_secs(u64::MAX)), 86_400)]
    {
        let (lab, chat) = three();
        next(&chat, "slack", throttled(after));
        let report = tick(&lab, &chat);
        assert_eq!((report.delivered, report.waiting, report.failed), (3, 3, 1), "{after:?}");
        let until = lab.now() + TimeDelta::seconds(seconds);
        let alert = lab.load(&state::alert()).unwrap();
        assert_eq!(alert.channel("slack").unwrap().closed_until, Some(until));
        assert!(alert.outbox.iter().all(|waiting| waiting.attempts == 0), "to be too fast is no try in vain");

        lab.pass(TimeDelta::seconds(seconds - 1));
        tick(&lab, &chat);
        assert_eq!(tries(&chat, "slack"), 1, "{after:?}: a second before its time");
        lab.pass(TimeDelta::seconds(1));
        assert_eq!(tick(&lab, &chat).delivered, 3, "{after:?}: at its time");
        assert_eq!(lab.load(&state::alert()).unwrap().channel("slack").unwrap().closed_until, None);
    }
}

#[test]
fn a_fault_with_a_time_closes_the_channel_and_counts_as_a_try() {
    let (lab, chat) = three();
    next(&chat, "slack", failure(Retry::Later(Some(Duration::from_mins(10))), "503"));
    assert_eq!(tick(&lab, &chat).waiting, 3);
    assert_eq!(lab.load(&state::alert()).unwrap().outbox[0].attempts, 1);
    lab.pass(TimeDelta::minutes(5));
    assert_eq!(tick(&lab, &chat).delivered, 0);
    lab.pass(TimeDelta::minutes(5));
    assert_eq!(tick(&lab, &chat).delivered, 3);
}

#[test]
fn a_provider_whose_requests_are_spent_gets_no_more_until_its_time() {
    let (lab, chat) = three();
    next(&chat, "slack", Ok(Accepted { status: Some(204), pause: Some(Duration::from_secs(2)) }));
    let report = tick(&lab, &chat);
    assert_eq!((report.delivered, report.waiting), (4, 2));
    lab.pass(TimeDelta::minutes(5));
    assert_eq!(tick(&lab, &chat).delivered, 2);
}

#[test]
fn messages_to_one_channel_keep_their_distance_and_channels_do_not_wait_for_each_other() {
    let (lab, chat) = three();
    chat.spacing.set(Duration::from_secs(1));
    assert_eq!(tick(&lab, &chat).delivered, 6);
    for channel in ["slack", "generic"] {
        let tries = chat.tries.borrow();
        let at: Vec<_> = tries.iter().filter(|(to, _)| to == channel).map(|(_, at)| *at).collect();
        assert!(at.windows(2).all(|two| two[1] - two[0] >= TimeDelta::seconds(1)), "{channel}: {at:?}");
        assert!(*at.last().unwrap() - at[0] < TimeDelta::seconds(4), "{channel}: {at:?}");
    }
}

#[test]
fn a_tick_does_not_last_longer_than_a_host_allows() {
    let (lab, chat) = three();
    chat.spacing.set(Duration::from_secs(9));
    let start = lab.now();
    let first = tick(&lab, &chat);
    assert!(lab.now() - start <= TimeDelta::seconds(22), "{}", lab.now() - start);
    assert!(first.waiting > 0, "{first:?}");
    let mut delivered = first.delivered;
    for _ in 0..4 {
        lab.pass(TimeDelta::minutes(5));
        delivered += tick(&lab, &chat).delivered;
    }
    assert_eq!(delivered, 6);
}
