//! A snapshot with a hole writes nothing: every page of every listing goes wrong in every way there is.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed expectation is a failed test")]

use chrono::TimeDelta;
use seatkeeper_engine::{state::Outcome, sweep::Status, trouble::CODES};
use seatkeeper_simulator::{Fault, FaultBody, FaultKind};
use seatkeeper_tests::{Lab, POLICY, Tap, verbs::BUDGET};

/// Every way in which a page goes wrong, with the documented code.
fn faults() -> [(FaultKind, &'static str); 8] {
    let status = |status| FaultKind::Status { status, body: FaultBody::Json, retry_after: None };
    [
        (status(500), "unreachable"),
        (FaultKind::DropBeforeEffect, "unreachable"),
        (FaultKind::Truncate, "malformed-answer"),
        (FaultKind::HtmlPage, "unauthorized or malformed-answer"),
        (status(403), "unauthorized or refused"),
        (status(401), "unauthorized"),
        (FaultKind::Anonymous, "unauthorized or refused"),
        (FaultKind::Status { status: 429, body: FaultBody::Json, retry_after: Some(120) }, "throttled"),
    ]
}

/// Small pages, so that every listing has several.
fn lab(anonymous_access: bool) -> Lab {
    let pages = [
        ("page_cap", "20"),
        ("user_list_cap", "20"),
        ("anonymous_access", if anonymous_access { "true" } else { "false" }),
    ];
    let lab = Lab::of(40, &pages);
    for number in 0..6 {
        lab.add(&format!("idle.{number}"), Some(100 + number));
    }
    // The rehearsal, so that nothing but the hole keeps the next sweep from writing.
    lab.policy(&POLICY.replace("approve", "dry-run"));
    lab.sweep();
    lab.policy(&POLICY.replace("approve", "enforce"));
    lab
}

fn listing_calls(lab: &Lab) -> usize {
    let (before, tap) = (lab.sim.writes(), Tap::default());
    lab.pass(TimeDelta::seconds(1));
    lab.tick_with(&tap, BUDGET, true).done();
    assert!(lab.sim.writes() > before, "the undisturbed sweep writes");
    let calls = tap.calls();
    let judged = calls.iter().position(|call| call.starts_with("set plan:")).unwrap();
    calls[..judged].iter().filter(|call| call.contains("/rest/")).count()
}

fn every_call_goes_wrong(anonymous_access: bool) {
    let calls = listing_calls(&lab(anonymous_access));
    assert!(calls > 15, "only {calls} reading calls");
    for (kind, code) in faults() {
        for nth in 1..=u32::try_from(calls).unwrap() {
            let lab = lab(anonymous_access);
            lab.pass(TimeDelta::seconds(1));
            let context = || format!("call {nth} of {calls} with {kind:?}, anonymous access {anonymous_access}");
            lab.sim.inject(Fault { method: None, nth, ..Fault::next("GET", "/rest/", kind.clone()) }.forever());
            let mut report = lab.tick_with(&Tap::default(), BUDGET, true).done();
            for _ in 0..12 {
                assert_eq!(lab.sim.writes(), 0, "{}", context());
                assert_eq!(report.status, Status::Failed, "{}: {report:?}", context());
                let error = report.error.unwrap();
                assert!(CODES.contains(&error.code.as_str()), "{}: {error}", context());
                assert!(code.split(" or ").any(|code| code == error.code), "{}: {error}", context());
                lab.pass(TimeDelta::minutes(10));
                report = lab.tick();
                if report.status == Status::Idle || report.status == Status::Waiting {
                    break;
                }
            }
            assert_eq!(lab.sim.writes(), 0, "{}", context());
            lab.sim.clear_faults();
            lab.pass(TimeDelta::hours(24));
            let healed = lab.rest();
            assert_eq!(healed.status, Status::Finished, "{}: {healed:?}", context());
            assert_eq!(lab.run().outcome, Outcome::Applied, "{}", context());
            assert_eq!(lab.run().tally.reclaimed, 6, "{}", context());
        }
    }
}

#[test]
fn no_failed_call_of_a_sweep_lets_it_write_and_the_next_sweep_completes() {
    every_call_goes_wrong(false);
}

#[test]
fn no_failed_call_of_a_sweep_lets_it_write_where_anonymous_visitors_may_read() {
    every_call_goes_wrong(true);
}

#[test]
fn a_single_failed_page_is_read_again_and_the_sweep_completes_in_the_same_tick() {
    let lab = lab(false);
    let kind = FaultKind::Status { status: 503, body: FaultBody::Html, retry_after: None };
    lab.sim.inject(Fault::next("GET", "/rest/api/group/", kind).nth(3));
    lab.pass(TimeDelta::seconds(1));
    assert_eq!(lab.sweep().status, Status::Finished);
    assert_eq!(lab.run().tally.reclaimed, 6);
}
