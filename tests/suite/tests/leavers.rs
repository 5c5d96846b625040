//! People who have left, as outside directories tell it, through the whole flow; and every way in which a directory
//! must not be believed.

use chrono::TimeDelta;
use seatkeeper_engine::{ports::ErrorClass, state::Outcome, sweep::Status};
use seatkeeper_policy::{Presence, Source, account::Sighting};
use seatkeeper_tests::{Lab, POLICY, Tap, When, insist, verbs::BUDGET};

/// One directory that speaks about everybody, by name.
const ENTRA: &str = r#"
[[directory]]
name = "entra"
provider = "graph"
match = "username"
everyone = true
absent-days = 7
"#;

/// A site of seventy whom everybody's directory knows, with three who were here yesterday.
fn lab(policy: &str) -> Lab {
    let lab = Lab::default();
    for name in ["gone.one", "gone.two", "lost.one"] {
        lab.newcomer(name).groups(&["confluence-users"]).idle(Some(40)).add();
    }
    lab.directory("entra");
    lab.policy(policy);
    lab
}

fn policy(more: &str) -> String {
    format!("{POLICY}{ENTRA}{more}")
}

#[test]
fn who_is_disabled_in_the_directory_loses_the_seat_although_the_account_is_in_use() {
    let lab = lab(&policy(""));
    lab.says("entra", "gone.one", Presence::Disabled);
    lab.says("entra", "gone.two", Presence::Locked);
    lab.sweep();
    assert_eq!((lab.verdict("gone.one"), lab.verdict("gone.two")), ("reclaim/left", "keep/recently-active"));
    let told = lab.explain("gone.one").join("\n");
    assert!(told.contains("entra says disabled since 2026-11-22"), "{told}");
    lab.approve(false).unwrap();
    lab.rest();
    assert_eq!((lab.run().outcome, lab.run().tally.reclaimed), (Outcome::Applied, 1));
    assert!(!lab.has_seat(&lab.key("gone.one")) && lab.has_seat(&lab.key("gone.two")));
}

#[test]
fn a_login_never_gives_the_seat_back_to_somebody_who_has_left_and_an_undo_does() {
    let lab = lab(&policy(""));
    lab.says("entra", "gone.one", Presence::Disabled);
    lab.sweep_and_apply();
    let key = lab.key("gone.one");
    let heard = lab.login(&key).unwrap();
    assert!(format!("{heard:?}").contains("has left"), "{heard:?}");
    assert!(!lab.has_seat(&key));
    lab.undo(&lab.run().id).unwrap();
    assert!(lab.has_seat(&key));
}

#[test]
fn somebody_called_gone_who_is_seen_in_confluence_after_that_is_a_question_for_people() {
    let lab = lab(&policy(""));
    lab.says("entra", "gone.one", Presence::Disabled);
    lab.policy(&policy("").replace("approve", "dry-run"));
    lab.sweep();
    lab.pass(TimeDelta::days(31));
    lab.login(&lab.key("gone.one")).unwrap();
    lab.pass(TimeDelta::hours(1));
    lab.sweep();
    assert_eq!(lab.verdict("gone.one"), "hold/left-but-active");
    let told = lab.explain("gone.one").join("\n");
    assert!(told.contains("ask why somebody whom entra calls gone uses Confluence"), "{told}");
}

#[test]
fn case_07_an_account_that_the_directory_lost_counts_as_left_only_after_the_days_of_the_policy() {
    let lab = lab(&policy(""));
    lab.says("entra", "lost.one", Presence::Absent);
    let verdict = |lab: &Lab| {
        lab.sweep();
        lab.verdict("lost.one")
    };
    assert_eq!(verdict(&lab), "keep/recently-active");
    lab.pass(TimeDelta::days(7) - TimeDelta::seconds(2));
    assert_eq!(verdict(&lab), "keep/recently-active");
    lab.pass(TimeDelta::seconds(1));
    assert_eq!(verdict(&lab), "reclaim/left");
    // Found again in between, the days count from the beginning.
    lab.says("entra", "lost.one", Presence::Active);
    assert_eq!(verdict(&lab), "keep/recently-active");
    lab.says("entra", "lost.one", Presence::Absent);
    assert_eq!(verdict(&lab), "keep/recently-active");
    lab.pass(TimeDelta::days(6));
    assert_eq!(verdict(&lab), "keep/recently-active");
    // Where absence proves nothing, it never counts.
    lab.policy(&policy("").replace("absent-days = 7\n", ""));
    lab.pass(TimeDelta::days(40));
    lab.everybody_was_here(1);
    assert_eq!(verdict(&lab), "keep/recently-active");
}

#[test]
fn case_75_an_outage_of_the_directory_in_any_form_takes_nothing_from_anybody() {
    for (class, code) in [
        (ErrorClass::Retryable, "unreachable"),
        (ErrorClass::Unauthorized, "unauthorized"),
        (ErrorClass::Refused, "refused"),
        (ErrorClass::Throttled, "throttled"),
        (ErrorClass::Malformed, "malformed-answer"),
        (ErrorClass::Endless, "endless-listing"),
    ] {
        let lab = lab(&policy("").replace("approve", "dry-run"));
        lab.says("entra", "gone.one", Presence::Disabled);
        lab.sweep();
        lab.policy(&policy("").replace("approve", "enforce"));
        lab.directories.borrow_mut().get_mut("entra").unwrap().fault = Some(class);
        lab.pass(TimeDelta::seconds(1));
        let report = lab.tick_with(&Tap::default(), BUDGET, true).done();
        assert_eq!(report.error.unwrap().code, code);
        for _ in 0..8 {
            lab.pass(TimeDelta::minutes(1));
            lab.tick();
        }
        assert_eq!(lab.sim.writes(), 0, "{class:?}");
        assert!(lab.has_seat(&lab.key("gone.one")));
    }
    // Answering with nobody at all is an outage too.
    let lab = lab(&policy(""));
    lab.directories.borrow_mut().get_mut("entra").unwrap().people.clear();
    lab.sweep();
    let Outcome::Blocked { findings } = lab.run().outcome else { panic!("{:?}", lab.run().outcome) };
    assert!(findings[0].contains("has nobody in it"), "{findings:?}");
}

#[test]
fn case_76_a_changed_filter_that_makes_many_people_vanish_blocks_the_plan_until_somebody_explains_it() {
    let lab = lab(&policy("").replace("absent-days = 7", "absent-days = 1"));
    lab.add("idle.one", Some(200));
    lab.sweep();
    assert_eq!(lab.run().outcome, Outcome::AwaitingApproval);
    // A third of the people is gone: a unit was renamed.
    let names: Vec<_> = lab.directories.borrow()["entra"].people.keys().cloned().collect();
    for name in names.iter().take(names.len() / 3) {
        lab.says("entra", name, Presence::Absent);
    }
    for _ in 0..3 {
        lab.pass(TimeDelta::days(1));
        lab.everybody_was_here(1);
        lab.sweep();
        let Outcome::Blocked { findings } = lab.run().outcome else { panic!("{:?}", lab.run().outcome) };
        assert!(findings.iter().any(|finding| finding.contains("guard.drop-percent")), "{findings:?}");
    }
    assert_eq!(lab.sim.writes(), 0);
    // The filter is right again.
    lab.directory("entra");
    lab.pass(TimeDelta::days(1));
    lab.sweep();
    assert!(!matches!(lab.run().outcome, Outcome::Blocked { .. }));
}

#[test]
fn more_leavers_than_the_guard_of_the_directory_or_of_the_whole_run_allows_block_the_plan() {
    let crowd = ENTRA.replace("entra", "hr").replace("graph", "scim");
    let guards = [
        ("guard = { leavers-accounts = 2, leavers-percent = 1 }\n", "", "directory `entra` says that 3 of"),
        ("", "guard = { leavers-accounts = 2, leavers-percent = 1 }\n", "all directories together"),
    ];
    for (own, whole, told) in guards {
        let lab = lab(&format!("{whole}{POLICY}{ENTRA}{own}{crowd}"));
        lab.directory("hr");
        lab.says("entra", "gone.one", Presence::Disabled);
        lab.says("entra", "gone.two", Presence::Disabled);
        for name in ["gone.one", "gone.two", "lost.one"] {
            lab.says("hr", name, Presence::Disabled);
            lab.says("entra", name, Presence::Disabled);
        }
        lab.sweep();
        let Outcome::Blocked { findings } = lab.run().outcome else { panic!("{:?}", lab.run().outcome) };
        assert!(findings.iter().any(|finding| finding.contains(told)), "{findings:?}");
        assert_eq!(lab.sim.writes(), 0);
    }
}

#[test]
fn case_77_somebody_whose_mail_address_changed_is_not_taken_for_a_leaver_at_once_and_shared_addresses_tell_nothing() {
    let by_mail = policy("").replace("match = \"username\"", "match = \"mail\"");
    let lab = Lab::default();
    lab.newcomer("maiden.name").groups(&["confluence-users"]).idle(Some(40)).mail("m.maiden@example.com").add();
    lab.newcomer("first.twin").groups(&["confluence-users"]).idle(Some(40)).mail("Info@example.com").add();
    lab.newcomer("second.twin").groups(&["confluence-users"]).idle(Some(40)).mail("info@Example.com").add();
    lab.newcomer("no.mail").groups(&["confluence-users"]).idle(Some(200)).mail("").add();
    lab.directory("entra");
    let mails: Vec<_> =
        lab.world().users().map(|(_, user)| user.email_text()).filter(|mail| !mail.is_empty()).collect();
    for mail in mails {
        lab.says("entra", &mail, Presence::Active);
    }
    lab.says("entra", "m.maiden@example.com", Presence::Absent);
    lab.says("entra", "m.married@example.com", Presence::Active);
    for mail in ["Info@example.com", "info@Example.com"] {
        lab.says("entra", mail, Presence::Disabled);
    }
    lab.policy(&by_mail);
    lab.sweep();
    assert_eq!(lab.verdict("maiden.name"), "keep/recently-active");
    // Whose of the two the disabled person is, an address cannot say.
    assert_eq!(
        (lab.verdict("first.twin"), lab.verdict("second.twin")),
        ("keep/recently-active", "keep/recently-active")
    );
    // Without an address the directory says nothing, and activity decides as ever.
    assert_eq!(lab.verdict("no.mail"), "reclaim/inactive");
    let told = lab.explain("first.twin").join("\n");
    assert!(told.contains("entra says unknown"), "{told}");
}

#[test]
fn case_81_a_directory_that_is_not_responsible_for_somebody_does_not_judge_them() {
    let lab = lab(&policy("").replace("everyone = true", "users = [\"gone.*\"]"));
    lab.says("entra", "gone.one", Presence::Disabled);
    lab.says("entra", "lost.one", Presence::Disabled);
    lab.sweep();
    assert_eq!((lab.verdict("gone.one"), lab.verdict("lost.one")), ("reclaim/left", "keep/recently-active"));
    let report = lab.run().report.unwrap();
    assert_eq!((report.directories["entra"].accounts, report.directories["entra"].left), (2, 1));
}

#[test]
fn case_82_who_is_gone_in_one_directory_and_present_in_another_is_present() {
    let other = ENTRA.replace("entra", "okta").replace("graph", "okta");
    let lab = lab(&policy(&other));
    lab.directory("okta");
    lab.says("entra", "gone.one", Presence::Disabled);
    lab.says("entra", "gone.two", Presence::Disabled);
    lab.says("okta", "gone.two", Presence::Disabled);
    lab.sweep();
    assert_eq!((lab.verdict("gone.one"), lab.verdict("gone.two")), ("keep/recently-active", "reclaim/left"));
}

#[test]
fn silence_about_single_people_holds_only_them_and_silence_about_many_blocks_the_plan() {
    let each = policy("one-by-one = true\n");
    let lab = lab(&each);
    for name in ["idle.one", "idle.two"] {
        lab.add(name, Some(200));
        lab.says("entra", name, Presence::Active);
    }
    lab.says("entra", "gone.one", Presence::Disabled);
    let silent = |lab: &Lab, name: &str| {
        let mut all = lab.directories.borrow_mut();
        all.get_mut("entra").unwrap().silent_about.insert(name.to_owned(), ErrorClass::Retryable);
    };
    silent(&lab, "idle.one");
    lab.sweep();
    assert_eq!(lab.verdict("idle.one"), "hold/directory-unknown");
    assert_eq!((lab.verdict("idle.two"), lab.verdict("gone.one")), ("reclaim/inactive", "reclaim/left"));
    let names: Vec<_> = lab.snapshot().iter().map(|judged| judged.account.username.to_string()).collect();
    for name in names.iter().take(10) {
        silent(&lab, &name.to_lowercase());
    }
    lab.sweep();
    let Outcome::Blocked { findings } = lab.run().outcome else { panic!("{:?}", lab.run().outcome) };
    assert!(findings[0].contains("did not answer about"), "{findings:?}");
}

#[test]
fn somebody_whom_the_directory_knows_again_just_before_the_write_keeps_the_seat() {
    let lab = lab(&policy(""));
    lab.says("entra", "gone.one", Presence::Disabled);
    lab.says("entra", "gone.two", Presence::Disabled);
    lab.sweep();
    lab.approve(false).unwrap();
    lab.says("entra", "gone.one", Presence::Active);
    lab.rest();
    let run = lab.run();
    assert_eq!((run.tally.reclaimed, run.tally.skipped), (1, 1));
    assert!(lab.has_seat(&lab.key("gone.one")) && !lab.has_seat(&lab.key("gone.two")));
}

#[test]
fn sign_ins_of_a_directory_are_evidence_only_where_the_policy_says_so() {
    for (more, verdict) in [("", "reclaim/inactive"), ("sign-ins = true\n", "keep/recently-active")] {
        let lab = lab(&policy(more));
        lab.add("idle.one", Some(200));
        let seen = Sighting { at: lab.now() - TimeDelta::days(3), source: Source::GraphSignIn };
        let word = (Presence::Active, Some(seen));
        lab.directories.borrow_mut().get_mut("entra").unwrap().people.insert("idle.one".into(), word);
        lab.sweep();
        assert_eq!(lab.verdict("idle.one"), verdict);
    }
}

#[test]
fn a_directory_without_an_address_stops_the_sweep_and_says_which_variables_are_missing() {
    let lab = Lab::default();
    lab.policy(&policy(""));
    lab.pass(TimeDelta::seconds(1));
    let error = lab.tick_with(&Tap::default(), BUDGET, true).done().error.unwrap();
    assert!(error.message.contains("`graph_*`"), "{error}");
    assert_eq!(lab.sim.writes(), 0);
}

#[test]
fn judging_in_parts_comes_to_the_same_words_as_judging_at_once() {
    let verdicts = |part: Option<u64>| {
        let mut lab = lab(&policy(""));
        lab.part = part;
        lab.says("entra", "gone.one", Presence::Disabled);
        lab.says("entra", "lost.one", Presence::Absent);
        lab.sweep();
        let words: Vec<_> = lab.snapshot().into_iter().map(|judged| (judged.account.words, judged.decision)).collect();
        (words, lab.run().report.unwrap().directories)
    };
    let whole = verdicts(None);
    for part in [5, 20, 33] {
        assert_eq!(verdicts(Some(part)), whole, "parts of {part}");
    }
}

#[test]
fn a_crash_at_any_call_of_a_sweep_with_directories_comes_to_the_undisturbed_end() {
    let asked = ENTRA.replace("entra", "hr").replace("graph", "scim") + "one-by-one = true\n";
    let make = || {
        let lab = Lab::of(25, &[]);
        for name in ["gone.one", "gone.two", "lost.one"] {
            lab.newcomer(name).groups(&["confluence-users"]).idle(Some(40)).add();
        }
        lab.directory("entra");
        lab.directory("hr");
        lab.says("entra", "gone.one", Presence::Disabled);
        lab.says("hr", "gone.two", Presence::Disabled);
        lab.says("entra", "gone.two", Presence::Absent);
        lab.policy(&policy(&asked));
        lab
    };
    let story = |lab: &Lab, tap: &Tap| {
        while insist(lab, tap, |tap| lab.tick_with(tap, BUDGET, false)).status == Status::Working {}
        let planned = lab.planned();
        if !planned.is_empty() {
            lab.approve(false).unwrap();
        }
        while insist(lab, tap, |tap| lab.tick_with(tap, BUDGET, false)).status == Status::Working {}
        (planned, lab.facts(), lab.run().outcome, lab.run().report.unwrap().directories)
    };
    let calm = Tap::default();
    // Present in one directory wins over disabled in the other, so the first plan is empty and the second is not.
    let undisturbed = make();
    undisturbed.says("hr", "gone.one", Presence::Absent);
    let end = story(&undisturbed, &calm);
    assert_eq!(end.0, ["gone.one", "gone.two"]);
    let calls = calm.calls();
    for wanted in ["read directory", "ask directory"] {
        assert!(calls.iter().any(|call| call == wanted), "{wanted}");
    }
    for (number, call) in calls.iter().enumerate() {
        for when in [When::Before, When::After] {
            let (lab, tap) = (make(), Tap::dying_at(number, when));
            lab.says("hr", "gone.one", Presence::Absent);
            let found = story(&lab, &tap);
            assert!(tap.is_dead(), "no crash at {number} {call}");
            assert_eq!(found, end, "{when:?} {number} {call}");
        }
    }
}

fn findings(lab: &Lab) -> String {
    match lab.run().outcome {
        Outcome::Blocked { findings } => findings.join("\n"),
        other => format!("not blocked: {other:?}"),
    }
}

#[test]
fn a_directory_that_speaks_about_a_group_is_heard_about_its_members() {
    let others = ENTRA.replace("entra", "okta").replace("graph", "okta");
    let lab = lab(&policy(&others).replacen("everyone = true", "groups = [\"confluence-administrators\"]", 1));
    lab.directory("okta");
    let admins = lab.key("gone.two");
    lab.join(&admins, "confluence-administrators");
    lab.says("okta", "gone.one", Presence::Disabled);
    lab.sweep();
    let report = lab.run().report.unwrap();
    assert!(report.directories["entra"].accounts > 0, "{:?}", report.directories);
    assert_eq!(lab.verdict("gone.one"), "reclaim/left", "entra does not speak about gone.one");
}

#[test]
fn somebody_whom_another_directory_knows_by_now_or_does_not_answer_about_keeps_the_seat() {
    let other = ENTRA.replace("entra", "okta").replace("graph", "okta");
    let planned = || {
        let lab = lab(&policy(&other));
        lab.directory("okta");
        lab.says("okta", "gone.one", Presence::Absent);
        lab.says("entra", "gone.one", Presence::Disabled);
        lab.sweep();
        assert_eq!(lab.planned(), ["gone.one"]);
        lab.approve(false).unwrap();
        lab
    };
    let hired = planned();
    hired.says("okta", "gone.one", Presence::Active);
    hired.rest();
    assert_eq!((hired.run().tally.reclaimed, hired.run().tally.skipped), (0, 1));
    let silent = planned();
    let mut all = silent.directories.borrow_mut();
    all.get_mut("okta").unwrap().silent_about.insert("gone.one".into(), ErrorClass::Malformed);
    drop(all);
    silent.rest();
    assert_eq!((silent.run().tally.reclaimed, silent.run().tally.skipped), (0, 1));
}

#[test]
fn a_directory_that_cannot_be_asked_about_somebody_keeps_its_veto() {
    let by_mail = ENTRA.replace("entra", "okta").replace("graph", "okta").replace("username", "mail");
    let lab = Lab::default();
    lab.newcomer("no.mail").groups(&["confluence-users"]).idle(Some(40)).mail("").add();
    lab.directory("entra");
    lab.directory("okta");
    let mails: Vec<_> =
        lab.world().users().map(|(_, user)| user.email_text()).filter(|mail| !mail.is_empty()).collect();
    for mail in mails {
        lab.says("okta", &mail, Presence::Active);
    }
    lab.says("entra", "no.mail", Presence::Disabled);
    lab.policy(&policy(&by_mail));
    lab.sweep();
    assert_eq!(lab.verdict("no.mail"), "keep/recently-active");
    assert!(lab.explain("no.mail").join("\n").contains("okta says unknown"), "{:?}", lab.explain("no.mail"));
}

#[test]
fn a_blocked_sweep_is_no_rehearsal_for_the_rules_under_enforce() {
    let lab = lab(&policy("").replace("approve", "enforce"));
    lab.says("entra", "gone.one", Presence::Disabled);
    let people = lab.directories.borrow()["entra"].people.clone();
    lab.directories.borrow_mut().get_mut("entra").unwrap().people.clear();
    lab.sweep();
    assert!(findings(&lab).contains("nobody in it"), "{}", findings(&lab));
    lab.directories.borrow_mut().get_mut("entra").unwrap().people = people;
    lab.sweep();
    assert_eq!((lab.run().outcome, lab.sim.writes()), (Outcome::AwaitingApproval, 0));
}

#[test]
fn a_directory_that_was_taken_out_for_a_while_comes_back_to_the_same_measure() {
    let lab = lab(&policy(""));
    lab.sweep();
    lab.policy(POLICY);
    lab.sweep();
    let names: Vec<_> = lab.directories.borrow()["entra"].people.keys().cloned().collect();
    for name in names.iter().take(names.len() / 3) {
        lab.says("entra", name, Presence::Absent);
    }
    lab.policy(&policy(""));
    lab.sweep();
    assert!(findings(&lab).contains("guard.drop-percent"), "{}", findings(&lab));
}

#[test]
fn what_a_directory_said_while_it_was_not_believed_does_not_count_towards_the_days_of_absence() {
    let lab = lab(&policy("").replace("absent-days = 7", "absent-days = 1"));
    lab.sweep();
    let people = lab.directories.borrow()["entra"].people.clone();
    lab.directories.borrow_mut().get_mut("entra").unwrap().people.clear();
    lab.sweep();
    assert!(findings(&lab).contains("nobody in it"));
    lab.directories.borrow_mut().get_mut("entra").unwrap().people = people;
    lab.says("entra", "lost.one", Presence::Absent);
    lab.pass(TimeDelta::days(2));
    lab.sweep();
    assert_eq!(lab.verdict("lost.one"), "keep/recently-active");
    lab.pass(TimeDelta::days(1));
    lab.sweep();
    assert_eq!(lab.verdict("lost.one"), "reclaim/left");
}

#[test]
fn a_directory_whose_later_pages_never_come_is_given_up_with_the_true_reason() {
    let lab = lab(&policy(""));
    lab.directories.borrow_mut().get_mut("entra").unwrap().last_page = Some(ErrorClass::Malformed);
    let mut ticks = 0;
    while !lab.runs().first().is_some_and(|run| matches!(run.outcome, Outcome::Failed { .. })) {
        lab.pass(TimeDelta::minutes(1));
        lab.tick();
        ticks += 1;
        assert!(ticks < 30, "it never gives up: {:?}", lab.run().outcome);
    }
    let Outcome::Failed { code, .. } = lab.run().outcome else { panic!("{:?}", lab.run().outcome) };
    assert_eq!((code.as_str(), lab.sim.writes()), ("malformed-answer", 0));
}

#[test]
fn one_difficult_person_alone_does_not_stop_a_sweep_that_asks_about_each() {
    let each = policy("one-by-one = true\n").replace("everyone = true", "users = [\"gone.one\"]");
    for class in [ErrorClass::Malformed, ErrorClass::Retryable] {
        let lab = lab(&each);
        lab.directories.borrow_mut().get_mut("entra").unwrap().silent_about.insert("gone.one".into(), class);
        lab.sweep();
        assert_eq!((lab.verdict("gone.one"), lab.run().outcome), ("keep/recently-active", Outcome::NothingToDo));
    }
}

#[test]
fn two_accounts_with_one_address_are_told_apart_by_nobody_in_whatever_parts_they_are() {
    for part in [None, Some(5)] {
        // This version tells no mail addresses, so the database does.
        let mut lab = Lab::with(&[("version", "9.0")]);
        lab.database = true;
        lab.part = part;
        for name in ["a.twin", "z.twin"] {
            lab.newcomer(name).groups(&["confluence-users"]).idle(Some(40)).mail("team@example.com").add();
        }
        lab.newcomer("m.single").groups(&["confluence-users"]).idle(Some(40)).mail("single@example.com").add();
        lab.directory("entra");
        let mails: Vec<_> = lab.world().users().map(|(_, user)| user.email_text()).filter(|m| !m.is_empty()).collect();
        for mail in mails {
            lab.says("entra", &mail, Presence::Active);
        }
        for mail in ["team@example.com", "single@example.com"] {
            lab.says("entra", mail, Presence::Disabled);
        }
        lab.policy(&policy("").replace("match = \"username\"", "match = \"mail\""));
        lab.sweep();
        assert_eq!(lab.verdict("m.single"), "reclaim/left", "{part:?}");
        for twin in ["a.twin", "z.twin"] {
            assert_eq!(lab.verdict(twin), "keep/recently-active", "{twin} in parts of {part:?}");
        }
    }
}
