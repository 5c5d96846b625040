//! Numbers for people: how many accounts got which decision, so that *nothing happened* is explained too.

use crate::{Account, Decision, DirectoryTally, SeatCount, Status};
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
    /// What each directory said.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub directories: BTreeMap<String, DirectoryTally>,
    /// Notes on what the policy asks for and this installation cannot do.
    pub limits: Vec<String>,
}

impl PlanReport {
    /// Counts one account.
    pub fn count(&mut self, account: &Account, decision: &Decision) {
        self.accounts += 1;
        *self.decisions.entry(decision.code().to_owned()).or_default() += 1;
        *self.statuses.entry(account.status.word().to_owned()).or_default() += 1;
    }

    /// Accounts with decisions that begin with `prefix`, such as `reclaim/`.
    pub fn total(&self, prefix: &str) -> u32 {
        self.decisions.iter().filter(|(code, _)| code.starts_with(prefix)).map(|(_, count)| count).sum()
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
