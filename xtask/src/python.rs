//! A Python of our own for the tests: the simulator is also driven by a client library that other people wrote, and the
//! adapter for SCIM reads a server that other people wrote.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result};

use crate::{shell, system, workspace::Workspace};

/// The variable that tells tests where that Python is.
pub const VARIABLE: &str = "SEATKEEPER_PYTHON";

/// What is installed, pinned.
const PACKAGES: [&str; 2] = ["atlassian-python-api==3.41.16", "scim2-server==0.8.3"];

/// The Python with everything the tests need; made once below `target/venv`.
pub fn prepare(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.tool_folder("venv");
    let python = folder.join("bin/python");
    let marker = folder.join("installed.txt");
    let wanted = PACKAGES.join("\n");
    if python.exists() && fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    shell::note(&format!(
        "installing {} to {}: programs that other people wrote, for the tests",
        PACKAGES.join(", "),
        folder.display()
    ));
    if create(&folder).is_err() {
        system::apt_install(
            &["python3", "python3-venv"],
            "no python3 that can make a virtual environment for the tests",
        )?;
        create(&folder)?;
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES);
    shell::run(install.stdin(Stdio::null()))?;
    fs::write(&marker, wanted).with_context(|| format!("{} cannot be written", marker.display()))?;
    Ok(python)
}

fn create(folder: &Path) -> Result<()> {
    // Half an environment, from a run that was interrupted, would be kept as it is.
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    shell::output(Command::new("python3").args(["-m", "venv"]).arg(folder)).map(drop)
}
