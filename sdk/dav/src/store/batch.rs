//! All that one request changes, committed together or not at all.

use std::any::Any;

use xml::Name;

use super::{AclEntry, Lock};
use crate::resource::Etag;
use crate::{Path, Rights, Time};

/// The changes of one request. Operations see the effects of those before them.
#[derive(Debug, Default)]
pub struct Batch {
    /// What to do, in order.
    pub operations: Vec<Operation>,
    /// The lock tokens that the client submitted; locks whose token is missing refuse.
    pub lock_tokens: Vec<String>,
}

/// One change, or one condition.
#[derive(Debug)]
pub enum Operation {
    /// Fails the batch unless `expect` holds for `path`.
    Check {
        /// The resource that was read.
        path: Path,
        /// What must still be so.
        expect: Expect,
    },
    /// Gives a member a body, creating it if it is not there.
    Put {
        /// The member.
        path: Path,
        /// Body, media type and all that is stored with it.
        accept: Accept,
        /// What must be there now.
        expect: Expect,
    },
    /// Removes a member.
    Remove {
        /// The member.
        path: Path,
        /// What must be there now.
        expect: Expect,
    },
    /// Removes a collection and all that is inside of it.
    RemoveTree {
        /// The collection.
        path: Path,
    },
    /// Creates an empty collection.
    MakeCollection {
        /// Where; nothing may be there.
        path: Path,
        /// One of the names of [`crate::Profile::kinds`].
        kind: String,
    },
    /// Copies a member with its stored properties, its bytes not moving.
    Copy(Transfer),
    /// Moves a member with its stored properties, its bytes not moving.
    Move(Transfer),
    /// Copies a collection with its stored properties.
    CopyTree {
        /// The collection.
        from: Path,
        /// Where to; nothing is there.
        to: Path,
        /// Whether what is inside of it is copied too.
        deep: bool,
    },
    /// Moves a collection and all that is inside of it.
    MoveTree {
        /// The collection.
        from: Path,
        /// Where to; nothing is there.
        to: Path,
    },
    /// Stores a property, or removes it.
    Property {
        /// The resource.
        path: Path,
        /// What it is called.
        name: Name,
        /// The whole element, standing alone; none removes it, if it is there.
        xml: Option<Vec<u8>>,
        /// Whether it is there for the asking principal alone, and hides the one that all see.
        personal: bool,
    },
    /// Keeps what of a member is the asking principal's own, or forgets it.
    Personal {
        /// The member.
        path: Path,
        /// What [`crate::Member::personal`] is to be.
        value: Option<Vec<u8>>,
    },
    /// Replaces the access control list of a collection.
    SetAcl {
        /// The collection.
        path: Path,
        /// All of the new list.
        acl: Vec<AclEntry>,
    },
    /// Takes a lock; its token is empty, and made by the store ([`Done::Locked`]). Fails with
    /// [`Refusal::Locked`] if it conflicts with another.
    Lock(Lock),
    /// Lets a lock live until another time.
    Refresh {
        /// The lock.
        lock: Lock,
        /// Its new end.
        expires: Time,
    },
    /// Ends a lock.
    Unlock(Lock),
    /// Something that a protocol and the store behind it understand without the engine.
    Extension(Box<dyn Any>),
}

/// A copy or a move of a member.
#[derive(Debug)]
pub struct Transfer {
    /// The member.
    pub from: Path,
    /// Where to.
    pub to: Path,
    /// Which member it replaces there: [`Expect::Missing`] for none. That one's locks stay, and hold
    /// for what takes its place (RFC 4918 §7.7).
    pub over: Expect,
    /// Which body is meant.
    pub expect: Expect,
    /// Keys and more that the rules of the new place ask for, if they have any.
    pub accept: Option<Accept>,
}

/// What must be so for an operation to go ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing in particular.
    Anything,
    /// The URL is not mapped.
    Missing,
    /// The URL is mapped to something.
    Present,
    /// The member has this version.
    Version(u64),
    /// The collection has this state.
    State(u64),
}

/// What is to be stored as a member: what came in, as the rules of its place left it.
#[derive(Debug)]
pub struct Accept {
    /// The body.
    pub content: Content,
    /// Its media type.
    pub content_type: Option<String>,
    /// What the member is to be found by.
    pub keys: Vec<Key>,
    /// What no other member may have.
    pub unique: Vec<Unique>,
    /// Properties to set or remove with it.
    pub properties: Vec<(Name, Option<Vec<u8>>)>,
    /// What a protocol and the store behind it understand without the engine.
    pub extension: Option<Box<dyn Any>>,
}

/// Where a body comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The body of this request, which nobody has read.
    Request,
    /// These bytes.
    Bytes(Vec<u8>),
    /// The body that is there already, or that is copied or moved.
    Unchanged,
}

/// Something that a member is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Which index.
    pub name: String,
    /// The value in it.
    pub value: KeyValue,
}

/// The value of a [`Key`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyValue {
    /// Compared as a whole or by its start.
    Text(String),
    /// Compared by size.
    Number(i64),
    /// From the first (included) to the second (excluded).
    Interval(i64, i64),
    /// Searched by word.
    Words(String),
}

/// A key that no other member in the scope may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unique {
    /// Which text key.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Where it must be the only one.
    pub scope: UniqueScope,
}

/// Where a key must be the only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniqueScope {
    /// In its collection.
    Collection,
    /// In all collections of the same kind and owner.
    Owner,
}

/// What came of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// A member was written.
    Written {
        /// Its new entity tag.
        etag: Etag,
        /// Its new date.
        modified: Time,
    },
    /// A lock was taken.
    Locked {
        /// Its token, `urn:uuid:…`.
        token: String,
    },
    /// All went well and there is nothing to say.
    Done,
}

/// Nothing was done, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operation {operation:?} was refused: {refusal}")]
pub struct CommitError {
    /// Which operation, counted from 0; none if it was the batch as such.
    pub operation: Option<usize>,
    /// Why.
    pub refusal: Refusal,
}

/// Why a batch was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The asking principal lacks a right.
    #[error("the right {0} is missing")]
    Denied(Rights),
    /// The resource is not there, or is not what the operation needs.
    #[error("there is no such resource")]
    NotFound,
    /// The collection it should go into is not there.
    #[error("the collection for it does not exist")]
    ParentMissing,
    /// Something is in the way.
    #[error("something is there already")]
    Exists,
    /// An [`Expect`] does not hold.
    #[error("the resource has changed")]
    Changed,
    /// A lock whose token was not submitted; its root.
    #[error("a lock is in the way")]
    Locked(Path),
    /// Another member has the key.
    #[error("another member has the same {name}")]
    NotUnique {
        /// Which key.
        name: String,
        /// The other member, if it may be told.
        other: Option<Path>,
    },
    /// Over the quota.
    #[error("the quota is used up")]
    QuotaExceeded,
    /// No room is left for anybody.
    #[error("the storage is full")]
    Full,
    /// Larger than the store takes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(u64),
    /// There are too many of something.
    #[error("there may be {0} of them, and no more")]
    TooMany(u64),
    /// The name cannot be used.
    #[error("the name cannot be used: {0}")]
    BadName(String),
    /// The request body ended early.
    #[error("the request body is incomplete")]
    BodyIncomplete,
    /// The store cannot do this.
    #[error("{0} is not supported here")]
    Unsupported(&'static str),
    /// Someone else is in the way for the moment.
    #[error("the storage is busy")]
    Busy,
    /// Broken in a way that no client can help.
    #[error("the storage failed: {0}")]
    Failed(String),
}

impl Batch {
    /// Adds an operation at the end.
    pub fn push(&mut self, operation: Operation) {
        self.operations.push(operation);
    }
}

impl Accept {
    /// Takes `content` as it is.
    pub fn plain(content: Content, content_type: Option<String>) -> Self {
        Self {
            content,
            content_type,
            keys: Vec::new(),
            unique: Vec::new(),
            properties: Vec::new(),
            extension: None,
        }
    }
}
