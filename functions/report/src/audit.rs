//! The audit trail: what was done by whom, newest first, whether its chain holds, and the same as files.

mod merge;
mod verdict;

pub use merge::Merge;
pub use verdict::{Step, Verdict, shown, step};

use futures::{Stream, stream};
use merge::Found;
use seatkeeper_console::Moment;
use seatkeeper_engine::{
    audit::{Entry, FUNCTIONS},
    ports::Store,
    state::StateError,
};
use seatkeeper_spin::respond::StreamError;
use seatkeeper_web::{Query, QueryError, csv};
use serde::Serialize;

/// Where it is.
pub const PATH: &str = "/report/audit";

/// Entries on the page.
const SIZE: usize = 100;

/// Entries in one part of a file: about as many as a stored page has.
const PART: usize = 200;

/// The columns, in the order of [`Row::fields`].
const COLUMNS: [&str; 8] = ["at", "function", "actor", "act", "subject", "detail", "id", "hash"];

/// Which part of the trail is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// One function only.
    pub function: Option<&'static str>,
    /// One day only.
    pub day: Option<String>,
    /// Entries older than this place.
    pub older: Option<String>,
    /// Check everything, from this step on.
    pub verify: Option<Step>,
}

impl Wanted {
    /// Reads a query.
    pub fn parse(query: &str) -> Result<Self, QueryError> {
        let query = Query::parse(query, &["function", "day", "older", "verify"])?;
        let invalid = |name: &str, value: &str, expected: &str| QueryError::Invalid {
            name: name.to_owned(),
            value: value.to_owned(),
            expected: expected.to_owned(),
        };
        let function = match query.get("function") {
            Some(asked) => {
                let known = FUNCTIONS.into_iter().find(|function| *function == asked);
                let expected = || invalid("function", asked, &format!("one of {}", FUNCTIONS.join(", ")));
                Some(known.ok_or_else(expected)?)
            }
            None => None,
        };
        let day = query.parsed::<chrono::NaiveDate>("day", "a day such as 2026-11-23")?.map(|day| day.to_string());
        let verify = match query.get("verify") {
            Some(text) => Some(Step::parse(text).ok_or_else(|| invalid("verify", text, "`all`, or as a link said"))?),
            None => None,
        };
        Ok(Self { function, day, older: query.get("older").map(str::to_owned), verify })
    }

    /// The address of the same part in another form, or further back.
    pub fn link(&self, path: &str, older: Option<&str>) -> String {
        let pairs = [("function", self.function), ("day", self.day.as_deref()), ("older", older)];
        let pairs: Vec<String> =
            pairs.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect();
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
    }
}

/// One entry.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// When.
    pub at: Moment,
    /// Which function recorded it.
    pub function: &'static str,
    /// Who.
    pub actor: String,
    /// What.
    pub act: String,
    /// On whom or what.
    pub subject: String,
    /// How it went.
    pub detail: String,
    /// Names the act itself.
    pub id: String,
    /// Its place in the chain.
    pub hash: String,
}

impl Row {
    fn new(Found { function, entry }: Found) -> Self {
        let Entry { at, id, actor, act, subject, detail, hash } = entry;
        Self { at: Moment(at), function, actor, act, subject, detail, id, hash }
    }

    fn fields(&self) -> [&str; 7] {
        let Self { at: _, function, actor, act, subject, detail, id, hash } = self;
        [function, actor, act, subject, detail, id, hash]
    }

    fn csv(&self) -> Vec<u8> {
        let at = self.at.iso();
        let fields: Vec<&str> = std::iter::once(at.as_str()).chain(self.fields()).collect();
        csv::row(&fields)
    }
}

/// The page.
#[derive(Debug)]
pub struct View {
    /// The entries, newest first.
    pub rows: Vec<Row>,
    /// Whether the chain holds.
    pub verdict: Verdict,
    /// Where the entries before these begin.
    pub older: Option<String>,
    /// The functions to choose from.
    pub functions: [&'static str; 3],
}

/// Reads the page. `enough` says that the time for checking is over.
pub async fn read(store: &impl Store, wanted: &Wanted, enough: impl Fn() -> bool) -> Result<View, StateError> {
    let mut merge = Merge::open(store, wanted).await?;
    let mut rows = Vec::new();
    while rows.len() < SIZE
        && let Some(found) = merge.next(store).await?
    {
        rows.push(Row::new(found));
    }
    let older = merge.more(store).await?.then(|| merge.place());
    let verdict = match &wanted.verify {
        Some(from) => step(store, from, enough).await?,
        None => shown(store, merge.checked(), enough).await?,
    };
    Ok(View { rows, verdict, older, functions: FUNCTIONS })
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// A table.
    Csv,
    /// A list in an object.
    Json,
}

/// The whole part that is wanted, newest first, one stored page of each function in memory at a time.
pub fn export<S: Store>(
    store: S,
    merge: Merge,
    file: File,
) -> impl Stream<Item = Result<Vec<u8>, StreamError>> + use<S> {
    /// What comes next.
    enum At {
        Head,
        Entries { first: bool },
        Over,
    }
    stream::try_unfold((store, merge, At::Head), move |(store, mut merge, at)| async move {
        match (at, file) {
            (At::Over, _) => Ok(None),
            (At::Head, File::Csv) => Ok(Some((csv::header(&COLUMNS), (store, merge, At::Entries { first: true })))),
            (At::Head, File::Json) => {
                Ok(Some((b"{\"entries\":[".to_vec(), (store, merge, At::Entries { first: true }))))
            }
            (At::Entries { mut first }, _) => {
                let mut part = Vec::new();
                for _ in 0..PART {
                    let Some(found) = merge.next(&store).await? else {
                        if file == File::Json {
                            part.extend_from_slice(b"]}");
                        }
                        return Ok(Some((part, (store, merge, At::Over))));
                    };
                    let row = Row::new(found);
                    match file {
                        File::Csv => part.extend(row.csv()),
                        File::Json => {
                            if !std::mem::take(&mut first) {
                                part.push(b',');
                            }
                            part.extend(serde_json::to_vec(&row)?);
                        }
                    }
                }
                Ok(Some((part, (store, merge, At::Entries { first }))))
            }
        }
    })
}

#[cfg(test)]
mod tests;
