//! Two orders that an administrator may give at any time: stop everything, and free seats now.

use crate::{
    admin::Refusal,
    audit::{self, Act},
    ports::Store,
    state::{self, EmergencyOrder, Stop, SweepOrder, Work},
};
use seatkeeper_policy::{Emergency, Instant};

/// The fewest days of idleness that an emergency plan accepts: a browser stays signed in for two weeks without a login
/// that anybody records, so a shorter absence says nothing.
pub const LEAST_IDLE_DAYS: u32 = 14;

/// Pulls the switch: from the next account on, nothing is written to Confluence by a sweep, and nobody is warned. Giving
/// seats back goes on. Pulling it twice changes nothing.
pub async fn stop(store: &impl Store, why: &str, by: &str, now: Instant) -> Result<Stop, Refusal> {
    if let Some(stop) = state::load(store, &state::stop()).await?.flatten() {
        return Ok(stop);
    }
    let stop = Stop { by: by.to_owned(), at: now, why: why.to_owned() };
    // Like every act: nothing happens that is not recorded. Whoever pulls it gets an error if that fails, and pulls again.
    note(store, "stopped", why, by, now).await?;
    state::save(store, &state::stop(), &Some(stop.clone())).await?;
    Ok(stop)
}

/// Releases the switch. Releasing it twice changes nothing.
pub async fn release(store: &impl Store, by: &str, now: Instant) -> Result<(), Refusal> {
    if state::load(store, &state::stop()).await?.flatten().is_some() {
        note(store, "released", "", by, now).await?;
        state::save(store, &state::stop(), &None).await?;
    }
    Ok(())
}

/// Asks for an emergency plan. The next sweep makes it; a person approves it like any other.
pub async fn emergency(
    store: &impl Store,
    emergency: Emergency,
    by: &str,
    now: Instant,
) -> Result<EmergencyOrder, Refusal> {
    if emergency.idle_days < LEAST_IDLE_DAYS {
        return Err(Refusal::IdleDays { given: emergency.idle_days, least: LEAST_IDLE_DAYS });
    }
    let order = EmergencyOrder { emergency, by: by.to_owned(), at: now };
    let detail = format!("{} seats, idle for {} days", emergency.seats, emergency.idle_days);
    note(store, "emergency-ordered", &detail, by, now).await?;
    state::save(store, &state::emergency(), &order).await?;
    Ok(order)
}

/// Asks for a sweep now: the next tick opens one, unless one is at work.
pub async fn sweep_now(store: &impl Store, by: &str, now: Instant) -> Result<SweepOrder, Refusal> {
    let work = state::load(store, &state::checkpoint()).await?.and_then(|at| at.work);
    if let Some(Work::Await(plan)) = work {
        return Err(Refusal::PlanWaits { plan });
    }
    let order = SweepOrder { by: by.to_owned(), at: now };
    note(store, "sweep-ordered", "", by, now).await?;
    state::save(store, &state::sweep_order(), &order).await?;
    Ok(order)
}

async fn note(store: &impl Store, act: &str, detail: &str, by: &str, now: Instant) -> Result<(), Refusal> {
    let id = audit::id(&format!("{act}:{}", now.timestamp_millis()), &[by, detail]);
    let act = Act { id, actor: by, act, subject: "sweep", detail: detail.to_owned() };
    audit::append(store, "admin", act, now).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ports::StoreError,
        testing::{MemoryStore, block_on},
    };
    use seatkeeper_policy::testing::at;

    /// A store that takes so many writes and then fails.
    struct Failing(MemoryStore, std::cell::Cell<u32>);

    impl Store for Failing {
        async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
            self.0.get(key).await
        }

        async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
            let left = self.1.get().checked_sub(1).ok_or_else(|| StoreError::Failed("the disk is full".into()))?;
            self.1.set(left);
            self.0.set(key, value).await
        }

        async fn delete(&self, key: &str) -> Result<(), StoreError> {
            self.0.delete(key).await
        }
    }

    #[test]
    fn wherever_the_store_fails_the_switch_is_never_pulled_without_a_record() {
        let now = at("2026-11-23T08:00:00Z");
        let mut pulled = false;
        for writes in 0..10 {
            let store = Failing(MemoryStore::default(), std::cell::Cell::new(writes));
            let done = block_on(stop(&store, "why", "ada", now)).is_ok();
            let stopped = block_on(state::load(&store.0, &state::stop())).unwrap().flatten().is_some();
            let entries = block_on(state::load(&store.0, &state::audit("2026-11-23", "admin", 0))).unwrap();
            assert_eq!(done, stopped, "after {writes} writes");
            assert!(!stopped || entries.is_some_and(|entries| entries.len() == 1), "after {writes} writes");
            pulled |= stopped;
        }
        assert!(pulled);
    }
}
