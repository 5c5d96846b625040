//! The engine's store on Spin's key-value store.

use seatkeeper_engine::ports::{Store, StoreError};
use spin_sdk::key_value;

/// The default key-value store of this application.
pub struct SpinStore(key_value::Store);

impl SpinStore {
    /// Opens the default store.
    pub async fn open() -> Result<Self, StoreError> {
        key_value::Store::open_default().await.map(Self).map_err(error)
    }
}

impl Store for SpinStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(key).await.map_err(error)
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.0.set(key, value).await.map_err(error)
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.0.delete(key).await.map_err(error)
    }
}

fn error(error: key_value::Error) -> StoreError {
    match error {
        key_value::Error::AccessDenied => StoreError::Denied,
        key_value::Error::NoSuchStore => {
            StoreError::Failed("there is no store `default`; check runtime-config.toml".to_owned())
        }
        key_value::Error::StoreTableFull => StoreError::Failed("too many stores are open at once".to_owned()),
        key_value::Error::Other(detail) => StoreError::Failed(detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_grant_is_told_apart_from_a_store_that_fails() {
        assert_eq!(error(key_value::Error::AccessDenied), StoreError::Denied);
        for failed in [
            key_value::Error::NoSuchStore,
            key_value::Error::StoreTableFull,
            key_value::Error::Other("database is locked".to_owned()),
        ] {
            assert!(matches!(error(failed), StoreError::Failed(_)));
        }
    }
}
