//! Builders for tests: each starts from a valid default, and a test changes one thing.
#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "builders for tests, fed with literals")]

use crate::{
    Account, Days, Evidence, GroupName, Instant, Mode, Policy, SeatCount, Snapshot, Source, Status, SweepId, UserKey,
    Username,
    account::Sighting,
    policy::{AlertRules, Cap, Measures, RestoreRules, Threshold},
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
        inactive_after: Days(90),
        never_logged_in_after: Some(Days(60)),
        young: Days(30),
        restored_grace: Days(30),
        administrator_groups: BTreeSet::from([group("confluence-administrators")]),
        exemptions: Vec::new(),
        measures: Measures { disable: false, rename: false },
        cap: Cap { accounts: 50, percent: 5, percent_from: 1_000 },
        restore: RestoreRules { on_login: true, seat_buffer: 1 },
        alerts: AlertRules { thresholds: vec![Threshold::Percent(90)], hysteresis: 2 },
        sweep_every_hours: 24,
        plan_valid_hours: 72,
        zone: chrono::Offset::fix(&chrono::Utc),
    }
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
        other_seat: None,
        evidence: Evidence::default(),
        first_seen: now - TimeDelta::days(730),
        restored: None,
    }
}

/// An account that was last seen so many days ago.
pub fn idle(name: &str, days: i64, now: Instant) -> Account {
    let sighting = Sighting { at: now - TimeDelta::days(days), source: Source::LastLogin };
    Account { evidence: Evidence { newest: Some(sighting), never: None }, ..account(name, now) }
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
