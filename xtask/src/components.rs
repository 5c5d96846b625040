//! The five components, built to where `spin.toml` looks for them.

use std::{fs, path::PathBuf, time::Instant};

use anyhow::{Context, Result};

use crate::{
    shell,
    toolchain::{self, Choice, TARGET},
    workspace::Workspace,
};

/// Every component of `spin.toml`, by package name.
pub const COMPONENTS: [&str; 5] = ["sweep", "report", "restore", "alert", "admin"];

/// A component that only tests run; `spin.toml` does not name it.
const PROBE: &str = "probe";

/// The cargo profile they are built with.
const PROFILE: &str = "component";

/// Builds all components and prints the size of each; the paths are in the order of [`COMPONENTS`].
pub fn build(workspace: &Workspace, choice: Choice) -> Result<Vec<PathBuf>> {
    compile(workspace, choice, &COMPONENTS)
}

/// Builds the component that tests run beside the five.
pub fn build_probe(workspace: &Workspace, choice: Choice) -> Result<()> {
    compile(workspace, choice, &[PROBE]).map(drop)
}

fn compile(workspace: &Workspace, choice: Choice, names: &[&str]) -> Result<Vec<PathBuf>> {
    let started = Instant::now();
    let toolchain = toolchain::prepare(workspace, choice)?;
    shell::note(&format!("building {} components with {}", names.len(), toolchain.describe()));
    let mut command = toolchain.cargo_build(workspace)?;
    command.args(["--profile", PROFILE, "--target", TARGET, "--target-dir"]).arg(workspace.components());
    for name in names {
        command.args(["--package", name]);
    }
    shell::run(&mut command)?;
    let files: Vec<PathBuf> = names.iter().map(|name| file(workspace, name)).collect();
    for (name, path) in names.iter().zip(&files) {
        let size =
            fs::metadata(path).with_context(|| format!("component {name} was not built to {}", path.display()))?.len();
        eprintln!("    {name:<8} {:>10}", kilobytes(size));
    }
    shell::note(&format!("components built in {}", shell::seconds(started.elapsed())));
    Ok(files)
}

fn file(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.components().join(TARGET).join(PROFILE).join(format!("{name}.wasm"))
}

fn kilobytes(bytes: u64) -> String {
    format!("{} kB", bytes.div_ceil(1000))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{COMPONENTS, file, kilobytes};
    use crate::workspace::Workspace;

    #[test]
    fn sizes_are_rounded_up() {
        assert_eq!(kilobytes(370_001), "371 kB");
        assert_eq!(kilobytes(0), "0 kB");
    }

    #[test]
    fn every_component_is_built_to_a_path_that_the_manifest_names() {
        let workspace = Workspace::find().unwrap();
        let manifest = fs::read_to_string(workspace.root().join("spin.toml")).unwrap();
        for name in COMPONENTS {
            let path = file(&workspace, name);
            let source = format!("source = \"{}\"", path.strip_prefix(workspace.root()).unwrap().display());
            assert!(manifest.contains(&source), "spin.toml does not name {source}");
        }
        let named = manifest.lines().filter(|line| line.starts_with("source = "));
        let known = |line: &str| COMPONENTS.iter().any(|name| line.ends_with(&format!("/{name}.wasm\"")));
        assert!(named.into_iter().all(known), "spin.toml names a component that is never built");
    }
}
