//! System packages by apt: only when something is missing, always with one line that says what and why.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Result, bail};

use crate::shell;

/// Something only a person with more rights can do; the program ends with exit code 2.
#[derive(Debug)]
pub struct NeedsAPerson {
    /// What is missing and what it is for.
    pub why: String,
    /// The exact commands, one a line.
    pub commands: Vec<String>,
}

impl fmt::Display for NeedsAPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\nPlease run this, then start the same command again:", self.why)?;
        for command in &self.commands {
            write!(f, "\n    {command}")?;
        }
        Ok(())
    }
}

impl std::error::Error for NeedsAPerson {}

/// Fetches the package lists, or says what a person has to type.
pub fn apt_update(why: &str) -> Result<()> {
    if !is_root() {
        let commands = vec!["sudo apt-get update".to_owned()];
        return Err(NeedsAPerson { why: format!("{why}, and fetching it needs root."), commands }.into());
    }
    shell::note(&format!("apt-get update: {why}"));
    shell::run(Command::new("apt-get").args(["-qq", "update"]))
}

/// Installs packages, or says what a person has to type.
pub fn apt_install(packages: &[&str], why: &str) -> Result<()> {
    if find_program("apt-get").is_none() {
        return Err(NeedsAPerson {
            why: format!("{why}: this machine has no apt-get to install {} with.", packages.join(", ")),
            commands: vec![
                "rustup target add wasm32-wasip2    # where rustup can download, nothing else is needed".to_owned(),
            ],
        }
        .into());
    }
    if !is_root() {
        return Err(not_root(packages, why).into());
    }
    shell::note(&format!("apt-get install {}: {why}", packages.join(" ")));
    // Stale package lists are the usual reason for a refused install; no lists at all the usual state of a container.
    if let Err(error) = shell::run(Command::new("apt-get").args(["-qq", "update"])) {
        shell::note(&format!("going on with the package lists already here: {error}"));
    }
    let mut install = Command::new("apt-get");
    install.args(["-qq", "install", "--yes", "--no-install-recommends"]).args(packages);
    install.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    if let Err(error) = shell::run(&mut install) {
        bail!("{error}; {why}, and no other way is known on this machine");
    }
    Ok(())
}

fn not_root(packages: &[&str], why: &str) -> NeedsAPerson {
    NeedsAPerson {
        why: format!("{why}, and installing packages needs root."),
        commands: vec![
            "sudo apt-get update".to_owned(),
            format!("sudo apt-get install --yes --no-install-recommends {}", packages.join(" ")),
        ],
    }
}

fn is_root() -> bool {
    shell::output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}

/// The first program of that name on the search path.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_file(file))
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}

#[cfg(test)]
mod tests {
    use super::{find_program, not_root};

    #[test]
    fn without_root_the_message_has_the_exact_commands() {
        let message = not_root(&["rustc-web", "wasi-libc"], "No compiler for wasm32-wasip2").to_string();
        assert!(message.contains("    sudo apt-get update\n"), "{message}");
        assert!(
            message.ends_with("sudo apt-get install --yes --no-install-recommends rustc-web wasi-libc"),
            "{message}"
        );
    }

    #[test]
    fn programs_are_found_on_the_search_path_only() {
        assert!(find_program("sh").is_some());
        assert!(find_program("no-such-program-here").is_none());
    }
}
