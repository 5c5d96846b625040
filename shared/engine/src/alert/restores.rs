//! Logins that should have given a seat back and did not. The restore function records each in its audit stream, which
//! is read from where the tick before came to.

use super::{Notice, Unrestored};
use crate::{
    audit::Entry,
    ports::Store,
    state::{self, AlertState, Heard, StateError},
};
use chrono::{NaiveDate, TimeDelta};
use seatkeeper_policy::{Instant, UserKey, restore::RestoreState};
use std::collections::BTreeSet;

/// Older entries are no news.
const NEWS: TimeDelta = TimeDelta::hours(24);
/// Between two messages: on a Monday morning without a free seat, everybody in one message is better than a message for
/// everybody.
const PAUSE: TimeDelta = TimeDelta::hours(1);
/// People in one message by name.
const NAMED: usize = 10;
/// Pages of the stream read in one tick.
const PAGES: u32 = 20;
/// People looked up in one tick.
const LOOKED_UP: usize = 100;

/// The act that the restore function records.
const WAITS: &str = "restore-waits";

/// People who logged in and wait for their seat, each once for each time it was taken.
pub(super) async fn restores(
    store: &impl Store,
    alert: &mut AlertState,
    now: Instant,
) -> Result<Option<Notice>, StateError> {
    // A time in the future was written by a wrong clock.
    if alert.restores_told.is_some_and(|told| told <= now && now - told < PAUSE) {
        return Ok(None);
    }
    let Some(head) = state::load(store, &state::audit_head("restore")).await? else { return Ok(None) };
    let mut place = alert.heard.take().filter(|heard| (&heard.day, heard.page) <= (&head.day, head.page));
    let first_day = (now - NEWS).date_naive().to_string();
    if place.as_ref().is_none_or(|heard| heard.day < first_day) {
        place = Some(Heard { day: first_day, page: 0, entries: 0 });
    }
    let mut people = Vec::new();
    let mut looked_up = BTreeSet::new();
    for _ in 0..PAGES {
        let Some(heard) = &mut place else { break };
        let page = state::load(store, &state::audit(&heard.day, "restore", heard.page)).await?;
        for entry in page.iter().flatten().skip(heard.entries) {
            if looked_up.len() == LOOKED_UP {
                break;
            }
            heard.entries += 1;
            if entry.act == WAITS && now - entry.at <= NEWS && looked_up.insert(entry.subject.clone()) {
                people.extend(waits(store, alert, entry).await?);
            }
        }
        if looked_up.len() == LOOKED_UP || (heard.day == head.day && heard.page >= head.page) || heard.day > head.day {
            break;
        }
        place = following(heard, page.is_some());
    }
    alert.heard = place;
    if people.is_empty() {
        return Ok(None);
    }
    alert.restores_told = Some(now);
    let more = people.len().saturating_sub(NAMED);
    people.truncate(NAMED);
    Ok(Some(Notice::Restores { people, more, at: now }))
}

/// The place after a page that was read to its end: the next page, or the next day where there was none.
fn following(heard: &Heard, found: bool) -> Option<Heard> {
    if found {
        return Some(Heard { page: heard.page + 1, entries: 0, day: heard.day.clone() });
    }
    let day = heard.day.parse::<NaiveDate>().ok()?.succ_opt()?;
    Some(Heard { day: day.to_string(), page: 0, entries: 0 })
}

/// The person of an entry, unless the seat came back meanwhile or this was told already.
async fn waits(store: &impl Store, alert: &mut AlertState, entry: &Entry) -> Result<Option<Unrestored>, StateError> {
    let Ok(key) = UserKey::parse(entry.subject.clone()) else { return Ok(None) };
    let Some(restore) = state::load(store, &state::restore(&key)).await?.filter(|restore| restore.key == key) else {
        return Ok(None);
    };
    let RestoreState::Waiting { why } = restore.state else { return Ok(None) };
    if !alert.tell(format!("restore:{}:{key}", restore.answers)) {
        return Ok(None);
    }
    let name = state::load(store, &state::reclaim(&key)).await?.filter(|reclaim| reclaim.key == key);
    let name = name.map_or_else(|| key.to_string(), |reclaim| reclaim.username.to_string());
    Ok(Some(Unrestored { key, name, why, at: entry.at }))
}
