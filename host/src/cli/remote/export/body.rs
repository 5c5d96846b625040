//! What the instance sends, as it comes: CSV is copied, pages of JSON become one document. Nothing is kept in memory
//! but one block or one page.

use std::io::{Read, Write};

use serde_json::Value;

use super::super::client::Client;
use super::super::drive::Progress;
use super::super::exit::Failure;
use super::super::secrets::Role;
use super::file::written;
use super::lists::{List, Rows};

/// Rows in one page; the instance allows no more.
const PAGE: usize = 500;

/// Where an export goes, and who watches.
pub(crate) struct Sink<'a> {
    /// The file or standard output.
    pub(crate) to: &'a mut dyn Write,
    /// The line on the terminal.
    pub(crate) progress: Option<&'a Progress>,
}

impl Sink<'_> {
    /// Writes a piece.
    pub(crate) fn write(&mut self, piece: &[u8]) -> Result<(), Failure> {
        written(self.to.write_all(piece))
    }

    /// Tells how far it is.
    pub(crate) fn told(&self, done: u64, total: Option<u64>, what: &str) {
        match (self.progress, total) {
            (Some(progress), Some(total)) => progress.count(done, total.max(done), what),
            (Some(progress), None) => progress.so_far(done, what),
            (None, _) => {}
        }
    }
}

pub(super) type Query = [(&'static str, String)];

pub(super) fn address(path: &str, query: &Query) -> String {
    let pairs = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{pairs}") }
}

/// How many rows there are, where somebody watches; a list that does not say has none.
pub(super) fn total(client: &Client, path: &str, list: &List, query: &Query, sink: &Sink<'_>) -> Option<u64> {
    let watched = sink.progress.is_some_and(Progress::is_shown);
    if !watched || !list.paged {
        return None;
    }
    let mut query = query.to_vec();
    query.extend([("page", "1".to_owned()), ("size", "1".to_owned())]);
    // Without a number the export goes on without a bar; whatever is wrong shows there.
    let answer: Value = client.get(Role::Report, &address(&format!("{path}.json"), &query)).ok()?;
    rows_in_all(&answer)
}

fn rows_in_all(answer: &Value) -> Option<u64> {
    ["/total", "/plan/accounts"].iter().find_map(|at| answer.pointer(at)?.as_u64())
}

/// Copies a list's CSV as it comes.
pub(super) fn csv(client: &Client, path: &str, list: &List, query: &Query, sink: &mut Sink<'_>) -> Result<(), Failure> {
    let total = total(client, path, list, query, sink);
    let stream = client.stream(Role::Report, &address(&format!("{path}.csv"), query), "text/csv")?;
    copied(stream, total, sink)
}

/// The same for a list without filters and without a number of rows.
pub(super) fn copy(client: &Client, path: &str, sink: &mut Sink<'_>) -> Result<(), Failure> {
    copied(client.stream(Role::Report, &format!("{path}.csv"), "text/csv")?, None, sink)
}

fn copied(mut stream: impl Read, total: Option<u64>, sink: &mut Sink<'_>) -> Result<(), Failure> {
    let mut block = vec![0; 64 << 10];
    let mut lines = 0_u64;
    loop {
        let length = stream.read(&mut block).map_err(|error| broke_off(&error))?;
        let Some(part) = block.get(..length).filter(|part| !part.is_empty()) else { return Ok(()) };
        sink.write(part)?;
        lines += u64::try_from(part.split(|byte| *byte == b'\n').skip(1).count()).unwrap_or_default();
        // The first line is the header.
        sink.told(lines.saturating_sub(1), total, "rows");
    }
}

pub(super) fn broke_off(error: &impl std::fmt::Display) -> Failure {
    Failure::new("the export broke off before its end").detail(error).next_step("Try again; no file was written.")
}

/// Joins the pages to one document: everything that a page says besides its rows, then all rows.
pub(super) fn json(
    client: &Client,
    path: &str,
    list: &List,
    query: &Query,
    sink: &mut Sink<'_>,
) -> Result<(), Failure> {
    let Rows::Report(rows) = list.rows else { return Ok(()) };
    let (mut page, mut done) = (1, 0_u64);
    let mut frame: Option<Value> = None;
    loop {
        let mut query = query.to_vec();
        if list.paged {
            query.extend([("page", page.to_string()), ("size", PAGE.to_string())]);
        }
        let mut answer: Value = client.get(Role::Report, &address(&format!("{path}.json"), &query))?;
        let Some(Value::Array(items)) = answer.get_mut(rows).map(Value::take) else { return Err(no_rows(rows)) };
        let total = rows_in_all(&answer);
        if let Some(fields) = answer.as_object_mut() {
            for name in [rows, "page", "pages", "size"] {
                fields.remove(name);
            }
        }
        match &frame {
            None => {
                // The frame without its closing brace, so that rows can follow one by one.
                let text = answer.to_string();
                let open = text.strip_suffix('}').unwrap_or_default();
                let comma = if open.len() > 1 { "," } else { "" };
                sink.write(format!("{open}{comma}\"{rows}\":[").as_bytes())?;
                frame = Some(answer);
            }
            Some(frame) if *frame != answer => {
                return Err(Failure::new("the instance went on in the middle of the export")
                    .next_step("Try again; no file was written."));
            }
            Some(_) => {}
        }
        for item in &items {
            let comma = if done > 0 { ",\n" } else { "\n" };
            sink.write(format!("{comma}{item}").as_bytes())?;
            done += 1;
        }
        sink.told(done, total, "rows");
        if !list.paged || items.is_empty() || total.is_none_or(|total| done >= total) {
            return sink.write(b"\n]}\n");
        }
        page += 1;
    }
}

pub(super) fn no_rows(name: &str) -> Failure {
    Failure::new(format!("the answer has no {name}"))
        .next_step("Check that the instance and this command have the same version.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_become_a_query() {
        let query = [("group", "R&D team".to_owned()), ("never", "true".to_owned())];
        assert_eq!(address("/report/accounts.csv", &query), "/report/accounts.csv?group=R%26D+team&never=true");
        assert_eq!(address("/report/accounts.csv", &[]), "/report/accounts.csv");
    }
}
