//! The checks of axe, which know what readers with a screen reader, a keyboard or weak eyes need.

use std::{env, fs, path::PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{Page, screenshots};

/// The variable that says where the checks are; `cargo xtask test` sets it.
pub const VARIABLE: &str = "SEATKEEPER_AXE";

/// Only what was found wrong is told, and each finding with every element.
const RUN: &str = "axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)";

/// Something that axe found wrong.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
pub struct Finding {
    /// The rule, such as `color-contrast`.
    pub id: String,
    /// `minor`, `moderate`, `serious` or `critical`; absent where axe cannot say.
    pub impact: Option<String>,
    /// What the rule asks for.
    pub help: String,
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
struct Node {
    target: Vec<serde_json::Value>,
    #[serde(default, rename = "failureSummary")]
    summary: String,
}

impl Finding {
    /// Whether somebody cannot use the page because of it.
    pub fn is_serious(&self) -> bool {
        matches!(self.impact.as_deref(), Some("serious" | "critical") | None)
    }

    /// Rule, reason and elements in one text.
    pub fn told(&self) -> String {
        let nodes = self.nodes.iter().map(|node| {
            let target: Vec<String> =
                node.target.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), Into::into)).collect();
            format!("{} ({})", target.join(" "), node.summary.split_whitespace().collect::<Vec<_>>().join(" "))
        });
        let impact = self.impact.as_deref().unwrap_or("unknown");
        format!("{} ({impact}): {}: {}", self.id, self.help, nodes.collect::<Vec<_>>().join("; "))
    }
}

impl Page {
    /// What axe finds wrong with the page as it is looked at, if it is serious or critical.
    pub fn axe(&self) -> Result<Vec<Finding>> {
        if self.evaluate("typeof axe")? != "object" {
            self.evaluate(&checks()?)?;
        }
        let found: Vec<Finding> = serde_json::from_value(self.evaluate(RUN)?).context("axe answered otherwise")?;
        Ok(found.into_iter().filter(Finding::is_serious).collect())
    }
}

fn checks() -> Result<String> {
    let usual = || screenshots().with_file_name("axe").join("axe_playwright_python/axe.min.js");
    let path = env::var_os(VARIABLE).map_or_else(usual, PathBuf::from);
    fs::read_to_string(&path)
        .with_context(|| format!("{} with the checks of axe is missing; run: cargo xtask setup", path.display()))
}
