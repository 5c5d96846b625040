//! Tests of the simulator as its clients see it: one request in, one answer out, and the state behind it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed expectation is a failed test")]

mod attributes;
mod client;
mod delivery;
mod evidence;
mod faults;
mod licence;
mod log_of_events;
mod membership;
mod population;
mod python;
mod read;
mod remote;
mod seats;
mod space;
mod traps;
mod versions;
