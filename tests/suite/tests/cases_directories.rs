//! Edge cases of identities, directories and the licence count, each through the whole flow against a whole site.

use chrono::TimeDelta;
use seatkeeper_engine::{give_back::GivenBack, state::Outcome};
use seatkeeper_policy::report::Diagnosis;
use seatkeeper_simulator::{Fault, FaultKind, world::Change};
use seatkeeper_tests::{Lab, POLICY};

fn with_database() -> Lab {
    let mut lab = Lab::default();
    lab.database = true;
    lab.policy(POLICY);
    lab
}

fn told(lab: &Lab, who: &str) -> String {
    lab.explain(who).join("\n")
}

#[test]
fn case_01_of_a_name_in_two_directories_both_are_told_and_neither_is_touched() {
    let lab = with_database();
    let key = lab.add("twin", Some(100));
    lab.shadow(&key, 1, true);
    lab.sweep();
    let text = told(&lab, "twin");
    assert!(text.contains("of directory Confluence Internal Directory"), "{text}");
    assert!(text.contains("twin in directory Corporate LDAP > its groups > can use"), "{text}");
    assert_eq!((lab.planned().len(), lab.sim.writes()), (0, 0));
}

#[test]
fn case_02_the_way_to_free_a_duplicates_seat_is_advice_and_no_directory_is_ever_written_to() {
    let lab = with_database();
    let key = lab.add("twin", Some(100));
    lab.shadow(&key, 2, true);
    lab.sweep();
    assert!(told(&lab, "twin").contains("remove or deactivate the account of this name in Atlassian Crowd"));
    lab.sweep();
    let id = lab.id(&key);
    assert!(lab.world().shadows_of(id).iter().all(|shadow| shadow.active));
    assert_eq!(lab.sim.writes(), 0);
}

#[test]
fn case_03_a_change_that_landed_elsewhere_is_noticed_and_not_repeated_every_night() {
    let lab = Lab::default();
    let key = lab.add("idle.one", Some(100));
    lab.policy(POLICY);
    lab.sim.inject(Fault::next("DELETE", "/rest/", FaultKind::SilentNoEffect).forever());
    lab.sweep_and_apply();
    assert!(lab.has_seat(&key) && lab.run().tally.failed == 1);
    let writes = lab.sim.writes();
    for _ in 0..3 {
        lab.pass(TimeDelta::days(1));
        lab.sweep();
        assert_eq!((lab.verdict("idle.one"), lab.sim.writes()), ("hold/cannot-free", writes));
    }
    lab.pass(TimeDelta::days(28));
    lab.sweep();
    assert!(lab.planned().contains(&"idle.one".to_owned()), "after a month it is tried once more");
}

#[test]
fn case_05_each_kind_of_directory_is_used_for_what_it_allows() {
    let lab = with_database();
    // Internal, LDAP with local groups, Crowd, LDAP for passwords; then LDAP that keeps even the groups to itself.
    for place in 0..4 {
        let name = format!("of.{place}");
        lab.newcomer(&name).idle(Some(100)).groups(&["confluence-users"]).directory(place).add();
    }
    lab.newcomer("of.ldap.group").idle(Some(100)).groups(&["ldap-wiki-readers"]).directory(1).add();
    lab.sweep();
    let mut planned = lab.planned();
    planned.sort_unstable();
    assert_eq!(planned, ["of.0", "of.1", "of.2", "of.3"]);
    assert_eq!(lab.verdict("of.ldap.group"), "hold/cannot-free");
    lab.approve(false).unwrap();
    lab.rest();
    assert_eq!((lab.run().tally.reclaimed, lab.run().diagnosis), (4, Some(Diagnosis::Freed)));
    lab.world().directories[2].update_groups = false;
    lab.newcomer("of.closed").idle(Some(100)).groups(&["confluence-users"]).directory(2).add();
    lab.sweep();
    assert!(lab.planned().is_empty() && told(&lab, "of.closed").contains("Atlassian Crowd is read-only from here"));
}

#[test]
fn case_06_a_membership_that_a_synchronisation_puts_back_twice_is_handed_over() {
    let lab = Lab::default();
    let key = lab.add("flapping", Some(100));
    lab.policy(POLICY);
    for _ in 0..2 {
        lab.sweep_and_apply();
        assert!(!lab.has_seat(&key));
        lab.join(&key, "confluence-users");
        lab.pass(TimeDelta::hours(1));
    }
    for _ in 0..3 {
        lab.sweep();
        assert_eq!((lab.verdict("flapping"), lab.planned().len()), ("hold/cannot-free", 0));
    }
    assert!(told(&lab, "flapping").contains("find out which synchronisation"), "{}", told(&lab, "flapping"));
}

#[test]
fn case_08_somebody_in_two_groups_and_two_directories_is_one_person() {
    let lab = with_database();
    let key = lab.add_to("twin", Some(100), &["confluence-users", "confluence-contractors"]);
    lab.shadow(&key, 1, false);
    lab.sweep();
    assert_eq!(lab.snapshot().iter().filter(|judged| judged.account.key == key).count(), 1);
    assert_eq!(lab.planned(), ["twin"]);
}

#[test]
fn case_09_names_of_every_spelling_lose_the_seat_and_get_it_back() {
    let lab = Lab::default();
    let names = ["R.Müller", "a b c", "x+y", "p#q", "user@host.example", "100%", "o'hara", "日本花子", "semi;colon"];
    let keys: Vec<_> = names.iter().map(|name| lab.add(name, Some(100))).collect();
    let before = lab.facts();
    lab.policy(POLICY);
    lab.sweep_and_apply();
    assert_eq!((lab.run().tally.reclaimed, lab.run().tally.failed), (9, 0));
    lab.free_seats(20);
    for key in &keys {
        let handled = lab.login(key).unwrap();
        assert!(matches!(handled.outcome, GivenBack::Restored { .. }), "{}: {handled:?}", lab.name(key));
    }
    assert_eq!(lab.facts(), before);
}

#[test]
fn case_11_a_renamed_person_keeps_history_and_gets_the_seat_back_under_the_new_name() {
    let lab = Lab::default();
    let key = lab.add("maiden.name", Some(100));
    lab.policy(POLICY);
    lab.sweep_and_apply();
    lab.change(&key, Change::Rename("married.name".into()));
    lab.login(&key).unwrap();
    assert!(lab.has_seat(&key) && lab.name(&key) == "married.name");
}

#[test]
fn case_12_somebody_new_under_a_former_colleagues_name_inherits_nothing() {
    let lab = Lab::default();
    let old = lab.add("j.smith", Some(100));
    lab.policy(POLICY);
    lab.sweep_and_apply();
    lab.change(&old, Change::Rename("j.smith.left".into()));
    let new = lab.add("j.smith", Some(1));
    lab.sweep();
    assert_eq!(lab.verdict("j.smith"), "keep/recently-active");
    let handled = lab.login(&new).unwrap();
    assert!(matches!(handled.outcome, GivenBack::Nothing { .. }), "{handled:?}");
    assert!(lab.reclaim(&new).is_none() && !lab.has_seat(&old));
    // And the other way round: the former colleague comes back under another name, and gets what is his.
    lab.leave(&new, "confluence-users");
    lab.login(&old).unwrap();
    assert_eq!((lab.has_seat(&old), lab.has_seat(&new)), (true, false));
}

#[test]
fn case_13_a_site_that_tells_no_logins_makes_nobody_inactive() {
    let lab = Lab::with(&[("version", "9.0")]);
    lab.add("who.knows", Some(4_000));
    lab.policy(POLICY);
    lab.sweep();
    assert_eq!((lab.verdict("who.knows"), lab.run().outcome), ("hold/activity-unknown", Outcome::NothingToDo));
    assert!(lab.limits().contains("does not tell last logins"));
}

#[test]
fn case_16_somebody_in_several_licence_groups_leaves_all_of_them_or_none() {
    let lab = Lab::default();
    let all = lab.add_to("all", Some(100), &["confluence-users", "confluence-contractors"]);
    let held = lab.add_to("held", Some(100), &["confluence-users", "contractors-emea"]);
    lab.policy(POLICY);
    lab.sweep_and_apply();
    assert!(lab.groups(&all).is_empty());
    assert_eq!(lab.groups(&held), ["confluence-users", "contractors-emea"]);
}

#[test]
fn case_19_nested_or_flattened_lists_come_to_the_same_plan() {
    for members in ["true", "false"] {
        for memberof in ["true", "false"] {
            let lab = Lab::with(&[("nested_members", members), ("nested_memberof", memberof)]);
            let key = lab.add_to("nested.one", Some(100), &["contractors-emea"]);
            lab.add("idle.one", Some(100));
            lab.policy(POLICY);
            lab.sweep_and_apply();
            assert_eq!((lab.run().tally.reclaimed, lab.run().tally.failed), (1, 0), "{members} {memberof}");
            assert!(lab.has_seat(&key), "{members} {memberof}");
        }
    }
}

#[test]
fn case_20_a_count_that_is_minutes_old_is_waited_for_before_anybody_is_told_that_it_failed() {
    let lab = Lab::with(&[("seat_cache_seconds", "600")]);
    lab.add("idle.one", Some(100));
    lab.policy(&format!("{POLICY}measures.disable = true\n"));
    lab.sweep_and_apply();
    assert_eq!((lab.run().diagnosis, lab.run().outcome), (Some(Diagnosis::PerhapsCached), Outcome::Running));
    lab.pass(TimeDelta::minutes(11));
    lab.rest();
    assert_eq!((lab.run().diagnosis, lab.run().outcome), (Some(Diagnosis::Freed), Outcome::Applied));
}

#[test]
fn case_24_deactivated_and_deleted_accounts_use_no_seat_and_are_left_alone() {
    let lab = Lab::default();
    let off = lab.add("off", Some(400));
    lab.change(&off, Change::Active(false));
    lab.newcomer("gone").idle(Some(400)).groups(&["confluence-users"]).directory(4).add();
    lab.policy(POLICY);
    lab.sweep();
    assert_eq!((lab.verdict("off"), lab.planned().len()), ("keep/no-seat", 0));
}
