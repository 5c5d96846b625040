//! Edge cases of taking seats and giving them back, each through the whole flow against a whole site.

use chrono::TimeDelta;
use seatkeeper_engine::give_back::GivenBack;
use seatkeeper_policy::journal::StepState;
use seatkeeper_simulator::{
    Fault, FaultBody, FaultKind,
    world::{Change, Login},
};
use seatkeeper_tests::{Drive, Lab, POLICY, Tap, When, verbs::BUDGET};

fn idle(more: &str) -> (Lab, seatkeeper_policy::UserKey) {
    let lab = Lab::default();
    let key = lab.add_to("mia", Some(100), &["confluence-users", "team-001"]);
    lab.policy(&format!("{POLICY}{more}"));
    (lab, key)
}

#[test]
fn case_50_what_somebody_else_took_already_is_a_success_without_a_call() {
    let (lab, key) = idle("");
    lab.sweep();
    lab.leave(&key, "confluence-users");
    lab.approve(false).unwrap();
    lab.rest();
    assert_eq!((lab.run().tally.skipped, lab.run().tally.failed, lab.sim.writes()), (1, 0, 0));
    lab.login(&key).unwrap();
    assert_eq!(lab.groups(&key), ["team-001"], "and it is not ours to give back");
}

#[test]
fn case_51_somebody_who_was_deactivated_for_good_reason_is_never_activated_by_a_login() {
    let (lab, key) = idle("measures.disable = true\n");
    lab.change(&key, Change::Active(false));
    lab.sweep();
    assert!(lab.planned().is_empty());
    let handled = lab.hears(&lab.login_event(&key)).unwrap();
    assert!(matches!(handled.outcome, GivenBack::Nothing { .. }), "{handled:?}");
    assert!(!lab.facts()[key.as_str()].1);
}

#[test]
fn case_52_exactly_what_was_taken_comes_back_and_no_default_set() {
    let (lab, key) = idle("");
    lab.sweep_and_apply();
    assert_eq!(lab.groups(&key), ["team-001"]);
    lab.join(&key, "engineering");
    lab.login(&key).unwrap();
    assert_eq!(lab.groups(&key), ["confluence-users", "engineering", "team-001"]);
}

#[test]
fn case_53_without_a_free_seat_a_restore_waits_and_comes_with_the_next_login() {
    let (lab, key) = idle("");
    lab.sweep_and_apply();
    lab.free_seats(1);
    let handled = lab.login(&key).unwrap();
    assert!(matches!(handled.outcome, GivenBack::Waiting { .. }), "{handled:?}");
    assert!(!lab.has_seat(&key));
    lab.free_seats(2);
    lab.login(&key).unwrap();
    assert!(lab.has_seat(&key));
}

#[test]
fn case_54_of_two_people_who_come_back_for_the_last_seat_one_gets_it() {
    let lab = Lab::default();
    let keys: Vec<_> = ["first", "second"].iter().map(|name| lab.add(name, Some(100))).collect();
    lab.policy(POLICY);
    lab.sweep_and_apply();
    lab.free_seats(2);
    for key in &keys {
        lab.login(key).unwrap();
    }
    assert_eq!(keys.iter().map(|key| lab.has_seat(key)).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn case_55_the_login_that_finds_no_access_is_the_one_that_opens_the_door_for_the_next() {
    let (lab, key) = idle("");
    lab.sweep_and_apply();
    let id = lab.id(&key);
    assert_eq!(lab.world().login(id), Login::NoAccess);
    lab.hears(&lab.login_event(&key)).unwrap();
    assert_eq!(lab.world().login(id), Login::Access);
}

#[test]
fn case_56_nobody_goes_round_in_circles_between_restore_and_reclaim() {
    let (lab, key) = idle("");
    lab.sweep_and_apply();
    // The event brings the seat back; the site's own last login stays old, as with single sign-on.
    lab.hears(&lab.login_event(&key)).unwrap();
    for _ in 0..29 {
        lab.pass(TimeDelta::days(1));
        lab.sweep();
        assert!(lab.planned().is_empty());
    }
    assert!(lab.has_seat(&key));
}

#[test]
fn case_62_after_a_failure_in_the_middle_only_what_happened_is_undone() {
    let (lab, key) = idle("measures.disable = true\n");
    let refused = FaultKind::Status { status: 403, body: FaultBody::Json, retry_after: None };
    lab.sim.inject(Fault::next("PUT", "/rest/api/admin/user/", refused).forever());
    lab.sweep_and_apply();
    let steps: Vec<_> = lab.reclaim(&key).unwrap().steps.into_iter().map(|step| step.state).collect();
    assert!(matches!(steps.as_slice(), [StepState::Done, StepState::Failed { .. }]), "{steps:?}");
    lab.sim.clear_faults();
    let before = lab.sim.writes();
    lab.login(&key).unwrap();
    assert_eq!((lab.groups(&key).len(), lab.sim.writes() - before), (2, 1), "one group back, no activation");
}

#[test]
fn case_63_a_change_by_somebody_else_in_the_same_moment_is_respected() {
    let (lab, key) = idle("");
    lab.sweep();
    lab.approve(false).unwrap();
    let (sim, id) = (lab.sim.clone(), lab.id(&key));
    let other = lab.world().find_group("confluence-contractors").unwrap();
    // Another administrator gives a second licence group just when the account is looked up for the last time.
    let tap = Tap::watched(move |call| {
        if call == "GET /rest/api/user" {
            sim.world().apply(None, id, Change::Join(other));
        }
    });
    lab.tick_with(&tap, BUDGET, false).done();
    lab.rest();
    assert_eq!((lab.run().tally.skipped, lab.sim.writes()), (1, 0), "{:?}", tap.calls());
    assert!(lab.has_seat(&key));
}

#[test]
fn case_63_a_name_that_changed_hands_after_a_crash_costs_nobody_else_the_seat() {
    let (lab, key) = idle("");
    lab.sweep();
    lab.approve(false).unwrap();
    let calm = Tap::default();
    let taken = {
        let (other, _) = idle("");
        other.sweep();
        other.approve(false).unwrap();
        other.tick_with(&calm, BUDGET, false).done();
        calm.calls().iter().position(|call| call.starts_with("DELETE /rest/")).unwrap()
    };
    assert_eq!(lab.tick_with(&Tap::dying_at(taken, When::Before), BUDGET, false), Drive::Died);
    lab.change(&key, Change::Rename("mia.married".into()));
    let namesake = lab.add("mia", Some(1));
    lab.pass(TimeDelta::minutes(2));
    lab.rest();
    assert!(lab.has_seat(&namesake), "taken from somebody who only has the name");
    assert!(!lab.has_seat(&key));
}
