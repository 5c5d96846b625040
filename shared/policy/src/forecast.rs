//! When the last seat will be taken if usage goes on growing as it does at present.
//!
//! The trend is the median of the slopes between all pairs of days (Theil and Sen): up to a quarter of the days may be
//! wrong without moving it, which a least-squares line cannot say of itself. Only whole numbers are used, so the same
//! points give the same forecast everywhere.

use crate::{Instant, SeatCount};
use chrono::{Duration, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Days that count as the present: four weeks, so that every day of the week has the same weight.
const WINDOW: i64 = 28;
/// Days with a count that a trend needs.
const FEWEST_DAYS: usize = 5;
/// Days between the first and the last of them.
const SHORTEST_SPAN: i64 = 7;
/// A newest count older than this says nothing about the present.
const STALE: i64 = 7;
/// A limit further away than this is not forecast: nobody's growth is that steady.
const HORIZON: i64 = 730;
/// A step of more seats than this in a day is no growth but an event, such as a reclaim or an import of people...
const STEP_SEATS: i64 = 10;
/// ...where it also is more than this part of the seats in use.
const STEP_PART: i64 = 20;
/// Millionths of a seat.
const MICRO: i64 = 1_000_000;

/// When the limit will be reached at the present growth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Forecast {
    /// Whole days from now until no seat is free, rounded up; 0 when none is free now.
    pub days: u32,
    /// The day on which that is.
    pub on: NaiveDate,
    /// Growth in millionths of a seat a day; always more than 0.
    pub micro_per_day: i64,
    /// First day of the trend.
    pub since: NaiveDate,
    /// The newest count, from which the forecast starts.
    pub seats: SeatCount,
}

impl Forecast {
    /// Seats a day, for a line in a chart.
    pub fn per_day(&self) -> f64 {
        f64::from(i32::try_from(self.micro_per_day).unwrap_or(i32::MAX)) / 1_000_000.0
    }

    /// Seats in 30 days, rounded; a number that people can picture.
    pub fn per_month(&self) -> u32 {
        u32::try_from((self.micro_per_day.saturating_mul(30).saturating_add(MICRO / 2)) / MICRO).unwrap_or(u32::MAX)
    }
}

/// The forecast from counts in any order, or nothing: the licence is unlimited, there are too few or only old counts,
/// usage does not grow, or the limit is more than two years away.
///
/// Of each day the last count is taken. The trend begins after the newest step: what was before a great reclaim or an
/// import says nothing about growth. Counts from the future are left out.
pub fn forecast(counts: impl IntoIterator<Item = (Instant, SeatCount)>, now: Instant) -> Option<Forecast> {
    let days = last_of_each_day(counts, now);
    let (&newest, &(_, seats)) = days.last_key_value()?;
    let free = i64::from(seats.free()?);
    if (now.date_naive() - newest).num_days() > STALE {
        return None;
    }
    let trend = after_the_newest_step(&days);
    let (since, _) = *trend.first()?;
    if trend.len() < FEWEST_DAYS || (newest - since).num_days() < SHORTEST_SPAN {
        return None;
    }
    let Slope { seats: gained, days: within } = median(&trend)?;
    if gained <= 0 {
        return None;
    }
    let days_from_newest = (free * within + gained - 1) / gained;
    let on = newest.checked_add_signed(Duration::try_days(days_from_newest)?)?.max(now.date_naive());
    let away = (on - now.date_naive()).num_days();
    let days = u32::try_from(away).ok().filter(|_| away <= HORIZON)?;
    Some(Forecast { days, on, micro_per_day: gained * MICRO / within, since, seats })
}

fn last_of_each_day(
    counts: impl IntoIterator<Item = (Instant, SeatCount)>,
    now: Instant,
) -> BTreeMap<NaiveDate, (Instant, SeatCount)> {
    let mut days = BTreeMap::new();
    let oldest = now.date_naive() - Duration::days(WINDOW);
    for (at, seats) in counts {
        if at > now || at.date_naive() <= oldest {
            continue;
        }
        let of_day = days.entry(at.date_naive()).or_insert((at, seats));
        if of_day.0 <= at {
            *of_day = (at, seats);
        }
    }
    days
}

/// Days with seats used, from the newest step on.
fn after_the_newest_step(days: &BTreeMap<NaiveDate, (Instant, SeatCount)>) -> Vec<(NaiveDate, i64)> {
    let mut trend: Vec<(NaiveDate, i64)> = Vec::with_capacity(days.len());
    for (&day, (_, seats)) in days {
        let used = i64::from(seats.used);
        if let Some(&(before, had)) = trend.last() {
            let usual = STEP_SEATS.max(used.max(had) / STEP_PART) * (day - before).num_days();
            if (used - had).abs() > usual {
                trend.clear();
            }
        }
        trend.push((day, used));
    }
    trend
}

/// Seats gained in so many days.
#[derive(Debug, Clone, Copy)]
struct Slope {
    seats: i64,
    days: i64,
}

/// The median of the slopes between all pairs of days; of two in the middle the lower one.
fn median(trend: &[(NaiveDate, i64)]) -> Option<Slope> {
    let mut slopes = Vec::with_capacity(trend.len() * trend.len() / 2);
    for (index, (day, used)) in trend.iter().enumerate() {
        for (later, then) in trend.iter().skip(index + 1) {
            slopes.push(Slope { seats: then - used, days: (*later - *day).num_days() });
        }
    }
    // Denominators are positive, so fractions are compared without dividing, and nothing is lost by rounding.
    slopes.sort_unstable_by(|a, b| (a.seats * b.days).cmp(&(b.seats * a.days)));
    slopes.get(slopes.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    const NOW: &str = "2026-11-22T12:00:00Z";

    /// One count a day up to now, oldest first.
    fn daily(used: &[u32], max: Option<u32>) -> Vec<(Instant, SeatCount)> {
        let count = i64::try_from(used.len()).unwrap();
        used.iter()
            .zip(0..)
            .map(|(used, day)| (at(NOW) - Duration::days(count - 1 - day), SeatCount { used: *used, max }))
            .collect()
    }

    fn days(used: &[u32], max: u32) -> Option<u32> {
        forecast(daily(used, Some(max)), at(NOW)).map(|forecast| forecast.days)
    }

    #[test]
    fn the_days_until_the_limit_follow_the_present_growth() {
        let steady = [80, 81, 82, 83, 84, 85, 86, 87];
        let slow = [80, 80, 80, 81, 81, 81, 82, 82, 82, 83, 83, 83, 84];
        let table: [(&str, &[u32], u32, Option<u32>); 11] = [
            ("one seat a day and 13 free", &steady, 100, Some(13)),
            ("the last free seat goes tomorrow", &steady, 88, Some(1)),
            ("no seat is free now", &steady, 87, Some(0)),
            ("more in use than bought", &steady, 80, Some(0)),
            ("one seat every three days", &slow, 100, Some(48)),
            ("usage stands still", &[80; 14], 100, None),
            ("usage falls", &[90, 89, 88, 87, 86, 85, 84, 83], 100, None),
            ("seven days are one too short", &steady[1..], 100, None),
            ("nothing at all", &[], 100, None),
            ("exactly two years", &steady, 87 + 730, Some(730)),
            ("a day more than two years", &steady, 87 + 731, None),
        ];
        for (what, used, max, expected) in table {
            assert_eq!(days(used, max), expected, "{what}");
        }
    }

    #[test]
    fn a_few_wrong_counts_move_nothing() {
        let mut used: Vec<u32> = (80..100).collect();
        let clean = days(&used, 150);
        for wrong in [3, 9, 15] {
            used[wrong] = 89;
        }
        assert_eq!((clean, days(&used, 150)), (Some(51), Some(51)));
    }

    #[test]
    fn what_was_before_a_great_reclaim_or_an_import_is_no_growth() {
        let mut reclaimed: Vec<u32> = (300..314).collect();
        reclaimed.extend(200..208);
        assert_eq!(days(&reclaimed, 300), Some(93), "one a day since the reclaim");
        let mut imported: Vec<u32> = vec![100; 14];
        imported.extend([300; 10]);
        assert_eq!(days(&imported, 400), None, "an import is not a trend");
        reclaimed.truncate(18);
        assert_eq!(days(&reclaimed, 300), None, "four days after it are too few");
    }

    #[test]
    fn only_the_last_four_weeks_and_the_last_count_of_a_day_matter() {
        let mut counts = daily(&(80..=87).collect::<Vec<_>>(), Some(100));
        let expected = forecast(counts.clone(), at(NOW));
        for day in 28..60 {
            counts.push((at(NOW) - Duration::days(day), SeatCount { used: 79, max: Some(100) }));
        }
        for hour in 1..12 {
            counts.push((at(NOW) - Duration::hours(hour), SeatCount { used: 60, max: Some(100) }));
        }
        counts.push((at(NOW) + Duration::seconds(1), SeatCount { used: 99, max: Some(100) }));
        counts.reverse();
        assert!(expected.is_some());
        assert_eq!(forecast(counts, at(NOW)), expected);
    }

    #[test]
    fn old_counts_give_no_forecast_and_counts_of_last_week_one_from_today() {
        let counts = daily(&(80..=87).collect::<Vec<_>>(), Some(100));
        let later = |days| forecast(counts.clone(), at(NOW) + Duration::days(days));
        assert_eq!(later(0).map(|f| (f.days, f.on)), Some((13, "2026-12-05".parse().unwrap())));
        assert_eq!(later(7).map(|f| (f.days, f.on)), Some((6, "2026-12-05".parse().unwrap())));
        assert_eq!(later(8), None);
    }

    #[test]
    fn an_unlimited_licence_has_no_limit_to_reach() {
        assert_eq!(forecast(daily(&[80, 81, 82, 83, 84, 85, 86, 87], None), at(NOW)), None);
    }

    #[test]
    fn growth_is_told_by_day_and_by_month() {
        let slow = forecast(daily(&[80, 80, 80, 81, 81, 81, 82, 82, 82, 83, 83, 83, 84], Some(100)), at(NOW)).unwrap();
        assert_eq!((slow.micro_per_day, slow.per_month()), (333_333, 10));
        assert!((slow.per_day() - 0.333_333).abs() < 1e-9);
        assert_eq!(slow.since, "2026-11-10".parse().unwrap());
    }
}
