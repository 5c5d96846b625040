//! What channels receive, and what their answers mean.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

mod delivery;
mod golden;
mod hostile;
mod notices;
