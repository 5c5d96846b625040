//! A walk through the page with the Tab key alone.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{Key, Page};

/// Keys sent at once: every call takes some milliseconds, and a table may have hundreds of links.
const BATCH: usize = 40;
/// More than any page of the console has elements.
const MOST: usize = 4_000;

/// What a walk has shown.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
pub(crate) struct Walk {
    /// Elements that are to be used and were never reached.
    pub unreached: Vec<String>,
    /// Elements that look the same with the focus as without.
    pub invisible: Vec<String>,
    /// How many elements had the focus.
    pub reached: u64,
}

/// Presses Tab until nothing new gets the focus any more.
pub(crate) fn walk(page: &Page) -> Result<Walk> {
    page.evaluate(include_str!("scripts/focus.js"))?;
    let tabs = vec![Key::Tab; BATCH];
    let mut reached = 0;
    for _ in 0..MOST / BATCH {
        page.press(&tabs)?;
        let now = page.evaluate("seatkeeperWalk.progress()")?.as_u64().context("the walk lost its count")?;
        if now == reached {
            break;
        }
        reached = now;
    }
    let told = page.evaluate("seatkeeperWalk.end()")?;
    serde_json::from_value(told).context("the walk ended otherwise than it should")
}
