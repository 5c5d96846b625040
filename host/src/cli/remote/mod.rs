//! The commands that talk to a running instance over HTTP. They hold no state: whatever happens to them, the instance
//! goes on by its own timer.

mod answer;
mod audit;
mod channels;
mod client;
mod connection;
mod control;
mod doctor;
mod drive;
mod exit;
mod explain;
mod export;
mod facts;
mod import;
mod lists;
mod output;
mod plan;
mod policy;
mod render;
mod secrets;
mod simulate;
mod undo;
mod users;
mod view;

use std::process::ExitCode;

use clap::Subcommand;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use exit::EXIT_CODES;
pub(crate) use exit::{Exit, Failure};
use output::Output;
pub(crate) use output::write;

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Open a sweep now, wait for its plan and show it. Nothing is changed in Confluence.
    #[command(after_long_help = help("
  seatkeeper plan
  seatkeeper plan --top 100 --env-file /etc/seatkeeper.env
  seatkeeper plan --json | jq '.plan.hash'

Tokens: trigger and report (or admin), from SEATKEEPER_TRIGGER_TOKEN and
SEATKEEPER_REPORT_TOKEN, or from SPIN_VARIABLE_TRIGGER_TOKEN and so on in the file that
configures `up`."))]
    Plan(plan::Plan),
    /// Show a plan that exists.
    #[command(after_long_help = help("
  seatkeeper show latest
  seatkeeper show 20261122-233000 --top 50
  seatkeeper show 3fa4c2d19b70"))]
    Show(plan::Show),
    /// Why an account keeps or loses its seat, in at most five lines.
    #[command(after_long_help = help("
  seatkeeper explain jdoe
  seatkeeper explain 4028b881908ab4bb01908ab4cc2e0001"))]
    Explain(explain::Explain),
    /// Approve a plan; the instance carries it out by its own timer.
    #[command(after_long_help = help("
  seatkeeper approve 3fa4c2d19b70
  seatkeeper approve 3fa4c2d19b70 --accept-over-cap --by 'Anna Schmidt'"))]
    Approve(answer::Approve),
    /// Approve a plan and wait until it is carried out and the seats are counted again.
    #[command(after_long_help = help("
  seatkeeper apply 3fa4c2d19b70
  seatkeeper apply 3fa4c2d19b70 --accept-over-cap --wait 1200"))]
    Apply(answer::Apply),
    /// Reject a plan.
    #[command(after_long_help = help("
  seatkeeper reject 3fa4c2d19b70"))]
    Reject(answer::Reject),
    /// Give back everything that a run took. Repeating it does no harm.
    #[command(after_long_help = help("
  seatkeeper undo 20261122-233000"))]
    Undo(undo::Undo),
    /// Write a list as CSV or JSON: accounts, a plan, runs, the audit trail and more.
    #[command(after_long_help = export_help())]
    Export(export::Export),
    /// What another policy would have done on the newest snapshot. Nothing is written anywhere.
    #[command(after_long_help = help("
  seatkeeper simulate policy.toml
  seatkeeper simulate policy.toml --csv --output changes.csv
  seatkeeper simulate policy.toml --json | jq '.part.taken'

Every account of the newest sweep is judged again under the given policy, as if it had been
in force then. What that sweep did not ask Confluence cannot be known; the command says so."))]
    Simulate(simulate::Simulate),
    /// Look at the audit trail, write it to a file, and verify its chain of hashes.
    #[command(after_long_help = help("
  seatkeeper audit verify
  seatkeeper audit show --top 20
  seatkeeper audit export --output audit.csv"))]
    Audit(audit::Audit),
    /// Read, replace and check the policy.
    #[command(after_long_help = help("
  seatkeeper policy get --output policy.toml
  seatkeeper policy check policy.toml
  seatkeeper policy put policy.toml --replaces 3
  seatkeeper policy schema"))]
    Policy(policy::Policy),
    /// Wake the sweep as its timer would, and wait until it rests. In mode `enforce` it writes to Confluence.
    #[command(after_long_help = help("
  seatkeeper sweep
  seatkeeper sweep --now"))]
    Sweep(plan::Sweep),
    /// Take in last logins from a CSV file: what single sign-on or a proxy knows and Confluence does not.
    #[command(after_long_help = help("
  seatkeeper import logins.csv --dry-run
  seatkeeper import logins.csv
  seatkeeper import logins.csv --json | jq '.import.problems'

The file has a header and the columns `username` or `user-key` (or both) and `last-login`,
separated by commas or semicolons. Times without a zone are in the policy's zone. What
`export last-logins` wrote can be imported as it is."))]
    Import(import::Import),
    /// Stop everything: from the next account on, no sweep writes to Confluence. Seats are still given back.
    #[command(after_long_help = help("
  seatkeeper stop --why migration
  seatkeeper stop --why 'last logins look wrong' --by 'Anna Schmidt'"))]
    Stop(control::Stop),
    /// Release what `stop` stopped.
    #[command(after_long_help = help("
  seatkeeper release"))]
    Release(control::Release),
    /// Plan to free seats now, oldest activity first, whatever the usual windows are. The plan waits for an approval.
    #[command(after_long_help = help("
  seatkeeper emergency --seats 480
  seatkeeper emergency --seats 480 --idle-days 30 --top 100

Everything that protects accounts still does; only the windows and the warnings are left
aside. Carry the plan out with `seatkeeper apply HASH`."))]
    Emergency(control::Emergency),
    /// Seats that should come free and cannot be freed from here: the list for whoever looks after the directories.
    #[command(after_long_help = help("
  seatkeeper handover
  seatkeeper handover --csv --output handover.csv"))]
    Handover(lists::Handover),
    /// Who is exempt, why, who answers for it, and which exemptions end soon.
    #[command(after_long_help = help("
  seatkeeper exemptions
  seatkeeper exemptions --json"))]
    Exemptions(lists::Exemptions),
    /// Change names, mail addresses, full names and groups of accounts, singly or by file; resume and undo it.
    #[command(after_long_help = help("
  seatkeeper users rename jdoe jane.doe --dry-run
  seatkeeper users set jdoe --email jane.doe@example.com --add-group sales
  seatkeeper users bulk people.csv --dry-run
  seatkeeper users jobs
  seatkeeper users undo 20261123-061500"))]
    Users(users::Users),
    /// Check tokens, rights, what this Confluence can do, groups of the policy, clocks and the webhook's signature.
    #[command(after_long_help = help("
  seatkeeper doctor
  seatkeeper doctor --send-test
  seatkeeper doctor --env-file .env --json"))]
    Doctor(doctor::Doctor),
}

fn help(examples: &str) -> String {
    format!("Examples:{examples}\n\n{EXIT_CODES}")
}

fn export_help() -> String {
    let examples = "
  seatkeeper export accounts --output accounts.csv
  seatkeeper export accounts --decision reclaim --format json
  seatkeeper export last-logins --output exports/
  seatkeeper export plan 20261122-233000 --output plan.csv
  seatkeeper export audit --format json --output audit.json";
    format!("{}\n\n{}", export::lists_help(), help(examples))
}

/// Ends a command that has no options for its output.
pub(crate) fn ended(result: Result<Exit, Failure>) -> ExitCode {
    Output { json: false }.end(result)
}

impl Command {
    /// Runs the command to its exit code.
    pub(crate) fn run(&self) -> ExitCode {
        let output = match self {
            Self::Plan(plan) => plan.connection.output(),
            Self::Show(show) => show.connection.output(),
            Self::Explain(explain) => explain.connection.output(),
            Self::Approve(approve) => approve.connection.output(),
            Self::Apply(apply) => apply.approve.connection.output(),
            Self::Reject(reject) => reject.connection.output(),
            Self::Undo(undo) => undo.connection.output(),
            Self::Export(export) => export.output(),
            Self::Simulate(simulate) => simulate.connection.output(),
            Self::Audit(audit) => audit.output(),
            Self::Policy(policy) => policy.output(),
            Self::Sweep(sweep) => sweep.connection.output(),
            Self::Import(import) => import.connection.output(),
            Self::Stop(stop) => stop.connection.output(),
            Self::Release(release) => release.connection.output(),
            Self::Emergency(emergency) => emergency.connection.output(),
            Self::Handover(handover) => handover.connection.output(),
            Self::Exemptions(exemptions) => exemptions.connection.output(),
            Self::Users(users) => users.output(),
            Self::Doctor(doctor) => doctor.connection.output(),
        };
        output.end(match self {
            Self::Plan(plan) => plan.run(),
            Self::Show(show) => show.run(),
            Self::Explain(explain) => explain.run(),
            Self::Approve(approve) => approve.run(),
            Self::Apply(apply) => apply.run(),
            Self::Reject(reject) => reject.run(),
            Self::Undo(undo) => undo.run(),
            Self::Export(export) => export.run(),
            Self::Simulate(simulate) => simulate.run(),
            Self::Audit(audit) => audit.run(),
            Self::Policy(policy) => policy.run(),
            Self::Sweep(sweep) => sweep.run(),
            Self::Import(import) => import.run(),
            Self::Stop(stop) => stop.run(),
            Self::Release(release) => release.run(),
            Self::Emergency(emergency) => emergency.run(),
            Self::Handover(handover) => handover.run(),
            Self::Exemptions(exemptions) => exemptions.run(),
            Self::Users(users) => users.run(),
            Self::Doctor(doctor) => doctor.run(),
        })
    }
}

/// Ends after arguments that cannot be understood, or after help. The usual code for wrong usage is 2, which here means
/// that changes are planned, so wrong usage is 1 like every other error.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // When the terminal is gone there is nobody to tell.
    let _ = error.print();
    if error.use_stderr() { Exit::Error.into() } else { Exit::Done.into() }
}

/// A text as one segment of a path, whatever is in it.
fn path_segment(text: &str) -> String {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    match text {
        // These two would be taken for directions.
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => utf8_percent_encode(text, PLAIN).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[derive(clap::Parser)]
    pub(super) struct Cli {
        #[command(subcommand)]
        command: Command,
    }

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_help_has_examples_and_exit_codes() {
        let mut cli = Cli::command();
        for command in cli.get_subcommands_mut() {
            let name = command.get_name().to_owned();
            let help = command.render_long_help().to_string();
            assert!(help.contains(&format!("  seatkeeper {name}")), "{help}");
            assert!(help.contains(EXIT_CODES), "{help}");
        }
    }

    #[test]
    fn every_example_can_be_typed() {
        let cli = Cli::command();
        let mut examples = 0;
        let mut pending: Vec<&clap::Command> = cli.get_subcommands().collect();
        while let Some(command) = pending.pop() {
            pending.extend(command.get_subcommands());
            let help = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
            for line in help.unwrap_or_default().lines().filter(|line| line.starts_with("  seatkeeper ")) {
                let typed = line.split(" | ").next().unwrap().replace("'Anna Schmidt'", "Anna");
                let typed = typed.replace("'last logins look wrong'", "wrong");
                let result = <Cli as clap::Parser>::try_parse_from(typed.split_whitespace());
                assert!(result.is_ok(), "{line}: {:?}", result.err());
                examples += 1;
            }
        }
        assert!(examples > 20, "{examples}");
    }

    #[test]
    fn a_user_name_is_one_segment() {
        assert_eq!(path_segment("corp/dworth ü.json"), "corp%2Fdworth%20%C3%BC.json");
        assert_eq!(path_segment(".."), "%2E%2E");
    }
}
