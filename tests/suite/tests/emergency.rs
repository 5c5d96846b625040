//! The two orders of an administrator: stop everything, and free so many seats now.

use chrono::TimeDelta;
use seatkeeper_engine::{
    admin::Refusal,
    control,
    give_back::GivenBack,
    state::{Answer, Outcome},
    sweep::Status,
    testing::block_on,
};
use seatkeeper_policy::Emergency;
use seatkeeper_tests::{Lab, POLICY, Tap, verbs::BUDGET};

/// People who were away for 20 to 60 days: nobody is inactive by the usual rules.
fn lab(mode: &str) -> Lab {
    let lab = Lab::default();
    for days in [20, 30, 40, 50, 60] {
        lab.add(&format!("away.{days}"), Some(days));
    }
    lab.policy(&POLICY.replace("approve", mode));
    lab.sweep();
    assert_eq!(lab.run().outcome, Outcome::NothingToDo);
    lab
}

fn order(lab: &Lab, fewer: u32, idle_days: u32) -> Result<(), Refusal> {
    let emergency = Emergency { seats: lab.seats_used() - fewer, idle_days };
    block_on(control::emergency(&lab.store, emergency, "alice", lab.now())).map(|_| ())
}

#[test]
fn an_emergency_takes_exactly_the_seats_that_are_needed_and_the_longest_absent_first() {
    let lab = lab("approve");
    let before = lab.seats_used();
    order(&lab, 2, 25).unwrap();
    lab.sweep();
    assert_eq!(lab.planned(), ["away.60", "away.50"]);
    lab.approve(false).unwrap();
    lab.rest();
    assert_eq!((lab.seats_used(), lab.run().outcome), (before - 2, Outcome::Applied));
    lab.sweep();
    assert_eq!(lab.run().outcome, Outcome::NothingToDo, "the order was good for one plan");
}

#[test]
fn with_too_few_idle_people_an_emergency_takes_those_and_nobody_who_was_here_lately() {
    let lab = lab("approve");
    order(&lab, 30, 35).unwrap();
    lab.sweep();
    assert_eq!(lab.planned(), ["away.60", "away.50", "away.40"]);
}

#[test]
fn an_emergency_waits_for_a_person_even_where_the_same_plan_was_shown_before() {
    let lab = lab("enforce");
    for _ in 0..2 {
        lab.pass(TimeDelta::seconds(1));
        order(&lab, 2, 25).unwrap();
        lab.sweep();
        assert_eq!(lab.run().outcome, Outcome::AwaitingApproval);
        assert_eq!(lab.sim.writes(), 0);
        lab.answer(Answer::Rejected).unwrap();
        lab.rest();
    }
}

#[test]
fn every_protection_holds_in_an_emergency_too() {
    let lab = lab("approve");
    lab.add("svc-batch", Some(500));
    lab.add_to("boss", Some(500), &["confluence-users", "confluence-administrators"]);
    lab.newcomer("newcomer").groups(&["confluence-users"]).add();
    let exempt = "exempt = [{ pattern = \"svc-*\", why = \"batch\", owner = \"it\" }]\n";
    lab.policy(&format!("{POLICY}{exempt}"));
    order(&lab, 30, 14).unwrap();
    lab.sweep();
    assert_eq!(lab.planned(), ["away.60", "away.50", "away.40", "away.30", "away.20"]);
    assert_eq!((lab.verdict("svc-batch"), lab.verdict("boss")), ("keep/exempt", "keep/administrator"));
    assert_eq!(lab.verdict("newcomer"), "keep/young");
    let refused = order(&lab, 1, 13);
    assert!(matches!(refused, Err(Refusal::IdleDays { given: 13, least: 14 })), "{refused:?}");
}

#[test]
fn an_emergency_beyond_the_cap_is_in_quarantine_like_any_other_plan() {
    let lab = lab("approve");
    lab.policy(&POLICY.replace("accounts = 20", "accounts = 1"));
    order(&lab, 3, 25).unwrap();
    lab.sweep();
    assert_eq!(lab.run().outcome, Outcome::Quarantined { planned: 3, limit: 1 });
}

#[test]
fn the_stop_switch_holds_from_the_next_account_on_and_seats_are_still_given_back() {
    let lab = Lab::default();
    let keys: Vec<_> = (0..4).map(|n| lab.add(&format!("idle.{n}"), Some(200 - n))).collect();
    lab.policy(POLICY);
    lab.sweep();
    lab.approve(false).unwrap();
    while lab.applying().is_none_or(|apply| apply.next == 0) {
        lab.tick_with(&Tap::default(), TimeDelta::zero(), false).done();
    }
    block_on(control::stop(&lab.store, "wrong people", "alice", lab.now())).unwrap();
    let seats: Vec<_> = keys.iter().map(|key| lab.has_seat(key)).collect();
    assert_eq!(seats, [false, true, true, true]);
    let writes = lab.sim.writes();
    for _ in 0..5 {
        assert_eq!(lab.tick().status, Status::Waiting);
    }
    assert_eq!(lab.sim.writes(), writes);
    assert!(matches!(lab.login(&keys[0]).unwrap().outcome, GivenBack::Restored { .. }));
    block_on(control::release(&lab.store, "alice", lab.now())).unwrap();
    lab.rest();
    let seats: Vec<_> = keys.iter().map(|key| lab.has_seat(key)).collect();
    assert_eq!((seats, lab.run().tally.reclaimed), (vec![true, false, false, false], 4));
    let acts = lab.acts();
    assert!(acts.contains(&"admin stopped sweep".to_owned()) && acts.contains(&"admin released sweep".to_owned()));
}

#[test]
fn while_everything_is_stopped_sweeps_still_show_what_they_would_do() {
    let lab = Lab::default();
    lab.add("idle.one", Some(100));
    lab.policy(&POLICY.replace("approve", "enforce"));
    lab.sweep();
    block_on(control::stop(&lab.store, "migration", "alice", lab.now())).unwrap();
    lab.pass(TimeDelta::seconds(1));
    lab.tick_with(&Tap::default(), BUDGET, true).done();
    lab.rest();
    assert_eq!((lab.planned(), lab.sim.writes()), (vec!["idle.one".to_owned()], 0));
    block_on(control::release(&lab.store, "alice", lab.now())).unwrap();
    lab.rest();
    assert_eq!(lab.run().tally.reclaimed, 1);
}
