//! What every page has to keep to, whatever is on it.

use std::fmt;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{Look, Page, Size, focus};

/// A page with everything it loads stays below this: it opens at once on a slow line.
pub const MOST_BYTES: u64 = 200_000;

/// The rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Nothing is wrong in the console.
    Console,
    /// Nothing is asked of another host.
    OwnHost,
    /// The page with everything it loads is small.
    Weight,
    /// There is exactly one first heading.
    Heading,
    /// There is a title.
    Title,
    /// The language is said.
    Language,
    /// Nobody has to scroll sideways on a phone.
    Width,
    /// axe has no serious and no critical finding.
    Axe,
    /// Everything that can be used is reached with Tab.
    Keyboard,
    /// What has the focus looks different from what has not.
    Focus,
}

/// A rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The rule.
    pub rule: Rule,
    /// What is wrong, and where.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.what)
    }
}

#[derive(Deserialize)]
struct Document {
    headings: u64,
    title: String,
    language: String,
    width: u64,
    hints: Vec<String>,
}

/// Holds the page that is open against all rules, in both themes and on both screens, and takes a picture of each
/// under this name. Afterwards the page is looked at as before.
pub fn page(page: &Page, name: &str) -> Result<Vec<Fault>> {
    let before = page.looked_at();
    let mut faults = Faults::default();
    let document = document(page)?;
    if document.headings != 1 {
        faults.add(Rule::Heading, format!("there are {} first headings, not one", document.headings));
    }
    if document.title.is_empty() {
        faults.add(Rule::Title, "there is no title".into());
    }
    if document.language.is_empty() {
        faults.add(Rule::Language, "the element `html` has no `lang`".into());
    }
    for hint in document.hints {
        faults.add(Rule::OwnHost, format!("the page tells the browser to prepare for {hint}"));
    }
    for look in Look::ALL {
        page.look(look)?;
        looked_at(page, look, &mut faults)?;
        page.screenshot(name)?;
    }
    page.look(before)?;
    let weight = page.weight()?;
    if weight > MOST_BYTES {
        faults.add(Rule::Weight, format!("{weight} bytes, more than {MOST_BYTES}"));
    }
    // Last, so that what the other checks have set off is among them.
    for error in page.console_errors()? {
        faults.add(Rule::Console, error);
    }
    for address in page.foreign_requests()? {
        faults.add(Rule::OwnHost, address);
    }
    Ok(faults.all)
}

fn looked_at(page: &Page, look: Look, faults: &mut Faults) -> Result<()> {
    let named = |what: String| format!("{}: {what}", look.name());
    let (width, _) = look.size.pixels();
    let content = document(page)?.width;
    if look.size == Size::Phone && content > u64::from(width) {
        faults.add(Rule::Width, named(format!("{content} pixels wide on a screen of {width}")));
    }
    for finding in page.axe()? {
        faults.add(Rule::Axe, named(finding.told()));
    }
    let walk = focus::walk(page)?;
    for element in walk.unreached {
        faults.add(Rule::Keyboard, named(format!("Tab does not reach {element}")));
    }
    for element in walk.invisible {
        faults.add(Rule::Focus, named(format!("the focus cannot be seen on {element}")));
    }
    Ok(())
}

fn document(page: &Page) -> Result<Document> {
    let told = page.evaluate(include_str!("scripts/document.js"))?;
    serde_json::from_value(told).context("the document answered otherwise than it should")
}

#[derive(Default)]
struct Faults {
    all: Vec<Fault>,
}

impl Faults {
    fn add(&mut self, rule: Rule, what: String) {
        self.all.push(Fault { rule, what });
    }
}
