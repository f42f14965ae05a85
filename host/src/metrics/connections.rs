//! Connections: how many are open, by what they speak, and how they began.

use crate::http::Refused;
use http::Version;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

/// What an open connection speaks, as far as is known.
pub const PROTOCOLS: [&str; 3] = ["none yet", "http/1.1", "http/2"];

/// Why connections are not let in.
pub const REFUSALS: [(Refused, &str); 4] = [
    (Refused::Full, "all"),
    (Refused::Client, "client"),
    (Refused::Rate, "rate"),
    (Refused::Files, "files"),
];

/// Counts connections.
#[derive(Default)]
pub struct Connections {
    /// Accepted without TLS, and with.
    pub accepted: [AtomicU64; 2],
    /// Not let in, by [`REFUSALS`].
    pub refused: [AtomicU64; REFUSALS.len()],
    /// Open now, by what they speak.
    pub open: [AtomicU64; PROTOCOLS.len()],
    /// TLS handshakes that succeeded.
    pub handshakes: AtomicU64,
    /// TLS handshakes that failed, or took too long.
    pub handshakes_failed: AtomicU64,
}

/// Counts connections that deliver mail.
#[derive(Default)]
pub struct LmtpConnections {
    /// Accepted.
    pub accepted: AtomicU64,
    /// Turned away again: there were too many.
    pub refused: AtomicU64,
}

/// A connection, counted as open for as long as it lives.
pub struct OpenConnection {
    counts: Arc<Connections>,
    speaks: AtomicU8,
}

impl Connections {
    /// Counts a connection that was accepted.
    pub fn accepted(self: &Arc<Self>, secure: bool) -> OpenConnection {
        if let Some(count) = self.accepted.get(usize::from(secure)) {
            count.fetch_add(1, Relaxed);
        }
        let connection = OpenConnection {
            counts: self.clone(),
            speaks: AtomicU8::new(0),
        };
        connection.open(0, true);
        connection
    }
}

impl Connections {
    /// Counts one that was not let in.
    pub fn refused(&self, why: Refused) {
        for ((reason, _), count) in REFUSALS.iter().zip(&self.refused) {
            if *reason == why {
                count.fetch_add(1, Relaxed);
            }
        }
    }
}

impl OpenConnection {
    /// Notes what it speaks; a connection never changes it.
    pub fn speaks(&self, version: Version) {
        if self.speaks.load(Relaxed) > 0 {
            return;
        }
        let protocol = if version == Version::HTTP_2 { 2 } else { 1 };
        // Requests of one connection may come at once.
        if self.speaks.swap(protocol, Relaxed) == 0 {
            self.open(0, false);
            self.open(protocol, true);
        }
    }

    /// Counts the outcome of the TLS handshake.
    pub fn shook_hands(&self, succeeded: bool) {
        let count = match succeeded {
            true => &self.counts.handshakes,
            false => &self.counts.handshakes_failed,
        };
        count.fetch_add(1, Relaxed);
    }

    fn open(&self, protocol: u8, one_more: bool) {
        if let Some(count) = self.counts.open.get(usize::from(protocol)) {
            match one_more {
                true => count.fetch_add(1, Relaxed),
                false => count.fetch_sub(1, Relaxed),
            };
        }
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.open(self.speaks.load(Relaxed), false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_counted_once_whatever_it_speaks() {
        let counts = Arc::new(Connections::default());
        let open = || counts.open.each_ref().map(|count| count.load(Relaxed));
        let one = counts.accepted(true);
        let other = counts.accepted(false);
        assert_eq!(open(), [2, 0, 0]);
        one.speaks(Version::HTTP_2);
        one.speaks(Version::HTTP_2);
        other.speaks(Version::HTTP_11);
        assert_eq!(open(), [0, 1, 1]);
        drop(one);
        drop(other);
        assert_eq!(open(), [0, 0, 0]);
        assert_eq!(counts.accepted.each_ref().map(|c| c.load(Relaxed)), [1, 1]);
    }
}
