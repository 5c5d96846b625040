//! What one instance of a component carries, and what all instances of a component share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use wasmtime::component::ResourceTable;
use wasmtime::{Engine, ResourceLimiter, Result, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::kv;
use crate::logs::ComponentLogs;
use crate::outbound::hooks::{Hooks, OutboundPolicy};
use crate::outbound::sockets::Sockets;
use crate::postgres::Databases;
use crate::variables::{VariableError, check_name};

/// Elements that the tables of one instance may have; a component of usual size needs some thousands.
const MAX_TABLE_ELEMENTS: usize = 100_000;

/// What all instances of one component share.
pub(crate) struct ComponentShared {
    pub(crate) id: String,
    pub(crate) variables: BTreeMap<String, Result<String, VariableError>>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) granted_stores: BTreeSet<String>,
    pub(crate) stores: Arc<BTreeMap<String, kv::Database>>,
    pub(crate) strict_kv: bool,
    pub(crate) outbound: Arc<OutboundPolicy>,
    pub(crate) sockets: Sockets,
    pub(crate) databases: Databases,
    pub(crate) logs: ComponentLogs,
    pub(crate) max_memory: usize,
    pub(crate) peak_memory: AtomicUsize,
    pub(crate) stopping: Arc<AtomicBool>,
}

impl ComponentShared {
    /// Whether the manifest lists the store for this component.
    pub(crate) fn grants_store(&self, label: &str) -> bool {
        self.granted_stores.contains(label)
    }

    /// The store behind a label.
    pub(crate) fn store(&self, label: &str) -> Option<kv::Store> {
        self.stores.get(label).map(|database| database.store(label))
    }

    /// The value of a variable.
    pub(crate) fn variable(&self, name: &str) -> Result<String, VariableError> {
        check_name(name)?;
        self.variables.get(name).cloned().unwrap_or_else(|| {
            Err(VariableError::Undefined(format!("component {:?} has no variable {name:?}", self.id)))
        })
    }

    /// A fresh store for one instance: no files, no connections and no environment but the manifest's.
    pub(crate) fn new_store(self: &Arc<Self>, engine: &Engine) -> Store<State> {
        let mut wasi = WasiCtx::builder();
        wasi.stdout(self.logs.stdout()).stderr(self.logs.stderr());
        self.sockets.grant(&mut wasi);
        for (name, value) in &self.environment {
            wasi.env(name, value);
        }
        let state = State {
            wasi: wasi.build(),
            table: ResourceTable::new(),
            http: WasiHttpCtx::new(),
            hooks: Hooks::new(Arc::clone(&self.outbound)),
            memory: MemoryLimit { used: 0, component: Arc::clone(self) },
            component: Arc::clone(self),
            open_stores: 0,
            open_databases: 0,
        };
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.memory);
        // A long computation gives way to other requests at every tick of the engine's clock.
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        store
    }
}

/// What one instance carries.
pub struct State {
    wasi: WasiCtx,
    pub(crate) table: ResourceTable,
    http: WasiHttpCtx,
    hooks: Hooks,
    memory: MemoryLimit,
    pub(crate) component: Arc<ComponentShared>,
    pub(crate) open_stores: usize,
    pub(crate) open_databases: usize,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}

/// Counts the linear memory of one instance and keeps the largest figure of its component.
struct MemoryLimit {
    used: usize,
    component: Arc<ComponentShared>,
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let used = self.used.saturating_sub(current).saturating_add(desired);
        if used > self.component.max_memory {
            eprintln!(
                "Component {} asked for {used} bytes of memory; an instance may have {} (--max-instance-memory).",
                self.component.id, self.component.max_memory
            );
            return Ok(false);
        }
        self.used = used;
        self.component.peak_memory.fetch_max(used, Ordering::Relaxed);
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        Ok(desired <= MAX_TABLE_ELEMENTS)
    }
}
