//! Bad surroundings: each ends in a documented code, writes nothing wrong, and loses nothing.
#![expect(clippy::panic, reason = "a failed expectation is a failed test")]

use chrono::TimeDelta;
use seatkeeper_engine::{admin::Refusal, state::Outcome, sweep::Status, testing::block_on, trouble::CODES};
use seatkeeper_simulator::{Fault, FaultBody, FaultKind};
use seatkeeper_tests::{Lab, POLICY, Tap, verbs::BUDGET};

fn lab() -> Lab {
    let lab = Lab::default();
    lab.add("idle.one", Some(100));
    lab.add("idle.two", Some(100));
    lab.policy(POLICY);
    lab
}

fn failed(lab: &Lab) -> (String, String) {
    match lab.run().outcome {
        Outcome::Failed { code, message } => (code, message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_group_that_does_not_exist_fails_the_run_and_is_named() {
    let lab = lab();
    lab.policy(&POLICY.replace("confluence-contractors", "confluence-typo"));
    let report = lab.sweep();
    assert_eq!(report.status, Status::Failed);
    let (code, message) = failed(&lab);
    assert_eq!(code, "not-found");
    assert!(message.contains("`confluence-typo`") && message.contains("correct it"), "{message}");
    lab.policy(POLICY);
    lab.pass(TimeDelta::hours(1));
    assert_eq!(lab.rest().outcome, Some(Outcome::AwaitingApproval));
}

#[test]
fn an_empty_scope_and_every_other_problem_are_refused_together() {
    let lab = lab();
    let text = "version = 1\nlicence-groups = []\ninactive.after-days = 0\n";
    let refused = block_on(seatkeeper_engine::admin::replace_policy(&lab.store, text, None, "eve", lab.now()));
    let Err(Refusal::Invalid(problems)) = refused else { panic!("{refused:?}") };
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["licence-groups", "inactive.after-days"]);
    assert_eq!(lab.sweep().outcome, Some(Outcome::AwaitingApproval), "the policy before is still in force");
}

#[test]
fn without_a_policy_nothing_is_done_and_it_is_said() {
    let lab = Lab::default();
    let report = lab.tick();
    assert_eq!((report.status, report.error.unwrap().code.as_str()), (Status::Failed, "no-policy"));
    assert_eq!(lab.sim.requests(), 0);
}

#[test]
fn a_token_that_turned_anonymous_stops_a_sweep_before_during_and_after_reading() {
    for (access, moment) in [("false", 0), ("false", 1), ("false", 2), ("true", 0), ("true", 1), ("true", 2)] {
        let lab = lab();
        lab.set("anonymous_access", access);
        let turn = || lab.sim.inject(Fault::next("GET", "/rest/", FaultKind::Anonymous).forever());
        match moment {
            0 => turn(),
            1 => {
                for _ in 0..3 {
                    lab.tick_with(&Tap::default(), TimeDelta::zero(), false).done();
                }
                turn();
            }
            _ => {
                lab.sweep();
                lab.approve(false).unwrap();
                turn();
            }
        }
        let before = lab.facts();
        let report = lab.rest();
        let code = report.error.unwrap().code;
        assert!(["unauthorized", "refused"].contains(&code.as_str()), "moment {moment}, access {access}: {code}");
        assert_eq!((lab.sim.writes(), lab.facts()), (0, before), "moment {moment}");
        lab.sim.clear_faults();
        lab.pass(TimeDelta::hours(1));
        lab.rest();
        if moment < 2 {
            lab.approve(false).unwrap();
            lab.rest();
        }
        assert_eq!(lab.run().tally.reclaimed, 2, "moment {moment}, access {access}");
    }
}

#[test]
fn a_listing_that_links_to_itself_for_ever_does_not_hold_a_sweep_up() {
    let lab = Lab::with(&[("endless_next", "true"), ("page_cap", "10"), ("user_list_cap", "10")]);
    lab.add("idle.one", Some(100));
    lab.policy(POLICY);
    let report = lab.sweep();
    assert_eq!(report.outcome, Some(Outcome::AwaitingApproval), "{report:?}");
    assert_eq!(lab.planned(), ["idle.one"]);
    assert!(lab.sim.requests() < 200, "{} requests", lab.sim.requests());
}

#[test]
fn case_87_a_read_only_site_loses_nobody_and_the_plan_goes_on_when_it_ends() {
    let lab = lab();
    lab.sweep();
    lab.approve(false).unwrap();
    let before = lab.facts();
    lab.set("access_mode", "READ_ONLY");
    for _ in 0..40 {
        let error = lab.tick().error.unwrap();
        assert_eq!(error.code, "read-only-site", "{error}");
        lab.pass(TimeDelta::minutes(1));
    }
    assert_eq!(lab.facts(), before);
    lab.set("access_mode", "READ_WRITE");
    lab.rest();
    assert_eq!((lab.run().tally.reclaimed, lab.run().tally.failed), (2, 0));
}

#[test]
fn every_fault_in_the_middle_of_an_apply_ends_in_a_documented_code_and_the_rest_is_done_later() {
    let status = |status, retry_after| FaultKind::Status { status, body: FaultBody::Json, retry_after };
    let faults = [
        (status(500, None), "unreachable"),
        (status(503, Some(300)), "throttled"),
        (status(429, Some(300)), "throttled"),
        (status(401, None), "unauthorized"),
        (FaultKind::DropBeforeEffect, "unreachable"),
        (FaultKind::DropAfterEffect, "unreachable"),
        (FaultKind::StatusAfterEffect { status: 502, body: FaultBody::Html }, "unreachable"),
    ];
    for (kind, code) in faults {
        let lab = lab();
        lab.sweep();
        lab.approve(false).unwrap();
        lab.sim.inject(Fault::next("DELETE", "/rest/", kind.clone()).forever());
        let report = lab.rest();
        assert_eq!(report.status, Status::Failed, "{kind:?}");
        let error = report.error.unwrap();
        assert!(CODES.contains(&error.code.as_str()));
        assert_eq!(error.code, code, "{kind:?}");
        lab.sim.clear_faults();
        lab.pass(TimeDelta::minutes(10));
        let report = lab.rest();
        assert_eq!(report.outcome, Some(Outcome::Applied), "{kind:?}");
        assert_eq!(lab.run().tally.reclaimed, 2, "{kind:?}");
        lab.acts();
    }
}

#[test]
fn a_single_lost_answer_in_an_apply_is_repaired_within_the_tick() {
    let lab = lab();
    lab.sweep();
    lab.approve(false).unwrap();
    lab.sim.inject(Fault::next("DELETE", "/rest/", FaultKind::DropAfterEffect));
    assert_eq!(lab.rest().outcome, Some(Outcome::Applied));
    assert_eq!((lab.run().tally.reclaimed, lab.run().tally.failed), (2, 0));
}

#[test]
fn a_confluence_that_stays_away_is_given_up_after_five_ticks_and_asked_again_in_an_hour() {
    let lab = lab();
    lab.tick_with(&Tap::default(), TimeDelta::zero(), false).done();
    let kind = FaultKind::Status { status: 500, body: FaultBody::Html, retry_after: None };
    lab.sim.inject(Fault::next("GET", "/rest/api/group", kind).forever());
    for _ in 0..5 {
        assert_eq!(lab.tick().error.unwrap().code, "unreachable");
        lab.pass(TimeDelta::minutes(1));
    }
    assert_eq!(failed(&lab).0, "unreachable");
    assert_eq!(lab.tick().status, Status::Idle);
    lab.sim.clear_faults();
    lab.pass(TimeDelta::hours(1));
    assert_eq!(lab.tick().outcome, Some(Outcome::AwaitingApproval));
}

#[test]
fn a_record_of_a_newer_seatkeeper_is_refused_and_not_overwritten() {
    let lab = lab();
    let newer = br#"{"v":2,"d":{"something":"else"}}"#;
    lab.store.put("checkpoint", newer);
    let report = lab.tick_with(&Tap::default(), BUDGET, true).done();
    assert_eq!(report.error.unwrap().code, "state-newer");
    assert_eq!(lab.store.entries()["checkpoint"], newer);
    lab.store.put("checkpoint", b"{");
    assert_eq!(lab.tick().error.unwrap().code, "state-damaged");
    assert_eq!(lab.sim.writes(), 0);
}

#[test]
fn a_replaced_policy_starts_the_reading_anew() {
    let lab = lab();
    for _ in 0..3 {
        lab.tick_with(&Tap::default(), TimeDelta::zero(), false).done();
    }
    lab.policy(&POLICY.replace("after-days = 90", "after-days = 200"));
    lab.pass(TimeDelta::seconds(1));
    let report = lab.rest();
    assert_eq!(report.outcome, Some(Outcome::NothingToDo), "{report:?}");
}
