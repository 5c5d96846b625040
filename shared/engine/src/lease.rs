//! An advisory lease: it saves two runners from doing the same work. Correctness never depends on it, because no
//! portable store can give a trustworthy one; every write of the flows is idempotent.

use crate::{
    ports::{Clock, Store},
    state::{self, Key, Lease, StateError},
};
use chrono::TimeDelta;

/// Proof that the lease was held when it was asked for.
#[derive(Debug)]
pub struct Held {
    key: Key<Lease>,
    holder: String,
}

/// Takes the lease, or nothing when somebody else works.
pub async fn take(
    store: &impl Store,
    clock: &impl Clock,
    key: Key<Lease>,
    holder: &str,
    length: TimeDelta,
) -> Result<Option<Held>, StateError> {
    let now = clock.now();
    if let Some(held) = state::load(store, &key).await?
        && held.holder != holder
        && held.until > now
        // A lease far in the future was written by a wrong clock and would stop us for good.
        && held.until <= now + length + length
    {
        return Ok(None);
    }
    let wish = Lease { holder: holder.to_owned(), until: now + length };
    state::save(store, &key, &wish).await?;
    // Somebody may have written at the same time; the last writer has it.
    let mine = state::load(store, &key).await?.is_some_and(|held| held.holder == holder);
    Ok(mine.then(|| Held { key, holder: holder.to_owned() }))
}

/// Gives the lease back. Only a lease that is still ours is removed.
pub async fn release(store: &impl Store, held: Held) -> Result<(), StateError> {
    if state::load(store, &held.key).await?.is_some_and(|now| now.holder == held.holder) {
        state::remove(store, &held.key).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MemoryStore, VirtualClock, block_on};

    #[test]
    fn a_second_runner_steps_back_until_the_lease_ends() {
        let (store, clock) = (MemoryStore::default(), VirtualClock::default());
        let minute = TimeDelta::minutes(1);
        let take = |who: &str| block_on(take(&store, &clock, state::lease(), who, minute)).unwrap();
        let first = take("a").unwrap();
        assert!(take("b").is_none());
        clock.advance(minute);
        assert!(take("b").is_some());
        block_on(release(&store, first)).unwrap();
        assert!(take("a").is_none(), "a late release must not take the lease from the next holder");
    }
}
