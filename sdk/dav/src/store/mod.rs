//! How the engine sees storage: one trait over collections, members and principals.
//!
//! Reads are plain calls; everything a request changes goes into one [`Batch`], which the store
//! commits completely or not at all.

mod batch;
pub mod mailbox;
pub mod memory;

pub use batch::{
    Accept, Batch, CommitError, Content, Done, Expect, Key, KeyValue, Operation, Refusal, Transfer,
    Unique, UniqueScope,
};

use crate::resource::{Collection, Member, Principal, Resource, Want};
use crate::{Path, Rights, Time};

/// Collections, members, locks and principals, as the principal of this request may see them.
///
/// What that principal may not look up is not there: [`Store::find`] gives none for it and
/// listings leave it out.
pub trait Store {
    /// Says that a report has looked farther than the keys of these members reach, given by
    /// [`Member::version`]: to `reach`, as interval keys count. A hint, which a store need not take.
    fn extend_keys(&self, collection: &Collection, versions: &[u64], reach: i64) {
        let _ = (collection, versions, reach);
    }

    /// The time that lock timeouts are counted from.
    fn now(&self) -> Time;

    /// Fresh random bytes, for new names.
    fn random(&self) -> [u8; 16];

    /// Who is asking; none for anonymous.
    fn user(&self) -> Option<Principal>;

    /// What is at `path`.
    fn find(&self, path: &Path, want: &Want<'_>) -> Result<Option<Resource>, StoreError>;

    /// One page of what is directly in `collection`. An empty page with a `next` is allowed.
    fn children(&self, collection: &Collection, listing: &Listing<'_>) -> Result<Page, StoreError>;

    /// What changed after `since`, in the order of its states, oldest first.
    ///
    /// Gives at least one change if there is any, and all with one state together.
    ///
    /// Fails with [`StoreError::TooOld`] if the store does not know all removals after
    /// [`ChangeQuery::removed_since`] any more, or never gave out that state. What is there it
    /// always knows, however old [`ChangeQuery::since`] is.
    fn changes(
        &self,
        collection: &Collection,
        query: &ChangeQuery<'_>,
    ) -> Result<Changes, StoreError>;

    /// The whole body of a member.
    fn read(&self, collection: &Collection, member: &Member) -> Result<Vec<u8>, StoreError>;

    /// The locks that concern `path`, those that have expired left out.
    fn locks(&self, path: &Path, scope: LockScope) -> Result<Vec<Lock>, StoreError>;

    /// Who may do what in a collection.
    fn acl(&self, collection: &Collection) -> Result<Vec<AclEntry>, StoreError>;

    /// The room left and used where `collection` is stored; none if nothing limits it.
    fn quota(&self, collection: &Collection) -> Result<Option<Quota>, StoreError>;

    /// One principal.
    fn principal(&self, key: PrincipalKey<'_>) -> Result<Option<Principal>, StoreError>;

    /// The principals for which `test` holds for one of their properties, at most `limit`.
    fn search_principals(&self, search: &PrincipalSearch<'_>)
    -> Result<Vec<Principal>, StoreError>;

    /// The collections that principals are found in, as absolute encoded paths. RFC 3744 §5.8.
    fn principal_collections(&self) -> Vec<String>;

    /// Does all of a batch, or nothing of it. One [`Done`] for each operation.
    fn commit(&self, batch: Batch) -> Result<Vec<Done>, CommitError>;
}

/// Why a store could not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The asking principal lacks a right.
    #[error("the right {0} is missing")]
    Denied(Rights),
    /// What was read before is gone.
    #[error("the resource is gone")]
    NotFound,
    /// The changes since that state are not known any more.
    #[error("the changes since that state are not known")]
    TooOld,
    /// The store cannot do this.
    #[error("{0} is not supported here")]
    Unsupported(&'static str),
    /// Someone else is in the way for the moment.
    #[error("the storage is busy")]
    Busy,
    /// The disk is full, and what was asked needs room.
    #[error("the disk is full")]
    Full,
    /// Broken in a way that no client can help.
    #[error("the storage failed: {0}")]
    Failed(String),
}

/// What a listing is to contain.
#[derive(Clone, Copy, Debug, Default)]
pub struct Listing<'a> {
    /// What each record is to hold.
    pub want: Want<'a>,
    /// Subcollections.
    pub collections: bool,
    /// Members.
    pub members: bool,
    /// Only members with these keys; all of them must hold.
    pub filter: &'a [Filter<'a>],
    /// Only the members with these names, in this order; the missing ones are left out.
    pub names: Option<&'a [&'a str]>,
    /// Where the page before ended.
    pub after: Option<&'a str>,
    /// How many records at most; the store may give fewer.
    pub limit: usize,
}

/// A test on the keys that are stored with members.
#[derive(Clone, Copy, Debug)]
pub enum Filter<'a> {
    /// A text key has this value.
    Equals(&'a str, &'a str),
    /// A text key starts with this.
    Prefix(&'a str, &'a str),
    /// A number key lies in this range, both ends included.
    Between(&'a str, i64, i64),
    /// An interval key overlaps this one, ends excluded.
    Overlaps(&'a str, i64, i64),
    /// A words key has all of these words.
    Words(&'a str, &'a str),
    /// Any of these holds.
    Any(&'a [Filter<'a>]),
}

/// One page of a listing.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Subcollections.
    pub collections: Vec<Collection>,
    /// Members.
    pub members: Vec<Member>,
    /// Principals, where a collection holds such.
    pub principals: Vec<Principal>,
    /// What to give as [`Listing::after`] for the next page; none if there is none.
    pub next: Option<String>,
}

/// Which changes are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChangeQuery<'a> {
    /// Only what was created or changed after this state.
    pub since: u64,
    /// Only what was removed after this state: later than `since` while a client gets to know the
    /// collection, because it need not hear of what it never saw.
    pub removed_since: u64,
    /// Those of subcollections too, at any depth.
    pub deep: bool,
    /// How many at most, as far as equal states allow.
    pub limit: usize,
    /// What the records of changed resources are to hold.
    pub want: Want<'a>,
}

/// Changes of a collection.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The changes, oldest first.
    pub changes: Vec<Change>,
    /// The state to ask from the next time.
    pub state: u64,
    /// Whether there are more after these.
    pub more: bool,
}

/// A resource that was created, changed or removed.
#[derive(Clone, Debug)]
pub struct Change {
    /// Where it is or was.
    pub path: Path,
    /// The state of its last change.
    pub state: u64,
    /// What is there now; none if it was removed.
    pub resource: Option<Resource>,
    /// Whether it is, or was, a collection.
    pub is_collection: bool,
}

/// A lock. RFC 4918 §6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// `urn:uuid:…`.
    pub token: String,
    /// The lock root.
    pub root: Path,
    /// Whether the lock root is a collection.
    pub is_collection: bool,
    /// Whether it covers all that is inside of the lock root.
    pub deep: bool,
    /// Whether nobody else may lock the same.
    pub exclusive: bool,
    /// What the client said of its owner: the content of `DAV:owner`, standing alone; may be empty.
    pub owner: Vec<u8>,
    /// Who took it; none for anonymous.
    pub principal: Option<String>,
    /// When it ends.
    pub expires: Time,
}

impl Lock {
    /// Whether the resource at `path` is in its scope.
    pub fn covers(&self, path: &Path) -> bool {
        match self.deep {
            true => path.is_within(&self.root),
            false => *path == self.root,
        }
    }
}

/// Which locks are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockScope {
    /// Those that cover the path: its own and those of collections around it with infinite depth.
    Covering,
    /// Those, and all whose root is inside of the path.
    Tree,
}

/// One line of an access control list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclEntry {
    /// Whom it is about.
    pub who: Who,
    /// What they may do, or may not.
    pub rights: Rights,
    /// Whether it takes rights away.
    pub deny: bool,
}

/// Whom a line of an access control list is about. RFC 3744 §5.5.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The principal with this id.
    Principal(String),
    /// Everyone.
    All,
    /// Everyone who signed in.
    Authenticated,
    /// Everyone who did not.
    Unauthenticated,
    /// Whoever owns the resource.
    Owner,
}

/// RFC 4331.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Bytes that can still be stored.
    pub available_bytes: u64,
    /// Bytes that are stored.
    pub used_bytes: u64,
}

/// How a principal is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKey<'a> {
    /// By what the store calls it.
    Id(&'a str),
    /// By its principal URL or one of its alternate URIs, as a client wrote it.
    Href(&'a str),
}

/// Which principals are looked for.
pub struct PrincipalSearch<'a> {
    /// Tells which ones belong to the answer.
    pub test: &'a dyn Fn(&Principal) -> bool,
    /// A text that each of them contains somewhere, if there is one: a store may narrow with it.
    pub hint: Option<&'a str>,
    /// What the records are to hold.
    pub want: Want<'a>,
    /// How many at most.
    pub limit: usize,
}
