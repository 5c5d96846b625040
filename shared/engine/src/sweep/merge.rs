//! Sorted pages of several parts, read as one sorted list with one page of each part in memory.

use crate::{
    ports::Store,
    state::{self, Key, StateError},
};
use seatkeeper_policy::{Instant, UserKey};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// The list, and what was read of it.
pub(super) struct Merge<T, P, O> {
    parts: Vec<Source<T>>,
    heads: BTreeMap<(Instant, UserKey, usize), T>,
    key: P,
    order: O,
    begun: bool,
}

struct Source<T> {
    pages: u32,
    next: u32,
    page: std::vec::IntoIter<T>,
}

impl<T, P, O> Merge<T, P, O>
where
    T: DeserializeOwned,
    P: Fn(u32, u32) -> Key<Vec<T>>,
    O: Fn(&T) -> (Instant, UserKey),
{
    pub(super) fn new(pages: &[u32], key: P, order: O) -> Self {
        let parts = pages.iter().map(|pages| Source { pages: *pages, next: 0, page: Vec::new().into_iter() });
        Self { parts: parts.collect(), heads: BTreeMap::new(), key, order, begun: false }
    }

    pub(super) async fn next(&mut self, store: &impl Store) -> Result<Option<T>, StateError> {
        if !self.begun {
            self.begun = true;
            for part in 0..self.parts.len() {
                self.refill(store, part).await?;
            }
        }
        let Some(((_, _, part), item)) = self.heads.pop_first() else { return Ok(None) };
        self.refill(store, part).await?;
        Ok(Some(item))
    }

    async fn refill(&mut self, store: &impl Store, part: usize) -> Result<(), StateError> {
        let Some(source) = self.parts.get_mut(part) else { return Ok(()) };
        let mut item = source.page.next();
        while item.is_none() && source.next < source.pages {
            let key = (self.key)(u32::try_from(part).unwrap_or(u32::MAX), source.next);
            source.next += 1;
            source.page = state::load(store, &key).await?.unwrap_or_default().into_iter();
            item = source.page.next();
        }
        if let Some(item) = item {
            let (since, key) = (self.order)(&item);
            self.heads.insert((since, key, part), item);
        }
        Ok(())
    }
}
