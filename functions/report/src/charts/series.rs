//! Counts of seats as series of days and months.

use chrono::NaiveDate;
use seatkeeper_engine::state::UsagePoint;
use serde::Serialize;
use std::collections::BTreeMap;

/// One day: its last count, and the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DayPoint {
    /// The day, in UTC.
    pub day: NaiveDate,
    /// Seats in use by the last count.
    pub used: u32,
    /// Seats in use by the highest count.
    pub highest: u32,
    /// Seats bought, by the last count; none when the licence is unlimited.
    pub max: Option<u32>,
    /// People with a seat who were seen in the 24 hours before the last sweep that found out.
    pub seen: Option<u32>,
}

/// One month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Month {
    /// The month, such as `2026-11`.
    #[serde(rename = "month")]
    pub name: String,
    /// Lowest count.
    pub lowest: u32,
    /// Highest count.
    pub highest: u32,
    /// Mean of the last counts of its days, to one digit.
    pub average: String,
    /// Seats bought, by its last count.
    pub max: Option<u32>,
    /// Days with a count.
    pub days: u32,
}

/// The days of counts in any order, oldest first.
pub fn days(points: &[UsagePoint]) -> Vec<DayPoint> {
    let mut sorted: Vec<&UsagePoint> = points.iter().collect();
    sorted.sort_by_key(|point| point.at);
    let mut days: Vec<DayPoint> = Vec::new();
    for UsagePoint { at, seats, active } in sorted {
        let day = at.date_naive();
        match days.last_mut() {
            Some(last) if last.day == day => {
                last.used = seats.used;
                last.highest = last.highest.max(seats.used);
                last.max = seats.max;
                last.seen = active.or(last.seen);
            }
            _ => days.push(DayPoint { day, used: seats.used, highest: seats.used, max: seats.max, seen: *active }),
        }
    }
    days
}

/// The months of counts in any order, oldest first.
pub fn months(points: &[UsagePoint]) -> Vec<Month> {
    let name = |day: NaiveDate| day.format("%Y-%m").to_string();
    let mut lowest = BTreeMap::new();
    for point in points {
        let known = lowest.entry(name(point.at.date_naive())).or_insert(point.seats.used);
        *known = (*known).min(point.seats.used);
    }
    let mut of_month: BTreeMap<String, Vec<DayPoint>> = BTreeMap::new();
    for day in days(points) {
        of_month.entry(name(day.day)).or_default().push(day);
    }
    let month = |(month, days): (String, Vec<DayPoint>)| {
        let count = u64::try_from(days.len()).unwrap_or(u64::MAX).max(1);
        let sum: u64 = days.iter().map(|day| u64::from(day.used)).sum();
        let tenths = (sum * 10 + count / 2) / count;
        Month {
            lowest: lowest.get(&month).copied().unwrap_or_default(),
            highest: days.iter().map(|day| day.highest).max().unwrap_or_default(),
            average: format!("{}.{}", tenths / 10, tenths % 10),
            max: days.last().and_then(|day| day.max),
            days: u32::try_from(days.len()).unwrap_or(u32::MAX),
            name: month,
        }
    };
    of_month.into_iter().map(month).collect()
}

/// At most so many of the days, in order: of neighbours the one with the highest count stays, since it is the peak that
/// runs into the limit. The last day always stays.
pub fn thinned(days: &[DayPoint], most: usize) -> Vec<DayPoint> {
    let Some((last, before)) = days.split_last() else { return Vec::new() };
    let share = before.len().div_ceil(most.saturating_sub(1).max(1)).max(1);
    let highest = |part: &[DayPoint]| part.iter().copied().max_by_key(|day| (day.highest, day.day));
    before.chunks(share).filter_map(highest).chain([*last]).collect()
}
