//! The last login of many people moves backwards at once: a restored database proves nothing about anybody.

use chrono::TimeDelta;
use seatkeeper_engine::{alert::Notice, state::Outcome};
use seatkeeper_tests::{Lab, Mail, POLICY};

/// Everybody was here yesterday, a sweep saw it, and now the site says that it was half a year ago.
fn restored_site(guard: &str) -> Lab {
    let lab = Lab::default();
    lab.policy(&format!("{POLICY}{guard}").replace("accounts = 20", "accounts = 1000"));
    lab.sweep();
    lab.pass(TimeDelta::days(1));
    lab.everybody_was_here(180);
    lab
}

#[test]
fn case_37_a_restored_database_blocks_the_plan_and_what_was_known_before_still_protects() {
    let lab = restored_site("");
    let mail = Mail::default();
    lab.add("idle.one", Some(100));
    lab.sweep();
    let Outcome::Blocked { findings } = lab.run().outcome else { panic!("{:?}", lab.run().outcome) };
    assert!(findings[0].contains("was a database restored"), "{findings:?}");
    assert_eq!(lab.planned(), ["idle.one"], "of everybody else we remember better");
    assert_eq!((lab.sim.writes(), lab.run().warned), (0, 0));
    lab.alert(&mail);
    lab.alert(&mail);
    assert!(matches!(mail.told.borrow().as_slice(), [Notice::Blocked { .. }]), "{:?}", mail.told.borrow());
}

#[test]
fn a_blocked_site_stays_blocked_until_a_person_says_that_the_step_back_is_explained() {
    let lab = restored_site("");
    lab.add("idle.one", Some(100));
    for _ in 0..3 {
        lab.sweep();
        assert!(matches!(lab.run().outcome, Outcome::Blocked { .. }));
    }
    let policy = POLICY.replace("accounts = 20", "accounts = 1000");
    lab.policy(&format!("{policy}guard.regressed-accounts = 1000\n"));
    lab.sweep();
    assert_eq!((lab.run().outcome, lab.planned()), (Outcome::AwaitingApproval, vec!["idle.one".to_owned()]));
    // Lowered again, as the finding says.
    lab.policy(&policy);
    lab.sweep();
    assert_eq!(lab.run().outcome, Outcome::AwaitingApproval, "the step back was explained once");
    lab.everybody_was_here(400);
    lab.sweep();
    assert!(matches!(lab.run().outcome, Outcome::Blocked { .. }), "and the next one is another one");
}

#[test]
fn nobody_loses_the_seat_by_a_step_back_before_the_window_after_the_last_real_sighting_is_over() {
    let lab = restored_site("guard = { regressed-accounts = 1000, regressed-percent = 100 }\n");
    lab.sweep();
    assert_eq!(lab.run().outcome, Outcome::NothingToDo);
    lab.pass(TimeDelta::days(87));
    lab.sweep();
    assert_eq!(lab.run().outcome, Outcome::NothingToDo);
    lab.pass(TimeDelta::days(3));
    lab.sweep();
    assert!(!lab.planned().is_empty());
}

#[test]
fn a_few_steps_back_are_everyday_life_and_block_nothing() {
    let lab = Lab::default();
    let keys: Vec<_> = (0..10).map(|n| lab.add(&format!("person.{n}"), Some(1))).collect();
    lab.add("idle.one", Some(100));
    lab.policy(POLICY);
    lab.sweep();
    for key in &keys {
        lab.was_here(key, 300);
    }
    lab.sweep();
    assert_eq!((lab.run().outcome, lab.planned()), (Outcome::AwaitingApproval, vec!["idle.one".to_owned()]));
}
