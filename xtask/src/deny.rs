//! `cargo deny`: licences, banned crates and sources, as `deny.toml` says.
//!
//! Security advisories are not part of it: their database is a repository that build machines cannot reach.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

use crate::{shell, system, workspace::Workspace};

const VERSION: &str = "0.20.2";

/// Runs the checks, with the `cargo-deny` already on this machine if it is the right one.
pub fn run(workspace: &Workspace) -> Result<()> {
    let program = prepare(workspace)?;
    let mut command = Command::new(program);
    command.current_dir(workspace.root()).args(["--locked", "check", "licenses", "bans", "sources"]);
    shell::run(&mut command)
}

fn prepare(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.tool_folder("tools");
    let own = folder.join("bin/cargo-deny");
    let found = [system::find_program("cargo-deny"), Some(own.clone())];
    if let Some(program) = found.into_iter().flatten().find(is_right_version) {
        return Ok(program);
    }
    shell::note(&format!("cargo install cargo-deny {VERSION}: it checks licences and sources (some minutes, once)"));
    let mut install = shell::cargo(workspace);
    install.args(["install", "--locked", "cargo-deny", "--version", VERSION, "--root"]).arg(&folder);
    // Unoptimised: two minutes of compiling instead of five, and it runs for seconds.
    let build = folder.join("build");
    install.args(["--debug", "--target-dir"]).arg(&build);
    install.env("CARGO_PROFILE_DEV_DEBUG", "0");
    shell::run(&mut install)?;
    fs::remove_dir_all(&build).with_context(|| format!("{} cannot be removed", build.display()))?;
    if !is_right_version(&own) {
        bail!("{} is not cargo-deny {VERSION}, although it was just installed", own.display());
    }
    Ok(own)
}

fn is_right_version(program: &PathBuf) -> bool {
    shell::output(Command::new(program).arg("--version")).is_ok_and(|line| line == format!("cargo-deny {VERSION}"))
}
