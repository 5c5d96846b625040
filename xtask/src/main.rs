//! `cargo xtask`: every command that a person or the build machine runs in this repository.
//!
//! The commands install what is missing, say so in one line each, and change nothing outside the repository apart from
//! what they name. Reading order: this file, then `toolchain` and `components`, then one module for each command.

mod checks;
mod chromium;
mod components;
mod demo;
mod deny;
mod postgres;
mod process;
mod programs;
mod promtool;
mod python;
mod shell;
mod slapd;
mod summary;
mod system;
mod test_run;
mod toolchain;
mod workspace;

use std::{process::ExitCode, time::Instant};

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{system::NeedsAPerson, toolchain::Choice, workspace::Workspace};

/// The command line of `cargo xtask`.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Build, try and test Seatkeeper. Everything that is missing is installed on the way.",
    after_help = "First time here?\n  \
        cargo xtask demo    see it work: a simulated Confluence, one sweep, one restore, one alert (10 minutes cold)\n  \
        cargo xtask test    run every test there is, on the real components (20 minutes cold)\n\n\
        A second run takes seconds. Exit codes: 0 done, 1 failed, 2 something only you can install (the message has the commands).",
    disable_help_subcommand = false
)]
struct Cli {
    /// How the components are compiled: `auto` asks rustup for the target and falls back to the system's packages.
    #[arg(long, global = true, hide = true, value_enum, default_value = "auto", env = "SEATKEEPER_TOOLCHAIN")]
    toolchain: Choice,
    #[command(subcommand)]
    command: Task,
}

/// One command each; the first two are the ones the README names.
#[derive(Subcommand)]
enum Task {
    /// Build everything, start a simulated Confluence and Seatkeeper, and tell the whole story with real calls.
    Demo,
    /// Run all tests: native, on the built components, end to end. Ends with the line `N passed, N failed`.
    Test,
    /// Build the five components into target/components, where spin.toml looks for them, and print their sizes.
    Build,
    /// Build the components and the host, then run `seatkeeper up` with the arguments given.
    #[command(disable_help_flag = true)]
    Up(Passed),
    /// Build and run the simulator of Confluence with the arguments given (try `--help`).
    #[command(disable_help_flag = true)]
    Simulator(Passed),
    /// Check a host against the contract: ours, a running one (`--url URL`), or Spin itself (`--spin BINARY`).
    #[command(disable_help_flag = true)]
    Contract(Passed),
    /// Measure throughput and memory against the simulator, with the arguments given.
    #[command(disable_help_flag = true)]
    Bench(Passed),
    /// Format, clippy, licences, and docs: what the build machine checks before it runs the tests.
    Check,
    /// What the build machine runs: `check`, then `test`.
    Ci,
    /// Install what the other commands need, and build nothing.
    Setup,
}

/// Arguments handed on to another program, untouched.
#[derive(clap::Args)]
struct Passed {
    /// Handed on as they are.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let started = Instant::now();
    let outcome = Workspace::find().and_then(|workspace| run(&cli, &workspace, started));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            if error.is::<NeedsAPerson>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

fn run(cli: &Cli, workspace: &Workspace, started: Instant) -> Result<ExitCode> {
    match &cli.command {
        Task::Demo => return demo::run(workspace, cli.toolchain),
        Task::Test => return test_run::run(workspace, cli.toolchain),
        Task::Ci => {
            checks::run(workspace)?;
            return test_run::run(workspace, cli.toolchain);
        }
        Task::Check => checks::run(workspace)?,
        Task::Build => {
            components::build(workspace, cli.toolchain)?;
        }
        Task::Up(passed) => return on_the_host(cli, workspace, programs::HOST, &["up"], passed),
        Task::Contract(passed) => return on_the_host(cli, workspace, programs::CONTRACT, &[], passed),
        Task::Bench(passed) => return on_the_host(cli, workspace, programs::BENCH, &[], passed),
        Task::Simulator(passed) => {
            programs::build_simulator(workspace)?;
            return programs::run(workspace, programs::SIMULATOR, &[], &passed.args);
        }
        Task::Setup => {
            let toolchain = toolchain::prepare(workspace, cli.toolchain)?;
            shell::note(&format!("components: {}", toolchain.describe()));
            let python = python::prepare(workspace)?;
            shell::note(&format!("python for the tests: {}", python.display()));
            postgres::prepare()?;
            shell::note("postgresql for the tests: installed");
            slapd::prepare()?;
            shell::note("slapd for the tests: installed");
            let promtool = promtool::prepare(workspace)?;
            shell::note(&format!("promtool for the tests: {}", promtool.display()));
            chromium::prepare()?;
            shell::note("chromium for the tests: installed");
            let axe = chromium::axe(workspace, &python)?;
            shell::note(&format!("axe for the tests: {}", axe.display()));
        }
    }
    shell::note(&format!("done in {}", shell::seconds(started.elapsed())));
    Ok(ExitCode::SUCCESS)
}

/// Runs a program that has components run on our host.
fn on_the_host(cli: &Cli, workspace: &Workspace, name: &str, first: &[&str], passed: &Passed) -> Result<ExitCode> {
    components::build(workspace, cli.toolchain)?;
    programs::build(workspace)?;
    programs::run(workspace, name, first, &passed.args)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Cli, Task};

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_of_other_programs_are_handed_on_untouched() {
        let cli = Cli::parse_from(["cargo xtask", "simulator", "--users", "100", "--help"]);
        let Task::Simulator(passed) = cli.command else { panic!("another command was read") };
        assert_eq!(passed.args, ["--users", "100", "--help"]);
    }

    #[test]
    fn help_as_the_first_argument_belongs_to_the_other_program_too() {
        let cli = Cli::parse_from(["cargo xtask", "contract", "--help"]);
        let Task::Contract(passed) = cli.command else { panic!("another command was read") };
        assert_eq!(passed.args, ["--help"]);
    }
}
