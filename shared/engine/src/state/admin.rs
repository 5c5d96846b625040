//! What administrators decide.

use seatkeeper_policy::{Instant, SweepId, UserKey};
use serde::{Deserialize, Serialize};

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
