//! Totals for monitoring: counted once whatever crashes, and without a write where nothing happens.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use seatkeeper_engine::{
    state,
    sweep::Status,
    tallies::{Count, Tallies},
};
use seatkeeper_policy::UserKey;
use seatkeeper_tests::{Lab, Tap, When, insist, verbs::BUDGET};

/// Two people whose seats were planned and approved.
fn approved() -> (Lab, UserKey) {
    let lab = Lab::of(40, &[]);
    lab.policy(seatkeeper_tests::POLICY);
    let key = lab.add("mia", Some(120));
    lab.add("noah", Some(200));
    lab.sweep();
    lab.approve(false).unwrap();
    (lab, key)
}

fn apply(lab: &Lab, tap: &Tap) {
    while insist(lab, tap, |tap| lab.tick_with(tap, BUDGET, false)).status == Status::Working {}
}

fn of_sweeps(lab: &Lab) -> Tallies {
    lab.load(&state::checkpoint()).unwrap().tallies
}

#[test]
fn a_crash_at_any_call_of_applying_counts_every_account_once() {
    let calm = Tap::default();
    let (lab, _) = approved();
    apply(&lab, &calm);
    assert_eq!(of_sweeps(&lab).total(Count::Actions, &["remove-group", "done"]), 2);
    assert!(of_sweeps(&lab).success().is_some());
    let calls = calm.calls();
    for (number, call) in calls.iter().enumerate() {
        for when in [When::Before, When::After] {
            let (lab, _) = approved();
            apply(&lab, &Tap::dying_at(number, when));
            let done = of_sweeps(&lab).total(Count::Actions, &["remove-group", "done"]);
            assert_eq!(done, 2, "crash {when:?} call {number}, {call}");
        }
    }
}

#[test]
fn a_login_that_gives_a_seat_back_is_one_write_to_the_totals_and_any_other_is_none() {
    let (lab, key) = approved();
    lab.rest();
    let writes = |body: &str| {
        let tap = Tap::default();
        lab.hears_with(&tap, body).done().unwrap();
        tap.calls().iter().filter(|call| call.contains("set tallies:")).count()
    };
    let login = lab.login_event(&key);
    assert_eq!(writes(&login), 1);
    assert_eq!(writes(&login), 0, "nothing is left to give back");
    assert_eq!(writes(r#"{"event":"page_created"}"#), 0);
    let totals = lab.load(&state::tallies("restore")).unwrap();
    assert_eq!(totals.total(Count::Restores, &["restored"]), 1);
    assert_eq!(totals.success(), Some(lab.now()));
}
