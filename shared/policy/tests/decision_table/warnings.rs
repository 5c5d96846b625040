//! Warn, wait, act: every state of a warning and both sides of its edges.

use super::*;
use seatkeeper_policy::{Decision, Notice, WarnState};

/// A grace of 14 days.
fn warned(if_undeliverable: &str) -> Policy {
    file(&format!(
        "inactive.after-days = 90\nnever-logged-in.after-days = 60\n\
         [warn]\ngrace-days = 14\nif-undeliverable = \"{if_undeliverable}\""
    ))
}

fn ago(days: i64) -> Instant {
    noon() - TimeDelta::days(days)
}

fn notice(noticed: Instant, delivered: Option<Instant>, undeliverable: bool) -> Notice {
    Notice { noticed, delivered, undeliverable }
}

#[test]
fn a_warning_is_due_first_and_nothing_is_taken_without_one() {
    for policy in [warned("wait"), warned("act")] {
        assert_eq!(code(&policy, |_| {}), "warn/due");
        assert_eq!(code(&policy, |a| a.evidence = never()), "warn/due");
        assert_eq!(code(&policy, |a| a.evidence = seen(TimeDelta::days(3_000))), "warn/due");
    }
}

#[test]
fn an_edge_of_inactivity_is_an_edge_of_the_warning() {
    let answer = |idle| code(&warned("wait"), |a| a.evidence = seen(idle));
    around(TimeDelta::days(90), answer, ["keep/recently-active", "keep/recently-active", "warn/due"]);
}

#[test]
fn a_message_that_no_channel_confirmed_never_runs_out() {
    for policy in [warned("wait"), warned("act")] {
        for days in [0, 14, 15, 99] {
            let sending = code(&policy, |a| a.notice = Some(notice(ago(days), None, false)));
            assert_eq!(sending, "warn/sending", "{days} days ago");
        }
    }
}

#[test]
fn the_grace_runs_from_the_delivery_and_ends_to_the_second() {
    for policy in [warned("wait"), warned("act")] {
        let answer =
            |since: TimeDelta| code(&policy, |a| a.notice = Some(notice(ago(90), Some(noon() - since), false)));
        around(TimeDelta::days(14), answer, ["warn/grace", "reclaim/inactive", "reclaim/inactive"]);
    }
    let subject = Account { notice: Some(notice(ago(9), Some(ago(9)), false)), ..jdoe() };
    let decision = decide(&warned("wait"), &subject, &key("own"), noon());
    let until = at("2026-11-27T12:00:00Z");
    assert!(matches!(&decision, Decision::Warn { state: WarnState::Grace { until: end }, .. } if *end == until));
    assert!(decision.to_string().contains("2026-11-27"), "{decision}");
}

#[test]
fn a_message_that_cannot_arrive_waits_for_a_person_or_counts_from_the_decision() {
    let answer =
        |policy: &Policy, since: TimeDelta| code(policy, |a| a.notice = Some(notice(noon() - since, None, true)));
    let edge = TimeDelta::days(14);
    let wait = warned("wait");
    around(edge, |since| answer(&wait, since), ["warn/undeliverable"; 3]);
    let act = warned("act");
    around(edge, |since| answer(&act, since), ["warn/grace", "reclaim/inactive", "reclaim/inactive"]);
}

#[test]
fn a_late_delivery_counts_although_an_earlier_try_was_given_up() {
    let answer = |policy: &Policy| code(policy, |a| a.notice = Some(notice(ago(30), Some(ago(3)), true)));
    assert_eq!(answer(&warned("wait")), "warn/grace");
    assert_eq!(answer(&warned("act")), "warn/grace");
}

#[test]
fn a_notice_from_before_the_newest_sighting_was_about_an_earlier_absence() {
    let newest = TimeDelta::days(100);
    // How long after the newest sighting the notice was decided.
    let answer = |later: TimeDelta| {
        let noticed = noon() - newest + later;
        code(&warned("wait"), |a| a.notice = Some(notice(noticed, Some(noticed), false)))
    };
    around(TimeDelta::zero(), answer, ["warn/due", "reclaim/inactive", "reclaim/inactive"]);
}

#[test]
fn every_reason_to_stay_or_to_wait_comes_before_the_warning() {
    type Change = fn(&mut Account);
    let rows: [(&str, Change); 6] = [
        ("keep/administrator", |a| a.administrator = true),
        ("keep/restored-recently", |a| a.restored = Some(noon())),
        ("keep/reenabled-recently", |a| a.reenabled = Some(noon())),
        ("keep/recently-active", |a| a.evidence = seen(TimeDelta::days(2))),
        ("hold/cannot-free", |a| a.obstacles = vec![Obstacle::Individual]),
        ("hold/activity-unknown", |a| a.evidence = Evidence::default()),
    ];
    for (expected, change) in rows {
        for given in [None, Some(notice(ago(5), Some(ago(5)), false)), Some(notice(ago(50), Some(ago(50)), false))] {
            let found = code(&warned("wait"), |a| {
                a.notice = given;
                change(a);
            });
            assert_eq!(found, expected, "{given:?}");
        }
    }
}

#[test]
fn an_emergency_does_not_wait_for_a_warning() {
    let emergency = warned("wait").in_emergency(seatkeeper_policy::Emergency { seats: 10, idle_days: 14 });
    let answer = |idle| code(&emergency, |a| a.evidence = seen(idle));
    around(TimeDelta::days(14), answer, ["keep/recently-active", "keep/recently-active", "reclaim/inactive"]);
}
