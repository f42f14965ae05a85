//! The runtime: an engine, the modules that are loaded, and the threads that guests run on.

use crate::cache::Cache;
use crate::compile::Pace;
use crate::engine::{self, Ticker};
use crate::instance::Bounds;
use crate::load::Loader;
use crate::reload::{Changes, Reloader};
use crate::serve::{Job, Leave, Shared, serve};
use crate::table::{ModuleTable, Route, Snapshot};
use crate::warm::Warm;
use crate::{Answer, AnswerBody, HandleError, Identity, ModuleState, Request, Tenant};
use arc_swap::ArcSwap;
use futures_util::StreamExt;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

/// How often idle instances are looked at.
const SWEEP: Duration = Duration::from_secs(1);
/// How many requests may wait for each instance that can live.
const WAITING_PER_INSTANCE: usize = 4;

/// How modules are run: fixed when the runtime starts.
#[derive(Clone, Debug)]
pub struct RuntimeConfig {
    /// Where compiled modules are kept; only the host may write there.
    pub cachedir: PathBuf,
    /// Memory that an instance may have, in bytes.
    pub memory_max: usize,
    /// CPU time that a request may take.
    pub cpu_max: Duration,
    /// Instances that may live at once.
    pub instances_max: u32,
    /// Threads that run guests.
    pub threads: usize,
}

/// Which modules run, and what they may.
#[derive(Clone, Debug)]
pub struct ModuleSet {
    /// Where the `.wasm` files lie.
    pub moduledir: PathBuf,
    /// Which modules to run, whoever has them; none for whatever lies there.
    pub httpmodules: Option<BTreeSet<String>>,
    /// Prefixes that replace a module's own: (module, its path, the path to use).
    pub prefixes: Vec<(String, String, String)>,
    /// Interfaces granted to modules beyond the harmless ones: (module, interface), with `*` for
    /// all of either. What a module imports must be named by its descriptor and granted here.
    pub grants: Vec<(String, String)>,
}

impl ModuleSet {
    /// Whether a module is to run.
    pub(crate) fn has(&self, name: &str) -> bool {
        let names = self.httpmodules.as_ref();
        names.is_none_or(|names| names.contains(name))
    }
}

/// Why the runtime, or a module, can't start.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The folder of modules can't be read.
    #[error("can't read the module folder {path}: {reason}")]
    Folder {
        /// The folder.
        path: String,
        /// Why.
        reason: String,
    },
    /// A module can't be loaded.
    #[error("module {module}: {reason}")]
    Module {
        /// Which.
        module: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The engine can't start.
    #[error("can't start the WebAssembly engine: {0}")]
    Engine(String),
}

/// Runs modules.
pub struct Runtime {
    modules: ArcSwap<Snapshot>,
    reloader: Mutex<Reloader>,
    pub(crate) shared: Arc<Shared>,
    /// As many as instances may live.
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
    pub(crate) guests: Guests,
    _ticker: Ticker,
}

impl Runtime {
    /// Starts the engine and loads the modules. Modules that can't be loaded are refused, logged,
    /// and listed in the table; the others serve.
    ///
    /// Waits until the modules are compiled.
    pub fn start(config: RuntimeConfig, set: ModuleSet) -> Result<Self, RuntimeError> {
        let engine = engine::engine(Some(&config)).map_err(engine_error)?;
        let linker = engine::linker(&engine).map_err(engine_error)?;
        let ticker =
            Ticker::start(&engine).map_err(|error| RuntimeError::Engine(error.to_string()))?;
        let guests = Guests::start(config.threads)?;
        let cache = Cache::open(&config.cachedir, &engine)
            .inspect_err(|error| tracing::warn!("compiled modules can't be kept: {error}"))
            .ok();
        let bounds = Bounds {
            memory_max: config.memory_max,
            cpu_max: config.cpu_max,
        };
        let loader = Loader {
            engine,
            linker,
            cache,
            bounds,
            guests: guests.handle(),
        };
        let mut reloader = Reloader::new(loader);
        let modules = ArcSwap::default();
        reloader.reload(&set, Pace::Start, |snapshot| {
            modules.store(Arc::new(snapshot));
        })?;
        let warm = Warm::new(engine::warm_max(config.instances_max) as usize);
        let shared = Arc::new(Shared { warm, bounds });
        let weak = Arc::downgrade(&shared);
        guests.handle().spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                let Some(shared) = weak.upgrade() else { break };
                shared.warm.sweep();
            }
        });
        let places = config.instances_max.max(1) as usize;
        Ok(Self {
            modules,
            reloader: Mutex::new(reloader),
            shared,
            places: Arc::new(Semaphore::new(places)),
            waiting: AtomicUsize::new(0),
            waiting_max: places * WAITING_PER_INSTANCE,
            guests,
            _ticker: ticker,
        })
    }

    /// Brings the modules up to what the folder has now and to these settings, while requests are
    /// served: what is new is compiled in the background and put in force as soon as it is ready;
    /// requests that have begun end with the module that they began with. What is refused changes
    /// nothing, and an older version of it stays in force if the settings still allow it.
    ///
    /// Waits until all is done, which can take minutes: not to be called where requests are
    /// served. Calls come one after the other. Fails if the folder can't be read; then everything
    /// stays as it is.
    pub fn reload(&self, set: &ModuleSet) -> Result<Changes, RuntimeError> {
        let mut reloader = self.reloader.lock();
        reloader.reload(set, Pace::Background, |snapshot| {
            let snapshot = Arc::new(snapshot);
            self.modules.store(snapshot.clone());
            self.shared.warm.retain(|module| snapshot.has(module));
        })
    }

    /// Returns the modules in force that a tenant has.
    pub fn modules(&self, tenant: &Tenant) -> Arc<ModuleTable> {
        self.view(Some(tenant))
    }

    /// Tells how each file in the module folder stands, ordered by the names of the modules.
    pub fn states(&self) -> Arc<[ModuleState]> {
        self.modules.load().states()
    }

    /// The modules in force that a tenant has; all of them for nobody in particular.
    pub(crate) fn view(&self, tenant: Option<&Tenant>) -> Arc<ModuleTable> {
        let enabled = tenant.and_then(|tenant| tenant.modules.as_ref());
        self.modules.load().view(enabled)
    }

    /// Counts the instances that wait for the next request of the principal they serve.
    pub fn idle_instances(&self) -> usize {
        self.shared.warm.count()
    }

    /// Answers a request in an instance of the route's module that serves this identity.
    ///
    /// May be called from any executor; the guest runs on the runtime's own threads. A caller that
    /// stops waiting, or drops the body of the answer, stops the guest.
    pub async fn handle(
        &self,
        route: &Route,
        tenant: &Arc<Tenant>,
        identity: Identity,
        request: Request,
    ) -> Result<Answer, HandleError> {
        let place = self.place(&route.module).await?;
        let (reply, answer) = oneshot::channel();
        let job = Job {
            shared: self.shared.clone(),
            module: route.serving.clone(),
            table: self.modules(tenant),
            tenant: tenant.clone(),
            identity,
            mount: route.mount.clone(),
            request,
            reply,
            place,
        };
        let guests = self.guests.handle();
        let task = guests.spawn(serve(job));
        let leave = Leave::new(guests, task.abort_handle());
        let Ok(answer) = answer.await else {
            return Err(HandleError::Trapped {
                module: route.module.clone(),
                reason: "it ended without an answer".to_owned(),
            });
        };
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                leave.done();
                return Err(error);
            }
        };
        match answer.body {
            AnswerBody::Stream(body) => {
                let leave = leave.with_grace();
                answer.body = AnswerBody::Stream(Box::pin(body.inspect(move |_| {
                    // Owned by the body: dropping it unfinished stops the guest.
                    let _ = &leave;
                })));
            }
            AnswerBody::None | AnswerBody::Bytes(_) | AnswerBody::Blob(_) => leave.done(),
        }
        Ok(answer)
    }

    /// Waits for room for one more instance, unless too many wait already.
    pub(crate) async fn place(
        &self,
        module: &str,
    ) -> Result<tokio::sync::OwnedSemaphorePermit, HandleError> {
        let busy = || HandleError::Busy {
            module: module.to_owned(),
        };
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return Ok(place);
        }
        let waiting = Counted::new(&self.waiting);
        if waiting.before >= self.waiting_max {
            return Err(busy());
        }
        self.places
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| busy())
    }
}

fn engine_error(error: wasmtime::Error) -> RuntimeError {
    RuntimeError::Engine(format!("{error:#}"))
}

/// Counts for as long as it lives.
struct Counted<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        let before = count.fetch_add(1, Ordering::Relaxed);
        Self { count, before }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The threads that guests run on.
pub(crate) struct Guests(Option<tokio::runtime::Runtime>, tokio::runtime::Handle);

impl Guests {
    pub(crate) fn start(threads: usize) -> Result<Self, RuntimeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .thread_name("guest")
            .enable_all()
            .build()
            .map_err(|error| RuntimeError::Engine(error.to_string()))?;
        let handle = runtime.handle().clone();
        Ok(Self(Some(runtime), handle))
    }

    pub(crate) fn handle(&self) -> tokio::runtime::Handle {
        self.1.clone()
    }
}

impl Drop for Guests {
    fn drop(&mut self) {
        // Waiting for guests is not possible on a thread that runs tasks itself.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
