//! A batch as the in-memory host collects it.

use super::backend::blob::Blob;
use super::commit::commit;
use super::meanwhile;
use super::read::Mailbox;
use super::state::{Row, with_state};
use crate::{
    Annotation, Condition, Delivery, Failure, Grant, Instant, Key, LockRequest, Modseq, Outcome,
    Uid, UniqueScope,
};
use std::cell::RefCell;
use std::rc::Rc;

/// Where the bytes of a body come from.
#[derive(Debug)]
pub(crate) enum Content<'a> {
    Bytes(Vec<u8>),
    Blob(&'a Blob),
}

/// A message to be put.
#[derive(Debug)]
pub(crate) struct Put<'a> {
    pub(crate) name: Option<String>,
    pub(crate) condition: Condition,
    pub(crate) header: Vec<u8>,
    pub(crate) content: Content<'a>,
    pub(crate) content_type: String,
    pub(crate) flags: Vec<String>,
    pub(crate) keys: Vec<Key>,
    pub(crate) keys_version: u32,
}

/// What is put.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) name: Option<String>,
    pub(super) condition: Condition,
    pub(super) header: Rc<[u8]>,
    pub(super) body: Rc<[u8]>,
    pub(super) content_type: String,
    pub(super) flags: Vec<String>,
    pub(super) keys: Vec<Key>,
}

/// One change; `wit/batch.wit` documents each.
#[derive(Debug)]
pub(super) enum Change {
    ExpectModseq(Row, Modseq),
    ExpectUnique(Row, Option<String>, Key, UniqueScope),
    Put(Row, Message),
    PutInto(u32, Message),
    Copy {
        source: Row,
        uid: Uid,
        target: Row,
        name: Option<String>,
        condition: Condition,
    },
    Move {
        source: Row,
        uid: Uid,
        target: Row,
        name: Option<String>,
        condition: Condition,
    },
    Remove(Row, Uid),
    SetFlags {
        mailbox: Row,
        uid: Uid,
        add: Vec<String>,
        remove: Vec<String>,
    },
    SetKeys(Row, Uid, Vec<Key>),
    Annotate(Row, Option<Uid>, Annotation),
    AnnotateOutcome(u32, Annotation),
    CreateMailbox(Vec<String>, String, Option<Vec<Grant>>),
    RenameMailbox(Row, Vec<String>),
    CopyMailbox(Row, Vec<String>, bool),
    DeleteMailbox(Row),
    Subscribe(Row, bool),
    SetRights(Row, Vec<Grant>),
    Lock(Row, Option<String>, LockRequest),
    RefreshLock(String, Instant),
    Unlock(Row, String),
    Deliver(Delivery),
    SetTimer(String, Option<Instant>, Vec<u8>),
}

/// A batch being filled.
#[derive(Debug)]
pub(crate) struct Batch {
    tokens: RefCell<Vec<String>>,
    changes: RefCell<Vec<Change>>,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self {
            tokens: RefCell::default(),
            changes: RefCell::default(),
        }
    }

    fn add(&self, change: Change) {
        self.changes.borrow_mut().push(change);
    }

    pub(crate) fn submit_tokens(&self, tokens: &[String]) {
        self.tokens.borrow_mut().extend_from_slice(tokens);
    }

    pub(crate) fn expect_modseq(&self, mailbox: &Mailbox, modseq: Modseq) {
        self.add(Change::ExpectModseq(mailbox.row, modseq));
    }

    pub(crate) fn expect_unique(
        &self,
        mailbox: &Mailbox,
        name: Option<&str>,
        key: &Key,
        scope: UniqueScope,
    ) {
        self.add(Change::ExpectUnique(
            mailbox.row,
            name.map(str::to_owned),
            key.clone(),
            scope,
        ));
    }

    pub(crate) fn put(&self, mailbox: &Mailbox, put: &Put<'_>) {
        self.add(Change::Put(mailbox.row, put.into()));
    }

    pub(crate) fn copy(
        &self,
        source: &Mailbox,
        uid: Uid,
        target: &Mailbox,
        name: Option<&str>,
        condition: Condition,
    ) {
        let (source, target, name) = (source.row, target.row, name.map(str::to_owned));
        self.add(Change::Copy {
            source,
            uid,
            target,
            name,
            condition,
        });
    }

    pub(crate) fn move_(
        &self,
        source: &Mailbox,
        uid: Uid,
        target: &Mailbox,
        name: Option<&str>,
        condition: Condition,
    ) {
        let (source, target, name) = (source.row, target.row, name.map(str::to_owned));
        self.add(Change::Move {
            source,
            uid,
            target,
            name,
            condition,
        });
    }

    pub(crate) fn remove(&self, mailbox: &Mailbox, uid: Uid) {
        self.add(Change::Remove(mailbox.row, uid));
    }

    pub(crate) fn set_flags(&self, mailbox: &Mailbox, uid: Uid, add: &[String], remove: &[String]) {
        let (add, remove) = (add.to_vec(), remove.to_vec());
        self.add(Change::SetFlags {
            mailbox: mailbox.row,
            uid,
            add,
            remove,
        });
    }

    pub(crate) fn set_keys(&self, mailbox: &Mailbox, uid: Uid, keys: &[Key], _version: u32) {
        self.add(Change::SetKeys(mailbox.row, uid, keys.to_vec()));
    }

    pub(crate) fn annotate(&self, mailbox: &Mailbox, uid: Option<Uid>, annotation: &Annotation) {
        self.add(Change::Annotate(mailbox.row, uid, annotation.clone()));
    }

    pub(crate) fn annotate_outcome(&self, change: u32, annotation: &Annotation) {
        self.add(Change::AnnotateOutcome(change, annotation.clone()));
    }

    pub(crate) fn create_mailbox(&self, path: &[String], type_: &str, grants: Option<&[Grant]>) {
        let grants = grants.map(<[Grant]>::to_vec);
        self.add(Change::CreateMailbox(
            path.to_vec(),
            type_.to_owned(),
            grants,
        ));
    }

    pub(crate) fn put_into(&self, created: u32, put: &Put<'_>) {
        self.add(Change::PutInto(created, put.into()));
    }

    pub(crate) fn rename_mailbox(&self, mailbox: &Mailbox, path: &[String]) {
        self.add(Change::RenameMailbox(mailbox.row, path.to_vec()));
    }

    pub(crate) fn copy_mailbox(&self, mailbox: &Mailbox, path: &[String], deep: bool) {
        self.add(Change::CopyMailbox(mailbox.row, path.to_vec(), deep));
    }

    pub(crate) fn delete_mailbox(&self, mailbox: &Mailbox) {
        self.add(Change::DeleteMailbox(mailbox.row));
    }

    pub(crate) fn subscribe(&self, mailbox: &Mailbox, subscribed: bool) {
        self.add(Change::Subscribe(mailbox.row, subscribed));
    }

    pub(crate) fn set_rights(&self, mailbox: &Mailbox, grants: &[Grant]) {
        self.add(Change::SetRights(mailbox.row, grants.to_vec()));
    }

    pub(crate) fn lock(&self, mailbox: &Mailbox, name: Option<&str>, request: &LockRequest) {
        self.add(Change::Lock(
            mailbox.row,
            name.map(str::to_owned),
            request.clone(),
        ));
    }

    pub(crate) fn refresh_lock(&self, _: &Mailbox, token: &str, expires: Instant) {
        self.add(Change::RefreshLock(token.to_owned(), expires));
    }

    pub(crate) fn unlock(&self, mailbox: &Mailbox, token: &str) {
        self.add(Change::Unlock(mailbox.row, token.to_owned()));
    }

    pub(crate) fn deliver(&self, delivery: &Delivery) {
        self.add(Change::Deliver(delivery.clone()));
    }

    pub(crate) fn set_timer(&self, name: &str, due: Option<Instant>, token: &[u8]) {
        self.add(Change::SetTimer(name.to_owned(), due, token.to_vec()));
    }

    pub(crate) fn commit(this: Self) -> Result<Vec<Outcome>, Failure> {
        let (tokens, changes) = (this.tokens.into_inner(), this.changes.into_inner());
        meanwhile::happen();
        with_state(|state| commit(state, tokens, changes))
    }
}

impl From<&Put<'_>> for Message {
    fn from(put: &Put<'_>) -> Self {
        // A higher version would only make the real host index again.
        let _ = put.keys_version;
        Self {
            name: put.name.clone(),
            condition: put.condition,
            header: put.header.as_slice().into(),
            body: match &put.content {
                Content::Bytes(bytes) => bytes.as_slice().into(),
                Content::Blob(blob) => blob.bytes().clone(),
            },
            content_type: put.content_type.clone(),
            flags: put.flags.clone(),
            keys: put.keys.clone(),
        }
    }
}
