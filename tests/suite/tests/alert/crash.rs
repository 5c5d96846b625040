//! A crash before and after every single call of a tick that has everything to tell.

use crate::chat::{Chat, tick, tick_with, usage};
use chrono::TimeDelta;
use seatkeeper_engine::{
    state::{self, UsagePoint},
    testing::block_on,
};
use seatkeeper_policy::SeatCount;
use seatkeeper_tests::{Drive, Lab, POLICY, Tap, When};
use std::collections::BTreeSet;

/// A site on which a run ended, somebody got no seat back, a plan waits, levels are crossed, and the limit is near.
fn eventful() -> Lab {
    let lab = Lab::of(20, &[]);
    lab.policy(&format!("{POLICY}alert = [{{ percent = 90 }}, {{ seats-left = 3 }}]\n"));
    usage(&lab, 50);
    let back = lab.add("idle.one", Some(100));
    lab.sweep_and_apply();
    lab.free_seats(0);
    lab.hears(&lab.login_event(&back)).unwrap();
    lab.add("idle.two", Some(100));
    lab.pass(TimeDelta::hours(1));
    lab.sweep();
    lab.free_seats(2);
    let (used, now) = (lab.seats_used(), lab.now());
    let points: Vec<_> = (1..14)
        .rev()
        .map(|back| UsagePoint {
            at: now - TimeDelta::days(i64::from(back)),
            seats: SeatCount { used: used - back, max: Some(used + 2) },
        })
        .collect();
    block_on(state::save(&lab.store, &state::usage(now), &points)).unwrap();
    lab
}

/// The same as often as it is needed: what the components wrote, at the same instant, without doing it all again.
fn again(of: &Lab) -> Lab {
    let lab = Lab::of(20, &[]);
    for (key, value) in of.store.entries() {
        lab.store.put(&key, &value);
    }
    lab.pass(of.now() - lab.now());
    lab.free_seats(2);
    lab
}

#[test]
fn a_crash_at_any_call_delivers_every_notice_at_least_once_and_at_most_one_twice() {
    let origin = eventful();
    let (lab, chat) = (again(&origin), Chat::default());
    let counter = Tap::default();
    let report = tick_with(&lab, &chat, &counter).done();
    assert_eq!(report.error, None);
    let subjects: BTreeSet<String> = chat.received.borrow().iter().map(|(_, subject)| subject.clone()).collect();
    for kind in ["approval:", "run:", "restores:", "forecast-7:", "percent-90:", "seats-left-3:"] {
        assert!(subjects.iter().any(|subject| subject.starts_with(kind)), "{kind} is missing in {subjects:?}");
    }
    // Times are part of some subjects, and a tick after a crash comes later.
    let kinds: Vec<String> = subjects.iter().map(|subject| subject.split(':').next().unwrap().to_owned()).collect();
    for (number, call) in counter.calls().iter().enumerate() {
        for when in [When::Before, When::After] {
            let (lab, chat) = (again(&origin), Chat::default());
            assert_eq!(tick_with(&lab, &chat, &Tap::dying_at(number, when)), Drive::Died);
            lab.pass(TimeDelta::minutes(3));
            tick(&lab, &chat);
            for kind in &kinds {
                for channel in ["slack", "generic"] {
                    let received = chat.received.borrow();
                    let times =
                        received.iter().filter(|(to, what)| to == channel && what.split(':').next() == Some(kind));
                    let times = times.count();
                    assert!((1..=2).contains(&times), "{when:?} {call}: {kind} arrived {times} times at {channel}");
                }
            }
            let received = chat.received.borrow().len();
            assert!(received <= 2 * kinds.len() + 1, "{when:?} {call}: at most one message is repeated");
            assert_eq!(lab.load(&state::alert()).unwrap().outbox.len(), 0);
        }
    }
}
