//! Properties of whole plans, and of the second opinion on them.

use crate::{
    CAPPED, ORDER, OURS, SPARED, SPOILED,
    world::{Draw, judged, noon},
};
use chrono::TimeDelta;
use seatkeeper_policy::{
    Account, Action, Decision, Evidence, Means, Plan, PlannedAccount, Policy, ReclaimReason, Snapshot, Source, Status,
    Username, Verdict,
    account::Sighting,
    check::{check, check_accounts},
    plan,
    plan::plan_hash,
    testing::{group, key, snapshot},
};

fn plan_of(policy: &Policy, snapshot: &Snapshot) -> Plan {
    plan(policy, snapshot, &judged(policy, snapshot), Means { rename: true }, noon())
}

#[test]
fn a_plan_is_never_larger_than_the_cap_unless_its_verdict_says_so_in_50_000_cases() {
    CAPPED.holds(100, |draw| {
        let (policy, snapshot) = (draw.policy(), draw.snapshot());
        let people = snapshot.accounts.len();
        let share = people * usize::try_from(policy.cap.percent).unwrap() / 100;
        let few = people < usize::try_from(policy.cap.percent_from).unwrap();
        let limit = usize::try_from(policy.cap.accounts).unwrap().min(if few { usize::MAX } else { share });
        let plan = plan_of(&policy, &snapshot);
        let size = plan.accounts.len();
        match plan.verdict {
            Verdict::Within => assert!(size <= limit, "{size} of {limit}"),
            Verdict::OverCap { planned, limit: told } => {
                assert_eq!((usize::try_from(planned).unwrap(), usize::try_from(told).unwrap()), (size, limit));
                assert!(size > limit);
            }
            Verdict::Incomplete => panic!("the snapshot is complete"),
        }
        let holed = Snapshot { complete: false, ..snapshot };
        let nothing = plan_of(&policy, &holed);
        assert_eq!((nothing.verdict, nothing.accounts.len()), (Verdict::Incomplete, 0));
        size > 0
    });
}

#[test]
fn a_plan_does_not_depend_on_the_order_of_its_input_in_50_000_cases() {
    ORDER.holds(30, |draw| {
        let (policy, snapshot) = (draw.policy(), draw.snapshot());
        let first = plan_of(&policy, &snapshot);
        let mut accounts = snapshot.accounts.clone();
        for end in (1..accounts.len()).rev() {
            accounts.swap(end, draw.below(end + 1));
        }
        // Nor on the order in which evidence came in.
        for account in &mut accounts {
            let mut again = Evidence { never: account.evidence.never, ..Evidence::default() };
            account.evidence.sightings.iter().rev().for_each(|sighting| again.saw(*sighting));
            account.evidence = again;
        }
        let second = plan_of(&policy, &Snapshot { accounts, ..snapshot });
        assert_eq!(first, second);
        assert_eq!(first.hash, second.hash);
        first.accounts.len() > 1
    });
}

#[test]
fn the_second_opinion_agrees_with_every_plan_of_ours_in_50_000_cases() {
    OURS.holds(100, |draw| {
        let (policy, snapshot) = (draw.policy(), draw.snapshot());
        let plan = plan_of(&policy, &snapshot);
        assert_eq!(check(&plan, &policy, &snapshot, noon()), [], "{policy:#?} {snapshot:#?}");
        let reclaims = judged(&policy, &snapshot).iter().filter(|d| matches!(d, Decision::Reclaim(_))).count();
        assert_eq!(plan.accounts.len(), reclaims);
        !plan.accounts.is_empty()
    });
}

/// Puts the hash right again, so that only the content speaks against the plan.
fn sealed(plan: &mut Plan) {
    plan.hash = plan_hash(&plan.rules, &plan.accounts);
}

fn planned(account: &Account) -> PlannedAccount {
    PlannedAccount {
        key: account.key.clone(),
        username: account.username.clone(),
        reason: ReclaimReason::Inactive { since: noon() - TimeDelta::days(400), source: Source::LastLogin },
        actions: account.groups.iter().cloned().map(Action::RemoveGroup).collect(),
    }
}

/// Spoils a plan of at least one account in one of many ways; the way, and none if this plan cannot be spoiled so.
fn spoil(draw: &mut Draw, plan: &mut Plan, policy: &mut Policy, snapshot: &mut Snapshot) -> Option<&'static str> {
    let victim = draw.below(plan.accounts.len());
    let key_of_victim = plan.accounts[victim].key.clone();
    let seen = snapshot.accounts.iter().position(|account| account.key == key_of_victim).unwrap();
    let account = &mut snapshot.accounts[seen];
    let measures = policy.governing(account).rules.measures;
    let entry = &mut plan.accounts[victim];
    let way = match draw.below(22) {
        0 => {
            snapshot.complete = false;
            "incomplete"
        }
        1 => {
            let twin = entry.clone();
            plan.accounts.push(twin);
            "twice"
        }
        2 => {
            snapshot.accounts.remove(seen);
            "not seen"
        }
        3 => {
            account.administrator = true;
            "administrator"
        }
        4 => {
            snapshot.administrators.insert(key_of_victim);
            "administrator by the list"
        }
        5 => {
            snapshot.own = key_of_victim;
            "own"
        }
        6 => {
            account.status =
                draw.pick(&[Status::Deactivated, Status::ExternallyDeleted, Status::Unlicensed, Status::Unknown]);
            "no seat"
        }
        7 => {
            account.evidence = Evidence::default();
            account.words.clear();
            "unknown"
        }
        8 => {
            account.evidence.saw(Sighting { at: noon(), source: Source::LoginEvent });
            account.words.clear();
            "logged in since"
        }
        9 => {
            account.restored = Some(noon() - TimeDelta::hours(1));
            "restored"
        }
        10 => {
            account.reenabled = Some(noon() - TimeDelta::hours(1));
            "enabled again"
        }
        11 => {
            account.obstacles.push(draw.obstacle());
            "obstacle"
        }
        12 => {
            account.first_seen = noon() + TimeDelta::hours(1);
            "first seen in the future"
        }
        13 if !measures.disable => {
            entry.actions.push(Action::Disable);
            "disable"
        }
        14 if !measures.rename => {
            entry.actions.push(Action::Rename(Username::parse("x").unwrap()));
            "rename"
        }
        15 => {
            entry.actions.insert(0, Action::RemoveGroup(group("strangers")));
            "a group of no concern"
        }
        16 => {
            entry.actions.remove(0);
            "a group left"
        }
        17 => {
            plan.hash = "0".repeat(64);
            return Some("hash");
        }
        18 => {
            policy.cap.accounts += 1;
            "other rules"
        }
        19 if matches!(plan.verdict, Verdict::OverCap { .. }) => {
            plan.verdict = Verdict::Within;
            "cap"
        }
        _ => {
            // Anybody whom the judgement spares, whatever the reason.
            let judged = judged(policy, snapshot);
            let all = snapshot.accounts.iter().zip(&judged);
            let spared: Vec<_> = all.filter(|(_, decision)| !matches!(decision, Decision::Reclaim(_))).collect();
            if spared.is_empty() {
                return None;
            }
            let (account, decision) = spared[draw.below(spared.len())];
            plan.accounts.push(planned(account));
            decision.code()
        }
    };
    sealed(plan);
    Some(way)
}

#[test]
fn the_second_opinion_finds_every_way_to_spoil_a_plan_in_50_000_cases() {
    SPOILED.holds(900, |draw| {
        let (mut policy, mut snapshot) = (draw.policy(), draw.snapshot());
        let mut plan = plan_of(&policy, &snapshot);
        if plan.accounts.is_empty() {
            // Somebody whom nothing protects, so that there is a plan to spoil.
            policy.rules = seatkeeper_policy::testing::policy().rules;
            policy.populations.clear();
            snapshot.accounts.push(seatkeeper_policy::testing::idle("lost", 100, noon()));
            snapshot.own = key("k7");
            plan = plan_of(&policy, &snapshot);
        }
        let Some(way) = spoil(draw, &mut plan, &mut policy, &mut snapshot) else { return false };
        let findings = check(&plan, &policy, &snapshot, noon());
        assert!(!findings.is_empty(), "{way} was not found: {plan:#?} {policy:#?} {snapshot:#?}");
        true
    });
}

#[test]
fn the_second_opinion_spares_everybody_whom_the_judgement_spares_in_50_000_cases() {
    SPARED.holds(500, |draw| {
        let (policy, account) = (draw.policy(), draw.account());
        let alone = Snapshot { own: key("k7"), ..snapshot(vec![account.clone()]) };
        let decision = &judged(&policy, &alone)[0];
        // Only what speaks against the account counts here, not the cap and not the hash.
        let findings = check_accounts(&[planned(&account)], &policy, &alone.view(), noon());
        let spared = !matches!(decision, Decision::Reclaim(_));
        assert_eq!(!findings.is_empty(), spared, "{decision} {findings:?}: {policy:#?} {account:#?}");
        spared
    });
}
