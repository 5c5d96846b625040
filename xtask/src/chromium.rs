//! A real browser for the tests of the pages, and the checks of axe that are run in it.
//!
//! The driver comes from the same package source as the browser, so the two always fit each other.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{shell, system, workspace::Workspace};

/// The variable that tells tests where the checks of axe are.
pub const AXE_VARIABLE: &str = "SEATKEEPER_AXE";

const PROGRAMS: [&str; 2] = ["chromium", "chromedriver"];
const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];

/// A package with nothing but axe and a way to call it from Python, which is not used, and the axe that is in it.
const AXE_PACKAGE: &str = "axe-playwright-python==0.1.8";
const AXE_FILE: &str = "axe_playwright_python/axe.min.js";
const AXE_BEGIN: &str = "/*! axe v4.12.1";

/// Makes sure that a browser can be started.
pub fn prepare() -> Result<()> {
    let complete = || PROGRAMS.iter().all(|program| system::find_program(program).is_some());
    if complete() {
        return Ok(());
    }
    system::apt_install(&PACKAGES, "no Chromium with its driver, in which tests open the pages")?;
    if !complete() {
        bail!("no {}, even with {} installed", PROGRAMS.join(" and "), PACKAGES.join(" and "));
    }
    Ok(())
}

/// The file with the checks of axe; fetched once below `target/axe`.
pub fn axe(workspace: &Workspace, python: &Path) -> Result<PathBuf> {
    let folder = workspace.tool_folder("axe");
    let file = folder.join(AXE_FILE);
    if is_right_version(&file) {
        return Ok(file);
    }
    shell::note(&format!(
        "installing {AXE_PACKAGE} to {}: checks of pages for people with impairments",
        folder.display()
    ));
    // What an older version has left would stay beside the new one.
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    let mut install = Command::new(python);
    // Without what it depends on: a second browser driver, which nothing here calls.
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"]);
    shell::run(install.arg(&folder).arg(AXE_PACKAGE).stdin(Stdio::null()))?;
    if !is_right_version(&file) {
        bail!("{} does not begin with `{AXE_BEGIN}`, although {AXE_PACKAGE} was just installed", file.display());
    }
    Ok(file)
}

fn is_right_version(file: &Path) -> bool {
    fs::read(file).is_ok_and(|text| text.starts_with(AXE_BEGIN.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{AXE_BEGIN, is_right_version};

    #[test]
    fn another_axe_is_not_taken_for_the_right_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("axe.min.js");
        assert!(!is_right_version(&file));
        std::fs::write(&file, "/*! axe v4.4.3\n").unwrap();
        assert!(!is_right_version(&file));
        std::fs::write(&file, format!("{AXE_BEGIN}\n")).unwrap();
        assert!(is_right_version(&file));
    }
}
