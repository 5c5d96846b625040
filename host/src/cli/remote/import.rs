//! `seatkeeper import`: last logins from a file, for what Confluence itself does not know.

use std::path::PathBuf;

use clap::Args;
use seatkeeper_engine::import::{ImportReport, RowProblem};
use serde_json::json;

use super::connection::Connection;
use super::exit::{Exit, Failure};
use super::render::{grid, plural};

/// Arguments of `seatkeeper import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// A CSV file with a header and the columns `username` or `user-key` (or both) and `last-login`; `-` is standard
    /// input.
    file: PathBuf,
    /// Only look for problems in it; nothing is taken in.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

impl Import {
    /// Sends the file and shows which rows were refused.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let text = super::policy::read(&self.file)?;
        let client = self.connection.client()?;
        let path = if self.dry_run { "/admin/evidence/import?dry-run=true" } else { "/admin/evidence/import" };
        let report: ImportReport = client.send(path, "text/csv", &text).map_err(|failure: Failure| {
            if failure.is("too-large") {
                failure.instead("Split the file: at most 8 MB and 200000 rows are taken at a time.")
            } else if failure.is("import-unreadable") {
                failure.instead(
                    "Correct the file. It needs a header with `username` or `user-key`, and `last-login`, and fewer than \
                     200000 rows.",
                )
            } else {
                failure
            }
        })?;
        let exit = if report.refused > 0 { Exit::Failed } else { Exit::Done };
        let value = json!({"exit": exit.code(), "dry-run": self.dry_run, "import": report});
        self.connection.output().show(&told(&report, self.dry_run), &value);
        Ok(exit)
    }
}

fn told(report: &ImportReport, dry_run: bool) -> String {
    let ImportReport { id, accepted, refused, problems } = report;
    let rows = plural(*accepted, "row");
    let mut text = match id {
        Some(id) => format!("Import {id}: {rows} accepted, {refused} refused"),
        None if dry_run => format!("Dry run: {rows} would be accepted, {refused} refused; nothing was taken in"),
        None => format!("No row was accepted, {refused} refused; nothing was taken in"),
    };
    if !problems.is_empty() {
        let row = |RowProblem { line, field, value, problem }: &RowProblem| {
            [line.to_string(), field.clone(), value.clone(), problem.clone()]
        };
        text = format!("{text}\n\n{}", grid(["Line", "Column", "Value", "Problem"], problems.iter().map(row)));
    }
    let unlisted = refused.saturating_sub(u32::try_from(problems.len()).unwrap_or(u32::MAX));
    if unlisted > 0 {
        text = format!("{text}\nAnd {unlisted} more, which are not listed.");
    }
    let next = match (*refused > 0, id.is_some(), dry_run) {
        (false, _, true) => "send it without --dry-run.",
        (true, _, true) => "correct these rows, then send the file without --dry-run.",
        (true, false, false) => "correct these rows and send the file again.",
        (true, true, false) => {
            "correct these rows and send them again, alone or with the others; the newest login of a person counts."
        }
        (false, true, false) => "the next sweep judges with these logins; `seatkeeper plan` opens one now.",
        (false, false, false) => "check that the file has rows below its header.",
    };
    format!("{text}\nNext step: {next}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatkeeper_policy::SweepId;

    fn report(accepted: u32, refused: u32, listed: usize) -> ImportReport {
        let problem = |line| RowProblem {
            line,
            field: "last-login".into(),
            value: "yester\u{1b}day".into(),
            problem: "is not a time".into(),
        };
        ImportReport {
            id: (accepted > 0).then(|| SweepId::parse("20261122-120000").unwrap()),
            accepted,
            refused,
            problems: (2..).take(listed).map(problem).collect(),
        }
    }

    #[test]
    fn refused_rows_are_listed_with_line_column_and_reason() {
        let text = told(&report(10, 3, 2), false);
        assert!(text.starts_with("Import 20261122-120000: 10 rows accepted, 3 refused\n"), "{text}");
        for part in ["last-login", "is not a time", "And 1 more", "the newest login of a person counts"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn a_dry_run_says_that_nothing_was_taken_in() {
        let text = told(&ImportReport { id: None, ..report(10, 0, 0) }, true);
        assert!(text.starts_with("Dry run: 10 rows would be accepted, 0 refused; nothing was taken in"), "{text}");
        assert!(text.ends_with("send it without --dry-run."), "{text}");
    }

    #[test]
    fn a_file_without_one_good_row_says_that_nothing_was_taken_in() {
        assert!(told(&report(0, 2, 2), false).starts_with("No row was accepted, 2 refused; nothing was taken in"));
        assert!(told(&report(0, 0, 0), false).ends_with("has rows below its header."));
    }
}
