//! What was measured, as a table for people and as JSON for programs.

use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::Serialize;
use std::time::Duration;

/// One number.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// Under which conditions.
    pub note: String,
}

/// All numbers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Results {
    /// In the order in which they were measured.
    pub rows: Vec<Row>,
}

impl Results {
    /// Adds a number, and shows it at once to whoever waits.
    pub fn add(&mut self, name: impl Into<String>, value: f64, unit: &'static str, note: impl Into<String>) {
        let row = Row { name: name.into(), value, unit, note: note.into() };
        eprintln!("    {}: {} {}", row.name, shown(row.value), row.unit);
        self.rows.push(row);
    }

    /// Adds a duration in milliseconds.
    pub fn time(&mut self, name: impl Into<String>, time: Duration, note: impl Into<String>) {
        self.add(name, time.as_secs_f64() * 1000.0, "ms", note);
    }

    /// For people.
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN).set_header(["what", "value", "unit", "conditions"]);
        for row in &self.rows {
            let value = Cell::new(shown(row.value)).set_alignment(CellAlignment::Right);
            table.add_row([Cell::new(&row.name), value, Cell::new(row.unit), Cell::new(&row.note)]);
        }
        table.to_string()
    }
}

fn shown(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// The value below which so many per cent of the values lie.
pub fn percentile(values: &mut [Duration], percent: usize) -> Duration {
    values.sort_unstable();
    let index = (values.len() * percent / 100).min(values.len().saturating_sub(1));
    values.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let mut values: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&mut values, 50), Duration::from_millis(51));
        assert_eq!(percentile(&mut values, 99), Duration::from_millis(100));
        assert_eq!(percentile(&mut values[..1], 99), Duration::from_millis(1));
        assert_eq!(percentile(&mut [], 99), Duration::ZERO);
    }

    #[test]
    fn the_table_has_every_row() {
        let mut results = Results::default();
        results.time("start", Duration::from_millis(12), "cached");
        results.add("rate", 1234.5, "1/s", "");
        let table = results.table();
        assert!(table.contains("12.00") && table.contains("1234") && table.contains("cached"), "{table}");
    }
}
