#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod answer;
mod fault;
mod filter;
pub mod in_process;
mod kinds;
pub mod native;
mod people;
mod serve;
mod stand_in;

pub use fault::{Fault, Hits, Rule, Target};
pub use people::{Mix, Person, State, population};
pub use stand_in::{Config, Counts, Kind, StandIn};
