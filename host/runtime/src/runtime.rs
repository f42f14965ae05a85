//! The runtime: an engine, the modules that are loaded, and the threads that guests run on.

use crate::account::{Account, Accounts};
use crate::compile::{self, Pace};
use crate::engine::{self, Ticker};
use crate::gate::{Gate, Party, Permit};
use crate::guests::Guests;
use crate::instance::Bounds;
use crate::limits::{Ceiling, Meter};
use crate::load::Loader;
use crate::reload::{Changes, Reload, Reloader};
use crate::run::{Bill, Run};
use crate::serve::{Job, Shared, serve};
use crate::table::{ModuleTable, Route, Snapshot};
use crate::warm::Warm;
use crate::{
    Answer, HandleError, Identity, ModuleLimits, ModuleState, Request, Tenant, TenantLimits, Usage,
};
use arc_swap::{ArcSwap, ArcSwapOption};
use parking_lot::Mutex;
use std::collections::{BTreeSet, HashMap};
use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How often idle instances are looked at.
const SWEEP: Duration = Duration::from_millis(500);
/// How many requests may wait for each instance that can live.
const WAITING_PER_INSTANCE: usize = 4;

/// How modules are run.
#[derive(Clone, Debug)]
pub struct RuntimeConfig {
    /// Where compiled modules are kept; only the host may write there.
    pub cachedir: PathBuf,
    /// Memory that an instance may have, in bytes.
    pub memory_max: usize,
    /// CPU time that a request may take.
    pub cpu_max: Duration,
    /// Instances that may serve requests at once.
    pub instances_max: u32,
    /// Instances that may wait, besides, for the next request of whom they serve.
    pub warm_max: u32,
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
    /// What modules may use, by name; `*` for those that are not named.
    pub limits: Vec<(String, ModuleLimits)>,
    /// Whether compiled forms that no file here needs are removed: by whoever serves, and not by
    /// whoever only looks while a server may be compiling.
    pub sweeps: bool,
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
    /// Held by whoever compiles drafts anew.
    refining: Mutex<()>,
    /// Instances that there is room for.
    room: u32,
    pub(crate) shared: Arc<Shared>,
    _guests: Guests,
    _ticker: Ticker,
}

impl Runtime {
    /// Starts the engine and loads the modules. Modules that can't be loaded are refused, logged,
    /// and listed in the table; the others serve.
    ///
    /// Waits until the modules are compiled.
    pub fn start(config: RuntimeConfig, set: ModuleSet) -> Result<Self, RuntimeError> {
        let engine = engine::engine(Some(&config)).map_err(engine_error)?;
        let room = engine::room(&config);
        let linker = engine::linker(&engine).map_err(engine_error)?;
        let ticker =
            Ticker::start(&engine).map_err(|error| RuntimeError::Engine(error.to_string()))?;
        let (guests, places) = Guests::start(config.threads)?;
        let ceiling = Ceiling::new(config.memory_max, config.cpu_max);
        let loader = Loader {
            engine,
            linker,
            cache: ArcSwapOption::empty(),
            ceiling: ceiling.clone(),
            guests: places.threads.clone(),
        };
        loader.cache.store(loader.open_cache(&config.cachedir));
        let loader = Arc::new(loader);
        let mut reloader = Reloader::new(loader.clone(), set.clone());
        let mut reload = reloader.begin(&set)?;
        compile::run(&loader, reload.take_jobs(), Pace::Start, |done| {
            reloader.take(done);
        });
        let modules = ArcSwap::default();
        if let Some(snapshot) = reloader.settle() {
            modules.store(Arc::new(snapshot));
        }
        reloader.end(&reload);
        let warm = Warm::new(config.warm_max as usize);
        let instances = config.instances_max.max(1) as usize;
        let threads = places.threads.clone();
        let accounts = Accounts::new(instances);
        accounts.limit_modules(&set.limits);
        let shared = Arc::new(Shared {
            warm,
            ceiling,
            places,
            instances: Gate::new(instances, instances * WAITING_PER_INSTANCE),
            accounts,
            anyone: Party::new(usize::MAX),
        });
        let weak = Arc::downgrade(&shared);
        threads.spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                let Some(shared) = weak.upgrade() else { break };
                shared.warm.sweep();
                shared.warm.rest();
            }
        });
        Ok(Self {
            modules,
            reloader: Mutex::new(reloader),
            refining: Mutex::new(()),
            room,
            shared,
            _guests: guests,
            _ticker: ticker,
        })
    }

    /// Runs modules like this from now on: what has begun goes on as it began. Returns the fields
    /// that want more than there is room for since the start; those stay as they were.
    pub fn configure(&self, config: &RuntimeConfig) -> Vec<&'static str> {
        let mut refused = Vec::new();
        {
            let mut reloader = self.reloader.lock();
            self.publish(reloader.move_cache(&config.cachedir));
        }
        let shared = &self.shared;
        shared.ceiling.set(config.memory_max, config.cpu_max);
        let instances = config.instances_max.max(1);
        if instances.saturating_add(config.warm_max) <= self.room {
            let places = instances as usize;
            shared
                .instances
                .resize(places, places * WAITING_PER_INSTANCE);
            shared.accounts.set_places(places);
            shared.warm.resize(config.warm_max as usize);
        } else {
            refused.push("instances");
        }
        let threads = config.threads.max(1);
        if threads <= shared.places.threads_max {
            shared.places.slices.resize(threads, usize::MAX);
        } else {
            refused.push("threads");
        }
        refused
    }

    /// Sets what tenants may use, by name; those that are not named, as much as anyone. It holds for
    /// requests that have begun, too.
    pub fn limit_tenants(&self, limits: HashMap<String, TenantLimits>) {
        self.shared.accounts.limit_tenants(limits);
    }

    /// Brings the modules up to what the folder has now and to these settings, while requests are
    /// served: what is new is compiled in the background and put in force as soon as it is ready;
    /// requests that have begun end with the module that they began with. What is refused changes
    /// nothing, and an older version of it stays in force if the settings still allow it.
    ///
    /// What is new serves as a draft at first, compiled in a hurry; see [`Runtime::refine`].
    ///
    /// Waits until all is done, which can take minutes: not to be called where requests are
    /// served. Fails if the folder can't be read; then everything stays as it is.
    pub fn reload(&self, set: &ModuleSet) -> Result<Changes, RuntimeError> {
        Ok(self.end_reload(self.begin_reload(set)?))
    }

    /// The first part of a reload: what needs no compiler is in force when it returns, soon.
    /// Another may begin before this one ends, and is not held up by it.
    pub fn begin_reload(&self, set: &ModuleSet) -> Result<Reload, RuntimeError> {
        let mut reloader = self.reloader.lock();
        let reload = reloader.begin(set)?;
        self.shared.accounts.limit_modules(&set.limits);
        self.publish(reloader.settle());
        Ok(reload)
    }

    /// The second part of a reload, which can take minutes.
    pub fn end_reload(&self, mut reload: Reload) -> Changes {
        let loader = self.reloader.lock().loader.clone();
        compile::run(&loader, reload.take_jobs(), Pace::Background, |done| {
            let mut reloader = self.reloader.lock();
            if reloader.take(done) {
                self.publish(reloader.settle());
            }
        });
        self.reloader.lock().end(&reload)
    }

    /// Compiles modules that serve as drafts as well as can be, keeps the results for the next
    /// start, and puts them in force. Nobody notices but by the time that requests take.
    ///
    /// Waits until all is done, as [`Runtime::reload`] does.
    pub fn refine(&self) {
        let _one = self.refining.lock();
        loop {
            let (loader, jobs) = {
                let mut reloader = self.reloader.lock();
                (reloader.loader.clone(), reloader.drafts())
            };
            if jobs.is_empty() {
                return;
            }
            compile::run(&loader, jobs, Pace::Leisure, |done| {
                let mut reloader = self.reloader.lock();
                self.publish(reloader.refine(done));
            });
        }
    }

    /// Puts a snapshot in force; under the reloader's lock, so that they come in order.
    fn publish(&self, snapshot: Option<Snapshot>) {
        let Some(snapshot) = snapshot.map(Arc::new) else {
            return;
        };
        self.modules.store(snapshot.clone());
        self.shared.warm.retain(|module| snapshot.has(module));
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
    /// Must be called on an executor of tokio. The guest runs on the caller's thread until it has
    /// used up its first slice, a few milliseconds of CPU time, and then on the runtime's own
    /// threads.
    /// A caller that stops waiting, or drops the body of the answer, stops the guest.
    pub async fn handle(
        &self,
        route: &Route,
        tenant: &Arc<Tenant>,
        identity: Identity,
        request: Request,
    ) -> Result<Answer, HandleError> {
        let account = self.shared.accounts.of(Some(tenant), &route.module);
        let tally = account.admit(&route.serving)?;
        let (place, queued) = match self.place(&account, &route.module).await {
            Ok(place) => place,
            Err(error) => {
                tally.failed(&tenant.name, &error);
                return Err(error);
            }
        };
        let bounds = self.bounds(Some(tenant), &route.module);
        let meter = Meter::new(bounds.cpu_max);
        let (reply, mut answer) = oneshot::channel();
        let work = serve(Job {
            shared: self.shared.clone(),
            module: route.serving.clone(),
            table: self.modules(tenant),
            tenant: tenant.clone(),
            identity,
            mount: route.mount.clone(),
            request,
            reply,
            place,
            meter: meter.clone(),
            bounds,
            account: account.clone(),
            tally,
        });
        let bill = Bill {
            shared: self.shared.clone(),
            account,
            meter,
        };
        let mut run = Run::new(Box::pin(work), bill);
        let answered = poll_fn(|cx| {
            run.poll(cx);
            Pin::new(&mut answer).poll(cx)
        });
        match answered.await {
            Ok(Ok(answer)) => Ok(run.carry(Answer { queued, ..answer })),
            Ok(Err(error)) => {
                run.detach();
                Err(error)
            }
            Err(_) => Err(HandleError::Trapped {
                module: route.module.clone(),
                reason: "it ended without an answer".to_owned(),
            }),
        }
    }

    /// What a request to a module, or another call into it, may use.
    pub(crate) fn bounds(&self, tenant: Option<&Tenant>, module: &str) -> Bounds {
        let of_tenant = tenant.map_or("", |tenant| tenant.name.as_str());
        let of_tenant = self.shared.accounts.limits_of_tenant(of_tenant);
        let of_module = self.shared.accounts.limits_of(module);
        let all = self.shared.ceiling.bounds();
        let cpu = [of_tenant.cpu, of_module.cpu];
        let memory = [of_tenant.memory, of_module.memory];
        Bounds {
            cpu_max: cpu.into_iter().flatten().fold(all.cpu_max, Duration::min),
            memory_max: memory
                .into_iter()
                .flatten()
                .fold(all.memory_max, usize::min),
        }
    }

    /// The biggest body of a request of a tenant to a module, in bytes; none if they set no limit.
    pub fn body_max(&self, tenant: &Tenant, module: &str) -> Option<u64> {
        let of_module = self.shared.accounts.limits_of(module).body;
        let of_tenant = self.shared.accounts.limits_of_tenant(&tenant.name).body;
        of_tenant.into_iter().chain(of_module).min()
    }

    /// What an instance of a module may have for a tenant, in bytes.
    pub fn memory_max(&self, tenant: &Tenant, module: &str) -> usize {
        self.bounds(Some(tenant), module).memory_max
    }

    /// What each module has used for each tenant, since the runtime started.
    pub fn usage(&self) -> Vec<Usage> {
        let mut usage = self.shared.accounts.usage();
        self.shared.warm.each(|account| {
            let of = usage.iter_mut().find(|(of, _)| Arc::ptr_eq(of, account));
            if let Some((_, usage)) = of {
                usage.instances_warm += 1;
            }
        });
        usage.into_iter().map(|(_, usage)| usage).collect()
    }

    /// Waits for room for one more instance, unless too many wait already. Says how long that took.
    pub(crate) async fn place(
        &self,
        account: &Account,
        module: &str,
    ) -> Result<(Permit, Duration), HandleError> {
        let places = (&account.tenant.places, &account.module.places);
        // Mostly there is room, and then there is nothing to ask the clock.
        if let Some(place) = self.shared.instances.try_acquire(places.0, places.1) {
            account.counters.queued(Duration::ZERO);
            return Ok((place, Duration::ZERO));
        }
        let began = Instant::now();
        let place = self.shared.instances.acquire(places.0, places.1).await;
        let queued = began.elapsed();
        account.counters.queued(queued);
        match place {
            Ok(place) => Ok((place, queued)),
            Err(_) => Err(HandleError::Busy {
                module: module.to_owned(),
            }),
        }
    }
}

fn engine_error(error: wasmtime::Error) -> RuntimeError {
    RuntimeError::Engine(format!("{error:#}"))
}
