//! Real programs for tests: a simulated Confluence on a socket, a host of Spin components as a process of its own, and
//! a client that talks to both. Everything here goes through HTTP and the command line, so it works with any host.

pub mod client;
pub mod install;
pub mod manifest;
pub mod process;
pub mod site;

pub use client::{Answer, Peer};
pub use install::{Install, Tokens, tokens};
pub use manifest::Manifest;
pub use process::{Process, Program, Running};
pub use site::Site;

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// A program of the workspace, where the running one was built.
pub fn program(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("the path of this program is not known")?;
    // Tests are one folder deeper than programs.
    let folders = own.ancestors().skip(1).take(2).map(|folder| folder.join(name));
    let found = folders.into_iter().find(|path| path.is_file());
    found.with_context(|| {
        format!("`{name}` is not built beside {}; run: cargo build --release --workspace --bins", own.display())
    })
}

/// An error that says how to build the components, if one of them is missing.
pub fn components_are_built() -> Result<()> {
    let manifest = Manifest::read(&root().join("spin.toml"))?;
    for source in manifest.sources()? {
        ensure!(source.is_file(), "{} is missing; build the components first: cargo xtask build", source.display());
    }
    Ok(())
}
