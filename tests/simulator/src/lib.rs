#![doc = include_str!("../README.md")]

pub mod generate;
mod http;
pub mod knobs;
pub mod version;
pub mod world;

pub use crate::http::{Config, Fault, FaultBody, FaultKind, LogEntry, Simulator};
