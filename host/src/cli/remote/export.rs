//! `seatkeeper export`: accounts or a plan as CSV or JSON. A file appears whole or not at all.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::client::Client;
use super::connection::Connection;
use super::drive::Progress;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::secrets::Role;

/// Accounts in one page; the instance allows no more.
const PAGE: usize = 500;

/// Arguments of `seatkeeper export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The accounts of the newest sweep, each with its decision and reason.
    #[command(after_help = "Examples:
  seatkeeper export accounts --output accounts.csv
  seatkeeper export accounts --decision reclaim --format json
  seatkeeper export accounts --idle-days 180 --group confluence-users")]
    Accounts(Accounts),
    /// The accounts of one plan, each with its reason and actions.
    #[command(after_help = "Examples:
  seatkeeper export plan 20261122-233000 --output plan.csv
  seatkeeper export plan 20261122-233000 --format json")]
    Plan(PlanArgs),
}

#[derive(Debug, Args)]
struct Accounts {
    /// Only decisions that begin so, such as `reclaim` or `keep/exempt`.
    #[arg(long)]
    decision: Option<String>,
    /// Only this status, such as `current` or `deactivated`.
    #[arg(long)]
    status: Option<String>,
    /// Only members of this licence group.
    #[arg(long)]
    group: Option<String>,
    /// Only accounts last seen so many days ago or earlier.
    #[arg(long, value_name = "DAYS")]
    idle_days: Option<u32>,
    /// Only accounts that never logged in.
    #[arg(long)]
    never: bool,
    /// Only names that contain this.
    #[arg(long)]
    text: Option<String>,
    #[command(flatten)]
    to: To,
}

#[derive(Debug, Args)]
struct PlanArgs {
    /// The plan's id.
    plan: String,
    #[command(flatten)]
    to: To,
}

#[derive(Debug, Args)]
struct To {
    /// The form [default: json with --json, else csv].
    #[arg(long)]
    format: Option<Format>,
    /// The file to write [default: standard output].
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for spreadsheets.
    Csv,
    /// One document.
    Json,
}

impl Export {
    /// How messages are shown.
    pub(crate) fn output(&self) -> Output {
        self.to().connection.output()
    }

    fn to(&self) -> &To {
        match &self.what {
            What::Accounts(accounts) => &accounts.to,
            What::Plan(plan) => &plan.to,
        }
    }

    /// Writes the export.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let to = self.to();
        let client = to.connection.client()?;
        let (path, query) = match &self.what {
            What::Accounts(accounts) => ("/report/accounts".to_owned(), accounts.query()),
            What::Plan(plan) => (format!("/report/plans/{}", super::path_segment(&plan.plan)), Vec::new()),
        };
        let default = if to.connection.output().json { Format::Json } else { Format::Csv };
        let progress = if to.output.is_some() { Some(Progress::new(self.output())) } else { None };
        let write = |sink: &mut dyn Write| match to.format.unwrap_or(default) {
            Format::Csv => csv(&client, &path, &query, sink, progress.as_ref()),
            Format::Json => json(&client, &path, &query, sink, progress.as_ref()),
        };
        match &to.output {
            None => write(&mut std::io::stdout().lock())?,
            Some(file) => into_file(file, write)?,
        }
        drop(progress);
        if let Some(file) = &to.output {
            written_to(file, self.output());
        }
        Ok(Exit::Done)
    }
}

impl Accounts {
    fn query(&self) -> Vec<(&'static str, String)> {
        let Self { decision, status, group, idle_days, never, text, to: _ } = self;
        let given = [
            ("decision", decision.clone()),
            ("status", status.clone()),
            ("group", group.clone()),
            ("idle-days", idle_days.map(|days| days.to_string())),
            ("never", never.then(|| "true".to_owned())),
            ("text", text.clone()),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

fn address(path: &str, query: &[(&'static str, String)]) -> String {
    let pairs = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{pairs}") }
}

/// Copies the stream as it comes.
fn csv(
    client: &Client,
    path: &str,
    query: &[(&'static str, String)],
    sink: &mut dyn Write,
    progress: Option<&Progress>,
) -> Result<(), Failure> {
    let mut stream = client.stream(Role::Report, &address(&format!("{path}.csv"), query), "text/csv")?;
    let mut block = vec![0; 64 << 10];
    let mut bytes = 0;
    loop {
        let length = stream.read(&mut block).map_err(|error| {
            Failure::new("the export broke off before its end")
                .detail(error)
                .next_step("Try again; no file was written.")
        })?;
        let Some(part) = block.get(..length).filter(|part| !part.is_empty()) else { return Ok(()) };
        written(sink.write_all(part))?;
        bytes += part.len();
        if let Some(progress) = progress {
            progress.so_far(u64::try_from(bytes / 1024).unwrap_or(u64::MAX), "KiB");
        }
    }
}

/// Joins the pages to one document: everything that a page says besides its accounts, then all accounts.
fn json(
    client: &Client,
    path: &str,
    query: &[(&'static str, String)],
    sink: &mut dyn Write,
    progress: Option<&Progress>,
) -> Result<(), Failure> {
    let (mut page, mut done) = (1, 0_u64);
    let mut frame: Option<Value> = None;
    loop {
        let mut query = query.to_vec();
        query.extend([("page", page.to_string()), ("size", PAGE.to_string())]);
        let mut answer: Value = client.get(Role::Report, &address(&format!("{path}.json"), &query))?;
        let accounts = answer.get_mut("accounts").map(Value::take);
        let Some(Value::Array(accounts)) = accounts else {
            return Err(Failure::new("the answer has no accounts")
                .next_step("Check that the instance and this command have the same version."));
        };
        let total = ["/total", "/plan/accounts"].iter().find_map(|at| answer.pointer(at)?.as_u64());
        if let Some(fields) = answer.as_object_mut() {
            for name in ["accounts", "page", "pages", "size"] {
                fields.remove(name);
            }
        }
        match &frame {
            None => {
                // The frame without its closing brace, so that accounts can follow one by one.
                let text = answer.to_string();
                let open = text.strip_suffix('}').unwrap_or_default();
                let comma = if open.len() > 1 { "," } else { "" };
                written(write!(sink, "{open}{comma}\"accounts\":["))?;
                frame = Some(answer);
            }
            Some(frame) if *frame != answer => {
                return Err(Failure::new("the instance went on in the middle of the export")
                    .next_step("Try again; no file was written."));
            }
            Some(_) => {}
        }
        for account in &accounts {
            let comma = if done > 0 { ",\n" } else { "\n" };
            written(write!(sink, "{comma}{account}"))?;
            done += 1;
        }
        if let Some(progress) = progress {
            progress.so_far(done, "accounts");
        }
        if accounts.is_empty() || total.is_none_or(|total| done >= total) {
            return written(sink.write_all(b"\n]}\n"));
        }
        page += 1;
    }
}

/// Writes beside the file and renames at the end, so that half an export never looks like a whole one.
fn into_file(file: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let beside = file.with_file_name(name);
    let refuse = |error: std::io::Error| {
        Failure::new(format!("the file {} cannot be written", file.display()))
            .detail(error)
            .next_step("Check the folder and the space left, or choose another file with --output.")
    };
    let result = (|| {
        let mut sink = std::io::BufWriter::new(std::fs::File::create(&beside).map_err(refuse)?);
        write(&mut sink)?;
        sink.into_inner().map_err(|error| refuse(error.into_error()))?.sync_all().map_err(refuse)?;
        std::fs::rename(&beside, file).map_err(refuse)
    })();
    if result.is_err() {
        // What is left of it is of no use; the reason above matters more than a failure here.
        let _ = std::fs::remove_file(&beside);
    }
    result
}

fn written(result: std::io::Result<()>) -> Result<(), Failure> {
    result
        .map_err(|error| Failure::new("the export cannot be written").detail(error).next_step("Check the space left."))
}

/// Writes a report's CSV to a file, or shows it.
pub(crate) fn csv_to(client: &Client, path: &str, file: Option<&Path>, output: Output) -> Result<(), Failure> {
    let Some(file) = file else {
        return csv(client, path, &[], &mut std::io::stdout().lock(), None);
    };
    into_file(file, |sink| csv(client, path, &[], sink, None))?;
    written_to(file, output);
    Ok(())
}

/// Writes text to a file, or shows it.
pub(crate) fn text_to(file: Option<&Path>, text: &str, output: Output) -> Result<(), Failure> {
    let Some(file) = file else {
        super::output::write(text);
        return Ok(());
    };
    into_file(file, |sink| written(sink.write_all(text.as_bytes())))?;
    written_to(file, output);
    Ok(())
}

fn written_to(file: &Path, output: Output) {
    let file = file.display().to_string();
    output.show(&format!("Written: {file}"), &json!({"exit": Exit::Done.code(), "file": file}));
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

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("out.csv");
        let broken = into_file(&file, |sink| {
            sink.write_all(b"half").unwrap();
            Err(Failure::new("broke off"))
        });
        assert!(broken.is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        into_file(&file, |sink| written(sink.write_all(b"whole"))).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "whole");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
