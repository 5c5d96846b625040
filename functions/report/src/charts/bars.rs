//! Charts of bars: how long people were not seen, and what was taken and given back.

use super::{Chart, Flow, GRID, Key, LIMIT, MAIN, SECOND, Table, beside, drawings, grouped, text, top};
use plotters::{
    prelude::{BindKeyPoints, ChartBuilder, RGBColor, Rectangle, Text},
    style::{
        Color,
        text_anchor::{HPos, Pos, VPos},
    },
};
use seatkeeper_policy::report::Activity;

/// Width of a group of bars in units of the axis; the rest up to [`GROUP`] is a gap.
const BARS: i32 = 16;
/// Units from one group to the next.
const GROUP: i32 = 20;

/// A group of bars with a name under it.
struct Group {
    name: String,
    bars: Vec<(u32, RGBColor)>,
}

/// People with a seat by the time since they were last seen.
pub fn bands(activity: &Activity) -> Chart {
    let Activity { day: _, under_30, under_60, under_90, under_180, older, never, unknown } = *activity;
    let all = [
        ("Less than 30 days ago", "", under_30),
        ("30 to 59 days ago", "30–59", under_60),
        ("60 to 89 days ago", "60–89", under_90),
        ("90 to 179 days ago", "90–179", under_180),
        ("180 days ago or longer", "180+", older),
        ("Never", "never", never),
        ("Nobody knows", "unknown", unknown),
    ];
    let drawn = all.iter().filter(|(_, short, _)| !short.is_empty());
    let groups: Vec<Group> =
        drawn.map(|(_, short, count)| Group { name: (*short).to_owned(), bars: vec![(*count, MAIN)] }).collect();
    let judged = all.iter().any(|(.., count)| *count > 0);
    let away: u64 = [under_60, under_90, under_180, older].into_iter().map(u64::from).sum();
    Chart {
        id: "bands",
        title: "Inactive, by days since they were last seen",
        label: if judged {
            format!(
                "{away} people with a seat were not seen for 30 days or longer; {} never, and of {} nobody knows.",
                grouped(never),
                grouped(unknown)
            )
        } else {
            "No sweep has judged anybody yet.".to_owned()
        },
        note: None,
        drawings: if judged { grouped_bars(&groups, true) } else { Vec::new() },
        legend: Vec::new(),
        table: Table {
            columns: vec!["Last seen", "People with a seat"],
            rows: if judged {
                all.iter().map(|(name, _, count)| vec![(*name).to_owned(), grouped(*count)]).collect()
            } else {
                Vec::new()
            },
        },
    }
}

/// Seats taken and given back, by month.
pub fn flows(months: &[Flow]) -> Chart {
    let groups: Vec<Group> = months
        .iter()
        .map(|flow| Group { name: flow.month.clone(), bars: vec![(flow.reclaimed, LIMIT), (flow.restored, SECOND)] })
        .collect();
    let sum = |of: fn(&Flow) -> u32| months.iter().map(|flow| u64::from(of(flow))).sum::<u64>();
    let (taken, given) = (sum(|flow| flow.reclaimed), sum(|flow| flow.restored));
    let any = taken + given > 0;
    Chart {
        id: "flows",
        title: "Reclaimed and given back, by month",
        label: if any {
            format!("{taken} seats were reclaimed and {given} were given back.")
        } else {
            "No seat was reclaimed or given back in this period.".to_owned()
        },
        note: None,
        drawings: if any { grouped_bars(&groups, false) } else { Vec::new() },
        legend: vec![Key { class: "limit", text: "Reclaimed" }, Key { class: "second", text: "Given back" }],
        table: Table {
            columns: vec!["Month", "Reclaimed", "Given back"],
            rows: if any {
                let row = |flow: &Flow| vec![flow.month.clone(), grouped(flow.reclaimed), grouped(flow.restored)];
                months.iter().rev().map(row).collect()
            } else {
                Vec::new()
            },
        },
    }
}

fn grouped_bars(groups: &[Group], numbers: bool) -> Vec<super::Drawing> {
    let highest = groups.iter().flat_map(|group| &group.bars).map(|(value, _)| *value).max().unwrap_or_default();
    let count = i32::try_from(groups.len()).unwrap_or(i32::MAX / GROUP);
    drawings(|area, narrow| {
        // Names that would run into each other are left out, every second or more of them.
        let most = if narrow { 4 } else { 9 };
        let every = if numbers { 1 } else { groups.len().div_ceil(most).max(1) };
        let middles: Vec<i32> = (0..count).map(|index| index * GROUP + GROUP / 2).collect();
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_top(if numbers { 20 } else { 8 })
            .margin_right(if numbers { 8 } else { 24 })
            .x_label_area_size(26)
            .y_label_area_size(beside(top(highest)))
            .build_cartesian_2d((0..count * GROUP).with_key_points(middles), 0..top(highest))?;
        let name = |middle: &i32| {
            let index = usize::try_from(middle / GROUP).unwrap_or(usize::MAX);
            let shown = groups.get(index).filter(|_| (groups.len() - 1 - index).is_multiple_of(every));
            shown.map(|group| group.name.clone()).unwrap_or_default()
        };
        let label = if narrow && numbers { text_of(13.0) } else { text() };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .axis_style(GRID)
            .bold_line_style(GRID)
            .light_line_style(GRID.mix(0.0))
            .x_labels(groups.len())
            .y_labels(5)
            .x_label_formatter(&name)
            .y_label_formatter(&|value| grouped(*value))
            .label_style(label)
            .draw()?;
        for (index, group) in (0..count).zip(groups) {
            let bars = i32::try_from(group.bars.len()).unwrap_or(1).max(1);
            let width = BARS / bars;
            for (nth, (value, colour)) in (0..bars).zip(&group.bars) {
                let left = index * GROUP + (GROUP - BARS) / 2 + nth * width;
                let bar = Rectangle::new([(left, 0), (left + width, *value)], colour.filled());
                chart.draw_series([bar])?;
                if numbers {
                    let style = text().pos(Pos::new(HPos::Center, VPos::Bottom));
                    chart.draw_series([Text::new(grouped(*value), (left + width / 2, *value), style)])?;
                }
            }
        }
        Ok(())
    })
}

fn text_of<'a>(size: f64) -> plotters::style::TextStyle<'a> {
    use plotters::style::IntoFont;
    plotters::style::TextStyle::from(("sans-serif", size).into_font()).color(&super::INK)
}
