//! A crash before and after every single call of a job and of its undo: resuming comes to the undisturbed end.

use crate::{Ask, details, lab, newest, order_with, renames, resume_with, states, undo_with};
use chrono::TimeDelta;
use seatkeeper_engine::{
    attributes::{JobReport, JobStatus, Line},
    state::Wish,
};
use seatkeeper_policy::UserKey;
use seatkeeper_tests::{Facts, Lab, Tap, When, insist};

const PEOPLE: [&str; 3] = ["mia", "noah", "ole"];

/// A swap, and one row with everything.
fn lines() -> Vec<Line> {
    let mut lines = renames(&[("mia", "noah"), ("noah", "mia")]);
    let wish = Wish {
        new_username: "olaf".into(),
        email: "olaf@new.example".into(),
        full_name: "Olaf".into(),
        add_groups: vec!["confluence-contractors".into(), "team-001".into()],
        remove_groups: vec!["confluence-users".into()],
    };
    lines.push(Line { line: 4, username: "ole".into(), wish });
    lines
}

#[derive(Debug, PartialEq)]
struct End {
    facts: Facts,
    details: Vec<(String, String)>,
    states: Vec<(u32, &'static str)>,
    seats: u32,
    acts: Vec<String>,
}

fn end(lab: &Lab, people: &[UserKey]) -> End {
    let mut acts = lab.acts();
    acts.retain(|act| act.contains("attributes-changed") || act.contains("attributes-undone"));
    End {
        facts: lab.facts(),
        details: people.iter().map(|key| details(lab, key)).collect(),
        states: states(lab, &newest(lab).id),
        seats: lab.seats_used(),
        acts,
    }
}

fn jobs(lab: &Lab) -> bool {
    !seatkeeper_engine::testing::block_on(seatkeeper_engine::attributes::list(&lab.store, 1)).unwrap().is_empty()
}

/// Orders, and resumes whatever a crash left behind, as a person would.
fn through(lab: &Lab, tap: &Tap) -> JobReport {
    insist(lab, tap, |tap| {
        if jobs(lab) { resume_with(lab, tap, TimeDelta::minutes(10)) } else { order_with(lab, tap, &Ask::of(lines())) }
    })
    .unwrap()
}

fn at_every_call(prepare: impl Fn(&Lab), story: impl Fn(&Lab, &Tap) -> JobReport) -> usize {
    let run = |tap: &Tap| {
        let lab = lab(&[]);
        let people: Vec<_> = PEOPLE.iter().map(|name| lab.key(name)).collect();
        prepare(&lab);
        story(&lab, tap);
        end(&lab, &people)
    };
    let calm = Tap::default();
    let expected = run(&calm);
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

#[test]
fn a_crash_at_any_call_of_a_job_comes_to_the_undisturbed_end() {
    let calls = at_every_call(
        |_| {},
        |lab, tap| {
            let report = through(lab, tap);
            assert_eq!(report.status, JobStatus::Done, "{report:?}");
            assert!(report.rows.iter().all(|row| row.state.word() == "done"), "{report:?}");
            report
        },
    );
    assert!(calls > 100, "only {calls} calls");
}

#[test]
fn a_crash_at_any_call_of_an_undo_comes_to_the_undisturbed_end() {
    let calls = at_every_call(
        |lab| {
            through(lab, &Tap::default());
        },
        |lab, tap| {
            let report = insist(lab, tap, |tap| undo_with(lab, tap)).unwrap();
            assert_eq!(report.status, JobStatus::Undone, "{report:?}");
            assert!(report.rows.iter().all(|row| row.state.word() == "undone"), "{report:?}");
            report
        },
    );
    assert!(calls > 60, "only {calls} calls");
}

#[test]
fn a_job_in_the_smallest_portions_comes_to_the_same_end() {
    let whole = lab(&[]);
    let people: Vec<_> = PEOPLE.iter().map(|name| whole.key(name)).collect();
    through(&whole, &Tap::default());
    let expected = end(&whole, &people);
    let lab = lab(&[("latency_ms", "0")]);
    let people: Vec<_> = PEOPLE.iter().map(|name| lab.key(name)).collect();
    let sim = lab.sim.clone();
    let slow = Tap::watched(move |_| sim.world().clock.advance(1));
    let portion = TimeDelta::zero();
    let mut report = order_with(&lab, &slow, &Ask { budget: portion, ..Ask::of(lines()) }).done().unwrap();
    let mut portions = 1;
    while report.status == JobStatus::Working {
        report = resume_with(&lab, &slow, portion).done().unwrap();
        portions += 1;
        assert!(portions < 100, "{report:?}");
    }
    assert!(portions > 3, "{portions}");
    let found = end(&lab, &people);
    assert_eq!((found.facts, found.details, found.states), (expected.facts, expected.details, expected.states));
}
