//! The engine that all modules share: what WebAssembly may do, how much room there is, and the
//! clock that interrupts guests.

use crate::RuntimeConfig;
use crate::limits::{CORES_MAX, TABLE_MAX};
use crate::state::State;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use wasmtime::component::Linker;
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
    RegallocAlgorithm,
};

/// How often a running guest makes room for others.
const TICK: Duration = Duration::from_millis(2);
/// Stack of a guest.
const WASM_STACK: usize = 512 << 10;
/// Stack of a guest and of the host's functions that it calls: those must never run out.
pub(crate) const FIBER_STACK: usize = WASM_STACK + (768 << 10);
/// What a memory can have in WebAssembly of 32 bits, for which there is room in any case: no access
/// is checked, because all that can be reached is set aside.
const MEMORY_MOST: usize = 4 << 30;
/// Beyond this there is no room for more instances than are configured.
const ROOM_MAX: u32 = 4096;
/// Core instances that a component has on average: its module, and those that join it to the host.
const CORES: u32 = 4;

/// Makes the engine. With `config`, instances live in a pool of that size; without, each gets its
/// memory from the system: for looking at single files.
pub(crate) fn engine(config: Option<&RuntimeConfig>) -> wasmtime::Result<Engine> {
    let mut settings = settings();
    if let Some(config) = config {
        settings.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(config)));
    }
    Engine::new(&settings)
}

/// Makes an engine that compiles in a hurry, and runs nothing: neither setting changes what code
/// means or how it is called, so the other engines run what it makes.
pub(crate) fn hasty() -> wasmtime::Result<Engine> {
    let mut settings = settings();
    settings
        .cranelift_opt_level(OptLevel::None)
        .cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
    Engine::new(&settings)
}

fn settings() -> Config {
    let mut settings = Config::new();
    settings
        .concurrency_support(false)
        .consume_fuel(false)
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(FIBER_STACK)
        .memory_init_cow(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false);
    settings
}

/// How many instances there may be, so that their number can be raised while they run: it costs
/// addresses, which are 5 GiB an instance of 128 TiB.
pub(crate) fn room(config: &RuntimeConfig) -> u32 {
    let configured = config.instances_max.max(1).saturating_add(config.warm_max);
    configured.max(configured.saturating_mul(2).min(ROOM_MAX))
}

fn pool(config: &RuntimeConfig) -> PoolingAllocationConfig {
    let instances = room(config);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances * CORES)
        .total_memories(instances + instances / 4)
        .total_tables(instances * CORES)
        // An instance that waits keeps the stack that it ran on.
        .total_stacks(instances + 8)
        .max_core_instances_per_component(CORES_MAX as u32)
        .max_memories_per_component(CORES_MAX as u32)
        .max_tables_per_component(CORES_MAX as u32)
        .max_memories_per_module(4)
        .max_tables_per_module(4)
        .table_elements(TABLE_MAX)
        // What an instance may have of it can be changed while the engine runs.
        .max_memory_size(MEMORY_MOST)
        // The first pages are the end of a stack that nobody reaches: to keep them costs writing them.
        .linear_memory_keep_resident(0)
        .table_keep_resident(4 << 10)
        .async_stack_keep_resident(16 << 10)
        .max_unused_warm_slots(64);
    pool
}

/// Everything that any module may import; grants are checked before.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    crate::interfaces::add_to_linker(&mut linker)?;
    Ok(linker)
}

/// The clock of an engine: stops when dropped.
pub(crate) struct Ticker(Arc<AtomicBool>);

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Self> {
        let stopped = Arc::new(AtomicBool::new(false));
        let (engine, stop) = (engine.weak(), stopped.clone());
        std::thread::Builder::new()
            .name("epoch".to_owned())
            .spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::thread::sleep(TICK);
                    let Some(engine) = engine.upgrade() else {
                        break;
                    };
                    engine.increment_epoch();
                }
            })?;
        Ok(Self(stopped))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
