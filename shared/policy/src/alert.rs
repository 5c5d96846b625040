//! When the chat is told that something holds, such as seats running short: levels with hysteresis, one message a level
//! and day.

use crate::{Forecast, Instant, SeatCount, policy::AlertRules, policy::Threshold};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is remembered about one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Level {
    /// Usage reached the level and did not fall clearly below it since.
    pub raised: bool,
    /// The present rise was put into words.
    pub announced: bool,
    /// Day of the last message (UTC).
    pub last_day: Option<NaiveDate>,
}

/// A message that is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Notice {
    /// Level, such as `percent-90` or `seats-left-10`.
    pub level: String,
    /// Usage at that moment.
    pub seats: SeatCount,
    /// When it was noticed.
    pub at: Instant,
}

impl Threshold {
    /// A stable name for the level.
    pub fn id(self) -> String {
        match self {
            Self::Percent(percent) => format!("percent-{percent}"),
            Self::SeatsLeft(seats) => format!("seats-left-{seats}"),
        }
    }

    /// Whether usage has reached the level; never for an unlimited licence.
    fn reached(self, seats: SeatCount) -> bool {
        match self {
            Self::Percent(percent) => seats.percent().is_some_and(|now| now >= f64::from(percent)),
            Self::SeatsLeft(left) => seats.free().is_some_and(|free| free <= left),
        }
    }

    /// Whether usage is clearly below the level.
    fn calm(self, seats: SeatCount, hysteresis: u32) -> bool {
        match self {
            Self::Percent(percent) => {
                seats.percent().is_none_or(|now| now < f64::from(percent.saturating_sub(hysteresis)))
            }
            Self::SeatsLeft(left) => seats.free().is_none_or(|free| free > left.saturating_add(hysteresis)),
        }
    }
}

/// Whether something holds that is worth a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It holds.
    Holds,
    /// It may hold; what was said stays as it is.
    Unclear,
    /// It clearly does not hold, so the next time is news.
    Calm,
}

impl Level {
    /// What follows from one look, and whether a message is due: one for each rise, and no more than one a day.
    #[must_use]
    pub fn after(self, seen: Seen, now: Instant) -> (Self, bool) {
        let mut level = self;
        match seen {
            Seen::Holds => level.raised = true,
            Seen::Unclear => {}
            Seen::Calm => (level.raised, level.announced) = (false, false),
        }
        // A day in the future means that the clock went back; one message too many is better than silence.
        let today = now.date_naive();
        let due = level.raised && !level.announced && level.last_day != Some(today);
        if due {
            level.announced = true;
            level.last_day = Some(today);
        }
        (level, due)
    }
}

/// Days before the limit at which the forecast is told.
pub const FORECAST_DAYS: [u32; 2] = [30, 7];

/// Whether the forecast is worth a message at this many days before the limit. It has to move away by half before it
/// can be told again, because a trend sways.
pub fn nears(forecast: Option<&Forecast>, within: u32) -> Seen {
    match forecast {
        Some(forecast) if forecast.days <= within => Seen::Holds,
        Some(forecast) if forecast.days <= within + within / 2 => Seen::Unclear,
        Some(_) | None => Seen::Calm,
    }
}

/// Judges all levels. Levels that are no longer in the policy are forgotten.
pub fn judge(
    rules: &AlertRules,
    before: &BTreeMap<String, Level>,
    seats: SeatCount,
    now: Instant,
) -> (BTreeMap<String, Level>, Vec<Notice>) {
    let mut levels = BTreeMap::new();
    let mut notices = Vec::new();
    for threshold in &rules.thresholds {
        let id = threshold.id();
        let seen = if threshold.reached(seats) {
            Seen::Holds
        } else if threshold.calm(seats, rules.hysteresis) {
            Seen::Calm
        } else {
            Seen::Unclear
        };
        let (level, due) = before.get(&id).copied().unwrap_or_default().after(seen, now);
        if due {
            notices.push(Notice { level: id.clone(), seats, at: now });
        }
        levels.insert(id, level);
    }
    (levels, notices)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn run(rules: &AlertRules, steps: &[(&str, u32)]) -> Vec<usize> {
        let mut state = BTreeMap::new();
        let mut sent = Vec::new();
        for (when, used) in steps {
            let (next, notices) = judge(rules, &state, SeatCount { used: *used, max: Some(100) }, at(when));
            state = next;
            sent.push(notices.len());
        }
        sent
    }

    #[test]
    fn usage_that_dances_around_a_level_is_told_once() {
        let rules = AlertRules { thresholds: vec![Threshold::Percent(90)], hysteresis: 5 };
        let day = "2026-11-22T10:00:00Z";
        assert_eq!(
            run(&rules, &[(day, 89), (day, 90), (day, 89), (day, 90), (day, 86), (day, 91)]),
            [0, 1, 0, 0, 0, 0]
        );
    }

    #[test]
    fn a_second_rise_on_the_same_day_is_told_on_the_next_day() {
        let rules = AlertRules { thresholds: vec![Threshold::Percent(90)], hysteresis: 5 };
        let steps = [
            ("2026-11-22T08:00:00Z", 95),
            ("2026-11-22T09:00:00Z", 80),
            ("2026-11-22T10:00:00Z", 95),
            ("2026-11-22T23:59:59Z", 95),
            ("2026-11-23T00:00:00Z", 95),
            ("2026-11-24T00:00:00Z", 95),
        ];
        assert_eq!(run(&rules, &steps), [1, 0, 0, 0, 1, 0]);
    }

    #[test]
    fn seats_left_counts_downwards() {
        let rules = AlertRules { thresholds: vec![Threshold::SeatsLeft(10)], hysteresis: 2 };
        let days = ["2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"];
        assert_eq!(run(&rules, &[(days[0], 89), (days[1], 90), (days[2], 87), (days[3], 90)]), [0, 1, 0, 1]);
    }

    #[test]
    fn an_unlimited_licence_never_alerts() {
        let rules = AlertRules { thresholds: vec![Threshold::Percent(1), Threshold::SeatsLeft(1_000)], hysteresis: 1 };
        let (_, notices) =
            judge(&rules, &BTreeMap::new(), SeatCount { used: 9_999, max: None }, at("2026-11-22T00:00:00Z"));
        assert_eq!(notices, []);
    }

    #[test]
    fn a_forecast_is_told_at_its_days_and_again_only_after_it_moved_away_by_half() {
        let forecast = |days| Forecast {
            days,
            on: "2026-12-22".parse().unwrap(),
            micro_per_day: 1,
            since: "2026-11-01".parse().unwrap(),
            seats: SeatCount { used: 1, max: Some(2) },
        };
        let table = [
            (Some(0), Seen::Holds),
            (Some(30), Seen::Holds),
            (Some(31), Seen::Unclear),
            (Some(45), Seen::Unclear),
            (Some(46), Seen::Calm),
            (None, Seen::Calm),
        ];
        for (days, seen) in table {
            assert_eq!(nears(days.map(forecast).as_ref(), 30), seen, "{days:?}");
        }
    }
}
