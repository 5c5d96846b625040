//! Prometheus's own tool for the tests: it checks the page of metrics, the rules and the dashboard.
//!
//! Where it is not on the search path, the program alone is taken out of Debian's package: installing the package would start a
//! server.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{
    shell,
    system::{self, NeedsAPerson},
    workspace::Workspace,
};

/// The variable that tells tests where the program is.
pub const VARIABLE: &str = "SEATKEEPER_PROMTOOL";

const NAME: &str = "promtool";
const PACKAGE: &str = "prometheus";
/// Where the program is in the package.
const INSIDE: &str = "./usr/bin/promtool";

/// The program, fetched once to `target/promtool`.
pub fn prepare(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(program) = system::find_program(NAME) {
        return Ok(program);
    }
    let folder = workspace.tool_folder(NAME);
    let program = folder.join(NAME);
    if works(&program) {
        return Ok(program);
    }
    if system::find_program("apt-get").is_none() || system::find_program("dpkg-deb").is_none() {
        return Err(NeedsAPerson {
            why: format!("no {NAME}, which checks the metrics, and no apt-get to fetch it with."),
            commands: vec!["# put promtool of Prometheus 2.42 or later on the search path".to_owned()],
        }
        .into());
    }
    shell::note(&format!("fetching {NAME} to {}: it checks the metrics; nothing is installed", folder.display()));
    fetch(&folder)?;
    if !works(&program) {
        bail!("{} does not run, although it was just fetched", program.display());
    }
    Ok(program)
}

fn works(program: &Path) -> bool {
    program.is_file() && shell::output(Command::new(program).arg("--version")).is_ok()
}

fn fetch(folder: &Path) -> Result<()> {
    // A half fetched package of an interrupted run would be taken for another version.
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let download = || {
        let mut command = Command::new("apt-get");
        command.args(["-qq", "download", PACKAGE]).current_dir(folder).stdin(Stdio::null());
        shell::run(&mut command)
    };
    if download().is_err() {
        // No package lists are the usual state of a container; fetching them needs root, the package does not.
        system::apt_update(&format!("no package list that has {PACKAGE}, from which {NAME} is taken"))?;
        download()?;
    }
    let package = package_in(folder)?;
    let tree = folder.join("tree");
    shell::run(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(&tree))?;
    fs::rename(tree.join(INSIDE), folder.join(NAME)).context("the package has no promtool")?;
    fs::remove_dir_all(&tree).with_context(|| format!("{} cannot be removed", tree.display()))?;
    fs::remove_file(&package).with_context(|| format!("{} cannot be removed", package.display()))
}

/// The package that was downloaded; its name has a version in it.
fn package_in(folder: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut files = entries.filter_map(Result::ok).map(|entry| entry.path());
    let package = files.find(|file| file.extension().is_some_and(|extension| extension == "deb"));
    package.with_context(|| format!("apt-get downloaded no package to {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{package_in, works};

    #[test]
    fn the_package_is_found_whatever_its_version() {
        let folder = tempfile::tempdir().unwrap();
        assert!(package_in(folder.path()).unwrap_err().to_string().contains("no package"));
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        let package = folder.path().join("prometheus_2.42.0+ds-5_amd64.deb");
        fs::write(&package, "").unwrap();
        assert_eq!(package_in(folder.path()).unwrap(), package);
    }

    #[test]
    fn a_file_that_does_not_run_is_fetched_again() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("promtool");
        assert!(!works(&program));
        fs::write(&program, "half of it").unwrap();
        assert!(!works(&program));
    }
}
