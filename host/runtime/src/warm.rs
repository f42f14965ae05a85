//! Instances that wait for the next request of the principal they serve. They are never given to
//! another one: module, tenant and identity, with the scope of its sign-in, must be the same.

use crate::account::Account;
use crate::instance::Instance;
use crate::load::Module;
use crate::shelf::{Shelf, Tag};
use crate::{Identity, Tenant};
use parking_lot::Mutex;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an instance waits.
const IDLE_MAX: Duration = Duration::from_secs(5);
/// How long it waits until it gives back what only a request needs: in a burst none does.
const REST_AFTER: Duration = Duration::from_secs(1);
/// Memory that those who wait may have on the average: all of theirs together is bounded.
const MEMORY_EACH: usize = 2 << 20;

/// Waiting instances.
pub(crate) struct Warm {
    shelf: Mutex<Shelf<Waiting>>,
}

struct Waiting {
    since: Instant,
    rests: bool,
    instance: Instance,
}

impl Warm {
    /// Keeps so many.
    pub(crate) fn new(count_max: usize) -> Self {
        Self {
            shelf: Mutex::new(Shelf::new(count_max, count_max.saturating_mul(MEMORY_EACH))),
        }
    }

    /// Keeps so many from now on.
    pub(crate) fn resize(&self, count_max: usize) {
        let memory_max = count_max.saturating_mul(MEMORY_EACH);
        let gone = self.shelf.lock().resize(count_max, memory_max);
        drop(gone);
    }

    /// Takes an instance that serves exactly this.
    pub(crate) fn take(
        &self,
        module: &Arc<Module>,
        tenant: &Arc<Tenant>,
        identity: &Identity,
    ) -> Option<Instance> {
        let key = key(module, tenant, identity);
        let taken = self.shelf.lock().take(key, |one| {
            Arc::ptr_eq(&one.instance.module, module)
                && one.instance.serving().is_some_and(|serving| {
                    Arc::ptr_eq(&serving.tenant, tenant) && serving.identity == *identity
                })
        });
        taken.map(|one| one.instance)
    }

    /// Keeps an instance; returns those that must go to make room, to be dropped when there is
    /// time.
    #[must_use]
    pub(crate) fn put(&self, instance: Instance) -> Vec<Instance> {
        let (Some(serving), Some(alive)) = (instance.serving(), &instance.alive) else {
            return vec![instance];
        };
        let tag = Tag {
            key: key(&instance.module, &serving.tenant, &serving.identity),
            owner: Arc::as_ptr(&alive.0.tenant).addr(),
            memory: instance.memory(),
        };
        let waiting = Waiting {
            since: Instant::now(),
            rests: false,
            instance,
        };
        let gone = self.shelf.lock().put(tag, waiting);
        gone.into_iter().map(|one| one.instance).collect()
    }

    /// Lets those rest that have waited for a while; requests come in between.
    pub(crate) fn rest(&self) {
        let mut last = 0;
        while let Some(serial) = self.rest_next(last) {
            last = serial;
        }
    }

    /// Lets one rest, of those that came after the one with this number. Returns its own.
    fn rest_next(&self, last: u64) -> Option<u64> {
        let mut shelf = self.shelf.lock();
        let (serial, one) = shelf.after(last).find(|(_, one)| !one.rests)?;
        if one.since.elapsed() < REST_AFTER {
            return None;
        }
        one.rests = true;
        one.instance.rest();
        Some(serial)
    }

    /// Drops those that have waited too long.
    pub(crate) fn sweep(&self) {
        loop {
            let mut shelf = self.shelf.lock();
            let oldest = shelf.oldest();
            if oldest.is_none_or(|one| one.since.elapsed() < IDLE_MAX) {
                return;
            }
            let gone = shelf.take_oldest();
            drop(shelf);
            drop(gone);
        }
    }

    /// Drops one, so that there is room for another instance. Says whether there was one.
    pub(crate) fn give_way(&self) -> bool {
        let gone = self.shelf.lock().take_of_most();
        gone.is_some()
    }

    /// Drops those whose module is not to be kept.
    pub(crate) fn retain(&self, keep: impl Fn(&Arc<Module>) -> bool) {
        let gone = self
            .shelf
            .lock()
            .take_all(|one| !keep(&one.instance.module));
        drop(gone);
    }

    /// Tells of each that waits on whose account it is.
    pub(crate) fn each(&self, mut tell: impl FnMut(&Arc<Account>)) {
        for one in self.shelf.lock().all() {
            if let Some(alive) = &one.instance.alive {
                tell(&alive.0);
            }
        }
    }

    /// How many wait.
    pub(crate) fn count(&self) -> usize {
        self.shelf.lock().count()
    }
}

fn key(module: &Arc<Module>, tenant: &Arc<Tenant>, identity: &Identity) -> u64 {
    let mut hasher = DefaultHasher::new();
    Arc::as_ptr(module).hash(&mut hasher);
    Arc::as_ptr(tenant).hash(&mut hasher);
    identity.hash(&mut hasher);
    hasher.finish()
}
