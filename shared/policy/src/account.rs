//! Facts about accounts as one sweep saw them: seats, status and dated evidence of activity.

use crate::{DirectoryWord, GroupName, Instant, SweepId, UserKey, Username, seat_path::Obstacle};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A signed login event that our webhook received.
    LoginEvent,
    /// `lastLogin` in Confluence's list of seat holders (10.2 and later).
    LastLogin,
    /// A login recorded in Confluence's audit log.
    AuditLog,
    /// `logininfo` in Confluence's database.
    LoginInfo,
    /// The attribute `lastAuthenticated` in Confluence's database. It can differ from `logininfo`; the newer one counts.
    LastAuthenticated,
    /// A file that an administrator imported.
    Import,
    /// Something the person wrote in Confluence.
    Contribution,
    /// `signInActivity` in Microsoft Graph.
    GraphSignIn,
    /// `lastLogin` in Okta.
    OktaLogin,
    /// `lastAuthenticated` in Crowd.
    CrowdAuthenticated,
    /// `lastActive` in Crowd.
    CrowdActive,
    /// `lastLogonTimestamp` in Active Directory, with the 14 days added that it may lag behind.
    AdLogon,
    /// `authTimestamp` or `pwdLastSuccess` of an LDAP server.
    LdapBind,
    /// The sign-in that a directory of one's own tells.
    HttpSignIn,
}

impl Source {
    /// Whether an outside directory tells it: a sign-in to the company, not to Confluence.
    pub fn is_directory(self) -> bool {
        match self {
            Self::GraphSignIn
            | Self::OktaLogin
            | Self::CrowdAuthenticated
            | Self::CrowdActive
            | Self::AdLogon
            | Self::LdapBind
            | Self::HttpSignIn => true,
            Self::LoginEvent
            | Self::LastLogin
            | Self::AuditLog
            | Self::LoginInfo
            | Self::LastAuthenticated
            | Self::Import
            | Self::Contribution => false,
        }
    }
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Evidence {
    /// The newest sighting of each source.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sightings: Vec<Sighting>,
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
    /// One sighting.
    pub fn at(sighting: Sighting) -> Self {
        Self { sightings: vec![sighting], never: None }
    }

    /// Adds a sighting; of each source the newest stays.
    pub fn saw(&mut self, sighting: Sighting) {
        if let Some(known) = self.sightings.iter_mut().find(|known| known.source == sighting.source) {
            known.at = known.at.max(sighting.at);
        } else {
            self.sightings.push(sighting);
            self.sightings.sort_by_key(|known| known.source);
        }
    }

    /// The newest sighting of all sources.
    pub fn newest(&self) -> Option<Sighting> {
        self.sightings.iter().copied().max_by_key(|sighting| sighting.at)
    }

    /// What one source says.
    pub fn of(&self, source: Source) -> Option<Instant> {
        self.sightings.iter().find(|known| known.source == source).map(|known| known.at)
    }

    /// What it adds up to: any sighting beats *never*, and *never* beats not knowing.
    pub fn activity(&self) -> Activity {
        match (self.newest(), self.never) {
            (Some(sighting), _) => Activity::At(sighting),
            (None, Some(source)) => Activity::Never(source),
            (None, None) => Activity::Unknown,
        }
    }
}

/// Confluence 1.0 came out in March 2004; nothing that it tells can be older.
pub(crate) fn implausible(at: Instant) -> bool {
    at.timestamp() < 1_072_915_200
}

/// A message that the seat will be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Notice {
    /// When the decision to warn was made.
    pub noticed: Instant,
    /// When the message arrived, as far as its channel tells; in quiet mode the same as `noticed`.
    pub delivered: Option<Instant>,
    /// The message can never arrive: no address, or refused for good.
    #[serde(default)]
    pub undeliverable: bool,
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
    /// What stands in the way of freeing the seat from here.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub obstacles: Vec<Obstacle>,
    /// Mail address, from outside.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<String>,
    /// Name of the directory it comes from, where a source tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub directory: Option<String>,
    /// When it was created, where a source tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub created: Option<Instant>,
    /// Its directory does not let the account itself be changed: its groups can be taken, but it can neither be
    /// deactivated nor renamed from here.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub fixed: bool,
    /// What outside directories say that are responsible for it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub words: Vec<DirectoryWord>,
    /// Evidence of activity.
    pub evidence: Evidence,
    /// When a sweep saw the account for the first time. Confluence does not tell its creation by REST, and an account
    /// is at least as old as our first sight of it.
    pub first_seen: Instant,
    /// When a seat was last given back to the account, by us or, as far as we heard, by others.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub restored: Option<Instant>,
    /// When somebody activated the account again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reenabled: Option<Instant>,
    /// The notice that it got.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notice: Option<Notice>,
}

impl Account {
    /// The earliest instant at which the account is known to have existed. A creation before Confluence itself is a
    /// broken value, and would make everybody old.
    pub fn known_since(&self) -> Instant {
        let created = self.created.filter(|created| !implausible(*created));
        created.map_or(self.first_seen, |created| created.min(self.first_seen))
    }

    /// The same, also by what was seen of the person: whoever logged in existed.
    pub fn existed_since(&self) -> Instant {
        let seen = self.evidence.sightings.iter().map(|sighting| sighting.at).filter(|at| !implausible(*at));
        seen.fold(self.known_since(), Instant::min)
    }
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

/// A part of a snapshot, as the second opinion needs it.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotView<'a> {
    /// Our own account.
    pub own: &'a UserKey,
    /// Accounts; at least those in question.
    pub accounts: &'a [Account],
    /// Active administrators.
    pub administrators: &'a BTreeSet<UserKey>,
}

impl Snapshot {
    /// The whole of it.
    pub fn view(&self) -> SnapshotView<'_> {
        SnapshotView { own: &self.own, accounts: &self.accounts, administrators: &self.administrators }
    }
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
            let mut evidence = Evidence { never: Some(Source::LastLogin), ..Evidence::default() };
            for sighting in order {
                evidence.saw(sighting);
            }
            assert_eq!(evidence.activity(), Activity::At(late));
            assert_eq!(evidence.of(Source::LastLogin), Some(early.at));
        }
    }

    #[test]
    fn an_older_word_of_the_same_source_changes_nothing() {
        let (early, late) = (at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"));
        let mut evidence = Evidence::at(Sighting { at: late, source: Source::Import });
        evidence.saw(Sighting { at: early, source: Source::Import });
        assert_eq!(evidence, Evidence::at(Sighting { at: late, source: Source::Import }));
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
