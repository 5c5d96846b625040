//! Subcommands: `up` runs the application, those in `remote` talk to one that runs, and `manual` helps to type them.

pub(crate) mod colour;
pub(crate) mod manual;
pub(crate) mod remote;
pub(crate) mod up;
