//! Accounts and sites that make difficulties: the others are not held up, and nothing is taken for done.

use crate::{Ask, done, lab, newest, order_with, renames, resume_with, states, undo_with};
use chrono::TimeDelta;
use seatkeeper_engine::{
    attributes::{JobStatus, Refusal},
    state::JobStage,
};
use seatkeeper_simulator::{Fault, FaultBody, FaultKind};
use seatkeeper_tests::{Lab, Tap};

const HOUR: TimeDelta = TimeDelta::hours(1);

/// Every call of this kind about this account ends so, until the faults are cleared.
fn broken(lab: &Lab, method: &str, path: &str, about: &str, status: u16) {
    let kind = FaultKind::Status { status, body: FaultBody::Json, retry_after: None };
    let fault = Fault { path_contains: about.into(), ..Fault::next(method, path, kind) };
    lab.sim.inject(fault.forever());
}

#[test]
fn an_account_that_crowd_cannot_rename_fails_alone_and_keeps_its_name() {
    for status in [500, 403, 400] {
        let lab = lab(&[]);
        broken(&lab, "POST", "/crowd/rest/usermanagement/1/user/rename", "username=noah", status);
        let report = done(&lab, renames(&[("mia", "m1"), ("noah", "n1"), ("ole", "o1")]));
        assert_eq!(report.status, JobStatus::Done, "{status}: {report:?}");
        assert_eq!(states(&lab, &report.job.id), [(2, "done"), (3, "failed"), (4, "done")], "{status}");
        assert!(report.next_step.contains("did not come through"), "{}", report.next_step);
        lab.key("noah");
    }
}

#[test]
fn a_circle_that_cannot_be_closed_says_which_name_the_account_has_and_is_undone() {
    let lab = lab(&[]);
    let facts = lab.facts();
    broken(&lab, "POST", "/crowd/rest/usermanagement/1/user/rename", "username=noah", 400);
    let report = done(&lab, renames(&[("mia", "noah"), ("noah", "mia")]));
    assert_eq!(states(&lab, &report.job.id), [(2, "done"), (3, "failed"), (2, "skipped")], "{report:?}");
    let told = format!("{:?}", report.rows[2].state);
    assert!(told.contains("called `sk-20261122-120000-1` meanwhile; undo the job"), "{told}");
    lab.sim.clear_faults();
    assert_eq!(undo_with(&lab, &Tap::default()).done().unwrap().status, JobStatus::Undone);
    assert_eq!(lab.facts(), facts);
}

#[test]
fn an_undo_that_crowd_refuses_is_told_and_the_other_rows_are_undone() {
    for status in [500, 400] {
        let lab = lab(&[]);
        done(&lab, renames(&[("mia", "m1"), ("noah", "n1"), ("ole", "o1")]));
        broken(&lab, "POST", "/crowd/rest/usermanagement/1/user/rename", "username=n1", status);
        let report = undo_with(&lab, &Tap::default()).done().unwrap();
        assert_eq!(report.status, JobStatus::Undone, "{status}: {report:?}");
        assert_eq!(states(&lab, &report.job.id), [(2, "undone"), (3, "not-undone"), (4, "undone")], "{status}");
    }
}

#[test]
fn a_site_that_is_away_stops_the_job_where_it_is_and_names_it() {
    let lab = lab(&[]);
    let looked = Ask { budget: TimeDelta::zero(), ..Ask::of(renames(&[("mia", "m1"), ("noah", "n1")])) };
    assert_eq!(order_with(&lab, &Tap::default(), &looked).done().unwrap().status, JobStatus::Working);
    let kind = FaultKind::Status { status: 500, body: FaultBody::Json, retry_after: None };
    lab.sim.inject(Fault { method: None, ..Fault::next("GET", "", kind) }.forever());
    let Err(Refusal::Trouble(trouble)) = resume_with(&lab, &Tap::default(), HOUR).done() else { panic!("it went on") };
    assert_eq!(trouble.code, "unreachable");
    let id = newest(&lab).id;
    assert!(trouble.message.contains(&format!("POST /admin/users/jobs/{id}/resume")), "{trouble}");
    assert_eq!(states(&lab, &id), [(2, "planned"), (3, "planned")]);
    lab.sim.clear_faults();
    assert_eq!(resume_with(&lab, &Tap::default(), HOUR).done().unwrap().status, JobStatus::Done);
}

#[test]
fn a_site_in_maintenance_takes_nothing_and_the_job_waits_for_its_end() {
    let lab = lab(&[]);
    let mut lines = renames(&[("mia", "")]);
    lines[0].wish.new_username.clear();
    lines[0].wish.add_groups = vec!["team-001".into()];
    let looked = Ask { budget: TimeDelta::zero(), ..Ask::of(lines) };
    assert_eq!(order_with(&lab, &Tap::default(), &looked).done().unwrap().status, JobStatus::Working);
    lab.set("access_mode", "READ_ONLY");
    let Err(Refusal::Trouble(trouble)) = resume_with(&lab, &Tap::default(), HOUR).done() else { panic!("it went on") };
    assert_eq!(trouble.code, "read-only-site");
    lab.set("access_mode", "READ_WRITE");
    assert_eq!(resume_with(&lab, &Tap::default(), HOUR).done().unwrap().job.stage, JobStage::Done);
    assert_eq!(lab.groups(&lab.key("mia")), ["confluence-users", "team-001"]);
}

#[test]
fn a_token_that_ended_does_not_make_every_account_look_missing() {
    let lab = lab(&[]);
    lab.set("anonymous_access", "true");
    lab.sim.inject(Fault::next("GET", "/rest/api/", FaultKind::Anonymous).forever());
    let answer = order_with(&lab, &Tap::default(), &Ask::of(renames(&[("mia", "m1")]))).done();
    let Err(Refusal::Trouble(trouble)) = answer else { panic!("{answer:?}") };
    assert_eq!(trouble.code, "unauthorized");
    assert_eq!(states(&lab, &newest(&lab).id), [(2, "unchecked")]);
}
