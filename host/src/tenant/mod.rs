//! Tenants: those who share a store, and are kept apart from all others. Each has a file in
//! `tenantdir`; the main file's own is `default`, and answers what no other claims.
//!
//! A tenant is found by Host, and where the Host is nobody's, by the domain of the user who signs
//! in: [`Snapshot`]. What belongs to it is a [`Site`].

mod files;
mod site;
mod snapshot;

pub use files::{TenantError, TenantFile, read};
pub use site::{Open, Site};
pub use snapshot::{Refused, Snapshot};

/// The main file's own tenant.
pub const DEFAULT: &str = "default";
