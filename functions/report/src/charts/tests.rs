use super::*;
use chrono::NaiveDate;
use seatkeeper_engine::state::UsagePoint;
use seatkeeper_policy::{Forecast, Instant, SeatCount, report::Activity};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn point(at: &str, used: u32, max: Option<u32>) -> UsagePoint {
    let at: Instant = at.parse().unwrap();
    UsagePoint { at, seats: SeatCount { used, max }, active: None }
}

/// So many days with one count each, the first on 2026-01-01.
fn daily(used: impl IntoIterator<Item = u32>, max: Option<u32>) -> Vec<DayPoint> {
    let days = day("2026-01-01").iter_days().zip(used);
    days.map(|(day, used)| DayPoint { day, used, highest: used, max, seen: None }).collect()
}

fn soon(on: &str, used: u32, max: u32) -> Forecast {
    let seats = SeatCount { used, max: Some(max) };
    Forecast { days: 1, on: day(on), micro_per_day: 1_000_000, since: day("2026-01-01"), seats }
}

fn named(chart: &Chart) -> Vec<&'static str> {
    chart.legend.iter().map(|key| key.class).collect()
}

/// Both drawings in one text.
fn drawn(chart: &Chart) -> String {
    chart.drawings.iter().map(|drawing| drawing.inner.as_str()).collect()
}

#[test]
fn without_counts_there_is_no_drawing_and_no_table_but_a_sentence() {
    for chart in [usage(&[], None), seen(&[]), seen(&daily([1], None)), bands(&Activity::default()), flows(&[])] {
        assert!(chart.drawings.is_empty() && chart.table.rows.is_empty(), "{chart:?}");
        assert!(chart.label.starts_with("No "), "{}", chart.label);
    }
}

#[test]
fn one_count_is_a_dot_with_a_table_of_one_row() {
    let chart = usage(&daily([7], Some(10)), None);
    assert_eq!(chart.drawings.iter().map(|drawing| drawing.class).collect::<Vec<_>>(), ["wide", "narrow"]);
    assert_eq!(drawn(&chart).matches("<circle").count(), 2);
    assert_eq!(chart.table.rows, [["2026-01-01", "7", "7", "10"]]);
    // The seats bought are a line all the same.
    assert!(drawn(&chart).contains("#B3261E"));
}

#[test]
fn an_unlimited_licence_has_no_line_of_seats_bought() {
    let chart = usage(&daily(1..40, None), None);
    assert_eq!(named(&chart), ["main"]);
    assert!(!drawn(&chart).contains("#B3261E"));
    assert_eq!(chart.table.rows[0][3], "no limit");
    assert!(drawn(&usage(&daily(1..40, Some(50)), None)).contains("#B3261E"));
}

#[test]
fn a_limit_that_is_reached_already_leaves_nothing_to_forecast() {
    let days = daily(481..=500, Some(500));
    let reached = usage(&days, Some(&soon("2026-01-20", 500, 500)));
    assert_eq!(named(&reached), ["main", "limit"]);
    assert!(!drawn(&reached).contains("#7A3DB8"));
    let days = daily(481..=499, Some(500));
    let tomorrow = usage(&days, Some(&soon("2026-01-20", 499, 500)));
    assert_eq!(named(&tomorrow), ["main", "limit", "expected"]);
    assert!(drawn(&tomorrow).contains("#7A3DB8"));
}

#[test]
fn a_count_of_nobody_and_the_largest_possible_one_can_be_drawn() {
    for used in [0, u32::MAX] {
        let chart = usage(&daily([used, used], Some(used)), Some(&soon("2027-01-01", used, used)));
        assert_eq!(chart.drawings.len(), 2, "{used}");
    }
    let most = Flow { month: "2026-01".into(), reclaimed: u32::MAX, restored: 0 };
    assert_eq!(flows(&[most.clone(), most]).drawings.len(), 2);
}

#[test]
fn a_day_has_its_last_and_its_highest_count_and_a_month_the_mean_of_its_days() {
    let points = [
        point("2026-11-02T08:00:00Z", 14, Some(50)),
        point("2026-11-01T08:00:00Z", 10, Some(40)),
        point("2026-11-01T20:00:00Z", 9, Some(40)),
        point("2026-11-01T12:00:00Z", 30, Some(40)),
    ];
    let days = days(&points);
    assert_eq!(days.iter().map(|day| (day.used, day.highest)).collect::<Vec<_>>(), [(9, 30), (14, 14)]);
    let months = months(&points);
    let november = &months[0];
    assert_eq!((november.lowest, november.highest, november.average.as_str()), (9, 30, "11.5"));
    assert_eq!((november.max, november.days, months.len()), (Some(50), 2, 1));
}

#[test]
fn what_a_later_sweep_did_not_count_does_not_hide_who_was_seen() {
    let seen = |at: &str, active| UsagePoint { active, ..point(at, 1, None) };
    let points = [seen("2026-11-01T08:00:00Z", Some(5)), seen("2026-11-01T09:00:00Z", None)];
    assert_eq!(days(&points)[0].seen, Some(5));
}

#[test]
fn a_long_series_is_thinned_without_losing_its_peak_or_its_end() {
    let mut days = daily((0..5_000).map(|number| number % 7), Some(10));
    days[2_345].highest = 10;
    let few = thinned(&days, 180);
    assert!(few.len() <= 180 && few.len() > 90, "{}", few.len());
    assert!(few.iter().any(|day| day.highest == 10), "the peak is gone");
    assert_eq!(few.last(), days.last());
    assert!(few.is_sorted_by_key(|day| day.day));
    assert_eq!(thinned(&days[..180], 180).len(), 180, "what fits stays whole");
    let chart = usage(&days, None);
    let size: usize = chart.drawings.iter().map(|drawing| drawing.inner.len()).sum();
    assert!(size < 20_000 && chart.table.rows.len() <= 180, "{size}");
}

#[test]
fn every_colour_of_a_drawing_has_a_value_in_both_themes_and_nothing_else_is_in_it() {
    let days: Vec<_> = daily(400..460, Some(500));
    let flow = Flow { month: "<2026>".into(), reclaimed: 3, restored: 2 };
    let activity = Activity { under_60: 3, never: 1, ..Activity::default() };
    let all: String = [usage(&days, Some(&soon("2026-04-09", 460, 500))), flows(&[flow]), bands(&activity)]
        .iter()
        .map(drawn)
        .collect();
    let mut colours = 0;
    for attribute in ["fill", "stroke"] {
        for part in all.split(&format!(" {attribute}=\"")).skip(1) {
            let value = part.split('"').next().unwrap();
            if value == "none" {
                continue;
            }
            let rule = format!(".chart [{attribute}=\"{value}\"] {{ {attribute}: var(--");
            assert!(seatkeeper_console::frame::STYLE.contains(&rule), "the style sheet has no rule {rule}");
            colours += 1;
        }
    }
    assert!(colours > 50, "{colours}");
    assert!(all.contains("&lt;2026&gt;") && !all.contains("<2026>"), "a name is markup");
    for foreign in ["http", "style=", "<svg", "<script"] {
        assert!(!all.contains(foreign), "{foreign}");
    }
}

#[test]
fn thousands_are_set_apart() {
    for (number, told) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
        assert_eq!(grouped(number), told);
    }
}
