//! Ports, and the flows over them: each trigger of a component is one call into this crate.
//!
//! | trigger | flow |
//! |---|---|
//! | timer or `POST /sweep` | [`sweep::tick`] |
//! | `POST /hooks/login` | [`login::parse`], then [`login::handle`] |
//! | timer or `POST /alert` | [`alert::tick`] |
//! | administrator's requests | [`admin`], [`answer`], [`control`] |
//! | names, mail, full names and groups of accounts | [`attributes`] |
//! | what another policy would have done | [`simulate`] |
//! | the audit trail and its chain | [`audit`] |
//! | pages and exports | [`view`] |
#![forbid(unsafe_code)]

pub mod admin;
pub mod alert;
pub mod answer;
pub mod attributes;
pub mod audit;
pub mod control;
mod digest;
pub mod directories;
pub mod exempt;
pub mod explain;
pub mod give_back;
pub mod import;
pub mod lease;
pub mod listing;
pub mod lists;
pub mod login;
pub mod policy_file;
pub mod ports;
pub mod seats;
pub mod session;
pub mod simulate;
pub mod sources;
pub mod state;
pub mod sweep;
pub mod tallies;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod trouble;
pub mod view;
