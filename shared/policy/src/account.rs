//! Facts about accounts as one sweep saw them: seats, status and dated evidence of activity.

use crate::{GroupName, Instant, SweepId, UserKey, Username};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What Confluence says about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Active; holds a seat if any path gives *can use*.
    Current,
    /// Deactivated by somebody, perhaps by us.
    Deactivated,
    /// Gone from the directory it came from.
    ExternallyDeleted,
    /// Active without *can use*.
    Unlicensed,
    /// Confluence did not say, or said something we do not know. Never treated as inactive.
    Unknown,
}

/// Where a fact about activity came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A signed login event that our webhook received.
    LoginEvent,
    /// `lastLogin` in Confluence's list of seat holders (10.2 and later).
    LastLogin,
}

/// A dated sighting of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sighting {
    /// When.
    pub at: Instant,
    /// According to whom.
    pub source: Source,
}

/// All that is known about somebody's activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Evidence {
    /// The newest sighting of all sources.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub newest: Option<Sighting>,
    /// A source that knows about every login and says that there was none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub never: Option<Source>,
}

/// What the evidence adds up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Seen at an instant.
    At(Sighting),
    /// Never, and a source that would know says so.
    Never(Source),
    /// Nobody knows. Not a reason for anything but to wait.
    Unknown,
}

impl Evidence {
    /// Adds a sighting; the newest wins.
    pub fn saw(&mut self, sighting: Sighting) {
        if self.newest.is_none_or(|known| known.at < sighting.at) {
            self.newest = Some(sighting);
        }
    }

    /// What it adds up to: any sighting beats *never*, and *never* beats not knowing.
    pub fn activity(&self) -> Activity {
        match (self.newest, self.never) {
            (Some(sighting), _) => Activity::At(sighting),
            (None, Some(source)) => Activity::Never(source),
            (None, None) => Activity::Unknown,
        }
    }
}

/// A path to a seat that taking the policy's groups away would leave in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OtherSeat {
    /// *Can use* was granted to the account itself.
    Individual,
    /// Member of a group with *can use* that the policy does not name.
    Group(GroupName),
}

/// One account with all facts a decision needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Account {
    /// Identity.
    pub key: UserKey,
    /// Present name.
    pub username: Username,
    /// Name for people, from outside: escape it wherever it is shown.
    pub display_name: String,
    /// Confluence's word on the account.
    pub status: Status,
    /// The policy's licence groups that the account is a member of.
    pub groups: BTreeSet<GroupName>,
    /// Other groups of the account that matter to a rule (protected or exempt groups).
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub marks: BTreeSet<GroupName>,
    /// Member of an administrators group.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub administrator: bool,
    /// A path to the seat that this policy cannot take away.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub other_seat: Option<OtherSeat>,
    /// Evidence of activity.
    pub evidence: Evidence,
    /// When a sweep saw the account for the first time. Confluence does not tell its creation by REST, and an account
    /// is at least as old as our first sight of it.
    pub first_seen: Instant,
    /// When a seat was last given back to the account, by us or, as far as we heard, by others.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub restored: Option<Instant>,
}

/// Everything one sweep saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The sweep.
    pub id: SweepId,
    /// Our own account; never touched.
    pub own: UserKey,
    /// All accounts in the policy's licence groups, each once.
    pub accounts: Vec<Account>,
    /// Whether every page of every listing was read. INVARIANT (complete snapshot): `plan` takes nothing from a
    /// snapshot that is not complete.
    pub complete: bool,
    /// Active administrators in all administrator groups.
    pub administrators: BTreeSet<UserKey>,
    /// Seats used and bought when the snapshot was taken.
    pub seats: SeatCount,
}

/// Seats used, and bought if there is a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SeatCount {
    /// Seats in use.
    pub used: u32,
    /// Seats bought; none when the licence is unlimited.
    #[serde(default)]
    pub max: Option<u32>,
}

impl SeatCount {
    /// Seats that are still free; none when the licence is unlimited.
    pub fn free(self) -> Option<u32> {
        self.max.map(|max| max.saturating_sub(self.used))
    }

    /// Use in percent of the seats bought; none for an unlimited or an empty licence, where a percentage means nothing.
    pub fn percent(self) -> Option<f64> {
        match self.max {
            Some(max) if max > 0 => Some(f64::from(self.used) * 100.0 / f64::from(max)),
            Some(_) | None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    #[test]
    fn the_newest_sighting_wins_whatever_the_order() {
        let early = Sighting { at: at("2026-01-01T00:00:00Z"), source: Source::LastLogin };
        let late = Sighting { at: at("2026-02-01T00:00:00Z"), source: Source::LoginEvent };
        for order in [[early, late], [late, early]] {
            let mut evidence = Evidence { newest: None, never: Some(Source::LastLogin) };
            for sighting in order {
                evidence.saw(sighting);
            }
            assert_eq!(evidence.activity(), Activity::At(late));
        }
    }

    #[test]
    fn no_evidence_is_unknown_and_not_never() {
        assert_eq!(Evidence::default().activity(), Activity::Unknown);
    }

    #[test]
    fn a_percentage_of_an_unlimited_or_empty_licence_does_not_exist() {
        assert_eq!(SeatCount { used: 5, max: None }.percent(), None);
        assert_eq!(SeatCount { used: 5, max: Some(0) }.percent(), None);
        assert_eq!(SeatCount { used: 5, max: Some(4) }.free(), Some(0));
        assert_eq!(SeatCount { used: 1, max: Some(4) }.percent(), Some(25.0));
    }
}
