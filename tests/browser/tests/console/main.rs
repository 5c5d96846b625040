//! The console as people use it: every page, the whole story, on the real components on our host with a simulated
//! Confluence.
//!
//! The components must be built (`cargo xtask build`) and so must the host and the browser; the messages say how.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed expectation is a failed test")]

mod access;
mod hostile;
mod pages;
mod stage;
mod story;
