//! Which rules govern an account, and what happens while that is open or disputed.

use super::*;
use seatkeeper_policy::Days;

/// Rules with another window of inactivity, by way of a file.
fn after(days: u32) -> Rules {
    Rules { inactive_after: Some(window(days)), ..policy().rules }
}

fn window(days: u32) -> Days {
    file(&format!("inactive.after-days = {days}")).rules.inactive_after.unwrap()
}

fn populated(mut populations: Vec<Population>) -> Policy {
    populations.sort_by(|a, b| (b.priority, &a.name).cmp(&(a.priority, &b.name)));
    Policy { populations, ..policy() }
}

#[test]
fn a_population_has_its_own_window_to_the_second() {
    let policy = populated(vec![population("staff", 1, named("j*"), after(200))]);
    let answer = |idle| code(&policy, |a| a.evidence = seen(idle));
    around(TimeDelta::days(200), answer, ["keep/recently-active", "keep/recently-active", "reclaim/inactive"]);
    let elsewhere = populated(vec![population("others", 1, named("x*"), after(200))]);
    assert_eq!(code(&elsewhere, |_| {}), "reclaim/inactive");
}

#[test]
fn every_criterion_claims_and_every_criterion_must_hold() {
    type Row = (fn(&mut Members), fn(&mut Account), &'static str);
    let members = |change: fn(&mut Members)| {
        let mut members = Members::default();
        change(&mut members);
        populated(vec![population("p", 1, members, after(200))])
    };
    let yes = "keep/recently-active";
    let no = "reclaim/inactive";
    let open = "hold/population-unknown";
    let rows: [Row; 14] = [
        (|m| m.groups = groups(&["a", "b"]), |a| a.marks = groups(&["b"]), yes),
        (|m| m.groups = groups(&["confluence-users"]), |_| {}, yes),
        (|m| m.groups = groups(&["a", "b"]), |a| a.marks = groups(&["c"]), no),
        (|m| m.users = ["J?OE".into()].into(), |_| {}, yes),
        (|m| m.users = ["j?e".into()].into(), |_| {}, no),
        (|m| m.directories = ["LDAP".into()].into(), |a| a.directory = Some("LDAP".into()), yes),
        (|m| m.directories = ["LDAP".into()].into(), |a| a.directory = Some("Crowd".into()), no),
        (|m| m.directories = ["LDAP".into()].into(), |_| {}, open),
        (|m| m.mail_domains = ["example.com".into()].into(), |a| a.email = Some("j@Example.com".into()), yes),
        (|m| m.mail_domains = ["example.com".into()].into(), |a| a.email = Some("j@sub.example.com".into()), no),
        (|m| m.mail_domains = ["example.com".into()].into(), |a| a.email = Some("no address".into()), open),
        (|m| m.mail_domains = ["example.com".into()].into(), |_| {}, open),
        (
            |m| {
                m.users = ["j*".into()].into();
                m.groups = groups(&["staff"]);
            },
            |_| {},
            no,
        ),
        (
            |m| {
                m.directories = ["LDAP".into()].into();
                m.mail_domains = ["example.com".into()].into();
            },
            |a| a.email = Some("j@example.org".into()),
            no,
        ),
    ];
    for (row, (set, change, expected)) in rows.into_iter().enumerate() {
        assert_eq!(code(&members(set), change), expected, "row {row}");
    }
}

#[test]
fn the_higher_priority_governs_whichever_window_is_longer() {
    let policy = |staff: u32, guests: u32| {
        populated(vec![
            population("staff", staff, named("*"), after(200)),
            population("guests", guests, named("*"), after(50)),
        ])
    };
    let idle = |policy: &Policy| code(policy, |_| {});
    assert_eq!(idle(&policy(2, 1)), "keep/recently-active");
    assert_eq!(idle(&policy(1, 2)), "reclaim/inactive");
}

#[test]
fn equal_priority_and_other_rules_hold_and_both_are_named() {
    let rival =
        |days| populated(vec![population("a", 5, named("*"), after(80)), population("b", 5, named("*"), after(days))]);
    assert_eq!(held(&rival(60), &jdoe()), HoldReason::PoliciesConflict { first: "a".into(), second: "b".into() });
    assert_eq!(code(&rival(80), |_| {}), "reclaim/inactive");
    // A dispute among others is settled by a higher priority.
    let mut settled = rival(60);
    settled.populations.insert(0, population("c", 6, named("*"), after(70)));
    assert_eq!(code(&settled, |_| {}), "reclaim/inactive");
    // Nobody is held for a dispute about a seat that is in use.
    assert_eq!(code(&rival(60), |a| a.evidence = seen(TimeDelta::days(1))), "keep/recently-active");
}

#[test]
fn a_missing_fact_holds_where_it_could_change_the_rules() {
    let domain = Members { mail_domains: ["example.com".to_owned()].into(), ..Members::default() };
    let policy = |staff: u32, partners: u32| {
        populated(vec![
            population("staff", staff, named("*"), after(80)),
            population("partners", partners, domain.clone(), after(60)),
        ])
    };
    let open = HoldReason::PopulationUnknown { population: "partners".into(), fact: "mail address".into() };
    assert_eq!(held(&policy(1, 2), &jdoe()), open);
    assert_eq!(held(&policy(2, 2), &jdoe()), open);
    assert_eq!(code(&policy(2, 1), |_| {}), "reclaim/inactive");
    assert_eq!(code(&policy(1, 2), |a| a.email = Some("j@example.org".into())), "reclaim/inactive");
    assert_eq!(code(&policy(1, 2), |a| a.evidence = seen(TimeDelta::days(1))), "keep/recently-active");
}

#[test]
fn graces_and_the_warm_up_come_from_the_governing_rules() {
    let mut rules = after(50);
    rules.restored_grace = window(10);
    rules.warm_up = Some(window(20));
    rules.young = window(5);
    rules.never_logged_in_after = Some(window(6));
    let policy = populated(vec![population("p", 1, named("*"), rules)]);
    let restored = |ago| code(&policy, |a| a.restored = Some(noon() - ago));
    around(TimeDelta::days(10), restored, ["keep/restored-recently", "reclaim/inactive", "reclaim/inactive"]);
    let warming = |known| code(&policy, |a| a.first_seen = noon() - known);
    around(TimeDelta::days(20), warming, ["keep/warm-up", "reclaim/inactive", "reclaim/inactive"]);
    let unseen = |known| {
        code(&policy, |a| {
            a.created = Some(noon() - known);
            a.first_seen = noon() - known;
            a.evidence = never();
        })
    };
    around(TimeDelta::days(6), unseen, ["keep/young", "keep/young", "keep/warm-up"]);
}
