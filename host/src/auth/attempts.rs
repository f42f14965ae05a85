//! Bounds on guessing: failed sign-ins are counted by client address and user, and by client
//! address alone, for each tenant; after some they are held back, after more refused without a
//! check. Clients of the machine itself have no bound of their address: a proxy may be there, and
//! all its clients would have one together.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60);
/// Failures of one address and user that are answered at once: people mistype.
const FREE: u32 = 3;
/// Failures of one address and user in a window.
const USER_MAX: u32 = 20;
/// Failures of one address in a window, whichever user of a tenant.
const ADDRESS_MAX: u32 = 200;
const ENTRIES_MAX: usize = 65_536;

/// What to do with an attempt.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Check it.
    Check,
    /// Check it, and hold back the answer if it fails.
    CheckSlowly,
    /// Refuse it; it may be tried again then.
    Refuse(Duration),
}

/// Counts failures.
pub struct Attempts {
    hasher: RandomState,
    counts: Mutex<HashMap<u64, (u32, Instant)>>,
}

impl Attempts {
    /// Starts with none.
    pub fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            counts: Mutex::default(),
        }
    }

    /// Decides about an attempt.
    pub fn verdict(&self, address: IpAddr, users: u64, user: &str) -> Verdict {
        let counts = self.counts.lock();
        let count = |key: u64| match counts.get(&key) {
            Some((count, since)) if since.elapsed() < WINDOW => (*count, since.elapsed()),
            _ => (0, Duration::ZERO),
        };
        let network = network(address);
        let (of_user, user_since) = count(self.hasher.hash_one((network, users, user)));
        let (of_address, address_since) = match network.is_loopback() {
            true => (0, Duration::ZERO),
            false => count(self.hasher.hash_one((network, users))),
        };
        if of_user >= USER_MAX {
            Verdict::Refuse(WINDOW.saturating_sub(user_since))
        } else if of_address >= ADDRESS_MAX {
            Verdict::Refuse(WINDOW.saturating_sub(address_since))
        } else if of_user >= FREE {
            Verdict::CheckSlowly
        } else {
            Verdict::Check
        }
    }

    /// Counts a failure.
    pub fn failed(&self, address: IpAddr, users: u64, user: &str) {
        let network = network(address);
        let keys = [
            self.hasher.hash_one((network, users, user)),
            self.hasher.hash_one((network, users)),
        ];
        let mut counts = self.counts.lock();
        if counts.len() >= ENTRIES_MAX {
            counts.retain(|_, (_, since)| since.elapsed() < WINDOW);
        }
        if counts.len() >= ENTRIES_MAX {
            counts.clear();
        }
        for key in keys {
            let (count, since) = counts.entry(key).or_insert((0, Instant::now()));
            if since.elapsed() >= WINDOW {
                (*count, *since) = (0, Instant::now());
            }
            *count += 1;
        }
    }
}

/// Who has one IPv6 address has the whole /64, but for that of the machine itself.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        address if address.is_loopback() => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_is_slowed_then_refused_for_that_address_and_user() {
        let attempts = Attempts::new();
        let here: IpAddr = "192.0.2.1".parse().unwrap();
        let there: IpAddr = "192.0.2.2".parse().unwrap();
        for _ in 0..FREE {
            assert_eq!(attempts.verdict(here, 0, "a"), Verdict::Check);
            attempts.failed(here, 0, "a");
        }
        assert_eq!(attempts.verdict(here, 0, "a"), Verdict::CheckSlowly);
        for _ in FREE..USER_MAX {
            attempts.failed(here, 0, "a");
        }
        assert!(matches!(attempts.verdict(here, 0, "a"), Verdict::Refuse(_)));
        assert_eq!(attempts.verdict(here, 0, "b"), Verdict::Check);
        assert_eq!(attempts.verdict(here, 1, "a"), Verdict::Check);
        assert_eq!(attempts.verdict(there, 0, "a"), Verdict::Check);
    }

    #[test]
    fn a_stranger_behind_a_local_proxy_locks_out_nobody_else() {
        let attempts = Attempts::new();
        for address in ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"] {
            let address = address.parse().unwrap();
            for number in 0..ADDRESS_MAX + USER_MAX {
                attempts.failed(address, 0, &number.to_string());
                attempts.failed(address, 0, "a");
            }
            assert_eq!(attempts.verdict(address, 0, "b"), Verdict::Check);
            assert!(matches!(
                attempts.verdict(address, 0, "a"),
                Verdict::Refuse(_)
            ));
        }
    }

    #[test]
    fn an_address_is_bounded_over_all_users() {
        let attempts = Attempts::new();
        for number in 0..ADDRESS_MAX {
            let address = format!("2001:db8::{number:x}").parse().unwrap();
            attempts.failed(address, 0, &number.to_string());
        }
        let address = "2001:db8::ffff".parse().unwrap();
        assert!(matches!(
            attempts.verdict(address, 0, "x"),
            Verdict::Refuse(_)
        ));
        // Users of many tenants may come by one address, a proxy's say.
        assert_eq!(attempts.verdict(address, 1, "x"), Verdict::Check);
    }
}
