//! What is checked before any test runs. Every stage prints how long it took.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::{deny, shell, workspace::Workspace};

/// A named check.
type Stage = (&'static str, fn(&Workspace) -> Result<()>);

/// Quick ones first, so that a forgotten `cargo fmt` is told within seconds.
const STAGES: [Stage; 4] =
    [("format", format), ("clippy", clippy), ("docs", docs), ("licences, bans, sources", deny::run)];

/// Runs all checks; the first that fails ends it.
pub fn run(workspace: &Workspace) -> Result<()> {
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for (name, stage) in STAGES {
        shell::note(&format!("check: {name}"));
        let started = Instant::now();
        stage(workspace).with_context(|| format!("check failed: {name}"))?;
        times.push((name, started.elapsed()));
    }
    for (name, time) in times {
        shell::note(&format!("{name}: {}", shell::seconds(time)));
    }
    Ok(())
}

fn format(workspace: &Workspace) -> Result<()> {
    shell::run(shell::cargo(workspace).args(["fmt", "--all", "--check"]))
}

/// In release, like the tests: build scripts and macros are then compiled once for both.
fn clippy(workspace: &Workspace) -> Result<()> {
    let words = ["clippy", "--locked", "--release", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    shell::run(shell::cargo(workspace).args(words))
}

fn docs(workspace: &Workspace) -> Result<()> {
    let words = ["doc", "--locked", "--release", "--workspace", "--no-deps", "--document-private-items"];
    shell::run(shell::cargo(workspace).args(words).env("RUSTDOCFLAGS", "--deny warnings"))
}
