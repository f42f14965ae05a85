//! Mailboxes, where every message of every principal is kept: `wit/mailbox.wit`.

use crate::backend::mailbox as raw;
use crate::{Blob, Digest, Instant, Modseq, Page, Result, Rights, Uid};

/// What is known of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Where it lies.
    pub path: Vec<String>,
    /// Its own name for ever, kept through renames: 128 bits in hex.
    pub id: String,
    /// What the owning module calls such a mailbox.
    pub type_: String,
    /// Whom it belongs to; none for what belongs to the tenant.
    pub owner: Option<String>,
    /// What the principal of this instance may do here.
    pub rights: Rights,
    /// The modseq of the last change in this mailbox.
    pub modseq: Modseq,
    /// The owner's counter: the highest modseq over all the owner's mailboxes.
    pub owner_modseq: Modseq,
    /// The modseq at which it was renamed to its path, with all that was in it; 0 if it never was.
    pub placed_modseq: Modseq,
    /// The uid that the next message will get, at least.
    pub uid_next: Uid,
    /// How many messages there are.
    pub messages: u64,
    /// How many bytes they have, headers included.
    pub bytes: u64,
    /// When it was created.
    pub created: Instant,
}

impl Status {
    /// Its own part of the path.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

/// Which mailboxes to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailboxScope {
    /// Those directly below this path.
    Children(Vec<String>),
    /// All those below this path, parents before what lies in them.
    Tree(Vec<String>),
    /// Those of others that the principal may look up.
    Shared,
    /// Those that the principal has subscribed to.
    Subscribed,
}

/// A message with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub uid: Uid,
    /// Its name, unique in the mailbox.
    pub name: Option<String>,
    /// Its last change.
    pub modseq: Modseq,
    /// When a message of this name was first put here.
    pub created: Instant,
    /// When these bytes were put.
    pub modified: Instant,
    /// Bytes of the body.
    pub size: u64,
    /// Bytes of the header section.
    pub header_size: u32,
    /// SHA-256 of the body.
    pub digest: Digest,
    /// The media type of the body, with parameters.
    pub content_type: String,
    /// System flags and keywords. RFC 9051 §2.3.2.
    pub flags: Vec<String>,
    /// How many annotations it has that the principal can see.
    pub annotations: u32,
}

/// Which part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The header section with the empty line that ends it.
    Header,
    /// What follows it.
    Body,
    /// Both.
    Whole,
}

/// A sub-mailbox that was created, renamed, changed or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxChange {
    /// Its path; the last one it had if it is deleted.
    pub path: Vec<String>,
    /// Its own name for ever.
    pub id: String,
    /// The change.
    pub modseq: Modseq,
    /// It is gone from this path.
    pub removed: bool,
}

/// Which strings of a message a listing carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fields(u8);

impl Fields {
    /// The name.
    pub const NAME: Self = Self(1);
    /// The media type.
    pub const CONTENT_TYPE: Self = Self(1 << 1);
    /// The system flags and keywords.
    pub const FLAGS: Self = Self(1 << 2);

    /// No strings at all.
    pub const fn empty() -> Self {
        Self(0)
    }

    /// The bits, in the contract's order.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// These and others.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Says whether all of `other` are in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl std::ops::BitOr for Fields {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.with(other)
    }
}

/// An open mailbox: a capability that dies with the request.
#[derive(Debug)]
pub struct Mailbox {
    pub(crate) raw: raw::Mailbox,
}

impl Mailbox {
    /// Opens a mailbox; `Error::NotFound` if the principal may not look it up.
    pub fn open(path: &[String]) -> Result<Self> {
        raw::open(path).map(|raw| Self { raw })
    }

    /// Lists mailboxes that the principal may look up, of the given type if one is given, ordered
    /// by path, starting after the path `after`; at most 2000.
    pub fn list_all(
        scope: &MailboxScope,
        type_: Option<&str>,
        after: Option<&[String]>,
        limit: u32,
    ) -> Result<Vec<Status>> {
        raw::list(scope, type_, after, limit)
    }

    /// Returns what is known of it now.
    pub fn status(&self) -> Result<Status> {
        self.raw.status()
    }

    /// Lists messages by ascending uid, starting above `after`; at most 2000.
    pub fn list(&self, after: Uid, limit: u32, fields: Fields) -> Result<Page> {
        self.raw.list(after, limit, fields)
    }

    /// Lists the messages changed after `since`, oldest change first, removed ones marked.
    pub fn changes(&self, since: Modseq, limit: u32, fields: Fields) -> Result<Page> {
        self.raw.changes(since, limit, fields)
    }

    /// Lists mailboxes below this one (directly, or at any depth) that changed after `since`.
    pub fn mailbox_changes(
        &self,
        since: Modseq,
        deep: bool,
        limit: u32,
    ) -> Result<Vec<MailboxChange>> {
        self.raw.mailbox_changes(since, deep, limit)
    }

    /// Returns the message of this name, if there is one.
    pub fn find(&self, name: &str) -> Result<Option<Message>> {
        self.raw.find(name)
    }

    /// Returns the messages of these uids (2000 at most), those that are there.
    pub fn get(&self, uids: &[Uid]) -> Result<Vec<Message>> {
        self.raw.get(uids)
    }

    /// Returns the messages of these names (2000 at most), an answer for each.
    pub fn find_all(&self, names: &[String]) -> Result<Vec<Option<Message>>> {
        self.raw.find_all(names)
    }

    /// Returns a part of a message as a blob.
    pub fn open_message(&self, uid: Uid, part: Part) -> Result<Blob> {
        self.raw.open(uid, part).map(|raw| Blob { raw })
    }

    /// Reads the same part of several messages at once; empty for one that is gone.
    pub fn read(&self, uids: &[Uid], part: Part) -> Result<Vec<Vec<u8>>> {
        self.raw.read(uids, part)
    }
}
