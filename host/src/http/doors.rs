//! How many connections there may be: of one client, and of all together.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

/// File descriptors kept for all that isn't a connection: the store, blobs, static files.
const OTHER_FILES: u64 = 256;

/// Counts connections.
pub struct Doors {
    max: Option<u32>,
    max_per_client: Option<u32>,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    all: u32,
    of_client: HashMap<IpAddr, u32>,
}

/// A connection's place; free again when it is dropped.
pub struct Place {
    doors: Arc<Doors>,
    client: Option<IpAddr>,
}

impl Doors {
    /// Lets in so many; without a number for all, as many as there can be open files.
    pub fn new(max: Option<u32>, max_per_client: Option<u32>) -> Arc<Self> {
        Arc::new(Self {
            max: max.or_else(possible),
            max_per_client,
            inside: Mutex::default(),
        })
    }

    /// Lets a connection in, if there is a place.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let client = self
            .max_per_client
            .and_then(|max| Some((client(address)?, max)));
        let mut inside = self.inside.lock();
        if self.max.is_some_and(|max| inside.all >= max) {
            return None;
        }
        if let Some((client, max)) = client {
            let count = inside.of_client.entry(client).or_default();
            if *count >= max {
                return None;
            }
            *count += 1;
        }
        inside.all += 1;
        Some(Place {
            doors: self.clone(),
            client: client.map(|(client, _)| client),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.doors.inside.lock();
        inside.all -= 1;
        if let Some(client) = self.client
            && let Entry::Occupied(mut count) = inside.of_client.entry(client)
        {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// Whose connection it is: of IPv6, a client has a whole /64. Nobody's from the machine itself,
/// where a proxy may be.
fn client(address: IpAddr) -> Option<IpAddr> {
    match address {
        _ if address.is_loopback() => None,
        IpAddr::V4(_) => Some(address),
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            Some(Ipv6Addr::from_bits(network).into())
        }
    }
}

/// As many as leave descriptors for everything else.
fn possible() -> Option<u32> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current?;
    u32::try_from(limit.saturating_sub(OTHER_FILES).max(limit / 2)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_client_has_so_many_and_no_more() {
        let doors = Doors::new(Some(4), Some(2));
        let one = doors.enter(address("192.0.2.1")).unwrap();
        let _two = doors.enter(address("192.0.2.1")).unwrap();
        assert!(doors.enter(address("192.0.2.1")).is_none());
        drop(one);
        let _three = doors.enter(address("192.0.2.1")).unwrap();
        let _four = doors.enter(address("2001:db8::1")).unwrap();
        let _five = doors.enter(address("2001:db8::ffff:1")).unwrap();
        assert!(
            doors.enter(address("2001:db8:0:1::1")).is_none(),
            "all are taken"
        );
    }

    #[test]
    fn a_network_of_64_bits_is_one_client_and_the_machine_itself_none() {
        let doors = Doors::new(None, Some(1));
        let _one = doors.enter(address("2001:db8::1")).unwrap();
        assert!(doors.enter(address("2001:db8::2")).is_none());
        let _other = doors.enter(address("2001:db8:0:1::1")).unwrap();
        let _local: Vec<_> = (0..9)
            .map(|_| doors.enter(address("::1")).unwrap())
            .collect();
        drop((_one, _other));
        assert!(doors.inside.lock().of_client.is_empty());
    }
}
