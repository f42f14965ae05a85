//! The header fields that WebDAV adds to HTTP or gives a meaning of its own, one file each.

pub mod conditions;
pub mod depth;
pub mod destination;
pub mod if_header;
pub mod overwrite;
pub mod prefer;
pub mod timeout;
