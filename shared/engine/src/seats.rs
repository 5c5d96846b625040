//! Who gets the last seat. At limit + 1 all of Confluence turns read-only, so seats are given back one at a time.
//!
//! The lock is a timed one, see [`lease::alone`]; on stores where a write takes longer to be seen, the policy's seat
//! buffer and the count afterwards are the second and third wall.

use crate::{
    lease,
    ports::{Clock, ConfluenceRead, Store},
    state::{self, Grant, StateError},
    trouble::Trouble,
};
use chrono::TimeDelta;
use seatkeeper_policy::{SeatCount, UserKey};

/// Looks before giving up.
const TRIES: u32 = 100;
/// Confluence's count is fresh after this long.
const CACHE: TimeDelta = TimeDelta::minutes(15);

/// The right to give a seat back.
#[derive(Debug)]
pub struct SeatLock(lease::Held);

/// Takes the lock, or nothing when it was busy all the time.
pub async fn lock(store: &impl Store, clock: &impl Clock, runner: &str) -> Result<Option<SeatLock>, StateError> {
    Ok(lease::alone(store, clock, state::seat_lock(), runner, TRIES).await?.map(SeatLock))
}

/// Gives the lock back, if it is still ours.
pub async fn unlock(store: &impl Store, lock: SeatLock) -> Result<(), StateError> {
    lease::release(store, lock.0).await
}

/// Seats in use, counting those that we gave back and that Confluence's cached count may not show yet. Errs upwards:
/// near the limit somebody may wait a quarter of an hour longer than necessary, and nobody ever takes one seat too many.
pub async fn in_use(
    store: &impl Store,
    confluence: &impl ConfluenceRead,
    clock: &impl Clock,
    asking: &UserKey,
    _lock: &SeatLock,
) -> Result<SeatCount, Trouble> {
    let seats = confluence.seats().await?;
    // A reservation of the account itself is left from a crash; it must not stand in its own way.
    let hidden = recent(store, clock).await?.iter().filter(|grant| grant.key != *asking).count();
    Ok(SeatCount { used: seats.used.saturating_add(u32::try_from(hidden).unwrap_or(u32::MAX)), ..seats })
}

/// Remembers a seat before it is given back, so that a crash in between cannot hide it.
pub async fn reserve(
    store: &impl Store,
    clock: &impl Clock,
    key: &UserKey,
    _lock: &SeatLock,
) -> Result<(), StateError> {
    let mut grants = recent(store, clock).await?;
    grants.retain(|grant| grant.key != *key);
    grants.push(Grant { key: key.clone(), at: clock.now() });
    state::save(store, &state::grants(), &grants).await
}

/// Forgets a reserved seat: it was not given after all, or Confluence's count shows it already.
pub async fn forget(store: &impl Store, clock: &impl Clock, key: &UserKey, _lock: &SeatLock) -> Result<(), StateError> {
    let mut grants = recent(store, clock).await?;
    grants.retain(|grant| grant.key != *key);
    state::save(store, &state::grants(), &grants).await
}

async fn recent(store: &impl Store, clock: &impl Clock) -> Result<Vec<Grant>, StateError> {
    let now = clock.now();
    let mut grants = state::load(store, &state::grants()).await?.unwrap_or_default();
    grants.retain(|grant| now - grant.at < CACHE);
    Ok(grants)
}
