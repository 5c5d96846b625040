//! Last logins from a file: what single sign-on, a proxy or an export knows and Confluence does not. Rows that are
//! accepted become evidence in the next sweep; every other row is reported with its line and the reason.

use crate::{
    admin::Refusal,
    audit::{self, Act},
    ports::Store,
    state::{self, Import, ImportedLogin},
};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use seatkeeper_policy::{Instant, SweepId, UserKey, Username};
use serde::{Deserialize, Serialize};

/// Rows on one stored page: about 200 KB.
const PAGE: usize = 2_000;
/// Imported files that are kept. A sweep remembers what it read, so an old file may go.
const KEPT: usize = 20;
/// Refused rows that are listed; beyond that only their number is told.
const LISTED: usize = 1_000;
/// Rows of one file.
pub const MOST_ROWS: usize = 200_000;

/// How a file was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImportReport {
    /// The import; none when no row was accepted.
    pub id: Option<SweepId>,
    /// Rows accepted.
    pub accepted: u32,
    /// Rows refused.
    pub refused: u32,
    /// The refused rows, at most a thousand.
    pub problems: Vec<RowProblem>,
}

/// A row that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowProblem {
    /// Line in the file, from 1.
    pub line: u64,
    /// Column.
    pub field: String,
    /// What was found there.
    pub value: String,
    /// What is wrong and what to do.
    pub problem: String,
}

/// Reads a file with the columns `username` or `user-key` (or both) and `last-login`, in any order, with or without a
/// byte order mark, separated by commas or semicolons. Times without a zone are in the policy's zone.
pub fn parse(text: &str, zone: FixedOffset, now: Instant) -> Result<(Vec<ImportedLogin>, Vec<RowProblem>), RowProblem> {
    parse_as(text, |cell| cell, zone, now)
}

/// The same, where `original` takes off what an export puts in front of a cell against formulas.
pub fn parse_as(
    text: &str,
    original: impl Fn(&str) -> &str,
    zone: FixedOffset,
    now: Instant,
) -> Result<(Vec<ImportedLogin>, Vec<RowProblem>), RowProblem> {
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().next().unwrap_or_default();
    let separator = if header.contains(';') { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let columns = Columns::find(reader.headers().map_err(|error| unreadable(1, &error))?)?;
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push(unreadable(error.position().map_or(0, csv::Position::line), &error));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        if rows.len() >= MOST_ROWS {
            let problem = format!("only {MOST_ROWS} rows are taken at a time; send the rest as another file");
            return Err(RowProblem { line, field: "file".into(), value: String::new(), problem });
        }
        match columns.row(&record, &original, line, zone, now) {
            Ok(row) => rows.push(row),
            Err(problem) => problems.push(problem),
        }
    }
    Ok((rows, problems))
}

fn unreadable(line: u64, error: &csv::Error) -> RowProblem {
    RowProblem { line, field: "file".into(), value: String::new(), problem: format!("cannot be read as CSV: {error}") }
}

struct Columns {
    name: Option<usize>,
    key: Option<usize>,
    login: usize,
}

impl Columns {
    fn find(headers: &csv::StringRecord) -> Result<Self, RowProblem> {
        let find = |names: &[&str]| {
            headers.iter().position(|header| names.contains(&header.to_lowercase().replace(['_', ' '], "-").as_str()))
        };
        let name = find(&["username", "user-name", "user", "login"]);
        let key = find(&["user-key", "userkey", "key"]);
        let login = find(&["last-login", "lastlogin", "last-activity", "last-seen"]);
        let (Some(login), true) = (login, name.is_some() || key.is_some()) else {
            return Err(RowProblem {
                line: 1,
                field: "header".into(),
                value: headers.iter().collect::<Vec<_>>().join(","),
                problem: "must name the columns `username` or `user-key`, and `last-login`".into(),
            });
        };
        Ok(Self { name, key, login })
    }

    fn row(
        &self,
        record: &csv::StringRecord,
        original: &impl Fn(&str) -> &str,
        line: u64,
        zone: FixedOffset,
        now: Instant,
    ) -> Result<ImportedLogin, RowProblem> {
        let problem = |field: &str, value: &str, problem: String| RowProblem {
            line,
            field: field.to_owned(),
            value: value.chars().take(80).collect(),
            problem,
        };
        let cell =
            |column: Option<usize>| column.and_then(|c| record.get(c)).map(original).filter(|cell| !cell.is_empty());
        let key = cell(self.key)
            .map(|text| UserKey::parse(text.to_owned()).map_err(|e| problem("user-key", text, e.to_string())))
            .transpose()?;
        let name = cell(self.name)
            .map(|text| Username::parse(text.to_owned()).map_err(|e| problem("username", text, e.to_string())))
            .transpose()?;
        if key.is_none() && name.is_none() {
            return Err(problem("username", "", "is empty; a row needs a user name or a user key".into()));
        }
        let text = cell(Some(self.login)).ok_or_else(|| {
            problem("last-login", "", "is empty; leave the row out if the person never logged in".into())
        })?;
        let at = instant(text, zone).ok_or_else(|| {
            let formats = "write 2026-11-22T08:15:00Z, 2026-11-22 08:15:00, 2026-11-22, or milliseconds since 1970";
            problem("last-login", text, format!("is not a time; {formats}"))
        })?;
        if at > now + TimeDelta::minutes(5) {
            return Err(problem("last-login", text, "lies in the future; check the clock and the zone".into()));
        }
        if at.timestamp() < 1_072_915_200 {
            return Err(problem(
                "last-login",
                text,
                "is older than Confluence itself; seconds and milliseconds mixed?".into(),
            ));
        }
        Ok(ImportedLogin(name.map(|name| name.as_str().to_lowercase()), key, at.timestamp_millis()))
    }
}

/// An instant in one of the usual forms. Ten digits are seconds, thirteen are milliseconds.
fn instant(text: &str, zone: FixedOffset) -> Option<Instant> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: i64 = text.parse().ok()?;
        return match text.len() {
            9..=10 => DateTime::from_timestamp(number, 0),
            12..=13 => DateTime::from_timestamp_millis(number),
            _ => None,
        };
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    let local = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|day| day.and_time(NaiveTime::MIN)))?;
    zone.from_local_datetime(&local).single().map(|at| at.to_utc())
}

/// Takes a file in. With `dry_run` it only reports.
pub async fn import(
    store: &impl Store,
    text: &str,
    zone: FixedOffset,
    dry_run: bool,
    by: &str,
    now: Instant,
) -> Result<ImportReport, Refusal> {
    import_as(store, text, |cell| cell, zone, dry_run, by, now).await
}

/// The same, where `original` takes off what an export puts in front of a cell against formulas.
pub async fn import_as(
    store: &impl Store,
    text: &str,
    original: impl Fn(&str) -> &str,
    zone: FixedOffset,
    dry_run: bool,
    by: &str,
    now: Instant,
) -> Result<ImportReport, Refusal> {
    let (rows, mut problems) = match parse_as(text, original, zone, now) {
        Ok(read) => read,
        Err(problem) => return Err(Refusal::Import(problem)),
    };
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let (accepted, refused) = (count(rows.len()), count(problems.len()));
    problems.truncate(LISTED);
    let mut report = ImportReport { id: None, accepted, refused, problems };
    if dry_run || rows.is_empty() {
        return Ok(report);
    }
    let mut imports = state::load(store, &state::imports()).await?.unwrap_or_default();
    let mut at = now;
    while imports.iter().any(|known| known.id == SweepId::opened_at(at)) {
        at += TimeDelta::seconds(1);
    }
    let id = SweepId::opened_at(at);
    let mut pages = 0;
    for chunk in rows.chunks(PAGE) {
        state::save(store, &state::import(&id, pages), &chunk.to_vec()).await?;
        pages += 1;
    }
    let detail = format!("{accepted} rows accepted, {refused} refused");
    let act = Act { id: format!("import:{id}"), actor: by, act: "evidence-imported", subject: id.as_str(), detail };
    audit::append(store, "admin", act, now).await?;
    imports.insert(0, Import { id: id.clone(), at: now, by: by.to_owned(), rows: accepted, refused, pages });
    let old = imports.split_off(imports.len().min(KEPT));
    state::save(store, &state::imports(), &imports).await?;
    for import in old {
        for page in 0..import.pages {
            state::remove(store, &state::import(&import.id, page)).await?;
        }
    }
    report.id = Some(id);
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatkeeper_policy::testing::at;

    fn read(text: &str) -> (Vec<ImportedLogin>, Vec<RowProblem>) {
        parse(text, FixedOffset::east_opt(3600).unwrap(), at("2026-11-22T12:00:00Z")).unwrap()
    }

    #[test]
    fn every_usual_form_of_a_time_is_the_same_instant() {
        let forms =
            ["2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00", "2026-01-02 04:04:05", "1767323045", "1767323045000"];
        for form in forms {
            let (rows, problems) = read(&format!("\u{feff}Last Login;User_Name\n{form};JDoe\n"));
            assert_eq!(rows, [ImportedLogin(Some("jdoe".into()), None, 1_767_323_045_000)], "{form}: {problems:?}");
        }
    }

    #[test]
    fn each_row_that_cannot_be_used_is_named_with_its_line_and_the_others_are_taken() {
        let text = "username,last-login\na,2026-01-01\n,2026-01-01\nb,soon\nc,2030-01-01\nd,1970-01-01\ne,\nf,17673230\ng,2026-01-01";
        let (rows, problems) = read(text);
        assert_eq!(rows.len(), 2);
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn a_file_without_the_right_columns_is_refused_as_a_whole() {
        let problem = parse("name;date\n", FixedOffset::east_opt(0).unwrap(), at("2026-11-22T12:00:00Z")).unwrap_err();
        assert_eq!((problem.line, problem.field.as_str()), (1, "header"));
    }
}
