//! The page as Prometheus reads it, from an empty store and from a full one.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is a failed test"
)]

mod dashboard;
mod documents;
mod numbers;
mod promtool;
mod store;

use seatkeeper_engine::testing::{MemoryStore, block_on};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

fn page(store: &MemoryStore) -> String {
    block_on(seatkeeper_metrics::render(store, store::now())).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Names of our metrics in any text.
fn names_in(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with("seatkeeper_"))
        .map(str::to_owned)
        .collect()
}
