//! The Wasm engine: pooled memories, compiled code kept on disk, and a clock that interrupts long computations.

use std::path::Path;
use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How often running components are interrupted, so that one of them cannot hold a thread.
const TICK: Duration = Duration::from_millis(10);
/// Memory that a freed slot keeps, to be quick for the next instance.
const KEEP_RESIDENT: usize = 1 << 20;

/// Makes an engine and starts its clock.
pub(crate) fn start(max_instances: u32, cache: Option<&Path>) -> Result<Engine, String> {
    let refuse = |error: wasmtime::Error| format!("the Wasm engine cannot start: {error:#}");
    let config = config(cache).map_err(refuse)?;
    let mut pooled = config.clone();
    pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(max_instances)));
    // The pool reserves much address space; where that is limited, memories are made one by one, which is slower.
    let engine = Engine::new(&pooled)
        .or_else(|error| {
            eprintln!("Instances are not pooled, which costs speed: {error:#}");
            Engine::new(&config)
        })
        .map_err(refuse)?;
    start_clock(engine.weak()).map_err(|error| format!("the engine's clock cannot start: {error}"))?;
    Ok(engine)
}

fn config(cache: Option<&Path>) -> wasmtime::Result<Config> {
    let mut config = Config::new();
    // Components are built without names, so frames would be numbers; the panic message is in the component's log.
    config.wasm_component_model_async(true).epoch_interruption(true).wasm_backtrace_max_frames(None);
    if let Some(folder) = cache {
        let mut cache = CacheConfig::new();
        cache.with_directory(folder);
        config.cache(Some(Cache::new(cache)?));
    }
    Ok(config)
}

fn pool(max_instances: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(max_instances)
        .total_memories(max_instances)
        .total_stacks(max_instances.saturating_mul(2))
        .total_tables(max_instances.saturating_mul(2))
        .total_core_instances(max_instances.saturating_mul(4))
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT)
        .max_component_instance_size(10 << 20)
        .max_core_instance_size(10 << 20);
    pool
}

/// One thread for each engine. It ends when the engine is gone.
fn start_clock(engine: EngineWeak) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name("wasm-clock".into())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })
        .map(drop)
}
