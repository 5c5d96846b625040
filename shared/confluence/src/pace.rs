//! When the next request may go out. What Confluence says to one call holds for all calls of a client, also for those that
//! wait at the same time.

use crate::answer::number;
use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use std::{cell::Cell, time::Duration};

/// The longest gap that a nearly empty rate limit bucket puts between two requests.
pub const MAX_GAP: Duration = Duration::from_secs(2);

/// As long as this a refusal (429, 503) to one call holds for the others. Whoever asks us to stay away longer is asked
/// again after it, so that one odd answer does not stop a client for a day.
pub const MAX_BLOCK: Duration = Duration::from_mins(1);

/// The pace of one client.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// The gap between two requests, while the bucket is nearly empty.
    gap: Cell<Option<Duration>>,
    /// When the next request may use the bucket.
    next: Cell<Option<DateTime<Utc>>>,
    /// When we were told to come back.
    blocked: Cell<Option<DateTime<Utc>>>,
}

impl Pace {
    /// With a tenth of the bucket left, go on no faster than the bucket is filled.
    pub(crate) fn note(&self, headers: &HeaderMap, now: DateTime<Utc>) {
        let header = |name| number(headers, name);
        let (Some(limit), Some(remaining)) = (header("x-ratelimit-limit"), header("x-ratelimit-remaining")) else {
            return;
        };
        if limit == 0 || remaining.saturating_mul(10) > limit {
            self.gap.set(None);
            self.next.set(None);
            return;
        }
        let interval = header("x-ratelimit-interval-seconds").unwrap_or(1).min(3600);
        let fill = header("x-ratelimit-fillrate").unwrap_or(1).max(1);
        let gap = Duration::from_millis(interval * 1000 / fill).min(MAX_GAP);
        self.gap.set(Some(gap));
        self.next.set(self.next.get().max(after(now, gap)));
    }

    /// A call was told to come back later; nobody goes before that.
    pub(crate) fn block(&self, now: DateTime<Utc>, asked: Duration) {
        self.blocked.set(self.blocked.get().max(after(now, asked.min(MAX_BLOCK))));
    }

    /// How long everybody has to stay away.
    pub(crate) fn blocked(&self, now: DateTime<Utc>) -> Option<Duration> {
        // A clock that was set back must not stop us for hours.
        left(self.blocked.get()?, now).map(|left| left.min(MAX_BLOCK))
    }

    /// Takes the next place in the queue, and says how long it is until then. Callers that wait at the same time get one
    /// place each.
    pub(crate) fn queue(&self, now: DateTime<Utc>) -> Option<Duration> {
        let gap = self.gap.get()?;
        let next = self.next.get()?;
        if left(next, now).is_some_and(|left| left > MAX_BLOCK) {
            self.next.set(None);
            return None;
        }
        self.next.set(after(next.max(now), gap));
        left(next, now)
    }
}

fn after(now: DateTime<Utc>, pause: Duration) -> Option<DateTime<Utc>> {
    TimeDelta::from_std(pause).ok().and_then(|pause| now.checked_add_signed(pause))
}

fn left(until: DateTime<Utc>, now: DateTime<Utc>) -> Option<Duration> {
    (until - now).to_std().ok().filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn bucket(remaining: &'static str) -> HeaderMap {
        let pairs = [
            ("x-ratelimit-limit", "100"),
            ("x-ratelimit-remaining", remaining),
            ("x-ratelimit-interval-seconds", "1"),
            ("x-ratelimit-fillrate", "1"),
        ];
        pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn callers_that_wait_at_the_same_time_get_one_place_each() {
        let pace = Pace::default();
        assert_eq!(pace.queue(at(0)), None);
        pace.note(&bucket("3"), at(0));
        let places: Vec<_> = (0..4).map(|_| pace.queue(at(0)).unwrap().as_secs()).collect();
        assert_eq!(places, [1, 2, 3, 4]);
        pace.note(&bucket("2"), at(1));
        assert_eq!(pace.queue(at(1)), Some(Duration::from_secs(4)), "an answer does not overtake those who wait");
        pace.note(&bucket("50"), at(2));
        assert_eq!(pace.queue(at(2)), None, "a bucket that filled up ends the queue");
    }

    #[test]
    fn a_refusal_holds_until_its_time_and_the_longest_counts() {
        let pace = Pace::default();
        pace.block(at(0), Duration::from_secs(5));
        pace.block(at(1), Duration::from_secs(1));
        assert_eq!(pace.blocked(at(2)), Some(Duration::from_secs(3)));
        assert_eq!(pace.blocked(at(5)), None);
        pace.block(at(10), Duration::MAX);
        assert_eq!(pace.blocked(at(10)), Some(MAX_BLOCK));
        assert_eq!(pace.blocked(at(-1_000_000)), Some(MAX_BLOCK), "a clock that was set back costs a minute at most");
    }

    #[test]
    fn a_clock_that_was_set_back_ends_the_queue() {
        let pace = Pace::default();
        pace.note(&bucket("3"), at(1_000_000));
        assert_eq!(pace.queue(at(0)), None);
    }
}
