//! The programs of this workspace: the host, the simulator, and the two of the test suite.
//!
//! They are built in release and together: cargo joins the features that the packages of one build ask of a
//! dependency, so building them one by one would compile wasmtime several times, each with other features. With all
//! of them, cargo arrives at the same features as for the tests, and both share what is built.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::{shell, workspace::Workspace};

/// `seatkeeper`: the embedded host and the command line.
pub const HOST: &str = "seatkeeper";
/// The simulator of Confluence.
pub const SIMULATOR: &str = "simulator";
/// A stand-in for outside directories.
pub const STAND_IN: &str = "directory-stand-in";
/// The contract suite for hosts.
pub const CONTRACT: &str = "contract";
/// The measurements.
pub const BENCH: &str = "bench";

/// Builds all of them.
pub fn build(workspace: &Workspace) -> Result<()> {
    shell::note("building the host, the simulator and the suite (the first time takes 6 to 10 minutes)");
    shell::run(shell::cargo(workspace).args(["build", "--release", "--workspace", "--bins"]))
}

/// Builds the simulator without the rest: it needs no wasmtime, and somebody who only wants it should not wait for it.
pub fn build_simulator(workspace: &Workspace) -> Result<()> {
    shell::note("building the simulator (the first time takes about two minutes)");
    shell::run(shell::cargo(workspace).args(["build", "--release", "--package", "seatkeeper-simulator", "--bins"]))
}

/// Runs a program that was built, with our own output; its exit code becomes ours.
pub fn run(workspace: &Workspace, name: &str, first: &[&str], args: &[String]) -> Result<ExitCode> {
    let program = workspace.program(name);
    let mut command = Command::new(&program);
    command.current_dir(workspace.root()).args(first).args(args);
    eprintln!("    $ {}", shell::line(&command));
    let status = command.status().with_context(|| format!("{} cannot be started", program.display()))?;
    // A program ended by a signal has no code; 1 is what remains to be said.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}
