//! Many changes, committed together or not at all: `wit/batch.wit`.

use crate::backend::batch as raw;
use crate::{
    Annotation, Blob, Delivery, Digest, Error, Grant, Instant, Key, LockRequest, Mailbox, Modseq,
    Uid,
};
use std::cell::Cell;

/// What must hold of a name when a message is put under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    None,
    /// No message and no mailbox has the name.
    Free,
    /// The message of this uid still has it.
    Unchanged(Uid),
}

/// Where a key must be the only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UniqueScope {
    /// In the mailbox.
    Mailbox,
    /// In all mailboxes of the same type and owner.
    Owner,
}

/// Where the bytes of a body come from.
#[derive(Debug)]
pub enum Content<'a> {
    /// From the module.
    Bytes(Vec<u8>),
    /// From a blob, without copying.
    Blob(&'a Blob),
}

/// A message to be put.
#[derive(Debug)]
pub struct Put<'a> {
    /// Its name, unique in the mailbox; a message of the same name is replaced.
    pub name: Option<String>,
    /// What must hold of the name.
    pub condition: Condition,
    /// The header section of RFC 5322, with the empty line that ends it.
    pub header: Vec<u8>,
    /// The body.
    pub content: Content<'a>,
    /// The media type of the body, with parameters.
    pub content_type: String,
    /// System flags and keywords to set.
    pub flags: Vec<String>,
    /// Under what the message can be found.
    pub keys: Vec<Key>,
    /// The version of the rule that made the keys.
    pub keys_version: u32,
}

impl<'a> From<Put<'a>> for raw::Put<'a> {
    fn from(put: Put<'a>) -> Self {
        Self {
            name: put.name,
            condition: put.condition,
            header: put.header,
            content: match put.content {
                Content::Bytes(bytes) => raw::Content::Bytes(bytes),
                Content::Blob(blob) => raw::Content::Blob(&blob.raw),
            },
            content_type: put.content_type,
            flags: put.flags,
            keys: put.keys,
            keys_version: put.keys_version,
        }
    }
}

/// What a change made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// The token of the lock taken; empty for other changes.
    pub lock_token: String,
}

/// Why nothing was committed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("change {change}: {error}")]
pub struct Failure {
    /// Which change was refused: the number that its method returned.
    pub change: u32,
    /// Why.
    pub error: Error,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// Changes to be committed together. Each method that adds one returns its number: its place among
/// the outcomes, and its name for later changes that build on it.
#[derive(Debug)]
pub struct Batch {
    raw: raw::Batch,
    changes: Cell<u32>,
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl Batch {
    /// Starts an empty batch.
    pub fn new() -> Self {
        Self {
            raw: raw::Batch::new(),
            changes: Cell::new(0),
        }
    }

    /// How many changes it has.
    pub fn len(&self) -> u32 {
        self.changes.get()
    }

    /// Says whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Submits lock tokens: what they lock may be changed by this batch.
    pub fn submit_tokens(&self, tokens: &[String]) {
        self.raw.submit_tokens(tokens);
    }

    /// Requires that a mailbox is still in the state that was read.
    pub fn expect_modseq(&self, mailbox: &Mailbox, modseq: Modseq) -> u32 {
        self.raw.expect_modseq(&mailbox.raw, modseq);
        self.added()
    }

    /// Requires that no message in the scope has this key, other than the one of this name in this
    /// mailbox.
    pub fn expect_unique(
        &self,
        mailbox: &Mailbox,
        name: Option<&str>,
        key: &Key,
        scope: UniqueScope,
    ) -> u32 {
        self.raw.expect_unique(&mailbox.raw, name, key, scope);
        self.added()
    }

    /// Puts a message.
    pub fn put(&self, mailbox: &Mailbox, put: Put<'_>) -> u32 {
        self.raw.put(&mailbox.raw, &put.into());
        self.added()
    }

    /// Copies a message without moving bytes, under a name of its own.
    pub fn copy(
        &self,
        source: &Mailbox,
        uid: Uid,
        target: &Mailbox,
        name: Option<&str>,
        condition: Condition,
    ) -> u32 {
        self.raw
            .copy(&source.raw, uid, &target.raw, name, condition);
        self.added()
    }

    /// Moves a message, its locks left behind.
    pub fn move_(
        &self,
        source: &Mailbox,
        uid: Uid,
        target: &Mailbox,
        name: Option<&str>,
        condition: Condition,
    ) -> u32 {
        self.raw
            .move_(&source.raw, uid, &target.raw, name, condition);
        self.added()
    }

    /// Removes a message.
    pub fn remove(&self, mailbox: &Mailbox, uid: Uid) -> u32 {
        self.raw.remove(&mailbox.raw, uid);
        self.added()
    }

    /// Adds and takes away flags.
    pub fn set_flags(&self, mailbox: &Mailbox, uid: Uid, add: &[String], remove: &[String]) -> u32 {
        self.raw.set_flags(&mailbox.raw, uid, add, remove);
        self.added()
    }

    /// Replaces the keys of a message.
    pub fn set_keys(&self, mailbox: &Mailbox, uid: Uid, keys: &[Key], keys_version: u32) -> u32 {
        self.raw.set_keys(&mailbox.raw, uid, keys, keys_version);
        self.added()
    }

    /// Sets or removes an annotation of a message, or of the mailbox if no uid is given.
    pub fn annotate(&self, mailbox: &Mailbox, uid: Option<Uid>, annotation: &Annotation) -> u32 {
        self.raw.annotate(&mailbox.raw, uid, annotation);
        self.added()
    }

    /// Annotates what an earlier change of this batch puts or creates, given by its number.
    pub fn annotate_outcome(&self, change: u32, annotation: &Annotation) -> u32 {
        self.raw.annotate_outcome(change, annotation);
        self.added()
    }

    /// Creates a mailbox; it inherits the parent's rights unless some are given.
    pub fn create_mailbox(&self, path: &[String], type_: &str, grants: Option<&[Grant]>) -> u32 {
        self.raw.create_mailbox(path, type_, grants);
        self.added()
    }

    /// Puts a message into a mailbox that an earlier change of this batch creates.
    pub fn put_into(&self, created: u32, put: Put<'_>) -> u32 {
        self.raw.put_into(created, &put.into());
        self.added()
    }

    /// Renames a mailbox with all below it; the new name must be free.
    pub fn rename_mailbox(&self, mailbox: &Mailbox, path: &[String]) -> u32 {
        self.raw.rename_mailbox(&mailbox.raw, path);
        self.added()
    }

    /// Copies a mailbox, with all below it if `deep`; the new name must be free.
    pub fn copy_mailbox(&self, mailbox: &Mailbox, path: &[String], deep: bool) -> u32 {
        self.raw.copy_mailbox(&mailbox.raw, path, deep);
        self.added()
    }

    /// Deletes a mailbox with all in and below it.
    pub fn delete_mailbox(&self, mailbox: &Mailbox) -> u32 {
        self.raw.delete_mailbox(&mailbox.raw);
        self.added()
    }

    /// Subscribes the principal to a mailbox, or takes the subscription back.
    pub fn subscribe(&self, mailbox: &Mailbox, subscribed: bool) -> u32 {
        self.raw.subscribe(&mailbox.raw, subscribed);
        self.added()
    }

    /// Replaces who may do what.
    pub fn set_rights(&self, mailbox: &Mailbox, grants: &[Grant]) -> u32 {
        self.raw.set_rights(&mailbox.raw, grants);
        self.added()
    }

    /// Takes a lock, on a name in the mailbox (which need not be taken) or on the mailbox itself.
    pub fn lock(&self, mailbox: &Mailbox, name: Option<&str>, request: &LockRequest) -> u32 {
        self.raw.lock(&mailbox.raw, name, request);
        self.added()
    }

    /// Gives a lock of the principal's another end.
    pub fn refresh_lock(&self, mailbox: &Mailbox, token: &str, expires: Instant) -> u32 {
        self.raw.refresh_lock(&mailbox.raw, token, expires);
        self.added()
    }

    /// Gives a lock up.
    pub fn unlock(&self, mailbox: &Mailbox, token: &str) -> u32 {
        self.raw.unlock(&mailbox.raw, token);
        self.added()
    }

    /// Hands a message to other principals when the batch commits.
    pub fn deliver(&self, delivery: &Delivery) -> u32 {
        self.raw.deliver(delivery);
        self.added()
    }

    /// Sets a durable timer of the principal, or clears it if no time is given.
    pub fn set_timer(&self, name: &str, due: Option<Instant>, token: &[u8]) -> u32 {
        self.raw.set_timer(name, due, token);
        self.added()
    }

    /// Commits all changes, and returns what each made, in the order given.
    pub fn commit(self) -> std::result::Result<Vec<Outcome>, Failure> {
        raw::Batch::commit(self.raw)
    }

    fn added(&self) -> u32 {
        let number = self.changes.get();
        self.changes.set(number.saturating_add(1));
        number
    }
}
