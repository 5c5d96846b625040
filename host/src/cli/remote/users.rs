//! `seatkeeper users`: change names, mail addresses, full names and groups of accounts, and see what became of it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use seatkeeper_engine::attributes::{JobReport, JobStatus};
use serde_json::{Value, json};

use super::client::Client;
use super::connection::Connection;
use super::drive::Progress;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::secrets::Role;

mod columns;
mod tell;

/// Answers in a row that may come no further before we give up.
const STANDSTILLS: u32 = 5;

/// Arguments of `seatkeeper users`.
#[derive(Debug, Args)]
pub(crate) struct Users {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Give an account another name.
    #[command(after_help = "Examples:
  seatkeeper users rename jdoe jane.doe --dry-run
  seatkeeper users rename jdoe jane.doe")]
    Rename(Rename),
    /// Change mail address, full name and groups of an account. What is not named stays.
    #[command(
        override_usage = "seatkeeper users set [OPTIONS] <USER>",
        after_help = "Examples:
  seatkeeper users set jdoe --email jane.doe@example.com --full-name Jane
  seatkeeper users set jdoe --add-group sales --remove-group old-sales --dry-run"
    )]
    Set(Set),
    /// Change accounts by a CSV file.
    #[command(after_help = "Columns: username, and at least one of new-username, email, full-name, add-groups,
remove-groups. The other columns of `export accounts` may stay in the file; they change nothing.

Examples:
  seatkeeper users bulk people.csv --dry-run
  seatkeeper users bulk people.csv
  seatkeeper users bulk people.csv --skip-refused --json | jq '.report.job.tally'")]
    Bulk(Bulk),
    /// The newest jobs, or one of them with its rows.
    #[command(after_help = "Examples:
  seatkeeper users jobs
  seatkeeper users jobs 20261123-061500
  seatkeeper users jobs 20261123-061500 --state failed")]
    Jobs(Jobs),
    /// Go on with a job that is not at its end.
    #[command(after_help = "Example:
  seatkeeper users resume 20261123-061500")]
    Resume(Job),
    /// Take back exactly what a job did, where the present values are still those that it wrote.
    #[command(after_help = "Example:
  seatkeeper users undo 20261123-061500")]
    Undo(Job),
}

#[derive(Debug, Args)]
struct Rename {
    /// The present name.
    old: String,
    /// The new name.
    new: String,
    /// Only look; nothing is written.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Args)]
#[group(id = "wish", required = true, multiple = true, args = ["email", "full_name", "add_group", "remove_group"])]
struct Set {
    /// The account's name.
    user: String,
    /// The new mail address.
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// The new full name.
    #[arg(long, value_name = "NAME")]
    full_name: Option<String>,
    /// A group to join; may be given several times.
    #[arg(long, value_name = "GROUP")]
    add_group: Vec<String>,
    /// A group to leave; may be given several times.
    #[arg(long, value_name = "GROUP")]
    remove_group: Vec<String>,
    /// Only look; nothing is written.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Args)]
struct Bulk {
    /// The CSV file; `-` is standard input.
    file: PathBuf,
    /// Only look; nothing is written.
    #[arg(long)]
    dry_run: bool,
    /// Leave rows out that the check refuses, instead of refusing the whole file.
    #[arg(long)]
    skip_refused: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Args)]
struct Jobs {
    /// A job's id.
    job: Option<String>,
    /// Only rows in this state, such as `failed` or `refused`.
    #[arg(long, value_name = "STATE", requires = "job")]
    state: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Args)]
struct Job {
    /// The job's id.
    job: String,
    #[command(flatten)]
    connection: Connection,
}

impl Users {
    /// How messages are shown.
    pub(crate) fn output(&self) -> Output {
        self.connection().output()
    }

    fn connection(&self) -> &Connection {
        match &self.what {
            What::Rename(Rename { connection, .. })
            | What::Set(Set { connection, .. })
            | What::Bulk(Bulk { connection, .. })
            | What::Jobs(Jobs { connection, .. })
            | What::Resume(Job { connection, .. })
            | What::Undo(Job { connection, .. }) => connection,
        }
    }

    /// Runs the command.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let output = self.output();
        // Read before anything is sent, like a file that cannot be read.
        match &self.what {
            What::Rename(Rename { old, new, dry_run, connection }) => {
                let path = format!("/admin/users/{}/rename{}", super::path_segment(old), query(*dry_run, false));
                let client = connection.client()?;
                to_the_end(&client, client.order(&path, &json!({"to": new})).map_err(in_commands)?, output)
            }
            What::Set(set) => {
                let path = format!("/admin/users/{}{}", super::path_segment(&set.user), query(set.dry_run, false));
                let client = set.connection.client()?;
                to_the_end(&client, client.patch(&path, &set.body()).map_err(in_commands)?, output)
            }
            What::Bulk(Bulk { file, dry_run, skip_refused, connection }) => {
                let text = super::policy::read(file)?;
                let (text, left_out) = columns::taken(&text)?;
                if !left_out.is_empty() {
                    output.note(&format!("Left out, because they change nothing: {}.", left_out.join(", ")));
                }
                let path = format!("/admin/users/bulk{}", query(*dry_run, *skip_refused));
                let client = connection.client()?;
                to_the_end(&client, client.send(&path, "text/csv", &text).map_err(in_commands)?, output)
            }
            What::Jobs(Jobs { job: None, connection, .. }) => {
                let list: tell::List = connection.client()?.get(Role::Admin, "/admin/users/jobs")?;
                let value = json!({"exit": Exit::Done.code(), "jobs": list.jobs});
                output.show(&tell::jobs(&list.jobs), &value);
                Ok(Exit::Done)
            }
            What::Jobs(Jobs { job: Some(job), state, connection }) => {
                let state = state.as_deref().map(|state| format!("&state={}", super::path_segment(state)));
                let id = super::path_segment(job);
                let path = format!("/admin/users/jobs/{id}?size=1000{}", state.unwrap_or_default());
                let report: JobReport = connection.client()?.get(Role::Admin, &path)?;
                show(&report, output);
                Ok(exit(&report))
            }
            What::Resume(job) => job.step("resume", output),
            What::Undo(job) => job.step("undo", output),
        }
    }
}

impl Set {
    fn body(&self) -> Value {
        let mut body = json!({"groups": {"add": self.add_group, "remove": self.remove_group}});
        if let Some(fields) = body.as_object_mut() {
            let given = [("email", &self.email), ("full-name", &self.full_name)];
            for (field, value) in given {
                fields.extend(value.as_ref().map(|value| (field.to_owned(), value.as_str().into())));
            }
        }
        body
    }
}

impl Job {
    fn step(&self, step: &str, output: Output) -> Result<Exit, Failure> {
        let client = self.connection.client()?;
        let path = format!("/admin/users/jobs/{}/{step}", super::path_segment(&self.job));
        to_the_end(&client, client.order(&path, &json!({})).map_err(in_commands)?, output)
    }
}

fn query(dry_run: bool, skip_refused: bool) -> String {
    let mut parts = Vec::new();
    parts.extend(dry_run.then_some("dry-run=true"));
    parts.extend(skip_refused.then_some("skip-refused=true"));
    if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
}

/// The instance speaks of requests, a person types commands.
fn in_commands(failure: Failure) -> Failure {
    if failure.is("users-refused") {
        failure.instead("Correct these rows and send everything again; `--skip-refused` leaves them out of a file.")
    } else if failure.is("users-busy") {
        failure.instead("Try again when the other job is done: `seatkeeper users jobs`.")
    } else if failure.is("import-unreadable") {
        failure.instead("Correct the file; docs/users.md describes its columns.")
    } else if failure.is("users-closed") || failure.is("not-found") {
        failure.instead("Look at the jobs with `seatkeeper users jobs`.")
    } else {
        failure
    }
}

/// Repeats until the instance says that nothing more can be done now.
fn to_the_end(client: &Client, first: JobReport, output: Output) -> Result<Exit, Failure> {
    let progress = Progress::new(output);
    let (mut report, mut standstills) = (first, 0);
    while report.status == JobStatus::Working {
        let id = report.job.id.clone();
        progress.count(tell::settled(&report), u64::from(report.job.rows), "rows done");
        let path = format!("/admin/users/jobs/{id}/resume");
        let next: JobReport = client.order(&path, &json!({})).map_err(|failure: Failure| {
            in_commands(failure).next_step(format!(
                "Nothing is lost: go on with `seatkeeper users resume {id}`, or look at it with `seatkeeper users jobs {id}`."
            ))
        })?;
        let further = (next.job.stage, &next.job.tally) != (report.job.stage, &report.job.tally);
        standstills = if further { 0 } else { standstills + 1 };
        if standstills >= STANDSTILLS {
            return Err(Failure::new("the job comes no further").detail(tell::tally(&next)).next_step(format!(
                "Look into the log of the instance, then `seatkeeper users resume {id}`; nothing is done twice."
            )));
        }
        report = next;
    }
    drop(progress);
    show(&report, output);
    Ok(exit(&report))
}

fn show(report: &JobReport, output: Output) {
    let value = json!({"exit": exit(report).code(), "report": report});
    output.show(&tell::report(report), &value);
}

fn exit(report: &JobReport) -> Exit {
    let some = |states: &[&str]| states.iter().any(|state| report.job.tally.contains_key(*state));
    match report.status {
        JobStatus::Refused => Exit::Refused,
        _ if some(&["failed", "not-effective", "skipped", "not-undone"]) => Exit::Failed,
        JobStatus::Checked if some(&["refused"]) => Exit::Failed,
        JobStatus::Checked | JobStatus::Working | JobStatus::Waiting | JobStatus::Stopped => Exit::Planned,
        JobStatus::Done | JobStatus::Undone => Exit::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_manual_can_be_typed() {
        let manual = include_str!("../../../../docs/users.md");
        let mut typed = 0;
        for command in manual.split('`').filter(|text| text.starts_with("seatkeeper users ")) {
            // The manual also names commands without their arguments.
            let words: Vec<_> = command.split_whitespace().skip(2).collect();
            if words.len() == 1 && words != ["jobs"] {
                continue;
            }
            let result = <super::super::tests::Cli as clap::Parser>::try_parse_from(command.split_whitespace());
            assert!(result.is_ok(), "{command}: {:?}", result.err().map(|error| error.to_string()));
            typed += 1;
        }
        assert!(typed > 6, "{typed}");
    }

    #[test]
    fn switches_become_a_query() {
        assert_eq!(query(false, false), "");
        assert_eq!(query(true, false), "?dry-run=true");
        assert_eq!(query(true, true), "?dry-run=true&skip-refused=true");
    }

    #[test]
    fn the_exit_code_tells_rows_that_did_not_come_through_from_those_that_wait() {
        for (status, states, code) in [
            (JobStatus::Done, &["done"][..], 0),
            (JobStatus::Done, &["done", "refused"], 0),
            (JobStatus::Done, &["done", "skipped"], 4),
            (JobStatus::Waiting, &["done", "waiting"], 2),
            (JobStatus::Stopped, &["planned"], 2),
            (JobStatus::Checked, &["planned"], 2),
            (JobStatus::Checked, &["planned", "refused"], 4),
            (JobStatus::Refused, &["refused"], 5),
            (JobStatus::Undone, &["undone"], 0),
            (JobStatus::Undone, &["undone", "not-undone"], 4),
        ] {
            assert_eq!(exit(&tell::sample(status, states)).code(), code, "{status:?} {states:?}");
        }
    }
}
