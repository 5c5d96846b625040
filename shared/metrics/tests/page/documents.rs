//! The rules and the documentation say what the page says.

use crate::{names_in, page, read, store::rich};
use seatkeeper_metrics::catalogue::ALL;
use std::collections::{BTreeMap, BTreeSet};

const DOCUMENT: &str = "docs/observability.md";

/// The values of a key in the rules, whatever they are nested in.
fn values<'t>(rules: &'t str, key: &str) -> Vec<&'t str> {
    let start = format!("{key}: ");
    rules.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix(start.as_str())).collect()
}

#[test]
fn the_documentation_has_every_metric_with_its_kind_and_labels() {
    let text = read(DOCUMENT);
    let rows: BTreeMap<_, _> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `seatkeeper_")?.strip_suffix(" |"))
        .map(|row| {
            let cells: Vec<_> = row.split(" | ").collect();
            (format!("seatkeeper_{}", cells[0].trim_end_matches('`')), (cells[1].to_owned(), cells[2].to_owned()))
        })
        .collect();
    let expected: BTreeMap<_, _> = ALL
        .iter()
        .map(|metric| {
            let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
            (metric.name.to_owned(), (format!("{:?}", metric.kind).to_lowercase(), labels.join(", ")))
        })
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn the_rules_ask_only_for_metrics_that_are_on_the_page() {
    let known = names_in(&page(&rich()));
    let rules = read("deploy/prometheus/seatkeeper.rules.yml");
    let asked = names_in(&rules);
    assert!(asked.len() > 10 && asked.is_subset(&known), "{:?}", asked.difference(&known).collect::<Vec<_>>());
}

#[test]
fn every_alert_has_texts_a_runbook_that_exists_and_a_test() {
    let (rules, tests, runbooks) =
        (read("deploy/prometheus/seatkeeper.rules.yml"), read("deploy/prometheus/seatkeeper.test.yml"), read(DOCUMENT));
    let alerts = values(&rules, "alert");
    let links: BTreeSet<_> = values(&rules, "runbook_url").into_iter().collect();
    assert!(alerts.len() > 10);
    for key in ["summary", "description", "severity"] {
        assert_eq!(values(&rules, key).len(), alerts.len(), "{key}");
    }
    for alert in &alerts {
        assert!(links.contains(format!("{DOCUMENT}#{}", alert.to_lowercase()).as_str()), "{alert} has no runbook");
        assert!(runbooks.lines().any(|line| line == format!("### {alert}")), "{alert} has no section in {DOCUMENT}");
        assert!(
            tests.contains(&format!("ALERTS{{alertname=\"{alert}\", alertstate=\"firing\", ")),
            "{alert} is not tested"
        );
        assert!(tests.contains(&format!("ALERTS{{alertname=\"{alert}\", alertstate=\"firing\"}}")), "{alert}");
    }
    assert_eq!(links.len(), alerts.len());
    let sections: Vec<_> = runbooks.lines().filter_map(|line| line.strip_prefix("### Seatkeeper")).collect();
    assert_eq!(sections.len(), alerts.len(), "a runbook without an alert: {sections:?}");
}
