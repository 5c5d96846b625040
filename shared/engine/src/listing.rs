//! Lists of accounts: filtered, sorted, and one part of them shown. The index of a snapshot tells which accounts are
//! wanted; only the stored pages that hold the shown ones are read.

use crate::{
    ports::Store,
    state::{self, END, INDEX_PAGE, IndexPage, IndexRow, Judged, SnapshotHead, StateError, seconds},
    sweep::SNAPSHOT_PAGE,
    view::snapshot_page,
};
use seatkeeper_policy::Instant;
use std::{borrow::Cow, collections::BTreeMap};

/// Which accounts are wanted. Everything that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Beginning of the decision code, such as `reclaim` or `keep/exempt`.
    pub decision: Option<String>,
    /// Status word, such as `current`.
    pub status: Option<String>,
    /// Member of this group.
    pub group: Option<String>,
    /// Not a member of this group.
    pub without_group: Option<String>,
    /// From this directory of Confluence.
    pub directory: Option<String>,
    /// Last seen at this instant or later.
    pub seen_from: Option<Instant>,
    /// Last seen before this instant.
    pub seen_before: Option<Instant>,
    /// Never logged in.
    pub never: bool,
    /// Part of the user name or the display name, in any case.
    pub text: Option<String>,
}

/// What a list is sorted by; accounts with the same value stay in the order of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The user name.
    #[default]
    Name,
    /// When it was last seen. Accounts of which nobody knows come last in either direction.
    Seen,
    /// When it was created. Accounts of which nobody knows come last in either direction.
    Created,
}

/// Which part of a sorted list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// What it is sorted by.
    pub order: Order,
    /// The other way round.
    pub descending: bool,
    /// Accounts left out at the beginning.
    pub skip: usize,
    /// Accounts shown at most.
    pub most: usize,
}

/// Part of a list.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// The accounts shown.
    pub accounts: Vec<Judged>,
    /// How many match in all.
    pub total: usize,
}

impl Filter {
    /// Which accounts of a page are wanted, in the order of the page. `names` are those of [`state::names`].
    fn select(&self, page: &IndexPage, names: &str) -> Vec<bool> {
        let Self { decision, status, group, without_group, directory, seen_from, seen_before, never, text } = self;
        let is = |wanted: &Option<String>, value: &String| wanted.as_ref().is_none_or(|wanted| wanted == value);
        let decisions: Vec<bool> = page
            .decisions
            .iter()
            .map(|code| decision.as_ref().is_none_or(|wanted| code.starts_with(wanted.as_str())))
            .collect();
        let statuses: Vec<bool> = page.statuses.iter().map(|word| is(status, word)).collect();
        let directories: Vec<bool> = page.directories.iter().map(|name| is(directory, name)).collect();
        let sets: Vec<bool> = page
            .groups
            .iter()
            .map(|set| {
                group.as_ref().is_none_or(|name| set.contains(name))
                    && without_group.as_ref().is_none_or(|name| !set.contains(name))
            })
            .collect();
        let texts =
            text.as_ref().map(|text| matching(names, &state::folded(text).collect::<String>(), page.rows.len()));
        let (from, before) = (seen_from.map(seconds), seen_before.map(seconds));
        let holds = |list: &[bool], place: u16| list.get(usize::from(place)).copied().unwrap_or_default();
        page.rows
            .iter()
            .enumerate()
            .map(|(number, row)| {
                holds(&decisions, row.decision)
                    && holds(&statuses, row.status)
                    && holds(&directories, row.directory)
                    && sets.get(row.set()).copied().unwrap_or_default()
                    && from.is_none_or(|from| row.seen != 0 && row.seen >= from)
                    && before.is_none_or(|before| row.seen != 0 && row.seen < before)
                    && (!never || row.never())
                    && texts.as_ref().is_none_or(|texts| texts.get(number).copied().unwrap_or_default())
            })
            .collect()
    }

    /// The accounts of a stored page that are wanted, for whoever streams.
    pub fn choose(&self, accounts: Vec<Judged>) -> Vec<Judged> {
        let names = if self.text.is_some() { state::names(&accounts) } else { String::new() };
        let wanted = self.select(&IndexPage::of(0, &accounts), &names);
        accounts.into_iter().zip(wanted).filter_map(|(account, wanted)| wanted.then_some(account)).collect()
    }
}

/// Which accounts have a text in one of their two names.
fn matching(names: &str, text: &str, accounts: usize) -> Vec<bool> {
    let mut found = vec![false; accounts];
    // A control character is in no name, and would be found where one name ends and the next begins.
    if text.chars().any(char::is_control) {
        return found;
    }
    let (mut ends, mut from) = (0, 0);
    for (at, _) in names.match_indices(text) {
        ends += names.get(from..at).unwrap_or_default().matches(END).count();
        from = at;
        if let Some(account) = found.get_mut(ends / 2) {
            *account = true;
        }
    }
    found
}

/// Where an account is: page of the index, and place on it.
type Place = (u32, u32);

/// Reads part of a list.
pub async fn accounts(
    store: &impl Store,
    head: &SnapshotHead,
    filter: &Filter,
    part: Part,
) -> Result<Listed, StateError> {
    let mut matches: Vec<(u32, Place)> = Vec::new();
    let mut firsts = Vec::new();
    // A snapshot by an older Seatkeeper has no index; each of its pages then becomes a page of one.
    let pages = if head.index == 0 { head.pages.count } else { head.index };
    for number in 0..pages {
        let (page, names) = index_page(store, head, filter, number).await?;
        firsts.push(page.first);
        let wanted = filter.select(&page, &names);
        let rows = (0..).zip(&page.rows).zip(wanted);
        matches.extend(rows.filter(|(_, wanted)| *wanted).map(|((at, row), _)| (rank(row, part), (number, at))));
    }
    let total = matches.len();
    let end = part.skip.saturating_add(part.most).min(total);
    if part.order == Order::Name && part.descending {
        matches.reverse();
    } else if part.order != Order::Name && part.skip < end {
        // Only the part that is shown has to be in order.
        matches.select_nth_unstable(end - 1);
        matches.truncate(end);
        matches.sort_unstable();
    }
    let shown: Vec<Place> = matches.into_iter().skip(part.skip).take(part.most).map(|(_, place)| place).collect();
    Ok(Listed { accounts: read(store, head, &firsts, &shown).await?, total })
}

/// What an account is sorted by, smallest first.
fn rank(row: &IndexRow, part: Part) -> u32 {
    let value = match part.order {
        Order::Name => return 0,
        Order::Seen => row.seen,
        Order::Created => row.created,
    };
    match value {
        0 => u32::MAX,
        known if part.descending => u32::MAX - known,
        known => known,
    }
}

async fn index_page<'a>(
    store: &impl Store,
    head: &SnapshotHead,
    filter: &Filter,
    number: u32,
) -> Result<(IndexPage, Cow<'a, str>), StateError> {
    let sweep = &head.pages.sweep;
    if head.index == 0 {
        let accounts = snapshot_page(store, head, number).await?;
        return Ok((IndexPage::of(number, &accounts), Cow::Owned(state::names(&accounts))));
    }
    let key = state::index(sweep, number);
    let page = state::load(store, &key).await?.ok_or_else(|| state::missing(&key))?;
    if filter.text.is_none() {
        return Ok((page, Cow::Borrowed("")));
    }
    let key = state::index_names(sweep, number);
    let names = state::load(store, &key).await?.ok_or_else(|| state::missing(&key))?;
    Ok((page, Cow::Owned(names)))
}

/// Reads accounts by their places; each stored page is read once.
async fn read(
    store: &impl Store,
    head: &SnapshotHead,
    firsts: &[u32],
    places: &[Place],
) -> Result<Vec<Judged>, StateError> {
    let size = u32::try_from(if head.index == 0 { INDEX_PAGE } else { SNAPSHOT_PAGE }).unwrap_or(u32::MAX);
    let mut by_page: BTreeMap<u32, Vec<(usize, usize)>> = BTreeMap::new();
    for (shown, (number, at)) in places.iter().enumerate() {
        let first = firsts.get(usize::try_from(*number).unwrap_or(usize::MAX)).copied().unwrap_or_default();
        let on_page = usize::try_from(at % size).unwrap_or(usize::MAX);
        by_page.entry(first + at / size).or_default().push((on_page, shown));
    }
    let mut found: Vec<Option<Judged>> = vec![None; places.len()];
    for (page, wanted) in by_page {
        let accounts = snapshot_page(store, head, page).await?;
        for (at, shown) in wanted {
            if let Some(slot) = found.get_mut(shown) {
                *slot = accounts.get(at).cloned();
            }
        }
    }
    Ok(found.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests;
