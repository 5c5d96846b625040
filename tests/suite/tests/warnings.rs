//! Warn, wait, act: through sweeps and the mail of the alert function, with every way it can go wrong.

use chrono::TimeDelta;
use seatkeeper_engine::{
    control,
    state::{self, Outcome},
    testing::block_on,
};
use seatkeeper_policy::UserKey;
use seatkeeper_tests::{Drive, Lab, Mail, POLICY, Tap, When, insist, verbs::BUDGET};

/// One idle person under a policy with a warning, rehearsed once.
fn lab(more: &str) -> (Lab, UserKey) {
    let lab = Lab::default();
    let key = lab.add("mia", Some(100));
    lab.policy(&format!("{POLICY}warn = {{ grace-days = 14{more} }}\n"));
    lab.sweep();
    assert_eq!((lab.run().warned, lab.run().outcome), (0, Outcome::NothingToDo), "the first plan of rules only shows");
    (lab, key)
}

/// Sweeps, and lets the mail go out.
fn warn(lab: &Lab, mail: &Mail) {
    lab.sweep();
    lab.alert(mail);
}

#[test]
fn somebody_is_warned_has_the_days_that_the_message_says_and_then_loses_the_seat() {
    let (lab, key) = lab("");
    let mail = Mail::default();
    assert_eq!(lab.verdict("mia"), "warn/due");
    lab.sweep();
    assert_eq!(lab.run().warned, 1);
    lab.sweep();
    assert_eq!(lab.verdict("mia"), "warn/sending", "decided and not delivered yet");
    lab.alert(&mail);
    let sent = mail.sent.borrow()[0].clone();
    assert_eq!(sent.email.as_deref(), Some("mia@example.com"));
    assert!(sent.text.contains("mia of the lab") && sent.text.contains("2026-12-06"), "{}", sent.text);
    for _ in 0..14 {
        lab.sweep();
        assert_eq!(lab.verdict("mia"), "warn/grace");
        assert!(lab.planned().is_empty());
        lab.alert(&mail);
        lab.pass(TimeDelta::days(1));
    }
    lab.sweep_and_apply();
    assert!(!lab.has_seat(&key));
    assert_eq!(mail.names(), ["mia"], "one message, once");
}

#[test]
fn a_login_during_the_grace_period_keeps_the_seat_and_a_later_absence_is_warned_anew() {
    let (lab, key) = lab("");
    let mail = Mail::default();
    warn(&lab, &mail);
    lab.pass(TimeDelta::days(13));
    lab.login(&key).unwrap();
    lab.pass(TimeDelta::days(2));
    lab.sweep();
    assert_eq!((lab.verdict("mia"), lab.planned().len()), ("keep/recently-active", 0));
    lab.pass(TimeDelta::days(95));
    lab.everybody_was_here(1);
    lab.was_here(&key, 97);
    warn(&lab, &mail);
    assert_eq!((lab.planned().len(), mail.names().len()), (0, 2), "the old warning counts for nothing");
}

#[test]
fn quiet_waits_as_long_and_writes_to_nobody() {
    let (lab, key) = lab(", quiet = true");
    let mail = Mail::default();
    warn(&lab, &mail);
    lab.pass(TimeDelta::days(13));
    warn(&lab, &mail);
    assert_eq!(lab.verdict("mia"), "warn/grace");
    lab.pass(TimeDelta::days(2));
    lab.sweep_and_apply();
    assert!(!lab.has_seat(&key) && mail.names().is_empty());
}

#[test]
fn a_dry_run_warns_nobody_however_often_it_runs() {
    let (lab, _) = lab("");
    let mail = Mail::default();
    lab.policy(&format!("{POLICY}warn = {{ grace-days = 14 }}\n").replace("approve", "dry-run"));
    for _ in 0..3 {
        warn(&lab, &mail);
        assert_eq!((lab.verdict("mia"), lab.run().warned), ("warn/due", 0));
    }
    assert!(mail.names().is_empty());
}

#[test]
fn no_sweep_warns_more_people_than_the_cap_allows_and_the_longest_absent_come_first() {
    let lab = Lab::default();
    for n in 0..7 {
        lab.add(&format!("idle.{n}"), Some(100 + n));
    }
    lab.policy(&format!("{POLICY}warn.grace-days = 14\n").replace("accounts = 20", "accounts = 3"));
    let mail = Mail::default();
    lab.sweep();
    for wanted in [&["idle.6", "idle.5", "idle.4"][..], &["idle.3", "idle.2", "idle.1"], &["idle.0"]] {
        let before = mail.names().len();
        warn(&lab, &mail);
        assert_eq!(&mail.names()[before..], wanted);
    }
}

#[test]
fn a_message_that_arrives_late_gives_its_days_from_then_on() {
    let (lab, _) = lab("");
    let mail = Mail::default();
    mail.away.set(5);
    lab.sweep();
    for _ in 0..5 {
        lab.alert(&mail);
        lab.pass(TimeDelta::days(1));
    }
    lab.alert(&mail);
    lab.pass(TimeDelta::days(12));
    lab.sweep();
    assert_eq!((lab.verdict("mia"), mail.names().len()), ("warn/grace", 1));
    lab.pass(TimeDelta::days(3));
    lab.sweep();
    assert_eq!(lab.planned(), ["mia"]);
}

#[test]
fn case_64_without_a_working_address_the_seat_waits_for_a_person_or_the_days_run_as_the_policy_says() {
    for (choice, planned) in [("wait", 0), ("act", 1)] {
        for no_address in [true, false] {
            let (lab, key) = lab(&format!(", if-undeliverable = \"{choice}\""));
            let mail = Mail::default();
            if no_address {
                let details =
                    seatkeeper_simulator::world::Change::Details { full_name: "Mia".into(), email: String::new() };
                lab.change(&key, details);
            } else {
                mail.refuses.set(true);
            }
            warn(&lab, &mail);
            lab.pass(TimeDelta::days(15));
            warn(&lab, &mail);
            assert_eq!((lab.planned().len(), mail.names().len()), (planned, 0), "{choice}, {no_address}");
            let next = lab.explain("mia").join("\n");
            assert_eq!(next.contains("correct the mail address"), planned == 0, "{next}");
        }
    }
}

#[test]
fn the_stop_switch_holds_warnings_back_and_they_go_out_when_it_is_released() {
    let (lab, _) = lab("");
    let mail = Mail::default();
    lab.sweep();
    block_on(control::stop(&lab.store, "the mail is wrong", "alice", lab.now())).unwrap();
    lab.alert(&mail);
    lab.sweep();
    assert_eq!((mail.names().len(), lab.run().warned), (0, 0));
    block_on(control::release(&lab.store, "alice", lab.now())).unwrap();
    lab.alert(&mail);
    assert_eq!(mail.names(), ["mia"]);
}

/// One sweep that warns, and the ticks that deliver, with one tap for all of it.
fn story(lab: &Lab, mail: &Mail, tap: &Tap) {
    let mut open = true;
    lab.pass(TimeDelta::seconds(1));
    insist(lab, tap, |tap| {
        let report = lab.tick_with(tap, BUDGET, open);
        // Whoever comes after the crash goes on with what was begun; only a sweep that never began is asked for again.
        open = lab.work().is_none() && lab.run().warned == 0;
        report
    });
    while lab.run().warned == 0 {
        lab.sweep();
    }
    insist(lab, tap, |tap| lab.alert_with(tap, mail));
    lab.alert(mail);
}

#[test]
fn a_crash_at_any_call_repeats_one_message_at_most_and_never_shortens_the_grace_period() {
    let calm = Tap::default();
    let (undisturbed, _) = lab("");
    story(&undisturbed, &Mail::default(), &calm);
    let calls = calm.calls();
    assert!(calls.iter().any(|call| call == "warn mia") && calls.len() > 40, "{calls:?}");
    for (number, call) in calls.iter().enumerate() {
        for when in [When::Before, When::After] {
            let ((lab, key), mail, tap) = (lab(""), Mail::default(), Tap::dying_at(number, when));
            story(&lab, &mail, &tap);
            assert!(tap.is_dead(), "no crash at {number} {call}");
            let sent = mail.names().len();
            assert!((1..=2).contains(&sent), "{when:?} {number} {call}: {sent} messages");
            let told = lab.now();
            lab.pass(TimeDelta::days(14) - TimeDelta::minutes(5));
            lab.sweep();
            assert_eq!(lab.verdict("mia"), "warn/grace", "{when:?} {number} {call}, told at {told}");
            lab.pass(TimeDelta::minutes(10));
            lab.sweep();
            assert_eq!(lab.planned(), ["mia"], "{when:?} {number} {call}");
            assert!(lab.load(&state::notified(&key)).unwrap().delivered);
            lab.acts();
        }
    }
}

#[test]
fn a_runner_that_dies_after_sending_has_sent_once_more_and_no_more() {
    let (lab, _) = lab("");
    let mail = Mail::default();
    lab.sweep();
    let calm = Tap::default();
    let number = {
        let (other, _) = self::lab("");
        other.sweep();
        other.alert_with(&calm, &Mail::default()).done();
        calm.calls().iter().position(|call| call == "warn mia").unwrap()
    };
    assert_eq!(lab.alert_with(&Tap::dying_at(number, When::After), &mail), Drive::Died);
    lab.pass(TimeDelta::minutes(2));
    for _ in 0..3 {
        lab.alert(&mail);
    }
    assert_eq!(mail.names(), ["mia", "mia"]);
}
