//! How many connections there may be, and how many may begin: of one client, and of all together.

use crate::config::Config;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// File descriptors kept for all that isn't a connection: the store, blobs, static files.
const OTHER_FILES: u64 = 256;
/// A rate is of the average over so long: what was not used of it may be used at once.
const BURST: Duration = Duration::from_secs(4);
/// Clients without a connection are forgotten when there are more than this.
const CLIENTS_KEPT: usize = 1024;

/// The bounds; none for any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Connections of all clients together.
    pub max: Option<u32>,
    /// Connections of one client.
    pub max_per_client: Option<u32>,
    /// New connections of all clients in a second.
    pub rate: Option<u32>,
    /// New connections of one client in a second.
    pub rate_per_client: Option<u32>,
}

/// Why a connection is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There are as many as there may be.
    Full,
    /// Its client has as many as it may have.
    Client,
    /// Too many begin.
    Rate,
    /// There are no file descriptors left.
    Files,
}

/// Counts connections.
pub struct Doors {
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    bounds: Bounds,
    all: u32,
    began: Pace,
    clients: HashMap<IpAddr, Client>,
    /// Clients without a connection are looked for when there are so many.
    forget_at: usize,
}

#[derive(Default)]
struct Client {
    connections: u32,
    began: Pace,
}

/// What has used up a rate: so long from now, if at all.
#[derive(Default)]
struct Pace(Option<Instant>);

/// A connection's place; free again when it is dropped.
pub struct Place {
    doors: Arc<Doors>,
    client: Option<IpAddr>,
}

impl Bounds {
    /// Those of a configuration; without a number for all, as many as there can be open files.
    pub fn of(config: &Config) -> Self {
        Self {
            max: config.maxconnections.or_else(possible),
            max_per_client: config.maxconnections_per_host,
            rate: config.maxconnectionrate,
            rate_per_client: config.maxconnectionrate_per_host,
        }
    }
}

impl Doors {
    /// Lets in so many.
    pub fn new(bounds: Bounds) -> Arc<Self> {
        let inside = Inside {
            bounds,
            forget_at: CLIENTS_KEPT,
            ..Inside::default()
        };
        Arc::new(Self {
            inside: Mutex::new(inside),
        })
    }

    /// Lets in so many from now on. Who is inside stays.
    pub fn set(&self, bounds: Bounds) {
        self.inside.lock().bounds = bounds;
    }

    /// Lets a connection in, if there is a place.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Place, Refused> {
        self.enter_at(address, Instant::now())
    }

    fn enter_at(self: &Arc<Self>, address: IpAddr, now: Instant) -> Result<Place, Refused> {
        let client = client(address);
        let mut inside = self.inside.lock();
        let Bounds {
            max,
            max_per_client,
            rate,
            rate_per_client,
        } = inside.bounds;
        if max.is_some_and(|max| inside.all >= max) {
            return Err(Refused::Full);
        }
        if let Some(client) = client {
            inside.forget(now);
            let of_client = inside.clients.entry(client).or_default();
            if max_per_client.is_some_and(|max| of_client.connections >= max) {
                return Err(Refused::Client);
            }
            if !of_client.began.allows(rate_per_client, now) {
                return Err(Refused::Rate);
            }
        }
        if !inside.began.allows(rate, now) {
            return Err(Refused::Rate);
        }
        if let Some(of_client) = client.and_then(|client| inside.clients.get_mut(&client)) {
            of_client.connections += 1;
        }
        inside.all += 1;
        Ok(Place {
            doors: self.clone(),
            client,
        })
    }
}

impl Inside {
    /// Forgets clients of whom nothing needs to be known, now and then.
    fn forget(&mut self, now: Instant) {
        if self.clients.len() < self.forget_at {
            return;
        }
        let needed = |client: &Client| client.connections > 0 || client.began.is_used(now);
        self.clients.retain(|_, client| needed(client));
        self.forget_at = (self.clients.len() * 2).max(CLIENTS_KEPT);
    }
}

impl Pace {
    /// Counts one more, if the rate allows it.
    fn allows(&mut self, rate: Option<u32>, now: Instant) -> bool {
        let Some(rate) = rate else {
            return true;
        };
        let each = Duration::from_secs(1) / rate.max(1);
        let until = self.0.map_or(now, |until| until.max(now)) + each;
        let allowed = until.saturating_duration_since(now) <= BURST.max(each);
        if allowed {
            self.0 = Some(until);
        }
        allowed
    }

    fn is_used(&self, now: Instant) -> bool {
        self.0.is_some_and(|until| until > now)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.doors.inside.lock();
        inside.all -= 1;
        if let Some(client) = self.client
            && let Entry::Occupied(mut of_client) = inside.clients.entry(client)
        {
            of_client.get_mut().connections -= 1;
            let Client { connections, began } = of_client.get();
            if *connections == 0 && !began.is_used(Instant::now()) {
                of_client.remove();
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

    fn doors(max: Option<u32>, max_per_client: Option<u32>) -> Arc<Doors> {
        Doors::new(Bounds {
            max,
            max_per_client,
            ..Bounds::default()
        })
    }

    #[test]
    fn a_client_has_so_many_and_no_more() {
        let doors = doors(Some(4), Some(2));
        let one = doors.enter(address("192.0.2.1")).unwrap();
        let _two = doors.enter(address("192.0.2.1")).unwrap();
        let refused = |text: &str| doors.enter(address(text)).err();
        assert_eq!(refused("192.0.2.1"), Some(Refused::Client));
        drop(one);
        let _three = doors.enter(address("192.0.2.1")).unwrap();
        let _four = doors.enter(address("2001:db8::1")).unwrap();
        let _five = doors.enter(address("2001:db8::ffff:1")).unwrap();
        assert_eq!(refused("2001:db8:0:1::1"), Some(Refused::Full));
        // More from now on, and of those inside none is forgotten.
        doors.set(Bounds {
            max_per_client: Some(3),
            ..Bounds::default()
        });
        let _six = doors.enter(address("192.0.2.1")).unwrap();
        assert_eq!(refused("192.0.2.1"), Some(Refused::Client));
    }

    #[test]
    fn a_network_of_64_bits_is_one_client_and_the_machine_itself_none() {
        let doors = doors(None, Some(1));
        let _one = doors.enter(address("2001:db8::1")).unwrap();
        assert!(doors.enter(address("2001:db8::2")).is_err());
        let _other = doors.enter(address("2001:db8:0:1::1")).unwrap();
        let _local: Vec<_> = (0..9)
            .map(|_| doors.enter(address("::1")).unwrap())
            .collect();
        drop((_one, _other));
        assert!(doors.inside.lock().clients.is_empty());
    }

    #[test]
    fn a_rate_is_of_the_average_and_of_each_client() {
        let doors = Doors::new(Bounds {
            rate: Some(10),
            rate_per_client: Some(5),
            ..Bounds::default()
        });
        let mut now = Instant::now();
        let begin = |client: &str, now| doors.enter_at(address(client), now).map(drop);
        let many = |client: &str, now| (0..100).filter(|_| begin(client, now).is_ok()).count();
        // Four seconds' worth at once.
        assert_eq!(many("192.0.2.1", now), 20);
        assert_eq!(begin("192.0.2.1", now), Err(Refused::Rate));
        assert_eq!(many("192.0.2.2", now), 20);
        // Those two have used up what all have together.
        assert_eq!(begin("192.0.2.3", now), Err(Refused::Rate));
        for _ in 0..10 {
            now += Duration::from_secs(1);
            assert_eq!(many("192.0.2.1", now), 5);
            assert_eq!(many("192.0.2.2", now), 5);
        }
    }

    #[test]
    fn clients_that_have_gone_are_forgotten() {
        let doors = Doors::new(Bounds {
            rate_per_client: Some(5),
            ..Bounds::default()
        });
        let now = Instant::now();
        let number = |n: u32| IpAddr::from((0x0a00_0000 + n).to_be_bytes());
        for n in 0..10_000 {
            let second = Duration::from_secs(u64::from(n / 500));
            drop(doors.enter_at(number(n), now + second).unwrap());
        }
        assert!(doors.inside.lock().clients.len() <= CLIENTS_KEPT * 2);
    }
}
