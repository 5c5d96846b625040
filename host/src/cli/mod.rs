//! Subcommands, one file each.

pub(crate) mod up;
