//! `wit/mailbox.wit`: where every message of every principal is kept. The store checks the rights of
//! the principal with every call.

use super::{Blob, Error};
use crate::bindings::chapar::host::mailbox as wit;
use crate::state::State;
use storage::{
    Digest, Entry, Fields, ListScope, MailboxChange, MailboxId, Message, Page, Part, Path, Span,
    Status,
};
use wasmtime::component::Resource;

/// A mailbox that the module opened.
pub struct Mailbox {
    /// Which.
    pub(crate) id: MailboxId,
    /// What was read to open it: the answer to the first question for it, which most modules ask
    /// at once.
    pub(crate) status: Option<Box<Status>>,
}

impl wit::Host for State {
    async fn open(&mut self, path: Vec<String>) -> Result<Resource<Mailbox>, Error> {
        let serving = self.serving()?;
        let status = serving.store().open(serving.actor(), &Path(path)).await?;
        Ok(self.handles.push(Mailbox {
            id: status.mailbox,
            status: Some(Box::new(status)),
        })?)
    }

    async fn list(
        &mut self,
        scope: wit::Scope,
        mailbox_type: Option<String>,
        after: Option<Vec<String>>,
        limit: u32,
    ) -> Result<Vec<wit::Status>, Error> {
        let serving = self.serving()?;
        let scope = match scope {
            wit::Scope::Children(path) => ListScope::Children(Path(path)),
            wit::Scope::Tree(path) => ListScope::Tree(Path(path)),
            wit::Scope::Shared => ListScope::Shared,
            wit::Scope::Subscribed => ListScope::Subscribed,
        };
        let found = serving
            .store()
            .list_mailboxes(
                serving.actor(),
                &scope,
                mailbox_type.as_deref(),
                after.map(Path).as_ref(),
                limit,
            )
            .await?;
        Ok(found.into_iter().map(wit::Status::from).collect())
    }
}

impl wit::HostMailbox for State {
    async fn status(&mut self, this: Resource<Mailbox>) -> Result<wit::Status, Error> {
        let mailbox = self.handles.get_mut(&this)?;
        let id = mailbox.id;
        if let Some(status) = mailbox.status.take() {
            return Ok((*status).into());
        }
        let serving = self.serving()?;
        Ok(serving.store().status(serving.actor(), id).await?.into())
    }

    async fn list(
        &mut self,
        this: Resource<Mailbox>,
        after: u32,
        limit: u32,
        fields: wit::Fields,
    ) -> Result<wit::Page, Error> {
        let id = self.handles.get(&this)?.id;
        let serving = self.serving()?;
        let page = serving
            .store()
            .list(serving.actor(), id, after, limit, fields.into())
            .await?;
        Ok(page.into())
    }

    async fn changes(
        &mut self,
        this: Resource<Mailbox>,
        since: u64,
        limit: u32,
        fields: wit::Fields,
    ) -> Result<wit::Page, Error> {
        let id = self.handles.get(&this)?.id;
        let serving = self.serving()?;
        let page = serving
            .store()
            .changes(serving.actor(), id, since, limit, fields.into())
            .await?;
        Ok(page.into())
    }

    async fn mailbox_changes(
        &mut self,
        this: Resource<Mailbox>,
        since: u64,
        deep: bool,
        limit: u32,
    ) -> Result<Vec<wit::MailboxChange>, Error> {
        let id = self.handles.get(&this)?.id;
        let serving = self.serving()?;
        let changes = serving
            .store()
            .mailbox_changes(serving.actor(), id, since, deep, limit)
            .await?;
        Ok(changes.into_iter().map(wit::MailboxChange::from).collect())
    }

    async fn find(
        &mut self,
        this: Resource<Mailbox>,
        name: String,
    ) -> Result<Option<wit::Message>, Error> {
        let id = self.handles.get(&this)?.id;
        let serving = self.serving()?;
        let mut found = serving.store().find(serving.actor(), id, &[name]).await?;
        Ok(found.pop().flatten().map(wit::Message::from))
    }

    async fn get(
        &mut self,
        this: Resource<Mailbox>,
        uids: Vec<u32>,
    ) -> Result<Vec<wit::Message>, Error> {
        let id = self.handles.get(&this)?.id;
        let serving = self.serving()?;
        let found = serving.store().get(serving.actor(), id, &uids).await?;
        Ok(found.into_iter().map(wit::Message::from).collect())
    }

    async fn find_all(
        &mut self,
        this: Resource<Mailbox>,
        names: Vec<String>,
    ) -> Result<Vec<Option<wit::Message>>, Error> {
        let id = self.handles.get(&this)?.id;
        let serving = self.serving()?;
        let found = serving.store().find(serving.actor(), id, &names).await?;
        Ok(found
            .into_iter()
            .map(|message| message.map(wit::Message::from))
            .collect())
    }

    async fn open(
        &mut self,
        this: Resource<Mailbox>,
        uid: u32,
        part: wit::Part,
    ) -> Result<Resource<Blob>, Error> {
        let id = self.handles.get(&this)?.id;
        let serving = self.serving()?;
        let blob = serving
            .store()
            .open_message(serving.actor(), id, uid, part.into())
            .await?;
        Ok(self.handles.push(Blob(blob))?)
    }

    async fn read(
        &mut self,
        this: Resource<Mailbox>,
        uids: Vec<u32>,
        part: wit::Part,
    ) -> Result<Vec<Vec<u8>>, Error> {
        let id = self.handles.get(&this)?.id;
        let serving = self.serving()?;
        let parts = serving
            .store()
            .read(serving.actor(), id, &uids, part.into())
            .await?;
        Ok(parts.into_iter().map(Vec::from).collect())
    }

    async fn drop(&mut self, this: Resource<Mailbox>) -> wasmtime::Result<()> {
        self.handles.forget(&this);
        Ok(())
    }
}

impl From<wit::Fields> for Fields {
    fn from(from: wit::Fields) -> Self {
        Self {
            name: from.contains(wit::Fields::NAME),
            content_type: from.contains(wit::Fields::CONTENT_TYPE),
            flags: from.contains(wit::Fields::FLAGS),
        }
    }
}

impl From<wit::Part> for Part {
    fn from(from: wit::Part) -> Self {
        match from {
            wit::Part::Header => Self::Header,
            wit::Part::Body => Self::Body,
            wit::Part::Whole => Self::Whole,
        }
    }
}

impl From<Status> for wit::Status {
    fn from(from: Status) -> Self {
        Self {
            path: from.path.0,
            id: from.id,
            type_: from.mailbox_type,
            owner: from.owner,
            rights: from.rights.into(),
            modseq: from.modseq,
            owner_modseq: from.owner_modseq,
            placed_modseq: from.placed_modseq,
            uid_next: from.uid_next,
            messages: from.messages,
            bytes: from.bytes,
            created: from.created,
        }
    }
}

impl From<Page> for wit::Page {
    fn from(from: Page) -> Self {
        let entries = &from.entries;
        Self {
            uids: column(entries, |entry| entry.uid),
            modseqs: column(entries, |entry| entry.modseq),
            created: column(entries, |entry| entry.created),
            modified: column(entries, |entry| entry.modified),
            sizes: column(entries, |entry| entry.size),
            header_sizes: column(entries, |entry| entry.header_size),
            digests: entries
                .iter()
                .flat_map(|entry| words(entry.digest))
                .collect(),
            names: entries.iter().flat_map(|entry| span(entry.name)).collect(),
            content_types: entries
                .iter()
                .flat_map(|entry| span(entry.content_type))
                .collect(),
            flags: entries.iter().flat_map(|entry| span(entry.flags)).collect(),
            annotations: column(entries, |entry| entry.annotations),
            removed: match entries.iter().any(|entry| entry.removed) {
                true => column(entries, |entry| entry.removed),
                false => Vec::new(),
            },
            text: from.text,
            more: from.more,
        }
    }
}

fn column<T>(entries: &[Entry], value: impl Fn(&Entry) -> T) -> Vec<T> {
    entries.iter().map(value).collect()
}

fn words(digest: Digest) -> [u64; 4] {
    let wit::Digest { a, b, c, d } = digest.into();
    [a, b, c, d]
}

fn span(span: Span) -> [u32; 2] {
    [span.start, span.len]
}

impl From<Message> for wit::Message {
    fn from(from: Message) -> Self {
        Self {
            uid: from.uid,
            name: from.name,
            modseq: from.modseq,
            created: from.created,
            modified: from.modified,
            size: from.size,
            header_size: from.header_size,
            digest: from.digest.into(),
            content_type: from.content_type,
            flags: from.flags,
            annotations: from.annotations,
        }
    }
}

impl From<MailboxChange> for wit::MailboxChange {
    fn from(from: MailboxChange) -> Self {
        Self {
            path: from.path.0,
            id: from.id,
            modseq: from.modseq,
            removed: from.removed,
        }
    }
}
