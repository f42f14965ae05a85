//! Tenants: those who share a store, and are kept apart from all others. The main file's own is
//! `default`.

mod site;
mod snapshot;

pub use site::{Open, Site};
pub use snapshot::Snapshot;
