//! Principals of the tenant: `wit/directory.wit`.

use crate::Result;
use crate::backend::directory as raw;

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A person.
    User,
    /// A set of principals.
    Group,
    /// A place.
    Room,
    /// A thing.
    Resource,
}

/// A principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Its name, unique in the tenant.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// What people call it; its name if nothing else is set.
    pub display_name: String,
    /// Its e-mail addresses, the preferred one first.
    pub addresses: Vec<String>,
}

impl Principal {
    /// Returns the principal of this name, or `Error::NotFound`.
    pub fn find(id: &str) -> Result<Self> {
        raw::find(id)
    }

    /// Returns the principal that has this e-mail address, or `Error::NotFound`.
    pub fn find_by_address(address: &str) -> Result<Self> {
        raw::find_by_address(address)
    }

    /// Lists principals whose name, display name or address contains `text`, ordered by name,
    /// starting after the name `after`; at most 1000.
    pub fn search(
        text: &str,
        kind: Option<Kind>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Self>> {
        raw::search(text, kind, after, limit)
    }

    /// Lists the direct members of a group; empty for any other kind.
    pub fn members(group: &str) -> Result<Vec<String>> {
        raw::members(group)
    }

    /// Lists the groups that a principal is in, directly or through others.
    pub fn groups(id: &str) -> Result<Vec<String>> {
        raw::groups(id)
    }

    /// Sets what people call the principal of this instance.
    pub fn set_display_name(display_name: &str) -> Result<()> {
        raw::set_display_name(display_name)
    }
}
