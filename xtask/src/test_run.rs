//! `cargo xtask test`: installs what is missing, builds the components, runs every test, and sums up.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use anyhow::{Context, Result};

use crate::{
    chromium, components, postgres, promtool, python, shell, slapd, summary::Summary, toolchain::Choice,
    workspace::Workspace,
};

/// The whole command. The last line on standard output is `N passed, N failed`.
pub fn run(workspace: &Workspace, choice: Choice) -> Result<ExitCode> {
    let python = python::prepare(workspace)?;
    postgres::prepare()?;
    slapd::prepare()?;
    chromium::prepare()?;
    let axe = chromium::axe(workspace, &python)?;
    let promtool = promtool::prepare(workspace)?;
    components::build(workspace, choice)?;
    components::build_probe(workspace, choice)?;
    let started = Instant::now();
    shell::note("building and running all tests");
    let mut command = command(workspace);
    command.env(python::VARIABLE, python).env(chromium::AXE_VARIABLE, axe).env(promtool::VARIABLE, promtool);
    let (mut summary, success) = stream(&mut command, &mut std::io::stdout())?;
    if !success && summary.failed == 0 {
        shell::note("a test program was not built or ended without a result; it is counted as one failed test");
        summary.failed = 1;
    }
    shell::note(&format!("tests took {}", shell::seconds(started.elapsed())));
    println!("{summary}");
    Ok(if success { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One profile for all, so that wasmtime is compiled once. Tests marked as ignored are those that need what this
/// command prepares, so here they run.
fn command(workspace: &Workspace) -> Command {
    let mut command = shell::cargo(workspace);
    command.args(["test", "--release", "--workspace", "--no-fail-fast", "--", "--include-ignored"]);
    command
}

/// Runs the tests, shows what they print as it comes, and reads the results from it.
fn stream(command: &mut Command, out: &mut impl Write) -> Result<(Summary, bool)> {
    eprintln!("    $ {}", shell::line(command));
    let mut child = command.stdout(Stdio::piped()).spawn().context("the tests could not be started")?;
    let output = child.stdout.take().context("the output of the tests cannot be read")?;
    let mut summary = Summary::default();
    // Tests may print anything, so lines are bytes until they are looked at.
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("the output of the tests cannot be read")?;
        summary.read(&String::from_utf8_lossy(&line));
        out.write_all(&line).and_then(|()| out.write_all(b"\n")).context("standard output is closed")?;
    }
    let status = child.wait().context("the tests cannot be watched")?;
    Ok((summary, status.success()))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::stream;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn results_are_read_from_the_stream_even_among_bytes_that_are_not_text() {
        let script = r"printf '\377\n'; echo 'test result: ok. 2 passed; 0 failed; 0 ignored'";
        let mut shown = Vec::new();
        let (summary, success) = stream(&mut shell(script), &mut shown).unwrap();
        assert_eq!((summary.passed, summary.failed, success), (2, 0, true));
        assert!(shown.starts_with(b"\xff\ntest result: ok."), "the output was not shown as it came");
    }

    #[test]
    fn a_test_program_that_dies_is_no_success() {
        let (summary, success) = stream(&mut shell("kill -9 $$"), &mut Vec::new()).unwrap();
        assert_eq!((summary.passed, success), (0, false));
    }
}
