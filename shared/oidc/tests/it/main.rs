//! Signing in against a provider in this process: as it should be, and in every way in which it should not.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is a failed test"
)]

mod claims;
mod flow;
mod provider;
