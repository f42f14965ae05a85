//! What modules are made of: Rust over the contract in `wit/`, and an in-memory host to test
//! against.
//!
//! A module is a type that implements [`Module`], given to [`export!`]. Everything that the host
//! offers is here under the names of the contract: [`Mailbox`] to read, [`Batch`] to write, and so
//! on. Built for wasm, calls go to the host; built natively, they go to the host in [`native`]
//! that a test has made.

#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod bindings;
#[cfg(target_family = "wasm")]
mod glue;
#[cfg(not(target_family = "wasm"))]
pub mod native;

#[cfg(target_family = "wasm")]
use bindings::imports::chapar::host as backend;
#[cfg(not(target_family = "wasm"))]
use native::backend;

pub mod accept;
mod annotation;
mod batch;
mod blob;
mod config;
mod delivery;
mod descriptor;
mod directory;
mod endpoint;
mod error;
mod export;
mod headers;
mod identity;
mod index;
mod lock;
mod mailbox;
pub mod memory;
mod page;
pub mod query;
mod quota;
mod request;
mod response;
mod rights;
mod sender;
mod submission;
mod timer;
mod watch;

pub use annotation::{Annotation, MessageAnnotation, Visibility};
pub use batch::{Batch, Condition, Content, Failure, Outcome, Put, UniqueScope};
pub use blob::{Blob, Digest};
pub use config::{option, option_number, option_size, option_switch};
pub use delivery::{Delivery, DeliveryOutcome, Parcel, Purpose, Refusal, Report};
pub use descriptor::{Access, Descriptor, Extent, Home, Mount, OptionSpec, WellKnown, modules};
pub use directory::{Kind, Principal};
pub use endpoint::{Endpoint, EndpointKeys, EndpointTarget};
pub use error::{Duplicate, Error, Result};
pub use export::{
    Alarm, Indexer, Module, PrincipalPart, PrincipalProperty, Receiver, Socket, Unindexed, Waker,
};
pub use headers::{Header, Headers};
pub use identity::{Identity, Scope, SignIn};
pub use index::{Found, Key, Order, Query, Results, Term, Test, Value};
pub use lock::{Exclusion, Lock, LockRequest};
pub use mailbox::{Fields, Mailbox, MailboxChange, MailboxScope, Message, Part, Status};
pub use page::{Entry, Page};
pub use quota::Usage;
pub use request::{Body, Request};
pub use response::{Answer, Response, ResponseBody, Writer};
pub use rights::{Grant, Identifier, Rights};
pub use sender::Sender;
pub use submission::Envelope;
pub use timer::Timer;
pub use watch::{Push, Reason, Subscription, Topic, Transport};

/// A change counter of an owner. RFC 7162 §3.1.
pub type Modseq = u64;
/// The number of a message in its mailbox. RFC 9051 §2.3.1.1.
pub type Uid = u32;
/// Milliseconds since 1970-01-01T00:00:00Z; negative before it.
pub type Instant = i64;
