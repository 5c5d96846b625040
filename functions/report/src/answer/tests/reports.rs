//! The page of reports and its files.

use super::*;
use crate::testing::with_policy;
use chrono::TimeDelta;
use seatkeeper_engine::{
    audit::{self, Act},
    state::{Outcome, Run, Tally, UsagePoint},
};
use seatkeeper_policy::{
    Action, GroupName, ReclaimReason, SeatCount, Source, UserKey, Username,
    journal::{Reclaim, Step, StepState},
};

pub const POLICY: &str = "version = 1\nlicence-groups = [\"users\"]\ninactive.after-days = 90\n";
const PRICE: &str = "[reports]\nseat-price = \"12.50\"\ncurrency = \"EUR\"\nper = \"month\"\n";

/// Records an act so many days ago.
fn record(store: &MemoryStore, function: &str, act: &str, key: &str, run: &str, days: i64) {
    let id = format!("{run}:{key}:{act}");
    let act = Act { id, actor: "Ada & <co>", act, subject: key, detail: "[RemoveGroup]".into() };
    block_on(audit::append(store, function, act, now() - TimeDelta::days(days))).unwrap();
}

/// The journal of a reclaim.
fn journal(store: &MemoryStore, key: &str, name: &str, run: &str, days: i64) {
    let at = now() - TimeDelta::days(days);
    let reclaim = Reclaim {
        sweep: SweepId::parse(run).unwrap(),
        key: UserKey::parse(key).unwrap(),
        username: Username::parse(name).unwrap(),
        reason: ReclaimReason::Inactive { since: at - TimeDelta::days(100), source: Source::LastLogin },
        started: at,
        finished: Some(at),
        steps: vec![Step { action: Action::RemoveGroup(GroupName::parse("users").unwrap()), state: StepState::Done }],
        carried: std::collections::BTreeSet::new(),
        again: 0,
        left: None,
    };
    block_on(state::save(store, &state::reclaim(&reclaim.key), &reclaim)).unwrap();
}

/// A run that took so many seats, so many days ago.
fn run(store: &MemoryStore, id: &str, reclaimed: u32, days: i64) {
    let known: Run = block_on(state::load(store, &state::run(&crate::testing::sweep()))).unwrap().unwrap();
    let at = now() - TimeDelta::days(days);
    let tally = Tally { reclaimed, skipped: 0, failed: 0 };
    let run = Run { id: SweepId::parse(id).unwrap(), opened: at, at, outcome: Outcome::Applied, tally, ..known };
    block_on(state::save(store, &state::run(&run.id), &run)).unwrap();
    let mut runs: Vec<SweepId> = block_on(state::load(store, &state::runs())).unwrap().unwrap_or_default();
    runs.push(run.id);
    block_on(state::save(store, &state::runs(), &runs)).unwrap();
}

/// One count of seats.
pub fn count(store: &MemoryStore, days: i64, used: u32, max: Option<u32>, active: Option<u32>) {
    let at = now() - TimeDelta::days(days);
    let mut points: Vec<UsagePoint> = block_on(state::load(store, &state::usage(at))).unwrap().unwrap_or_default();
    points.push(UsagePoint { at, seats: SeatCount { used, max }, active });
    points.sort_by_key(|point| point.at);
    block_on(state::save(store, &state::usage(at), &points)).unwrap();
}

/// A site with two runs that took three seats, of which one person came back and one was given back by hand.
pub fn site(policy: &str) -> MemoryStore {
    let store = with_policy(published(&accounts()), policy);
    run(&store, "r-1", 2, 40);
    run(&store, "r-2", 1, 3);
    for (key, name, by, days) in [("k1", "=cmd|x", "r-1", 40), ("k2", HOSTILE, "r-1", 40), ("k3", "carl", "r-2", 3)] {
        record(&store, "sweep", "reclaimed", key, by, days);
        journal(&store, key, name, by, days);
    }
    record(&store, "sweep", "reclaim-skipped", "k4", "r-2", 3);
    record(&store, "restore", "restored", "k1", "r-1", 10);
    record(&store, "admin", "undone", "k2", "r-1", 2);
    record(&store, "admin", "policy-replaced", "2", "2", 2);
    for day in 0..60 {
        count(&store, day, 460 - u32::try_from(day).unwrap(), Some(500), Some(100));
    }
    store
}

fn json(store: MemoryStore, query: &str) -> serde_json::Value {
    let (status, text) = get(store, &format!("/report/reports.json{query}"));
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_report_counts_what_was_taken_and_given_back_and_what_that_saves() {
    let report = json(site(&format!("{POLICY}{PRICE}")), "");
    let savings = &report["savings"];
    assert_eq!((savings["reclaimed"].as_u64(), savings["restored"].as_u64()), (Some(3), Some(2)));
    assert_eq!((savings["net"].as_i64(), savings["worth"]["a-month"].as_str()), (Some(1), Some("12.50")));
    assert_eq!(savings["worth"]["a-year"], "150.00");
    let months = report["months"].as_array().unwrap();
    assert_eq!(months.len(), 12);
    assert_eq!(months[10], serde_json::json!({ "month": "2026-10", "reclaimed": 2, "restored": 0 }));
    assert_eq!(months[11], serde_json::json!({ "month": "2026-11", "reclaimed": 1, "restored": 2 }));
    assert_eq!((report["from"].as_str(), report["to"].as_str()), (Some("2025-12-01"), Some("2026-11-22")));
    let november = report["usage"].as_array().unwrap().last().unwrap();
    assert_eq!(november["lowest"], 439);
    assert_eq!((november["highest"].as_u64(), november["average"].as_str()), (Some(460), Some("449.5")));
    assert_eq!(report["forecast"]["days"], 40);
    assert!(report["counted-since"].is_null());
    let taken = &report["reclaims"].as_array().unwrap()[0];
    assert_eq!((taken["username"].as_str(), taken["run"].as_str()), (Some("carl"), Some("r-2")));
    assert_eq!(taken["taken"], serde_json::json!(["group users"]));
    assert!(taken["reason"].as_str().unwrap().contains("last active on"));
    assert_eq!(report["restores"][0]["cause"], "undo");
}

#[test]
fn a_shorter_period_has_only_its_own_acts_and_the_files_keep_it() {
    let store = site(POLICY);
    let report = json(copy(&store), "?from=2026-11-01&to=2026-11-19");
    assert_eq!((report["savings"]["reclaimed"].as_u64(), report["savings"]["restored"].as_u64()), (Some(1), Some(1)));
    assert!(report["forecast"].is_null(), "a period in the past has no future");
    let (_, page) = get(copy(&store), "/report/reports?from=2026-11-01&to=2026-11-19");
    let link = "/report/reports/reclaims.csv?from=2026-11-01&#38;to=2026-11-19";
    assert!(page.contains(link), "{page}");
    let (_, file) = get(copy(&store), "/report/reports/reclaims.csv?from=2026-11-01&to=2026-11-19");
    assert_eq!(file.lines().count(), 2, "{file}");
    assert_eq!(get(copy(&store), "/report/reports?from=2026-11-20&to=2026-11-19").0, 400);
    assert_eq!(get(copy(&store), "/report/reports?from=2020-01-01").0, 400);
    assert_eq!(get(store, "/report/reports?from=yesterday").0, 400);
}

#[test]
fn names_in_the_files_are_no_formulas_and_on_the_page_no_markup() {
    let store = site(POLICY);
    let (_, file) = get(copy(&store), "/report/reports/reclaims.csv");
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines[0], "at,username,user-key,reason,taken,run");
    assert!(lines[1].contains("'=cmd|x"), "{file}");
    assert_eq!(lines.len(), 4, "{file}");
    let (_, file) = get(copy(&store), "/report/reports/restores.csv");
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines.len(), 3, "{file}");
    assert!(lines[1].contains("login") && lines[2].contains("undo"), "{file}");
    let (_, page) = get(store, "/report/reports");
    assert!(page.contains("evil.example") && !page.contains("<script") && !page.contains("<co>"), "{page}");
}

#[test]
fn without_a_price_no_sum_is_shown_and_the_page_says_how_to_set_it() {
    let (_, page) = get(site(POLICY), "/report/reports");
    assert!(page.contains("no price is assumed") && page.contains("seat-price = "), "{page}");
    assert!(!page.contains("EUR a month"), "{page}");
    let (_, page) = get(site(&format!("{POLICY}{PRICE}")), "/report/reports");
    assert!(page.contains("EUR a month") && !page.contains("no price is assumed"), "{page}");
}

#[test]
fn before_anything_happened_every_part_says_so() {
    let (status, page) = get(MemoryStore::default(), "/report/reports");
    assert_eq!(status, 200);
    for text in [
        "No seats have been counted yet",
        "No sweep has judged anybody yet",
        "No seat was reclaimed or given back",
        "No sweep has counted the people it saw yet",
        "No seat was reclaimed in this period",
        "No directory was asked",
    ] {
        assert!(page.contains(text), "{text} is missing");
    }
    assert!(!page.contains("<svg"));
    for file in ["usage", "reclaims", "restores"] {
        let (status, text) = get(MemoryStore::default(), &format!("/report/reports/{file}.csv"));
        assert_eq!((status, text.lines().count()), (200, 1), "{file}");
    }
}

#[test]
fn what_runs_took_that_are_no_longer_remembered_is_counted_act_by_act() {
    let store = site(POLICY);
    block_on(state::remove(&store, &state::runs())).unwrap();
    // 200 newer runs without a change push the older one, which took two seats, out.
    run(&store, "r-2", 1, 3);
    for number in 0..199 {
        run(&store, &format!("empty-{number}"), 0, 30);
    }
    let report = json(store, "");
    assert_eq!(report["savings"]["reclaimed"], 3);
}

#[test]
fn a_long_trail_is_listed_in_part_and_exported_whole() {
    let store = with_policy(published(&accounts()), POLICY);
    for number in 0..450 {
        record(&store, "sweep", "reclaimed", &format!("key-{number}"), "r-1", 20 - number / 50);
    }
    let report = json(copy(&store), "");
    assert_eq!(report["reclaims"].as_array().unwrap().len(), 200);
    assert_eq!(report["reclaims"][0]["username"], "key-449", "without a journal the key is all that is known");
    let (_, page) = get(copy(&store), "/report/reports");
    assert!(page.contains("The newest 100."));
    let (_, file) = get(store, "/report/reports/reclaims.csv");
    assert_eq!(file.lines().count(), 451);
}

#[test]
fn the_page_stays_small_with_three_years_of_counts() {
    let store = site(POLICY);
    for day in 60..1_080 {
        count(&store, day, 400, Some(500), Some(90));
    }
    for number in 0..300 {
        let key = format!("8a8a8a8a8a8a8a8a8a8a8a8a8a8a{number:04}");
        record(&store, "sweep", "reclaimed", &key, "20261122-110000", 1);
        journal(&store, &key, &format!("maximilian.mustermann-{number:05}@example.com"), "20261122-110000", 1);
        record(&store, "restore", "restored", &key, "20261122-110000", 0);
    }
    for path in ["/report/reports?from=2024-01-01", "/report"] {
        let (status, page) = get(copy(&store), path);
        assert_eq!(status, 200, "{page}");
        assert!(page.contains("<svg") && page.len() < 190_000, "{path} has {} bytes", page.len());
    }
}

#[test]
fn when_the_time_is_over_the_report_says_from_which_day_on_it_counts() {
    let store = site(POLICY);
    record(&store, "restore", "restored", "k3", "r-2", 1);
    let span = crate::reports::Span::parse("", now()).unwrap();
    let report = block_on(crate::reports::read(&store, None, None, span, now(), || true)).unwrap();
    // Of each stream one page was read: it holds the newest acts, and what is before them is not counted.
    assert!(report.counted_since.is_some_and(|since| since > span.from), "{:?}", report.counted_since);
    assert_eq!(report.savings.restored, 2);
    let all = block_on(crate::reports::read(&store, None, None, span, now(), || false)).unwrap();
    assert_eq!((all.counted_since, all.savings.restored), (None, 3));
}
