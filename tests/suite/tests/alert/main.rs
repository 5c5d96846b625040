//! The alert function: everything that is news is told, once, in the order in which it came, and never lost.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

mod chat;
mod crash;
mod lasting;
mod outbox;
mod pace;
mod people;
mod runs;
mod seats;
mod trial;
