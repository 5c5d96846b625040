//! `seatkeeper export`: every list as CSV or JSON. A file appears whole or not at all.

mod body;
mod file;
mod lists;
mod local;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, builder::PossibleValuesParser};
use serde_json::json;

use super::client::Client;
use super::connection::Connection;
use super::drive::Progress;
use super::exit::{Exit, Failure};
use super::output::Output;
pub(crate) use body::Sink;
pub(crate) use file::{into_file, named, text_to};
use lists::{Csv, LISTS, Rows};

/// Arguments of `seatkeeper export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The list; the table below says what each of them holds.
    #[arg(value_parser = PossibleValuesParser::new(lists::names()), hide_possible_values = true)]
    list: String,
    /// Of which plan; only for the list `plan`.
    id: Option<String>,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    pub(crate) to: To,
}

/// Which accounts are wanted.
#[derive(Debug, Args)]
#[command(next_help_heading = "Only for the lists of accounts")]
struct Filter {
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
}

/// Where to and how.
#[derive(Debug, Args)]
pub(crate) struct To {
    /// The form [default: json with --json, else csv].
    #[arg(long)]
    format: Option<Format>,
    /// The file to write, or a folder, where it gets a name with the date [default: standard output].
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for spreadsheets.
    Csv,
    /// One document.
    Json,
}

impl Format {
    fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// The table of lists, for `--help`.
pub(crate) fn lists_help() -> String {
    let width = LISTS.iter().map(|list| list.name.len()).max().unwrap_or_default();
    let lines = LISTS.iter().map(|list| format!("  {:width$}  {}", list.name, list.about));
    format!("Lists:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

impl Export {
    /// How messages are shown.
    pub(crate) fn output(&self) -> Output {
        self.to.connection.output()
    }

    /// Writes the export.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let Some(list) = LISTS.iter().find(|list| list.name == self.list) else {
            // The parser has let in only names of the table.
            return Err(Failure::new(format!("there is no list `{}`", self.list)));
        };
        let query = self.filter.query();
        if !list.filters && !query.is_empty() {
            return Err(Failure::new(format!("the list `{}` has no filters", list.name))
                .next_step("Leave the filters out; `seatkeeper export --help` says which lists have them."));
        }
        let id = match (list.path.contains("{id}"), &self.id) {
            (true, Some(id)) => id.as_str(),
            (false, None) => "",
            (true, None) => {
                return Err(Failure::new("the list `plan` is that of one plan").next_step(
                    "Name its id: `seatkeeper export plan ID`; `seatkeeper show latest` tells the newest.",
                ));
            }
            (false, Some(id)) => {
                return Err(Failure::new(format!("the list `{}` takes no `{id}`", list.name))
                    .next_step("Leave it out; only `plan` names one plan."));
            }
        };
        let path = list.path.replace("{id}", &super::path_segment(id));
        let name = if id.is_empty() { list.name.to_owned() } else { format!("{}-{id}", list.name) };
        self.to.write(&name, |client, format, sink| match (list.rows, format) {
            (Rows::Audit, format) => super::audit::export(client, format == Format::Json, sink),
            (Rows::Report(_), Format::Json) => body::json(client, &path, list, &query, sink),
            (Rows::Report(rows), Format::Csv) => match list.csv {
                Csv::Theirs => body::csv(client, &path, list, &query, sink),
                Csv::LastLogins => local::last_logins(client, &path, &query, sink),
                Csv::Ours(columns) => local::table(client, &path, rows, columns, sink),
            },
        })
    }
}

impl To {
    /// Writes what `write` makes to where it is to go. `name` is what a file in a folder is called, before the date.
    pub(crate) fn write(
        &self,
        name: &str,
        write: impl FnOnce(&Client, Format, &mut Sink<'_>) -> Result<(), Failure>,
    ) -> Result<Exit, Failure> {
        let output = self.connection.output();
        let client = self.connection.client()?;
        let format = self.format.unwrap_or(if output.json { Format::Json } else { Format::Csv });
        let Some(target) = &self.output else {
            let mut out = std::io::stdout().lock();
            write(&client, format, &mut Sink { to: &mut out, progress: None })?;
            return Ok(Exit::Done);
        };
        let target = file::named(target, name, format.ending(), chrono::Utc::now());
        let progress = Progress::about(output, "exporting");
        file::into_file(&target, |to| write(&client, format, &mut Sink { to, progress: Some(&progress) }))?;
        drop(progress);
        written_to(&target, output);
        Ok(Exit::Done)
    }
}

impl Filter {
    fn query(&self) -> Vec<(&'static str, String)> {
        let Self { decision, status, group, idle_days, never, text } = self;
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

/// Writes a list's CSV to a file, or shows it.
pub(crate) fn csv_to(client: &Client, path: &str, file: Option<&Path>, output: Output) -> Result<(), Failure> {
    let copy = |to: &mut dyn Write| body::copy(client, path, &mut Sink { to, progress: None });
    let Some(file) = file else {
        return copy(&mut std::io::stdout().lock());
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    let file = file::named(file, name, "csv", chrono::Utc::now());
    file::into_file(&file, copy)?;
    written_to(&file, output);
    Ok(())
}

fn written_to(file: &Path, output: Output) {
    let file = file.display().to_string();
    output.show(&format!("Written: {file}"), &json!({"exit": Exit::Done.code(), "file": file}));
}
