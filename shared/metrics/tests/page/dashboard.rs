//! The dashboard for Grafana.

use crate::{names_in, page, read, store::rich};
use serde_json::Value;
use std::collections::BTreeSet;

/// Columns of Grafana's grid.
const COLUMNS: u64 = 24;

fn dashboard() -> Value {
    serde_json::from_str(&read("deploy/grafana/seatkeeper.json")).unwrap()
}

fn panels() -> Vec<Value> {
    dashboard()["panels"].as_array().unwrap().clone()
}

/// Every expression, in order.
pub fn expressions() -> Vec<String> {
    let of = |panel: &Value| panel["targets"].as_array().cloned().unwrap_or_default();
    panels().iter().flat_map(of).map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_panel_has_an_id_of_its_own_a_title_and_something_to_show() {
    let mut ids = BTreeSet::new();
    for panel in panels() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{} is there twice", panel["id"]);
        assert!(panel["title"].as_str().is_some_and(|title| !title.is_empty()), "{panel}");
        if panel["type"] != "row" {
            assert!(panel["description"].as_str().is_some_and(|text| text.ends_with('.')), "{}", panel["title"]);
            assert!(!panel["targets"].as_array().unwrap().is_empty(), "{}", panel["title"]);
        }
    }
    assert!(ids.len() > 15);
}

#[test]
fn no_panel_covers_another_or_leaves_the_grid() {
    let mut taken = BTreeSet::new();
    for panel in panels() {
        let place = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(place("x") + place("w") <= COLUMNS && place("w") > 0 && place("h") > 0, "{}", panel["title"]);
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "{} covers another panel at {x}, {y}", panel["title"]);
            }
        }
    }
}

#[test]
fn the_dashboard_asks_only_for_metrics_that_are_on_the_page() {
    let known = names_in(&page(&rich()));
    for expression in expressions() {
        let asked = names_in(&expression);
        assert!(!asked.is_empty(), "{expression}");
        assert!(asked.is_subset(&known), "{expression}");
    }
}

#[test]
fn the_data_source_is_chosen_by_whoever_imports_the_dashboard() {
    for panel in panels().iter().filter(|panel| panel["type"] != "row") {
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
    }
    let variables = dashboard()["templating"]["list"].clone();
    assert!(variables.as_array().unwrap().iter().any(|variable| variable["name"] == "datasource"));
    assert_eq!(dashboard()["id"], Value::Null);
}
