//! `wit/batch.wit`: many changes, committed together or not at all. Here they are only collected;
//! the store checks and applies them.

use super::{Failure, Mailbox};
use crate::bindings::chapar::host::annotation::Annotation;
use crate::bindings::chapar::host::delivery::{Delivery, Purpose};
use crate::bindings::chapar::host::index::Key;
use crate::bindings::chapar::host::lock::LockRequest;
use crate::bindings::chapar::host::rights::Grant;
use crate::bindings::chapar::host::{batch as wit, types};
use crate::state::State;
use bytes::Bytes;
use storage::{Change, Condition, Content, MailboxId, Path, Put, Target};
use wasmtime::component::Resource;

/// Most changes of one batch.
const CHANGES_MAX: usize = 20_000;
/// Most bytes that a batch holds in the host's memory; bigger bodies go in as blobs.
const BYTES_MAX: usize = 64 << 20;

/// Changes collected so far.
#[derive(Default)]
pub struct Batch {
    batch: storage::Batch,
    /// Bytes held for it.
    bytes: usize,
    /// What was wrong first, said at commit.
    wrong: Option<(u32, types::Error)>,
}

impl Batch {
    fn add(&mut self, change: Change, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.batch.changes.len() >= CHANGES_MAX {
            self.refuse(types::Error::TooMany(CHANGES_MAX as u64));
        } else if self.bytes > BYTES_MAX {
            self.refuse(types::Error::TooLarge(BYTES_MAX as u64));
        } else {
            self.batch.changes.push(change);
        }
    }

    fn refuse(&mut self, error: types::Error) {
        if self.wrong.is_none() {
            self.wrong = Some((self.batch.changes.len() as u32, error));
            // Nothing of it will be committed: give the memory back.
            self.batch.changes = Vec::new();
        }
    }
}

impl wit::Host for State {
    fn convert_failure(&mut self, failure: Failure) -> wasmtime::Result<wit::Failure> {
        failure.split()
    }
}

impl State {
    fn add(
        &mut self,
        this: &Resource<Batch>,
        change: Change,
        bytes: usize,
    ) -> wasmtime::Result<()> {
        let batch = self.handles.get_mut(this)?;
        if batch.wrong.is_none() {
            batch.add(change, bytes);
        }
        Ok(())
    }

    fn mailbox(&self, mailbox: &Resource<Mailbox>) -> wasmtime::Result<MailboxId> {
        Ok(self.handles.get(mailbox)?.id)
    }

    fn put_change(&self, put: wit::Put) -> wasmtime::Result<(Put, usize)> {
        let content = match put.content {
            wit::Content::Bytes(bytes) => Content::Bytes(bytes.into()),
            wit::Content::Blob(blob) => Content::Blob(self.handles.get(&blob)?.0.clone()),
        };
        let held = match &content {
            Content::Bytes(bytes) => bytes.len(),
            // The bytes of a small blob are shared, not copied.
            Content::Blob(_) => 0,
        };
        let held = held + put.header.len() + keys_size(&put.keys);
        let put = Put {
            name: put.name,
            condition: put.condition.into(),
            header: put.header.into(),
            content,
            content_type: put.content_type,
            flags: put.flags,
            keys: put.keys.into_iter().map(storage::Key::from).collect(),
            keys_version: put.keys_version,
        };
        Ok((put, held))
    }
}

/// Roughly what keys take.
fn keys_size(keys: &[Key]) -> usize {
    keys.iter().map(|key| key.name.len() + 64).sum()
}

impl wit::HostBatch for State {
    fn new(&mut self) -> wasmtime::Result<Resource<Batch>> {
        self.request()?;
        self.handles.push(Batch::default())
    }

    fn submit_tokens(
        &mut self,
        this: Resource<Batch>,
        tokens: Vec<String>,
    ) -> wasmtime::Result<()> {
        let batch = self.handles.get_mut(&this)?;
        batch.bytes += tokens.iter().map(String::len).sum::<usize>();
        if batch.bytes > BYTES_MAX {
            batch.refuse(types::Error::TooLarge(BYTES_MAX as u64));
        } else {
            batch.batch.tokens.extend(tokens);
        }
        Ok(())
    }

    fn expect_modseq(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        modseq: u64,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        self.add(&this, Change::ExpectModseq { mailbox, modseq }, 0)
    }

    fn expect_unique(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        name: Option<String>,
        key: Key,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        let key = key.into();
        self.add(&this, Change::ExpectUnique { mailbox, name, key }, 0)
    }

    fn put(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        put: wit::Put,
    ) -> wasmtime::Result<()> {
        let target = Target::Mailbox(self.mailbox(&mailbox)?);
        let (put, bytes) = self.put_change(put)?;
        self.add(&this, Change::Put { target, put }, bytes)
    }

    fn copy(
        &mut self,
        this: Resource<Batch>,
        source: Resource<Mailbox>,
        uid: u32,
        target: Resource<Mailbox>,
        name: Option<String>,
        condition: wit::Condition,
    ) -> wasmtime::Result<()> {
        let (source, target) = (self.mailbox(&source)?, self.mailbox(&target)?);
        let condition = condition.into();
        let change = Change::Copy {
            source,
            uid,
            target,
            name,
            condition,
        };
        self.add(&this, change, 0)
    }

    fn move_(
        &mut self,
        this: Resource<Batch>,
        source: Resource<Mailbox>,
        uid: u32,
        target: Resource<Mailbox>,
        name: Option<String>,
        condition: wit::Condition,
    ) -> wasmtime::Result<()> {
        let (source, target) = (self.mailbox(&source)?, self.mailbox(&target)?);
        let condition = condition.into();
        let change = Change::Move {
            source,
            uid,
            target,
            name,
            condition,
        };
        self.add(&this, change, 0)
    }

    fn remove(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        uid: u32,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        self.add(&this, Change::Remove { mailbox, uid }, 0)
    }

    fn set_flags(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        uid: u32,
        add: Vec<String>,
        remove: Vec<String>,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        let bytes = add.iter().chain(&remove).map(String::len).sum();
        self.add(
            &this,
            Change::SetFlags {
                mailbox,
                uid,
                add,
                remove,
            },
            bytes,
        )
    }

    fn set_keys(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        uid: u32,
        keys: Vec<Key>,
        keys_version: u32,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        let bytes = keys_size(&keys);
        let keys = keys.into_iter().map(storage::Key::from).collect();
        let change = Change::SetKeys {
            mailbox,
            uid,
            keys,
            keys_version,
        };
        self.add(&this, change, bytes)
    }

    fn annotate(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        uid: Option<u32>,
        annotation: Annotation,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        let annotation = storage::Annotation::from(annotation);
        let bytes = annotation.value.as_ref().map_or(0, Bytes::len);
        self.add(
            &this,
            Change::Annotate {
                mailbox,
                uid,
                annotation,
            },
            bytes,
        )
    }

    fn annotate_outcome(
        &mut self,
        this: Resource<Batch>,
        change: u32,
        annotation: Annotation,
    ) -> wasmtime::Result<()> {
        let annotation = storage::Annotation::from(annotation);
        let bytes = annotation.value.as_ref().map_or(0, Bytes::len);
        self.add(&this, Change::AnnotateOutcome { change, annotation }, bytes)
    }

    fn create_mailbox(
        &mut self,
        this: Resource<Batch>,
        path: Vec<String>,
        mailbox_type: String,
        grants: Option<Vec<Grant>>,
    ) -> wasmtime::Result<()> {
        let change = Change::CreateMailbox {
            path: Path(path),
            mailbox_type,
            grants: grants.map(|grants| grants.into_iter().map(storage::Grant::from).collect()),
        };
        self.add(&this, change, 0)
    }

    fn put_into(
        &mut self,
        this: Resource<Batch>,
        created: u32,
        put: wit::Put,
    ) -> wasmtime::Result<()> {
        let target = Target::Created(created);
        let (put, bytes) = self.put_change(put)?;
        self.add(&this, Change::Put { target, put }, bytes)
    }

    fn rename_mailbox(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        path: Vec<String>,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        let path = Path(path);
        self.add(&this, Change::RenameMailbox { mailbox, path }, 0)
    }

    fn copy_mailbox(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        path: Vec<String>,
        deep: bool,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        let path = Path(path);
        self.add(
            &this,
            Change::CopyMailbox {
                mailbox,
                path,
                deep,
            },
            0,
        )
    }

    fn delete_mailbox(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        self.add(&this, Change::DeleteMailbox { mailbox }, 0)
    }

    fn subscribe(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        subscribed: bool,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        self.add(
            &this,
            Change::Subscribe {
                mailbox,
                subscribed,
            },
            0,
        )
    }

    fn set_rights(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        grants: Vec<Grant>,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        let bytes = grants.len() * 64;
        let grants = grants.into_iter().map(storage::Grant::from).collect();
        self.add(&this, Change::SetRights { mailbox, grants }, bytes)
    }

    fn lock(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        name: Option<String>,
        request: LockRequest,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        let bytes = request.owner.len();
        let request = request.into();
        self.add(
            &this,
            Change::Lock {
                mailbox,
                name,
                request,
            },
            bytes,
        )
    }

    fn refresh_lock(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        token: String,
        expires: i64,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        self.add(
            &this,
            Change::RefreshLock {
                mailbox,
                token,
                expires,
            },
            0,
        )
    }

    fn unlock(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        token: String,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        self.add(&this, Change::Unlock { mailbox, token }, 0)
    }

    fn deliver(&mut self, this: Resource<Batch>, delivery: Delivery) -> wasmtime::Result<()> {
        let purpose = match delivery.purpose {
            Purpose::Reply => storage::DeliveryPurpose::Reply,
            Purpose::Invite => storage::DeliveryPurpose::Invite,
            Purpose::Question => {
                let why = "delivery: a question is asked with delivery.ask, not delivered";
                let batch = self.handles.get_mut(&this)?;
                batch.refuse(types::Error::Invalid(why.to_owned()));
                return Ok(());
            }
        };
        let bytes = delivery.message.len();
        let delivery = storage::Delivery {
            module: self.serving()?.module.name.clone(),
            recipients: delivery.recipients,
            purpose,
            message: delivery.message.into(),
        };
        self.add(&this, Change::Deliver { delivery }, bytes)
    }

    fn set_timer(
        &mut self,
        this: Resource<Batch>,
        name: String,
        due: Option<i64>,
        token: Vec<u8>,
    ) -> wasmtime::Result<()> {
        let bytes = token.len();
        let change = Change::SetTimer {
            module: self.serving()?.module.name.clone(),
            name,
            due,
            token: token.into(),
        };
        self.add(&this, change, bytes)
    }

    async fn commit(&mut self, this: Resource<Batch>) -> Result<Vec<wit::Outcome>, Failure> {
        let batch = self.handles.take(&this)?;
        if let Some((change, error)) = batch.wrong {
            return Err(Failure::Refused(wit::Failure { change, error }));
        }
        let serving = self.serving()?;
        let outcomes = serving.store().commit(serving.actor(), batch.batch).await?;
        Ok(outcomes.into_iter().map(wit::Outcome::from).collect())
    }

    fn drop(&mut self, this: Resource<Batch>) -> wasmtime::Result<()> {
        self.handles.forget(&this);
        Ok(())
    }
}

impl From<wit::Condition> for Condition {
    fn from(from: wit::Condition) -> Self {
        match from {
            wit::Condition::None => Self::None,
            wit::Condition::Free => Self::Free,
            wit::Condition::Unchanged(uid) => Self::Unchanged(uid),
        }
    }
}

impl From<storage::Outcome> for wit::Outcome {
    fn from(from: storage::Outcome) -> Self {
        Self {
            uid: from.uid,
            modseq: from.modseq,
            replaced: from.replaced,
            lock_token: from.lock_token,
        }
    }
}
