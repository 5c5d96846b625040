//! The command line of Seatkeeper.

mod cli;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use cli::{colour::Colour, manual};

/// Licence reclamation for Confluence Data Center.
#[derive(Parser)]
#[command(name = "seatkeeper", version, max_term_width = 100)]
struct Cli {
    /// Whether to use colours.
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    color: Colour,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the application: HTTP and cron triggers.
    Up(Box<cli::up::Up>),
    #[command(flatten)]
    Remote(Box<cli::remote::Command>),
    /// Print the script that completes commands and options in a shell.
    #[command(after_help = manual::COMPLETIONS)]
    Completions(manual::Completions),
    /// Write the manual, one page for each command.
    #[command(after_help = manual::MAN)]
    Man(manual::Man),
}

fn main() -> ExitCode {
    let colour = Colour::of(std::env::args_os());
    colour.choose();
    let matches = Cli::command().color(colour.of_help()).try_get_matches();
    match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(Cli { command, color: _ }) => match command {
            Command::Up(up) => up.run(),
            Command::Remote(command) => command.run(),
            Command::Completions(completions) => completions.run(Cli::command()),
            Command::Man(man) => man.run(Cli::command()),
        },
        Err(error) => cli::remote::usage(&error),
    }
}
