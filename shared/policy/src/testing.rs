//! Builders for tests: each starts from a valid default, and a test changes one thing.
#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "builders for tests, fed with literals")]

use crate::{
    Account, Days, Evidence, GroupName, Instant, Mode, Policy, SeatCount, Snapshot, Source, Status, SweepId, UserKey,
    Username,
    account::Sighting,
    policy::{AlertRules, Cap, Guard, Measures, RestoreRules, Sources, Threshold},
    rules::Rules,
};
use chrono::TimeDelta;
use std::collections::BTreeSet;

/// An instant from its ISO text.
pub fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// A group name.
pub fn group(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

/// A user key.
pub fn key(name: &str) -> UserKey {
    UserKey::parse(name).unwrap()
}

/// A policy: 90 days, never-logged-in after 60, young 30, restored 30, cap 50 accounts.
pub fn policy() -> Policy {
    Policy {
        mode: Mode::DryRun,
        licence_groups: BTreeSet::from([group("confluence-users"), group("confluence-contractors")]),
        rules: Rules {
            inactive_after: Some(Days(90)),
            never_logged_in_after: Some(Days(60)),
            young: Days(30),
            warm_up: None,
            restored_grace: Days(30),
            measures: Measures { disable: false, rename: false },
            warning: None,
        },
        populations: Vec::new(),
        directories: Vec::new(),
        administrator_groups: BTreeSet::from([group("confluence-administrators")]),
        exemptions: Vec::new(),
        cap: Cap { accounts: 50, percent: 5, percent_from: 1_000 },
        guard: Guard { regressed_percent: 5, regressed_accounts: 10, leavers_percent: 10, leavers_accounts: 10 },
        sources: Sources { audit_log: false, contributions: false },
        restore: RestoreRules { on_login: true, seat_buffer: 1 },
        alerts: AlertRules { thresholds: vec![Threshold::Percent(90)], hysteresis: 2 },
        sweep_every_hours: 24,
        plan_valid_hours: 72,
        zone: chrono::Offset::fix(&chrono::Utc),
        seat_price: None,
    }
}

/// A seat at so many euros a month.
pub fn price(amount: &str) -> crate::price::SeatPrice {
    crate::price::SeatPrice::parse(amount, "EUR", crate::price::Period::Month).unwrap()
}

/// An active account in `confluence-users`, known for two years, without evidence.
pub fn account(name: &str, now: Instant) -> Account {
    Account {
        key: key(&format!("key-{name}")),
        username: Username::parse(name).unwrap(),
        display_name: name.to_owned(),
        status: Status::Current,
        groups: BTreeSet::from([group("confluence-users")]),
        marks: BTreeSet::new(),
        administrator: false,
        obstacles: Vec::new(),
        email: None,
        directory: None,
        created: None,
        fixed: false,
        words: Vec::new(),
        evidence: Evidence::default(),
        first_seen: now - TimeDelta::days(730),
        restored: None,
        reenabled: None,
        notice: None,
    }
}

/// An account that was last seen so many days ago.
pub fn idle(name: &str, days: i64, now: Instant) -> Account {
    let sighting = Sighting { at: now - TimeDelta::days(days), source: Source::LastLogin };
    Account { evidence: Evidence::at(sighting), ..account(name, now) }
}

/// A complete snapshot with these accounts; our own account is not among them.
pub fn snapshot(accounts: Vec<Account>) -> Snapshot {
    Snapshot {
        id: SweepId::parse("20261122-120000").unwrap(),
        own: key("own"),
        accounts,
        complete: true,
        administrators: BTreeSet::new(),
        seats: SeatCount { used: 80, max: Some(100) },
    }
}
