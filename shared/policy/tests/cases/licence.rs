//! What a seat consists of, and how many there are.

use super::*;
use seatkeeper_policy::{
    Action, Emergency, SeatCount, Status,
    alert::judge as judge_alerts,
    check::{Finding, check},
    plan::needed,
    policy::{AlertRules, Threshold},
    report::{Diagnosis, diagnose},
    seat_path::paths,
};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn case_15_every_path_to_a_seat_is_told_and_a_path_that_would_stay_holds() {
    let mut subject = idle("jdoe", 400, noon());
    subject.groups.insert(group("confluence-contractors"));
    subject.administrator = true;
    subject.obstacles = vec![
        Obstacle::Individual,
        Obstacle::OtherGroup(group("wiki-editors")),
        Obstacle::Inherited { group: group("confluence-users"), via: Some(group("staff")) },
    ];
    assert_eq!(
        paths(&subject),
        [
            "jdoe > confluence-contractors > can use",
            "jdoe > staff > confluence-users > can use",
            "jdoe > can use",
            "jdoe > wiki-editors > can use",
            "jdoe > administrators > administer > can use",
        ]
    );
    assert_eq!(code(&policy(), &subject), "keep/administrator");
    for obstacle in subject.obstacles {
        assert_eq!(code(&policy(), &blocked(obstacle)), "hold/cannot-free");
    }
}

#[test]
fn case_16_all_licence_groups_are_taken_or_none() {
    let mut subject = idle("jdoe", 400, noon());
    subject.groups.insert(group("confluence-contractors"));
    let seen = snapshot(vec![subject.clone()]);
    let mut plan = plan_of(&policy(), &seen);
    let both = ["confluence-contractors", "confluence-users"].map(|name| Action::RemoveGroup(group(name)));
    assert_eq!(plan.accounts.first().unwrap().actions, both);
    // One group only, with everything else in order.
    plan.accounts.first_mut().unwrap().actions.pop();
    plan.hash = seatkeeper_policy::plan::plan_hash(&plan.rules, &plan.accounts);
    assert_eq!(check(&plan, &policy(), &seen, noon()), [Finding::FreesNothing(key("key-jdoe"))]);
    // One of two groups that cannot be taken: none is.
    subject.obstacles = vec![Obstacle::Inherited { group: group("confluence-contractors"), via: None }];
    assert_eq!(plan_of(&policy(), &snapshot(vec![subject])).accounts, []);
}

#[test]
fn case_18_an_inherited_membership_is_reported_with_the_group_that_brings_it() {
    let inherited = |via: Option<&str>| Obstacle::Inherited { group: group("confluence-users"), via: via.map(group) };
    let told = judge(&policy(), &blocked(inherited(Some("staff")))).to_string();
    assert!(told.contains("membership in confluence-users is inherited from staff"), "{told}");
    assert_eq!(
        inherited(Some("staff")).advice(),
        "take the account out of staff, or take staff out of confluence-users"
    );
    assert_eq!(paths(&blocked(inherited(None))), ["jdoe > (nested group) > confluence-users > can use"]);
}

#[test]
fn case_20_a_count_that_does_not_fall_is_blamed_on_the_cache_only_as_long_as_that_can_be() {
    let seats = |used| SeatCount { used, max: Some(100) };
    assert_eq!(diagnose(seats(90), Some(seats(90)), 1, 0), Diagnosis::PerhapsCached);
    assert_eq!(diagnose(seats(90), Some(seats(90)), 1, 15), Diagnosis::NotFreed);
    assert_eq!(diagnose(seats(90), Some(seats(89)), 1, 0), Diagnosis::Freed);
    assert_eq!(diagnose(seats(90), Some(seats(89)), 2, 60), Diagnosis::NotFreed);
}

#[test]
fn case_21_the_alarm_comes_before_the_limit_and_not_only_beyond_it() {
    let rules = AlertRules { thresholds: vec![Threshold::Percent(95), Threshold::SeatsLeft(2)], hysteresis: 1 };
    let levels = |used| {
        let (_, notices) = judge_alerts(&rules, &BTreeMap::new(), SeatCount { used, max: Some(100) }, noon());
        notices.into_iter().map(|notice| notice.level).collect::<Vec<_>>()
    };
    assert_eq!(levels(94), Vec::<String>::new());
    assert_eq!(levels(95), ["percent-95"]);
    assert_eq!(levels(98), ["percent-95", "seats-left-2"]);
    assert_eq!(levels(101), ["percent-95", "seats-left-2"]);
}

#[test]
fn case_22_an_emergency_brings_the_seats_down_by_taking_the_longest_idle_first() {
    let seats = SeatCount { used: 104, max: Some(100) };
    let emergency = Emergency { seats: 100, idle_days: 14 };
    let policy = policy().in_emergency(emergency);
    let days = [20, 80, 13, 300, 40, 60, 1];
    let people = days.iter().map(|days| idle(&format!("idle-{days}"), *days, noon())).collect();
    let plan = plan_of(&policy, &snapshot(people));
    let order: Vec<_> = plan.accounts.iter().map(|planned| planned.username.as_str()).collect();
    assert_eq!(order, ["idle-300", "idle-80", "idle-60", "idle-40", "idle-20"]);
    assert_eq!(needed(emergency, seats), 4);
    assert_eq!(needed(emergency, SeatCount { used: 99, ..seats }), 0);
}

#[test]
fn case_23_an_unlimited_or_empty_licence_has_no_percentage_and_never_alarms() {
    let rules = AlertRules { thresholds: vec![Threshold::Percent(1), Threshold::SeatsLeft(9_999)], hysteresis: 0 };
    let unlimited = SeatCount { used: 10_000, max: None };
    assert_eq!((unlimited.percent(), unlimited.free()), (None, None));
    assert_eq!(judge_alerts(&rules, &BTreeMap::new(), unlimited, noon()).1, []);
    let empty = SeatCount { used: 5, max: Some(0) };
    assert_eq!((empty.percent(), empty.free()), (None, Some(0)));
    assert_eq!(diagnose(unlimited, None, 1, 60), Diagnosis::NotMeasurable);
}

#[test]
fn case_24_accounts_that_use_no_seat_are_not_asked_for_one() {
    for status in [Status::Deactivated, Status::Unlicensed, Status::ExternallyDeleted] {
        let subject = Account { status, ..idle("jdoe", 4_000, noon()) };
        assert_eq!(code(&policy(), &subject), "keep/no-seat");
    }
    // They are still in the listings, so the plan must not count them as its own.
    let people = vec![Account { status: Status::Deactivated, ..idle("a", 400, noon()) }, idle("b", 400, noon())];
    let planned: BTreeSet<_> =
        plan_of(&policy(), &snapshot(people)).accounts.into_iter().map(|planned| planned.key).collect();
    assert_eq!(planned, BTreeSet::from([key("key-b")]));
}
