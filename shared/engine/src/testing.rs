//! Stand-ins for the ports in tests: a store in memory and a clock that moves when told. The other side of HTTP is the
//! simulator, so there is no fake Confluence here.
#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "test support: a poisoned lock is a failed test")]

use crate::ports::{Clock, Store, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::BTreeMap,
    future::Future,
    pin::pin,
    sync::Mutex,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// Runs a future that never really waits.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    entries: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl MemoryStore {
    /// Writes raw bytes.
    pub fn put(&self, key: &str, value: &[u8]) {
        self.entries.lock().unwrap().insert(key.to_owned(), value.to_owned());
    }

    /// Everything in it.
    pub fn entries(&self) -> BTreeMap<String, Vec<u8>> {
        self.entries.lock().unwrap().clone()
    }
}

impl Store for MemoryStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.entries.lock().unwrap().get(key).cloned())
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.put(key, value);
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.entries.lock().unwrap().remove(key);
        Ok(())
    }
}

/// A clock that stands until it is told to move; sleeping moves it, and gives others a turn.
#[derive(Debug)]
pub struct VirtualClock {
    now: Mutex<DateTime<Utc>>,
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self { now: Mutex::new("2026-11-22T12:00:00Z".parse().unwrap()) }
    }
}

impl VirtualClock {
    /// Moves the clock.
    pub fn advance(&self, by: TimeDelta) {
        *self.now.lock().unwrap() += by;
    }

    /// Sets the clock.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.now.lock().unwrap() = now;
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap()
    }

    async fn sleep(&self, how_long: Duration) {
        let end = self.now() + TimeDelta::from_std(how_long).unwrap();
        let mut yielded = false;
        std::future::poll_fn(|context| {
            if yielded {
                return Poll::Ready(());
            }
            yielded = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        let mut now = self.now.lock().unwrap();
        *now = (*now).max(end);
    }
}
