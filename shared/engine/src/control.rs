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
    state::save(store, &state::stop(), &Some(stop.clone())).await?;
    note(store, "stopped", why, by, now).await?;
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
