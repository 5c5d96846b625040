//! When somebody counts as inactive.

use super::*;
use seatkeeper_policy::{Verdict, check::check, policy::Guard, report::PlanReport};

#[test]
fn case_25_who_never_logged_in_keeps_the_seat_while_new_and_loses_it_later() {
    let created = |days: i64| Account { created: Some(ago(days)), first_seen: ago(1), ..never("jdoe") };
    assert_eq!(code(&policy(), &created(1)), "keep/young");
    assert_eq!(code(&policy(), &created(60)), "keep/young");
    assert_eq!(code(&policy(), &created(61)), "reclaim/never-logged-in");
}

#[test]
fn case_26_without_a_created_date_the_age_counts_from_our_first_sight() {
    let first_seen = |days: i64| Account { created: None, first_seen: ago(days), ..never("jdoe") };
    assert_eq!(code(&policy(), &first_seen(0)), "keep/young");
    assert_eq!(code(&policy(), &first_seen(60)), "keep/young");
    assert_eq!(code(&policy(), &first_seen(61)), "reclaim/never-logged-in");
}

#[test]
fn case_27_a_first_run_over_thousands_stops_at_the_cap_and_says_how_many_it_wanted() {
    let people: Vec<_> = (0..3_000).map(|n| idle(&format!("user{n}"), 400, noon())).collect();
    let plan = plan_of(&policy(), &snapshot(people));
    assert_eq!(plan.verdict, Verdict::OverCap { planned: 3_000, limit: 50 });
}

#[test]
fn case_27_a_warm_up_keeps_everybody_at_first_and_says_so() {
    let policy = file("inactive.after-days = 90\nprotect.warm-up-days = 30").unwrap();
    let people: Vec<_> =
        (0..100).map(|n| Account { first_seen: noon(), ..idle(&format!("user{n}"), 400, noon()) }).collect();
    let mut report = PlanReport::default();
    for subject in &people {
        let decision = judge(&policy, subject);
        assert!(decision.to_string().contains("warming up") && decision.to_string().contains("2026-12-22"));
        report.count(subject, &decision, noon());
    }
    assert_eq!(report.total("keep/warm-up"), 100);
    assert_eq!(plan_of(&policy, &snapshot(people)).accounts, []);
}

#[test]
fn case_28_nobody_loses_a_seat_for_a_browser_that_stays_signed_in_for_two_weeks() {
    // The window of every standard is longer than the cookie lives, and so is the usual one.
    for rules in ["preset = \"pci-dss\"", "preset = \"disa-stig\"", "preset = \"cis\"", "inactive.after-days = 90"] {
        assert_eq!(code(&file(rules).unwrap(), &idle("jdoe", 14, noon())), "keep/recently-active", "{rules}");
    }
    // With a shorter window, what somebody wrote in the meantime counts although there was no login.
    let short = file("inactive.after-days = 7").unwrap();
    let mut subject = idle("jdoe", 14, noon());
    assert_eq!(code(&short, &subject), "reclaim/inactive");
    subject.evidence.saw(sighting(2, Source::Contribution));
    assert_eq!(code(&short, &subject), "keep/recently-active");
}

#[test]
fn case_34_a_time_in_the_future_or_of_1970_is_not_known_rather_than_inactive() {
    for (text, expected) in [
        ("1970-01-01T00:00:00Z", "hold/activity-implausible"),
        ("1969-12-31T23:59:59Z", "hold/activity-implausible"),
        ("2026-11-22T12:05:01Z", "hold/activity-in-future"),
        ("2106-02-07T06:28:15Z", "hold/activity-in-future"),
    ] {
        let mut subject = account("jdoe", noon());
        subject.evidence.saw(Sighting { at: at(text), source: Source::LoginInfo });
        assert_eq!(code(&policy(), &subject), expected, "{text}");
    }
}

#[test]
fn case_34_a_broken_created_date_makes_nobody_old() {
    // Zero, and seconds read as milliseconds.
    for created in ["1970-01-01T00:00:00Z", "1970-01-21T15:20:00Z", "2003-12-31T23:59:59Z", "9999-12-31T23:59:59Z"] {
        let new = |known: i64| Account { created: Some(at(created)), first_seen: ago(known), ..never("jdoe") };
        assert_eq!(code(&policy(), &new(1)), "keep/young", "{created}");
        assert_eq!(code(&policy(), &new(61)), "reclaim/never-logged-in", "{created}");
    }
}

#[test]
fn case_35_exactly_at_the_threshold_is_still_active() {
    let edge = at("2026-08-24T12:00:00Z");
    let seen_at =
        |at| Account { evidence: Evidence::at(Sighting { at, source: Source::LastLogin }), ..account("jdoe", noon()) };
    assert_eq!(code(&policy(), &seen_at(edge)), "keep/recently-active");
    assert_eq!(code(&policy(), &seen_at(edge - TimeDelta::seconds(1))), "reclaim/inactive");
    assert_eq!(code(&policy(), &seen_at(edge - TimeDelta::milliseconds(1))), "reclaim/inactive");
}

#[test]
fn case_36_ninety_days_are_ninety_days_whatever_the_calendar_and_the_zone_do() {
    // From a Sunday in winter time to a Saturday in summer time, over the change of the clocks; and over 29 February.
    for (since, still) in [
        ("2026-02-01T12:00:00Z", "2026-05-02T12:00:00Z"),
        ("2028-02-01T12:00:00Z", "2028-05-01T12:00:00Z"),
        ("2026-12-01T00:00:00Z", "2027-03-01T00:00:00Z"),
    ] {
        for zone in ["UTC", "+14:00", "-12:00", "+05:45"] {
            let policy = file(&format!("inactive.after-days = 90\nzone = \"{zone}\"")).unwrap();
            let code = |now: Instant| {
                let mut subject = account("jdoe", now);
                subject.evidence.saw(Sighting { at: at(since), source: Source::LastLogin });
                decide(&policy, &subject, &key("own"), now).code()
            };
            assert_eq!(code(at(still)), "keep/recently-active", "{since} in {zone}");
            assert_eq!(code(at(still) + TimeDelta::seconds(1)), "reclaim/inactive", "{since} in {zone}");
        }
    }
}

#[test]
fn case_37_a_jump_of_many_last_logins_at_once_is_not_believed() {
    let guard = file("inactive.after-days = 90").unwrap().guard;
    assert_eq!(guard, Guard { regressed_percent: 5, regressed_accounts: 10, ..policy().guard });
    // A restored database sets everybody back; a merged account or two do not trip it.
    assert!(guard.trips(1_000, 1_000));
    assert!(guard.trips(51, 1_000));
    assert!(!guard.trips(50, 1_000));
    assert!(!guard.trips(2, 1_000));
    // On a small site a few accounts are many percent.
    assert!(!guard.trips(10, 20));
    assert!(guard.trips(11, 20));
    // It can be made strict, and turned off for a migration that is meant.
    let tuned =
        |percent, accounts| Guard { regressed_percent: percent, regressed_accounts: accounts, ..policy().guard };
    assert!(tuned(0, 0).trips(1, 1_000_000));
    assert!(!tuned(100, 0).trips(1_000_000, 1_000_000));
}

#[test]
fn case_39_a_login_between_plan_and_apply_is_seen_by_the_judgement_and_by_the_second_opinion() {
    let mut seen = snapshot(vec![idle("jdoe", 400, noon())]);
    let plan = plan_of(&policy(), &seen);
    assert_eq!(check(&plan, &policy(), &seen, noon()), []);
    let later = noon() + TimeDelta::minutes(1);
    let subject = seen.accounts.first_mut().unwrap();
    subject.evidence.saw(Sighting { at: later, source: Source::LoginEvent });
    assert_eq!(decide(&policy(), subject, &key("own"), later).code(), "keep/recently-active");
    assert_eq!(check(&plan, &policy(), &seen, later).len(), 1);
}

#[test]
fn case_57_no_window_is_so_short_that_a_seat_changes_hands_during_a_working_day() {
    assert_eq!(fields("inactive.after-days = 0"), ["inactive.after-days"]);
    assert!(toml::from_str::<RawPolicy>("version = 1\nlicence-groups = [\"a\"]\ninactive.after-days = 0.5").is_err());
    let shortest = file("inactive.after-days = 1").unwrap();
    let seen = |hours: i64| Account {
        evidence: Evidence::at(Sighting { at: noon() - TimeDelta::hours(hours), source: Source::LoginEvent }),
        ..account("jdoe", noon())
    };
    assert_eq!(code(&shortest, &seen(24)), "keep/recently-active");
    assert_eq!(code(&shortest, &seen(25)), "reclaim/inactive");
}

#[test]
fn case_90_clocks_that_differ_by_a_little_are_believed_and_by_more_are_not() {
    let ahead = |seconds: i64| {
        let mut subject = account("jdoe", noon());
        subject.evidence.saw(Sighting { at: noon() + TimeDelta::seconds(seconds), source: Source::LoginEvent });
        code(&policy(), &subject)
    };
    assert_eq!(ahead(1), "keep/recently-active");
    assert_eq!(ahead(300), "keep/recently-active");
    assert_eq!(ahead(301), "hold/activity-in-future");
}
