//! What may happen to a finished plan: caps, quarantine, answers, expiry, rehearsal, and the switch that stops it all.

use chrono::TimeDelta;
use seatkeeper_engine::{
    admin::Refusal,
    answer, control,
    state::{self, Answer, Outcome},
    sweep::Status,
    testing::block_on,
};
use seatkeeper_policy::SweepId;
use seatkeeper_simulator::world::Change;
use seatkeeper_tests::{Lab, POLICY, Tap, verbs::signer};

fn lab(idle: usize, mode: &str, cap: usize) -> Lab {
    let lab = Lab::default();
    for number in 0..idle {
        lab.add(&format!("idle.{number}"), Some(100));
    }
    lab.policy(&text(mode, cap));
    lab
}

fn text(mode: &str, cap: usize) -> String {
    POLICY.replace("approve", mode).replace("accounts = 20", &format!("accounts = {cap}"))
}

#[test]
fn a_plan_over_the_cap_writes_nothing_until_a_person_accepts_exactly_that() {
    let lab = lab(4, "enforce", 3);
    lab.sweep();
    let report = lab.sweep();
    assert_eq!(report.outcome, Some(Outcome::Quarantined { planned: 4, limit: 3 }));
    assert!(matches!(lab.approve(false), Err(Refusal::OverCap { planned: 4, limit: 3 })));
    assert_eq!((lab.rest().status, lab.sim.writes()), (Status::Waiting, 0));
    lab.approve(true).unwrap();
    assert_eq!(lab.rest().outcome, Some(Outcome::Applied));
    assert_eq!(lab.sim.writes(), 4);
}

#[test]
fn a_plan_at_the_cap_is_carried_out_and_one_more_account_is_not() {
    for (idle, writes) in [(3, 3), (4, 0)] {
        let lab = lab(idle, "enforce", 3);
        lab.sweep();
        lab.sweep();
        assert_eq!(lab.sim.writes(), writes, "{idle} idle");
    }
}

#[test]
fn an_account_that_a_person_struck_off_keeps_its_seat_and_the_run_says_why() {
    let lab = lab(3, "approve", 20);
    lab.sweep();
    let plan = lab.newest_plan().unwrap();
    let spared = lab.load(&state::plan_page(&plan.id, 0)).unwrap()[1].key.clone();
    block_on(answer::strike(&lab.store, &plan.id, &spared, &signer("bob"), lab.now())).unwrap();
    assert!(matches!(lab.approve(false), Err(Refusal::OtherHash { .. })), "the plan is another one now");
    let waiting = block_on(answer::Waiting::load(&lab.store, &plan.id)).unwrap().unwrap();
    let yes = Answer::Approved { over_cap: false };
    block_on(answer::answer(&lab.store, &plan.id, &waiting.hash(), yes, &signer("bob"), lab.now())).unwrap();
    assert_eq!(lab.rest().outcome, Some(Outcome::Applied));
    assert_eq!(lab.sim.writes(), 2);
    let run = &lab.runs()[0];
    assert_eq!((run.tally.reclaimed, run.tally.skipped), (2, 1));
    assert!(lab.load(&state::reclaim(&spared)).is_none(), "nothing was even intended");
}

#[test]
fn striking_enough_accounts_off_brings_a_plan_below_the_cap() {
    let lab = lab(4, "enforce", 3);
    lab.sweep();
    lab.sweep();
    let plan = lab.newest_plan().unwrap();
    let spared = lab.load(&state::plan_page(&plan.id, 0)).unwrap()[0].key.clone();
    let waiting = block_on(answer::strike(&lab.store, &plan.id, &spared, &signer("bob"), lab.now())).unwrap();
    let yes = Answer::Approved { over_cap: false };
    block_on(answer::answer(&lab.store, &plan.id, &waiting.hash(), yes, &signer("bob"), lab.now())).unwrap();
    lab.rest();
    assert_eq!(lab.sim.writes(), 3);
}

#[test]
fn half_of_an_approval_above_the_cap_writes_nothing() {
    let lab = lab(4, "enforce", 3);
    lab.sweep();
    lab.sweep();
    let plan = lab.newest_plan().unwrap();
    let yes = Answer::Approved { over_cap: true };
    let by = |name| block_on(answer::answer(&lab.store, &plan.id, &plan.hash, yes, &signer(name), lab.now()));
    assert!(matches!(by("bob"), Ok(answer::Answered::NeedsSecond(_))));
    assert!(matches!(by("bob"), Err(Refusal::SamePerson { .. })));
    assert_eq!((lab.rest().status, lab.sim.writes()), (Status::Waiting, 0));
    by("carla").unwrap();
    lab.rest();
    assert_eq!(lab.sim.writes(), 4);
}

#[test]
fn a_sweep_that_somebody_ordered_opens_with_the_next_tick_and_only_once() {
    let lab = lab(1, "dry-run", 20);
    lab.sweep();
    assert_eq!(lab.tick().status, Status::Idle);
    lab.pass(TimeDelta::seconds(5));
    block_on(control::sweep_now(&lab.store, "bob", lab.now())).unwrap();
    lab.pass(TimeDelta::seconds(5));
    lab.rest();
    lab.rest();
    assert_eq!(lab.runs().len(), 2);
}

#[test]
fn a_rejected_plan_is_closed_and_never_carried_out() {
    let lab = lab(2, "approve", 20);
    lab.sweep();
    lab.answer(Answer::Rejected).unwrap();
    let report = lab.rest();
    assert_eq!((report.status, report.outcome), (Status::Finished, Some(Outcome::Rejected { by: "bob".into() })));
    assert!(matches!(lab.approve(false), Err(Refusal::Closed(_))));
    lab.rest();
    assert_eq!(lab.sim.writes(), 0);
}

#[test]
fn a_plan_can_be_approved_until_it_expires_to_the_second() {
    for (hours, second, writes) in [(72, -2, 2), (72, 0, 0), (72, 1, 0)] {
        let lab = lab(2, "approve", 20);
        lab.sweep();
        lab.pass(TimeDelta::hours(hours) + TimeDelta::seconds(second));
        let approved = lab.approve(false);
        assert_eq!(approved.is_ok(), writes > 0, "{second} s: {approved:?}");
        // A new sweep is due by then; only the answer to this plan matters here.
        let report = lab.tick();
        assert_eq!(lab.sim.writes(), writes, "{second} s: {report:?}");
    }
}

#[test]
fn an_approval_that_nobody_carried_out_in_time_lapses() {
    let lab = lab(2, "approve", 20);
    lab.sweep();
    lab.approve(false).unwrap();
    lab.pass(TimeDelta::hours(73));
    lab.tick();
    assert_eq!(lab.sim.writes(), 0);
    assert!(lab.runs().iter().any(|run| matches!(&run.outcome, Outcome::Lapsed { why } if why.contains("in time"))));
}

#[test]
fn changed_rules_make_a_plan_lapse_even_after_its_approval() {
    let lab = lab(2, "approve", 20);
    lab.sweep();
    lab.approve(false).unwrap();
    lab.policy(&text("approve", 20).replace("after-days = 90", "after-days = 95"));
    lab.tick();
    assert!(matches!(lab.runs()[0].outcome, Outcome::Lapsed { .. }), "{:?}", lab.runs());
    assert_eq!(lab.sim.writes(), 0);
}

#[test]
fn a_plan_of_other_rules_cannot_be_approved() {
    let lab = lab(2, "approve", 20);
    lab.sweep();
    lab.policy(&text("approve", 20).replace("after-days = 90", "after-days = 95"));
    assert!(matches!(lab.approve(false), Err(Refusal::Closed(why)) if why.contains("rules")));
}

#[test]
fn a_wrong_hash_an_unknown_plan_and_a_dry_run_are_refused() {
    let lab = lab(2, "approve", 20);
    lab.sweep();
    let plan = lab.newest_plan().unwrap();
    let yes = Answer::Approved { over_cap: false };
    let answer =
        |id: &SweepId, hash: &str| block_on(answer::answer(&lab.store, id, hash, yes, &signer("bob"), lab.now()));
    assert!(matches!(answer(&plan.id, "abc"), Err(Refusal::OtherHash { .. })));
    assert!(matches!(answer(&SweepId::parse("20200101-000000").unwrap(), &plan.hash), Err(Refusal::Unknown { .. })));
    lab.policy(&text("dry-run", 20));
    assert!(matches!(answer(&plan.id, &plan.hash), Err(Refusal::DryRun)));
    lab.rest();
    assert_eq!(lab.sim.writes(), 0);
}

#[test]
fn a_dry_run_publishes_its_plan_and_writes_nothing_however_often() {
    let lab = lab(2, "dry-run", 20);
    for _ in 0..3 {
        let report = lab.sweep();
        assert_eq!((report.status, report.outcome), (Status::Finished, Some(Outcome::DryRunPublished)));
        assert_eq!(lab.planned().len(), 2);
    }
    assert_eq!(lab.sim.writes(), 0);
}

#[test]
fn the_first_plan_of_new_rules_waits_even_under_enforce_and_the_second_is_applied() {
    let lab = lab(2, "enforce", 20);
    assert_eq!(lab.sweep().outcome, Some(Outcome::AwaitingApproval));
    assert_eq!(lab.sim.writes(), 0);
    assert_eq!(lab.sweep().outcome, Some(Outcome::Applied));
    assert_eq!(lab.sim.writes(), 2);
    lab.add("idle.later", Some(100));
    lab.policy(&text("enforce", 19));
    assert_eq!(lab.sweep().outcome, Some(Outcome::AwaitingApproval), "other rules start anew");
}

#[test]
fn a_dry_run_is_a_rehearsal_for_enforce() {
    let lab = lab(2, "dry-run", 20);
    lab.sweep();
    lab.policy(&text("enforce", 20));
    assert_eq!(lab.sweep().outcome, Some(Outcome::Applied));
}

#[test]
fn a_newer_sweep_makes_the_waiting_plan_lapse() {
    let lab = lab(2, "approve", 20);
    lab.sweep();
    let old = lab.newest_plan().unwrap();
    lab.sweep();
    let yes = Answer::Approved { over_cap: false };
    let late = block_on(answer::answer(&lab.store, &old.id, &old.hash, yes, &signer("bob"), lab.now()));
    assert!(matches!(late, Err(Refusal::Closed(_))), "{late:?}");
    assert!(matches!(&lab.runs()[1].outcome, Outcome::Lapsed { why } if why.contains("newer")));
}

#[test]
fn the_switch_to_dry_run_stops_a_run_before_its_next_account() {
    let lab = lab(5, "approve", 20);
    lab.sweep();
    lab.approve(false).unwrap();
    while lab.sim.writes() < 2 {
        lab.tick_with(&Tap::default(), TimeDelta::zero(), false).done();
    }
    lab.policy(&text("dry-run", 20));
    lab.rest();
    assert_eq!(lab.sim.writes(), 2);
    let run = lab.run();
    assert_eq!((run.outcome, run.tally.reclaimed), (Outcome::Stopped, 2));
}

#[test]
fn an_account_that_changed_since_the_plan_is_left_alone() {
    let lab = lab(0, "approve", 20);
    let names = ["admin.now", "renamed", "disabled", "left", "logged.in", "untouched"];
    let keys: Vec<_> = names.iter().map(|name| lab.add(name, Some(100))).collect();
    lab.sweep();
    assert_eq!(lab.planned().len(), 6);
    lab.join(&keys[0], "confluence-administrators");
    lab.change(&keys[1], Change::Rename("renamed.now".into()));
    lab.change(&keys[2], Change::Active(false));
    lab.leave(&keys[3], "confluence-users");
    lab.login(&keys[4]).unwrap();
    let before = lab.facts();
    lab.approve(false).unwrap();
    lab.rest();
    let run = lab.run();
    assert_eq!((run.tally.reclaimed, run.tally.skipped, run.tally.failed), (1, 5, 0));
    let changed: Vec<_> =
        lab.facts().into_iter().filter(|(key, facts)| before[key] != *facts).map(|(k, _)| k).collect();
    assert_eq!(changed, [keys[5].to_string()]);
}

#[test]
fn nobody_protected_is_in_any_plan_however_long_idle() {
    let lab = lab(1, "dry-run", 20);
    lab.everybody_was_here(500);
    lab.add_to("an.admin", Some(500), &["confluence-users", "confluence-administrators"]);
    lab.add_to("on.leave", Some(500), &["confluence-users", "team-001"]);
    lab.add("svc-build", Some(500));
    let exempt = r#"
[[exempt]]
group = "team-001"
why = "leave"
owner = "hr"
[[exempt]]
pattern = "svc-*"
why = "integration"
owner = "it"
"#;
    lab.policy(&format!("{}{exempt}", text("dry-run", 1_000)));
    lab.sweep();
    let planned = lab.planned();
    assert!(planned.len() > 10, "{planned:?}");
    for name in ["sk-bot", "admin", "an.admin", "on.leave", "svc-build", "individual.grant"] {
        assert!(!planned.iter().any(|p| p == name), "{name}");
    }
    assert!(lab.explain("svc-build").iter().any(|line| line.contains("exempt by pattern svc-*: integration (it")));
    assert!(lab.explain("idle.0").len() <= 5);
    assert!(lab.explain("nobody.at.all").is_empty());
}

#[test]
fn a_policy_replaced_while_owned_spaces_are_looked_up_still_stops_a_plan_that_would_go_on_by_itself() {
    for (new, expected) in [
        (POLICY.replace("after-days = 90", "after-days = 91").replace("\"approve\"", "\"enforce\""), "lapsed"),
        (POLICY.to_owned(), "awaiting-approval"),
        (POLICY.replace("\"approve\"", "\"dry-run\""), "dry-run-published"),
    ] {
        let lab = Lab::default();
        lab.add("idle.one", Some(100));
        lab.policy(&POLICY.replace("\"approve\"", "\"enforce\""));
        lab.sweep();
        lab.pass(TimeDelta::hours(25));
        while !matches!(lab.work(), Some(state::Work::Survey(_))) {
            lab.tick_with(&Tap::default(), TimeDelta::zero(), true).done();
        }
        lab.policy(&new);
        lab.tick_with(&Tap::default(), TimeDelta::zero(), false).done();
        lab.tick_with(&Tap::default(), TimeDelta::zero(), false).done();
        assert_eq!(lab.sim.writes(), 0, "{expected}");
        let runs = lab.run();
        let outcome = serde_json::to_value(&runs.outcome).unwrap();
        assert_eq!(outcome["is"], expected, "{runs:?}");
    }
}
