//! Charts: drawings with the numbers behind them. A drawing is SVG by plotters, twice: for a wide screen and for a phone,
//! so that its text is readable on both.
//!
//! A page may have no inline styles, so the colours of the drawing are presentation attributes with the values of the
//! light theme, and the style sheet gives each of them its value in the theme that is shown.

mod bars;
mod lines;
mod series;

pub use bars::{bands, flows};
pub use lines::{seen, usage};
pub use series::{DayPoint, Month, days, months, thinned};

use plotters::{
    coord::Shift,
    drawing::DrawingAreaErrorKind,
    prelude::{DrawingArea, IntoDrawingArea, RGBColor, SVGBackend},
    style::{IntoFont, TextStyle},
};
use serde::Serialize;

/// Text.
const INK: RGBColor = RGBColor(0x1C, 0x24, 0x30);
/// Lines of the grid.
const GRID: RGBColor = RGBColor(0xD5, 0xDA, 0xE1);
/// What the chart is about.
const MAIN: RGBColor = RGBColor(0x0B, 0x57, 0xB0);
/// Seats bought, and what was taken.
const LIMIT: RGBColor = RGBColor(0xB3, 0x26, 0x1E);
/// What is expected; the style sheet draws its lines dashed.
const EXPECTED: RGBColor = RGBColor(0x7A, 0x3D, 0xB8);
/// What was given back.
const SECOND: RGBColor = RGBColor(0x1D, 0x7A, 0x46);

/// Size of type; plotters divides it by 1.24.
const TYPE: f64 = 16.0;

/// Width and height of both drawings.
const SIZES: [(u32, u32); 2] = [(620, 270), (340, 240)];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// One drawing.
#[derive(Debug, Clone)]
pub struct Drawing {
    /// `wide` or `narrow`.
    pub class: &'static str,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// What is between the tags of the SVG; escaped by the library that made it.
    pub inner: String,
}

/// One entry of the legend.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its colour.
    pub class: &'static str,
    /// What has it.
    pub text: &'static str,
}

/// A chart, and the table with the same numbers.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Names it within the page.
    pub id: &'static str,
    /// Heading.
    pub title: &'static str,
    /// What it shows, in a sentence: for people who do not see it.
    pub label: String,
    /// What else there is to know.
    pub note: Option<String>,
    /// The drawings; none while there is nothing to draw.
    pub drawings: Vec<Drawing>,
    /// What the colours mean.
    pub legend: Vec<Key>,
    /// The table.
    pub table: Table,
}

/// The numbers of a chart.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Headings; the first column names the row.
    pub columns: Vec<&'static str>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
}

/// A named number, for a bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Flow {
    /// The month, such as `2026-11`.
    pub month: String,
    /// Seats taken back.
    pub reclaimed: u32,
    /// Seats given back.
    pub restored: u32,
}

/// Both drawings of a chart. What cannot be drawn is left out; the table has the numbers.
fn drawings(mut draw: impl FnMut(&Area<'_>, bool) -> Drawn) -> Vec<Drawing> {
    let both = SIZES.into_iter().zip(["wide", "narrow"]);
    both.filter_map(|((width, height), class)| {
        let mut text = String::new();
        let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        draw(&area, class == "narrow").and_then(|()| area.present()).ok()?;
        drop(area);
        Some(Drawing { class, width, height, inner: inner(&text) })
    })
    .collect()
}

/// What is between the tags, without what the style sheet says anyway.
fn inner(svg: &str) -> String {
    let content = svg.split_once('>').map_or("", |(_, rest)| rest);
    let content = content.rsplit_once("</svg>").map_or(content, |(content, _)| content);
    content.replace(" opacity=\"1\"", "").replace(" font-family=\"sans-serif\"", "").replace(">\n", ">")
}

fn text<'a>() -> TextStyle<'a> {
    TextStyle::from(("sans-serif", TYPE).into_font()).color(&INK)
}

/// Pixels that numbers up to this one need beside the axis.
fn beside(highest: u32) -> u32 {
    let characters = u32::try_from(grouped(highest).len()).unwrap_or(10);
    14 + 8 * characters
}

/// The top of an axis: a little above the highest value, and never 0.
fn top(highest: u32) -> u32 {
    highest.saturating_add(highest / 10).saturating_add(1).max(4)
}

/// A number with commas between its thousands.
pub fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
