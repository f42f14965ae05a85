//! What the instances of a module remember for those whom they serve: bytes that outlive an instance,
//! within bounds. Nobody gets what another principal's instance has remembered, nor what one of the
//! same principal has that came with another sign-in.

use crate::shelf::{Shelf, Tag};
use crate::{Identity, Tenant};
use parking_lot::Mutex;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// Bytes that all instances of a module may remember together.
const ALL_MAX: usize = 64 << 20;
/// Bytes of one memory.
const BYTES_MAX: usize = 24 << 20;
/// Bytes of its name.
const NAME_MAX: usize = 255;
/// How many there may be.
const COUNT_MAX: usize = 16_384;
/// What one needs besides its bytes, roughly.
const OVERHEAD: usize = 512;
/// How long nobody asks for one until it is gone.
const IDLE_MAX: Duration = Duration::from_secs(3600);

/// What the instances of one module remember.
pub(crate) struct Memories(Mutex<Shelf<Memory>>);

struct Memory {
    /// Which tenant, without keeping it open: no other can have the same place meanwhile.
    tenant: Weak<Tenant>,
    identity: Identity,
    name: String,
    bytes: Arc<[u8]>,
    asked: Instant,
}

impl Default for Memories {
    fn default() -> Self {
        Self(Mutex::new(Shelf::new(COUNT_MAX, ALL_MAX)))
    }
}

impl Memories {
    /// What was remembered last.
    pub(crate) fn recall(
        &self,
        tenant: &Arc<Tenant>,
        identity: &Identity,
        name: &str,
    ) -> Option<Arc<[u8]>> {
        let key = key(tenant, identity, name);
        let mut shelf = self.0.lock();
        let mut found = shelf.take(key, |one| one.is(tenant, identity, name))?;
        if found.asked.elapsed() > IDLE_MAX {
            return None;
        }
        found.asked = Instant::now();
        let bytes = found.bytes.clone();
        // What was asked for last goes last.
        let gone = shelf.put(found.tag(key), found);
        drop(shelf);
        drop(gone);
        Some(bytes)
    }

    /// Remembers something; nothing if it is empty, or too long.
    pub(crate) fn remember(
        &self,
        tenant: &Arc<Tenant>,
        identity: &Identity,
        name: String,
        bytes: Vec<u8>,
    ) {
        let key = key(tenant, identity, &name);
        let fits = (1..=BYTES_MAX).contains(&bytes.len()) && name.len() <= NAME_MAX;
        let memory = fits.then(|| Memory {
            tenant: Arc::downgrade(tenant),
            identity: identity.clone(),
            name: name.clone(),
            bytes: bytes.into(),
            asked: Instant::now(),
        });
        let mut shelf = self.0.lock();
        let old = shelf.take(key, |one| one.is(tenant, identity, &name));
        let mut gone = Vec::from_iter(old);
        while let Some(oldest) = shelf.oldest()
            && (oldest.asked.elapsed() > IDLE_MAX || oldest.tenant.strong_count() == 0)
        {
            gone.extend(shelf.take_oldest());
        }
        if let Some(memory) = memory {
            gone.extend(shelf.put(memory.tag(key), memory));
        }
        drop(shelf);
        drop(gone);
    }
}

impl Memory {
    fn is(&self, tenant: &Arc<Tenant>, identity: &Identity, name: &str) -> bool {
        std::ptr::eq(self.tenant.as_ptr(), Arc::as_ptr(tenant))
            && self.name == name
            && self.identity == *identity
    }

    fn tag(&self, key: u64) -> Tag {
        Tag {
            key,
            // Whoever has most makes room, and it is a tenant that has.
            owner: self.tenant.as_ptr().addr(),
            memory: self.bytes.len() + OVERHEAD,
        }
    }
}

fn key(tenant: &Arc<Tenant>, identity: &Identity, name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    Arc::as_ptr(tenant).hash(&mut hasher);
    identity.hash(&mut hasher);
    name.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::SignIn;
    use storage::{Actor, SqliteStore, StoreLimits};

    fn tenant(folder: &std::path::Path, name: &str) -> Arc<Tenant> {
        let folder = folder.join(name);
        Arc::new(Tenant {
            name: name.to_owned(),
            store: SqliteStore::open(&folder, name, StoreLimits::default()).unwrap(),
            options: std::collections::HashMap::new(),
            folders: Vec::new(),
            modules: None,
            mail_domains: None,
            endpoints: None,
        })
    }

    fn identity(principal: &str, sign_in: SignIn) -> Identity {
        Identity {
            actor: Actor {
                principal: Some(principal.to_owned()),
                ..Actor::default()
            },
            sign_in,
        }
    }

    #[tokio::test]
    async fn nobody_recalls_what_another_remembers() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (tenant(folder.path(), "a"), tenant(folder.path(), "b"));
        let alice = identity("alice", SignIn::Password);
        let memories = Memories::default();
        memories.remember(&a, &alice, "x".to_owned(), vec![1]);
        memories.remember(&a, &alice, "y".to_owned(), vec![2]);
        memories.remember(&a, &alice, "x".to_owned(), vec![3]);
        let recall = |tenant, identity: &Identity, name| {
            let bytes = memories.recall(tenant, identity, name);
            bytes.map(|bytes| bytes.to_vec())
        };
        assert_eq!(recall(&a, &alice, "x"), Some(vec![3]));
        assert_eq!(recall(&a, &alice, "y"), Some(vec![2]));
        assert_eq!(recall(&b, &alice, "x"), None);
        for other in [
            identity("bob", SignIn::Password),
            identity("alice", SignIn::Bearer),
        ] {
            assert_eq!(recall(&a, &other, "x"), None);
        }
        memories.remember(&a, &alice, "x".to_owned(), Vec::new());
        assert_eq!(recall(&a, &alice, "x"), None);
    }

    #[tokio::test]
    async fn who_remembers_most_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (tenant(folder.path(), "a"), tenant(folder.path(), "b"));
        let alice = identity("alice", SignIn::Password);
        let memories = Memories::default();
        memories.remember(&b, &alice, "0".to_owned(), vec![0; 1 << 20]);
        for number in 1..=4 {
            memories.remember(&a, &alice, number.to_string(), vec![0; 20 << 20]);
        }
        let has = |tenant, name| memories.recall(tenant, &alice, name).is_some();
        assert!(has(&b, "0"), "the first, and another tenant's");
        assert!(has(&a, "4") && has(&a, "3") && !has(&a, "1"));
        memories.remember(&a, &alice, "4".to_owned(), vec![0; BYTES_MAX + 1]);
        assert!(!has(&a, "4"), "it is not what it was");
    }
}
