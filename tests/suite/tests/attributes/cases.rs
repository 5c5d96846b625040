//! Edge cases by their numbers.

use crate::{Ask, done, lab, looked, newest, order_with, problems, refused, renames, resume_with, states, wish};
use chrono::TimeDelta;
use seatkeeper_engine::{
    attributes::{JobStatus, parse},
    state::Wish,
};
use seatkeeper_simulator::world::Change;
use seatkeeper_tests::Tap;
use seatkeeper_web::csv;

#[test]
fn case_09_names_with_odd_characters_and_another_case_reach_the_account_they_mean() {
    let lab = lab(&[]);
    for (name, to) in [("a+b@x.example", "ab"), ("c#d", "cd"), ("e f", "ef"), ("jörg", "joerg"), ("x%2fy", "xy")] {
        let key = lab.newcomer(name).groups(&["confluence-users"]).add();
        let report = done(&lab, renames(&[(&name.to_uppercase(), to)]));
        assert_eq!(report.status, JobStatus::Done, "{name}");
        assert_eq!((lab.name(&key).as_str(), report.rows[0].username.as_str()), (to, name));
    }
}

#[test]
fn case_11_the_account_of_the_check_is_meant_even_if_its_name_belongs_to_somebody_else_by_then() {
    let lab = lab(&[]);
    let key = lab.key("mia");
    // Only looked at; the row follows with the next request.
    let looked = Ask { budget: TimeDelta::zero(), ..Ask::of(renames(&[("mia", "mia.lee")])) };
    order_with(&lab, &Tap::default(), &looked).done().unwrap();
    lab.change(&key, Change::Rename("mia.before".into()));
    lab.change(&lab.key("noah"), Change::Rename("mia".into()));
    let report = resume_with(&lab, &Tap::default(), TimeDelta::minutes(5)).done().unwrap();
    assert_eq!(states(&lab, &report.job.id), [(2, "skipped")]);
    assert_eq!(lab.name(&key), "mia.before");
    assert_eq!(lab.name(&lab.key("mia")), "mia", "whoever has the name now keeps it");
}

#[test]
fn case_68_a_name_that_is_taken_anywhere_is_refused_before_anything_is_written() {
    let lab = lab(&[]);
    let told = refused(&lab, renames(&[("mia", "noah")]));
    assert!(
        told.contains("taken in Confluence by another account") && told.contains("taken in Crowd by `noah`"),
        "{told}"
    );
    let shadowed = lab.key("ole");
    lab.shadow(&shadowed, 1, true);
    let mut lab = lab;
    lab.database = true;
    lab.sweep();
    let told = refused(&lab, renames(&[("ole", "olaf")]));
    assert!(told.contains("holds an account of the same name"), "{told}");
}

#[test]
fn case_69_a_suffix_is_not_put_on_twice() {
    let lab = lab(&[]);
    lab.newcomer("old_inactive_20250101").groups(&["team-001"]).add();
    let told = refused(&lab, renames(&[("old_inactive_20250101", "old_inactive_20250101_inactive_20261122")]));
    assert!(told.contains("twice"), "{told}");
    assert_eq!(done(&lab, renames(&[("old_inactive_20250101", "old")])).status, JobStatus::Done);
}

#[test]
fn case_70_length_and_characters_are_looked_at_and_a_directory_that_cannot_rename_is_named() {
    let mut lab = lab(&[]);
    let long = "x".repeat(256);
    for bad in [long.as_str(), "Mia", "m a", "a,b", "a+b", "a\\b", "a'b", "anonymous"] {
        assert!(refused(&lab, renames(&[("mia", bad)])).contains("new-username"), "{bad}");
    }
    lab.newcomer("lara").directory(1).groups(&["confluence-users"]).add();
    lab.database = true;
    lab.sweep();
    let told = refused(&lab, renames(&[("lara", "lara.new")]));
    assert!(told.contains("takes no changes of accounts from Confluence"), "{told}");
}

#[test]
fn case_71_a_synchronisation_that_makes_a_new_account_is_noticed() {
    let lab = lab(&[("directory_sync_seconds", "3600")]);
    let key = lab.newcomer("cora").directory(2).groups(&["confluence-users"]).add();
    let report = done(&lab, renames(&[("cora", "cora.new")]));
    assert_eq!((report.status, states(&lab, &report.job.id)), (JobStatus::Waiting, vec![(2, "waiting")]));
    assert!(report.next_step.contains("Synchronise the directory"), "{}", report.next_step);
    assert!(report.job.notes.iter().any(|note| note.contains("unique-id attribute")), "{:?}", report.job.notes);
    // Still the old name, and nothing is repeated.
    assert_eq!(resume_with(&lab, &Tap::default(), TimeDelta::minutes(1)).done().unwrap().status, JobStatus::Waiting);
    // The directory does not know who is who: the new name comes as another account.
    lab.world().pending.clear();
    lab.newcomer("cora.new").directory(2).add();
    let report = resume_with(&lab, &Tap::default(), TimeDelta::minutes(1)).done().unwrap();
    assert_eq!(report.rows[0].state.word(), "failed");
    let told = format!("{:?}", report.rows[0].state);
    assert!(told.contains("unique-id attribute") && lab.name(&key) == "cora", "{told}");
}

#[test]
fn a_rename_that_confluence_shows_later_is_done_when_it_does() {
    let lab = lab(&[("directory_sync_seconds", "3600")]);
    let key = lab.newcomer("cora").directory(2).groups(&["confluence-users"]).add();
    assert_eq!(done(&lab, renames(&[("cora", "cora.new")])).status, JobStatus::Waiting);
    lab.pass(TimeDelta::hours(1));
    let report = resume_with(&lab, &Tap::default(), TimeDelta::minutes(1)).done().unwrap();
    assert_eq!((report.status, lab.name(&key).as_str()), (JobStatus::Done, "cora.new"));
}

#[test]
fn a_name_is_given_on_only_after_confluence_shows_that_it_is_free() {
    let lab = lab(&[("directory_sync_seconds", "3600")]);
    let keys: Vec<_> =
        ["cora", "dora"].iter().map(|name| lab.newcomer(name).directory(2).groups(&["team-001"]).add()).collect();
    let first = done(&lab, renames(&[("cora", "dora"), ("dora", "dora.new")]));
    assert_eq!(first.status, JobStatus::Waiting);
    assert_eq!(states(&lab, &first.job.id), [(3, "waiting"), (2, "planned")]);
    for _ in 0..2 {
        lab.pass(TimeDelta::hours(1));
        resume_with(&lab, &Tap::default(), TimeDelta::minutes(1)).done().unwrap();
    }
    assert_eq!(keys.iter().map(|key| lab.name(key)).collect::<Vec<_>>(), ["dora", "dora.new"]);
    assert_eq!(newest(&lab).tally.get("done"), Some(&2));
}

#[test]
fn case_73_two_accounts_of_one_person_are_not_merged_and_the_order_of_work_is_told() {
    let lab = lab(&[]);
    // The old account and the one from the new directory are both there already.
    lab.newcomer("mia.lee").directory(2).groups(&["confluence-users"]).add();
    let told = refused(&lab, renames(&[("mia", "mia.lee")]));
    assert!(told.contains("Confluence cannot merge two accounts") && told.contains("synchronise"), "{told}");
    let report = looked(&lab, renames(&[("noah", "noah.lee")]));
    assert!(report.job.notes[0].contains("before another directory is added"), "{:?}", report.job.notes);
}

#[test]
fn case_74_swaps_chains_duplicates_header_order_and_a_byte_order_mark() {
    let lab = lab(&[]);
    let keys: Vec<_> = ["mia", "noah", "ole"].iter().map(|name| lab.key(name)).collect();
    let text = "\u{feff}New Username;USERNAME\r\nnoah;mia\r\nmia;noah\r\nole.new;ole\r\n";
    let report = done(&lab, parse(text, csv::unprotect).unwrap());
    assert_eq!(report.status, JobStatus::Done, "{report:?}");
    assert_eq!(keys.iter().map(|key| lab.name(key)).collect::<Vec<_>>(), ["noah", "mia", "ole.new"]);
    // A chain, in the wrong order.
    let report = done(&lab, renames(&[("mia", "noah"), ("noah", "ole"), ("ole.new", "ole.newer")]));
    assert_eq!(report.status, JobStatus::Done, "{report:?}");
    assert_eq!(keys.iter().map(|key| lab.name(key)).collect::<Vec<_>>(), ["ole", "noah", "ole.newer"]);
    let told = refused(&lab, renames(&[("noah", "x"), ("NOAH", "y"), ("ole", "z"), ("ole.newer", "z")]));
    assert_eq!(told.lines().count(), 4, "{told}");
}

#[test]
fn case_74_a_circle_with_a_refused_member_is_refused_as_a_whole() {
    let lab = lab(&[]);
    let lines = renames(&[("mia", "sk-bot"), ("sk-bot", "mia"), ("noah", "noah.new")]);
    let ask = Ask { skip_refused: true, ..Ask::of(lines) };
    let report = order_with(&lab, &Tap::default(), &ask).done().unwrap();
    let mut found = states(&lab, &report.job.id);
    found.sort_unstable();
    assert_eq!(found, [(2, "refused"), (2, "refused"), (3, "refused"), (4, "done")], "{}", problems(&report));
}

#[test]
fn case_74_a_file_from_an_export_comes_back_as_it_was() {
    let lab = lab(&[]);
    let key = lab.newcomer("-mia").mail("m@x").groups(&["team-001"]).add();
    let mut file = csv::header(&["username", "full-name", "add-groups"]);
    file.extend(csv::row(&["-mia", "=Mia; \"the\" one, 'twice", "confluence-users"]));
    let lines = parse(std::str::from_utf8(&file).unwrap(), csv::unprotect).unwrap();
    assert_eq!(done(&lab, lines).status, JobStatus::Done);
    assert_eq!(crate::details(&lab, &key).1, "=Mia; \"the\" one, 'twice");
}

#[test]
fn what_a_sweep_took_is_given_back_by_a_restore_and_not_by_a_file() {
    let lab = lab(&[]);
    let key = lab.add("pia", Some(200));
    lab.sweep_and_apply();
    assert!(!lab.has_seat(&key));
    let told = refused(&lab, renames(&[("pia", "pia.new")]));
    assert!(told.contains("restore it"), "{told}");
    let back = Wish { add_groups: vec!["confluence-users".into()], ..Wish::default() };
    assert!(refused(&lab, wish("pia", back)).contains("was taken by a sweep"));
    lab.login(&key).unwrap();
    assert_eq!(done(&lab, renames(&[("pia", "pia.new")])).status, JobStatus::Done);
}
