//! A crash before and after every single port call, of a whole sweep, of a restore and of an undo. Whoever comes next
//! goes on, and the end is the one that would have been without the crash.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use chrono::TimeDelta;
use seatkeeper_engine::{
    answer,
    state::{self, Answer, Outcome, Run},
    sweep::{Order, Status},
};
use seatkeeper_engine::{
    directories::NoDirectories,
    sources::{Elsewhere, NoDatabase},
};
use seatkeeper_policy::{
    SweepId, UserKey,
    journal::Taken,
    restore::{Restore, RestoreState},
};
use seatkeeper_tests::{
    Drive, Facts, Lab, POLICY, Runner, Tap, When, drive, insist,
    verbs::{BUDGET, signer},
};
use std::collections::BTreeMap;

/// Everything that must not depend on whether somebody crashed.
#[derive(Debug, PartialEq)]
struct End {
    facts: Facts,
    taken: BTreeMap<UserKey, Taken>,
    tally: state::Tally,
    outcome: String,
    restored: BTreeMap<UserKey, Option<RestoreState>>,
    seats: u32,
    idle: bool,
}

fn lab() -> (Lab, Vec<UserKey>) {
    let mut lab = Lab::of(40, &[]);
    lab.crowd = true;
    let people = vec![
        lab.add("mia", Some(120)),
        lab.add_to("noah", Some(200), &["confluence-users", "confluence-contractors", "team-001"]),
    ];
    lab.policy(&format!("{POLICY}measures = {{ disable = true, rename = true }}\n"));
    (lab, people)
}

fn end(lab: &Lab, people: &[UserKey]) -> End {
    // Proves that every audit chain is unbroken, whatever happened.
    lab.acts();
    let carried_out = lab.runs().into_iter().find(|run| run.outcome == Outcome::Applied);
    let run = carried_out.unwrap_or_else(|| lab.run());
    End {
        facts: lab.facts(),
        taken: people.iter().map(|key| (key.clone(), lab.taken(key))).collect(),
        tally: run.tally,
        outcome: format!("{:?}", run.outcome),
        restored: people.iter().map(|key| (key.clone(), lab.restored(key).map(|r: Restore| r.state))).collect(),
        seats: lab.seats_used(),
        idle: lab.work().is_none(),
    }
}

fn tick(lab: &Lab, tap: &Tap) -> Status {
    let status = insist(lab, tap, |tap| lab.tick_with(tap, BUDGET, false)).status;
    assert_ne!(status, Status::Failed);
    status
}

/// Gather, plan, approval, apply and verify, with one tap for all of it.
fn whole_sweep(lab: &Lab, tap: &Tap) {
    while tick(lab, tap) == Status::Working {}
    let plan = lab.newest_plan().unwrap();
    insist(lab, tap, |tap| {
        let runner = Runner::start(lab, tap);
        let yes = Answer::Approved { over_cap: false };
        drive(tap, async { answer::answer(&runner.store, &plan.id, &plan.hash, yes, &signer("bob"), lab.now()).await })
    })
    .unwrap();
    while tick(lab, tap) == Status::Working {}
}

/// Runs `story` undisturbed, then once for every call and side of it, and compares the ends.
fn at_every_call(prepare: impl Fn(&Lab), story: impl Fn(&Lab, &Tap)) -> usize {
    let run = |tap: &Tap| {
        let (lab, people) = lab();
        prepare(&lab);
        story(&lab, tap);
        end(&lab, &people)
    };
    let calm = Tap::default();
    let expected = run(&calm);
    assert!(expected.idle);
    let calls = calm.calls();
    for (number, call) in calls.iter().enumerate() {
        for when in [When::Before, When::After] {
            let tap = Tap::dying_at(number, when);
            let found = run(&tap);
            assert!(tap.is_dead(), "no crash at {number} {call}");
            assert_eq!(found, expected, "crash {when:?} call {number}, {call}");
        }
    }
    calls.len()
}

fn newest(lab: &Lab) -> SweepId {
    let Run { id, .. } = lab.run();
    id
}

#[test]
fn a_crash_at_any_call_of_a_whole_sweep_comes_to_the_undisturbed_end() {
    let calls = at_every_call(|_| {}, whole_sweep);
    assert!(calls > 100, "only {calls} calls");
}

#[test]
fn a_crash_at_any_call_of_a_restore_comes_to_the_undisturbed_end() {
    let calls = at_every_call(
        |lab| whole_sweep(lab, &Tap::default()),
        |lab, tap| {
            let key = lab.key("noah_inactive_20261122");
            let event = lab.login_event(&key);
            insist(lab, tap, |tap| lab.hears_with(tap, &event)).unwrap();
            assert_eq!(lab.restored(&key).unwrap().state, RestoreState::Done);
        },
    );
    assert!(calls > 25, "only {calls} calls");
}

#[test]
fn a_crash_at_any_call_of_an_undo_comes_to_the_undisturbed_end() {
    let calls = at_every_call(
        |lab| whole_sweep(lab, &Tap::default()),
        |lab, tap| {
            let run = newest(lab);
            let report = insist(lab, tap, |tap| lab.undo_with(tap, &run)).unwrap();
            assert_eq!((report.next, report.waiting.len(), report.failed.len()), (None, 0, 0), "{report:?}");
        },
    );
    assert!(calls > 50, "only {calls} calls");
}

#[test]
fn what_a_sweep_took_is_given_back_exactly_after_a_crash_at_any_call_of_the_sweep() {
    let (calm, people) = lab();
    let at_first = calm.facts();
    let counter = Tap::default();
    whole_sweep(&calm, &counter);
    for number in 0..counter.calls().len() {
        let (lab, _) = lab();
        whole_sweep(&lab, &Tap::dying_at(number, When::After));
        for key in &people {
            lab.hears(&lab.login_event(key)).unwrap();
        }
        assert_eq!(lab.facts(), at_first, "crash after call {number}");
    }
}

#[test]
fn somebody_who_logs_in_between_a_crash_and_the_resume_has_everything_at_the_end() {
    let (calm, _) = lab();
    let counter = Tap::default();
    whole_sweep(&calm, &counter);
    for number in 0..counter.calls().len() {
        let (lab, people) = lab();
        let at_first = lab.facts();
        let tap = Tap::dying_at(number, When::After);
        let died = |report| report == Drive::Died;
        if !died(lab.tick_with(&tap, BUDGET, false)) {
            lab.approve(false).unwrap();
            if !died(lab.tick_with(&tap, BUDGET, false)) {
                continue;
            }
        }
        lab.pass(TimeDelta::minutes(2));
        for key in &people {
            lab.hears(&lab.login_event(key)).unwrap();
        }
        while tick(&lab, &Tap::default()) == Status::Working {}
        if matches!(lab.work(), Some(state::Work::Await(_))) {
            lab.approve(false).unwrap();
            while tick(&lab, &Tap::default()) == Status::Working {}
        }
        // The seat may have been taken in the same moment, but then the next login brings it back.
        lab.pass(TimeDelta::minutes(10));
        for key in &people {
            lab.hears(&lab.login_event(key)).unwrap();
        }
        assert_eq!(lab.facts(), at_first, "crash after call {number}, {}", tap.calls()[number]);
        lab.acts();
    }
}

#[test]
fn two_crashes_in_a_row_are_survived_as_one() {
    let (calm, people) = lab();
    let counter = Tap::default();
    whole_sweep(&calm, &counter);
    let expected = end(&calm, &people);
    let calls = counter.calls().len();
    for first in (0..calls).step_by(7) {
        let (lab, people) = lab();
        let again = Tap::dying_at(first % 23 + 3, When::Before);
        let once = Tap::dying_at(first, When::After);
        let mut died = false;
        for tap in [&once, &again] {
            for _ in 0..3 {
                if lab.tick_with(tap, BUDGET, false) == Drive::Died {
                    died = true;
                    lab.pass(TimeDelta::minutes(2));
                    break;
                }
                if matches!(lab.work(), Some(state::Work::Await(_))) {
                    lab.approve(false).unwrap();
                }
            }
        }
        while tick(&lab, &Tap::default()) == Status::Working {}
        if matches!(lab.work(), Some(state::Work::Await(_))) {
            lab.approve(false).unwrap();
            while tick(&lab, &Tap::default()) == Status::Working {}
        }
        assert!(died, "no crash at {first}");
        assert_eq!(end(&lab, &people), expected, "crashes at {first} and {}", first % 23 + 3);
    }
}

fn order<'a>(runner: &'a Runner<'_>) -> Order<'a> {
    Order { runner: &runner.name, budget: BUDGET, open_now: false }
}

#[test]
fn two_runners_at_once_come_to_the_same_end_and_do_nothing_twice() {
    let (calm, people) = lab();
    whole_sweep(&calm, &Tap::default());
    let (expected, writes) = (end(&calm, &people), calm.world().changes);
    for (seed, blind) in (0..300).flat_map(|seed| [(seed, "lease"), (seed, "no lock")]) {
        let (lab, people) = lab();
        let tap = Tap::taking_turns(seed);
        for approve in [true, false] {
            // Blind to the lease, both are sure to work at the same time.
            let start = || Runner::start(&lab, &tap).blind_to(blind);
            let (a, b) = (start(), start());
            let both = futures::future::join(
                seatkeeper_engine::sweep::tick(
                    a.ports(),
                    &Elsewhere { database: &NoDatabase, directories: &NoDirectories },
                    order(&a),
                ),
                seatkeeper_engine::sweep::tick(
                    b.ports(),
                    &Elsewhere { database: &NoDatabase, directories: &NoDirectories },
                    order(&b),
                ),
            );
            drive(&tap, both).done();
            lab.rest();
            if approve {
                lab.approve(false).unwrap();
            }
        }
        let found = end(&lab, &people);
        let other: Vec<_> = found.facts.iter().filter(|(key, fact)| expected.facts.get(*key) != Some(fact)).collect();
        assert!(other.is_empty(), "seed {seed}, blind to {blind}: {other:?}");
        assert_eq!(found.taken, expected.taken, "seed {seed}, blind to {blind}");
        assert_eq!((found.seats, found.idle), (expected.seats, expected.idle), "seed {seed}, blind to {blind}");
        assert_eq!(lab.world().changes, writes, "seed {seed}, blind to {blind}: every effect once");
        let acts = lab.acts();
        let reclaimed = acts.iter().filter(|act| act.starts_with("sweep reclaimed")).count();
        assert_eq!(reclaimed, 2, "seed {seed}, blind to {blind}: {acts:?}");
    }
}
