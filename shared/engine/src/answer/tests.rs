use super::*;
use crate::{
    admin::replace_policy,
    state::{Checkpoint, Work},
    testing::{MemoryStore, block_on},
};
use chrono::TimeDelta;
use seatkeeper_policy::{
    Action, GroupName, PlannedAccount, ReclaimReason, Source, Username,
    testing::{at, key},
};

const POLICY: &str =
    "version = 1\nmode = \"approve\"\nlicence-groups = [\"users\"]\ninactive.after-days = 90\ncap.accounts = 2\n";

fn now() -> Instant {
    at("2026-11-23T08:00:00Z")
}

fn id() -> SweepId {
    SweepId::parse("20261123-070000").unwrap()
}

/// A store with a plan of so many accounts that waits.
fn waiting(accounts: u32, verdict: Verdict) -> MemoryStore {
    let store = MemoryStore::default();
    block_on(replace_policy(&store, POLICY, None, "ada", now())).unwrap();
    let (_, policy) = block_on(policy_file::in_force(&store)).unwrap();
    let planned: Vec<PlannedAccount> = (0..accounts)
        .map(|number| PlannedAccount {
            key: key(&format!("k{number}")),
            username: Username::parse(format!("user{number}")).unwrap(),
            reason: ReclaimReason::NeverLoggedIn {
                known_since: now() - TimeDelta::days(200),
                source: Source::LastLogin,
            },
            actions: vec![Action::RemoveGroup(GroupName::parse("users").unwrap())],
        })
        .collect();
    let plan = PlanHead {
        id: id(),
        made: now(),
        expires: now() + TimeDelta::hours(72),
        rules: policy.rules_hash(),
        verdict,
        hash: "5eed".into(),
        accounts,
        pages: 1,
        emergency: None,
    };
    block_on(state::save(&store, &state::plan(&id()), &plan)).unwrap();
    block_on(state::save(&store, &state::plan_page(&id(), 0), &planned)).unwrap();
    let checkpoint = Checkpoint { work: Some(Work::Await(id())), ..Checkpoint::default() };
    block_on(state::save(&store, &state::checkpoint(), &checkpoint)).unwrap();
    store
}

fn signer(name: &str) -> Signer {
    Signer { name: name.into(), credential: format!("token:{name}"), personal: true }
}

fn approve(store: &MemoryStore, hash: &str, over_cap: bool, by: &Signer) -> Result<Answered, Refusal> {
    block_on(answer(store, &id(), hash, Answer::Approved { over_cap }, by, now()))
}

fn approval(store: &MemoryStore) -> Option<Approval> {
    block_on(state::load(store, &state::approval(&id()))).unwrap()
}

fn loaded(store: &MemoryStore) -> Waiting {
    block_on(Waiting::load(store, &id())).unwrap().unwrap()
}

#[test]
fn a_plan_within_the_cap_takes_one_person_and_exactly_its_hash() {
    let store = waiting(2, Verdict::Within);
    assert!(matches!(approve(&store, "5eee", false, &signer("ada")), Err(Refusal::OtherHash { .. })));
    assert_eq!(approval(&store), None);
    assert!(matches!(approve(&store, "5eed", false, &signer("ada")), Ok(Answered::Done(_))));
    assert_eq!(approval(&store).unwrap().by, "ada");
}

#[test]
fn above_the_cap_it_takes_two_people_and_a_second_name_for_the_same_token_is_not_one() {
    let store = waiting(3, Verdict::OverCap { planned: 3, limit: 2 });
    let refused = approve(&store, "5eed", false, &signer("ada"));
    assert_eq!(refused, Err(Refusal::OverCap { planned: 3, limit: 2 }));
    assert!(matches!(approve(&store, "5eed", true, &signer("ada")), Ok(Answered::NeedsSecond(_))));
    assert_eq!(approval(&store), None, "half of an approval is none");
    assert_eq!(loaded(&store).endorsed.unwrap().by, "ada");
    for same in ["ada", "somebody else"] {
        let same = Signer { name: same.into(), ..signer("ada") };
        assert_eq!(approve(&store, "5eed", true, &same), Err(Refusal::SamePerson { by: "ada".into() }));
    }
    assert!(matches!(approve(&store, "5eed", true, &signer("bert")), Ok(Answered::Done(_))));
    assert_eq!(approval(&store).unwrap().by, "ada and bert");
}

#[test]
fn whatever_is_struck_off_changes_the_hash_and_putting_it_back_changes_it_back() {
    let store = waiting(3, Verdict::Within);
    let struck = block_on(strike(&store, &id(), &key("k1"), &signer("ada"), now())).unwrap();
    let hash = struck.hash();
    assert_ne!(hash, "5eed");
    assert!(matches!(approve(&store, "5eed", false, &signer("ada")), Err(Refusal::OtherHash { .. })));
    let again = block_on(strike(&store, &id(), &key("k1"), &signer("bert"), now())).unwrap();
    assert_eq!((again.hash(), again.struck.len()), (hash.clone(), 1));
    let back = block_on(put_back(&store, &id(), &key("k1"), &signer("ada"), now())).unwrap();
    assert_eq!(back.hash(), "5eed");
    block_on(strike(&store, &id(), &key("k1"), &signer("ada"), now())).unwrap();
    assert!(matches!(approve(&store, &hash, false, &signer("ada")), Ok(Answered::Done(_))));
    assert_eq!(approval(&store).unwrap().without, [key("k1")].into());
}

#[test]
fn striking_off_brings_a_plan_below_the_cap_and_ends_what_the_first_of_two_people_said() {
    let store = waiting(3, Verdict::OverCap { planned: 3, limit: 2 });
    approve(&store, "5eed", true, &signer("ada")).unwrap();
    let struck = block_on(strike(&store, &id(), &key("k0"), &signer("bert"), now())).unwrap();
    assert_eq!((struck.over_cap(), loaded(&store).endorsed), (None, None));
    assert!(matches!(approve(&store, &struck.hash(), false, &signer("ada")), Ok(Answered::Done(_))));
}

#[test]
fn only_an_account_of_the_plan_can_be_struck_off() {
    let store = waiting(1, Verdict::Within);
    let refused = block_on(strike(&store, &id(), &key("k7"), &signer("ada"), now()));
    assert_eq!(refused, Err(Refusal::NotPlanned { key: "k7".into() }));
    assert_eq!(loaded(&store).struck, []);
}

#[test]
fn a_plan_that_is_over_or_was_replaced_takes_no_answer_and_no_strike() {
    let store = waiting(1, Verdict::Within);
    let late = now() + TimeDelta::hours(72);
    let yes = Answer::Approved { over_cap: false };
    let at = |now| block_on(answer(&store, &id(), "5eed", yes, &signer("ada"), now));
    assert!(at(late - TimeDelta::seconds(1)).is_ok());
    assert!(matches!(at(late), Err(Refusal::Closed(why)) if why.contains("expired")));
    block_on(state::save(&store, &state::checkpoint(), &Checkpoint::default())).unwrap();
    assert!(matches!(at(now()), Err(Refusal::Closed(why)) if why.contains("does not wait")));
    assert!(matches!(block_on(strike(&store, &id(), &key("k0"), &signer("ada"), now())), Err(Refusal::Closed(_))));
}

#[test]
fn every_step_is_in_the_audit_with_who_took_it() {
    let store = waiting(3, Verdict::OverCap { planned: 3, limit: 1 });
    let hash = block_on(strike(&store, &id(), &key("k0"), &signer("ada"), now())).unwrap().hash();
    approve(&store, &hash, true, &signer("bert")).unwrap();
    approve(&store, &hash, true, &signer("carla")).unwrap();
    let entries = block_on(state::load(&store, &state::audit("2026-11-23", "admin", 0))).unwrap().unwrap();
    let acts: Vec<_> = entries.iter().map(|entry| (entry.act.as_str(), entry.actor.as_str())).collect();
    let expected = [
        ("policy-replaced", "ada"),
        ("plan-struck", "ada"),
        ("plan-endorsed", "bert"),
        ("plan-approved", "bert and carla"),
    ];
    assert_eq!(acts, expected);
}

#[test]
fn what_was_approved_stays_as_it_was_approved_until_somebody_rejects_it() {
    let store = waiting(3, Verdict::Within);
    approve(&store, "5eed", false, &signer("ada")).unwrap();
    let strike = |store| block_on(strike(store, &id(), &key("k1"), &signer("otto"), now()));
    assert!(matches!(strike(&store), Err(Refusal::Closed(why)) if why.contains("ada approved it")));
    let no = block_on(answer(&store, &id(), "5eed", Answer::Rejected, &signer("bert"), now()));
    assert!(matches!(no, Ok(Answered::Done(_))));
    assert!(
        matches!(approve(&store, "5eed", false, &signer("ada")), Err(Refusal::Closed(why)) if why.contains("bert"))
    );
    assert!(matches!(strike(&store), Err(Refusal::Closed(_))), "a rejection is final");
    assert_eq!(approval(&store).unwrap().answer, Answer::Rejected);
}

#[test]
fn a_rejection_ends_what_the_first_of_two_people_said() {
    let store = waiting(3, Verdict::OverCap { planned: 3, limit: 2 });
    approve(&store, "5eed", true, &signer("ada")).unwrap();
    block_on(answer(&store, &id(), "5eed", Answer::Rejected, &signer("bert"), now())).unwrap();
    assert_eq!(loaded(&store).endorsed, None);
    assert!(matches!(approve(&store, "5eed", true, &signer("carla")), Err(Refusal::Closed(_))));
}

#[test]
fn a_shared_token_is_nobodys_above_the_cap_and_a_replaced_token_is_nobody_else() {
    let store = waiting(3, Verdict::OverCap { planned: 3, limit: 2 });
    let shared = Signer { personal: false, ..signer("anybody") };
    assert_eq!(approve(&store, "5eed", true, &shared), Err(Refusal::SharedToken));
    approve(&store, "5eed", true, &signer("Ada")).unwrap();
    assert_eq!(approve(&store, "5eed", true, &shared), Err(Refusal::SharedToken));
    let replaced = Signer { name: "ada ".into(), ..signer("another token") };
    assert!(matches!(approve(&store, "5eed", true, &replaced), Err(Refusal::SamePerson { .. })));
    assert_eq!(approval(&store), None);
}

#[test]
fn the_first_of_two_people_does_not_count_once_they_may_not_approve_any_more() {
    let store = waiting(3, Verdict::OverCap { planned: 3, limit: 2 });
    approve(&store, "5eed", true, &signer("ada")).unwrap();
    let approve_where = |by: &str, gone: &str| {
        let (yes, still) = (Answer::Approved { over_cap: true }, |first: &Endorsement| first.by != gone);
        block_on(answer_where(&store, &id(), "5eed", yes, &signer(by), still, now()))
    };
    assert!(matches!(approve_where("bert", "ada"), Ok(Answered::NeedsSecond(_))), "bert is the first one now");
    assert_eq!(approval(&store), None);
    assert_eq!(loaded(&store).endorsed.unwrap().by, "bert");
    assert!(matches!(approve_where("carla", "ada"), Ok(Answered::Done(_))));
    assert_eq!(approval(&store).unwrap().by, "bert and carla");
}
