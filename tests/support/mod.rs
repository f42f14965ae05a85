//! What every suite uses.

mod client;
mod compiled;
mod fixtures;
mod server;
mod xml;

pub use client::{Client, Response, basic};
pub use fixtures::{Fixture, fixtures};
pub use server::{
    PASSWORD, Server, ServerBuilder, artifacts, binary, command, guest, open_port, output, shared,
};
pub use xml::{Element, Member, Multistatus, multistatus, parse};

use std::time::{Duration, Instant};

/// Waits until something holds, and fails when it does not hold in time. Nothing in these tests
/// sleeps for any other reason.
pub fn wait_until(what: &str, at_most: Duration, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + at_most;
    while !holds() {
        assert!(Instant::now() < end, "not within {at_most:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Seeded random numbers (splitmix64): a failure can be run again.
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.draw() % end
    }

    /// So many bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(len + 8);
        while bytes.len() < len {
            bytes.extend_from_slice(&self.draw().to_le_bytes());
        }
        bytes.truncate(len);
        bytes
    }
}
