//! One order at a time: what is changed, what is refused, and what the answer says.

use crate::{
    Ask, details, done, lab, looked, newest, order_with, problems, refused, renames, resume_with, states, wish,
};
use chrono::TimeDelta;
use seatkeeper_engine::{
    attributes::{JobStatus, Refusal},
    control,
    state::{JobStage, Wish},
    testing::block_on,
};
use seatkeeper_simulator::world::Change;
use seatkeeper_tests::Tap;

#[test]
fn one_account_gets_a_name_a_mail_address_a_full_name_and_other_groups_at_once() {
    let lab = lab(&[]);
    let key = lab.key("mia");
    let all = Wish {
        new_username: "mia.lee".into(),
        email: "mia@new.example".into(),
        full_name: "Mia Lee".into(),
        add_groups: vec!["team-001".into()],
        remove_groups: vec!["confluence-users".into()],
    };
    let report = done(&lab, wish("mia", all));
    assert_eq!(report.status, JobStatus::Done, "{report:?}");
    assert_eq!(lab.name(&key), "mia.lee");
    assert_eq!(lab.groups(&key), ["team-001"]);
    assert_eq!(details(&lab, &key), ("mia@new.example".to_owned(), "Mia Lee".to_owned()));
    let acts = lab.acts();
    assert_eq!(acts.iter().filter(|act| **act == format!("admin attributes-changed {key}")).count(), 1, "{acts:?}");
}

#[test]
fn a_dry_run_writes_nothing_and_says_what_would_be_done() {
    let lab = lab(&[]);
    let (facts, changes) = (lab.facts(), lab.world().changes);
    let report = looked(&lab, renames(&[("mia", "mia.lee"), ("nobody-here", "x"), ("noah", "N")]));
    assert_eq!((lab.facts(), lab.world().changes), (facts, changes));
    assert_eq!((report.status, report.job.stage), (JobStatus::Checked, JobStage::Checked));
    assert_eq!(states(&lab, &report.job.id), [(2, "planned"), (3, "refused"), (4, "refused")]);
    let told = problems(&report);
    assert!(
        told.contains("line 3, username: nobody-here no account") && told.contains("line 4, new-username"),
        "{told}"
    );
    assert!(report.rows[0].notes[0].contains("not known"), "{:?}", report.rows[0].notes);
    assert!(matches!(
        resume_with(&lab, &Tap::default(), TimeDelta::minutes(1)).done().unwrap().status,
        JobStatus::Checked
    ));
}

#[test]
fn one_refused_row_refuses_the_whole_job_unless_it_may_be_left_out() {
    let lab = lab(&[]);
    let lines = renames(&[("mia", "mia.lee"), ("nobody-here", "x")]);
    assert!(refused(&lab, lines.clone()).contains("no account in Confluence has this name"));
    let report = order_with(&lab, &Tap::default(), &Ask { skip_refused: true, ..Ask::of(lines) }).done().unwrap();
    assert_eq!(report.status, JobStatus::Done);
    assert_eq!(states(&lab, &report.job.id), [(2, "done"), (3, "refused")]);
    lab.key("mia.lee");
}

#[test]
fn without_an_executor_the_manual_way_is_told() {
    let mut lab = lab(&[("version", "9.0")]);
    lab.crowd = false;
    let both = Wish { new_username: "mia.lee".into(), email: "m@x".into(), ..Wish::default() };
    let told = refused(&lab, wish("mia", both));
    for part in ["/rest/usermanagement/1/user/rename", "Edit Details", "PUT /rest/usermanagement/1/user?username="] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
    let groups = Wish { add_groups: vec!["team-001".into()], ..Wish::default() };
    assert_eq!(done(&lab, wish("mia", groups)).status, JobStatus::Done, "groups need no executor");
}

#[test]
fn mail_and_full_name_go_through_confluence_where_crowd_is_not_configured() {
    let mut lab = lab(&[("version", "10.2")]);
    lab.crowd = false;
    let key = lab.key("mia");
    let mail = Wish { email: "mia@new.example".into(), ..Wish::default() };
    let tap = Tap::default();
    let report = order_with(&lab, &tap, &Ask::of(wish("mia", mail))).done().unwrap();
    assert_eq!(report.status, JobStatus::Done, "{report:?}");
    assert_eq!(details(&lab, &key), ("mia@new.example".to_owned(), "mia of the lab".to_owned()));
    let asked = tap.calls().iter().filter(|call| call.starts_with("PUT") && !call.ends_with("/mia")).count();
    assert_eq!(asked, 1, "what Confluence can do is found out once: {:?}", tap.calls());
}

#[test]
fn our_own_account_and_the_last_administrators_are_protected() {
    let lab = lab(&[]);
    assert!(refused(&lab, renames(&[("sk-bot", "robot")])).contains("never renamed"));
    let out = |group: &str| Wish { remove_groups: vec![group.into()], ..Wish::default() };
    let told = refused(&lab, wish("sk-bot", out("confluence-administrators")));
    assert!(told.contains("our own account needs it"), "{told}");
    let into = Wish { add_groups: vec!["Confluence-Administrators".into()], ..Wish::default() };
    assert!(refused(&lab, wish("mia", into)).contains("make administrators in Confluence itself"));
    let administrators: Vec<String> = {
        let world = lab.world();
        let group = world.find_group("confluence-administrators").unwrap();
        world.group(group).members(false).iter().map(|id| world.user(*id).username.to_string()).collect()
    };
    let lines: Vec<_> = administrators
        .iter()
        .filter(|name| *name != "sk-bot")
        .flat_map(|name| wish(name, out("confluence-administrators")))
        .zip(1..)
        .map(|(line, number)| seatkeeper_engine::attributes::Line { line: number, ..line })
        .collect();
    assert!(!lines.is_empty());
    assert!(refused(&lab, lines).contains("fewer than 2 active administrators would stay"));
}

#[test]
fn a_group_that_does_not_exist_and_a_seat_that_is_not_free_are_refused() {
    let lab = lab(&[]);
    let into = |group: &str| Wish { add_groups: vec![group.into()], ..Wish::default() };
    assert!(refused(&lab, wish("mia", into("no-such-group"))).contains("there is no such group"));
    for name in ["pia", "quin", "rosa"] {
        lab.newcomer(name).groups(&["team-001"]).add();
    }
    // One seat must stay free, so two of three are there.
    lab.free_seats(3);
    let lines: Vec<_> = ["pia", "quin", "rosa"]
        .iter()
        .zip(1..)
        .map(|(name, line)| seatkeeper_engine::attributes::Line {
            line,
            ..wish(name, into("Confluence-Users")).remove(0)
        })
        .collect();
    let told = refused(&lab, lines.clone());
    assert!(told.starts_with("line 3, add-groups") && told.contains("3 are free"), "{told}");
    let seats = lab.seats_used();
    let report = order_with(&lab, &Tap::default(), &Ask { skip_refused: true, ..Ask::of(lines) }).done().unwrap();
    assert_eq!(states(&lab, &report.job.id), [(1, "done"), (2, "done"), (3, "refused")]);
    assert_eq!(lab.seats_used(), seats + 2);
}

#[test]
fn a_change_of_licence_groups_takes_no_second_seat() {
    let lab = lab(&[]);
    lab.free_seats(0);
    let moved = Wish {
        add_groups: vec!["confluence-contractors".into()],
        remove_groups: vec!["confluence-users".into()],
        ..Wish::default()
    };
    assert_eq!(done(&lab, wish("mia", moved)).status, JobStatus::Done);
    assert_eq!(lab.groups(&lab.key("mia")), ["confluence-contractors"]);
}

#[test]
fn the_stop_switch_is_looked_at_before_every_row_and_the_job_goes_on_afterwards() {
    let lab = lab(&[]);
    let looked = order_with(
        &lab,
        &Tap::default(),
        &Ask { budget: TimeDelta::zero(), ..Ask::of(renames(&[("mia", "m1"), ("noah", "n1")])) },
    );
    assert_eq!(looked.done().unwrap().status, JobStatus::Working);
    block_on(control::stop(&lab.store, "a migration", "bob", lab.now())).unwrap();
    let changes = lab.world().changes;
    let report = resume_with(&lab, &Tap::default(), TimeDelta::minutes(1)).done().unwrap();
    assert_eq!(report.status, JobStatus::Stopped);
    assert_eq!(report.stop.unwrap().why, "a migration");
    assert_eq!(lab.world().changes, changes);
    block_on(control::release(&lab.store, "bob", lab.now())).unwrap();
    assert_eq!(resume_with(&lab, &Tap::default(), TimeDelta::minutes(1)).done().unwrap().status, JobStatus::Done);
    lab.key("n1");
}

#[test]
fn a_second_request_steps_back_while_one_works() {
    let lab = lab(&[]);
    let tap = Tap::dying_at(30, seatkeeper_tests::When::Before);
    let lines = renames(&[("mia", "m1")]);
    assert!(matches!(order_with(&lab, &tap, &Ask::of(lines.clone())), seatkeeper_tests::Drive::Died));
    let second = order_with(&lab, &Tap::default(), &Ask::of(lines)).done();
    assert_eq!(second.unwrap_err(), Refusal::Busy);
}

#[test]
fn a_directory_that_takes_no_changes_is_told_and_not_taken_for_done() {
    for reaction in ["silent-204", "403", "500"] {
        let mut lab = lab(&[("directory_reaction", reaction), ("version", "10.2")]);
        lab.crowd = false;
        lab.newcomer("lara").directory(1).mail("lara@old.example").groups(&["confluence-users"]).add();
        let mail = Wish { email: "lara@new.example".into(), ..Wish::default() };
        let report = done(&lab, wish("lara", mail));
        let state = report.rows[0].state.word();
        assert!(["failed", "not-effective"].contains(&state), "{reaction}: {report:?}");
        assert_eq!(report.status, JobStatus::Done);
    }
}

#[test]
fn an_account_that_changed_after_the_check_is_left_alone_with_the_reason() {
    let lab = lab(&[]);
    let mails = |name: &str| Wish { email: format!("{name}@new.example"), ..Wish::default() };
    let ask = Ask { budget: TimeDelta::zero(), ..Ask::of(wish("mia", mails("mia"))) };
    // Only looked at; the row follows with the next request.
    assert_eq!(order_with(&lab, &Tap::default(), &ask).done().unwrap().status, JobStatus::Working);
    let key = lab.key("mia");
    lab.change(&key, Change::Details { full_name: "Somebody".into(), email: "mia@old.example".into() });
    let report = resume_with(&lab, &Tap::default(), TimeDelta::minutes(5)).done().unwrap();
    assert_eq!(states(&lab, &report.job.id), [(1, "skipped")], "{report:?}");
    assert_eq!(details(&lab, &key).0, "mia@old.example");
    assert_eq!(newest(&lab).stage, JobStage::Done);
}
