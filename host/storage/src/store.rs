//! The store of one tenant: what every engine does. `tests/conformance` holds engines to it.

use crate::endpoint::{Endpoint, NewEndpoint, Posted, QueuedEndpoint};
use crate::feed::Changed;
use crate::model::*;
use crate::stats::StoreStats;
use bytes::Bytes;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::broadcast;

/// Why a store refuses; the cases are those of `error` in `wit/types.wit`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or the actor may not know of it.
    #[error("not found")]
    NotFound,
    /// The actor lacks these rights.
    #[error("missing rights {0:?}")]
    Forbidden(Rights),
    /// The name is taken.
    #[error("the name is taken")]
    Exists,
    /// A condition of the batch does not hold.
    #[error("changed in the meantime")]
    Conflict,
    /// A message with this key exists already.
    #[error("a message with this key exists already")]
    DuplicateKey(Duplicate),
    /// A lock stands in the way; its token.
    #[error("locked by {0}")]
    Locked(String),
    /// The quota would be exceeded; so much is free.
    #[error("over quota, {0} left")]
    OverQuota(u64),
    /// The disk is full. Nothing was changed.
    #[error("the disk of the store is full")]
    Full,
    /// More bytes than taken; the limit.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// More items than taken; the limit.
    #[error("more than {0}")]
    TooMany(u64),
    /// Older than what is remembered.
    #[error("older than what is remembered")]
    TooOld,
    /// An argument is malformed.
    #[error("{0}")]
    Invalid(String),
    /// The store can't answer now.
    #[error("{0}")]
    Unavailable(String),
}

/// Why nothing of a batch was committed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("change {change}: {error}")]
pub struct Failure {
    /// Which change was refused, from 0.
    pub change: u32,
    /// Why.
    pub error: Error,
}

/// Many changes, committed together or not at all.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Lock tokens submitted with the request.
    pub tokens: Vec<String>,
    /// The changes, in order.
    pub changes: Vec<Change>,
}

/// Bounds of a store, from the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// Bytes allowed to each owner unless set otherwise.
    pub quota_bytes: Option<u64>,
    /// Messages allowed to each owner unless set otherwise.
    pub quota_messages: Option<u64>,
    /// Biggest body taken.
    pub message_size_max: u64,
    /// Bytes of unlinked blobs a principal may hold.
    pub upload_allowance: u64,
    /// Milliseconds until an unlinked blob expires.
    pub upload_expiry_ms: i64,
    /// Milliseconds until tombstones expire.
    pub tombstone_expiry_ms: i64,
    /// Longest life of a lock, in milliseconds.
    pub lock_ms_max: i64,
    /// Locks that one principal may hold.
    pub locks_max: u32,
    /// Mailboxes that one owner may have.
    pub mailboxes_max: u64,
}

impl Default for StoreLimits {
    fn default() -> Self {
        const DAY_MS: i64 = 86_400_000;
        Self {
            quota_bytes: None,
            quota_messages: None,
            message_size_max: 4 << 30,
            upload_allowance: 1 << 30,
            upload_expiry_ms: DAY_MS,
            tombstone_expiry_ms: 90 * DAY_MS,
            lock_ms_max: DAY_MS,
            locks_max: 10_000,
            mailboxes_max: 100_000,
        }
    }
}

/// What `chapar check` found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Messages looked at.
    pub messages: u64,
    /// Bodies whose digest was computed again.
    pub bodies: u64,
    /// What is wrong, a sentence each; empty if nothing is.
    pub problems: Vec<String>,
    /// What was repaired, a sentence each.
    pub repaired: Vec<String>,
}

/// Bytes on their way in.
pub type ByteStream = Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, Error>> + Send>>;

/// The store of one tenant. `wit/` documents what each call means and when it fails; here stands
/// what is not said there.
///
/// Reads may block the calling thread for as long as a read of the embedded database takes
/// (microseconds to a few milliseconds), so they belong on threads that may wait. Writes are queued
/// and awaited.
#[async_trait::async_trait]
pub trait Store: Send + Sync {
    // Mailboxes.

    /// Opens a mailbox.
    async fn open(&self, actor: &Actor, path: &Path) -> Result<Status, Error>;
    /// Returns what is known of a mailbox now.
    async fn status(&self, actor: &Actor, mailbox: MailboxId) -> Result<Status, Error>;
    /// Lists mailboxes.
    async fn list_mailboxes(
        &self,
        actor: &Actor,
        scope: &ListScope,
        mailbox_type: Option<&str>,
        after: Option<&Path>,
        limit: u32,
    ) -> Result<Vec<Status>, Error>;
    /// Lists mailboxes below one that changed.
    async fn mailbox_changes(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        since: Modseq,
        deep: bool,
        limit: u32,
    ) -> Result<Vec<MailboxChange>, Error>;

    // Messages.

    /// Lists messages by uid.
    async fn list(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        after: Uid,
        limit: u32,
        fields: Fields,
    ) -> Result<Page, Error>;
    /// Lists messages changed after `since`.
    async fn changes(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        since: Modseq,
        limit: u32,
        fields: Fields,
    ) -> Result<Page, Error>;
    /// Returns the messages of these names, an answer for each.
    async fn find(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        names: &[String],
    ) -> Result<Vec<Option<Message>>, Error>;
    /// Returns the messages of these uids that are there.
    async fn get(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
    ) -> Result<Vec<Message>, Error>;
    /// Returns a part of a message.
    async fn open_message(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uid: Uid,
        part: Part,
    ) -> Result<Blob, Error>;
    /// Reads the same part of several messages; empty for one that is gone.
    async fn read(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
        part: Part,
    ) -> Result<Vec<Bytes>, Error>;
    /// Looks for messages by their keys.
    async fn search(
        &self,
        actor: &Actor,
        scope: SearchScope,
        query: &Query,
    ) -> Result<Results, Error>;
    /// Tells whoever makes keys (by [`Store::feed`]) that the actor has looked farther than those of
    /// these messages reach, which it must have the right to read. Nothing is written.
    async fn extend_keys(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
        reach: i64,
    ) -> Result<(), Error>;

    // What hangs on them.

    /// Returns the annotations of a mailbox.
    async fn mailbox_annotations(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        prefix: &str,
    ) -> Result<Vec<Annotation>, Error>;
    /// Returns the annotations of several messages.
    async fn message_annotations(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
        prefix: &str,
    ) -> Result<Vec<MessageAnnotation>, Error>;
    /// Lists the grants of a mailbox.
    async fn grants(&self, actor: &Actor, mailbox: MailboxId) -> Result<Vec<Grant>, Error>;
    /// Lists the locks that hold for a name or a mailbox.
    async fn locks(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        name: Option<&str>,
        below: bool,
    ) -> Result<Vec<Lock>, Error>;
    /// Returns what the owner of a mailbox uses.
    async fn usage(&self, actor: &Actor, mailbox: MailboxId) -> Result<Usage, Error>;
    /// Lists timers of a principal and module.
    async fn timers(&self, principal: &str, module: &str, limit: u32) -> Result<Vec<Timer>, Error>;

    // Endpoints.

    /// Makes an endpoint.
    async fn create_endpoint(&self, new: NewEndpoint) -> Result<(), Error>;
    /// Changes an endpoint that is still of this version.
    async fn update_endpoint(
        &self,
        principal: &str,
        module: &str,
        endpoint: &Endpoint,
    ) -> Result<(), Error>;
    /// Removes an endpoint and overwrites where it led to; says whether it was there.
    async fn remove_endpoint(
        &self,
        principal: &str,
        module: &str,
        name: &str,
    ) -> Result<bool, Error>;
    /// Lists the endpoints of a principal and module that have not expired, oldest first.
    async fn endpoints(&self, principal: &str, module: &str) -> Result<Vec<Endpoint>, Error>;

    // Blobs.

    /// Takes bytes in. Up to 256 KiB stay in memory until they are linked or kept; more are written
    /// to the object store, in constant memory. `TooLarge` past `size_max`.
    async fn ingest(&self, actor: &Actor, bytes: ByteStream, size_max: u64) -> Result<Blob, Error>;
    /// Makes an unlinked blob durable until it expires.
    async fn keep(&self, actor: &Actor, blob: &Blob) -> Result<(), Error>;
    /// Opens a kept blob of the actor, or a body that the actor may read.
    async fn open_blob(&self, actor: &Actor, digest: Digest) -> Result<Blob, Error>;

    // Writing.

    /// Commits a batch.
    async fn commit(&self, actor: &Actor, batch: Batch) -> Result<Vec<Outcome>, Failure>;

    // The directory. Whoever calls has checked that the caller may.

    /// Returns a principal.
    async fn principal(&self, id: &str) -> Result<Principal, Error>;
    /// Returns the principal that has this address.
    async fn principal_by_address(&self, address: &str) -> Result<Principal, Error>;
    /// Lists principals.
    async fn search_principals(
        &self,
        text: &str,
        kind: Option<Kind>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Principal>, Error>;
    /// Creates a principal, or replaces what is known of it; its credentials stay.
    async fn put_principal(&self, principal: &Principal) -> Result<(), Error>;
    /// Removes a principal with everything that it owns.
    async fn remove_principal(&self, id: &str) -> Result<(), Error>;
    /// Returns what a password is checked against.
    async fn credentials(&self, id: &str) -> Result<Credentials, Error>;
    /// Sets what a password is checked against.
    async fn set_credentials(&self, id: &str, credentials: &Credentials) -> Result<(), Error>;
    /// Lists the direct members of a group.
    async fn members(&self, group: &str) -> Result<Vec<String>, Error>;
    /// Sets the direct members of a group. `Invalid` if it would contain itself.
    async fn set_members(&self, group: &str, members: &[String]) -> Result<(), Error>;
    /// Lists the groups that a principal is in, directly or through others.
    async fn groups(&self, id: &str) -> Result<Vec<String>, Error>;
    /// Sets an owner's limits, instead of the default ones.
    async fn set_quota(
        &self,
        owner: &str,
        bytes: Option<u64>,
        messages: Option<u64>,
    ) -> Result<(), Error>;

    /// Lists what owners use and may use, by name; the tenant's own is the empty one.
    async fn usages(&self, after: Option<&str>, limit: u32) -> Result<Vec<(String, Usage)>, Error>;
    /// Counts what an owner uses anew, and returns what was remembered and what is true.
    async fn recount(&self, owner: &str) -> Result<(Usage, Usage), Error>;

    // What the host does later.

    /// Lists deliveries that are due, longest waiting first.
    async fn due_deliveries(&self, now: Instant, limit: u32) -> Result<Vec<QueuedDelivery>, Error>;
    /// Takes a delivery off the queue, or puts it off to `retry` and counts the attempt.
    async fn finish_delivery(&self, id: i64, retry: Option<Instant>) -> Result<(), Error>;
    /// Lists timers that are to be fired by then, those first that are to be first.
    async fn due_timers(&self, now: Instant, limit: u32) -> Result<Vec<Timer>, Error>;
    /// Clears a timer that was fired, or puts it off to `retry`, unless it was set anew meanwhile.
    async fn finish_timer(&self, timer: &Timer, retry: Option<Instant>) -> Result<(), Error>;

    /// Queues a message for the mail system, and returns its name in the queue. `Invalid` if it is
    /// for nobody, `TooMany` if it is for too many, or if too many of its sender wait.
    async fn submit(&self, letter: Letter) -> Result<String, Error>;
    /// Takes a message out of the queue that was not tried yet; says whether it was there.
    async fn cancel_submission(&self, principal: &str, name: &str) -> Result<bool, Error>;
    /// Lists recipients that are due, longest waiting first.
    async fn due_submissions(&self, now: Instant, limit: u32) -> Result<Vec<Submission>, Error>;
    /// Returns a message of the queue.
    async fn letter(&self, letter: i64) -> Result<Bytes, Error>;
    /// Takes a recipient off the queue, or puts it off to `retry` and counts the attempt.
    async fn finish_submission(&self, id: i64, retry: Option<Instant>) -> Result<(), Error>;
    /// Lists endpoints that there is something to be posted to, and from when on: of those that wait
    /// for these owners, or of all.
    async fn endpoints_behind(
        &self,
        owners: Option<&[String]>,
    ) -> Result<Vec<(i64, Instant)>, Error>;
    /// Returns an endpoint, unless it has expired.
    async fn endpoint(&self, id: i64) -> Result<QueuedEndpoint, Error>;
    /// Notes what was posted to an endpoint, or that it is gone.
    async fn finish_endpoint(&self, id: i64, posted: Posted) -> Result<(), Error>;
    /// Removes endpoints that were made for another key of the server's.
    async fn retain_endpoints(&self, server_key: Bytes) -> Result<(), Error>;
    /// Lists messages to be indexed, by mailbox and uid, after one of them.
    async fn unindexed(
        &self,
        wanted: &Wanted,
        after: (MailboxId, Uid),
        limit: u32,
    ) -> Result<Vec<Unindexed>, Error>;
    /// Reads a message to be indexed: header section and body, up to so many bytes.
    async fn read_to_index(
        &self,
        mailbox: MailboxId,
        uid: Uid,
        len_max: usize,
    ) -> Result<Bytes, Error>;
    /// Sets keys that were made. A message that gets its first ones changes by that.
    async fn set_indexed(&self, made: Vec<Indexed>) -> Result<(), Error>;
    /// Notes that no message of a type has keys of a version below this one.
    async fn all_indexed(&self, mailbox_type: &str, keys_version: u32) -> Result<(), Error>;
    /// Tells what is committed from now on: a hint, for those who wait for changes. What another
    /// process commits is not told.
    fn feed(&self) -> broadcast::Receiver<Arc<Changed>>;

    // Keeping house.

    /// Removes expired tombstones, unlinked blobs, locks and endpoints. Run now and then.
    async fn expire(&self) -> Result<(), Error>;
    /// Verifies that every row has its message, every body its digest, and every counter its sum.
    async fn check(&self, repair: bool) -> Result<CheckReport, Error>;
    /// What was counted so far. Cheap: no statement is run for it.
    fn stats(&self) -> StoreStats;
    /// Waits for what is queued and closes.
    async fn close(&self);
}
