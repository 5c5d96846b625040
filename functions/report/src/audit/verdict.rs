//! Whether the chain holds: of what is shown, of everything where that is little, or of everything in steps.

use super::merge::Checked;
use seatkeeper_engine::{
    audit::{self, Break, Days, FUNCTIONS, Place, Why},
    ports::Store,
    state::StateError,
};

/// So many stored pages are all checked whenever the page is opened.
const FEW: usize = 20;

/// What can be said about the chain.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Entries that were checked and hold, in this step and in those before it.
    pub entries: u64,
    /// Where it breaks, in words.
    pub broken: Vec<String>,
    /// Whether everything was checked.
    pub whole: bool,
    /// Earlier steps are known from the address alone, which anybody can write.
    pub resumed: bool,
    /// Where to go on, for an address.
    pub next: Option<String>,
}

impl Verdict {
    /// Whether nothing was found.
    pub fn holds(&self) -> bool {
        self.broken.is_empty()
    }

    /// In one sentence.
    pub fn says(&self) -> String {
        let entries = self.entries;
        let plural = if entries == 1 { "entry" } else { "entries" };
        match (self.holds(), self.whole) {
            (true, true) if entries == 0 => "Nothing has been recorded yet.".to_owned(),
            (true, true) if self.resumed => format!(
                "The last step holds too; with the steps before it, as this address tells them, {entries} {plural} hold. \
                 An address that somebody sent proves nothing: begin again, or run `seatkeeper audit verify`."
            ),
            (true, true) if entries == 1 => "The only entry so far was checked, and it holds.".to_owned(),
            (true, true) => format!("All {entries} {plural} were checked from the first one on, and the chain holds."),
            (true, false) if self.next.is_some() => {
                format!("{entries} {plural} were checked so far and hold; there are more.")
            }
            (true, false) => format!("The {entries} {plural} on the pages shown here hold."),
            (false, _) => "The chain is broken: somebody changed, took out or put in something.".to_owned(),
        }
    }
}

/// Where checking everything goes on, and what the steps before it found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// Number of the function.
    function: usize,
    /// Its page; the first one if there is none.
    from: Option<Place>,
    /// Entries that held so far.
    entries: u64,
    /// Whether a step before has found something.
    broken: bool,
}

impl Step {
    /// Reads the text of an address.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "all" {
            return Some(Self::default());
        }
        let mut parts = text.split('.');
        let name = parts.next()?;
        let function = FUNCTIONS.iter().position(|function| *function == name)?;
        let from = Place { day: parts.next()?.to_owned(), page: parts.next()?.parse().ok()? };
        let (entries, broken) = (parts.next()?.parse().ok()?, parts.next()? == "broken");
        Some(Self { function, from: Some(from), entries, broken })
    }
}

/// About the pages that were looked at; about everything if that is little.
pub async fn shown(
    store: &impl Store,
    checked: Vec<Checked>,
    enough: impl Fn() -> bool,
) -> Result<Verdict, StateError> {
    let mut pages = 0;
    for function in FUNCTIONS {
        pages += audit::days(store, function).await?.places().count();
    }
    if pages <= FEW {
        return step(store, &Step::default(), enough).await;
    }
    let mut verdict = Verdict::default();
    for Checked { function, entries, broken } in checked {
        match broken {
            Some(found) => verdict.broken.push(told(function, &found)),
            None => verdict.entries += u64::try_from(entries).unwrap_or(u64::MAX),
        }
    }
    Ok(verdict)
}

/// Checks everything from a step on, one page in memory at a time, until the time is over.
pub async fn step(store: &impl Store, from: &Step, enough: impl Fn() -> bool) -> Result<Verdict, StateError> {
    let mut verdict = Verdict { entries: from.entries, resumed: from.from.is_some(), ..Verdict::default() };
    if from.broken {
        verdict.broken.push("An earlier step found a break; begin again to see where.".to_owned());
    }
    for (number, function) in FUNCTIONS.into_iter().enumerate().skip(from.function) {
        let days: Days = audit::days(store, function).await?;
        let first = from.from.as_ref().filter(|_| number == from.function);
        let found = audit::verify(store, &days, first, &enough).await?;
        verdict.entries = verdict.entries.saturating_add(found.entries);
        verdict.broken.extend(found.broken.iter().map(|broken| told(function, broken)));
        if let Some(Place { day, page }) = found.next {
            let state = if verdict.holds() { "holds" } else { "broken" };
            verdict.next = Some(format!("{function}.{day}.{page}.{}.{state}", verdict.entries));
            return Ok(verdict);
        }
    }
    verdict.whole = true;
    Ok(verdict)
}

fn told(function: &str, broken: &Break) -> String {
    let Break { place: Place { day, page }, entry, id, why } = broken;
    let number = page.saturating_add(1);
    let place = match (entry, id) {
        (Some(entry), Some(id)) => format!("{function}, {day}, page {number}, entry {entry} (`{id}`)"),
        (Some(entry), None) => format!("{function}, {day}, page {number}, entry {entry}"),
        (None, _) => format!("{function}, {day}, page {number}"),
    };
    let what = match why {
        Why::Hash => "it, or something before it, is not as it was recorded",
        Why::Missing => "the page is gone",
        Why::Beginning => "what came before it is gone",
    };
    format!("{place}: {what}.")
}
