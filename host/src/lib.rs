//! The embedded host of Seatkeeper: runs the components of a Spin application without Spin.
//!
//! It reads the same `spin.toml`, serves the same interfaces and refuses what Spin refuses. See the README beside this
//! crate for what it leaves out.

mod bindings;
mod components;
mod cron;
mod engine;
mod error;
mod host;
mod http;
mod kv;
mod logs;
mod manifest;
mod outbound;
mod postgres;
mod runtime_config;
mod state;
mod variables;

pub use self::http::dispatch::ReuseLimits;
pub use error::StartError;
pub use host::{Host, Options};
pub use variables::{Sources, VariableError};
