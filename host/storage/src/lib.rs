//! Where everything is kept: mailboxes, messages, principals, rights, locks, quotas.
//!
//! A calendar, a file tree and a mail folder are all mailboxes; what lies in them are RFC 5322
//! messages. This crate promises: a batch commits whole or not at all; it is durable when `commit`
//! returns; a read sees every batch that was committed before it began; and nothing crosses from
//! one tenant to another, because every handle belongs to one [`Store`] and every store to one
//! tenant. It knows no protocol.

mod endpoint;
mod faulty;
mod feed;
mod model;
mod path;
mod session;
mod sqlite;
mod stats;
mod store;

pub use endpoint::{
    ENDPOINTS_MAX, Endpoint, EndpointKeys, EndpointTarget, NewEndpoint, Pace, Posted,
    QueuedEndpoint, Topic,
};
pub use faulty::{Faults, FaultyStore};
pub use feed::Changed;

pub use model::{
    Actor, Annotation, Blob, BlobSource, Change, Condition, Content, Credentials, Delivery,
    DeliveryPurpose, Digest, Duplicate, Entry, Exclusion, Fields, Found, Grant, Identifier,
    Indexed, Instant, Key, KeyValue, Kind, Letter, ListScope, Lock, LockRequest, MailboxChange,
    MailboxId, Message, MessageAnnotation, Modseq, Order, Outcome, Page, Part, Path, Principal,
    Put, Query, QueuedDelivery, Results, Rights, SearchScope, Span, Status, Submission, Target,
    Term, Test, Timer, Uid, Unindexed, UniqueScope, Usage, Visibility, Wanted,
};
pub use session::session;
/// Bytes that the header section of a message may have.
pub const HEADER_LEN_MAX: usize = sqlite::SMALL_MAX;

pub use sqlite::{
    BackupError, Made, Manifest, Progress, Restored, SqliteStore, Stage, backup, restore,
};
pub use stats::{GROUP_BOUNDS, StoreStats};
pub use store::{Batch, ByteStream, CheckReport, Error, Failure, Store, StoreLimits};
