//! What a sweep can know and do on each release of Confluence.

use seatkeeper_engine::state::Outcome;
use seatkeeper_tests::{Lab, POLICY};

fn lab(version: &str) -> Lab {
    let lab = Lab::with(&[("version", version)]);
    lab.add("idle.one", Some(100));
    lab.add("busy.one", Some(1));
    lab.policy(POLICY);
    lab
}

#[test]
fn before_10_2_nobody_tells_last_logins_so_everybody_is_held_and_nothing_is_planned() {
    for version in ["8.5", "9.0", "9.3", "10.0"] {
        let lab = lab(version);
        let report = lab.sweep();
        assert_eq!(report.outcome, Some(Outcome::NothingToDo), "{version}: {report:?}");
        assert!(lab.explain("idle.one").iter().any(|line| line.contains("no source knows when")), "{version}");
        let told = lab.run().report.unwrap();
        assert!(told.decisions["hold/activity-unknown"] > 0, "{version}: {told:?}");
        assert!(told.limits.iter().any(|limit| limit.contains("last logins")), "{version}: {told:?}");
        assert_eq!(told.total("reclaim/"), 0);
        assert_eq!(lab.sim.writes(), 0);
    }
}

#[test]
fn before_10_2_a_login_event_is_evidence_that_ages_into_a_reclaim() {
    for version in ["8.5", "9.0", "9.3", "10.0"] {
        let lab = lab(version);
        let key = lab.key("idle.one");
        lab.login(&key).unwrap();
        lab.sweep();
        assert!(lab.explain("idle.one").iter().any(|line| line.contains("login event")), "{version}");
        lab.pass(chrono::TimeDelta::days(91));
        lab.sweep();
        assert_eq!(lab.planned(), ["idle.one"], "{version}");
        lab.approve(false).unwrap();
        lab.rest();
        assert!(!lab.has_seat(&key), "{version}");
        lab.login(&key).unwrap();
        assert!(lab.has_seat(&key), "{version}");
    }
}

#[test]
fn from_9_3_on_seats_by_other_paths_are_seen_and_before_that_it_is_said_that_they_are_not() {
    for (version, seen) in [("8.5", false), ("9.0", false), ("9.3", true), ("10.0", true), ("10.2", true)] {
        let lab = lab(version);
        let key = lab.key("individual.grant");
        lab.join(&key, "confluence-users");
        lab.login(&key).unwrap();
        lab.everybody_was_here(0);
        lab.pass(chrono::TimeDelta::days(100));
        lab.sweep();
        let told = lab.run().report.unwrap();
        assert_eq!(told.limits.iter().any(|limit| limit.contains("other paths")), !seen, "{version}: {told:?}");
        assert_eq!(told.decisions.contains_key("hold/cannot-free"), seen, "{version}: {told:?}");
    }
}

#[test]
fn on_10_2_the_idle_are_planned_whatever_the_form_of_the_answers() {
    let forms: [&[(&str, &str)]; 7] = [
        &[],
        &[("last_login_format", "iso-offset")],
        &[("last_login_format", "epoch-ms")],
        &[("never_format", "null")],
        &[("next_link", "absolute"), ("page_cap", "10"), ("user_list_cap", "10")],
        &[("next_link", "missing"), ("page_cap", "10"), ("user_list_cap", "10")],
        &[("context_path", "/confluence"), ("list_active_moved", "true"), ("total_count", "true")],
    ];
    for knobs in forms {
        let lab = Lab::with(knobs);
        lab.add("idle.one", Some(100));
        lab.policy(POLICY);
        lab.sweep();
        assert_eq!(lab.planned(), ["idle.one"], "{knobs:?}");
    }
}

#[test]
fn early_last_logins_of_a_release_that_does_not_document_them_are_used() {
    let lab = Lab::with(&[("version", "10.0"), ("last_login_early", "true")]);
    lab.add("idle.one", Some(100));
    lab.policy(POLICY);
    lab.sweep();
    assert_eq!(lab.planned(), ["idle.one"]);
}
