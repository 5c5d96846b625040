//! What the alert function remembers.

use seatkeeper_policy::alert::Level;
use seatkeeper_policy::{Instant, SweepId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the alert function remembers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AlertState {
    /// Levels by name.
    pub levels: BTreeMap<String, Level>,
    /// The plan whose quarantine was told.
    pub quarantine_told: Option<SweepId>,
    /// The plan was told to be blocked.
    #[serde(default)]
    pub blocked_told: Option<SweepId>,
    /// Warnings handled, by the sweep that asked for them.
    #[serde(default)]
    pub warned: BTreeMap<SweepId, u32>,
    /// Tries in vain of the next warning, by the sweep that asked for it.
    #[serde(default)]
    pub warn_attempts: BTreeMap<SweepId, u32>,
    /// Messages that some channel has not taken yet.
    pub outbox: Vec<Outgoing>,
    /// Messages delivered, newest last, at most fifty.
    pub sent: Vec<Sent>,
}

/// A message on its way to one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outgoing {
    /// The channel.
    pub channel: String,
    /// What to say.
    pub notice: crate::alert::Notice,
    /// Tries so far.
    pub attempts: u32,
    /// What the last try saw.
    pub last_error: Option<String>,
}

/// A message that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The channel.
    pub channel: String,
    /// The level or subject.
    pub subject: String,
    /// When.
    pub at: Instant,
}
