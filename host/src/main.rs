//! The command line of Seatkeeper.

mod cli;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Licence reclamation for Confluence Data Center.
#[derive(Parser)]
#[command(name = "seatkeeper", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the application: HTTP and cron triggers.
    Up(Box<cli::up::Up>),
    #[command(flatten)]
    Remote(Box<cli::remote::Command>),
}

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(Cli { command: Command::Up(up) }) => up.run(),
        Ok(Cli { command: Command::Remote(command) }) => command.run(),
        Err(error) => cli::remote::usage(&error),
    }
}
