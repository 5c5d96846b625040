//! What holds for every account and every policy, tried on many thousands of them.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use chrono::TimeDelta;
use proptest::{collection::vec, option, prelude::*};
use seatkeeper_policy::{
    Account, Decision, Evidence, Exemption, ExemptionSubject, GroupName, Instant, Means, OtherSeat, Policy, Snapshot,
    Source, Status, UserKey, Username, Verdict,
    account::Sighting,
    check::check,
    decide, plan,
    policy::{Cap, Measures},
    testing::{at, group, key, policy, snapshot},
};
use std::collections::BTreeSet;

fn noon() -> Instant {
    at("2026-11-22T12:00:00Z")
}

/// Seconds around now, dense where the boundaries are.
fn ago() -> impl Strategy<Value = i64> {
    const DAY: i64 = 86_400;
    let near = |days: i64| (days * DAY - 2)..=(days * DAY + 2);
    prop_oneof![near(0), near(30), near(60), near(90), -400 * DAY..800 * DAY, -310i64..=310, Just(365 * 50 * DAY)]
}

fn when() -> impl Strategy<Value = Instant> {
    ago().prop_map(|seconds| noon() - TimeDelta::seconds(seconds))
}

fn evidence() -> impl Strategy<Value = Evidence> {
    (option::of((when(), any::<bool>())), any::<bool>()).prop_map(|(newest, never)| Evidence {
        newest: newest
            .map(|(at, event)| Sighting { at, source: if event { Source::LoginEvent } else { Source::LastLogin } }),
        never: never.then_some(Source::LastLogin),
    })
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![
        6 => Just(Status::Current),
        1 => Just(Status::Deactivated),
        1 => Just(Status::ExternallyDeleted),
        1 => Just(Status::Unlicensed),
        1 => Just(Status::Unknown),
    ]
}

fn some_groups() -> impl Strategy<Value = BTreeSet<GroupName>> {
    prop::sample::subsequence(vec!["confluence-users", "confluence-contractors"], 1..=2)
        .prop_map(|names| names.into_iter().map(group).collect())
}

fn somebody() -> impl Strategy<Value = Account> {
    let flags = (prop::bool::weighted(0.1), prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    (0..500u32, status(), some_groups(), flags, evidence(), when(), option::weighted(0.3, when())).prop_map(
        |(number, status, groups, (administrator, marked, elsewhere), evidence, first_seen, restored)| Account {
            key: key(&format!("k{number}")),
            username: Username::parse(format!("user{number}")).unwrap(),
            display_name: String::new(),
            status,
            groups,
            marks: marked.then(|| group("exempt-group")).into_iter().collect(),
            administrator,
            other_seat: elsewhere.then_some(OtherSeat::Individual),
            evidence,
            first_seen,
            restored,
        },
    )
}

fn rules() -> impl Strategy<Value = Policy> {
    let exemption = prop_oneof![
        Just(ExemptionSubject::Group(group("exempt-group"))),
        (0..500u32).prop_map(|n| ExemptionSubject::User(Username::parse(format!("USER{n}")).unwrap())),
        (0..10u32).prop_map(|n| ExemptionSubject::Pattern(format!("user*{n}"))),
    ];
    let exemptions = vec((exemption, option::of(when())), 0..3);
    let cap = (1..12u32, 1..=100u32, 1..20u32);
    (exemptions, cap, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(exemptions, (accounts, percent, percent_from), never, disable, rename)| Policy {
            exemptions: exemptions
                .into_iter()
                .map(|(subject, expires)| Exemption { subject, why: "w".into(), owner: "o".into(), expires })
                .collect(),
            cap: Cap { accounts, percent, percent_from },
            never_logged_in_after: policy().never_logged_in_after.filter(|_| never),
            measures: Measures { disable, rename },
            ..policy()
        },
    )
}

/// Everybody once, as a snapshot has it.
fn everybody() -> impl Strategy<Value = Snapshot> {
    vec(somebody(), 0..16).prop_map(|mut accounts| {
        let mut met = BTreeSet::new();
        accounts.retain(|account| met.insert(account.key.clone()));
        let administrators = accounts.iter().filter(|a| a.administrator).map(|a| a.key.clone()).collect();
        Snapshot { own: key("k7"), administrators, ..snapshot(accounts) }
    })
}

fn judged(policy: &Policy, snapshot: &Snapshot, now: Instant) -> Vec<Decision> {
    snapshot.accounts.iter().map(|account| decide(policy, account, &snapshot.own, now)).collect()
}

fn is_reclaim(decision: &Decision) -> bool {
    matches!(decision, Decision::Reclaim(_))
}

proptest! {
    #![proptest_config(cases(30_000))]

    #[test]
    fn nobody_whom_a_rule_protects_is_ever_reclaimed(policy in rules(), account in somebody()) {
        let own = key("k7");
        let now = noon();
        if is_reclaim(&decide(&policy, &account, &own, now)) {
            prop_assert_eq!(account.status, Status::Current);
            prop_assert_ne!(&account.key, &own);
            prop_assert!(!account.administrator && account.other_seat.is_none());
            prop_assert!(account.evidence.newest.is_some() || account.evidence.never.is_some());
            let member = |g: &GroupName| account.groups.contains(g) || account.marks.contains(g);
            prop_assert!(policy.exemption(&account.username, member, now).is_none());
            prop_assert!(account.restored.is_none_or(|at| now - at >= TimeDelta::days(30)));
            prop_assert!(account.first_seen <= now + TimeDelta::minutes(5));
            if let Some(seen) = account.evidence.newest {
                prop_assert!(now - seen.at > TimeDelta::days(90));
            } else {
                prop_assert!(policy.never_logged_in_after.is_some());
                prop_assert!(now - account.first_seen > TimeDelta::days(60));
            }
        }
    }

    #[test]
    fn more_recent_activity_never_makes_a_reclaim_likelier(policy in rules(), account in somebody(), later in when()) {
        let own = UserKey::parse("nobody").unwrap();
        let before = decide(&policy, &account, &own, noon());
        let mut fresher = account.clone();
        fresher.evidence.saw(Sighting { at: later, source: Source::LoginEvent });
        let plausible = later.timestamp() >= 1_072_915_200;
        // Not knowing is a reason to wait; a first plausible sighting may end the waiting, in either direction.
        let known = account.evidence.newest.is_some_and(|seen| seen.at.timestamp() >= 1_072_915_200);
        let never_rule = account.evidence.never.is_some() && is_reclaim(&before);
        if plausible && (known || never_rule) && is_reclaim(&decide(&policy, &fresher, &own, noon())) {
            prop_assert!(is_reclaim(&before), "{before:?}");
        }
    }

    #[test]
    fn a_decision_has_a_code_and_words_and_survives_storage(policy in rules(), account in somebody()) {
        let decision = decide(&policy, &account, &key("own"), noon());
        prop_assert!(decision.code().contains('/'));
        let kind = decision.to_string();
        prop_assert!(["kept: ", "held: ", "reclaim: "].iter().any(|start| kind.starts_with(start)), "{}", kind);
        let stored = serde_json::to_string(&decision).unwrap();
        prop_assert_eq!(serde_json::from_str::<Decision>(&stored).unwrap(), decision);
    }
}

proptest! {
    #![proptest_config(cases(20_000))]

    #[test]
    fn a_plan_within_its_cap_is_never_larger_than_the_cap(policy in rules(), snapshot in everybody()) {
        let plan = plan(&policy, &snapshot, &judged(&policy, &snapshot, noon()), Means::default(), noon());
        let limit = usize::try_from(policy.cap.limit(snapshot.accounts.len())).unwrap();
        match plan.verdict {
            Verdict::Within => prop_assert!(plan.accounts.len() <= limit),
            Verdict::OverCap { planned, limit: told } => {
                prop_assert_eq!(usize::try_from(planned).unwrap(), plan.accounts.len());
                prop_assert_eq!(usize::try_from(told).unwrap(), limit);
                prop_assert!(plan.accounts.len() > limit);
            }
            Verdict::Incomplete => prop_assert!(false, "the snapshot is complete"),
        }
    }

    #[test]
    fn a_plan_does_not_depend_on_the_order_of_its_input(
        policy in rules(),
        (one, other) in everybody().prop_flat_map(|s| {
            let shuffled = Just(s.accounts.clone()).prop_shuffle();
            (Just(s), shuffled)
        }),
    ) {
        let means = Means { rename: true };
        let first = plan(&policy, &one, &judged(&policy, &one, noon()), means, noon());
        let shuffled = Snapshot { accounts: other, ..one };
        let second = plan(&policy, &shuffled, &judged(&policy, &shuffled, noon()), means, noon());
        prop_assert_eq!(first, second);
    }

    #[test]
    fn the_second_opinion_agrees_with_every_plan_of_ours(policy in rules(), snapshot in everybody(), rename: bool) {
        let decisions = judged(&policy, &snapshot, noon());
        let plan = plan(&policy, &snapshot, &decisions, Means { rename }, noon());
        prop_assert_eq!(check(&plan, &policy, &snapshot, noon()), []);
        prop_assert_eq!(plan.accounts.len(), decisions.iter().filter(|d| is_reclaim(d)).count());
    }

    #[test]
    fn a_snapshot_with_a_hole_plans_nothing(policy in rules(), snapshot in everybody()) {
        let holed = Snapshot { complete: false, ..snapshot };
        let plan = plan(&policy, &holed, &judged(&policy, &holed, noon()), Means::default(), noon());
        prop_assert_eq!((plan.verdict, plan.accounts.len()), (Verdict::Incomplete, 0));
    }
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}
