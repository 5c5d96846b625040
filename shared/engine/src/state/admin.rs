//! What administrators decide.

use seatkeeper_policy::{Instant, SweepId, UserKey, Username};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The policy as it was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRecord {
    /// Counts up with every change.
    pub version: u32,
    /// The file, word for word.
    pub text: String,
    /// Hash of the rules, without the mode.
    pub rules: String,
    /// When it was accepted.
    pub saved: Instant,
    /// Who sent it.
    pub by: String,
}

/// A person's answer to a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The hash that the person saw.
    pub hash: String,
    /// Yes or no.
    pub answer: Answer,
    /// Who; above the cap two people.
    pub by: String,
    /// When.
    pub at: Instant,
    /// Accounts that were struck off before.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub without: BTreeSet<UserKey>,
}

/// The first approval of a plan that needs two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endorsement {
    /// The hash that the person saw.
    pub hash: String,
    /// Who.
    pub by: String,
    /// What proved who it is.
    pub credential: String,
    /// When.
    pub at: Instant,
}

/// An account that a person struck off a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Struck {
    /// Identity.
    pub key: UserKey,
    /// User name, for people.
    pub username: Username,
    /// Who.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// Somebody asked for a sweep now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepOrder {
    /// Who.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Carry it out.
    Approved {
        /// Even though it is larger than the cap.
        over_cap: bool,
    },
    /// Do not.
    Rejected,
}

/// A file of last logins that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Import {
    /// Its id.
    pub id: SweepId,
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: String,
    /// Rows that were accepted.
    pub rows: u32,
    /// Rows that were refused.
    pub refused: u32,
    /// Pages stored.
    pub pages: u32,
}

/// One row of an imported file: lower-case user name, user key, milliseconds since 1970. One of the first two is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedLogin(pub Option<String>, pub Option<UserKey>, pub i64);

/// Everything that writes to Confluence on its own stands still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Stop {
    /// By whom.
    pub by: String,
    /// When.
    pub at: Instant,
    /// Why.
    pub why: String,
}

/// Somebody asked for an emergency plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct EmergencyOrder {
    /// What is wanted.
    pub emergency: seatkeeper_policy::Emergency,
    /// By whom.
    pub by: String,
    /// When; also its identity.
    pub at: Instant,
}
