//! The truth table of `decide`: one row for each rule and each side of each boundary.

use chrono::TimeDelta;
use seatkeeper_policy::{
    Account, Evidence, Exemption, ExemptionSubject, Instant, OtherSeat, Policy, Source, Status, Username,
    account::Sighting,
    decide,
    testing::{account, at, group, key, policy},
};

fn noon() -> Instant {
    at("2026-11-22T12:00:00Z")
}

fn seen(before_now: TimeDelta) -> Evidence {
    Evidence { newest: Some(Sighting { at: noon() - before_now, source: Source::LastLogin }), never: None }
}

fn never() -> Evidence {
    Evidence { newest: None, never: Some(Source::LastLogin) }
}

fn exempt(subject: ExemptionSubject, expires: Option<Instant>) -> Policy {
    let exemption = Exemption { subject, why: "integration".into(), owner: "it".into(), expires };
    Policy { exemptions: vec![exemption], ..policy() }
}

/// Judges `jdoe`, idle for 100 days and known for two years, after one change.
fn code(policy: &Policy, change: impl FnOnce(&mut Account)) -> &'static str {
    let mut subject = Account { evidence: seen(TimeDelta::days(100)), ..account("jdoe", noon()) };
    change(&mut subject);
    decide(policy, &subject, &key("own"), noon()).code()
}

#[test]
fn without_any_reason_to_stay_an_idle_account_loses_its_seat() {
    assert_eq!(code(&policy(), |_| {}), "reclaim/inactive");
}

#[test]
fn each_single_reason_to_stay_or_to_wait_is_enough() {
    type Change = fn(&mut Account);
    let rows: [(&str, Change); 15] = [
        ("keep/own-account", |a| a.key = key("own")),
        ("hold/status-unknown", |a| a.status = Status::Unknown),
        ("keep/no-seat", |a| a.status = Status::Deactivated),
        ("keep/no-seat", |a| a.status = Status::ExternallyDeleted),
        ("keep/no-seat", |a| a.status = Status::Unlicensed),
        ("keep/administrator", |a| a.administrator = true),
        ("hold/other-seat", |a| a.other_seat = Some(OtherSeat::Individual)),
        ("hold/other-seat", |a| a.other_seat = Some(OtherSeat::Group(group("others")))),
        ("keep/restored-recently", |a| a.restored = Some(noon() - TimeDelta::days(1))),
        ("hold/first-seen-in-future", |a| a.first_seen = noon() + TimeDelta::days(1)),
        ("hold/activity-in-future", |a| a.evidence = seen(TimeDelta::days(-1))),
        ("hold/activity-implausible", |a| a.evidence = seen(TimeDelta::days(365 * 40))),
        ("keep/recently-active", |a| a.evidence = seen(TimeDelta::days(1))),
        ("hold/activity-unknown", |a| a.evidence = Evidence::default()),
        ("keep/young", |a| {
            a.evidence = never();
            a.first_seen = noon();
        }),
    ];
    for (expected, change) in rows {
        assert_eq!(code(&policy(), change), expected);
    }
}

#[test]
fn the_earlier_rule_answers_where_two_apply() {
    type Change = fn(&mut Account);
    let all = exempt(ExemptionSubject::User(Username::parse("jdoe").unwrap()), None);
    let rows: [(&str, Change); 6] = [
        ("keep/own-account", |a| {
            a.key = key("own");
            a.status = Status::Unknown;
        }),
        ("hold/status-unknown", |a| a.status = Status::Unknown),
        ("keep/no-seat", |a| a.status = Status::Deactivated),
        ("keep/exempt", |a| a.administrator = true),
        ("keep/exempt", |a| a.other_seat = Some(OtherSeat::Individual)),
        ("keep/exempt", |a| a.evidence = Evidence::default()),
    ];
    for (expected, change) in rows {
        assert_eq!(code(&all, change), expected);
    }
    let administrator_elsewhere = code(&policy(), |a| {
        a.administrator = true;
        a.other_seat = Some(OtherSeat::Individual);
    });
    assert_eq!(administrator_elsewhere, "keep/administrator");
    let restored_elsewhere = code(&policy(), |a| {
        a.restored = Some(noon());
        a.other_seat = Some(OtherSeat::Individual);
    });
    assert_eq!(restored_elsewhere, "hold/other-seat");
}

#[test]
fn the_window_of_inactivity_ends_to_the_second() {
    let edge = TimeDelta::days(90);
    let (second, minute, hour) = (TimeDelta::seconds(1), TimeDelta::minutes(1), TimeDelta::hours(1));
    for (idle, expected) in [
        (edge - hour, "keep/recently-active"),
        (edge - minute, "keep/recently-active"),
        (edge - second, "keep/recently-active"),
        (edge, "keep/recently-active"),
        (edge + second, "reclaim/inactive"),
        (edge + minute, "reclaim/inactive"),
        (edge + hour, "reclaim/inactive"),
    ] {
        assert_eq!(code(&policy(), |a| a.evidence = seen(idle)), expected, "{idle}");
    }
}

#[test]
fn the_grace_after_a_restore_ends_to_the_second() {
    let edge = TimeDelta::days(30);
    let (second, minute, hour) = (TimeDelta::seconds(1), TimeDelta::minutes(1), TimeDelta::hours(1));
    for (ago, expected) in [
        (edge - hour, "keep/restored-recently"),
        (edge - minute, "keep/restored-recently"),
        (edge - second, "keep/restored-recently"),
        (edge, "reclaim/inactive"),
        (edge + second, "reclaim/inactive"),
        (edge + minute, "reclaim/inactive"),
        (edge + hour, "reclaim/inactive"),
    ] {
        assert_eq!(code(&policy(), |a| a.restored = Some(noon() - ago)), expected, "{ago}");
    }
}

#[test]
fn never_logged_in_counts_from_the_first_sight_to_the_second() {
    let edge = TimeDelta::days(60);
    let (second, minute, hour) = (TimeDelta::seconds(1), TimeDelta::minutes(1), TimeDelta::hours(1));
    for (known, expected) in [
        (TimeDelta::zero(), "keep/young"),
        (TimeDelta::days(30) - second, "keep/young"),
        (TimeDelta::days(30), "keep/young"),
        (TimeDelta::days(30) + second, "keep/young"),
        (edge - hour, "keep/young"),
        (edge - minute, "keep/young"),
        (edge - second, "keep/young"),
        (edge, "keep/young"),
        (edge + second, "reclaim/never-logged-in"),
        (edge + minute, "reclaim/never-logged-in"),
        (edge + hour, "reclaim/never-logged-in"),
    ] {
        let found = code(&policy(), |a| {
            a.evidence = never();
            a.first_seen = noon() - known;
        });
        assert_eq!(found, expected, "known for {known}");
    }
    let off = Policy { never_logged_in_after: None, ..policy() };
    assert_eq!(code(&off, |a| a.evidence = never()), "keep/never-rule-off");
}

#[test]
fn a_sighting_beats_never_and_an_old_sighting_proves_age() {
    let both =
        code(&policy(), |a| a.evidence = Evidence { never: Some(Source::LastLogin), ..seen(TimeDelta::days(1)) });
    assert_eq!(both, "keep/recently-active");
    let on_the_first_sweep = code(&policy(), |a| a.first_seen = noon());
    assert_eq!(on_the_first_sweep, "reclaim/inactive");
}

#[test]
fn an_account_that_was_seen_after_our_first_sight_is_young_for_its_days() {
    // Only a short window can be over before youth is: 5 days of inactivity within 30 days of youth.
    let toml = seatkeeper_tests::POLICY.replace("after-days = 90", "after-days = 5");
    let short = seatkeeper_engine::policy_file::parse(&toml).unwrap();
    for (known, expected) in [
        (TimeDelta::days(30) - TimeDelta::seconds(1), "keep/young"),
        (TimeDelta::days(30), "reclaim/inactive"),
        (TimeDelta::days(30) + TimeDelta::seconds(1), "reclaim/inactive"),
    ] {
        let found = code(&short, |a| {
            a.first_seen = noon() - known;
            a.evidence = seen(TimeDelta::days(6));
        });
        assert_eq!(found, expected, "{known}");
    }
}

#[test]
fn two_servers_may_disagree_by_five_minutes_and_not_by_more() {
    let minutes = TimeDelta::minutes(5);
    let second = TimeDelta::seconds(1);
    for (ahead, expected) in [
        (second, "keep/recently-active"),
        (minutes, "keep/recently-active"),
        (minutes + second, "hold/activity-in-future"),
        (TimeDelta::hours(1), "hold/activity-in-future"),
    ] {
        assert_eq!(code(&policy(), |a| a.evidence = seen(-ahead)), expected, "{ahead}");
    }
    for (ahead, expected) in [(minutes, "reclaim/inactive"), (minutes + second, "hold/first-seen-in-future")] {
        assert_eq!(code(&policy(), |a| a.first_seen = noon() + ahead), expected, "{ahead}");
    }
}

#[test]
fn a_clock_that_went_back_takes_nothing() {
    let subject = Account { evidence: seen(TimeDelta::days(100)), ..account("jdoe", noon()) };
    for back in [TimeDelta::days(101), TimeDelta::days(300), TimeDelta::days(731), TimeDelta::days(3_650)] {
        let code = decide(&policy(), &subject, &key("own"), noon() - back).code();
        assert!(!code.starts_with("reclaim"), "{back}: {code}");
    }
}

#[test]
fn no_login_is_older_than_confluence_itself() {
    for (text, expected) in [
        ("1970-01-01T00:00:00Z", "hold/activity-implausible"),
        ("2003-12-31T23:59:59Z", "hold/activity-implausible"),
        ("2004-01-01T00:00:00Z", "reclaim/inactive"),
    ] {
        let found = code(&policy(), |a| {
            a.evidence.newest = Some(Sighting { at: at(text), source: Source::LastLogin });
        });
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn an_exemption_covers_by_name_pattern_and_group_and_ends_to_the_second() {
    let user = |name: &str| ExemptionSubject::User(Username::parse(name).unwrap());
    let subjects = [
        (user("JDOE"), "keep/exempt"),
        (user("jdo"), "reclaim/inactive"),
        (ExemptionSubject::Pattern("J*e".into()), "keep/exempt"),
        (ExemptionSubject::Pattern("j?oe".into()), "keep/exempt"),
        (ExemptionSubject::Pattern("svc-*".into()), "reclaim/inactive"),
        (ExemptionSubject::Group(group("confluence-users")), "keep/exempt"),
        (ExemptionSubject::Group(group("parental-leave")), "keep/exempt"),
        (ExemptionSubject::Group(group("elsewhere")), "reclaim/inactive"),
    ];
    for (subject, expected) in subjects {
        let found = code(&exempt(subject.clone(), None), |a| {
            a.marks.insert(group("parental-leave"));
        });
        assert_eq!(found, expected, "{subject:?}");
    }
    for (left, expected) in [(1, "keep/exempt"), (0, "reclaim/inactive"), (-1, "reclaim/inactive")] {
        let policy = exempt(user("jdoe"), Some(noon() + TimeDelta::seconds(left)));
        assert_eq!(code(&policy, |_| {}), expected, "{left} s left");
    }
}

#[test]
fn every_decision_is_told_in_words_that_name_its_facts() {
    let subject = Account { evidence: seen(TimeDelta::days(100)), ..account("jdoe", noon()) };
    let told = decide(&policy(), &subject, &key("own"), noon()).to_string();
    assert_eq!(told, "reclaim: last active on 2026-08-14 12:00 UTC (Confluence's last login)");
}
