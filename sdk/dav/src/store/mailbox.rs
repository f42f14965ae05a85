//! The store over the host's mailboxes: the only place where a mailbox becomes a collection and a
//! message becomes a member.
//!
//! A [`Layout`] says which mailboxes: `/user/alice/a/b` below the mount is the mailbox
//! `["user", "alice", <home>, "a", "b"]`, or the message `b` in the one above. Above homes, and
//! above mailboxes that are shared from places that may not be looked up, lie collections that only
//! lead on.
//!
//! Dead properties are shared annotations `dav:{namespace}name`; entity tags are made of the digest
//! of the body; states are modseqs.

mod changes;
mod commit;
mod convert;
mod directory;
mod fill;
mod header;
mod listing;
mod members;
mod outcome;
mod personal;
mod put;
mod serve;
mod shared;
pub mod subscription;
mod tree;

pub use commit::Extension;
pub use convert::text_annotation;
pub use directory::{
    PRINCIPALS, find_principal, principal_collections, principal_of, search_principals,
};
pub use serve::{answer, serve};

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use self::convert::{acl_entry, store_error, time};
use self::tree::{Opened, Place};
use super::{
    AclEntry, Batch, ChangeQuery, Changes, CommitError, Done, Listing, Lock, LockScope, Page,
    PrincipalKey, PrincipalSearch, Quota, Store, StoreError,
};
use crate::resource::{Collection, Member, Principal, Resource, Want};
use crate::{Path, Time};

/// The interfaces of the host that this store uses: what the descriptor of a module asks for that is
/// served from it.
pub const CAPABILITIES: [&str; 11] = [
    "annotation",
    "batch",
    "blob",
    "directory",
    "exchange",
    "identity",
    "index",
    "lock",
    "mailbox",
    "quota",
    "rights",
];

/// Which mailboxes a protocol has, and what it does with them.
pub struct Layout {
    /// The part of a mailbox's path that follows its owner: `#drive`.
    pub home: &'static str,
    /// The type of the mailbox that is an owner's home.
    pub home_kind: &'static str,
    /// The kind of collections that only lead to others.
    pub lead_kind: &'static str,
    /// The kinds without collections inside: their own modseq is their state, and changes elsewhere
    /// do not move it.
    pub leaf_kinds: &'static [&'static str],
    /// The private annotation with what sharees have of members for themselves; none if all that a
    /// member is, it is to everyone.
    pub personal: Option<&'static str>,
    /// Whether collections of others that a principal has subscribed to appear in its home.
    pub shared_in_home: bool,
    /// The version of the rule that makes keys.
    pub keys_version: u32,
    /// What everyone may do in a new home, as letters of RFC 4314; what is made in it inherits that.
    pub home_rights: &'static str,
    /// Adds to the batch that makes a principal's home, when the principal first comes.
    pub provision: fn(&module::Batch, home: &[String]),
    /// The media type for a name, where the client said none that means anything.
    pub media_type: fn(name: &str) -> Option<&'static str>,
}

impl Layout {
    /// A layout that does nothing of itself: the base for `..`.
    pub const PLAIN: Layout = Layout {
        home: "",
        home_kind: "",
        lead_kind: "",
        leaf_kinds: &[],
        personal: None,
        shared_in_home: false,
        keys_version: 0,
        home_rights: "",
        provision: |_, _| (),
        media_type: |_| None,
    };
}

/// The store of one request.
pub struct MailboxStore {
    layout: &'static Layout,
    identity: module::Identity,
    received: module::Instant,
    /// The URL asked for has no slash at its end, so that it likely names a member.
    member_first: bool,
    body: Rc<RefCell<Option<module::Body>>>,
    /// The mailboxes that were opened last.
    opened: RefCell<VecDeque<Rc<Opened>>>,
    provisioned: Cell<bool>,
    /// The request is about something in the principal's own home.
    in_own_home: bool,
    shared: OnceCell<Vec<shared::Shared>>,
    /// The locks that were seen, so that a refusal can name the root of the one in the way.
    locks_seen: RefCell<Vec<(String, Path)>>,
}

impl MailboxStore {
    /// A store for a request, whose body it may take unread.
    pub fn new(
        layout: &'static Layout,
        request: &module::Request,
        body: Rc<RefCell<Option<module::Body>>>,
    ) -> Self {
        let identity = module::Identity::current();
        Self {
            layout,
            in_own_home: is_in_home(request, identity.principal.as_deref()),
            shared: OnceCell::new(),
            identity,
            received: request.received,
            member_first: !request.path.ends_with('/'),
            body,
            opened: RefCell::default(),
            provisioned: Cell::new(false),
            locks_seen: RefCell::default(),
        }
    }
}

/// Whether a request is about something in the home of this principal.
fn is_in_home(request: &module::Request, principal: Option<&str>) -> bool {
    let path = Path::parse(&request.path).map(|(path, _)| path);
    let mount = Path::parse(&request.mount).map(|(mount, _)| mount);
    let owner = path
        .zip(mount)
        .and_then(|(path, mount)| path.strip(&mount)?.get(1).cloned());
    owner.is_some() && owner.as_deref() == principal
}

impl Store for MailboxStore {
    fn now(&self) -> Time {
        time(self.received)
    }

    fn random(&self) -> [u8; 16] {
        convert::random(self.received)
    }

    fn user(&self) -> Option<Principal> {
        directory::user(&self.identity)
    }

    fn find(&self, path: &Path, want: &Want<'_>) -> Result<Option<Resource>, StoreError> {
        match self.place(path) {
            Some(Place::Lead) => {
                let lead = Resource::Collection(self.lead(path));
                Ok(Some(lead).filter(|_| self.sees_leads()))
            }
            Some(Place::Inside(mailbox)) => self.find_inside(path, &mailbox, want),
            None => Ok(None),
        }
    }

    fn children(&self, collection: &Collection, listing: &Listing<'_>) -> Result<Page, StoreError> {
        self.list_children(collection, listing)
    }

    fn extend_keys(&self, collection: &Collection, versions: &[u64], reach: i64) {
        let uids: Vec<module::Uid> = versions.iter().copied().filter_map(convert::uid).collect();
        if let Ok(opened) = self.reopen(&collection.path) {
            let _ = opened.mailbox.extend_keys(&uids, reach);
        }
    }

    fn changes(
        &self,
        collection: &Collection,
        query: &ChangeQuery<'_>,
    ) -> Result<Changes, StoreError> {
        self.list_changes(collection, query)
    }

    fn read(&self, collection: &Collection, member: &Member) -> Result<Vec<u8>, StoreError> {
        let opened = self.reopen(&collection.path)?;
        let uid = convert::uid(member.version).ok_or(StoreError::NotFound)?;
        fill::read_whole(&opened.mailbox, uid, module::Part::Body)
    }

    fn locks(&self, path: &Path, scope: LockScope) -> Result<Vec<Lock>, StoreError> {
        let Some(Place::Inside(mailbox)) = self.place(path) else {
            return Ok(Vec::new());
        };
        let found = match self.open(&mailbox)? {
            Some(opened) => opened.mailbox.locks(None, scope == LockScope::Tree),
            None => match self.open_parent(&mailbox)? {
                Some((parent, name)) => parent.mailbox.locks(Some(name), false),
                None => return Ok(Vec::new()),
            },
        };
        let locks = found.map_err(store_error)?;
        let locks: Vec<Lock> = locks
            .into_iter()
            .filter_map(|lock| self.lock(lock))
            .collect();
        let seen = locks
            .iter()
            .map(|lock| (lock.token.clone(), lock.root.clone()));
        self.locks_seen.borrow_mut().extend(seen);
        Ok(locks)
    }

    fn acl(&self, collection: &Collection) -> Result<Vec<AclEntry>, StoreError> {
        let grants = self
            .reopen(&collection.path)?
            .mailbox
            .grants()
            .map_err(store_error)?;
        Ok(grants.into_iter().map(acl_entry).collect())
    }

    fn quota(&self, collection: &Collection) -> Result<Option<Quota>, StoreError> {
        let Some(Place::Inside(mailbox)) = self.place(&collection.path) else {
            return Ok(None);
        };
        let Some(opened) = self.open(&mailbox)? else {
            return Ok(None);
        };
        let usage = opened.mailbox.usage().map_err(store_error)?;
        Ok(usage.bytes_limit.map(|limit| Quota {
            available_bytes: limit.saturating_sub(usage.bytes),
            used_bytes: usage.bytes,
        }))
    }

    fn principal(&self, key: PrincipalKey<'_>) -> Result<Option<Principal>, StoreError> {
        find_principal(&self.identity, key)
    }

    fn search_principals(
        &self,
        search: &PrincipalSearch<'_>,
    ) -> Result<Vec<Principal>, StoreError> {
        search_principals(&self.identity, search)
    }

    fn principal_collections(&self) -> Vec<String> {
        principal_collections()
    }

    fn commit(&self, batch: Batch) -> Result<Vec<Done>, CommitError> {
        self.commit_batch(batch)
    }
}
