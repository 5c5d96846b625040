//! Confluence's PostgreSQL database as a source of evidence: which statements are sent, and what their rows mean.
//!
//! Nothing here talks to a server. The Spin adapter and the tests bring a driver, turn its values into [`Value`], and
//! share everything else, so what is tested against a real server is what runs in a component.
//!
//! INVARIANT (read only): the session starts with `default_transaction_read_only`, and a role that could change one of
//! the tables is refused before the first account is read ([`access`]). Every value is bound; no text from outside
//! becomes part of a statement.
//!
//! Reading order: [`value`], [`settings`], [`access`], [`accounts`], [`structure`], `row`, [`fault`].
#![forbid(unsafe_code)]

pub mod access;
pub mod accounts;
pub mod fault;
mod row;
pub mod settings;
pub mod structure;
pub mod value;

pub use settings::{OFF, Settings, SettingsError};
pub use value::{Parameter, Query, Value};
