//! All sources at once: a crash at any call of them changes nothing, and a source that fails makes the sweep wait.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use chrono::TimeDelta;
use seatkeeper_engine::{
    ports::ErrorClass,
    state::{Judged, Outcome},
    sweep::Status,
};
use seatkeeper_policy::UserKey;
use seatkeeper_simulator::world::{Action, Author};
use seatkeeper_tests::{Facts, Lab, POLICY, Tap, When, insist, verbs::BUDGET};

fn lab() -> (Lab, Vec<UserKey>) {
    let mut lab = Lab::of(30, &[("version", "9.0"), ("audit_cap", "20")]);
    lab.database = true;
    let heard = lab.add("heard.one", Some(120));
    let keys = vec![
        lab.add("idle.one", Some(120)),
        lab.newcomer("never.one").groups(&["confluence-users"]).created(90).add(),
        heard.clone(),
    ];
    let twin = lab.add("twin", Some(120));
    lab.shadow(&twin, 2, true);
    let id = lab.id(&heard);
    let at = (lab.now() - TimeDelta::days(2)).timestamp_millis();
    lab.world().audit.push(at, Author::Anonymous, Action::Login(id));
    lab.policy(&format!("{POLICY}evidence = {{ audit-log = true, contributions = true }}\n"));
    (lab, keys)
}

fn story(lab: &Lab, tap: &Tap) -> (Vec<Judged>, Facts, Outcome) {
    while insist(lab, tap, |tap| lab.tick_with(tap, BUDGET, false)).status == Status::Working {}
    assert_eq!(lab.planned(), ["idle.one", "never.one"]);
    lab.approve(false).unwrap();
    while insist(lab, tap, |tap| lab.tick_with(tap, BUDGET, false)).status == Status::Working {}
    let mut snapshot = lab.snapshot();
    for judged in &mut snapshot {
        // A crash costs two minutes, which is all that may differ.
        judged.account.first_seen = lab.now();
    }
    (snapshot, lab.facts(), lab.run().outcome)
}

#[test]
fn a_crash_at_any_call_of_a_sweep_with_every_source_comes_to_the_undisturbed_end() {
    let calm = Tap::default();
    let (undisturbed, _) = lab();
    let (snapshot, facts, outcome) = story(&undisturbed, &calm);
    assert_eq!(outcome, Outcome::Applied);
    let calls = calm.calls();
    for source in ["read database", "read database structure", "/rest/auditing/", "/rest/api/search"] {
        assert!(calls.iter().any(|call| call.contains(source)), "{source} was not asked");
    }
    let decisions = |snapshot: &[Judged]| -> Vec<(String, &'static str)> {
        snapshot.iter().map(|judged| (judged.account.username.to_string(), judged.decision.code())).collect()
    };
    for (number, call) in calls.iter().enumerate() {
        for when in [When::Before, When::After] {
            let ((lab, _), tap) = (lab(), Tap::dying_at(number, when));
            let found = story(&lab, &tap);
            assert!(tap.is_dead(), "no crash at {number} {call}");
            assert_eq!(decisions(&found.0), decisions(&snapshot), "{when:?} {number} {call}");
            assert_eq!((&found.1, &found.2), (&facts, &outcome), "{when:?} {number} {call}");
            lab.acts();
        }
    }
}

#[test]
fn a_database_that_fails_makes_the_sweep_wait_and_then_give_up_with_nothing_written() {
    for (class, code, ticks) in [(ErrorClass::Retryable, "unreachable", 5), (ErrorClass::Refused, "refused", 1)] {
        let (lab, keys) = lab();
        lab.database_fault.set(Some(class));
        let mut failed = 0;
        while failed < 10 {
            let report = lab.tick();
            assert_eq!(report.error.unwrap().code, code);
            failed += 1;
            if lab.runs().first().is_some_and(|run| matches!(run.outcome, Outcome::Failed { .. })) {
                break;
            }
        }
        assert_eq!((failed, lab.sim.writes(), lab.snapshot().len()), (ticks, 0, 0), "{class:?}");
        lab.database_fault.set(None);
        lab.pass(TimeDelta::hours(1));
        lab.rest();
        lab.approve(false).unwrap();
        lab.rest();
        assert!(!lab.has_seat(&keys[0]) && lab.has_seat(&keys[2]));
    }
}
