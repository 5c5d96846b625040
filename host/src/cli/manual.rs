//! `seatkeeper completions` and `seatkeeper man`: what a shell and a manual need to know about all commands.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

use super::remote::{Exit, Failure};

/// Arguments of `seatkeeper completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

/// Arguments of `seatkeeper man`.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The folder to write to, one page for each command.
    #[arg(long, short, value_name = "FOLDER")]
    output: PathBuf,
}

/// The examples of `seatkeeper completions`.
pub(crate) const COMPLETIONS: &str = "Examples:
  seatkeeper completions bash > /etc/bash_completion.d/seatkeeper
  seatkeeper completions zsh > /usr/share/zsh/site-functions/_seatkeeper
  seatkeeper completions fish > ~/.config/fish/completions/seatkeeper.fish";

/// The examples of `seatkeeper man`.
pub(crate) const MAN: &str = "Example:
  seatkeeper man --output /usr/local/share/man/man1";

impl Completions {
    /// Prints the script.
    pub(crate) fn run(&self, mut command: clap::Command) -> ExitCode {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "seatkeeper", &mut script);
        super::remote::write(&String::from_utf8_lossy(&script));
        Exit::Done.into()
    }
}

impl Man {
    /// Writes the pages.
    pub(crate) fn run(&self, command: clap::Command) -> ExitCode {
        let written = std::fs::create_dir_all(&self.output)
            .and_then(|()| clap_mangen::generate_to(command, &self.output))
            .map_err(|error| {
                Failure::new(format!("the folder {} cannot be written", self.output.display()))
                    .detail(error)
                    .next_step("Name a folder that you may write to with --output.")
            });
        super::remote::ended(written.map(|()| {
            super::remote::write(&format!("Written: {}\n", self.output.display()));
            Exit::Done
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command, CommandFactory, Parser, ValueEnum};

    #[derive(Parser)]
    #[command(name = "seatkeeper", max_term_width = 100)]
    struct Cli {
        #[command(subcommand)]
        _command: super::super::remote::Command,
    }

    fn names(command: &Command, path: &str, found: &mut Vec<String>) {
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            let path = format!("{path}-{}", sub.get_name());
            names(sub, &path, found);
            found.push(path);
        }
    }

    #[test]
    fn every_command_has_a_page_in_the_manual() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("man1");
        Man { output: folder.clone() }.run(Cli::command());
        let mut expected = Vec::new();
        names(&Cli::command(), "seatkeeper", &mut expected);
        assert!(expected.len() > 25, "{expected:?}");
        for name in expected {
            let page = std::fs::read_to_string(folder.join(format!("{name}.1"))).unwrap_or_default();
            assert!(page.contains(".TH ") && page.contains(".SH SYNOPSIS"), "{name}: {page}");
        }
    }

    #[test]
    fn every_shell_completes_every_command() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "seatkeeper", &mut script);
            let script = String::from_utf8(script).unwrap();
            for command in Cli::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
        }
    }

    #[test]
    fn every_help_fits_a_hundred_columns() {
        fn check(command: &mut Command) {
            let written = [command.get_after_help(), command.get_after_long_help()];
            for line in written
                .into_iter()
                .flatten()
                .flat_map(|text| text.to_string().lines().map(str::to_owned).collect::<Vec<_>>())
            {
                assert!(line.chars().count() <= 100, "{} is broken in the middle: {line}", command.get_name());
            }
            let help = command.clone().term_width(100).render_long_help().to_string();
            for line in help.lines() {
                assert!(line.chars().count() <= 100, "{}: {line}", command.get_name());
            }
            command.get_subcommands_mut().for_each(check);
        }
        let mut command = Cli::command();
        command.build();
        check(&mut command);
    }
}
