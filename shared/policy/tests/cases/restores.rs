//! Taking and giving back: only what is ours, exactly, and never past the last seat.

use super::*;
use seatkeeper_policy::{
    Action, GroupName, ReclaimReason, SeatCount, Status, SweepId,
    check::check,
    journal::{Reclaim, Step, StepState},
    plan::inactive_name,
    restore::{
        Cause, NothingReason, Present, Restore, RestoreState, RestoreVerdict, WaitReason, judge as judge_restore,
        wanted,
    },
};
use std::collections::BTreeSet;

const ROOM: SeatCount = SeatCount { used: 10, max: Some(100) };

fn took(steps: Vec<(Action, StepState)>) -> Reclaim {
    Reclaim {
        sweep: SweepId::parse("s1").unwrap(),
        key: key("key-jdoe"),
        username: name("jdoe"),
        reason: ReclaimReason::Inactive { since: ago(400), source: Source::LastLogin },
        started: ago(10),
        finished: Some(ago(10)),
        steps: steps.into_iter().map(|(action, state)| Step { action, state }).collect(),
        carried: BTreeSet::new(),
        again: 0,
        left: None,
    }
}

fn users() -> Action {
    Action::RemoveGroup(group("confluence-users"))
}

fn present(username: &str, status: Status, groups: &[&str]) -> Present {
    Present { username: name(username), status, groups: groups.iter().map(|name| group(name)).collect() }
}

fn given(reclaim: &Reclaim, present: &Present) -> (Option<(Username, Username)>, bool, BTreeSet<GroupName>) {
    match judge_restore(&policy(), reclaim, Some(present), ROOM) {
        RestoreVerdict::Proceed(give) => (give.rename, give.enable, give.groups),
        other => panic!("{other:?}"),
    }
}

#[test]
fn case_50_what_is_gone_already_is_not_written_and_not_ours_to_give_back() {
    let off = Account { status: Status::Deactivated, ..idle("jdoe", 400, noon()) };
    assert_eq!(plan_of(&policy(), &snapshot(vec![off])).accounts, []);
    let nothing = took(vec![(users(), StepState::NotNeeded), (Action::Disable, StepState::NotNeeded)]);
    assert!(nothing.effective(), "a goal that was reached before counts as reached");
    assert_eq!(wanted(&policy(), Some(&nothing), &[], Cause::Login(noon())), Err(NothingReason::NothingTaken));
}

#[test]
fn case_51_somebody_whom_others_deactivated_is_never_activated_by_a_login() {
    let groups_only = took(vec![(users(), StepState::Done)]);
    let locked = present("jdoe", Status::Deactivated, &[]);
    let verdict = judge_restore(&policy(), &groups_only, Some(&locked), ROOM);
    assert_eq!(verdict, RestoreVerdict::Nothing(NothingReason::DisabledByOthers));
    // Nor where others had done it before us, or where our own attempt could not be proved.
    for state in [StepState::NotNeeded, StepState::NotEffective, StepState::Failed { detail: "403".into() }] {
        let before_us = took(vec![(users(), StepState::Done), (Action::Disable, state)]);
        let verdict = judge_restore(&policy(), &before_us, Some(&locked), ROOM);
        assert_eq!(verdict, RestoreVerdict::Nothing(NothingReason::DisabledByOthers));
    }
    let ours = took(vec![(users(), StepState::Done), (Action::Disable, StepState::Done)]);
    assert!(given(&ours, &locked).1);
    // Somebody who left does not come back by a login.
    let gone = present("jdoe", Status::ExternallyDeleted, &[]);
    let verdict = judge_restore(&policy(), &ours, Some(&gone), ROOM);
    assert_eq!(verdict, RestoreVerdict::Nothing(NothingReason::Gone));
    // And an account from which nothing was taken gets nothing.
    assert_eq!(wanted(&policy(), None, &[], Cause::Login(noon())), Err(NothingReason::NothingTaken));
}

#[test]
fn case_52_exactly_the_groups_that_were_taken_come_back() {
    let contractors = Action::RemoveGroup(group("confluence-contractors"));
    let both = took(vec![(users(), StepState::Done), (contractors.clone(), StepState::Done)]);
    let away = present("jdoe", Status::Unlicensed, &["staff"]);
    assert_eq!(given(&both, &away).2, BTreeSet::from([group("confluence-users"), group("confluence-contractors")]));
    // Not the policy's other groups, and not what somebody else had taken before.
    let one = took(vec![(users(), StepState::NotNeeded), (contractors, StepState::Done)]);
    assert_eq!(given(&one, &away).2, BTreeSet::from([group("confluence-contractors")]));
    // What an earlier reclaim took and nobody gave back is still owed.
    let mut twice = took(vec![(users(), StepState::Done)]);
    twice.carried.insert(group("confluence-contractors"));
    assert_eq!(given(&twice, &away).2.len(), 2);
}

#[test]
fn case_53_with_no_free_seat_a_restore_waits_and_says_why() {
    let reclaim = took(vec![(users(), StepState::Done)]);
    let away = present("jdoe", Status::Unlicensed, &[]);
    for (used, free) in [(99, 1), (100, 0), (105, 0)] {
        let verdict = judge_restore(&policy(), &reclaim, Some(&away), SeatCount { used, max: Some(100) });
        assert_eq!(verdict, RestoreVerdict::Wait(WaitReason::NoSeat { free, buffer: 1 }));
    }
    let room = judge_restore(&policy(), &reclaim, Some(&away), SeatCount { used: 98, max: Some(100) });
    assert!(matches!(room, RestoreVerdict::Proceed(_)));
    // Waiting is not done: the next login tries again.
    let waiting = Restore {
        answers: SweepId::parse("s1").unwrap(),
        key: key("key-jdoe"),
        cause: Cause::Login(ago(1)),
        at: ago(1),
        state: RestoreState::Waiting { why: "no seat".into() },
    };
    assert_eq!(wanted(&policy(), Some(&reclaim), &[&waiting], Cause::Login(noon())), Ok(()));
}

#[test]
fn case_21_a_restore_never_brings_the_site_over_its_limit() {
    let reclaim = took(vec![(users(), StepState::Done)]);
    let away = present("jdoe", Status::Unlicensed, &[]);
    for buffer in 0..5 {
        let mut policy = policy();
        policy.restore.seat_buffer = buffer;
        for used in 90..=110 {
            let seats = SeatCount { used, max: Some(100) };
            if matches!(judge_restore(&policy, &reclaim, Some(&away), seats), RestoreVerdict::Proceed(_)) {
                assert!(used + 1 + buffer <= 100, "{used} used, {buffer} must stay free");
            } else {
                assert!(used + 1 + buffer > 100, "{used} used, {buffer} must stay free");
            }
        }
    }
}

#[test]
fn case_56_somebody_who_came_back_is_left_alone_for_a_while() {
    // Taken, logged in, given back, and gone again at once.
    let restored = |days: i64| Account { restored: Some(ago(days)), ..idle("jdoe", 400, noon()) };
    assert_eq!(code(&policy(), &restored(0)), "keep/restored-recently");
    assert_eq!(code(&policy(), &restored(29)), "keep/restored-recently");
    assert_eq!(code(&policy(), &restored(30)), "reclaim/inactive");
    // No warning either, so nobody is written to again and again.
    let warned = file("inactive.after-days = 90\nwarn = {}").unwrap();
    assert_eq!(code(&warned, &restored(29)), "keep/restored-recently");
    assert_eq!(code(&warned, &restored(30)), "warn/due");
}

#[test]
fn case_62_after_a_failure_in_the_middle_every_step_says_how_it_stands() {
    let half = took(vec![(users(), StepState::Done), (Action::Disable, StepState::Failed { detail: "500".into() })]);
    assert!(!half.effective());
    let taken = half.taken();
    assert_eq!((taken.groups.len(), taken.disabled), (1, false));
    // After a crash nobody knows how a call ended: it counts as taken, and is not finished.
    let crashed = took(vec![(users(), StepState::Intended), (Action::Disable, StepState::Intended)]);
    assert!(!crashed.effective() && crashed.taken().disabled);
}

#[test]
fn case_63_a_change_by_somebody_else_in_between_blocks_what_was_planned() {
    type Change = fn(&mut Account);
    let seen = snapshot(vec![idle("jdoe", 400, noon())]);
    let plan = plan_of(&policy(), &seen);
    let changes: [Change; 4] = [
        |a| a.status = Status::Deactivated,
        |a| a.administrator = true,
        |a| a.groups = BTreeSet::from([group("confluence-users"), group("confluence-contractors")]),
        |a| a.reenabled = Some(noon()),
    ];
    for (row, change) in changes.into_iter().enumerate() {
        let mut now = seen.clone();
        change(now.accounts.first_mut().unwrap());
        assert_eq!(check(&plan, &policy(), &now, noon()).len(), 1, "change {row}");
    }
}

#[test]
fn case_69_a_name_gets_its_suffix_once() {
    let policy = policy();
    let suffixed = inactive_name(&name("jdoe"), &policy, noon()).unwrap();
    assert_eq!(suffixed.as_str(), "jdoe_inactive_20261122");
    assert_eq!(inactive_name(&suffixed, &policy, noon()), None);
    assert_eq!(inactive_name(&suffixed, &policy, noon() + TimeDelta::days(400)), None);
    // Something that only looks like it is a name like any other.
    for odd in ["jdoe_inactive_", "jdoe_inactive_2026112", "jdoe_inactive_2026112x", "jdoe_inactive_20261122_x"] {
        assert!(inactive_name(&name(odd), &policy, noon()).is_some(), "{odd}");
    }
}

#[test]
fn case_70_a_name_that_would_become_too_long_is_left_as_it_is_and_the_seat_still_comes_free() {
    let mut policy = policy();
    policy.rules.measures.rename = true;
    // The suffix has 18 characters and a name at most 255 bytes.
    for (length, renamed) in [(237, true), (238, false), (255, false)] {
        let subject = Account { username: name(&"x".repeat(length)), ..idle("jdoe", 400, noon()) };
        let plan = plan_of(&policy, &snapshot(vec![subject]));
        let actions = &plan.accounts.first().unwrap().actions;
        assert_eq!(actions.iter().any(|action| matches!(action, Action::Rename(_))), renamed, "{length}");
        assert_eq!(actions.first(), Some(&users()));
    }
}

#[test]
fn case_72_a_restore_gives_the_old_name_back_only_where_the_account_still_has_the_one_we_gave() {
    let ours = name("jdoe_inactive_20261112");
    let reclaim = took(vec![(users(), StepState::Done), (Action::Rename(ours.clone()), StepState::Done)]);
    let renamed = given(&reclaim, &present(ours.as_str(), Status::Unlicensed, &[])).0;
    assert_eq!(renamed, Some((ours, name("jdoe"))));
    assert_eq!(given(&reclaim, &present("jsmith", Status::Unlicensed, &[])).0, None);
    assert_eq!(given(&reclaim, &present("jdoe", Status::Unlicensed, &[])).0, None);
}

#[test]
fn case_90_a_login_a_little_before_the_reclaim_by_another_clock_gives_the_seat_back() {
    let reclaim = took(vec![(users(), StepState::Done)]);
    let login =
        |seconds| wanted(&policy(), Some(&reclaim), &[], Cause::Login(reclaim.started - TimeDelta::seconds(seconds)));
    assert_eq!(login(300), Ok(()));
    assert_eq!(login(301), Err(NothingReason::LoginBeforeReclaim));
}
