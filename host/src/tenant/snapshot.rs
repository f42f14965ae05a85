//! All that requests are answered by and that a reload replaces. A request takes the snapshot that
//! is in force when it comes, and keeps it to its end.

use super::Site;
use crate::config::{Config, ServerInfo};
use http::HeaderValue;
use std::sync::Arc;

/// The configuration in force, made into what requests need.
pub struct Snapshot {
    /// What the main file says.
    pub config: Arc<Config>,
    /// The Server field, if there is one.
    pub server: Option<HeaderValue>,
    default: Arc<Site>,
}

impl Snapshot {
    /// Puts together what a configuration says.
    pub fn new(config: Arc<Config>, default: Arc<Site>) -> Self {
        let server = match config.serverinfo {
            ServerInfo::On => Some(concat!("Chapar/", env!("CARGO_PKG_VERSION"))),
            ServerInfo::Min => Some("Chapar"),
            ServerInfo::Off => None,
        };
        Self {
            config,
            server: server.map(HeaderValue::from_static),
            default,
        }
    }

    /// The main file's own tenant.
    pub fn default_site(&self) -> &Arc<Site> {
        &self.default
    }

    /// The tenant that answers at a Host.
    pub fn site(&self, _authority: &str) -> &Arc<Site> {
        &self.default
    }

    /// Every tenant.
    pub fn sites(&self) -> impl Iterator<Item = &Arc<Site>> {
        std::iter::once(&self.default)
    }
}
