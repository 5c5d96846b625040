//! Instants as people and programs read them.

use seatkeeper_policy::Instant;
use serde::Serialize;
use std::fmt;

/// An instant: `2026-11-22 14:05` on a page, RFC 3339 in JSON and CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Moment(pub Instant);

impl Moment {
    /// The day alone.
    pub fn day(self) -> String {
        self.0.format("%Y-%m-%d").to_string()
    }

    /// For programs.
    pub fn iso(self) -> String {
        self.0.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d %H:%M"))
    }
}
