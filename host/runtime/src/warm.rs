//! Instances that wait for the next request of the principal they serve. They are never given to
//! another one: module, tenant and identity, with the scope of its sign-in, must be the same.

use crate::instance::Instance;
use crate::load::Module;
use crate::{Identity, Tenant};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an instance waits.
const IDLE_MAX: Duration = Duration::from_secs(5);

/// Waiting instances, the one that has waited longest first.
pub(crate) struct Warm {
    waiting: Mutex<VecDeque<Waiting>>,
    count_max: usize,
}

struct Waiting {
    /// Of module, tenant and identity: to pass over others quickly.
    hash: u64,
    since: Instant,
    instance: Instance,
}

impl Warm {
    pub(crate) fn new(count_max: usize) -> Self {
        Self {
            waiting: Mutex::new(VecDeque::with_capacity(count_max)),
            count_max,
        }
    }

    /// Takes an instance that serves exactly this.
    pub(crate) fn take(
        &self,
        module: &Arc<Module>,
        tenant: &Arc<Tenant>,
        identity: &Identity,
    ) -> Option<Instance> {
        let hash = hash(module, tenant, identity);
        let mut waiting = self.waiting.lock();
        // The one that was used last: its memory is the likeliest to be in the caches.
        let place = waiting.iter().rposition(|one| {
            one.hash == hash
                && Arc::ptr_eq(&one.instance.module, module)
                && one.instance.serving().is_some_and(|serving| {
                    Arc::ptr_eq(&serving.tenant, tenant) && serving.identity == *identity
                })
        })?;
        waiting.remove(place).map(|one| one.instance)
    }

    /// Keeps an instance; returns one that must go to make room, to be dropped when there is time.
    #[must_use]
    pub(crate) fn put(&self, instance: Instance) -> Option<Instance> {
        let Some(serving) = instance.serving() else {
            return Some(instance);
        };
        let hash = hash(&instance.module, &serving.tenant, &serving.identity);
        let mut waiting = self.waiting.lock();
        let gone = if waiting.len() >= self.count_max {
            waiting.pop_front()
        } else {
            None
        };
        waiting.push_back(Waiting {
            hash,
            since: Instant::now(),
            instance,
        });
        gone.map(|one| one.instance)
    }

    /// Drops those that have waited too long.
    pub(crate) fn sweep(&self) {
        loop {
            let mut waiting = self.waiting.lock();
            let Some(first) = waiting.front() else { return };
            if first.since.elapsed() < IDLE_MAX {
                return;
            }
            let gone = waiting.pop_front();
            drop(waiting);
            drop(gone);
        }
    }

    /// Drops those whose module is not to be kept.
    pub(crate) fn retain(&self, keep: impl Fn(&Arc<Module>) -> bool) {
        let mut waiting = self.waiting.lock();
        let (kept, gone) = waiting
            .drain(..)
            .partition(|one| keep(&one.instance.module));
        *waiting = kept;
        drop(waiting);
        let gone: VecDeque<Waiting> = gone;
        drop(gone);
    }

    /// How many wait.
    pub(crate) fn count(&self) -> usize {
        self.waiting.lock().len()
    }
}

fn hash(module: &Arc<Module>, tenant: &Arc<Tenant>, identity: &Identity) -> u64 {
    let mut hasher = DefaultHasher::new();
    Arc::as_ptr(module).hash(&mut hasher);
    Arc::as_ptr(tenant).hash(&mut hasher);
    identity.hash(&mut hasher);
    hasher.finish()
}
