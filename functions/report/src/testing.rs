//! A published sweep for tests.

use chrono::TimeDelta;
use seatkeeper_engine::{
    lists,
    state::{self, Judged, Lists, Outcome, Pages, PlanHead, PolicyRecord, Run, SnapshotHead, Tally},
    testing::{MemoryStore, block_on},
};
use seatkeeper_policy::{
    Account, Action, Decision, Evidence, GroupName, HoldReason, Instant, Mode, Obstacle, PlannedAccount, Policy,
    ReclaimReason, SeatCount, Source, Status, SweepId, UserKey, Username, Verdict, account::Sighting,
    report::PlanReport,
};
use std::collections::BTreeSet;

/// The id of the only sweep.
pub fn sweep() -> SweepId {
    SweepId::parse("20261122-110000").unwrap()
}

/// A store with one finished sweep over these accounts, two on each stored page, and its plan.
pub fn published(accounts: &[Judged]) -> MemoryStore {
    let store = MemoryStore::default();
    let mut report = PlanReport::default();
    let mut planned = Vec::new();
    for Judged { account, decision } in accounts {
        report.count(account, decision, now());
        if let Decision::Reclaim(reason) = decision {
            planned.push(PlannedAccount {
                key: account.key.clone(),
                username: account.username.clone(),
                reason: reason.clone(),
                actions: account.groups.iter().cloned().map(Action::RemoveGroup).collect(),
            });
        }
    }
    let mut count = 0;
    for page in accounts.chunks(2) {
        block_on(state::save(&store, &state::snapshot(&sweep(), count), &page.to_vec())).unwrap();
        count += 1;
    }
    let seats = SeatCount { used: 460, max: Some(500) };
    let pages = Pages { sweep: sweep(), count };
    let (report_of, capabilities) = (report.clone(), None);
    let lists = Lists::default();
    let head = SnapshotHead {
        pages,
        index: 0,
        lists,
        replaced: None,
        at: now(),
        report: report_of,
        seats,
        policy: 1,
        capabilities,
    };
    block_on(state::save(&store, &state::snapshot_current(), &head)).unwrap();
    counted(&store, &seatkeeper_engine::policy_file::parse(MINIMAL).unwrap());
    let size = u32::try_from(planned.len()).unwrap();
    let plan = PlanHead {
        id: sweep(),
        made: now(),
        expires: now() + TimeDelta::hours(72),
        rules: "rules".into(),
        verdict: Verdict::Within,
        hash: "5eed".into(),
        accounts: size,
        pages: 1,
        emergency: None,
    };
    block_on(state::save(&store, &state::plan(&sweep()), &plan)).unwrap();
    block_on(state::save(&store, &state::plan_page(&sweep(), 0), &planned)).unwrap();
    let run = Run {
        id: sweep(),
        opened: now(),
        at: now(),
        mode: Mode::Approve,
        outcome: Outcome::AwaitingApproval,
        report: Some(report),
        plan: Some(plan.hash),
        planned: size,
        tally: Tally::default(),
        before: Some(seats),
        after: None,
        diagnosis: None,
        left: std::collections::BTreeMap::new(),
        warned: 0,
    };
    block_on(state::save(&store, &state::run(&sweep()), &run)).unwrap();
    block_on(state::save(&store, &state::runs(), &vec![sweep()])).unwrap();
    store
}

/// The shortest policy.
const MINIMAL: &str = "version = 1\nlicence-groups = [\"users\"]\ninactive.after-days = 90\n";

/// Counts and lists beside the snapshot, as a sweep under this policy writes them.
fn counted(store: &MemoryStore, policy: &Policy) {
    let Some(mut head) = block_on(state::load(store, &state::snapshot_current())).unwrap() else { return };
    let page = |page| block_on(state::load(store, &state::snapshot(&sweep(), page))).unwrap().unwrap();
    let all: Vec<Judged> = (0..head.pages.count).flat_map(page).collect();
    head.lists = block_on(lists::write(store, &sweep(), Lists::default(), policy, &all)).unwrap();
    block_on(state::save(store, &state::snapshot_current(), &head)).unwrap();
}

/// The instant of all tests.
pub fn now() -> Instant {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// An account in group `users`, last seen so many days ago; held when nobody knows.
pub fn judged(name: &str, days: Option<i64>) -> Judged {
    let seen = days.map(|days| Sighting { at: now() - TimeDelta::days(days), source: Source::LastLogin });
    Judged {
        account: Account {
            key: UserKey::parse(format!("key-{name}")).unwrap(),
            username: Username::parse(name).unwrap(),
            display_name: format!("Doe {name}"),
            status: Status::Current,
            groups: BTreeSet::from([GroupName::parse("users").unwrap()]),
            marks: BTreeSet::new(),
            administrator: false,
            obstacles: Vec::new(),
            email: None,
            directory: None,
            created: None,
            fixed: false,
            words: Vec::new(),
            evidence: seen.map(Evidence::at).unwrap_or_default(),
            first_seen: now() - TimeDelta::days(1_000),
            restored: None,
            reenabled: None,
            notice: None,
        },
        decision: match seen {
            Some(seen) => Decision::Reclaim(ReclaimReason::Inactive { since: seen.at, source: seen.source }),
            None => Decision::Hold(HoldReason::ActivityUnknown),
        },
    }
}

/// An account whose seat cannot be freed from here.
pub fn blocked_by(name: &str, obstacles: Vec<Obstacle>) -> Judged {
    let mut judged = judged(name, Some(200));
    judged.account.obstacles.clone_from(&obstacles);
    if let Decision::Reclaim(reason) = judged.decision {
        judged.decision = Decision::Hold(HoldReason::CannotFree { reason, obstacles });
    }
    judged
}

/// One obstacle of each kind.
pub fn every_obstacle() -> Vec<Obstacle> {
    let group = |name: &str| GroupName::parse(name).unwrap();
    vec![
        Obstacle::Individual,
        Obstacle::OtherGroup(group("guests")),
        Obstacle::Inherited { group: group("users"), via: Some(group("staff")) },
        Obstacle::ReadOnly { directory: "Corporate".into() },
        Obstacle::Shadowed { directory: "Internal".into() },
        Obstacle::TriedInVain { at: now() - TimeDelta::days(7), detail: "still a member".into() },
        Obstacle::ComesBack { taken: now() - TimeDelta::days(30) },
    ]
}

/// Puts a policy with this text into force.
pub fn with_policy(store: MemoryStore, text: &str) -> MemoryStore {
    let policy = seatkeeper_engine::policy_file::parse(text).unwrap();
    let record =
        PolicyRecord { version: 1, text: text.into(), rules: policy.rules_hash(), saved: now(), by: "anna".into() };
    block_on(state::save(&store, &state::policy(), &record)).unwrap();
    counted(&store, &policy);
    store
}
