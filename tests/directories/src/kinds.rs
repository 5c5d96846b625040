//! The kinds of directories, each with its own words.

pub(crate) mod graph;
pub(crate) mod okta;
pub(crate) mod plain;
pub(crate) mod scim;
pub(crate) mod token;

use crate::fault::Fault;

/// The part of a list that a page shows, after the fault that shortens it.
pub(crate) fn shown<T>(page: &[T], fault: Option<&Fault>) -> usize {
    match fault {
        Some(Fault::HalfPage) => page.len() / 2,
        Some(Fault::EmptyPage) => 0,
        _ => page.len(),
    }
}
