//! A large site is judged a part at a time and read several pages at once: neither may show in the result.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use chrono::TimeDelta;
use seatkeeper_engine::{
    state::{self, Judged, PlanHead, Warning},
    sweep::Status,
};
use seatkeeper_policy::PlannedAccount;
use seatkeeper_tests::{Lab, POLICY, Tap, verbs::BUDGET};

/// Everything that a sweep publishes.
#[derive(Debug, PartialEq)]
struct Published {
    snapshot: Vec<Judged>,
    head: PlanHead,
    plan: Vec<PlannedAccount>,
    warnings: Vec<Warning>,
    findings: String,
}

fn lab(knobs: &[(&str, &str)]) -> Lab {
    let lab = Lab::of(150, knobs);
    for n in 0..60 {
        let groups: &[&str] = match n % 4 {
            0 => &["confluence-users", "confluence-contractors"],
            1 => &["contractors-emea"],
            _ => &["confluence-users"],
        };
        // Names all over the alphabet, and days that repeat, so that the order needs more than the day.
        let name = format!("{}{n}", char::from(b'a' + u8::try_from(n * 7 % 26).unwrap()));
        lab.add_to(&name, Some(100 + n % 9), groups);
    }
    for name in ["Ünal", "éva", "張偉", "Zoë", "_x"] {
        lab.add(name, Some(95));
    }
    lab.policy(&POLICY.replace("accounts = 20", "accounts = 1000"));
    lab
}

fn published(lab: &Lab) -> Published {
    let run = lab.run();
    let head = lab.newest_plan().unwrap();
    let plan = (0..head.pages).flat_map(|page| lab.load(&state::plan_page(&run.id, page)).unwrap()).collect();
    let warnings = lab.load(&state::warnings(&run.id)).unwrap_or_default();
    Published {
        snapshot: lab.snapshot(),
        head,
        plan,
        warnings,
        findings: format!("{:?} {:?}", run.outcome, run.report),
    }
}

fn of_parts(part: Option<u64>, warn: bool) -> (Published, u64) {
    let mut lab = lab(&[]);
    lab.part = part;
    if warn {
        lab.policy(&format!("{POLICY}warn.grace-days = 14\n"));
        lab.sweep();
    }
    lab.pass(TimeDelta::seconds(1));
    let mut parts = 0;
    // No time at all: every step is a tick of its own.
    let mut report = lab.tick_with(&Tap::default(), TimeDelta::zero(), true).done();
    while report.status == Status::Working {
        parts = parts.max(report.total.filter(|_| report.phase == "judge").unwrap_or_default());
        report = lab.tick_with(&Tap::default(), TimeDelta::zero(), false).done();
    }
    (published(&lab), parts)
}

#[test]
fn however_many_parts_a_site_is_judged_in_snapshot_and_plan_are_the_same() {
    for warn in [false, true] {
        let (whole, parts) = of_parts(None, warn);
        assert_eq!(parts, 1);
        assert_eq!(whole.plan.is_empty(), warn);
        assert_eq!(whole.warnings.is_empty(), !warn);
        assert!(whole.snapshot.len() > 150);
        for part in [1, 7, 50, 120] {
            let (found, parts) = of_parts(Some(part), warn);
            assert!(parts > 1, "{part} accounts at a time make {parts} part(s)");
            assert_eq!(found, whole, "{part} accounts at a time, {parts} parts");
        }
    }
}

#[test]
fn what_is_remembered_from_sweep_to_sweep_does_not_depend_on_the_parts_either() {
    let remembered = |first: Option<u64>, second: Option<u64>| {
        let mut lab = lab(&[]);
        lab.part = first;
        lab.sweep();
        lab.pass(TimeDelta::days(2));
        lab.part = second;
        lab.sweep();
        published(&lab)
    };
    let whole = remembered(None, None);
    for (first, second) in [(Some(11), None), (None, Some(11)), (Some(9), Some(40))] {
        assert_eq!(remembered(first, second), whole, "{first:?} {second:?}");
    }
}

#[test]
fn pages_of_every_size_read_at_once_or_one_by_one_give_the_same_snapshot() {
    let read = |knobs: &[(&str, &str)], budget: TimeDelta| {
        let lab = lab(knobs);
        lab.pass(TimeDelta::seconds(1));
        let tap = Tap::default();
        let report = lab.tick_with(&tap, budget, true).done();
        if report.status == Status::Working {
            lab.rest_with(budget);
        }
        published(&lab)
    };
    // One page holds everything, so that nothing is read at once.
    let one = read(&[], BUDGET);
    assert!(one.plan.len() > 40);
    for size in ["1", "3", "7", "19", "50"] {
        for next in ["relative", "absolute", "missing"] {
            let knobs = [("page_cap", size), ("user_list_cap", size), ("next_link", next)];
            for budget in [BUDGET, TimeDelta::zero()] {
                assert_eq!(read(&knobs, budget), one, "pages of {size}, {next}, {budget}");
            }
        }
    }
}

#[test]
fn a_listing_that_shrinks_while_its_pages_are_read_ends_and_takes_nobody_twice() {
    let lab = lab(&[("page_cap", "7"), ("user_list_cap", "7")]);
    let key = lab.add("a.first", Some(1));
    let sim = lab.sim.clone();
    let id = lab.id(&key);
    let group = lab.world().find_group("confluence-users").unwrap();
    let tap = Tap::watched(move |call| {
        // Somebody at the front leaves as soon as the first page was read, so all later ones move up.
        if call.contains("/member") {
            sim.world().apply(None, id, seatkeeper_simulator::world::Change::Leave(group));
        }
    });
    lab.pass(TimeDelta::seconds(1));
    lab.tick_with(&tap, BUDGET, true).done();
    lab.rest();
    let mut planned = lab.planned();
    let all = planned.len();
    planned.sort_unstable();
    planned.dedup();
    assert_eq!(planned.len(), all);
    assert!(all > 35, "{all}");
}

/// A lab in the middle of its judgement: some parts are done and some are not.
fn halfway() -> Lab {
    let mut lab = lab(&[]);
    lab.part = Some(20);
    loop {
        let report = lab.tick_with(&Tap::default(), TimeDelta::zero(), false).done();
        assert_eq!(report.error, None);
        if matches!(lab.work(), Some(state::Work::Judge(judge)) if judge.part == 2) {
            return lab;
        }
    }
}

#[test]
fn a_policy_replaced_between_two_parts_judges_everybody_anew() {
    let lab = halfway();
    let old = lab.run().id;
    lab.policy(&POLICY.replace("after-days = 90", "after-days = 365").replace("accounts = 20", "accounts = 1000"));
    lab.pass(TimeDelta::minutes(2));
    lab.rest();
    assert_ne!(lab.run().id, old);
    assert!(lab.planned().is_empty(), "{:?}", lab.planned());
    let left = lab.store.entries().into_keys().filter(|key| key.contains(old.as_str()) && !key.starts_with("run:"));
    assert_eq!(left.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn a_page_that_got_lost_between_two_parts_gives_the_sweep_up_and_the_next_one_is_whole() {
    use seatkeeper_engine::{ports::Store as _, testing::block_on};
    let lab = halfway();
    let page = lab.store.entries().into_keys().find(|key| key.starts_with("gather:")).unwrap();
    block_on(lab.store.delete(&page)).unwrap();
    let failed = lab.tick();
    assert_eq!(failed.error.unwrap().code, "store-failed");
    assert_eq!((lab.sim.writes(), lab.work()), (0, None));
    lab.pass(TimeDelta::hours(2));
    lab.rest();
    assert!(lab.planned().len() > 20, "{:?}", lab.planned());
}
