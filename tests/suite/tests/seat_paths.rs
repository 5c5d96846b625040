//! By which paths somebody holds a seat, what a reclaim promised, and what still held the seat afterwards.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use chrono::TimeDelta;
use seatkeeper_engine::state::{Outcome, Run};
use seatkeeper_policy::{UserKey, report::Diagnosis};
use seatkeeper_simulator::{
    Fault, FaultBody, FaultKind,
    world::{Action, Author, Change, Operation, Subject},
};
use seatkeeper_tests::{Lab, POLICY, Tap, verbs::BUDGET};

fn may_use(lab: &Lab, subject: Subject) {
    lab.world().grant(subject, Operation::new("application", "use"));
}

fn path(lab: &Lab, who: &str) -> String {
    lab.explain(who).into_iter().nth(2).unwrap()
}

#[test]
fn every_path_is_told_from_the_person_over_the_groups_to_the_permission() {
    let lab = Lab::default();
    lab.add("direct", Some(100));
    lab.add_to("twice", Some(100), &["confluence-users", "confluence-contractors"]);
    lab.add_to("nested", Some(100), &["contractors-emea"]);
    lab.add_to("boss", Some(100), &["confluence-users", "confluence-administrators"]);
    lab.add_to("other", Some(100), &["confluence-users", "team-001"]);
    let alone = lab.add("alone", Some(100));
    let id = lab.id(&alone);
    may_use(&lab, Subject::User(id));
    let team = lab.world().find_group("team-001").unwrap();
    may_use(&lab, Subject::Group(team));
    lab.policy(POLICY);
    lab.sweep();
    assert_eq!(path(&lab, "direct"), "direct > confluence-users > can use");
    assert_eq!(path(&lab, "twice"), "twice > confluence-contractors > can use; twice > confluence-users > can use");
    assert_eq!(path(&lab, "nested"), "nested > contractors-emea > confluence-contractors > can use");
    assert_eq!(path(&lab, "alone"), "alone > confluence-users > can use; alone > can use");
    assert!(path(&lab, "other").contains("other > team-001 > can use"), "{}", path(&lab, "other"));
    assert!(path(&lab, "boss").contains("boss > administrators > administer > can use"), "{}", path(&lab, "boss"));
    let mut planned = lab.planned();
    planned.sort_unstable();
    assert_eq!(planned, ["direct", "twice"], "whoever has another path keeps all of them");
    assert_eq!(lab.verdict("boss"), "keep/administrator");
    for held in ["nested", "alone", "other"] {
        assert_eq!(lab.verdict(held), "hold/cannot-free", "{held}");
    }
    let advice = |who: &str| lab.explain(who)[4].clone();
    assert!(advice("nested").contains("take the account out of contractors-emea"), "{}", advice("nested"));
    assert!(advice("alone").contains("global permissions"), "{}", advice("alone"));
    assert!(advice("other").contains("add group team-001"), "{}", advice("other"));
}

/// Takes one seat and tells what still holds it.
fn take(lab: &Lab, tap: &Tap) -> Run {
    lab.sweep();
    assert_eq!(lab.planned(), ["idle.one"]);
    lab.approve(false).unwrap();
    lab.tick_with(tap, BUDGET, false).done();
    for _ in 0..4 {
        lab.pass(TimeDelta::minutes(5));
        lab.rest();
    }
    let run = lab.run();
    assert_eq!(run.outcome, Outcome::Applied);
    run
}

fn idle(lab: &Lab) -> UserKey {
    let key = lab.add("idle.one", Some(100));
    lab.policy(POLICY);
    key
}

fn left(run: &Run) -> Vec<(&str, u32)> {
    run.left.iter().map(|(code, count)| (code.as_str(), *count)).collect()
}

#[test]
fn a_seat_that_came_free_leaves_nothing_to_explain() {
    let lab = Lab::default();
    idle(&lab);
    let run = take(&lab, &Tap::default());
    assert_eq!((left(&run), run.diagnosis), (vec![], Some(Diagnosis::Freed)));
    assert_eq!(run.before.unwrap().used - run.after.unwrap().used, run.tally.reclaimed);
}

#[test]
fn an_answer_of_success_that_changed_nothing_is_told_as_such() {
    let lab = Lab::default();
    let key = idle(&lab);
    lab.sim.inject(Fault::next("DELETE", "/rest/", FaultKind::SilentNoEffect).forever());
    let run = take(&lab, &Tap::default());
    assert_eq!((left(&run), run.tally.failed), (vec![("silent-204", 1)], 1));
    assert!(lab.has_seat(&key));
}

#[test]
fn a_refusal_is_told_as_such() {
    let lab = Lab::default();
    idle(&lab);
    let refused = FaultKind::Status { status: 403, body: FaultBody::Json, retry_after: None };
    lab.sim.inject(Fault::next("DELETE", "/rest/", refused).forever());
    let run = take(&lab, &Tap::default());
    assert_eq!((left(&run), run.tally.failed), (vec![("refused", 1)], 1));
}

/// A tap behind which somebody puts the person into a group as soon as the seat is being taken.
fn joining(lab: &Lab, key: &UserKey, group: &str) -> Tap {
    let (sim, id) = (lab.sim.clone(), lab.id(key));
    let group = lab.world().find_group(group).unwrap();
    Tap::watched(move |call| {
        if call.starts_with("DELETE /rest/") {
            sim.world().apply(None, id, Change::Join(group));
        }
    })
}

#[test]
fn somebody_who_became_an_administrator_or_joined_a_nested_group_in_that_moment_is_told_with_the_reason() {
    for (group, code) in [("confluence-administrators", "administrator"), ("contractors-emea", "nested")] {
        let lab = Lab::default();
        let key = idle(&lab);
        let run = take(&lab, &joining(&lab, &key, group));
        assert_eq!(left(&run), [(code, 1)], "{group}");
        assert!(lab.has_seat(&key));
    }
}

#[test]
fn a_grant_to_the_account_itself_that_this_release_does_not_tell_shows_in_what_is_left() {
    let lab = Lab::with(&[("version", "9.0"), ("audit_logins", "false")]);
    let key = idle(&lab);
    lab.policy(&format!("{POLICY}evidence.audit-log = true\n"));
    let id = lab.id(&key);
    let now = lab.now().timestamp_millis();
    lab.world().audit.push(now, Author::Anonymous, Action::Login(id));
    lab.sweep();
    lab.pass(TimeDelta::days(91));
    may_use(&lab, Subject::User(id));
    let run = take(&lab, &Tap::default());
    assert_eq!((left(&run), run.diagnosis), (vec![("duplicate-or-cache", 1)], Some(Diagnosis::NotFreed)));
    assert!(lab.has_seat(&key));
}

#[test]
fn a_duplicate_that_keeps_the_seat_shows_in_the_count_and_is_told() {
    let lab = Lab::with(&[("shadows_keep_seat", "true")]);
    let key = idle(&lab);
    lab.shadow(&key, 2, true);
    let run = take(&lab, &Tap::default());
    assert_eq!((left(&run), run.diagnosis), (vec![("duplicate-or-cache", 1)], Some(Diagnosis::NotFreed)));
    assert_eq!(run.before.unwrap().used, run.after.unwrap().used);
    assert!(lab.groups(&key).is_empty(), "of the account itself everything was taken");
}
