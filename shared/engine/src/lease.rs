//! An advisory lease: it saves two runners from doing the same work. Correctness never depends on it, because no
//! portable store can give a trustworthy one; every write of the flows is idempotent.

use crate::{
    ports::{Clock, Store},
    state::{self, Key, Lease, StateError},
};
use chrono::TimeDelta;
use std::time::Duration;

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

/// Longer than a write takes to be seen by others.
const SETTLE: Duration = Duration::from_millis(150);
/// Between two looks at a lock that somebody else holds.
const RETRY: Duration = Duration::from_millis(200);
/// A holder that is silent for so long has died.
const LENGTH: TimeDelta = TimeDelta::seconds(30);

/// Takes a lock that only one can have, or nothing when it was busy at each of so many looks.
///
/// A portable store has no compare-and-swap, so the lock is a timed one (Fischer's): see that it is free, write your
/// name, wait longer than a write takes, and look whether your name is still there. Of all who wrote, exactly the last
/// one finds its name. That holds as long as a write reaches other readers within 150 ms.
pub async fn alone(
    store: &impl Store,
    clock: &impl Clock,
    key: Key<Lease>,
    holder: &str,
    looks: u32,
) -> Result<Option<Held>, StateError> {
    for _ in 0..looks {
        let now = clock.now();
        let busy = state::load(store, &key)
            .await?
            .is_some_and(|held| held.holder != holder && held.until > now && held.until <= now + LENGTH + LENGTH);
        if !busy {
            let wish = Lease { holder: holder.to_owned(), until: now + LENGTH };
            state::save(store, &key, &wish).await?;
            clock.sleep(SETTLE).await;
            if state::load(store, &key).await?.is_some_and(|held| held.holder == holder) {
                return Ok(Some(Held { key, holder: holder.to_owned() }));
            }
        }
        clock.sleep(RETRY).await;
    }
    Ok(None)
}

/// Looks of an administrator's request at the lock: ten seconds.
const LOOKS: u32 = 50;

/// Takes the lock under which requests change what people own: the policy, answers to plans, the switch. Two requests
/// that read the same record and write it one after the other would lose what the first one wrote.
pub async fn change(store: &impl Store, clock: &impl Clock, holder: &str) -> Result<Option<Held>, StateError> {
    alone(store, clock, state::admin_lock(), holder, LOOKS).await
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
    fn of_two_that_change_something_at_once_one_waits_for_the_other_and_nothing_is_lost() {
        let (store, clock) = (MemoryStore::default(), VirtualClock::default());
        let now = clock.now();
        let name = |who: &str| crate::state::SweepOrder { by: who.to_owned(), at: now };
        let add = |who: &'static str| {
            let (store, clock, name) = (&store, &clock, &name);
            async move {
                let held = change(store, clock, who).await.unwrap().unwrap();
                // Stands for any record that is read, changed and written: who comes second finds what the first wrote.
                let before = state::load(store, &state::sweep_order()).await.unwrap();
                clock.sleep(Duration::from_millis(500)).await;
                let by = before.map(|order| order.by + " and ").unwrap_or_default() + who;
                state::save(store, &state::sweep_order(), &name(&by)).await.unwrap();
                release(store, held).await.unwrap();
            }
        };
        block_on(futures::future::join(add("ada"), add("bert")));
        let both = block_on(state::load(&store, &state::sweep_order())).unwrap().unwrap().by;
        assert!(both == "ada and bert" || both == "bert and ada", "{both}");
        let held = block_on(change(&store, &clock, "carla")).unwrap();
        assert!(block_on(change(&store, &clock, "dora")).unwrap().is_none(), "ten seconds were not enough");
        clock.advance(TimeDelta::seconds(30));
        assert!(block_on(change(&store, &clock, "dora")).unwrap().is_some(), "carla is silent for too long");
        block_on(release(&store, held.unwrap())).unwrap();
    }

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
