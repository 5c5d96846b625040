//! `runtime-config.toml`: what the operator sets, in Spin's own format.
//!
//! Tables that Spin has and this host does not serve are refused by name rather than ignored.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Problems;
use crate::outbound::blocked::BlockedNetworks;

/// What this host takes from the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuntimeConfig {
    /// Database files by label; a label without a path uses the usual file.
    pub(crate) stores: BTreeMap<String, Option<PathBuf>>,
    pub(crate) blocked: BlockedNetworks,
    pub(crate) pooling: bool,
    pub(crate) state_dir: Option<PathBuf>,
    pub(crate) log_dir: Option<PathBuf>,
    pub(crate) max_instance_memory: Option<usize>,
}

impl Default for RuntimeConfig {
    fn default() -> Self {
        Self {
            stores: BTreeMap::from([("default".into(), None)]),
            blocked: BlockedNetworks::default(),
            pooling: true,
            state_dir: None,
            log_dir: None,
            max_instance_memory: None,
        }
    }
}

/// Tables and keys of Spin that mean something this host does not do.
const NOT_SERVED: [&str; 13] = [
    "client_tls",
    "config_provider",
    "llm_compute",
    "otel",
    "outbound_mqtt",
    "outbound_mysql",
    "outbound_pg",
    "outbound_redis",
    "sqlite_database",
    "telemetry",
    "variable_provider",
    "variables_provider",
    "wasi_otel",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpinStore {
    #[serde(default)]
    path: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct OutboundNetworking {
    #[serde(default)]
    block_networks: Vec<String>,
    #[serde(default)]
    max_socket_connections: Option<usize>,
    #[serde(default)]
    max_total_connections: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutboundHttp {
    // Spin's default inside a table that is present; the documentation there says otherwise.
    #[serde(default)]
    connection_pooling: bool,
    #[serde(default)]
    max_connections: Option<usize>,
    #[serde(default)]
    max_concurrent_requests: Option<usize>,
}

impl RuntimeConfig {
    /// Reads a file. Every problem is noted; what is returned then is as far as it was understood.
    pub(crate) fn read(path: &Path, problems: &mut Problems) -> Self {
        let folder = path.parent().unwrap_or(Path::new(""));
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read the runtime configuration {}: {error}", path.display()));
        let Some(text) = problems.take(text) else {
            return Self::default();
        };
        let table =
            text.parse::<toml::Table>().map_err(|error| format!("{} is not valid TOML: {error}", path.display()));
        problems.take(table).map_or_else(Self::default, |table| Self::from_table(table, folder, problems))
    }

    fn from_table(table: toml::Table, folder: &Path, problems: &mut Problems) -> Self {
        let mut config = Self::default();
        for (key, value) in table {
            match key.as_str() {
                "key_value_store" => config.take_stores(value, folder, problems),
                "outbound_networking" => config.take_networking(value, problems),
                "outbound_http" => config.take_http(value, problems),
                "state_dir" => config.state_dir = path(&key, value, problems),
                "log_dir" => config.log_dir = path(&key, value, problems),
                "max_instance_memory" => {
                    let bytes = value.try_into::<usize>();
                    config.max_instance_memory =
                        problems.take(bytes.map_err(|_| "max_instance_memory must be a number of bytes".to_owned()));
                }
                _ if NOT_SERVED.contains(&key.as_str()) => {
                    problems.add(format!("runtime configuration [{key}]: not implemented by the embedded host"));
                }
                _ => problems.add(format!("runtime configuration: unknown key {key:?}")),
            }
        }
        config
    }

    fn take_stores(&mut self, value: toml::Value, folder: &Path, problems: &mut Problems) {
        let stores = value
            .try_into::<BTreeMap<String, toml::Table>>()
            .map_err(|_| "runtime configuration: write stores as [key_value_store.<label>] with a type".to_owned());
        for (label, mut store) in problems.take(stores).unwrap_or_default() {
            let kind = store.remove("type");
            match kind.as_ref().and_then(toml::Value::as_str) {
                Some("spin") => {
                    let store = toml::Value::Table(store)
                        .try_into::<SpinStore>()
                        .map_err(|error| format!("[key_value_store.{label}]: {}", error.message()));
                    if let Some(store) = problems.take(store) {
                        self.stores.insert(label, store.path.map(|path| folder.join(path)));
                    }
                }
                Some(kind @ ("redis" | "azure_cosmos" | "aws_dynamo")) => problems.add(format!(
                    "[key_value_store.{label}] type = {kind:?}: not implemented by the embedded host; use \"spin\""
                )),
                Some(kind) => problems.add(format!("[key_value_store.{label}]: unknown type {kind:?}")),
                None => problems.add(format!("[key_value_store.{label}]: the type is missing; write type = \"spin\"")),
            }
        }
    }

    fn take_networking(&mut self, value: toml::Value, problems: &mut Problems) {
        let parsed = value
            .try_into::<OutboundNetworking>()
            .map_err(|error| format!("[outbound_networking]: {}", error.message()));
        let Some(parsed) = problems.take(parsed) else { return };
        let blocked = BlockedNetworks::parse(&parsed.block_networks);
        if let Some(blocked) = problems.take(blocked.map_err(|why| format!("[outbound_networking] {why}"))) {
            self.blocked = blocked;
        }
        if parsed.max_socket_connections.is_some() || parsed.max_total_connections.is_some() {
            problems.add("[outbound_networking]: limits on connections are not implemented by the embedded host");
        }
    }

    fn take_http(&mut self, value: toml::Value, problems: &mut Problems) {
        let parsed = value.try_into::<OutboundHttp>().map_err(|error| format!("[outbound_http]: {}", error.message()));
        let Some(parsed) = problems.take(parsed) else { return };
        self.pooling = parsed.connection_pooling;
        if parsed.max_connections.is_some() || parsed.max_concurrent_requests.is_some() {
            problems.add("[outbound_http]: limits on connections are not implemented by the embedded host");
        }
    }
}

fn path(key: &str, value: toml::Value, problems: &mut Problems) -> Option<PathBuf> {
    let text = value.try_into::<String>().map_err(|_| format!("runtime configuration: {key} must be a path"));
    problems.take(text).filter(|text| !text.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<RuntimeConfig, Vec<String>> {
        let mut problems = Problems::default();
        let config = RuntimeConfig::from_table(text.parse().unwrap(), Path::new("/etc/app"), &mut problems);
        problems.finish().map(|()| config).map_err(|error| error.problems)
    }

    #[test]
    fn an_empty_file_means_the_defaults() {
        assert_eq!(parse("").unwrap(), RuntimeConfig::default());
    }

    #[test]
    fn stores_and_networks_are_read() {
        let config = parse(
            "[key_value_store.default]\ntype = 'spin'\npath = 'data/kv.db'\n[key_value_store.other]\ntype = 'spin'\n\
             [outbound_networking]\nblock_networks = ['private', '1.2.3.0/24']\n\
             [outbound_http]\nconnection_pooling = true",
        )
        .unwrap();
        assert_eq!(config.stores["default"].as_deref(), Some(Path::new("/etc/app/data/kv.db")));
        assert_eq!(config.stores["other"], None);
        assert!(config.blocked.blocks("1.2.3.4".parse().unwrap()) && config.pooling);
    }

    #[test]
    fn an_http_table_without_the_word_switches_pooling_off_as_in_spin() {
        assert!(!parse("[outbound_http]").unwrap().pooling);
    }

    #[test]
    fn what_is_unknown_or_not_served_is_refused_all_at_once() {
        let problems = parse(
            "typo = 1\n[sqlite_database.default]\ntype = 'spin'\n[key_value_store.a]\ntype = 'redis'\nurl = 'redis://x'\n\
             [key_value_store.b]\ntype = 'spin'\npaht = 'x'\n[key_value_store.c]\ntype = 'other'\n[key_value_store.d]\n\
             [outbound_networking]\nblock_networks = ['privat']\n[outbound_http]\nmax_connections = 3",
        )
        .unwrap_err();
        for expected in [
            "unknown key \"typo\"",
            "[sqlite_database]: not implemented",
            "[key_value_store.a] type = \"redis\": not implemented by the embedded host",
            "[key_value_store.b]: unknown field `paht`",
            "[key_value_store.c]: unknown type \"other\"",
            "[key_value_store.d]: the type is missing",
            "\"privat\"",
            "[outbound_http]: limits",
        ] {
            assert!(problems.iter().any(|problem| problem.contains(expected)), "{expected} in {problems:#?}");
        }
        assert_eq!(problems.len(), 8, "{problems:#?}");
    }
}
