//! Properties of the judgement on one account.

use crate::{
    EMERGENCY, FRESHER, OBSTACLE, PROTECTED, WORDS,
    world::{noon, plausible, protection},
};
use chrono::TimeDelta;
use seatkeeper_policy::{
    Decision, Emergency, HoldReason, Means, Policy, Source,
    account::{Account, Sighting},
    decide,
    plan::planned,
    testing::key,
};

/// Whether the account would be in a plan, which is the only way to lose a seat.
fn taken(policy: &Policy, account: &Account) -> bool {
    let decision = decide(policy, account, &key("k7"), noon());
    planned(policy, account, &decision, Means { rename: true }, noon()).is_some()
}

#[test]
fn protected_exempt_unknown_and_young_accounts_are_never_planned_in_200_000_cases() {
    PROTECTED.holds(20, |draw| {
        let (policy, account) = (draw.policy(), draw.account());
        let taken = taken(&policy, &account);
        if let Some(why) = protection(&policy, &account, &key("k7"), None) {
            assert!(!taken, "{why}: {policy:#?} {account:#?}");
        }
        taken
    });
}

#[test]
fn a_more_recent_sighting_never_turns_another_decision_into_a_reclaim_in_250_000_cases() {
    FRESHER.holds(100, |draw| {
        let (policy, mut account) = (draw.policy(), draw.account());
        // The first thing that is known about somebody ends the waiting, in either direction; it is not more recent
        // than anything. So is the first thing that can be believed.
        let newest = account.evidence.newest().filter(|sighting| plausible(sighting.at));
        let Some(newest) = newest else { return false };
        let before = decide(&policy, &account, &key("k7"), noon());
        let later = newest.at + TimeDelta::seconds(i64::try_from(draw.below(100 * 86_400)).unwrap());
        account.evidence.saw(Sighting { at: later, source: draw.pick(&[Source::LoginEvent, Source::Contribution]) });
        let after = decide(&policy, &account, &key("k7"), noon());
        let was_spared = !matches!(before, Decision::Reclaim(_));
        let is_taken = matches!(after, Decision::Reclaim(_));
        assert!(!(was_spared && is_taken), "{before} became {after}: {policy:#?} {account:#?}");
        // Nor does it bring a warning to somebody who was kept.
        let was_kept = matches!(before, Decision::Keep(_) | Decision::Hold(_));
        assert!(!(was_kept && matches!(after, Decision::Warn { .. })), "{before} became {after}: {account:#?}");
        was_spared
    });
}

#[test]
fn an_emergency_never_touches_protected_accounts_in_150_000_cases() {
    EMERGENCY.holds(20, |draw| {
        let (usual, account) = (draw.policy(), draw.account());
        let idle_days = draw.pick(&[14, 30, 60]);
        let policy = usual.in_emergency(Emergency { seats: 1, idle_days });
        let taken = taken(&policy, &account);
        if let Some(why) = protection(&policy, &account, &key("k7"), Some(idle_days)) {
            assert!(!taken, "{why}: {policy:#?} {account:#?}");
        }
        taken
    });
}

#[test]
fn an_obstacle_always_keeps_an_account_out_of_the_plan_in_100_000_cases() {
    OBSTACLE.holds(20, |draw| {
        let (policy, mut account) = (draw.policy(), draw.account());
        let free = taken(&policy, &Account { obstacles: Vec::new(), ..account.clone() });
        account.obstacles = (0..=draw.below(3)).map(|_| draw.obstacle()).collect();
        assert!(!taken(&policy, &account), "{policy:#?} {account:#?}");
        if free {
            let decision = decide(&policy, &account, &key("k7"), noon());
            let Decision::Hold(HoldReason::CannotFree { obstacles, .. }) = decision else { panic!("{decision}") };
            assert_eq!(obstacles, account.obstacles);
        }
        free
    });
}

#[test]
fn a_decision_has_a_code_and_words_and_survives_storage_in_50_000_cases() {
    WORDS.holds(1_000, |draw| {
        let decision = decide(&draw.policy(), &draw.account(), &key("k7"), noon());
        let (kind, told) = (decision.code().split('/').next().unwrap(), decision.to_string());
        let start = match kind {
            "keep" => "kept: ",
            "hold" => "held: ",
            "warn" => "warn: ",
            _ => "reclaim: ",
        };
        assert!(told.starts_with(start), "{} is told as {told}", decision.code());
        let stored = serde_json::to_string(&decision).unwrap();
        assert_eq!(serde_json::from_str::<Decision>(&stored).unwrap(), decision);
        true
    });
}
