//! Why the host can't start, or has to stop.

use crate::config::ConfigError;
use crate::tenant::TenantError;
use crate::tls::TlsError;

/// Why the host can't do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The tenants can't be read.
    #[error(transparent)]
    Tenants(#[from] TenantError),
    /// There can be no TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// An address can't be listened on.
    #[error("can't listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The state folder can't be used.
    #[error("can't use the state folder {folder}: {reason}")]
    State {
        /// The folder.
        folder: String,
        /// Why.
        reason: String,
    },
    /// The store refused.
    #[error("the store says: {0}")]
    Store(#[from] storage::Error),
    /// The modules can't be run.
    #[error(transparent)]
    Runtime(#[from] runtime::RuntimeError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
    /// A signal can't be waited for.
    #[error("can't wait for signals: {0}")]
    Signal(std::io::Error),
}
