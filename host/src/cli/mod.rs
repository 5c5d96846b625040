//! Subcommands: `up` runs the application, those in `remote` talk to one that runs.

pub(crate) mod remote;
pub(crate) mod up;
