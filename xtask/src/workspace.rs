//! Where things are in this repository. Nothing here runs a program.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// The repository and the places in it that the commands use.
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The repository this program was built from; `CARGO_TARGET_DIR` moves everything but the components.
    pub fn find() -> Result<Self> {
        let here = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = here.parent().context("xtask is not inside a workspace; run it as `cargo xtask`")?.to_path_buf();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(set) if !set.is_empty() => env::current_dir().context("no current folder")?.join(set),
            _ => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// The folder with `Cargo.toml` and `spin.toml`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the components are built. Always inside the repository, because `spin.toml` names the files there.
    pub fn components(&self) -> PathBuf {
        self.root.join("target/components")
    }

    /// A folder for things that the commands install or write, such as `venv` and `demo`.
    pub fn tool_folder(&self, name: &str) -> PathBuf {
        self.root.join("target").join(name)
    }

    /// A program of this workspace, built in release.
    pub fn program(&self, name: &str) -> PathBuf {
        self.target.join("release").join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }
}
