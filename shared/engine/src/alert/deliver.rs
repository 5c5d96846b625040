//! The outbox: messages go out in the order in which they came, at the pace that each provider allows.

use super::{AlertReport, Notify, Retry, Undelivered};
use crate::{
    ports::{Clock, Store},
    state::{self, AlertState, ChannelFailure, GaveUp, OUTBOX, Outgoing, SENT, Sent},
    trouble::Trouble,
};
use chrono::TimeDelta;
use seatkeeper_policy::Instant;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Ticks in vain before a message may be given up...
const ATTEMPTS: u32 = 20;
/// ...which is not before a day has passed: nobody should miss a message because of one bad night.
const TRIED: TimeDelta = TimeDelta::hours(24);
/// A message that waited for longer is news no more.
const STALE: TimeDelta = TimeDelta::days(7);
/// No delivery begins later in a tick than this; the strictest host allows 30 seconds for all of it.
const BUDGET: TimeDelta = TimeDelta::seconds(12);
/// How long a channel stays closed when its provider said that we were too fast, and not until when.
const PAUSE: Duration = Duration::from_mins(1);
/// The longest pause that a provider can impose: a wrong clock or a hostile receiver would silence alerts otherwise.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

/// Puts the oldest messages aside where there are too many.
pub(super) fn make_room(alert: &mut AlertState, now: Instant, report: &mut AlertReport) {
    let over = alert.outbox.len().saturating_sub(OUTBOX);
    let oldest: Vec<Outgoing> = alert.outbox.drain(..over).collect();
    for outgoing in oldest {
        report.given_up += 1;
        alert.bury(outgoing, GaveUp::NoRoom, now);
    }
}

/// Notes which channels there are, for the pages, which do not know the variables of this component.
pub(super) fn look_at_channels<M: Notify>(alert: &mut AlertState, notify: &M, now: Instant) {
    let (on, known) = (notify.channels(), notify.known());
    alert.channels.retain(|channel| known.contains(&channel.name) || on.contains(&channel.name));
    for name in known.iter().chain(&on) {
        let channel = alert.channel_mut(name);
        channel.on = on.contains(name);
        channel.closed_until = channel.closed_until.filter(|until| *until > now);
    }
}

/// Delivers what waits.
pub(super) async fn deliver<S, C, M>(
    store: &S,
    clock: &C,
    notify: &M,
    alert: &mut AlertState,
    report: &mut AlertReport,
) -> Result<(), Trouble>
where
    S: Store,
    C: Clock,
    M: Notify,
{
    let end = clock.now() + BUDGET;
    let on: BTreeSet<String> = notify.channels().into_iter().collect();
    let mut pace = BTreeMap::new();
    // Channels that failed in this tick, and with what: their other messages need not fail one after the other.
    let mut down: BTreeMap<String, String> = BTreeMap::new();
    let mut place = 0;
    while let Some(outgoing) = alert.outbox.get(place).cloned() {
        let now = clock.now();
        let name = outgoing.channel.clone();
        if now - outgoing.since.unwrap_or(now) > STALE {
            give_up(alert, place, GaveUp::TooOld, now, report);
            state::save(store, &state::alert(), alert).await?;
            continue;
        }
        if !on.contains(&name) {
            down.entry(name.clone()).or_insert_with(|| not_configured(&name));
        }
        if let Some(told) = down.get(&name).cloned() {
            place = in_vain(alert, place, told, now, report);
            continue;
        }
        let closed = alert.channel(&name).is_some_and(|channel| channel.closed_until.is_some_and(|until| until > now));
        if closed || now >= end {
            place += 1;
            continue;
        }
        keep_pace(clock, notify, &mut pace, &name).await;
        let result = notify.deliver(&name, &outgoing.notice).await;
        let now = clock.now();
        pace.insert(name.clone(), now);
        match result {
            Ok(accepted) => {
                report.delivered += 1;
                let (subject, title) = (outgoing.notice.subject(), outgoing.notice.title());
                alert.outbox.remove(place);
                alert.sent.push(Sent { channel: name.clone(), subject, title, at: now });
                let over = alert.sent.len().saturating_sub(SENT);
                alert.sent.drain(..over);
                let channel = alert.channel_mut(&name);
                channel.last_ok = Some(now);
                channel.closed_until = accepted.pause.and_then(|pause| until(now, pause));
            }
            Err(Undelivered { retry, told, status: _ }) => {
                report.failed += 1;
                let channel = alert.channel_mut(&name);
                channel.last_error = Some(ChannelFailure { at: now, text: told.clone() });
                match retry {
                    Retry::Never => {
                        note(alert, place, told);
                        give_up(alert, place, GaveUp::Refused, now, report);
                    }
                    Retry::Later(after) => {
                        channel.closed_until = after.and_then(|after| until(now, after));
                        down.insert(name, told.clone());
                        place = in_vain(alert, place, told, now, report);
                    }
                    Retry::Throttled(after) => {
                        // The fault is ours, so it is no try in vain.
                        channel.closed_until = until(now, after.unwrap_or(PAUSE));
                        place += 1;
                    }
                }
            }
        }
        // Saved after each message, so that a crash repeats one message at most.
        state::save(store, &state::alert(), alert).await?;
    }
    if !down.is_empty() {
        state::save(store, &state::alert(), alert).await?;
    }
    report.waiting = u32::try_from(alert.outbox.len()).unwrap_or(u32::MAX);
    Ok(())
}

/// Waits until the next message to a channel may go out.
async fn keep_pace<C: Clock, M: Notify>(clock: &C, notify: &M, pace: &mut BTreeMap<String, Instant>, name: &str) {
    let Some(before) = pace.get(name) else { return };
    let passed = (clock.now() - *before).to_std().unwrap_or(Duration::ZERO);
    let rest = notify.spacing(name).saturating_sub(passed);
    if !rest.is_zero() {
        clock.sleep(rest).await;
    }
}

fn until(now: Instant, pause: Duration) -> Option<Instant> {
    let pause = TimeDelta::from_std(pause.min(LONGEST_PAUSE)).ok()?;
    now.checked_add_signed(pause)
}

/// Counts a try in vain of one message, and gives it up after enough of them. Comes back with the next place.
fn in_vain(alert: &mut AlertState, place: usize, told: String, now: Instant, report: &mut AlertReport) -> usize {
    note(alert, place, told);
    let enough = alert.outbox.get(place).is_some_and(|outgoing| {
        outgoing.attempts >= ATTEMPTS && outgoing.since.is_none_or(|since| now - since >= TRIED)
    });
    if enough {
        give_up(alert, place, GaveUp::TriedEnough, now, report);
        place
    } else {
        place + 1
    }
}

fn note(alert: &mut AlertState, place: usize, told: String) {
    if let Some(outgoing) = alert.outbox.get_mut(place) {
        outgoing.attempts = outgoing.attempts.saturating_add(1);
        outgoing.last_error = Some(told);
    }
}

fn give_up(alert: &mut AlertState, place: usize, why: GaveUp, now: Instant, report: &mut AlertReport) {
    if place < alert.outbox.len() {
        let outgoing = alert.outbox.remove(place);
        report.given_up += 1;
        alert.bury(outgoing, why, now);
    }
}

fn not_configured(name: &str) -> String {
    format!("channel {name} is not configured any more; its messages wait for a day until it is")
}
