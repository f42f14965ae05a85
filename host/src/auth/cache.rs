//! Sign-ins that were verified a moment ago, so that the next request costs one HMAC and not an
//! argon2. Entries lie under a keyed hash of the whole Authorization field: the key is random, of
//! this process, and never leaves it, so nothing here leads back to a password.

use super::SignedIn;
use parking_lot::RwLock;
use ring::hmac;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an entry may be used without checking that the stored credentials are the same: a
/// changed password or group takes effect within this time.
pub const FRESH: Duration = Duration::from_secs(2);
/// How long an entry may be used at all before the password is verified again.
const LIFE: Duration = Duration::from_secs(300);
const ENTRIES_MAX: usize = 16_384;

/// The name of an entry.
pub type Tag = [u8; 32];

/// A verified sign-in.
struct Entry {
    /// Who it is.
    signed_in: Arc<SignedIn>,
    verified: Instant,
}

/// What the cache knows.
pub enum Found {
    /// This sign-in holds.
    Fresh(Arc<SignedIn>),
    /// It held a few seconds ago: compare the stored credentials.
    Stale(Arc<SignedIn>),
    /// Nothing.
    Unknown,
}

/// Verified sign-ins.
pub struct Cache {
    key: hmac::Key,
    entries: RwLock<HashMap<Tag, Entry>>,
}

impl Cache {
    /// Makes an empty one with a key of its own.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            entries: RwLock::default(),
        })
    }

    /// Names the entry of an Authorization field, of a tenant's users.
    pub fn tag(&self, users: u64, authorization: &[u8]) -> Tag {
        let mut tag = Tag::default();
        let mut mac = hmac::Context::with_key(&self.key);
        mac.update(&users.to_be_bytes());
        mac.update(authorization);
        let mac = mac.sign();
        for (to, from) in tag.iter_mut().zip(mac.as_ref()) {
            *to = *from;
        }
        tag
    }

    /// Looks for an entry.
    pub fn find(&self, tag: &Tag) -> Found {
        let entries = self.entries.read();
        match entries.get(tag) {
            Some(entry) if entry.verified.elapsed() > LIFE => Found::Unknown,
            Some(entry) if entry.signed_in.is_fresh() => Found::Fresh(entry.signed_in.clone()),
            Some(entry) => Found::Stale(entry.signed_in.clone()),
            None => Found::Unknown,
        }
    }

    /// Puts in a sign-in whose password was verified now.
    pub fn put(&self, tag: Tag, signed_in: Arc<SignedIn>) {
        let mut entries = self.entries.write();
        if entries.len() >= ENTRIES_MAX {
            entries.retain(|_, entry| entry.verified.elapsed() <= LIFE);
        }
        if entries.len() >= ENTRIES_MAX {
            // Any eighth will do: a map's order is random, and whoever is dropped signs in anew.
            let drop: Vec<Tag> = entries.keys().take(ENTRIES_MAX / 8).copied().collect();
            drop.iter().for_each(|tag| {
                entries.remove(tag);
            });
        }
        entries.insert(
            tag,
            Entry {
                signed_in,
                verified: Instant::now(),
            },
        );
    }

    /// Says that the stored credentials of an entry are still the same, and who it is now.
    pub fn refresh(&self, tag: &Tag, signed_in: Arc<SignedIn>) {
        if let Some(entry) = self.entries.write().get_mut(tag) {
            entry.signed_in = signed_in;
        }
    }

    /// Forgets an entry.
    pub fn remove(&self, tag: &Tag) {
        self.entries.write().remove(tag);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed_in(name: &str, checked: Instant) -> Arc<SignedIn> {
        let verified = ("hash".into(), checked);
        Arc::new(SignedIn::new(name.to_owned(), Vec::new(), false, verified))
    }

    #[test]
    fn entries_are_found_by_the_whole_field_and_bounded() {
        let cache = Cache::new().unwrap();
        let tag = cache.tag(0, b"Basic YTpi");
        assert_ne!(tag, cache.tag(0, b"Basic YTpj"));
        assert_ne!(tag, cache.tag(1, b"Basic YTpi"));
        assert_ne!(tag, Cache::new().unwrap().tag(0, b"Basic YTpi"));
        assert!(matches!(cache.find(&tag), Found::Unknown));
        cache.put(tag, signed_in("a", Instant::now()));
        assert!(matches!(cache.find(&tag), Found::Fresh(who) if who.name() == Some("a")));
        cache.remove(&tag);
        assert!(matches!(cache.find(&tag), Found::Unknown));
        for number in 0..ENTRIES_MAX + 10 {
            let tag = cache.tag(0, &number.to_be_bytes());
            cache.put(tag, signed_in("a", Instant::now()));
        }
        assert!(cache.entries.read().len() <= ENTRIES_MAX);
    }

    #[test]
    fn an_old_entry_is_to_be_compared_and_a_very_old_one_gone() {
        let cache = Cache::new().unwrap();
        let tag = cache.tag(0, b"x");
        let Some(earlier) = Instant::now().checked_sub(FRESH + Duration::from_secs(1)) else {
            return; // a machine that started this moment
        };
        cache.put(tag, signed_in("a", earlier));
        assert!(matches!(cache.find(&tag), Found::Stale(_)));
        cache.refresh(&tag, signed_in("a", Instant::now()));
        assert!(matches!(cache.find(&tag), Found::Fresh(_)));
    }
}
