//! Undo: exactly what was done, last first, and only where the present values are still ours.

use crate::{details, done, lab, newest, refused, renames, states, undo_with, wish};
use chrono::TimeDelta;
use seatkeeper_engine::{
    attributes::{JobStatus, Refusal},
    state::Wish,
};
use seatkeeper_simulator::world::Change;
use seatkeeper_tests::Tap;

fn everything() -> Wish {
    Wish {
        new_username: "mia.lee".into(),
        email: "mia@new.example".into(),
        full_name: "Mia Lee".into(),
        add_groups: vec!["team-001".into(), "confluence-contractors".into()],
        remove_groups: vec!["confluence-users".into()],
    }
}

#[test]
fn what_a_job_did_is_as_before_after_its_undo_and_a_second_undo_does_nothing() {
    let lab = lab(&[]);
    let key = lab.key("mia");
    lab.join(&key, "team-001");
    let (facts, before, seats) = (lab.facts(), details(&lab, &key), lab.seats_used());
    done(&lab, wish("mia", everything()));
    assert_eq!(lab.name(&key), "mia.lee");
    let report = undo_with(&lab, &Tap::default()).done().unwrap();
    assert_eq!(report.status, JobStatus::Undone, "{report:?}");
    // The membership that was there before the job stays.
    assert_eq!((lab.facts(), details(&lab, &key), lab.seats_used()), (facts, before, seats));
    let changes = lab.world().changes;
    assert_eq!(undo_with(&lab, &Tap::default()).done().unwrap().status, JobStatus::Undone);
    assert_eq!(lab.world().changes, changes);
}

#[test]
fn what_somebody_changed_since_is_left_as_it_is_and_told() {
    let lab = lab(&[]);
    let key = lab.key("mia");
    done(&lab, wish("mia", everything()));
    lab.change(&key, Change::Details { full_name: "Mia Third".into(), email: "third@x.example".into() });
    let report = undo_with(&lab, &Tap::default()).done().unwrap();
    assert_eq!(states(&lab, &report.job.id), [(1, "not-undone")]);
    assert_eq!(details(&lab, &key).1, "Mia Third");
    assert_eq!(lab.name(&key), "mia", "the name was still ours");
    assert!(report.next_step.contains("not undone"), "{}", report.next_step);
}

#[test]
fn an_account_that_was_renamed_again_keeps_its_newest_name() {
    let lab = lab(&[]);
    let key = lab.key("mia");
    done(&lab, renames(&[("mia", "mia.lee")]));
    lab.change(&key, Change::Rename("mia.third".into()));
    let report = undo_with(&lab, &Tap::default()).done().unwrap();
    assert_eq!((states(&lab, &report.job.id), lab.name(&key).as_str()), (vec![(2, "not-undone")], "mia.third"));
}

#[test]
fn an_old_name_that_somebody_else_has_by_now_is_not_taken_from_them() {
    let lab = lab(&[]);
    done(&lab, renames(&[("mia", "mia.lee")]));
    lab.newcomer("mia").groups(&["team-001"]).add();
    let report = undo_with(&lab, &Tap::default()).done().unwrap();
    assert!(format!("{:?}", report.rows[0].state).contains("old name `mia` is taken"), "{report:?}");
}

#[test]
fn a_chain_and_a_circle_are_undone_in_the_opposite_order() {
    let lab = lab(&[]);
    let facts = lab.facts();
    done(&lab, renames(&[("mia", "noah"), ("noah", "mia"), ("ole", "olaf")]));
    assert_ne!(lab.facts(), facts);
    assert_eq!(undo_with(&lab, &Tap::default()).done().unwrap().status, JobStatus::Undone);
    assert_eq!(lab.facts(), facts);
}

#[test]
fn a_rename_that_confluence_never_showed_is_undone_in_the_directory() {
    let lab = lab(&[("directory_sync_seconds", "3600")]);
    let key = lab.newcomer("cora").directory(2).groups(&["team-001"]).add();
    assert_eq!(done(&lab, renames(&[("cora", "cora.new")])).status, JobStatus::Waiting);
    assert_eq!(undo_with(&lab, &Tap::default()).done().unwrap().status, JobStatus::Undone);
    lab.pass(TimeDelta::hours(2));
    assert_eq!(lab.name(&key), "cora");
}

#[test]
fn a_seat_that_an_undo_would_take_has_to_be_free() {
    let lab = lab(&[]);
    let out = Wish { remove_groups: vec!["confluence-users".into()], ..Wish::default() };
    done(&lab, wish("mia", out));
    lab.free_seats(1);
    let report = undo_with(&lab, &Tap::default()).done().unwrap();
    assert!(format!("{:?}", report.rows[0].state).contains("1 must stay free"), "{report:?}");
}

#[test]
fn a_job_that_wrote_nothing_cannot_be_undone() {
    let lab = lab(&[]);
    refused(&lab, renames(&[("nobody-here", "x")]));
    assert_eq!(newest(&lab).tally.get("refused"), Some(&1));
    let answer = undo_with(&lab, &Tap::default()).done();
    assert!(matches!(answer, Err(Refusal::Closed(_))), "{answer:?}");
}
