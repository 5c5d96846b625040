//! The truth table of `decide`: one row for each rule and each side of each boundary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]

mod calendar;
mod leavers;
mod populations;
mod warnings;
mod windows;

use chrono::TimeDelta;
use seatkeeper_policy::{
    Account, Evidence, Exemption, ExemptionSubject, GroupName, HoldReason, Instant, KeepReason, Obstacle, Policy,
    Population, Rules, Source, Status, Username,
    account::Sighting,
    decide,
    raw::RawPolicy,
    rules::Members,
    testing::{account, at, group, key, policy},
};
use std::collections::BTreeSet;

fn noon() -> Instant {
    at("2026-11-22T12:00:00Z")
}

fn seen(before_now: TimeDelta) -> Evidence {
    Evidence::at(Sighting { at: noon() - before_now, source: Source::LastLogin })
}

fn never() -> Evidence {
    Evidence { never: Some(Source::LastLogin), ..Evidence::default() }
}

/// The policy of a file, so that windows of any length can be tried.
fn file(rules: &str) -> Policy {
    let text = format!("version = 1\nlicence-groups = [\"confluence-users\"]\n{rules}");
    Policy::try_from(toml::from_str::<RawPolicy>(&text).unwrap()).unwrap()
}

fn exempt(subject: ExemptionSubject, expires: Option<Instant>) -> Policy {
    let exemption = Exemption { subject, why: "integration".into(), owner: "it".into(), expires };
    Policy { exemptions: vec![exemption], ..policy() }
}

fn user(name: &str) -> ExemptionSubject {
    ExemptionSubject::User(Username::parse(name).unwrap())
}

fn with_rules(change: impl FnOnce(&mut Rules)) -> Policy {
    let mut policy = policy();
    change(&mut policy.rules);
    policy
}

/// `jdoe`, idle for 100 days and known for two years.
fn jdoe() -> Account {
    Account { evidence: seen(TimeDelta::days(100)), ..account("jdoe", noon()) }
}

/// Judges `jdoe` after one change.
fn code(policy: &Policy, change: impl FnOnce(&mut Account)) -> &'static str {
    let mut subject = jdoe();
    change(&mut subject);
    decide(policy, &subject, &key("own"), noon()).code()
}

/// Asks for the answer at an edge and a second, a minute, an hour and six hours on both sides of it.
fn around(edge: TimeDelta, answer: impl Fn(TimeDelta) -> &'static str, [before, on, after]: [&str; 3]) {
    let steps = [TimeDelta::seconds(1), TimeDelta::minutes(1), TimeDelta::hours(1), TimeDelta::hours(6)];
    for step in steps {
        assert_eq!(answer(edge - step), before, "{step} before {edge}");
        assert_eq!(answer(edge + step), after, "{step} after {edge}");
    }
    assert_eq!(answer(edge), on, "exactly {edge}");
}

#[test]
fn without_any_reason_to_stay_an_idle_account_loses_its_seat() {
    assert_eq!(code(&policy(), |_| {}), "reclaim/inactive");
}

#[test]
fn each_single_reason_to_stay_or_to_wait_is_enough() {
    type Change = fn(&mut Account);
    let rows: [(&str, Change); 17] = [
        ("keep/own-account", |a| a.key = key("own")),
        ("hold/status-unknown", |a| a.status = Status::Unknown),
        ("keep/no-seat", |a| a.status = Status::Deactivated),
        ("keep/no-seat", |a| a.status = Status::ExternallyDeleted),
        ("keep/no-seat", |a| a.status = Status::Unlicensed),
        ("keep/administrator", |a| a.administrator = true),
        ("hold/cannot-free", |a| a.obstacles = vec![Obstacle::Individual]),
        ("keep/restored-recently", |a| a.restored = Some(noon() - TimeDelta::days(1))),
        ("keep/reenabled-recently", |a| a.reenabled = Some(noon() - TimeDelta::days(1))),
        ("hold/first-seen-in-future", |a| a.first_seen = noon() + TimeDelta::days(1)),
        ("hold/activity-in-future", |a| a.evidence = seen(TimeDelta::days(-1))),
        ("hold/activity-implausible", |a| a.evidence = seen(TimeDelta::days(365 * 40))),
        ("keep/recently-active", |a| a.evidence = seen(TimeDelta::days(1))),
        ("hold/activity-unknown", |a| a.evidence = Evidence::default()),
        ("keep/young", |a| {
            a.evidence = never();
            a.first_seen = noon();
        }),
        ("keep/young", |a| {
            a.evidence = never();
            a.first_seen = noon() - TimeDelta::days(45);
        }),
        ("reclaim/never-logged-in", |a| a.evidence = never()),
    ];
    for (expected, change) in rows {
        assert_eq!(code(&policy(), change), expected);
    }
}

#[test]
fn every_obstacle_holds_and_is_told_with_the_reason_for_which_the_seat_was_due() {
    let obstacles = [
        Obstacle::Individual,
        Obstacle::OtherGroup(group("others")),
        Obstacle::Inherited { group: group("confluence-users"), via: Some(group("staff")) },
        Obstacle::Inherited { group: group("confluence-users"), via: None },
        Obstacle::ReadOnly { directory: "LDAP".into() },
        Obstacle::Shadowed { directory: "Internal".into() },
        Obstacle::TriedInVain { at: noon(), detail: "204, and still a member".into() },
        Obstacle::ComesBack { taken: noon() },
    ];
    for obstacle in obstacles {
        // A new kind must be added above; this match stops compiling until it is.
        match &obstacle {
            Obstacle::Individual
            | Obstacle::OtherGroup(_)
            | Obstacle::Inherited { .. }
            | Obstacle::ReadOnly { .. }
            | Obstacle::Shadowed { .. }
            | Obstacle::TriedInVain { .. }
            | Obstacle::ComesBack { .. } => {}
        }
        let subject = Account { obstacles: vec![obstacle.clone()], ..jdoe() };
        let decision = decide(&policy(), &subject, &key("own"), noon());
        assert!(decision.to_string().contains(&obstacle.to_string()), "{decision}");
        assert!(decision.to_string().contains("last active on 2026-08-14"), "{decision}");
        assert_eq!(decision.code(), "hold/cannot-free");
        // Whoever is not due is no work for anybody, whatever stands in the way.
        let active = Account { evidence: seen(TimeDelta::days(1)), ..subject };
        assert_eq!(decide(&policy(), &active, &key("own"), noon()).code(), "keep/recently-active");
    }
}

#[test]
fn the_earlier_rule_answers_where_two_apply() {
    type Change = fn(&mut Account);
    let blocked = |a: &mut Account| a.obstacles = vec![Obstacle::Individual];
    let all = exempt(user("jdoe"), None);
    let rows: [(&str, Change); 6] = [
        ("keep/own-account", |a| {
            a.key = key("own");
            a.status = Status::Unknown;
        }),
        ("hold/status-unknown", |a| a.status = Status::Unknown),
        ("keep/no-seat", |a| a.status = Status::Deactivated),
        ("keep/exempt", |a| a.administrator = true),
        ("keep/exempt", |a| a.obstacles = vec![Obstacle::Individual]),
        ("keep/exempt", |a| a.evidence = Evidence::default()),
    ];
    for (expected, change) in rows {
        assert_eq!(code(&all, change), expected);
    }
    let rows: [(&str, Change); 4] = [
        ("keep/administrator", |a| a.restored = Some(noon())),
        ("keep/administrator", |a| a.evidence = seen(TimeDelta::days(-9))),
        ("keep/administrator", |a| a.first_seen = noon() + TimeDelta::days(1)),
        ("keep/administrator", |a| a.evidence = seen(TimeDelta::days(1))),
    ];
    for (expected, change) in rows {
        let found = code(&policy(), |a| {
            a.administrator = true;
            blocked(a);
            change(a);
        });
        assert_eq!(found, expected);
    }
    let rows: [(&str, Change); 4] = [
        ("keep/restored-recently", |a| a.reenabled = Some(noon())),
        ("keep/restored-recently", |a| a.first_seen = noon() + TimeDelta::days(1)),
        ("keep/restored-recently", |a| a.evidence = seen(TimeDelta::days(-9))),
        ("keep/restored-recently", |a| a.evidence = Evidence::default()),
    ];
    for (expected, change) in rows {
        let found = code(&policy(), |a| {
            a.restored = Some(noon());
            blocked(a);
            change(a);
        });
        assert_eq!(found, expected);
    }
}

#[test]
fn an_exemption_covers_by_name_pattern_and_group() {
    let subjects = [
        (user("JDOE"), "keep/exempt"),
        (user("jdo"), "reclaim/inactive"),
        (ExemptionSubject::Pattern("J*e".into()), "keep/exempt"),
        (ExemptionSubject::Pattern("j?oe".into()), "keep/exempt"),
        (ExemptionSubject::Pattern("j?e".into()), "reclaim/inactive"),
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
fn the_newest_of_all_sources_counts_and_is_named() {
    let sources = [
        Source::LoginEvent,
        Source::LastLogin,
        Source::AuditLog,
        Source::LoginInfo,
        Source::LastAuthenticated,
        Source::Import,
        Source::Contribution,
    ];
    for newest in sources {
        let mut subject = account("jdoe", noon());
        for (days, source) in (200..).zip(sources) {
            subject.evidence.saw(Sighting { at: noon() - TimeDelta::days(days), source });
        }
        subject.evidence.saw(Sighting { at: noon() - TimeDelta::days(5), source: newest });
        let decision = decide(&policy(), &subject, &key("own"), noon());
        let expected = KeepReason::RecentlyActive { at: noon() - TimeDelta::days(5), source: newest };
        assert_eq!(decision, seatkeeper_policy::Decision::Keep(expected));
        assert!(decision.to_string().contains(&newest.to_string()), "{decision}");
    }
}

#[test]
fn the_rules_for_never_and_for_only_never_are_switches_of_their_own() {
    let off = with_rules(|rules| rules.never_logged_in_after = None);
    assert_eq!(code(&off, |a| a.evidence = never()), "keep/never-rule-off");
    assert_eq!(code(&off, |_| {}), "reclaim/inactive");
    let only = with_rules(|rules| rules.inactive_after = None);
    assert_eq!(code(&only, |_| {}), "keep/only-never-rule");
    assert_eq!(code(&only, |a| a.evidence = seen(TimeDelta::days(3_000))), "keep/only-never-rule");
    assert_eq!(code(&only, |a| a.evidence = never()), "reclaim/never-logged-in");
    assert_eq!(code(&only, |a| a.evidence = Evidence::default()), "hold/activity-unknown");
}

#[test]
fn every_decision_is_told_in_words_that_name_its_facts() {
    let told = decide(&policy(), &jdoe(), &key("own"), noon()).to_string();
    assert_eq!(told, "reclaim: last active on 2026-08-14 12:00 UTC (Confluence's last login)");
}

fn population(name: &str, priority: u32, members: Members, rules: Rules) -> Population {
    Population { name: name.into(), priority, members, rules }
}

fn named(pattern: &str) -> Members {
    Members { users: BTreeSet::from([pattern.to_owned()]), ..Members::default() }
}

fn groups(names: &[&str]) -> BTreeSet<GroupName> {
    names.iter().map(|name| group(name)).collect()
}

fn held(policy: &Policy, subject: &Account) -> HoldReason {
    match decide(policy, subject, &key("own"), noon()) {
        seatkeeper_policy::Decision::Hold(reason) => reason,
        other => panic!("{other:?}"),
    }
}
