//! The page for Prometheus: everything on it is read from the store, so it is the same whichever instance or host
//! answers, and a restart resets nothing. Nothing here writes, and nothing here asks another system.
//!
//! INVARIANT (no people): no user name, group or path is a label. Labels are words of this program, and the names that
//! the policy gives to its directories.
//!
//! Reading order: [`catalogue`], then [`facts`] for what is read, `render` for how it becomes numbers.
#![forbid(unsafe_code)]

pub mod catalogue;
pub mod facts;
mod page;
mod render;

use facts::Facts;
use seatkeeper_engine::{ports::Store, state::StateError};
use seatkeeper_policy::Instant;

/// The media type of the page: Prometheus's classic text format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The page could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The store failed, or a record in it cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The library refused a metric; a fault of this program.
    #[error("failed to write the metrics: {0}")]
    Library(#[from] prometheus::Error),
}

/// The page as of now.
pub async fn render(store: &impl Store, now: Instant) -> Result<String, MetricsError> {
    Ok(render::page(&Facts::read(store, now).await?)?)
}
