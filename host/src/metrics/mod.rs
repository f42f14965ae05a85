//! What operators watch: everything is counted where it happens, in plain atomics, and made into
//! Prometheus text when someone asks. `docs/operations.md` has the table of names.
//!
//! A request costs a few atomic additions. No word of a client becomes a label.

mod collect;
mod connections;
mod histogram;
mod process;
mod text;
mod traffic;
mod usage;

pub use collect::collect;
pub use connections::{Connections, LmtpConnections, OpenConnection};
pub use text::Format;
pub use traffic::{Done, Indexed, Traffic};

use std::sync::Arc;
use std::time::SystemTime;

/// What one host has counted; [`Traffic`] is what each of its tenants has.
pub struct Metrics {
    started: SystemTime,
    /// Connections, whoever's.
    pub connections: Arc<Connections>,
    /// Connections that deliver mail.
    pub lmtp: Arc<LmtpConnections>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            started: SystemTime::now(),
            connections: Arc::default(),
            lmtp: Arc::default(),
        }
    }
}
