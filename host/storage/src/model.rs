//! The values that a store takes and gives: the Rust side of what `wit/` documents.

use bytes::Bytes;
use std::ops::{BitAnd, BitOr, Not};
use std::pin::Pin;
use std::sync::Arc;

/// A change counter of an owner. RFC 7162 §3.1.
pub type Modseq = u64;
/// The number of a message in its mailbox. RFC 9051 §2.3.1.1.
pub type Uid = u32;
/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Instant = i64;
/// The row of a mailbox: internal to a store, stable while the mailbox exists.
pub type MailboxId = i64;

/// Where a mailbox lies, outermost part first: `["user", "alice", "#drive"]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Path(pub Vec<String>);

/// The SHA-256 of a body; all zero for what is not a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Computes it.
    pub fn of(bytes: &[u8]) -> Self {
        Self(<sha2::Sha256 as sha2::Digest>::digest(bytes).into())
    }

    /// 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        use std::fmt::Write;
        self.0
            .iter()
            .fold(String::with_capacity(64), |mut hex, byte| {
                // Writing to a string can't fail.
                let _ = write!(hex, "{byte:02x}");
                hex
            })
    }

    /// Reads what `to_hex` wrote.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let mut digest = Self::default();
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (at, byte) in digest.0.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(digest)
    }
}

/// IMAP rights as a set of bits, in the order of `wit/types.wit`. RFC 4314 §2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Rights(pub u32);

impl Rights {
    /// `l`: see that the mailbox is there.
    pub const LOOKUP: Self = Self(1);
    /// `r`: read messages.
    pub const READ: Self = Self(1 << 1);
    /// `s`: keep the seen flag.
    pub const KEEP_SEEN: Self = Self(1 << 2);
    /// `w`: write flags and shared annotations.
    pub const WRITE: Self = Self(1 << 3);
    /// `i`: put messages in.
    pub const INSERT: Self = Self(1 << 4);
    /// `p`: submit to the mailbox's address.
    pub const POST: Self = Self(1 << 5);
    /// `k`: create mailboxes below it.
    pub const CREATE: Self = Self(1 << 6);
    /// `x`: rename or delete the mailbox.
    pub const DELETE_MAILBOX: Self = Self(1 << 7);
    /// `t`: mark messages as deleted.
    pub const DELETE_MESSAGE: Self = Self(1 << 8);
    /// `e`: remove messages.
    pub const EXPUNGE: Self = Self(1 << 9);
    /// `a`: read and change the rights of others.
    pub const ADMINISTER: Self = Self(1 << 10);
    /// `n`: write annotations of messages.
    pub const ANNOTATE: Self = Self(1 << 11);
    /// `5`: change what is private to the principal.
    pub const UPDATE_PRIVATE: Self = Self(1 << 12);
    /// `6`: change messages of which the principal is the originator.
    pub const UPDATE_OWN: Self = Self(1 << 13);
    /// `7`: deliver a reply.
    pub const DELIVER_REPLY: Self = Self(1 << 14);
    /// `8`: deliver an invitation.
    pub const DELIVER_INVITE: Self = Self(1 << 15);
    /// `9`: ask for free and busy times.
    pub const FREE_BUSY: Self = Self(1 << 16);
    /// Every right.
    pub const ALL: Self = Self((1 << 17) - 1);

    /// Says whether all of `other` are in this set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Rights {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Rights {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for Rights {
    type Output = Self;
    fn not(self) -> Self {
        Self(!self.0 & Self::ALL.0)
    }
}

/// For whom a store is asked: every call checks the rights of this principal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Actor {
    /// The principal's name; none for anonymous.
    pub principal: Option<String>,
    /// Groups that the principal is in, directly or through others.
    pub groups: Vec<String>,
    /// Administers the tenant: has `lookup`, `administer`, `create` and `delete-mailbox`
    /// everywhere.
    pub admin: bool,
    /// Nothing may be written.
    pub read_only: bool,
}

/// What a principal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// A directory entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its name, unique in the tenant.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// What people call it.
    pub display_name: String,
    /// Its e-mail addresses, the preferred one first.
    pub addresses: Vec<String>,
}

/// What a password is checked against; never the password. Opaque to the store.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Credentials {
    /// The argon2id hash in PHC string form.
    pub argon2id: String,
    /// SCRAM-SHA-256 keys: `iterations$salt$stored-key$server-key`, base64. RFC 5802 §3.
    pub scram_sha_256: String,
    /// SCRAM-SHA-1 keys, likewise.
    pub scram_sha_1: String,
}

/// What is known of a mailbox; see `wit/mailbox.wit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its row.
    pub mailbox: MailboxId,
    /// Where it lies.
    pub path: Path,
    /// Its own name for ever: 128 random bits in hex.
    pub id: String,
    /// What the owning module calls such a mailbox.
    pub mailbox_type: String,
    /// Whom it belongs to.
    pub owner: Option<String>,
    /// What the actor may do here.
    pub rights: Rights,
    /// Its last change.
    pub modseq: Modseq,
    /// The owner's counter.
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

/// Which mailboxes to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListScope {
    /// Those directly below this path.
    Children(Path),
    /// All those below this path, parents first.
    Tree(Path),
    /// Those of others that the actor may look up.
    Shared,
    /// Those that the actor has subscribed to.
    Subscribed,
}

/// Which strings a listing carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Fields {
    /// The names.
    pub name: bool,
    /// The media types.
    pub content_type: bool,
    /// The system flags and keywords.
    pub flags: bool,
}

/// A part of a page's text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// Where it begins.
    pub start: u32,
    /// How long it is.
    pub len: u32,
}

/// A message as listings carry it: flat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Entry {
    /// Its number.
    pub uid: Uid,
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
    /// Its name; length 0 if it has none.
    pub name: Span,
    /// The media type.
    pub content_type: Span,
    /// System flags and keywords, with a space between two.
    pub flags: Span,
    /// Annotations that the actor can see.
    pub annotations: u32,
    /// It is gone.
    pub removed: bool,
}

/// A piece of a listing, its strings packed into one.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Page {
    /// The messages.
    pub entries: Vec<Entry>,
    /// Their strings.
    pub text: String,
    /// More follow.
    pub more: bool,
}

/// A message with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// The media type of the body.
    pub content_type: String,
    /// System flags and keywords.
    pub flags: Vec<String>,
    /// Annotations that the actor can see.
    pub annotations: u32,
}

/// Which part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The header section with the empty line that ends it.
    Header,
    /// What follows it.
    Body,
    /// Both.
    Whole,
}

/// A mailbox that was created, renamed, changed or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxChange {
    /// Its path; the last one it had if it is deleted.
    pub path: Path,
    /// Its own name for ever.
    pub id: String,
    /// The change.
    pub modseq: Modseq,
    /// It is gone from this path.
    pub removed: bool,
}

/// Who sees an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Everyone who may read what it is on.
    Shared,
    /// Only the principal who set it.
    Private,
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// Its name.
    pub name: String,
    /// Who sees it.
    pub visibility: Visibility,
    /// Its value; none when it is to be removed.
    pub value: Option<Bytes>,
}

/// An annotation of one of several messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageAnnotation {
    /// The message.
    pub uid: Uid,
    /// The annotation.
    pub annotation: Annotation,
}

/// A value under which a message can be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyValue {
    /// Equal, or by prefix.
    Text(String),
    /// As a number.
    Number(i64),
    /// From the first up to, not including, the second.
    Interval(i64, i64),
    /// Words for full-text search.
    Words(String),
}

/// A named value of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: KeyValue,
}

/// What a key must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// The text is this.
    Equal(String),
    /// The text begins with this.
    Prefix(String),
    /// The number is at least the first and below the second.
    Range(i64, i64),
    /// The interval has a point in common with this one.
    Overlap(i64, i64),
    /// All these words occur.
    Words(String),
    /// A key of that name is there.
    Present,
}

/// A condition on the keys of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The name.
    pub key: String,
    /// The test.
    pub test: Test,
    /// None may pass.
    pub negated: bool,
}

/// Where to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchScope {
    /// In one mailbox.
    Mailbox(MailboxId),
    /// In it and all below it that the actor may read.
    Tree(MailboxId),
}

/// By which keys to order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The key's name.
    pub key: String,
    /// Biggest first.
    pub descending: bool,
}

/// What to look for; see `wit/index.wit`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Query {
    /// All must hold; each holds if any of its terms does.
    pub all_of: Vec<Vec<Term>>,
    /// The order.
    pub order: Vec<Order>,
    /// Only messages of higher uids, in one mailbox and without an order.
    pub after: Uid,
    /// How many to pass over.
    pub offset: u32,
    /// How many to return.
    pub limit: u32,
    /// Which part of each message to return with it.
    pub body: Option<Part>,
}

/// A message found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its mailbox; empty if that is the only one that was searched.
    pub mailbox: Path,
    /// The message.
    pub message: Message,
    /// The part asked for.
    pub body: Option<Bytes>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Results {
    /// The messages, in order.
    pub found: Vec<Found>,
    /// More follow.
    pub more: bool,
}

/// Whose rights.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identifier {
    /// Whoever comes.
    Anyone,
    /// Whoever is signed in.
    Authenticated,
    /// A user, room or resource.
    Principal(String),
    /// The members of a group.
    Group(String),
}

/// Rights given or taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub identifier: Identifier,
    /// Which.
    pub rights: Rights,
    /// They are taken away instead.
    pub negative: bool,
}

/// What a lock keeps out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusion {
    /// Every other lock.
    Exclusive,
    /// Exclusive locks.
    Shared,
}

/// A lock to be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockRequest {
    /// What it keeps out.
    pub exclusion: Exclusion,
    /// It holds for everything in and below the mailbox.
    pub deep: bool,
    /// What the client says of itself.
    pub owner: Bytes,
    /// When it ends.
    pub expires: Instant,
}

/// A lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Its name: `urn:uuid:…`.
    pub token: String,
    /// The mailbox it was taken on, or in.
    pub mailbox: Path,
    /// The name in the mailbox; none if it is on the mailbox.
    pub name: Option<String>,
    /// What it keeps out.
    pub exclusion: Exclusion,
    /// It holds for everything in and below the mailbox.
    pub deep: bool,
    /// What the client said of itself.
    pub owner: Bytes,
    /// Who holds it.
    pub principal: Option<String>,
    /// When it ends.
    pub expires: Instant,
}

/// What an owner uses and may use. RFC 9208.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Usage {
    /// Bytes stored.
    pub bytes: u64,
    /// Bytes allowed.
    pub bytes_limit: Option<u64>,
    /// Messages stored.
    pub messages: u64,
    /// Messages allowed.
    pub messages_limit: Option<u64>,
}

/// What is delivered, which decides the right that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryPurpose {
    /// `deliver-reply`.
    Reply,
    /// `deliver-invite`.
    Invite,
}

/// A message for other principals, queued with the batch that it is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The module that sends it and whose receiver takes it.
    pub module: String,
    /// To whom.
    pub recipients: Vec<String>,
    /// What for.
    pub purpose: DeliveryPurpose,
    /// The message.
    pub message: Bytes,
}

/// A durable timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// The module that set it.
    pub module: String,
    /// Whose it is.
    pub principal: String,
    /// Its name, unique for principal and module.
    pub name: String,
    /// When it is due.
    pub due: Instant,
    /// What was given with it.
    pub token: Bytes,
    /// When it is fired: when it is due, or later if that was in vain.
    pub next: Instant,
    /// How often it was fired in vain.
    pub attempts: u32,
}

/// A delivery to one recipient that waits in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedDelivery {
    /// Its number in the queue.
    pub id: i64,
    /// The module that sent it and whose receiver takes it.
    pub module: String,
    /// Who sent it.
    pub sender: Option<String>,
    /// To whom.
    pub recipient: String,
    /// What for.
    pub purpose: DeliveryPurpose,
    /// The message.
    pub message: Bytes,
    /// When it was queued.
    pub queued: Instant,
    /// How often it was tried before.
    pub attempts: u32,
}

/// A message for the mail system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Who sends it.
    pub principal: String,
    /// The address for what comes back; empty for none.
    pub sender: String,
    /// To which addresses.
    pub recipients: Vec<String>,
    /// Not before this time.
    pub not_before: Option<Instant>,
    /// Header section and body.
    pub message: Bytes,
}

/// A message to one recipient that waits for the mail system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Its number in the queue.
    pub id: i64,
    /// The number of the message.
    pub letter: i64,
    /// The name of the message in the queue.
    pub name: String,
    /// Who sends it.
    pub principal: String,
    /// The address for what comes back; empty for none.
    pub sender: String,
    /// To which address.
    pub recipient: String,
    /// When it was queued.
    pub queued: Instant,
    /// How often it was tried before.
    pub attempts: u32,
}

/// Which messages are to be indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Of mailboxes of this type.
    pub mailbox_type: String,
    /// In this one alone, and only those without keys.
    pub mailbox: Option<MailboxId>,
    /// These of that mailbox instead, whatever keys they have.
    pub uids: Vec<Uid>,
    /// The version of the rule by which keys are made now: those of older ones are wanted, too.
    pub keys_version: u32,
}

/// Messages whose keys do not reach as far as somebody has looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outreached {
    /// Their mailbox.
    pub mailbox: MailboxId,
    /// Its type.
    pub mailbox_type: String,
    /// Their numbers.
    pub uids: Vec<Uid>,
    /// How far somebody has looked, in numbers of the module's own.
    pub reach: i64,
}

/// A message to be indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unindexed {
    /// Its mailbox.
    pub mailbox: MailboxId,
    /// Its number.
    pub uid: Uid,
    /// Whom it belongs to; empty for the tenant.
    pub owner: String,
    /// The media type of the body.
    pub content_type: String,
    /// When a message of its name was first put there.
    pub created: Instant,
}

/// A message with the keys that its module made for the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexed {
    /// Its mailbox.
    pub mailbox: MailboxId,
    /// Its number.
    pub uid: Uid,
    /// Under what it can be found.
    pub keys: Vec<Key>,
    /// The version of the rule that made the keys.
    pub keys_version: u32,
}

/// How the bytes of a blob are read; engines implement it.
#[async_trait::async_trait]
pub trait BlobSource: Send + Sync {
    /// Reads at most `len` bytes from `offset`; fewer at the end only.
    async fn read(&self, offset: u64, len: usize) -> Result<Bytes, crate::Error>;
    /// Streams the bytes from `offset` up to, not including, `end`, in pieces of at most 256 KiB,
    /// in constant memory.
    fn stream(
        self: Arc<Self>,
        offset: u64,
        end: u64,
    ) -> Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, crate::Error>> + Send>>;
}

/// Immutable bytes: a part of a message, or bytes taken in and not linked yet.
#[derive(Clone)]
pub struct Blob {
    /// How many bytes there are.
    pub size: u64,
    /// Their SHA-256; all zero for the header or the whole of a message.
    pub digest: Digest,
    /// The bytes themselves where they are small and at hand (at most 256 KiB).
    pub inline: Option<Bytes>,
    /// Where to read them otherwise.
    pub source: Arc<dyn BlobSource>,
}

impl std::fmt::Debug for Blob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blob")
            .field("size", &self.size)
            .field("digest", &self.digest)
            .finish()
    }
}

/// What must hold of a name when a message is put under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    None,
    /// No message and no mailbox has the name.
    Free,
    /// The message of this uid still has it.
    Unchanged(Uid),
}

/// Where the bytes of a body come from.
#[derive(Clone, Debug)]
pub enum Content {
    /// From memory.
    Bytes(Bytes),
    /// From a blob, without copying.
    Blob(Blob),
}

/// A message to be put.
#[derive(Clone, Debug)]
pub struct Put {
    /// Its name.
    pub name: Option<String>,
    /// What must hold of the name.
    pub condition: Condition,
    /// The header section of RFC 5322.
    pub header: Bytes,
    /// The body.
    pub content: Content,
    /// The media type of the body.
    pub content_type: String,
    /// Flags to set.
    pub flags: Vec<String>,
    /// Under what it can be found.
    pub keys: Vec<Key>,
    /// The version of the rule that made the keys.
    pub keys_version: u32,
}

/// On which mailbox a change works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// One that was opened.
    Mailbox(MailboxId),
    /// The one that an earlier change of this batch created.
    Created(u32),
}

/// Where a key must be the only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniqueScope {
    /// In the mailbox.
    Mailbox,
    /// In all mailboxes of the same type and owner.
    Owner,
}

/// One change of a batch; `wit/batch.wit` documents each.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Change {
    ExpectModseq {
        mailbox: MailboxId,
        modseq: Modseq,
    },
    ExpectUnique {
        mailbox: MailboxId,
        name: Option<String>,
        key: Key,
        scope: UniqueScope,
    },
    Put {
        target: Target,
        put: Put,
    },
    /// A message that has lain elsewhere since then: for imports, in no interface of modules.
    PutAsOf {
        mailbox: MailboxId,
        put: Put,
        created: Instant,
    },
    Copy {
        source: MailboxId,
        uid: Uid,
        target: MailboxId,
        name: Option<String>,
        condition: Condition,
    },
    Move {
        source: MailboxId,
        uid: Uid,
        target: MailboxId,
        name: Option<String>,
        condition: Condition,
    },
    Remove {
        mailbox: MailboxId,
        uid: Uid,
    },
    SetFlags {
        mailbox: MailboxId,
        uid: Uid,
        add: Vec<String>,
        remove: Vec<String>,
    },
    SetKeys {
        mailbox: MailboxId,
        uid: Uid,
        keys: Vec<Key>,
        keys_version: u32,
    },
    Annotate {
        mailbox: MailboxId,
        uid: Option<Uid>,
        annotation: Annotation,
    },
    AnnotateOutcome {
        change: u32,
        annotation: Annotation,
    },
    CreateMailbox {
        path: Path,
        mailbox_type: String,
        grants: Option<Vec<Grant>>,
    },
    RenameMailbox {
        mailbox: MailboxId,
        path: Path,
    },
    CopyMailbox {
        mailbox: MailboxId,
        path: Path,
        deep: bool,
    },
    DeleteMailbox {
        mailbox: MailboxId,
    },
    Subscribe {
        mailbox: MailboxId,
        subscribed: bool,
    },
    SetRights {
        mailbox: MailboxId,
        grants: Vec<Grant>,
    },
    Lock {
        mailbox: MailboxId,
        name: Option<String>,
        request: LockRequest,
    },
    RefreshLock {
        mailbox: MailboxId,
        token: String,
        expires: Instant,
    },
    Unlock {
        mailbox: MailboxId,
        token: String,
    },
    Deliver {
        delivery: Delivery,
    },
    SetTimer {
        module: String,
        name: String,
        due: Option<Instant>,
        token: Bytes,
    },
}

/// What a change made.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The uid of the message put or copied; 0 for other changes.
    pub uid: Uid,
    /// The digest of that message's body; zeros for other changes.
    pub digest: Digest,
    /// When that message was last modified; 0 for other changes.
    pub modified: Instant,
    /// The change's modseq.
    pub modseq: Modseq,
    /// Something of that name was replaced.
    pub replaced: bool,
    /// The token of the lock taken.
    pub lock_token: String,
}

/// Where the message lies that already has a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// Its mailbox.
    pub mailbox: Path,
    /// Its uid there.
    pub uid: Uid,
    /// Its name there.
    pub name: Option<String>,
}
