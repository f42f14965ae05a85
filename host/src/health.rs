//! Whether this host can answer: what load balancers and supervisors ask.

use crate::http::dispatch::Host;
use parking_lot::Mutex;
use runtime::ModuleState;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use storage::{Error, Store};

/// For how long what was found holds: asking often costs nothing.
const FRESH: Duration = Duration::from_secs(1);
/// A store that takes longer does not answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);

/// What is known of a host's health.
#[derive(Default)]
pub struct Health {
    stopping: AtomicBool,
    /// Threads that wait for a store; a broken disk may hold them for ever.
    waiting: Arc<AtomicUsize>,
    last: Mutex<Option<(Instant, Stores)>>,
    asking: tokio::sync::Mutex<()>,
}

/// Whether a host is ready, and why. No name is in it: anyone may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Requests can be sent here.
    pub ready: bool,
    /// The host is about to end.
    pub stopping: bool,
    /// Its stores.
    pub stores: Stores,
    /// Its modules.
    pub modules: Modules,
    /// The last configuration that was read is in force.
    pub last_reload_successful: bool,
}

/// How many stores there are, of those in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stores {
    /// That answer.
    pub answering: usize,
    /// In all.
    pub all: usize,
}

/// How many modules there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Modules {
    /// That serve.
    pub serving: usize,
    /// That were refused.
    pub refused: usize,
}

impl Health {
    /// From now on the host is not ready.
    pub fn stop(&self) {
        self.stopping.store(true, Relaxed);
    }

    /// Says whether the host is ready: it isn't stopping, some store answers, and some module
    /// serves if there are any. One tenant's broken store leaves the others their server.
    pub async fn readiness(&self, host: &Host) -> Readiness {
        let states = host.runtime.states();
        let enabled = states.iter().filter(|state| state.enabled);
        let count =
            |is: fn(&ModuleState) -> bool| enabled.clone().filter(|state| is(state)).count();
        let modules = Modules {
            serving: count(|state| state.descriptor.is_some()),
            refused: count(|state| state.refused.is_some()),
        };
        let stopping = self.stopping.load(Relaxed);
        let stores = self.stores(host).await;
        let some_serve = modules.serving > 0 || modules.refused == 0;
        Readiness {
            ready: !stopping && stores.answering > 0 && some_serve,
            stopping,
            stores,
            modules,
            last_reload_successful: host.reload_state().problems.is_empty(),
        }
    }

    async fn stores(&self, host: &Host) -> Stores {
        let _asking = self.asking.lock().await;
        if let Some((at, stores)) = *self.last.lock()
            && at.elapsed() < FRESH
        {
            return stores;
        }
        // Opening the stores of tenants that nobody asks for would keep them all open.
        let snapshot = host.snapshot();
        let default = snapshot.default_site().open().await.is_ok();
        let open = snapshot.sites().filter_map(|site| site.opened());
        let mut found = self
            .ask(open.map(|open| open.tenant.store.clone()).collect())
            .await;
        found.all += usize::from(!default);
        *self.last.lock() = Some((Instant::now(), found));
        found
    }

    /// Asks every store something small, on a thread that may wait.
    async fn ask(&self, stores: Vec<Arc<dyn Store>>) -> Stores {
        let all = stores.len();
        // Whoever was asked before and is still waiting will not answer this time either.
        if self.waiting.load(Relaxed) > 0 {
            return Stores { answering: 0, all };
        }
        self.waiting.fetch_add(1, Relaxed);
        let waiting = self.waiting.clone();
        let runtime = tokio::runtime::Handle::current();
        let answering = Arc::new(AtomicUsize::new(0));
        let counted = answering.clone();
        let asking = tokio::task::spawn_blocking(move || {
            for store in stores {
                let answer = runtime.block_on(store.principal("anyone"));
                if matches!(answer, Ok(_) | Err(Error::NotFound)) {
                    counted.fetch_add(1, Relaxed);
                }
            }
            waiting.fetch_sub(1, Relaxed);
        });
        let _ = tokio::time::timeout(ANSWER_TIME_MAX, asking).await;
        Stores {
            answering: answering.load(Relaxed),
            all,
        }
    }
}
