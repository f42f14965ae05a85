//! The WebDAV engine that all protocols on top of WebDAV share: RFC 4918 with RFC 3744, 3253 (its
//! reports), 4331, 5397, 5689, 5995, 6578 and 8144.
//!
//! [`handle`] answers one [`Request`] out of a [`Store`], asking a [`Profile`] for everything that
//! differs between protocols. Plain synchronous Rust without any I/O of its own: ranges, 304,
//! compression and framing are the host's.
//!
//! # Not supported
//! Versioning, bindings, ordered collections and searching (RFC 3253 beyond reports, 5842, 3648,
//! 5323): nobody asks for them.

pub mod access;
mod anonymous;
pub mod body;
pub mod collation;
mod context;
pub mod error;
mod handle;
pub mod header;
pub mod locks;
pub mod method;
pub mod page;
mod path;
pub mod profile;
pub mod property;
pub mod report;
pub mod request;
mod resource;
pub mod store;
mod time;
pub mod walk;

pub use access::{Privilege, Rights};
pub use collation::{Collation, TextMatch};
pub use context::{Context, Target};
pub use error::{Error, Precondition};
pub use handle::handle;
pub use method::METHODS;
pub use path::{Path, percent_decode, percent_encode};
pub use profile::{
    Accepted, CollectionKind, Incoming, Limits, Method, On, Origin, Profile, Report, Searchable,
};
pub use property::{Live, Read, Reading, Subject, Value, Write};
pub use request::{
    Body, BodyError, Closed, MemberBody, Request, Response, ResponseBody, Sink, Status,
};
pub use resource::{
    Collection, Etag, Fields, Member, Principal, Resource, Stored, StoredProperty, Want,
};
pub use store::{Accept, Batch, Content, Expect, Operation, Store, StoreError};
pub use time::Time;
