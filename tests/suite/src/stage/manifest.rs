//! Copies of `spin.toml` with something changed: a grant taken away, the timers left out.

use anyhow::{Context, Result};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

/// A manifest that can be changed and written elsewhere.
#[derive(Debug, Clone)]
pub struct Manifest {
    table: Table,
    folder: PathBuf,
}

impl Manifest {
    /// Reads a manifest.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let table = text.parse().with_context(|| format!("{} is not TOML", path.display()))?;
        let folder = path.parent().context("a manifest is in a folder")?;
        let folder = std::path::absolute(folder).context("the folder of the manifest is not known")?;
        let mut manifest = Self { table, folder };
        manifest.make_sources_absolute()?;
        Ok(manifest)
    }

    /// The files of the components.
    pub fn sources(&self) -> Result<BTreeSet<PathBuf>> {
        let components = self.table.get("component").and_then(Value::as_table).context("no components")?;
        Ok(components.values().filter_map(|component| component.get("source")?.as_str().map(PathBuf::from)).collect())
    }

    /// Sets a key of a component, such as a grant.
    pub fn set(mut self, component: &str, key: &str, value: impl Into<Value>) -> Result<Self> {
        let components = self.components()?;
        let found = components.get_mut(component).and_then(Value::as_table_mut);
        found.with_context(|| format!("no component {component}"))?.insert(key.to_owned(), value.into());
        Ok(self)
    }

    /// Leaves out the timers and the components that only they use, as for hosts without a cron trigger.
    pub fn without_cron(mut self) -> Result<Self> {
        let trigger = self.table.get_mut("trigger").and_then(Value::as_table_mut).context("no triggers")?;
        let crons = trigger.remove("cron").and_then(|crons| crons.as_array().cloned()).unwrap_or_default();
        let components = self.components()?;
        for name in crons.iter().filter_map(|cron| cron.get("component")?.as_str()) {
            components.remove(name);
        }
        Ok(self)
    }

    /// Writes it into a folder.
    pub fn write(&self, folder: &Path, name: &str) -> Result<PathBuf> {
        let path = folder.join(name);
        fs::write(&path, self.table.to_string()).with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(path)
    }

    fn components(&mut self) -> Result<&mut Table> {
        self.table.get_mut("component").and_then(Value::as_table_mut).context("the manifest has no components")
    }

    fn make_sources_absolute(&mut self) -> Result<()> {
        let folder = self.folder.clone();
        for component in self.components()?.iter_mut().filter_map(|(_, value)| value.as_table_mut()) {
            // Build commands belong to the workspace, not to a copy elsewhere.
            component.remove("build");
            if let Some(Value::String(source)) = component.get_mut("source") {
                *source = folder.join(source.as_str()).display().to_string();
            }
        }
        Ok(())
    }
}
