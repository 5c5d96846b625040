//! A small snapshot, judged again.

use super::*;
use crate::{
    admin::replace_policy,
    state::{Login, Pages, PlanHead, SnapshotHead},
    testing::{MemoryStore, VirtualClock, block_on},
};
use seatkeeper_policy::{
    Emergency, Evidence, Source,
    account::Sighting,
    report::PlanReport,
    testing::{account, at, group, key},
};

const NOW: &str = "2026-11-22T12:00:00Z";
const POLICY: &str = "version = 1\nlicence-groups = [\"confluence-users\", \"confluence-contractors\"]\n\
    inactive.after-days = 90\nnever-logged-in.after-days = 60\n";

fn seen(name: &str, days: i64) -> Account {
    let sighting = Sighting { at: at(NOW) - TimeDelta::days(days), source: Source::LastLogin };
    Account { evidence: Evidence::at(sighting), ..account(name, at(NOW)) }
}

fn never(name: &str) -> Account {
    Account { evidence: Evidence { sightings: vec![], never: Some(Source::LastLogin) }, ..account(name, at(NOW)) }
}

fn everybody() -> Vec<Account> {
    let mut contractor = seen("contractor", 200);
    contractor.groups = BTreeSet::from([group("confluence-contractors")]);
    let mut both = seen("both", 200);
    both.groups.insert(group("confluence-contractors"));
    let mut other = seen("other", 200);
    other.obstacles.push(Obstacle::OtherGroup(group("jira-users")));
    let mut boss = seen("boss", 200);
    boss.administrator = true;
    let mut gone = seen("gone", 200);
    gone.status = Status::Deactivated;
    vec![
        seen("a40", 40),
        seen("a80", 80),
        seen("a100", 100),
        never("never"),
        contractor,
        both,
        other,
        boss,
        gone,
        account("unknown", at(NOW)),
    ]
}

/// A store with a policy and the snapshot that it makes, three accounts on a page.
fn judged(text: &str, accounts: Vec<Account>) -> MemoryStore {
    let store = MemoryStore::default();
    block_on(replace_policy(&store, text, None, "anna", at(NOW))).unwrap();
    let policy = policy_file::parse(text).unwrap();
    let own = key("boss");
    let judged: Vec<Judged> = accounts
        .into_iter()
        .map(|account| Judged { decision: decide(&policy, &account, &own, at(NOW)), account })
        .collect();
    let sweep = SweepId::opened_at(at(NOW));
    let pages: Vec<_> = judged.chunks(3).collect();
    for (number, page) in pages.iter().enumerate() {
        let number = u32::try_from(number).unwrap();
        block_on(state::save(&store, &state::snapshot(&sweep, number), &page.to_vec())).unwrap();
    }
    let head = SnapshotHead {
        pages: Pages { sweep, count: u32::try_from(pages.len()).unwrap() },
        index: 0,
        lists: state::Lists::default(),
        replaced: None,
        at: at(NOW),
        report: PlanReport { accounts: u32::try_from(judged.len()).unwrap(), ..PlanReport::default() },
        seats: SeatCount { used: 9, max: Some(10) },
        policy: 1,
        capabilities: None,
    };
    block_on(state::save(&store, &state::snapshot_current(), &head)).unwrap();
    store
}

fn simulated(store: &MemoryStore, text: &str) -> Report {
    let clock = VirtualClock::default();
    block_on(simulate(store, text, 0, Listed::All, &clock, TimeDelta::seconds(15))).unwrap()
}

fn moved<'a>(report: &'a Report, name: &str) -> Option<(&'a str, &'a str)> {
    report.changes.iter().find(|c| c.username == name).map(|c| (c.from.as_str(), c.to.as_str()))
}

fn codes(report: &Report) -> Vec<&str> {
    report.caveats.iter().map(|caveat| caveat.code.as_str()).collect()
}

#[test]
fn the_policy_in_force_changes_nobodys_decision() {
    let report = simulated(&judged(POLICY, everybody()), POLICY);
    assert_eq!((report.part.changed, report.changes.len(), report.caveats.len()), (0, 0, 0), "{report:#?}");
    assert!(report.same_rules);
    assert_eq!((report.part.read, report.part.accounts, report.part.current), (10, 10, 9));
    assert_eq!(report.part.taken, report.part.taken_before);
    assert!(report.part.taken >= 3, "{report:#?}");
    for (from, row) in &report.part.matrix {
        assert_eq!(row.keys().collect::<Vec<_>>(), [from]);
    }
}

#[test]
fn a_shorter_window_takes_more_and_says_from_whom() {
    let report = simulated(&judged(POLICY, everybody()), &POLICY.replace("= 90", "= 60"));
    assert_eq!(moved(&report, "a80"), Some(("keep/recently-active", "reclaim/inactive")));
    assert_eq!(report.part.matrix["keep/recently-active"]["reclaim/inactive"], 1);
    assert_eq!((report.part.changed, report.part.taken), (1, report.part.taken_before + 1));
    assert!(!report.same_rules && report.caveats.is_empty());
}

#[test]
fn an_exemption_and_a_warning_keep_seats() {
    let exempt = format!("{POLICY}[[exempt]]\nuser = \"a100\"\nwhy = \"on leave\"\nowner = \"hr\"\n");
    let report = simulated(&judged(POLICY, everybody()), &exempt);
    assert_eq!(moved(&report, "a100"), Some(("reclaim/inactive", "keep/exempt")));
    let warned = format!("{POLICY}[warn]\ngrace-days = 14\n");
    let report = simulated(&judged(POLICY, everybody()), &warned);
    assert_eq!(moved(&report, "a100"), Some(("reclaim/inactive", "warn/due")));
    assert_eq!(report.part.taken, 0);
}

#[test]
fn a_group_that_is_dropped_takes_its_members_out_of_sight_and_holds_whoever_is_in_another() {
    let report = simulated(&judged(POLICY, everybody()), &POLICY.replace(", \"confluence-contractors\"", ""));
    assert_eq!(moved(&report, "contractor"), Some(("reclaim/inactive", NOT_LOOKED_AT)));
    assert_eq!(moved(&report, "both"), Some(("reclaim/inactive", "hold/cannot-free")));
    assert_eq!((report.part.read, report.part.accounts), (10, 9));
    assert_eq!(codes(&report), ["other-groups"]);
}

#[test]
fn a_group_that_stood_in_the_way_is_taken_with_the_others_once_it_is_named() {
    let named = POLICY.replace("\"confluence-users\"", "\"confluence-users\", \"jira-users\"");
    let report = simulated(&judged(POLICY, everybody()), &named);
    assert_eq!(moved(&report, "other"), Some(("hold/cannot-free", "reclaim/inactive")));
    assert_eq!(codes(&report), ["licence-groups"]);
}

#[test]
fn our_own_records_count_where_they_matter_only_under_the_new_policy() {
    let shorter = POLICY.replace("= 90", "= 60");
    for (when, expected) in [
        ("2026-11-20T12:00:00Z", None),
        // Heard after the snapshot, so the snapshot's sweep could not know it.
        ("2026-11-22T13:00:00Z", Some(("keep/recently-active", "reclaim/inactive"))),
    ] {
        let store = judged(POLICY, everybody());
        let login = Login { key: account("a80", at(NOW)).key, at: at(when) };
        block_on(state::save(&store, &state::login(&login.key), &login)).unwrap();
        assert_eq!(moved(&simulated(&store, &shorter), "a80"), expected, "{when}");
    }
}

#[test]
fn what_was_not_asked_is_said() {
    let text = format!(
        "{POLICY}evidence.audit-log = true\n[[exempt]]\ngroup = \"bots\"\nwhy = \"work\"\nowner = \"it\"\n\
         [[directory]]\nname = \"hr\"\nprovider = \"scim\"\nmatch = \"mail\"\neveryone = true\n"
    );
    let report = simulated(&judged(POLICY, everybody()), &text);
    assert_eq!(codes(&report), ["groups", "audit-log", "directory"], "{:#?}", report.caveats);
    assert!(report.caveats[0].text.contains("bots"), "{:#?}", report.caveats);
}

#[test]
fn a_snapshot_of_an_emergency_says_that_its_decisions_are_no_measure() {
    let store = judged(POLICY, everybody());
    let sweep = SweepId::opened_at(at(NOW));
    let head = PlanHead {
        id: sweep.clone(),
        made: at(NOW),
        expires: at(NOW),
        rules: String::new(),
        verdict: Verdict::Within,
        hash: String::new(),
        accounts: 0,
        pages: 0,
        emergency: Some(Emergency { seats: 5, idle_days: 14 }),
    };
    block_on(state::save(&store, &state::plan(&sweep), &head)).unwrap();
    let report = simulated(&store, POLICY);
    assert_eq!((codes(&report), report.same_rules), (vec!["emergency"], false));
}

#[test]
fn parts_add_up_to_the_whole() {
    let store = judged(POLICY, everybody());
    let text = POLICY.replace("= 90", "= 30");
    let whole = simulated(&store, &text);
    let (mut from, mut part, mut changes, mut calls) = (0, Part::default(), Vec::new(), 0);
    loop {
        let clock = VirtualClock::default();
        let report = block_on(simulate(&store, &text, from, Listed::All, &clock, TimeDelta::zero())).unwrap();
        part = part.and(report.part);
        changes.extend(report.changes);
        calls += 1;
        match report.next {
            Some(next) => from = next,
            None => break,
        }
    }
    assert_eq!((part, changes, calls), (whole.part, whole.changes, 4));
}

#[test]
fn only_so_many_changes_are_listed_and_all_are_counted() {
    let store = judged(POLICY, everybody());
    let clock = VirtualClock::default();
    let text = POLICY.replace("= 90", "= 30");
    let report = block_on(simulate(&store, &text, 0, Listed::First(1), &clock, TimeDelta::seconds(15))).unwrap();
    assert_eq!((report.changes.len(), report.part.changed), (1, 2));
}

#[test]
fn the_cap_counts_as_it_does_in_a_sweep() {
    let store = judged(POLICY, everybody());
    let text = format!("{POLICY}cap.accounts = 2\n");
    let report = simulated(&store, &text);
    let policy = policy_file::parse(&text).unwrap();
    assert_eq!(report.part.verdict(&policy), Verdict::OverCap { planned: report.part.taken, limit: 2 });
    assert_eq!(report.part.verdict(&policy_file::parse(POLICY).unwrap()), Verdict::Within);
}

#[test]
fn a_wrong_policy_and_a_missing_snapshot_are_refused() {
    let clock = VirtualClock::default();
    let ask = |store: &MemoryStore, text: &str| {
        block_on(simulate(store, text, 0, Listed::All, &clock, TimeDelta::seconds(15))).unwrap_err()
    };
    let store = judged(POLICY, everybody());
    let wrong = ask(&store, "version = 2\nlicence-groups = []\n");
    assert!(matches!(&wrong, Refusal::Invalid(problems) if problems.len() > 1), "{wrong:?}");
    assert!(matches!(ask(&MemoryStore::default(), POLICY), Refusal::Unknown { what: "snapshot", .. }));
    block_on(state::remove(&store, &state::snapshot(&SweepId::opened_at(at(NOW)), 1))).unwrap();
    assert!(matches!(ask(&store, POLICY), Refusal::Trouble(trouble) if trouble.code == "store-failed"));
}

#[test]
fn nothing_is_written() {
    let store = judged(POLICY, everybody());
    let before = store.entries();
    let report = simulated(&store, &POLICY.replace("= 90", "= 30"));
    assert!(report.part.taken > report.part.taken_before);
    assert_eq!(store.entries(), before);
}
