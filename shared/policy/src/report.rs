//! Numbers for people: how many accounts got which decision, so that *nothing happened* is explained too.

use crate::{Account, Decision, DirectoryTally, Instant, SeatCount, Status};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counts over one sweep.
#[must_use = "an unread report helps nobody"]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlanReport {
    /// Accounts in the policy's licence groups.
    pub accounts: u32,
    /// Accounts by decision code, such as `keep/recently-active`.
    pub decisions: BTreeMap<String, u32>,
    /// Accounts by status.
    pub statuses: BTreeMap<String, u32>,
    /// How long ago the people with a seat were last seen.
    #[serde(default)]
    pub activity: Activity,
    /// What each directory said.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub directories: BTreeMap<String, DirectoryTally>,
    /// Notes on what the policy asks for and this installation cannot do.
    pub limits: Vec<String>,
}

impl PlanReport {
    /// Counts one account.
    pub fn count(&mut self, account: &Account, decision: &Decision, now: Instant) {
        self.accounts += 1;
        if account.status == Status::Current {
            self.activity.count(account, now);
        }
        *self.decisions.entry(decision.code().to_owned()).or_default() += 1;
        *self.statuses.entry(account.status.word().to_owned()).or_default() += 1;
    }

    /// Accounts with decisions that begin with `prefix`, such as `reclaim/`.
    pub fn total(&self, prefix: &str) -> u32 {
        self.decisions.iter().filter(|(code, _)| code.starts_with(prefix)).map(|(_, count)| count).sum()
    }
}

/// How long ago the people with a seat were last seen, in whole days that lie in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Activity {
    /// Within the last 24 hours; these are also in the next number.
    pub day: u32,
    /// Less than 30 days ago.
    pub under_30: u32,
    /// 30 to 59 days ago.
    pub under_60: u32,
    /// 60 to 89 days ago.
    pub under_90: u32,
    /// 90 to 179 days ago.
    pub under_180: u32,
    /// 180 days ago or longer.
    pub older: u32,
    /// Never, by a source that knows.
    pub never: u32,
    /// Nobody knows.
    pub unknown: u32,
}

impl Activity {
    fn count(&mut self, account: &Account, now: Instant) {
        let age = account.evidence.newest().map(|seen| (now - seen.at).num_days());
        let band = match age {
            None if account.evidence.never.is_some() => &mut self.never,
            None => &mut self.unknown,
            // A sighting in the future is one of today.
            Some(..30) => &mut self.under_30,
            Some(..60) => &mut self.under_60,
            Some(..90) => &mut self.under_90,
            Some(..180) => &mut self.under_180,
            Some(_) => &mut self.older,
        };
        *band += 1;
        self.day += u32::from(age.is_some_and(|days| days < 1));
    }
}

impl Status {
    /// The word used in reports and filters.
    pub fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Deactivated => "deactivated",
            Self::ExternallyDeleted => "externally-deleted",
            Self::Unlicensed => "unlicensed",
            Self::Unknown => "unknown",
        }
    }
}

/// Why the seat count did not fall as it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Diagnosis {
    /// As many seats came free as were taken, or more.
    Freed,
    /// Confluence's count is cached for some minutes; it may still fall.
    PerhapsCached,
    /// The cache has had its time: duplicates in a lower directory, inherited memberships or new people in between.
    NotFreed,
    /// The licence is unlimited or the count could not be read.
    NotMeasurable,
}

/// Compares seats before and after. `minutes` is the time since the last change.
pub fn diagnose(before: SeatCount, after: Option<SeatCount>, expected: u32, minutes: i64) -> Diagnosis {
    /// Confluence refreshes its count within minutes; a quarter of an hour is generous.
    const CACHE_MINUTES: i64 = 15;
    let Some(after) = after else { return Diagnosis::NotMeasurable };
    let freed = before.used.saturating_sub(after.used);
    if freed >= expected {
        Diagnosis::Freed
    } else if minutes < CACHE_MINUTES {
        Diagnosis::PerhapsCached
    } else {
        Diagnosis::NotFreed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_stands_still_is_first_blamed_on_the_cache_and_then_not() {
        let seats = |used| SeatCount { used, max: Some(100) };
        assert_eq!(diagnose(seats(90), Some(seats(80)), 10, 0), Diagnosis::Freed);
        assert_eq!(diagnose(seats(90), Some(seats(81)), 10, 14), Diagnosis::PerhapsCached);
        assert_eq!(diagnose(seats(90), Some(seats(81)), 10, 15), Diagnosis::NotFreed);
        assert_eq!(diagnose(seats(90), None, 10, 15), Diagnosis::NotMeasurable);
    }
}
