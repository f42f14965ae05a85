//! Instances that wait for the next request of the principal they serve. They are never given to
//! another one: module, tenant and identity, with the scope of its sign-in, must be the same.

use crate::account::Account;
use crate::instance::Instance;
use crate::load::Module;
use crate::{Identity, Tenant};
use parking_lot::Mutex;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an instance waits.
const IDLE_MAX: Duration = Duration::from_secs(5);
/// Memory that those who wait may have on the average: all of theirs together is bounded.
const MEMORY_EACH: usize = 2 << 20;

/// Waiting instances.
pub(crate) struct Warm {
    shelf: Mutex<Shelf<Waiting>>,
}

struct Waiting {
    since: Instant,
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
        let mut shelf = self.shelf.lock();
        shelf.count_max = count_max;
        shelf.memory_max = count_max.saturating_mul(MEMORY_EACH);
        let mut gone = Vec::new();
        while shelf.is_too_full()
            && let Some(one) = shelf.take_of_most()
        {
            gone.push(one);
        }
        drop(shelf);
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
        let since = Instant::now();
        let gone = self.shelf.lock().put(tag, Waiting { since, instance });
        gone.into_iter().map(|one| one.instance).collect()
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
        self.shelf.lock().places.len()
    }
}

fn key(module: &Arc<Module>, tenant: &Arc<Tenant>, identity: &Identity) -> u64 {
    let mut hasher = DefaultHasher::new();
    Arc::as_ptr(module).hash(&mut hasher);
    Arc::as_ptr(tenant).hash(&mut hasher);
    identity.hash(&mut hasher);
    hasher.finish()
}

/// Things found by key, within bounds. When there are too many, that goes which has lain longest
/// of the owner who has most: nobody pushes out all of another's.
struct Shelf<T> {
    /// By a number that rises: what has lain longest first.
    places: BTreeMap<u64, (Tag, T)>,
    keys: HashMap<u64, Vec<u64>>,
    owners: HashMap<usize, BTreeSet<u64>>,
    memory: usize,
    serial: u64,
    count_max: usize,
    memory_max: usize,
}

/// What a thing is found and counted by.
#[derive(Clone, Copy)]
struct Tag {
    /// Of what it is for; others may have the same.
    key: u64,
    owner: usize,
    memory: usize,
}

impl<T> Shelf<T> {
    fn new(count_max: usize, memory_max: usize) -> Self {
        Self {
            places: BTreeMap::new(),
            keys: HashMap::new(),
            owners: HashMap::new(),
            memory: 0,
            serial: 0,
            count_max,
            memory_max,
        }
    }

    /// Takes what was put last of those that fit: its memory is the likeliest to be in the caches.
    fn take(&mut self, key: u64, fits: impl Fn(&T) -> bool) -> Option<T> {
        let serials = self.keys.get(&key)?;
        let fitting = serials.iter().rev().find(|serial| {
            let place = self.places.get(serial);
            place.is_some_and(|(_, thing)| fits(thing))
        });
        self.remove(*fitting?)
    }

    /// Puts a thing there; returns what must go.
    fn put(&mut self, tag: Tag, thing: T) -> Vec<T> {
        if tag.memory > self.memory_max {
            return vec![thing];
        }
        self.serial += 1;
        self.memory += tag.memory;
        self.places.insert(self.serial, (tag, thing));
        self.keys.entry(tag.key).or_default().push(self.serial);
        self.owners
            .entry(tag.owner)
            .or_default()
            .insert(self.serial);
        let mut gone = Vec::new();
        while self.is_too_full() {
            let Some(one) = self.take_of_most() else {
                break;
            };
            gone.push(one);
        }
        gone
    }

    fn is_too_full(&self) -> bool {
        self.places.len() > self.count_max || self.memory > self.memory_max
    }

    /// Takes what has lain longest of the owner who has most.
    fn take_of_most(&mut self) -> Option<T> {
        let most = self.owners.values().max_by_key(|serials| serials.len())?;
        let serial = *most.first()?;
        self.remove(serial)
    }

    fn oldest(&self) -> Option<&T> {
        self.places.values().next().map(|(_, thing)| thing)
    }

    fn take_oldest(&mut self) -> Option<T> {
        let serial = *self.places.keys().next()?;
        self.remove(serial)
    }

    fn take_all(&mut self, which: impl Fn(&T) -> bool) -> Vec<T> {
        let places = self.places.iter();
        let serials: Vec<u64> = places
            .filter(|(_, (_, thing))| which(thing))
            .map(|(serial, _)| *serial)
            .collect();
        let taken = serials.into_iter().map(|serial| self.remove(serial));
        taken.flatten().collect()
    }

    fn all(&self) -> impl Iterator<Item = &T> {
        self.places.values().map(|(_, thing)| thing)
    }

    fn remove(&mut self, serial: u64) -> Option<T> {
        let (tag, thing) = self.places.remove(&serial)?;
        self.memory -= tag.memory;
        if let Some(serials) = self.keys.get_mut(&tag.key) {
            serials.retain(|other| *other != serial);
            if serials.is_empty() {
                self.keys.remove(&tag.key);
            }
        }
        if let Some(serials) = self.owners.get_mut(&tag.owner) {
            serials.remove(&serial);
            if serials.is_empty() {
                self.owners.remove(&tag.owner);
            }
        }
        Some(thing)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tag(key: u64, owner: usize) -> Tag {
        Tag {
            key,
            owner,
            memory: 10,
        }
    }

    #[test]
    fn what_was_put_last_is_taken_and_what_does_not_fit_is_not() {
        let mut shelf = Shelf::new(9, 1000);
        for thing in 1..=3 {
            assert!(shelf.put(tag(7, 1), thing).is_empty());
        }
        // The same key for something else.
        shelf.put(tag(7, 2), 9);
        assert_eq!(shelf.take(7, |thing| *thing < 9), Some(3));
        assert_eq!(shelf.take(7, |thing| *thing < 9), Some(2));
        assert_eq!(shelf.take(8, |_| true), None);
        assert_eq!(shelf.oldest(), Some(&1));
        assert_eq!(shelf.take_all(|_| true), [1, 9]);
        assert!(shelf.keys.is_empty() && shelf.owners.is_empty() && shelf.memory == 0);
    }

    #[test]
    fn who_has_most_makes_room() {
        let mut shelf = Shelf::new(4, 1000);
        assert!(shelf.put(tag(0, 1), 0).is_empty());
        let mut gone = Vec::new();
        for thing in 1..=9 {
            gone.extend(shelf.put(tag(thing, 2), thing));
        }
        assert_eq!(gone, [1, 2, 3, 4, 5, 6], "all of the one who has most");
        assert_eq!(shelf.oldest(), Some(&0));
    }

    #[test]
    fn memory_is_bounded_as_well() {
        let mut shelf = Shelf::new(100, 35);
        let gone: usize = (0..5).map(|n| shelf.put(tag(n, 1), n).len()).sum();
        assert_eq!((gone, shelf.places.len(), shelf.memory), (2, 3, 30));
        let big = Tag {
            memory: 50,
            ..tag(9, 2)
        };
        assert_eq!(shelf.put(big, 9), [9], "for what is too big nobody goes");
        assert_eq!(shelf.memory, 30);
    }
}
