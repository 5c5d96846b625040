//! The client against the simulator, in process: what the simulated site is, the client must say, whichever way the
//! site tells it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]

mod at_once;
mod attributes;
mod changes;
mod contributions;
mod faults;
mod listings;
mod logins;
mod site;
mod spaces;
