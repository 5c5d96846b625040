//! Prometheus's own tool looks at the page, the rules, their tests, and every expression of the dashboard.

use crate::{dashboard, page, root, store::rich};
use seatkeeper_engine::testing::MemoryStore;
use serde_json::json;
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

const WHY: &str = "SEATKEEPER_PROMTOOL names the program promtool";

/// Runs it in a folder; what it says is the error.
fn promtool(folder: &Path, args: &[&str], input: &str) -> Result<String, String> {
    let program = std::env::var_os("SEATKEEPER_PROMTOOL").expect(WHY);
    let mut command = Command::new(program);
    command.current_dir(folder).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(said) } else { Err(said) }
}

#[test]
#[ignore = "needs promtool; run by cargo xtask test"]
fn prometheus_reads_the_page_and_has_nothing_to_say_about_its_style() {
    for store in [rich(), MemoryStore::default()] {
        let said = promtool(&root(), &["check", "metrics"], &page(&store));
        assert_eq!(said, Ok(String::new()));
    }
}

#[test]
#[ignore = "needs promtool; run by cargo xtask test"]
fn the_tool_would_notice_a_page_that_is_broken() {
    assert!(promtool(&root(), &["check", "metrics"], "seatkeeper_a_total{x=\"} 1\n").is_err());
    assert!(promtool(&root(), &["check", "metrics"], "# TYPE seatkeeper_a counter\nseatkeeper_a 1\n").is_err());
}

#[test]
#[ignore = "needs promtool; run by cargo xtask test"]
fn the_rules_are_valid_and_fire_when_and_only_when_they_should() {
    let folder = root().join("deploy/prometheus");
    let said = promtool(&folder, &["check", "rules", "seatkeeper.rules.yml"], "").unwrap();
    assert!(said.contains("SUCCESS"), "{said}");
    let said = promtool(&folder, &["test", "rules", "seatkeeper.test.yml"], "").unwrap();
    assert!(said.contains("SUCCESS"), "{said}");
}

#[test]
#[ignore = "needs promtool; run by cargo xtask test"]
fn every_expression_of_the_dashboard_is_one() {
    let rules: Vec<_> = dashboard::expressions()
        .into_iter()
        .enumerate()
        // Grafana fills its variables in before Prometheus sees the expression.
        .map(|(index, expression)| {
            let filled =
                expression.replace("$__rate_interval", "5m").replace("$__range", "1d").replace("$instance", "a");
            json!({ "record": format!("dashboard:expression:{index}"), "expr": filled })
        })
        .collect();
    assert!(rules.len() > 10, "{rules:?}");
    let folder = tempfile::tempdir().unwrap();
    // JSON is YAML.
    let file = json!({ "groups": [{ "name": "dashboard", "rules": rules }] });
    std::fs::write(folder.path().join("rules.yml"), file.to_string()).unwrap();
    let said = promtool(folder.path(), &["check", "rules", "rules.yml"], "").unwrap();
    assert!(said.contains("SUCCESS"), "{said}");
}
