//! All streams as one, newest first. Of each stream one page is in memory.

use super::Wanted;
use seatkeeper_engine::{
    audit::{self, Break, Days, Entry, FUNCTIONS, Place},
    ports::Store,
    state::StateError,
};

/// An entry and who recorded it.
pub struct Found {
    pub function: &'static str,
    pub entry: Entry,
}

/// A page that was looked at.
#[derive(Debug)]
pub struct Checked {
    /// The function.
    pub function: &'static str,
    /// Entries on it.
    pub entries: usize,
    /// Where its chain breaks, if it does.
    pub broken: Option<Break>,
}

/// One stream, read backwards.
struct Source {
    function: &'static str,
    days: Days,
    /// Pages that were not opened yet, oldest first.
    rest: Vec<Place>,
    /// The page that is open, and its entries that were not taken yet.
    open: Option<(Place, Vec<Entry>)>,
}

/// The streams.
pub struct Merge {
    sources: Vec<Source>,
    checked: Vec<Checked>,
}

impl Merge {
    /// Opens the streams that are wanted, where they are wanted.
    pub async fn open(store: &impl Store, wanted: &Wanted) -> Result<Self, StateError> {
        let mut merge = Self { sources: Vec::new(), checked: Vec::new() };
        for function in FUNCTIONS.into_iter().filter(|function| wanted.function.is_none_or(|only| only == *function)) {
            let days = audit::days(store, function).await?;
            let on_day = |place: &Place| wanted.day.as_ref().is_none_or(|day| *day == place.day);
            let mut source = Source { function, rest: days.places().filter(on_day).collect(), days, open: None };
            if let Some(older) = &wanted.older {
                source.go_back(store, older, &mut merge.checked).await?;
            }
            merge.sources.push(source);
        }
        Ok(merge)
    }

    /// The newest entry that was not taken yet.
    pub async fn next(&mut self, store: &impl Store) -> Result<Option<Found>, StateError> {
        let Self { sources, checked } = self;
        for source in sources.iter_mut() {
            source.fill(store, checked).await?;
        }
        // Of two at the same instant the order of the functions decides, so that a page can be shown again.
        let newest = sources.iter_mut().rev().max_by_key(|source| source.newest().map(|entry| entry.at));
        Ok(newest.and_then(|source| {
            let function = source.function;
            source.open.as_mut().and_then(|(_, entries)| entries.pop()).map(|entry| Found { function, entry })
        }))
    }

    /// Whether there is another entry.
    pub async fn more(&mut self, store: &impl Store) -> Result<bool, StateError> {
        let Self { sources, checked } = self;
        for source in sources.iter_mut() {
            source.fill(store, checked).await?;
        }
        Ok(sources.iter().any(|source| source.newest().is_some()))
    }

    /// Where it stands, for an address: of each function the page and how many of its entries are left.
    pub fn place(&self) -> String {
        let place = |source: &Source| {
            let (place, left) = source.open.as_ref().map(|(place, entries)| (place, entries.len()))?;
            Some(format!("{}.{}.{}.{left}", source.function, place.day, place.page))
        };
        self.sources.iter().filter_map(place).collect::<Vec<_>>().join("_")
    }

    /// The pages that were opened.
    pub fn checked(self) -> Vec<Checked> {
        self.checked
    }
}

impl Source {
    fn newest(&self) -> Option<&Entry> {
        self.open.as_ref().and_then(|(_, entries)| entries.last())
    }

    /// Opens pages until there is an entry or no page is left. An empty page is one that is gone.
    async fn fill(&mut self, store: &impl Store, checked: &mut Vec<Checked>) -> Result<(), StateError> {
        while self.newest().is_none()
            && let Some(place) = self.rest.pop()
        {
            self.turn_to(store, place, checked).await?;
        }
        Ok(())
    }

    async fn turn_to(
        &mut self,
        store: &impl Store,
        place: Place,
        checked: &mut Vec<Checked>,
    ) -> Result<(), StateError> {
        if let Some(page) = audit::page(store, &self.days, &place).await? {
            checked.push(Checked { function: self.function, entries: page.entries.len(), broken: page.broken });
            self.open = Some((place, page.entries));
        }
        Ok(())
    }

    /// Goes to the place of this function in a text by [`Merge::place`]. A function that is not in it has been read to
    /// its end. What is not such a text leads to nothing.
    async fn go_back(&mut self, store: &impl Store, text: &str, checked: &mut Vec<Checked>) -> Result<(), StateError> {
        let place = text.split('_').find_map(|part| {
            let mut parts = part.split('.');
            let (function, day, page) = (parts.next()?, parts.next()?, parts.next()?.parse().ok()?);
            let left: usize = parts.next()?.parse().ok()?;
            (function == self.function).then(|| (Place { day: day.to_owned(), page }, left))
        });
        let position = place.as_ref().and_then(|(place, _)| self.rest.iter().position(|known| known == place));
        let (Some((place, left)), Some(position)) = (place, position) else {
            self.rest.clear();
            return Ok(());
        };
        self.rest.truncate(position);
        self.turn_to(store, place, checked).await?;
        if let Some((_, entries)) = &mut self.open {
            entries.truncate(left);
        }
        Ok(())
    }
}
