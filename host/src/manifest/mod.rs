//! The application manifest, `spin.toml` version 2: its exact shape, with every field that Spin knows.
//!
//! Unknown fields are errors, as in Spin; fields that Spin knows and this host does not serve are read here and refused
//! by [`check`], so that the message can say so.

pub(crate) mod check;
pub(crate) mod id;
pub(crate) mod trigger;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::StartError;

/// `spin.toml` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) spin_manifest_version: i64,
    pub(crate) application: Application,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, Variable>,
    #[serde(rename = "trigger", default)]
    pub(crate) triggers: BTreeMap<String, Vec<toml::Table>>,
    #[serde(rename = "component", default)]
    pub(crate) components: BTreeMap<String, Component>,
}

/// `[application]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Application {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) version: String,
    #[serde(default, rename = "description")]
    _description: String,
    #[serde(default, rename = "authors")]
    _authors: Vec<String>,
    #[serde(default, rename = "targets")]
    _targets: Vec<toml::Value>,
    #[serde(default)]
    pub(crate) trigger: BTreeMap<String, toml::Table>,
    #[serde(default, rename = "tool")]
    _tool: BTreeMap<String, toml::Table>,
}

/// One entry of `[variables]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variable {
    #[serde(default, rename = "description")]
    _description: Option<String>,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(default)]
    pub(crate) default: Option<String>,
    #[serde(default, rename = "secret")]
    _secret: bool,
}

/// `[component.ID]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Component {
    pub(crate) source: Source,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) files: Vec<toml::Value>,
    #[serde(default, rename = "exclude_files")]
    _exclude_files: Vec<String>,
    #[serde(default)]
    pub(crate) allowed_http_hosts: Vec<String>,
    #[serde(default)]
    pub(crate) allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    pub(crate) key_value_stores: Vec<String>,
    #[serde(default)]
    pub(crate) sqlite_databases: Vec<String>,
    #[serde(default)]
    pub(crate) ai_models: Vec<String>,
    #[serde(default, rename = "targets")]
    _targets: Option<Vec<toml::Value>>,
    #[serde(default, rename = "build")]
    _build: Option<Build>,
    #[serde(default, rename = "tool")]
    _tool: BTreeMap<String, toml::Table>,
    #[serde(default, rename = "dependencies_inherit_configuration")]
    _dependencies_inherit_configuration: Option<bool>,
    #[serde(default)]
    pub(crate) dependencies: BTreeMap<String, toml::Value>,
    // A profile is only used by `spin up --profile`, which this host does not have.
    #[serde(default, rename = "profile")]
    _profile: BTreeMap<String, toml::Table>,
}

/// Where the Wasm file is.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Source {
    /// A path beside the manifest.
    Local(String),
    /// A download or a registry package; refused later.
    Elsewhere(toml::Table),
}

/// `[component.ID.build]`; checked and otherwise left to `spin build`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Build {
    #[serde(rename = "command")]
    _command: Commands,
    #[serde(default, rename = "workdir")]
    _workdir: Option<String>,
    #[serde(default, rename = "watch")]
    _watch: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Commands {
    One(#[expect(dead_code, reason = "read only to check its type")] String),
    Many(#[expect(dead_code, reason = "read only to check its type")] Vec<String>),
}

impl Manifest {
    /// Reads and parses a manifest file; the second value is the folder that relative paths start from.
    pub(crate) fn read(path: &Path) -> Result<(Self, PathBuf), StartError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            StartError::one(format!(
                "cannot read the manifest {}: {error}; name another one with --from",
                path.display()
            ))
        })?;
        let manifest: Self = toml::from_str(&text).map_err(|error| {
            let why = error.to_string();
            StartError::one(format!("{} is not a valid manifest: {}", path.display(), why.trim_end()))
        })?;
        if manifest.spin_manifest_version != 2 {
            return Err(StartError::one(format!(
                "spin_manifest_version is {}; only version 2 is supported",
                manifest.spin_manifest_version
            )));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok((manifest, folder.to_path_buf()))
    }
}
