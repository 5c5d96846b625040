//! What becomes of messages that do not arrive.

use crate::chat::{Chat, calm, failure, lab, tick};
use chrono::TimeDelta;
use seatkeeper_engine::{
    alert::{Notice, Retry},
    state::{self, AlertState, DEAD, GaveUp, OUTBOX, Outgoing},
    testing::block_on,
};
use seatkeeper_tests::Lab;

fn kept(lab: &Lab) -> AlertState {
    lab.load(&state::alert()).unwrap()
}

/// Puts so many messages to a channel into the outbox.
fn waiting(lab: &Lab, channel: &str, count: usize) {
    let mut alert: AlertState = lab.load(&state::alert()).unwrap_or_default();
    for number in 0..count {
        let notice = Notice::Test { by: number.to_string(), at: lab.now() };
        let since = Some(lab.now());
        alert.outbox.push(Outgoing { channel: channel.to_owned(), notice, attempts: 0, last_error: None, since });
    }
    block_on(state::save(&lab.store, &state::alert(), &alert)).unwrap();
}

#[test]
fn a_message_that_is_refused_for_good_is_put_aside_at_once_and_the_other_channel_gets_it() {
    let (lab, chat) = (lab(92), Chat::default());
    chat.always.borrow_mut().insert("slack".into(), failure(Retry::Never, "refused with status 404"));
    let report = tick(&lab, &chat);
    assert_eq!((report.delivered, report.given_up, report.failed, report.waiting), (1, 1, 1, 0));
    let alert = kept(&lab);
    let dead = &alert.dead[0];
    assert_eq!((dead.channel.as_str(), dead.attempts, dead.why, dead.at), ("slack", 1, GaveUp::Refused, lab.now()));
    assert_eq!(dead.last_error.as_deref(), Some("refused with status 404"));
    assert_eq!(dead.title, dead.notice.title());
    for _ in 0..3 {
        lab.pass(TimeDelta::minutes(5));
        tick(&lab, &chat);
    }
    assert_eq!(chat.tries.borrow().iter().filter(|(to, _)| to == "slack").count(), 1, "it is never tried again");
}

#[test]
fn a_message_is_given_up_after_twenty_tries_and_a_day_and_not_before() {
    for (minutes, ticks) in [(5, 24 * 12 + 1), (60, 25), (120, 20)] {
        let (lab, chat) = (lab(92), Chat::default());
        chat.always.borrow_mut().insert("slack".into(), failure(Retry::Later(None), "no answer in time"));
        for number in 1..=ticks {
            let report = tick(&lab, &chat);
            let last = number == ticks;
            assert_eq!((report.waiting, report.given_up), (u32::from(!last), u32::from(last)), "{minutes}: {number}");
            lab.pass(TimeDelta::minutes(minutes));
        }
        let alert = kept(&lab);
        assert_eq!((alert.dead[0].why, alert.dead[0].attempts), (GaveUp::TriedEnough, ticks), "{minutes}");
        assert_eq!(chat.count("generic", "percent-90:2026-11-22"), 1);
    }
}

#[test]
fn a_channel_that_is_down_costs_one_try_a_tick_and_all_its_messages_count_it() {
    let (lab, chat) = (calm(), Chat::default());
    waiting(&lab, "slack", 5);
    chat.always.borrow_mut().insert("slack".into(), failure(Retry::Later(None), "no answer in time"));
    let report = tick(&lab, &chat);
    assert_eq!((report.failed, report.waiting), (1, 5));
    let alert = kept(&lab);
    assert!(alert.outbox.iter().all(|waiting| waiting.attempts == 1 && waiting.last_error.is_some()));
    assert_eq!(chat.tries.borrow().len(), 1);
}

#[test]
fn messages_arrive_in_the_order_in_which_they_came() {
    let (lab, chat) = (calm(), Chat::default());
    waiting(&lab, "slack", 7);
    chat.failures.borrow_mut().insert("slack".into(), 1);
    assert_eq!(tick(&lab, &chat).delivered, 0);
    lab.pass(TimeDelta::minutes(5));
    assert_eq!(tick(&lab, &chat).delivered, 7);
    let order: Vec<_> = chat.told.borrow().iter().map(Notice::title).collect();
    assert_eq!(order.len(), 7);
    let names: Vec<_> = chat
        .told
        .borrow()
        .iter()
        .map(|notice| match notice {
            Notice::Test { by, .. } => by.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["0", "1", "2", "3", "4", "5", "6"]);
}

#[test]
fn too_many_messages_push_the_oldest_to_the_ones_that_were_given_up_and_none_is_lost() {
    let (lab, chat) = (calm(), Chat::default());
    waiting(&lab, "slack", OUTBOX + 30);
    chat.always.borrow_mut().insert("slack".into(), failure(Retry::Later(None), "500"));
    let report = tick(&lab, &chat);
    assert_eq!((report.waiting, report.given_up), (100, 30));
    let alert = kept(&lab);
    assert!(alert.dead.iter().all(|dead| dead.why == GaveUp::NoRoom));
    assert_eq!(alert.dead[0].notice, Notice::Test { by: "0".into(), at: alert.dead[0].notice.at() });
    waiting(&lab, "slack", DEAD);
    tick(&lab, &chat);
    let alert = kept(&lab);
    assert_eq!((alert.outbox.len(), alert.dead.len(), alert.forgotten), (OUTBOX, DEAD, 30));
}

#[test]
fn a_message_that_could_not_even_be_tried_for_a_week_is_put_aside() {
    let (lab, chat) = (calm(), Chat::default());
    waiting(&lab, "slack", 1);
    let throttled = failure(Retry::Throttled(Some(std::time::Duration::from_hours(24))), "asked to slow down");
    chat.always.borrow_mut().insert("slack".into(), throttled);
    // A week without a sweep is told, too, but that message is younger.
    let oldest_waits = || matches!(kept(&lab).outbox.first(), Some(Outgoing { notice: Notice::Test { .. }, .. }));
    for _ in 0..7 {
        tick(&lab, &chat);
        assert!(oldest_waits());
        lab.pass(TimeDelta::hours(24));
    }
    tick(&lab, &chat);
    assert!(oldest_waits(), "exactly a week is not more than a week");
    lab.pass(TimeDelta::seconds(1));
    tick(&lab, &chat);
    assert!(!oldest_waits());
    assert_eq!((kept(&lab).dead[0].why, kept(&lab).dead[0].attempts), (GaveUp::TooOld, 0));
}

#[test]
fn messages_to_a_channel_that_was_switched_off_wait_for_a_day() {
    let (lab, chat) = (calm(), Chat::default());
    waiting(&lab, "slack", 1);
    chat.on.replace(vec!["generic".into()]);
    for _ in 0..24 {
        assert_eq!(tick(&lab, &chat).waiting, 1);
        lab.pass(TimeDelta::hours(1));
    }
    let report = tick(&lab, &chat);
    assert_eq!((report.waiting, report.given_up), (0, 1));
    assert!(kept(&lab).dead[0].last_error.as_ref().unwrap().contains("not configured"));
    assert!(chat.tries.borrow().is_empty());
}

#[test]
fn the_pages_learn_which_channels_there_are_and_how_they_do() {
    let (lab, chat) = (lab(92), Chat::default());
    chat.failures.borrow_mut().insert("generic".into(), 1);
    let first = lab.now();
    tick(&lab, &chat);
    let channels = kept(&lab).channels;
    let names: Vec<_> = channels.iter().map(|channel| (channel.name.as_str(), channel.on)).collect();
    assert_eq!(names, [("slack", true), ("teams", false), ("generic", true)]);
    assert_eq!((channels[0].last_ok, channels[0].last_error.as_ref()), (Some(first), None));
    let failed = channels[2].last_error.as_ref().unwrap();
    assert_eq!((failed.at, failed.text.as_str(), channels[2].last_ok), (first, "500", None));

    lab.pass(TimeDelta::minutes(5));
    chat.on.replace(vec!["generic".into()]);
    tick(&lab, &chat);
    let channels = kept(&lab).channels;
    assert_eq!((channels[0].on, channels[0].last_ok), (false, Some(first)), "what was known stays known");
    assert_eq!((channels[2].last_ok, channels[2].last_error.is_some()), (Some(lab.now()), true));
}

#[test]
fn what_arrived_is_remembered_with_its_title() {
    let (lab, chat) = (lab(92), Chat::default());
    tick(&lab, &chat);
    let sent = kept(&lab).sent;
    assert_eq!((sent.len(), sent[0].channel.as_str(), sent[0].subject.as_str()), (2, "slack", "percent-90:2026-11-22"));
    assert_eq!(sent[0].title, chat.newest().title());
}
