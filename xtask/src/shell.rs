//! Running other programs: what is run is printed, and a failure names the program and how it ended.

use std::{
    ffi::OsStr,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

/// Says one line about what is happening; results go to standard output, these go to standard error.
pub fn note(line: &str) {
    eprintln!("==> {line}");
}

/// A duration as people say it: `4.2 s`, `3 min 05 s`.
pub fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

/// The cargo that started us, in the root of the workspace.
pub fn cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace.root());
    command
}

/// The command as a person would type it.
pub fn line(command: &Command) -> String {
    let program = command.get_program();
    let name = std::path::Path::new(program).file_name().unwrap_or(program);
    std::iter::once(name).chain(command.get_args()).map(quoted).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into_owned() } else { format!("'{word}'") }
}

/// Runs to the end with our own output; anything but success is an error.
pub fn run(command: &mut Command) -> Result<()> {
    eprintln!("    $ {}", line(command));
    let status = command.status().with_context(|| format!("could not start `{}`", line(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}

/// What a program wrote to standard output, trimmed; its errors are kept for the message.
pub fn output(command: &mut Command) -> Result<String> {
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("could not start `{}`", line(command)))?;
    if !done.status.success() {
        bail!("`{}` ended with {}: {}", line(command), done.status, String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::{process::Command, time::Duration};

    use super::{line, output, run, seconds};

    #[test]
    fn durations_read_like_people_say_them() {
        assert_eq!(seconds(Duration::from_millis(4_240)), "4.2 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
    }

    #[test]
    fn a_command_line_can_be_copied_into_a_shell() {
        let mut command = Command::new("/usr/bin/cargo");
        command.args(["test", "--workspace", "a b", ""]);
        assert_eq!(line(&command), "cargo test --workspace 'a b' ''");
    }

    #[test]
    fn a_failing_program_is_named_in_the_error() {
        let error = run(Command::new("false").arg("--really")).unwrap_err().to_string();
        assert!(error.contains("`false --really` ended with"), "{error}");
    }

    #[test]
    fn a_missing_program_is_named_in_the_error() {
        let error = output(&mut Command::new("no-such-program-here")).unwrap_err().to_string();
        assert!(error.contains("could not start `no-such-program-here`"), "{error}");
    }
}
