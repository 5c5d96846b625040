//! The index of a snapshot: what lists of accounts are filtered and sorted by, 16 bytes an account, so that a list over a
//! million accounts reads some megabytes instead of all the evidence.

use super::Judged;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use seatkeeper_policy::Instant;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::collections::{BTreeMap, BTreeSet};

/// Accounts on one page of the index: about 90 KB of rows and 250 KB of names, below what every store takes.
pub const INDEX_PAGE: usize = 4_000;

/// Bytes of names on one page of the index; with more of them it has fewer accounts.
pub const NAMES_PAGE: usize = 400 * 1024;

/// Characters of a name that are searched.
const LONGEST_NAME: usize = 500;

/// Ends each name in [`names`]. JSON writes it as it is, unlike a line feed, so reading needs no copy.
pub const END: char = '\u{7f}';

/// One page of the index.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct IndexPage {
    /// Page of the snapshot that holds the first account.
    pub first: u32,
    /// Decision codes that occur here.
    pub decisions: Vec<String>,
    /// Words of statuses that occur here.
    pub statuses: Vec<String>,
    /// Directories that occur here; the first is the empty text for accounts of which none is known.
    pub directories: Vec<String>,
    /// Sets of groups that occur here.
    pub groups: Vec<BTreeSet<String>>,
    /// The accounts, in the order of the snapshot.
    #[serde(serialize_with = "packed", deserialize_with = "unpacked")]
    pub rows: Vec<IndexRow>,
}

/// What one account is filtered and sorted by. Numbers point into the page's lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IndexRow {
    /// Its decision.
    pub decision: u16,
    /// Its status.
    pub status: u16,
    /// Its directory.
    pub directory: u16,
    /// Its set of groups; the highest bit says that it never logged in.
    pub groups: u16,
    /// Seconds since 1970 at which it was last seen; 0 when nobody knows.
    pub seen: u32,
    /// Seconds since 1970 at which it was created; 0 when nobody knows.
    pub created: u32,
}

/// The bit of [`IndexRow::groups`] that says that an account never logged in. A page has fewer sets than that.
const NEVER: u16 = 1 << 15;
/// Bytes of a row.
const WIDTH: usize = 16;

impl IndexRow {
    /// Whether the account never logged in, by a source that knows.
    pub fn never(self) -> bool {
        self.groups & NEVER != 0
    }

    /// Which set of groups it has.
    pub fn set(self) -> usize {
        usize::from(self.groups & !NEVER)
    }

    fn bytes(self) -> [u8; WIDTH] {
        let Self { decision, status, directory, groups, seen, created } = self;
        let small =
            u64::from(decision) | u64::from(status) << 16 | u64::from(directory) << 32 | u64::from(groups) << 48;
        let large = u64::from(seen) | u64::from(created) << 32;
        (u128::from(small) | u128::from(large) << 64).to_le_bytes()
    }

    #[expect(clippy::cast_possible_truncation, reason = "each field is the low part of what is left")]
    fn parse(bytes: [u8; WIDTH]) -> Self {
        let all = u128::from_le_bytes(bytes);
        Self {
            decision: all as u16,
            status: (all >> 16) as u16,
            directory: (all >> 32) as u16,
            groups: (all >> 48) as u16,
            seen: (all >> 64) as u32,
            created: (all >> 96) as u32,
        }
    }
}

fn packed<S: Serializer>(rows: &[IndexRow], serializer: S) -> Result<S::Ok, S::Error> {
    let bytes: Vec<u8> = rows.iter().flat_map(|row| row.bytes()).collect();
    serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
}

fn unpacked<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IndexRow>, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    let bytes = BASE64_STANDARD.decode(text.as_bytes()).map_err(D::Error::custom)?;
    let (rows, rest) = bytes.as_chunks::<WIDTH>();
    if !rest.is_empty() {
        return Err(D::Error::custom("the rows of the index break off"));
    }
    Ok(rows.iter().copied().map(IndexRow::parse).collect())
}

/// A list of texts without repetitions, and where each is.
#[derive(Default)]
struct Table<T> {
    places: BTreeMap<T, u16>,
}

impl<T: Ord> Table<T> {
    fn place(&mut self, value: T) -> u16 {
        // A page holds 4,000 accounts, so there are never more places than that.
        let next = u16::try_from(self.places.len()).unwrap_or(u16::MAX);
        *self.places.entry(value).or_insert(next)
    }

    fn list(self) -> Vec<T> {
        let mut list: Vec<(u16, T)> = self.places.into_iter().map(|(value, place)| (place, value)).collect();
        list.sort_by_key(|(place, _)| *place);
        list.into_iter().map(|(_, value)| value).collect()
    }
}

/// Whole seconds since 1970, never 0 for an instant that is known.
pub fn seconds(at: Instant) -> u32 {
    u32::try_from(at.timestamp().max(1)).unwrap_or(u32::MAX)
}

impl IndexPage {
    /// The index of some accounts of a snapshot; `first` is the page of the snapshot that holds the first of them.
    pub fn of(first: u32, accounts: &[Judged]) -> Self {
        let (mut decisions, mut statuses) = (Table::default(), Table::default());
        let (mut directories, mut groups) = (Table::default(), Table::default());
        directories.place(String::new());
        let rows = accounts
            .iter()
            .map(|Judged { account, decision }| {
                let seen = account.evidence.newest();
                let never = seen.is_none() && account.evidence.never.is_some();
                let set = account.groups.iter().chain(&account.marks).map(ToString::to_string).collect();
                IndexRow {
                    decision: decisions.place(decision.code().to_owned()),
                    status: statuses.place(account.status.word().to_owned()),
                    directory: directories.place(account.directory.clone().unwrap_or_default()),
                    groups: groups.place(set) | if never { NEVER } else { 0 },
                    seen: seen.map_or(0, |seen| seconds(seen.at)),
                    created: account.created.map_or(0, seconds),
                }
            })
            .collect();
        Self {
            first,
            decisions: decisions.list(),
            statuses: statuses.list(),
            directories: directories.list(),
            groups: groups.list(),
            rows,
        }
    }
}

/// A text without the difference between capital and small letters, letter by letter: a sigma at the end of a word is
/// the same letter as within it, whether somebody searches for the end of a name or for its middle.
pub fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase).map(|letter| if letter == 'ς' { 'σ' } else { letter })
}

/// Accounts as they are spread over pages of the index: each page has whole pages of the snapshot, of `block` accounts,
/// at most [`INDEX_PAGE`] accounts, and at most [`NAMES_PAGE`] bytes of names unless one block alone has more.
pub fn index_chunks(accounts: &[Judged], block: usize) -> Vec<&[Judged]> {
    let (mut chunks, mut rest) = (Vec::new(), accounts);
    while !rest.is_empty() {
        let (mut length, mut bytes) = (0, 0);
        for block in rest.chunks(block.max(1)) {
            bytes += names(block).len();
            if length > 0 && (length + block.len() > INDEX_PAGE || bytes > NAMES_PAGE) {
                break;
            }
            length += block.len();
        }
        let (chunk, left) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        chunks.push(chunk);
        rest = left;
    }
    chunks
}

/// User names and display names in lower case, two for each account, each with [`END`] behind it.
pub fn names(accounts: &[Judged]) -> String {
    let mut text = String::new();
    for Judged { account, .. } in accounts {
        for name in [account.username.as_str(), &account.display_name] {
            text.extend(folded(name).filter(|c| !c.is_control()).take(LONGEST_NAME));
            text.push(END);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_row_survives_the_store(
            rows in prop::collection::vec(any::<(u16, u16, u16, u16, u32, u32)>(), 0..20)
        ) {
            let rows = rows.into_iter().map(|(decision, status, directory, groups, seen, created)| {
                IndexRow { decision, status, directory, groups, seen, created }
            });
            let page = IndexPage { rows: rows.collect(), ..IndexPage::default() };
            let text = serde_json::to_string(&page).unwrap();
            prop_assert_eq!(serde_json::from_str::<IndexPage>(&text).unwrap(), page);
        }
    }

    #[test]
    fn rows_that_break_off_are_an_error() {
        let broken = r#"{"first":0,"decisions":[],"statuses":[],"directories":[],"groups":[],"rows":"AAAA"}"#;
        assert!(serde_json::from_str::<IndexPage>(broken).unwrap_err().to_string().contains("break off"));
    }
}
