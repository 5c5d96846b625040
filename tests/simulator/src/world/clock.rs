//! The time of the simulated site: real time moved by an offset, or standing still.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// The clock of a world.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// Real time plus so many milliseconds.
    Running {
        /// The offset.
        offset_ms: i64,
    },
    /// A moment that only [`Clock::advance`] moves.
    Standing {
        /// The moment.
        now_ms: i64,
    },
}

impl Clock {
    /// The present moment in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        match *self {
            Self::Running { offset_ms } => real_now_ms().saturating_add(offset_ms),
            Self::Standing { now_ms } => now_ms,
        }
    }

    /// Moves the clock, forwards or backwards.
    pub fn advance(&mut self, seconds: i64) {
        let by = seconds.saturating_mul(1000);
        match self {
            Self::Running { offset_ms } => *offset_ms = offset_ms.saturating_add(by),
            Self::Standing { now_ms } => *now_ms = now_ms.saturating_add(by),
        }
    }
}

/// The real time in milliseconds since 1970.
pub fn real_now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// `2025-11-02T08:14:55.000Z`.
pub fn iso(ms: i64) -> String {
    moment(ms).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// `2025-11-02T10:14:55.000+02:00`, the same moment on a server two hours east.
pub fn iso_offset(ms: i64) -> String {
    match FixedOffset::east_opt(7200) {
        Some(zone) => moment(ms).with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Millis, false),
        None => iso(ms),
    }
}

fn moment(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}
