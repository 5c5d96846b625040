//! Cross-crate tests of Seatkeeper: the engine with its real adapters against the simulator, all in this process.
//!
//! There are no sockets and no real time here. A [`Lab`] is one simulated Confluence with one store; a [`Runner`] is one
//! start of a component on it; a [`Tap`] stands in the way of every port call of a runner and can end its life there.
#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "test support: a surprise is a failed test")]

pub mod bench;
pub mod contract;
pub mod database;
pub mod directory;
pub mod lab;
pub mod mail;
pub mod people;
pub mod runner;
pub mod scenario;
pub mod stage;
pub mod tap;
pub mod verbs;

pub use database::LabDatabase;
pub use directory::{LabDirectories, LabDirectory};
pub use lab::{Lab, LabClock, POLICY};
pub use mail::Mail;
pub use people::Facts;
pub use runner::Runner;
pub use tap::{Drive, Tap, When, drive, insist};
