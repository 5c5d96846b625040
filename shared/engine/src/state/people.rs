//! What is remembered of single accounts, and who works.

use seatkeeper_policy::{Instant, UserKey};
use serde::{Deserialize, Serialize};

/// Who works, and until when others step back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// A text that only this runner uses.
    pub holder: String,
    /// From then on anybody may take over.
    pub until: Instant,
}

/// A login we heard of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// Identity.
    pub key: UserKey,
    /// When, by the sender's clock, never later than our own.
    pub at: Instant,
}

/// What an account looked like when Confluence said that it had changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Identity.
    pub key: UserKey,
    /// The event, such as `user_reactivated`.
    pub event: String,
    /// When we looked.
    pub at: Instant,
    /// What we saw.
    pub status: seatkeeper_policy::Status,
}

/// A seat that was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// To whom.
    pub key: UserKey,
    /// When.
    pub at: Instant,
}

/// It was decided to warn an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noticed {
    /// Identity.
    pub key: UserKey,
    /// When.
    pub at: Instant,
    /// Whether nothing is sent.
    pub quiet: bool,
}

/// What became of a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notified {
    /// Identity.
    pub key: UserKey,
    /// The decision that it belongs to.
    pub noticed: Instant,
    /// When the outcome was known.
    pub at: Instant,
    /// Whether it was delivered; otherwise it never can be.
    pub delivered: bool,
}

/// A sighting of one account that no listing shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Identity.
    pub key: UserKey,
    /// When.
    pub at: Instant,
}
