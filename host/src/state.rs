//! The state folder: where the store and the compiled modules are.

use crate::config::Config;
use crate::error::Error;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use storage::{SqliteStore, Store, StoreLimits};

/// Makes the state folder if it isn't there: nobody else may read it.
pub fn prepare(config: &Config) -> Result<(), Error> {
    let folder = &config.configdirectory;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder
        .create(folder)
        .map_err(|error| failed(folder, error))
}

/// Where compiled modules are kept.
pub fn cache_folder(config: &Config) -> PathBuf {
    config.configdirectory.join("modules-cache")
}

/// Where a tenant's store is.
pub fn store_folder(config: &Config, tenant: &str) -> PathBuf {
    let default = || config.configdirectory.join("tenants").join(tenant);
    config.tenant_store.clone().unwrap_or_else(default)
}

/// What a tenant's store allows.
pub fn store_limits(config: &Config) -> StoreLimits {
    StoreLimits {
        quota_bytes: config.quota_bytes,
        quota_messages: config.quota_messages,
        message_size_max: config.maxmessagesize,
        tombstone_expiry_ms: milliseconds(config.tombstone_expiry),
        upload_expiry_ms: milliseconds(config.upload_expiry),
        upload_allowance: config.upload_allowance,
        ..StoreLimits::default()
    }
}

/// Opens a tenant's store, by what holds for the tenant. Other processes may have it open too.
pub fn open_store(config: &Config, tenant: &str) -> Result<Arc<dyn Store>, Error> {
    prepare(config)?;
    let folder = store_folder(config, tenant);
    let store = SqliteStore::open(&folder, tenant, store_limits(config))
        .map_err(|error| failed(&folder, error))?;
    Ok(store)
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn failed(folder: &Path, reason: impl std::fmt::Display) -> Error {
    Error::State {
        folder: folder.display().to_string(),
        reason: reason.to_string(),
    }
}
