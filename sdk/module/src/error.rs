//! Why the host refuses: `error` of `wit/types.wit`.

use crate::{Rights, Uid};

/// Why the host refuses. Every case is something that a module may meet in normal service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or the principal may not know of it.
    #[error("not found")]
    NotFound,
    /// The principal sees the thing but lacks these rights on it.
    #[error("the rights {0} are missing")]
    Forbidden(Rights),
    /// The name is taken.
    #[error("the name is taken")]
    Exists,
    /// What was read has changed since.
    #[error("changed in the meantime")]
    Conflict,
    /// A message with this key exists already where it must be the only one.
    #[error("uid {} in {} has this key already", .0.uid, .0.mailbox.join("/"))]
    DuplicateKey(Duplicate),
    /// A lock stands in the way; its token.
    #[error("locked by {0}")]
    Locked(String),
    /// The quota would be exceeded; so many bytes, or messages, are still free.
    #[error("over quota, {0} left")]
    OverQuota(u64),
    /// There is no room left where the host keeps things; nothing was changed.
    #[error("the storage is full")]
    Full,
    /// More bytes than the host takes; the limit.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// More items than the host takes; the limit.
    #[error("more than {0}")]
    TooMany(u64),
    /// The modseq asked for is older than what the host remembers.
    #[error("older than what is remembered")]
    TooOld,
    /// An argument is outside its documented form.
    #[error("invalid: {0}")]
    Invalid(String),
    /// The module was not granted this, or this host does not have it.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// The store can't answer now; nothing was changed.
    #[error("unavailable: {0}")]
    Unavailable(String),
}

/// Where the message lies that already has a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// Its mailbox.
    pub mailbox: Vec<String>,
    /// Its uid there.
    pub uid: Uid,
    /// Its name there, if it has one.
    pub name: Option<String>,
}

/// What most calls return.
pub type Result<T> = std::result::Result<T, Error>;
