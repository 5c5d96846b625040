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
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Up(up) => up.run(),
    }
}
