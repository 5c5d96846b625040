//! Wasm files: compile once for each file, link, and check that a trigger can call them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre, Linker};

use crate::cron;
use crate::http::dispatch::{Dispatcher, ReuseLimits};
use crate::manifest::check::ComponentPlan;
use crate::state::{ComponentShared, State};

/// Loads components. Two ids with the same file share the compiled code.
pub(crate) struct Loader<'a> {
    engine: &'a Engine,
    linker: &'a Linker<State>,
    compiled: BTreeMap<PathBuf, Component>,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(engine: &'a Engine, linker: &'a Linker<State>) -> Self {
        Self { engine, linker, compiled: BTreeMap::new() }
    }

    /// Compiles and links one component.
    pub(crate) fn load(&mut self, plan: &ComponentPlan) -> Result<InstancePre<State>, String> {
        let refuse = |why: String| format!("component {:?} ({}): {why}", plan.id, plan.source.display());
        let component = self.compile(&plan.source).map_err(refuse)?;
        let pre = self.linker.instantiate_pre(&component).map_err(|error| {
            refuse(format!(
                "it imports something that this host does not offer, which a component of spin-sdk 7 does not do: \
                 {error:#}"
            ))
        })?;
        if plan.serves_cron {
            cron::check(&pre).map_err(refuse)?;
        }
        Ok(pre)
    }

    fn compile(&mut self, path: &Path) -> Result<Component, String> {
        if let Some(component) = self.compiled.get(path) {
            return Ok(component.clone());
        }
        let component = Component::from_file(self.engine, path)
            .map_err(|error| format!("it is not a Wasm component that can be loaded: {error:#}"))?;
        self.compiled.insert(path.to_path_buf(), component.clone());
        Ok(component)
    }
}

/// The way from requests to instances of one component.
pub(crate) fn dispatcher(
    engine: &Engine,
    pre: &InstancePre<State>,
    component: &Arc<ComponentShared>,
    reuse: &ReuseLimits,
) -> Result<Dispatcher, String> {
    Dispatcher::new(engine, pre, component, reuse).map_err(|error| {
        format!("component {:?}: it exports no HTTP handler, which its route needs: {error:#}", component.id)
    })
}
