//! `wit/batch.wit`: many changes, committed together or not at all. Here they are only collected;
//! the store checks and applies them.

use super::{Batch, Failure, Mailbox};
use crate::bindings::chapar::host::annotation::Annotation;
use crate::bindings::chapar::host::delivery::{Delivery, Purpose};
use crate::bindings::chapar::host::index::Key;
use crate::bindings::chapar::host::lock::LockRequest;
use crate::bindings::chapar::host::rights::Grant;
use crate::bindings::chapar::host::{batch as wit, types};
use crate::state::State;
use storage::{Change, Condition, Content, MailboxId, Path, Put, Target, UniqueScope};
use wasmtime::component::Resource;

impl wit::Host for State {
    fn convert_failure(&mut self, failure: Failure) -> wasmtime::Result<wit::Failure> {
        failure.split()
    }
}

impl State {
    fn add(&mut self, this: &Resource<Batch>, change: Change) -> wasmtime::Result<()> {
        self.handles.get_mut(this)?.add(change);
        Ok(())
    }

    fn mailbox(&self, mailbox: &Resource<Mailbox>) -> wasmtime::Result<MailboxId> {
        Ok(self.handles.get(mailbox)?.id)
    }

    fn put_change(&self, put: wit::Put) -> wasmtime::Result<Put> {
        let content = match put.content {
            wit::Content::Bytes(bytes) => Content::Bytes(bytes.into()),
            wit::Content::Blob(blob) => Content::Blob(self.handles.get(&blob)?.0.clone()),
        };
        Ok(Put {
            name: put.name,
            condition: put.condition.into(),
            header: put.header.into(),
            content,
            content_type: put.content_type,
            flags: put.flags,
            keys: put.keys.into_iter().map(storage::Key::from).collect(),
            keys_version: put.keys_version,
        })
    }
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
        self.handles.get_mut(&this)?.submit(tokens);
        Ok(())
    }

    fn expect_modseq(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        modseq: u64,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        self.add(&this, Change::ExpectModseq { mailbox, modseq })
    }

    fn expect_unique(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        name: Option<String>,
        key: Key,
        scope: wit::UniqueScope,
    ) -> wasmtime::Result<()> {
        let change = Change::ExpectUnique {
            mailbox: self.mailbox(&mailbox)?,
            name,
            key: key.into(),
            scope: match scope {
                wit::UniqueScope::Mailbox => UniqueScope::Mailbox,
                wit::UniqueScope::Owner => UniqueScope::Owner,
            },
        };
        self.add(&this, change)
    }

    fn put(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        put: wit::Put,
    ) -> wasmtime::Result<()> {
        let target = Target::Mailbox(self.mailbox(&mailbox)?);
        let put = self.put_change(put)?;
        self.add(&this, Change::Put { target, put })
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
        self.add(&this, change)
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
        self.add(&this, change)
    }

    fn remove(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        uid: u32,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        self.add(&this, Change::Remove { mailbox, uid })
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
        self.add(
            &this,
            Change::SetFlags {
                mailbox,
                uid,
                add,
                remove,
            },
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
        let keys = keys.into_iter().map(storage::Key::from).collect();
        let change = Change::SetKeys {
            mailbox,
            uid,
            keys,
            keys_version,
        };
        self.add(&this, change)
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
        self.add(
            &this,
            Change::Annotate {
                mailbox,
                uid,
                annotation,
            },
        )
    }

    fn annotate_outcome(
        &mut self,
        this: Resource<Batch>,
        change: u32,
        annotation: Annotation,
    ) -> wasmtime::Result<()> {
        let annotation = storage::Annotation::from(annotation);
        self.add(&this, Change::AnnotateOutcome { change, annotation })
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
        self.add(&this, change)
    }

    fn put_into(
        &mut self,
        this: Resource<Batch>,
        created: u32,
        put: wit::Put,
    ) -> wasmtime::Result<()> {
        let target = Target::Created(created);
        let put = self.put_change(put)?;
        self.add(&this, Change::Put { target, put })
    }

    fn rename_mailbox(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        path: Vec<String>,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        let path = Path(path);
        self.add(&this, Change::RenameMailbox { mailbox, path })
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
        )
    }

    fn delete_mailbox(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        self.add(&this, Change::DeleteMailbox { mailbox })
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
        )
    }

    fn set_rights(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        grants: Vec<Grant>,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        let grants = grants.into_iter().map(storage::Grant::from).collect();
        self.add(&this, Change::SetRights { mailbox, grants })
    }

    fn lock(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        name: Option<String>,
        request: LockRequest,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        let request = request.into();
        self.add(
            &this,
            Change::Lock {
                mailbox,
                name,
                request,
            },
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
        )
    }

    fn unlock(
        &mut self,
        this: Resource<Batch>,
        mailbox: Resource<Mailbox>,
        token: String,
    ) -> wasmtime::Result<()> {
        let mailbox = self.mailbox(&mailbox)?;
        self.add(&this, Change::Unlock { mailbox, token })
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
        let delivery = storage::Delivery {
            module: self.serving()?.module.name.clone(),
            recipients: delivery.recipients,
            purpose,
            message: delivery.message.into(),
        };
        self.add(&this, Change::Deliver { delivery })
    }

    fn set_timer(
        &mut self,
        this: Resource<Batch>,
        name: String,
        due: Option<i64>,
        token: Vec<u8>,
    ) -> wasmtime::Result<()> {
        let change = Change::SetTimer {
            module: self.serving()?.module.name.clone(),
            name,
            due,
            token: token.into(),
        };
        self.add(&this, change)
    }

    async fn commit(&mut self, this: Resource<Batch>) -> Result<Vec<wit::Outcome>, Failure> {
        let batch = self.handles.take(&this)?;
        let batch = batch
            .finish()
            .map_err(|(change, error)| Failure::Refused(wit::Failure { change, error }))?;
        let serving = self.serving()?;
        let outcomes = serving.store().commit(serving.actor(), batch).await?;
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
            digest: from.digest.into(),
            modified: from.modified,
            modseq: from.modseq,
            replaced: from.replaced,
            lock_token: from.lock_token,
        }
    }
}
