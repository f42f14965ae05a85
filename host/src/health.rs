//! Whether this host can answer: what load balancers and supervisors ask.

use crate::http::dispatch::Host;
use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use runtime::ModuleState;
use serde::Serialize;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use storage::{Error, Store};
use tokio::runtime::Handle;

/// For how long what was found holds: asking often costs nothing.
const FRESH: Duration = Duration::from_secs(1);
/// A store that takes longer does not answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);
/// So many stores are asked at once.
const AT_ONCE: usize = 16;

/// What is known of a host's health.
#[derive(Default)]
pub struct Health {
    stopping: AtomicBool,
    /// The tenants whose stores were asked and have not answered: each holds a thread, and a broken
    /// disk may hold it for ever.
    waiting: Arc<Mutex<HashSet<String>>>,
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
        let mut readiness = Readiness {
            ready: false,
            stopping: self.stopping.load(Relaxed),
            stores: self.stores(host).await,
            modules,
            last_reload_successful: host.reload_state().problems.is_empty(),
        };
        readiness.ready = readiness.is_ready();
        readiness
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
        let opening = tokio::time::timeout(ANSWER_TIME_MAX, snapshot.default_site().open());
        let default = matches!(opening.await, Ok(Ok(_)));
        let open = snapshot
            .sites()
            .filter_map(|site| Some((site.name.clone(), site.opened()?)));
        let handle = Handle::current();
        let questions = open.map(|(tenant, open)| {
            let handle = handle.clone();
            (tenant, move || answers(&*open.tenant.store, &handle))
        });
        let mut found = self.ask(questions.collect(), ANSWER_TIME_MAX).await;
        found.all += usize::from(!default);
        *self.last.lock() = Some((Instant::now(), found));
        found
    }

    /// Puts each tenant's question to its store, on threads that may wait, and counts who says yes
    /// in time.
    async fn ask<Q>(&self, questions: Vec<(String, Q)>, time: Duration) -> Stores
    where
        Q: FnOnce() -> bool + Send + 'static,
    {
        let all = questions.len();
        let answering = AtomicUsize::new(0);
        let asking = stream::iter(questions).for_each_concurrent(AT_ONCE, |(tenant, question)| {
            let waiting = Waiting::begin(&self.waiting, tenant);
            let answering = &answering;
            async move {
                // Who has not answered what was asked before will not answer this either.
                let Some(waiting) = waiting else { return };
                let asked = tokio::task::spawn_blocking(move || {
                    let answer = question();
                    drop(waiting);
                    answer
                });
                if matches!(asked.await, Ok(true)) {
                    answering.fetch_add(1, Relaxed);
                }
            }
        });
        let _ = tokio::time::timeout(time, asking).await;
        Stores {
            answering: answering.load(Relaxed),
            all,
        }
    }
}

impl Readiness {
    /// A host where every module was refused would say of all that clients have stored that it is
    /// not there. Where some serve, the others' users are no reason to send theirs away.
    fn is_ready(&self) -> bool {
        let some_serve = self.modules.serving > 0 || self.modules.refused == 0;
        !self.stopping && self.stores.answering > 0 && some_serve
    }
}

/// A tenant whose store has been asked, until it has answered.
struct Waiting(Arc<Mutex<HashSet<String>>>, String);

impl Waiting {
    /// None if it has been asked already.
    fn begin(all: &Arc<Mutex<HashSet<String>>>, tenant: String) -> Option<Self> {
        let first = all.lock().insert(tenant.clone());
        first.then(|| Self(all.clone(), tenant))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.lock().remove(&self.1);
    }
}

/// Asks a store something small.
fn answers(store: &dyn Store, handle: &Handle) -> bool {
    let answer = handle.block_on(store.principal("anyone"));
    matches!(answer, Ok(_) | Err(Error::NotFound))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    type Question = Box<dyn FnOnce() -> bool + Send>;

    fn question(tenant: &str, ask: impl FnOnce() -> bool + Send + 'static) -> (String, Question) {
        (tenant.to_owned(), Box::new(ask))
    }

    #[tokio::test]
    async fn a_store_that_hangs_holds_one_thread_and_nobody_else() {
        let health = Health::default();
        let (release, released) = mpsc::channel::<()>();
        let (done, ended) = mpsc::channel::<()>();
        let hangs = move || {
            let _ = released.recv();
            drop(done);
            true
        };
        let time = Duration::from_millis(200);
        let both = vec![question("a", hangs), question("b", || true)];
        let found = health.ask(both, time).await;
        assert_eq!((found.answering, found.all), (1, 2));
        // It is not asked again: that would hold a thread each time.
        for _ in 0..3 {
            let again = question("a", || panic!("asked again"));
            let found = health.ask(vec![again, question("b", || true)], time).await;
            assert_eq!((found.answering, found.all), (1, 2));
        }
        drop(release);
        let _ = tokio::task::spawn_blocking(move || ended.recv()).await;
        // Its thread has yet to say so.
        while !health.waiting.lock().is_empty() {
            tokio::task::yield_now().await;
        }
        let time = Duration::from_secs(20);
        let found = health.ask(vec![question("a", || true)], time).await;
        assert_eq!((found.answering, found.all), (1, 1));
    }

    #[test]
    fn what_makes_a_host_not_ready() {
        for (stopping, answering, serving, refused, ready) in [
            (false, 1, 2, 0, true),
            (false, 1, 1, 1, true),
            (false, 1, 0, 0, true),
            (false, 1, 0, 1, false),
            (false, 0, 2, 0, false),
            (true, 1, 2, 0, false),
        ] {
            let readiness = Readiness {
                ready: false,
                stopping,
                stores: Stores { answering, all: 2 },
                modules: Modules { serving, refused },
                last_reload_successful: false,
            };
            assert_eq!(readiness.is_ready(), ready, "{readiness:?}");
        }
    }
}
