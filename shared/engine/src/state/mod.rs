//! Every key and every stored shape, in one place.
//!
//! INVARIANT (one writer per key): the store has no transactions and the last writer wins, so each key belongs to one
//! function; the owner stands beside each key below. Status is folded from what each owner wrote, never stored twice.
//!
//! INVARIANT (format version): every record carries the version of its shape. A binary that meets a newer record
//! refuses to go on instead of overwriting it; every flow loads a key before it saves it.

use crate::ports::{Store, StoreError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::marker::PhantomData;

mod admin;
mod alert;
mod attributes;
mod counts;
mod index;
mod keys;
mod people;
mod published;
mod work;

pub use admin::*;
pub use alert::*;
pub use attributes::*;
pub use counts::*;
pub use index::*;
pub use keys::*;
pub use people::*;
pub use published::*;
pub use work::*;

/// Version of all stored shapes.
pub const FORMAT: u32 = 1;

/// A record could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The store failed.
    #[error("failed to access `{key}`: {source}")]
    Store {
        /// The key.
        key: String,
        /// Why.
        source: StoreError,
    },
    /// A newer Seatkeeper wrote the record.
    #[error("`{key}` has format version {found}, this Seatkeeper reads up to {FORMAT}; run the newer version")]
    Newer {
        /// The key.
        key: String,
        /// Its version.
        found: u32,
    },
    /// The record is damaged.
    #[error("`{key}` cannot be read: {detail}; restore the key-value store from a backup or delete this key")]
    Damaged {
        /// The key.
        key: String,
        /// What is wrong.
        detail: String,
    },
}

/// A key and the shape that is stored under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key<T> {
    name: String,
    shape: PhantomData<T>,
}

impl<T> Key<T> {
    fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), shape: PhantomData }
    }

    /// The key as the store sees it: `[a-z0-9:._-]`, at most 200 bytes.
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[derive(Serialize, Deserialize)]
struct Record<T> {
    v: u32,
    d: T,
}

#[derive(Deserialize)]
struct OnlyVersion {
    v: u32,
}

/// Reads a record.
pub async fn load<T: DeserializeOwned>(store: &impl Store, key: &Key<T>) -> Result<Option<T>, StateError> {
    let bytes = store.get(&key.name).await.map_err(|source| StateError::Store { key: key.name.clone(), source })?;
    let Some(bytes) = bytes else { return Ok(None) };
    let damaged = |error: serde_json::Error| StateError::Damaged { key: key.name.clone(), detail: error.to_string() };
    let OnlyVersion { v } = serde_json::from_slice(&bytes).map_err(damaged)?;
    if v > FORMAT {
        return Err(StateError::Newer { key: key.name.clone(), found: v });
    }
    let record: Record<T> = serde_json::from_slice(&bytes).map_err(damaged)?;
    Ok(Some(record.d))
}

/// Writes a record.
pub async fn save<T: Serialize>(store: &impl Store, key: &Key<T>, value: &T) -> Result<(), StateError> {
    let bytes = serde_json::to_vec(&Record { v: FORMAT, d: value })
        .map_err(|error| StateError::Damaged { key: key.name.clone(), detail: error.to_string() })?;
    store.set(&key.name, &bytes).await.map_err(|source| StateError::Store { key: key.name.clone(), source })
}

/// What is said of a page that must be there and is not.
const MISSING: &str = "it is missing";

/// A page that must be there is not.
pub fn missing<T>(key: &Key<T>) -> StateError {
    StateError::Damaged { key: key.name.clone(), detail: MISSING.into() }
}

impl StateError {
    /// Whether a page is gone. A sweep that publishes a snapshot removes the pages of the one before, also under the
    /// hands of somebody who reads them; reading everything again finds the newer one.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Damaged { detail, .. } if detail == MISSING)
    }
}

/// Removes a record.
pub async fn remove<T>(store: &impl Store, key: &Key<T>) -> Result<(), StateError> {
    store.delete(&key.name).await.map_err(|source| StateError::Store { key: key.name.clone(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MemoryStore, block_on};
    use seatkeeper_policy::testing::{at, key};

    #[test]
    fn no_text_from_outside_shapes_a_store_key() {
        for text in ["../x", "a b", "ÄÖ", "A", "x:y", &"k".repeat(65)] {
            let name = login(&key(text)).name().to_owned();
            assert!(
                name.len() <= 200 && name.bytes().all(|b| b"abcdefghijklmnopqrstuvwxyz0123456789:._-".contains(&b))
            );
            assert!(name.starts_with("login:x."), "{name}");
        }
        assert_eq!(login(&key("4028d6768851")).name(), "login:4028d6768851");
    }

    #[test]
    fn a_newer_record_is_refused_and_a_damaged_one_named() {
        let store = MemoryStore::default();
        store.put("lease", br#"{"v":2,"d":{"something":"else"}}"#);
        assert!(matches!(block_on(load(&store, &lease())), Err(StateError::Newer { found: 2, .. })));
        store.put("lease", b"{");
        assert!(matches!(block_on(load(&store, &lease())), Err(StateError::Damaged { .. })));
        let value = Lease { holder: "a".into(), until: at("2026-11-22T00:00:00Z") };
        block_on(save(&store, &lease(), &value)).unwrap();
        assert_eq!(block_on(load(&store, &lease())).unwrap(), Some(value));
    }
}
