//! Charts over days: usage against the licence with the forecast, and people seen.

use super::{
    Area, Chart, DayPoint, Drawn, EXPECTED, GRID, Key, LIMIT, MAIN, Table, beside, drawings, grouped, text, top,
};
use chrono::{Datelike, Days, Months, NaiveDate};
use plotters::prelude::{BindKeyPoints, ChartBuilder, Circle, LineSeries};
use plotters::style::Color;
use seatkeeper_policy::Forecast;

/// Days drawn at most.
const MOST: usize = 180;
/// With no more days than this, each has a dot: a line through one point cannot be seen.
const DOTS: usize = 31;

/// One line.
struct Line {
    points: Vec<(NaiveDate, u32)>,
    colour: plotters::prelude::RGBColor,
    dots: bool,
}

/// Usage of seats, the seats bought, and where usage goes at its present growth.
pub fn usage(days: &[DayPoint], forecast: Option<&Forecast>) -> Chart {
    let days = super::thinned(days, MOST);
    let used = days.iter().map(|day| (day.day, day.highest)).collect();
    let mut lines = vec![Line { points: used, colour: MAIN, dots: days.len() <= DOTS }];
    let mut legend = vec![Key { class: "main", text: "Seats in use" }];
    let bought = steps(&days);
    if !bought.is_empty() {
        legend.push(Key { class: "limit", text: "Seats bought" });
    }
    let expected = forecast.map(|forecast| expected(&days, forecast)).unwrap_or_default();
    if !expected.is_empty() {
        legend.push(Key { class: "expected", text: "At the present growth" });
    }
    lines.push(Line { points: bought, colour: LIMIT, dots: false });
    lines.push(Line { points: expected, colour: EXPECTED, dots: false });
    let label = match (days.first(), days.last()) {
        (Some(first), Some(last)) => {
            let of = last.max.map_or_else(String::new, |max| format!(" of {}", grouped(max)));
            format!(
                "Seats in use from {} to {}: {} at first, {}{of} at last.",
                first.day,
                last.day,
                grouped(first.highest),
                grouped(last.highest)
            )
        }
        _ => "No seats have been counted yet.".to_owned(),
    };
    Chart {
        id: "usage",
        title: "Seats in use",
        label,
        note: None,
        drawings: over_days(&lines),
        legend,
        table: Table {
            columns: vec!["Day", "Highest count", "Last count", "Seats bought"],
            rows: days
                .iter()
                .rev()
                .map(|day| {
                    let max = day.max.map_or_else(|| "no limit".to_owned(), grouped);
                    vec![day.day.to_string(), grouped(day.highest), grouped(day.used), max]
                })
                .collect(),
        },
    }
}

/// People with a seat who were seen, day by day.
pub fn seen(days: &[DayPoint]) -> Chart {
    let known: Vec<DayPoint> = days.iter().filter(|day| day.seen.is_some()).copied().collect();
    // Thinned by what is drawn here.
    let by_seen: Vec<DayPoint> =
        known.iter().map(|day| DayPoint { highest: day.seen.unwrap_or_default(), ..*day }).collect();
    let days = super::thinned(&by_seen, MOST);
    let points: Vec<_> = days.iter().map(|day| (day.day, day.highest)).collect();
    let label = match (points.first(), points.last()) {
        (Some(first), Some(last)) => format!(
            "People seen in 24 hours, from {} to {}: {} at first, {} at last.",
            first.0,
            last.0,
            grouped(first.1),
            grouped(last.1)
        ),
        _ => "No sweep has counted the people it saw yet.".to_owned(),
    };
    let rows = points.iter().rev().map(|(day, seen)| vec![day.to_string(), grouped(*seen)]).collect();
    Chart {
        id: "seen",
        title: "People seen a day",
        label,
        note: Some(
            "People with a seat whose newest sign of activity was at most 24 hours old when the last sweep of that day \
             judged. It counts people, not logins."
                .to_owned(),
        ),
        drawings: over_days(&[Line { dots: points.len() <= DOTS, points, colour: MAIN }]),
        legend: Vec::new(),
        table: Table { columns: vec!["Day", "People seen"], rows },
    }
}

/// The seats bought as a line that changes at right angles.
fn steps(days: &[DayPoint]) -> Vec<(NaiveDate, u32)> {
    let mut steps: Vec<(NaiveDate, u32)> = Vec::new();
    for (day, max) in days.iter().filter_map(|day| Some((day.day, day.max?))) {
        match steps.last().copied() {
            Some((_, before)) if before != max => steps.extend([(day, before), (day, max)]),
            Some(_) => {}
            None => steps.push((day, max)),
        }
    }
    if let (Some((_, max)), Some(last)) = (steps.last().copied(), days.last()) {
        steps.push((last.day, max));
    }
    steps
}

/// The line of the forecast: to the limit, or as far into the future as the chart looks into the past.
fn expected(days: &[DayPoint], forecast: &Forecast) -> Vec<(NaiveDate, u32)> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Vec::new() };
    let past = (last.day - first.day).num_days().max(14);
    let end = forecast.on.min(last.day + Days::new(u64::try_from(past).unwrap_or_default()));
    let ahead = (end - last.day).num_days();
    if ahead <= 0 {
        return Vec::new();
    }
    let gained = forecast.micro_per_day.saturating_mul(ahead) / 1_000_000;
    let then = u32::try_from(i64::from(forecast.seats.used).saturating_add(gained)).unwrap_or(u32::MAX);
    vec![(last.day, forecast.seats.used), (end, then)]
}

fn over_days(lines: &[Line]) -> Vec<super::Drawing> {
    let all = || lines.iter().flat_map(|line| &line.points);
    let (Some(first), Some(last)) = (all().map(|(day, _)| *day).min(), all().map(|(day, _)| *day).max()) else {
        return Vec::new();
    };
    let highest = all().map(|(_, value)| *value).max().unwrap_or_default();
    let (first, last) = if first == last { (first - Days::new(1), last + Days::new(1)) } else { (first, last) };
    // What is known about one day only, and has no dot, would be a line without a length.
    let across = |line: &Line| match line.points.as_slice() {
        [(day, value), rest @ ..] if !line.dots && rest.iter().all(|point| point == &(*day, *value)) => {
            vec![(first, *value), (last, *value)]
        }
        points => points.to_vec(),
    };
    let lines: Vec<Line> = lines.iter().map(|line| Line { points: across(line), ..*line }).collect();
    drawings(|area, narrow| draw(area, &lines, (first, last), highest, if narrow { 4 } else { 8 }))
}

fn draw(area: &Area<'_>, lines: &[Line], (first, last): (NaiveDate, NaiveDate), highest: u32, labels: usize) -> Drawn {
    let number = |day: NaiveDate| day.num_days_from_ce();
    let ticks: Vec<i32> = ticks(first, last, labels).into_iter().map(number).collect();
    let days = (number(first)..number(last)).with_key_points(ticks);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .margin_right(28)
        .x_label_area_size(26)
        .y_label_area_size(beside(top(highest)))
        .build_cartesian_2d(days, 0..top(highest))?;
    let long = (last - first).num_days() > 300;
    let label = |day: &i32| {
        let day = NaiveDate::from_num_days_from_ce_opt(*day).unwrap_or_default();
        let form = if long { "%b %Y" } else { "%-d %b" };
        day.format(form).to_string()
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .axis_style(GRID)
        .bold_line_style(GRID)
        .light_line_style(GRID.mix(0.0))
        .x_labels(labels)
        .y_labels(5)
        .x_label_formatter(&label)
        .y_label_formatter(&|value| grouped(*value))
        .label_style(text())
        .draw()?;
    for line in lines {
        let points = || line.points.iter().map(|(day, value)| (number(*day), *value));
        chart.draw_series(LineSeries::new(points(), line.colour.stroke_width(2)))?;
        if line.dots {
            chart.draw_series(points().map(|point| Circle::new(point, 3, line.colour.filled())))?;
        }
    }
    Ok(())
}

/// Days to be named on the axis, at most so many and the same distance apart.
fn ticks(first: NaiveDate, last: NaiveDate, most: usize) -> Vec<NaiveDate> {
    let span = usize::try_from((last - first).num_days()).unwrap_or_default();
    if let Some(step) = [1, 2, 7, 14].into_iter().find(|step| span / step < most) {
        return first.iter_days().step_by(step).take_while(|day| *day <= last).collect();
    }
    let begins = first.with_day(1).and_then(|day| day.checked_add_months(Months::new(u32::from(first.day() > 1))));
    let Some(begins) = begins else { return Vec::new() };
    let months = |step: u32| -> Vec<NaiveDate> {
        let every = (0..).map_while(|count: u32| begins.checked_add_months(Months::new(count * step)));
        every.take_while(|day| *day <= last).take(most + 1).collect()
    };
    [1, 2, 3, 6, 12, 24].into_iter().map(months).find(|ticks| ticks.len() <= most).unwrap_or_default()
}
