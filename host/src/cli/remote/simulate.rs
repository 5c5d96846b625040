//! `seatkeeper simulate`: what a policy would have done on the newest snapshot. Nothing is written anywhere.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use seatkeeper_engine::simulate::{Change, Part, Report};
use seatkeeper_policy::{Policy, SeatCount, Verdict};
use seatkeeper_web::csv;
use serde_json::json;

use super::client::Client;
use super::connection::Connection;
use super::drive::Progress;
use super::exit::{Exit, Failure};
use super::export::{Sink, into_file, named};
use super::render::{grid, moment, plural};

/// Changed accounts that one answer lists, when all of them are wanted.
const ALL: &str = "all";

const COLUMNS: [&str; 7] = ["user-key", "username", "display-name", "from", "to", "before", "after"];

/// Arguments of `seatkeeper simulate`.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The policy file; `-` is standard input.
    file: PathBuf,
    /// Accounts with another decision to show.
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=5000))]
    top: u32,
    /// Write all accounts with another decision as CSV.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// The file or folder to write to with --csv [default: standard output].
    #[arg(long, short, value_name = "FILE", requires = "csv")]
    output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

impl Simulate {
    /// Judges the newest snapshot again, part by part, and shows the sum.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let output = self.connection.output();
        let text = super::policy::read(&self.file)?;
        // What is wrong with the file shows without an instance.
        let policy = super::policy::parsed(&self.file, &text)?;
        let client = self.connection.client()?;
        let progress = Progress::about(output, "judging the newest snapshot again");
        if self.csv {
            let write = |to: &mut dyn std::io::Write| {
                let mut sink = Sink { to, progress: None };
                sink.write(&csv::header(&COLUMNS))?;
                whole(&client, &text, ALL, &progress, |change| sink.write(&row(change)))
            };
            let mut sum = None;
            match &self.output {
                None => sum = Some(write(&mut std::io::stdout().lock())?),
                Some(file) => {
                    let file = named(file, "simulation", "csv", chrono::Utc::now());
                    into_file(&file, |to| write(to).map(|whole| sum = Some(whole)))?;
                    output.note(&format!("Written: {}", file.display()));
                }
            }
            drop(progress);
            return Ok(sum.map_or(Exit::Done, |sum| exit(&sum.part, &policy)));
        }
        let most = if output.json { ALL.to_owned() } else { self.top.to_string() };
        let mut changes = Vec::new();
        let report = whole(&client, &text, &most, &progress, |change| {
            changes.push(change.clone());
            Ok(())
        })?;
        drop(progress);
        let exit = exit(&report.part, &policy);
        let value = json!({
            "exit": exit.code(), "snapshot": report.snapshot, "rules": report.rules, "mode": report.mode,
            "same-rules": report.same_rules, "part": report.part, "verdict": report.part.verdict(&policy),
            "exodus": report.part.exodus(&policy), "changes": changes, "caveats": report.caveats,
        });
        output.show(&told(&report, &changes, &policy), &value);
        Ok(exit)
    }
}

/// All parts of the simulation added up; each changed account goes to `each`.
fn whole(
    client: &Client,
    text: &str,
    most: &str,
    progress: &Progress,
    mut each: impl FnMut(&Change) -> Result<(), Failure>,
) -> Result<Report, Failure> {
    let mut sum: Option<Report> = None;
    let (mut from, mut listed) = (0, 0);
    loop {
        let left = most.parse::<u32>().ok().map(|most| most.saturating_sub(listed).to_string());
        let path = format!("/admin/simulate?from={from}&changes={}", left.as_deref().unwrap_or(ALL));
        let mut report: Report = client.ask(&path, "application/toml", text).map_err(|failure: Failure| {
            if failure.is("not-found") {
                failure.instead("Make a snapshot with `seatkeeper plan`, then try again.")
            } else {
                failure
            }
        })?;
        for change in std::mem::take(&mut report.changes) {
            each(&change)?;
            listed += 1;
        }
        progress.count(
            u64::from(report.next.unwrap_or(report.snapshot.pages)),
            u64::from(report.snapshot.pages),
            "pages of the snapshot judged",
        );
        let next = report.next;
        let together = match sum {
            None => report,
            Some(before) if before.snapshot != report.snapshot => {
                return Err(Failure::new("a newer sweep replaced the snapshot in the middle of the simulation")
                    .next_step("Try again; nothing was written."));
            }
            Some(before) => Report { part: before.part.and(report.part), ..report },
        };
        match next {
            None => return Ok(together),
            Some(next) if next > from => from = next,
            Some(_) => {
                return Err(Failure::new("the simulation comes no further")
                    .next_step("Look into the log of the instance, then repeat the command; nothing was written."));
            }
        }
        sum = Some(together);
    }
}

fn exit(part: &Part, policy: &Policy) -> Exit {
    match part.verdict(policy) {
        Verdict::OverCap { .. } => Exit::OverCap,
        Verdict::Within | Verdict::Incomplete => Exit::Done,
    }
}

fn row(change: &Change) -> Vec<u8> {
    let Change { user_key, username, display_name, from, to, before, after } = change;
    csv::row(&[user_key, username, display_name, from, to, before, after])
}

fn told(report: &Report, changes: &[Change], policy: &Policy) -> String {
    let Report { snapshot, part, same_rules, .. } = report;
    let mut text = format!(
        "Simulated on the snapshot of {}: {}, judged by version {} of the policy\n",
        moment(snapshot.at),
        plural(part.read, "account"),
        snapshot.policy
    );
    if *same_rules {
        text.push_str("These are the rules that judged it.\n");
    }
    let mut pairs: Vec<(&str, &str, u32)> = Vec::new();
    for (from, row) in &part.matrix {
        pairs.extend(row.iter().map(|(to, count)| (from.as_str(), to.as_str(), *count)));
    }
    // What changes stands first, the most accounts at the top.
    pairs.sort_by_key(|(from, to, count)| (from == to, std::cmp::Reverse(*count), *from, *to));
    let rows = pairs.iter().map(|(from, to, count)| {
        let to = if from == to { "the same".to_owned() } else { (*to).to_owned() };
        [(*from).to_owned(), to, count.to_string()]
    });
    let _ = writeln!(text, "\n{}\n", grid(["Recorded", "Simulated", "Accounts"], rows));
    let _ = writeln!(text, "{} would get another decision.", plural(part.changed, "account"));
    let _ = writeln!(text, "{}", seats(part, snapshot.seats));
    match part.verdict(policy) {
        Verdict::OverCap { planned, limit } => {
            let _ = writeln!(text, "OVER THE CAP: {} to be reclaimed, {limit} allowed", plural(planned, "account"));
        }
        Verdict::Within | Verdict::Incomplete => {
            let _ = writeln!(text, "{} to be reclaimed, within the cap", plural(part.taken, "account"));
        }
    }
    if part.exodus(policy) {
        let _ = writeln!(text, "Blocked: {} would count as left, more than guard allows", plural(part.left, "account"));
    }
    for finding in &part.findings {
        let _ = writeln!(text, "Blocked by the second opinion: {finding}");
    }
    let unlisted = part.objections.saturating_sub(u32::try_from(part.findings.len()).unwrap_or(u32::MAX));
    if unlisted > 0 {
        let _ = writeln!(text, "And {} more.", plural(unlisted, "objection"));
    }
    for caveat in &report.caveats {
        let _ = writeln!(text, "Not known: {}", caveat.text);
    }
    if !changes.is_empty() {
        let cells = changes.iter().map(|change| [change.username.clone(), change.before.clone(), change.after.clone()]);
        let _ = writeln!(text, "\nAccounts with another decision ({} of {}):", changes.len(), part.changed);
        let _ = writeln!(text, "{}", grid(["Account", "Recorded", "Simulated"], cells));
    }
    let next = if part.changed == 0 {
        "nothing would change; a policy with other windows, groups or exemptions can be tried the same way."
    } else if usize::try_from(part.changed).is_ok_and(|all| all > changes.len()) {
        "`--csv --output FILE` writes all of them; `seatkeeper policy put FILE` brings the policy into force."
    } else {
        "`seatkeeper policy put FILE` brings the policy into force; its first plan is a rehearsal."
    };
    let _ = write!(text, "Next step: {next}");
    text
}

fn seats(part: &Part, seats: SeatCount) -> String {
    let (before, now) = (part.taken_before, part.taken);
    let difference = match now.checked_sub(before) {
        Some(0) => "as many as recorded".to_owned(),
        Some(more) => format!("{more} more than recorded"),
        None => format!("{} fewer than recorded", before.saturating_sub(now)),
    };
    let left = seats.used.saturating_sub(now);
    let of = seats.max.map(|max| format!(" of {max}")).unwrap_or_default();
    format!("Seats that would come free: {now} ({difference}; {left}{of} in use afterwards)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_in_seats_is_said_in_words() {
        let of = |taken_before, taken| {
            seats(&Part { taken_before, taken, ..Part::default() }, SeatCount { used: 90, max: Some(100) })
        };
        assert_eq!(of(2, 5), "Seats that would come free: 5 (3 more than recorded; 85 of 100 in use afterwards)");
        assert_eq!(of(5, 2), "Seats that would come free: 2 (3 fewer than recorded; 88 of 100 in use afterwards)");
        assert_eq!(of(2, 2), "Seats that would come free: 2 (as many as recorded; 88 of 100 in use afterwards)");
    }
}
