//! Logins that should have given a seat back and did not.

use crate::chat::{Chat, calm, tick};
use chrono::TimeDelta;
use seatkeeper_engine::alert::Notice;
use seatkeeper_policy::UserKey;
use seatkeeper_tests::Lab;

/// A site without a free seat on which so many people have lost theirs; what was told about that is forgotten.
fn full(people: usize) -> (Lab, Chat, Vec<UserKey>) {
    let (lab, chat) = (calm(), Chat::default());
    let keys: Vec<_> = (0..people).map(|number| lab.add(&format!("idle.{number:02}"), Some(100))).collect();
    lab.sweep_and_apply();
    tick(&lab, &chat);
    lab.free_seats(0);
    lab.pass(TimeDelta::minutes(5));
    tick(&lab, &chat);
    chat.received.borrow_mut().clear();
    (lab, chat, keys)
}

fn login(lab: &Lab, key: &UserKey) {
    lab.hears(&lab.login_event(key)).unwrap();
}

fn restores(chat: &Chat) -> usize {
    chat.about("restores:").len()
}

#[test]
fn somebody_who_gets_no_seat_back_is_told_once_however_often_they_log_in() {
    let (lab, chat, keys) = full(1);
    for _ in 0..30 {
        login(&lab, &keys[0]);
        tick(&lab, &chat);
        lab.pass(TimeDelta::minutes(5));
    }
    assert_eq!(restores(&chat), 1);
    let Notice::Restores { people, more, .. } = chat.newest() else { panic!() };
    assert_eq!((people.len(), more, people[0].name.as_str()), (1, 0, "idle.00"));
    assert!(people[0].why.contains("0 seats are free"), "{}", people[0].why);
}

#[test]
fn somebody_whose_seat_came_back_before_the_tick_is_no_news() {
    let (lab, chat, keys) = full(1);
    login(&lab, &keys[0]);
    lab.free_seats(5);
    lab.pass(TimeDelta::minutes(1));
    login(&lab, &keys[0]);
    assert!(lab.has_seat(&keys[0]));
    tick(&lab, &chat);
    assert_eq!(restores(&chat), 0);
}

#[test]
fn a_monday_morning_without_seats_is_one_message_an_hour() {
    let (lab, chat, keys) = full(15);
    login(&lab, &keys[0]);
    tick(&lab, &chat);
    assert_eq!(restores(&chat), 1);
    for key in &keys[1..] {
        login(&lab, key);
    }
    lab.pass(TimeDelta::minutes(59));
    tick(&lab, &chat);
    assert_eq!(restores(&chat), 1, "not before an hour has passed");
    lab.pass(TimeDelta::minutes(1));
    tick(&lab, &chat);
    assert_eq!(restores(&chat), 2);
    let Notice::Restores { people, more, .. } = chat.newest() else { panic!() };
    assert_eq!((people.len(), more), (10, 4), "and then all of them");
}

#[test]
fn what_happened_on_another_day_and_on_another_page_of_the_record_is_found() {
    let (lab, chat, keys) = full(2);
    // More than a page of the record, on this day, by somebody who has been told of already.
    for _ in 0..230 {
        login(&lab, &keys[0]);
        lab.pass(TimeDelta::seconds(1));
    }
    tick(&lab, &chat);
    assert_eq!(restores(&chat), 1);
    lab.pass(TimeDelta::hours(13));
    login(&lab, &keys[1]);
    tick(&lab, &chat);
    assert_eq!(restores(&chat), 2, "{:?}", chat.received);
    let Notice::Restores { people, .. } = chat.newest() else { panic!() };
    assert_eq!(people[0].name, "idle.01");
}
