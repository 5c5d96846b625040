//! The validated policy. Its fields cannot be built from the outside except through [`crate::raw`], so a policy that
//! exists is a policy that makes sense.

use crate::{
    Directory, GroupName, Instant, Username,
    price::SeatPrice,
    rules::{Population, Rules},
};
use chrono::{FixedOffset, TimeDelta};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Whole days, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Days(pub(crate) u32);

impl Days {
    /// The number of days.
    pub fn get(self) -> u32 {
        self.0
    }

    /// As a length of time: a day is 24 hours, whatever the clocks of a zone do.
    pub fn delta(self) -> TimeDelta {
        TimeDelta::days(i64::from(self.0))
    }
}

/// How far a sweep may go by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Plans are published and never applied.
    DryRun,
    /// A plan is applied after a person approved exactly that plan.
    Approve,
    /// Plans within caps and guards are applied by themselves, once the same rules have published a plan before.
    Enforce,
}

/// Who or what an exemption is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExemptionSubject {
    /// One account by name.
    User(Username),
    /// Everybody in a group.
    Group(GroupName),
    /// Names that match a pattern with `*` and `?`.
    Pattern(String),
}

/// Why somebody keeps a seat without using it: who, why, who answers for it, until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Exemption {
    /// Who.
    pub subject: ExemptionSubject,
    /// Why.
    pub why: String,
    /// Who answers for it.
    pub owner: String,
    /// The first instant at which it no longer holds.
    pub expires: Option<Instant>,
}

impl Exemption {
    /// Whether it holds for a name and group memberships at an instant.
    pub fn covers(&self, username: &Username, is_member: impl Fn(&GroupName) -> bool, now: Instant) -> bool {
        if self.expires.is_some_and(|end| end <= now) {
            return false;
        }
        match &self.subject {
            // Confluence compares names without case, so an exemption for `JDoe` covers `jdoe`.
            ExemptionSubject::User(user) => user.as_str().to_lowercase() == username.as_str().to_lowercase(),
            ExemptionSubject::Group(group) => is_member(group),
            ExemptionSubject::Pattern(pattern) => {
                wildmatch::WildMatch::new(&pattern.to_lowercase()).matches(&username.as_str().to_lowercase())
            }
        }
    }
}

/// The largest number of accounts that one run may touch.
///
/// This is the fuse of the whole product: a wrong rule, a migrated directory or a reset of all last logins shows up as
/// a plan of unusual size long before anyone reads it. The smaller of both limits counts. The percentage is ignored
/// below `percent_from` accounts, because five percent of ten people is nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cap {
    /// Accounts at most.
    pub accounts: u32,
    /// Percent of the accounts in the snapshot at most, 1 to 100.
    pub percent: u32,
    /// The percentage counts from this many accounts on.
    pub percent_from: u32,
}

impl Cap {
    /// The limit for a snapshot of this size.
    pub fn limit(self, population: usize) -> u32 {
        let population = u32::try_from(population).unwrap_or(u32::MAX);
        if population < self.percent_from {
            return self.accounts;
        }
        let share = u64::from(population) * u64::from(self.percent) / 100;
        self.accounts.min(u32::try_from(share).unwrap_or(u32::MAX))
    }
}

/// What is done to an account that loses its seat. Licence groups are always taken; the rest is optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Measures {
    /// Deactivate the account as well.
    pub disable: bool,
    /// Rename it to `{username}_inactive_yyyyMMdd`.
    pub rename: bool,
}

/// When a seat is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RestoreRules {
    /// Whether a login gives the seat back.
    pub on_login: bool,
    /// Seats that stay free whatever happens; at limit + 1 all of Confluence turns read-only.
    pub seat_buffer: u32,
}

/// A level at which the chat is told that seats run short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Threshold {
    /// At so many percent of the seats bought, or more.
    Percent(u32),
    /// At so many free seats, or fewer.
    SeatsLeft(u32),
}

/// When the chat is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AlertRules {
    /// The levels.
    pub thresholds: Vec<Threshold>,
    /// Distance by which usage must fall below a level before it counts as calm again: percentage points for a
    /// percentage, seats for a number of seats.
    pub hysteresis: u32,
}

/// When sources of evidence are not believed. A restored database or a migration sets back the last login of
/// everybody at once; each account alone would look inactive, only the sum tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Guard {
    /// Percent of the accounts whose activity may move backwards from one sweep to the next.
    pub regressed_percent: u32,
    /// So many accounts may do so in any case.
    pub regressed_accounts: u32,
    /// Percent of all accounts that may have left the company, by all directories together.
    pub leavers_percent: u32,
    /// So many accounts may have left in any case.
    pub leavers_accounts: u32,
}

impl Guard {
    /// Whether so many accounts of so many moved backwards at once that nothing may be concluded.
    pub fn trips(self, regressed: u32, accounts: u32) -> bool {
        let share = u64::from(accounts) * u64::from(self.regressed_percent) / 100;
        u64::from(regressed) > share.max(u64::from(self.regressed_accounts))
    }

    /// Whether so many accounts of so many count as left that nothing may be concluded.
    pub fn exodus(self, left: u32, accounts: u32) -> bool {
        let share = u64::from(accounts) * u64::from(self.leavers_percent) / 100;
        u64::from(left) > share.max(u64::from(self.leavers_accounts))
    }
}

/// Which optional sources are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Sources {
    /// Login events of the audit log.
    pub audit_log: bool,
    /// Contributions, looked up just before each reclaim.
    pub contributions: bool,
}

/// An emergency plan: so many seats are wanted in use, and the longest idle accounts give theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Emergency {
    /// Seats in use afterwards.
    pub seats: u32,
    /// Nobody seen within so many days is taken. A browser stays signed in for two weeks without a new login.
    pub idle_days: u32,
}

/// Days of idleness that an emergency counts at most: ten years.
pub const LONGEST_EMERGENCY: u32 = 3_650;

/// The whole policy, validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Policy {
    /// How far a sweep may go by itself.
    pub mode: Mode,
    /// The groups that are taken away. Never empty: an empty scope is not *everyone*.
    pub licence_groups: BTreeSet<GroupName>,
    /// The rules for everybody whom no population claims.
    pub rules: Rules,
    /// Accounts with rules of their own, highest priority first.
    pub populations: Vec<Population>,
    /// Outside directories, in the order of the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<Directory>,
    /// Groups of administrators; their members are never touched.
    pub administrator_groups: BTreeSet<GroupName>,
    /// Exemptions.
    pub exemptions: Vec<Exemption>,
    /// The largest run.
    pub cap: Cap,
    /// When sources of evidence are not believed.
    pub guard: Guard,
    /// Which optional sources are asked.
    pub sources: Sources,
    /// When a seat is given back.
    pub restore: RestoreRules,
    /// When the chat is told.
    pub alerts: AlertRules,
    /// Hours between the openings of two sweeps.
    pub sweep_every_hours: u32,
    /// Hours after which an unanswered plan can no longer be approved.
    pub plan_valid_hours: u32,
    /// Zone for dates that people read, such as the suffix of a renamed account.
    #[serde(serialize_with = "as_text")]
    pub zone: FixedOffset,
    /// What a seat costs, where somebody told. It judges nobody, so it is no part of the hash of the rules.
    #[serde(skip)]
    pub seat_price: Option<SeatPrice>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn as_text<S: serde::Serializer>(zone: &FixedOffset, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(zone)
}

impl Policy {
    /// The exemption that covers an account now, if any; the first in the file wins.
    pub fn exemption(
        &self,
        username: &Username,
        is_member: impl Fn(&GroupName) -> bool + Copy,
        now: Instant,
    ) -> Option<&Exemption> {
        self.exemptions.iter().find(|exemption| exemption.covers(username, is_member, now))
    }

    /// Groups whose members a rule wants to know although their seats are not taken.
    pub fn marked_groups(&self) -> BTreeSet<&GroupName> {
        let exempt = self.exemptions.iter().filter_map(|exemption| match &exemption.subject {
            ExemptionSubject::Group(group) => Some(group),
            ExemptionSubject::User(_) | ExemptionSubject::Pattern(_) => None,
        });
        let populations = self.populations.iter().map(|population| &population.members);
        let directories = self.directories.iter().filter_map(|directory| directory.responsible.as_ref());
        exempt.chain(populations.chain(directories).flat_map(|members| &members.groups)).collect()
    }

    /// Exemptions that end within so many days, or have ended, the earliest first: somebody has to look at them.
    pub fn lapsing(&self, days: u32, now: Instant) -> Vec<&Exemption> {
        let horizon = now + TimeDelta::days(i64::from(days));
        let mut lapsing: Vec<_> =
            self.exemptions.iter().filter(|exemption| exemption.expires.is_some_and(|end| end <= horizon)).collect();
        lapsing.sort_by_key(|exemption| exemption.expires);
        lapsing
    }

    /// The longest window of inactivity that any rule looks at.
    pub fn longest_window(&self) -> TimeDelta {
        let rules = std::iter::once(&self.rules).chain(self.populations.iter().map(|population| &population.rules));
        let windows = rules.flat_map(|rules| [rules.inactive_after, rules.never_logged_in_after]).flatten();
        windows.max().map_or(TimeDelta::zero(), Days::delta)
    }

    /// The rules of an emergency: everybody idle for longer than a floor may give a seat, without a warning, whatever
    /// the usual windows are. Every protection stays.
    #[must_use]
    pub fn in_emergency(&self, emergency: Emergency) -> Policy {
        let urgent = |rules: &Rules| {
            // An order may be older than the check of its days, and instants end somewhere.
            let floor = Days(emergency.idle_days.min(LONGEST_EMERGENCY));
            Rules { inactive_after: Some(floor), never_logged_in_after: Some(floor), warning: None, ..rules.clone() }
        };
        let populations = self.populations.iter();
        Policy {
            rules: urgent(&self.rules),
            populations: populations.map(|p| Population { rules: urgent(&p.rules), ..p.clone() }).collect(),
            ..self.clone()
        }
    }

    /// A hash of the rules without the mode: two policies with the same hash judge alike, so a dry run of the one is
    /// a rehearsal of the other.
    pub fn rules_hash(&self) -> String {
        let rules = Policy { mode: Mode::DryRun, ..self.clone() };
        crate::plan::hash_json(&rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, policy};

    #[test]
    fn the_cap_is_the_smaller_limit_and_ignores_percent_for_few_accounts() {
        let cap = Cap { accounts: 50, percent: 5, percent_from: 100 };
        for (population, limit) in [(0, 50), (99, 50), (100, 5), (999, 49), (1000, 50), (100_000, 50)] {
            assert_eq!(cap.limit(population), limit, "{population} accounts");
        }
    }

    #[test]
    fn the_guard_trips_above_the_larger_of_both_limits() {
        let guard = Guard { regressed_accounts: 10, ..policy().guard };
        for (regressed, accounts, trips) in
            [(10, 20, false), (11, 20, true), (50, 1_000, false), (51, 1_000, true), (0, 0, false)]
        {
            assert_eq!(guard.trips(regressed, accounts), trips, "{regressed} of {accounts}");
        }
    }

    #[test]
    fn an_exemption_is_on_the_review_list_before_and_after_its_end() {
        let exemption = |end: Option<&str>| Exemption {
            subject: ExemptionSubject::Pattern("svc-*".into()),
            why: "integration".into(),
            owner: "it".into(),
            expires: end.map(at),
        };
        let exemptions = vec![
            exemption(None),
            exemption(Some("2026-12-22T12:00:00Z")),
            exemption(Some("2026-12-22T12:00:01Z")),
            exemption(Some("2026-01-01T00:00:00Z")),
        ];
        let policy = Policy { exemptions, ..policy() };
        let lapsing = policy.lapsing(30, at("2026-11-22T12:00:00Z"));
        let ends: Vec<_> = lapsing.iter().filter_map(|exemption| exemption.expires).collect();
        assert_eq!(ends, [at("2026-01-01T00:00:00Z"), at("2026-12-22T12:00:00Z")]);
    }

    #[test]
    fn an_exemption_ends_at_its_expiry_to_the_second() {
        let exemption = Exemption {
            subject: ExemptionSubject::Pattern("svc-*".into()),
            why: "integration".into(),
            owner: "it".into(),
            expires: Some(at("2026-11-22T00:00:00Z")),
        };
        let name = Username::parse("SVC-build").unwrap();
        assert!(exemption.covers(&name, |_| false, at("2026-11-21T23:59:59Z")));
        assert!(!exemption.covers(&name, |_| false, at("2026-11-22T00:00:00Z")));
    }

    #[test]
    fn the_rules_hash_does_not_see_the_mode_but_sees_every_rule() {
        let dry = policy();
        let enforce = Policy { mode: Mode::Enforce, ..policy() };
        let shorter = Policy { rules: Rules { inactive_after: Some(Days(30)), ..policy().rules }, ..policy() };
        let priced = Policy { seat_price: Some(crate::testing::price("12.50")), ..policy() };
        assert_eq!(dry.rules_hash(), enforce.rules_hash());
        assert_eq!(dry.rules_hash(), priced.rules_hash(), "a price judges nobody");
        assert_ne!(dry.rules_hash(), shorter.rules_hash());
    }
}
