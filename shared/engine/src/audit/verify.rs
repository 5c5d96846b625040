//! Reading the audit trail from its beginning and checking its chain, one page in memory at a time. Nothing here writes.
//!
//! What a chain shows: an entry that was changed, taken out or put in, a page that is gone, a beginning that was cut
//! off. What it cannot show: that the newest entries were taken away, or that somebody with access to the store wrote
//! all hashes anew. Against both helps a hash that was noted elsewhere.

use super::{Day, Entry, chained};
use crate::{
    ports::Store,
    state::{self, StateError},
};
use chrono::NaiveDate;
use seatkeeper_policy::Instant;
use serde::{Deserialize, Serialize};

/// The functions that record what they do.
pub const FUNCTIONS: [&str; 3] = ["admin", "restore", "sweep"];

/// So many days back pages are looked for that no list of days names: streams are older than their lists.
const SEARCHED: i64 = 400;

/// One page of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The day.
    pub day: String,
    /// The page on that day, from 0.
    pub page: u32,
}

/// All pages of a function's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Days {
    /// The function.
    pub function: String,
    /// The days, oldest first.
    pub days: Vec<Day>,
    /// Whether the first page begins the stream; otherwise what came before it is gone.
    pub from_beginning: bool,
}

impl Days {
    /// The pages, oldest first.
    pub fn places(&self) -> impl DoubleEndedIterator<Item = Place> + '_ {
        self.days.iter().flat_map(|day| (0..day.pages).map(|page| Place { day: day.day.clone(), page }))
    }

    /// Takes the entries of a page into a chain and says where it breaks, if it does. Whoever has the entries needs no
    /// store for that.
    pub fn check(&self, place: &Place, entries: &[Entry], chain: &mut Chain) -> Option<Break> {
        if entries.is_empty() {
            return Some(Break { place: place.clone(), entry: None, id: None, why: Why::Missing });
        }
        let broken = chain.take(place, entries).err()?;
        let first = self.places().next().is_some_and(|first| first == *place);
        let cut = first && broken.entry == Some(1) && !self.from_beginning;
        // Whether the first entry that is left was changed or what came before it is gone, nobody can tell apart.
        Some(if cut { Break { why: Why::Beginning, ..broken } } else { broken })
    }

    /// Where a day stands in the list.
    fn position(&self, day: &str) -> Option<usize> {
        let sorted = self.days.binary_search_by(|known| known.day.as_str().cmp(day)).ok();
        // A list that somebody put out of order is still read.
        sorted.or_else(|| self.days.iter().position(|known| known.day == day))
    }

    /// Where the day of a page stands in the list, if there is such a page.
    fn find(&self, place: &Place) -> Option<usize> {
        self.position(&place.day).filter(|day| self.days.get(*day).is_some_and(|known| place.page < known.pages))
    }

    /// The page before.
    fn earlier(&self, place: &Place) -> Option<Place> {
        if let Some(page) = place.page.checked_sub(1) {
            return Some(Place { day: place.day.clone(), page });
        }
        let before = self.days.get(..self.position(&place.day)?)?;
        let day = before.iter().rfind(|day| day.pages > 0)?;
        Some(Place { day: day.day.clone(), page: day.pages - 1 })
    }

    /// The page after it.
    fn later(&self, place: &Place) -> Option<Place> {
        let position = self.position(&place.day)?;
        if self.days.get(position).is_some_and(|day| place.page + 1 < day.pages) {
            return Some(Place { day: place.day.clone(), page: place.page + 1 });
        }
        let day = self.days.get(position + 1..)?.iter().find(|day| day.pages > 0)?;
        Some(Place { day: day.day.clone(), page: 0 })
    }
}

/// Why a chain does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The entry was changed, or something before it was changed, taken out or put in.
    Hash,
    /// The page is not in the store.
    Missing,
    /// The page is the oldest one that is there, and something came before it.
    Beginning,
}

/// Where a chain breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// The page.
    #[serde(flatten)]
    pub place: Place,
    /// The entry on the page, from 1; none when the whole page is meant.
    pub entry: Option<u32>,
    /// The entry's id.
    pub id: Option<String>,
    /// Why.
    pub why: Why,
}

/// A chain that is checked entry by entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain {
    before: String,
    /// Entries that held.
    pub entries: u64,
    /// When the first of them was made.
    pub from: Option<Instant>,
    /// When the last of them was made.
    pub to: Option<Instant>,
}

impl Chain {
    /// A chain that goes on after an entry with this hash; after nothing, it begins the stream.
    pub fn after(before: &str) -> Self {
        Self { before: before.to_owned(), ..Self::default() }
    }

    /// Hash of the last entry.
    pub fn last(&self) -> &str {
        &self.before
    }

    /// Takes a page in, up to the first entry that does not hold.
    pub fn take(&mut self, place: &Place, entries: &[Entry]) -> Result<(), Break> {
        for (index, entry) in entries.iter().enumerate() {
            if entry.hash != chained(&self.before, entry) {
                return Err(Break {
                    place: place.clone(),
                    entry: u32::try_from(index + 1).ok(),
                    id: Some(entry.id.clone()),
                    why: Why::Hash,
                });
            }
            self.before.clone_from(&entry.hash);
            self.entries += 1;
            self.from = self.from.or(Some(entry.at));
            self.to = Some(entry.at);
        }
        Ok(())
    }
}

/// A page with what it continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Page {
    /// The function.
    pub function: String,
    /// The page.
    #[serde(flatten)]
    pub place: Place,
    /// Hash of the entry before its first one; empty when it begins the stream.
    pub before: String,
    /// Its entries, oldest first.
    pub entries: Vec<Entry>,
    /// Where its chain breaks, if it does.
    pub broken: Option<Break>,
    /// The page before.
    pub earlier: Option<Place>,
    /// The page after it.
    pub later: Option<Place>,
}

/// How far a stream holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Verified {
    /// The function.
    pub function: String,
    /// Entries that were checked and hold.
    pub entries: u64,
    /// When the first of them was made.
    pub from: Option<Instant>,
    /// When the last of them was made.
    pub to: Option<Instant>,
    /// Hash of the last of them.
    pub last: String,
    /// Where it breaks, if it does.
    pub broken: Option<Break>,
    /// Where to go on, when the time was over.
    pub next: Option<Place>,
}

/// The pages of a function's stream. A list of days that is younger than the stream is filled up by looking for pages
/// on the days before it, down to the first day where that is known.
pub async fn days(store: &impl Store, function: &str) -> Result<Days, StateError> {
    let mut days = state::load(store, &state::audit_days(function)).await?.unwrap_or_default();
    if let Some(head) = state::load(store, &state::audit_head(function)).await? {
        super::noted(&mut days, &head.day, head.page);
    }
    let mut from_beginning = days.is_empty();
    if let Some(oldest) = days.first().map(|day| day.day.clone()) {
        from_beginning = begins(store, function, &oldest).await?;
        let mut day = NaiveDate::parse_from_str(&oldest, "%Y-%m-%d").ok();
        let mut searched = 0;
        let begin = if from_beginning { None } else { state::load(store, &state::audit_begin(function)).await? };
        while !from_beginning && searched < SEARCHED {
            searched += 1;
            day = day.and_then(|day| day.pred_opt());
            let Some(name) = day.map(|day| day.format("%Y-%m-%d").to_string()) else { break };
            if begin.as_ref().is_some_and(|begin| name < *begin) {
                break;
            }
            let mut pages = 0;
            while state::load(store, &state::audit(&name, function, pages)).await?.is_some() {
                pages += 1;
            }
            if pages > 0 {
                from_beginning = begins(store, function, &name).await?;
                days.insert(0, Day { day: name, pages });
            }
        }
    }
    Ok(Days { function: function.to_owned(), days, from_beginning })
}

/// Whether the first page of a day begins the stream.
async fn begins(store: &impl Store, function: &str, day: &str) -> Result<bool, StateError> {
    let entries = state::load(store, &state::audit(day, function, 0)).await?.unwrap_or_default();
    Ok(entries.first().is_some_and(|first| first.hash == chained("", first)))
}

/// One page, checked against the one before; none when there is no such page.
pub async fn page(store: &impl Store, days: &Days, place: &Place) -> Result<Option<Page>, StateError> {
    if days.find(place).is_none() {
        return Ok(None);
    }
    let (earlier, later) = (days.earlier(place), days.later(place));
    let before = before(store, days, earlier.as_ref()).await?;
    let stored = state::load(store, &state::audit(&place.day, &days.function, place.page)).await?;
    let entries = stored.unwrap_or_default();
    let broken = days.check(place, &entries, &mut Chain::after(&before));
    let function = days.function.clone();
    Ok(Some(Page { function, place: place.clone(), before, entries, broken, earlier, later }))
}

/// Checks a stream from its beginning, or from a page on, until `enough` says that the time is over.
pub async fn verify(
    store: &impl Store,
    days: &Days,
    from: Option<&Place>,
    enough: impl Fn() -> bool,
) -> Result<Verified, StateError> {
    let mut place = from.filter(|place| days.find(place).is_some()).cloned().or_else(|| days.places().next());
    let earlier = place.as_ref().and_then(|place| days.earlier(place));
    let mut chain = Chain::after(&before(store, days, earlier.as_ref()).await?);
    let (mut broken, mut next, mut begun) = (None, None, false);
    while let Some(at) = place {
        if begun && enough() {
            next = Some(at);
            break;
        }
        begun = true;
        let stored = state::load(store, &state::audit(&at.day, &days.function, at.page)).await?;
        broken = days.check(&at, &stored.unwrap_or_default(), &mut chain);
        if broken.is_some() {
            break;
        }
        place = days.later(&at);
    }
    let Chain { before: last, entries, from, to } = chain;
    Ok(Verified { function: days.function.clone(), entries, from, to, last, broken, next })
}

/// The hash that a page continues.
async fn before(store: &impl Store, days: &Days, earlier: Option<&Place>) -> Result<String, StateError> {
    let Some(Place { day, page }) = earlier else { return Ok(String::new()) };
    let entries = state::load(store, &state::audit(day, &days.function, *page)).await?.unwrap_or_default();
    Ok(entries.last().map(|last| last.hash.clone()).unwrap_or_default())
}

#[cfg(test)]
mod tests;
