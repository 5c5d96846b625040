//! The pure core of Seatkeeper: who may lose a seat, and why.
//!
//! INVARIANT (pure core): nothing here reads a clock, a store, the network or a random number. Everything a rule needs
//! arrives as an argument, `now` as the last one, so every judgement can be repeated and tested at its boundary.
//!
//! Reading order: [`id`], [`account`], [`seat_path`], [`policy`] with [`rules`] and their file form [`raw`],
//! [`decision`], [mod@plan], [`check`], [`journal`], [`restore`], [`alert`], [`mod@forecast`], [`report`].
#![forbid(unsafe_code)]

pub mod account;
pub mod alert;
pub mod check;
pub mod decision;
pub mod directory;
pub mod forecast;
pub mod id;
pub mod journal;
pub mod plan;
pub mod policy;
pub mod price;
pub mod raw;
pub mod report;
pub mod restore;
pub mod rules;
pub mod seat_path;
pub mod template;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

/// An instant in UTC. Zones exist only at the edges.
pub type Instant = chrono::DateTime<chrono::Utc>;

pub use account::{Account, Activity, Evidence, Notice, SeatCount, Snapshot, Source, Status};
pub use decision::{Decision, ExemptBy, HoldReason, KeepReason, ReclaimReason, WarnState, decide};
pub use directory::{Directory, DirectoryTally, DirectoryWord, Match, Presence, Provider, Standing};
pub use forecast::{Forecast, forecast};
pub use id::{GroupName, IdError, SweepId, UserKey, Username};
pub use plan::{Action, Means, Plan, PlannedAccount, Verdict, plan};
pub use policy::{Cap, Days, Emergency, Exemption, ExemptionSubject, Mode, Policy};
pub use rules::{Population, Rules};
pub use seat_path::Obstacle;
