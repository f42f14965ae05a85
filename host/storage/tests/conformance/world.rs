//! What every test of the suite begins with: a store with two users and a mailbox, and short words
//! for what tests do.

use bytes::Bytes;
use std::sync::Arc;
use storage::{
    Actor, Annotation, Batch, Change, Condition, Content, Entry, Error, Failure, Fields, Grant,
    Identifier, Key, KeyValue, Kind, LockRequest, MailboxId, Message, Modseq, Outcome, Page, Part,
    Path, Principal, Put, Rights, Store, StoreLimits, Target, Uid, Visibility,
};

/// An engine under test: one place that stores are opened at, again and again.
pub trait Engine: Send + Sync {
    fn open(&self, limits: StoreLimits) -> Arc<dyn Store>;
}

pub const HEADER: &str = "Subject: test\r\n\r\n";

pub struct World {
    pub store: Arc<dyn Store>,
    pub alice: Actor,
    pub bob: Actor,
    pub anyone: Actor,
    pub admin: Actor,
    /// `user/alice/#drive`.
    pub drive: MailboxId,
}

pub fn actor(name: &str) -> Actor {
    Actor {
        principal: Some(name.to_owned()),
        ..Actor::default()
    }
}

pub fn user(id: &str) -> Principal {
    Principal {
        id: id.to_owned(),
        kind: Kind::User,
        display_name: String::new(),
        addresses: Vec::new(),
    }
}

pub fn path(text: &str) -> Path {
    Path(text.split('/').map(str::to_owned).collect())
}

pub fn grant(name: &str, rights: Rights) -> Grant {
    Grant {
        identifier: Identifier::Principal(name.to_owned()),
        rights,
        negative: false,
    }
}

pub fn key(name: &str, value: &str) -> Key {
    Key {
        name: name.to_owned(),
        value: KeyValue::Text(value.to_owned()),
    }
}

pub fn shared(name: &str, value: &str) -> Annotation {
    Annotation {
        name: name.to_owned(),
        visibility: Visibility::Shared,
        value: Some(Bytes::copy_from_slice(value.as_bytes())),
    }
}

pub fn private(name: &str, value: &str) -> Annotation {
    Annotation {
        visibility: Visibility::Private,
        ..shared(name, value)
    }
}

pub fn lock_request(exclusion: storage::Exclusion, deep: bool) -> LockRequest {
    LockRequest {
        exclusion,
        deep,
        owner: Bytes::from_static(b"me"),
        expires: i64::MAX,
    }
}

pub fn put(name: &str, body: impl Into<Bytes>) -> Put {
    Put {
        name: (!name.is_empty()).then(|| name.to_owned()),
        condition: Condition::None,
        header: Bytes::from_static(HEADER.as_bytes()),
        content: Content::Bytes(body.into()),
        content_type: "text/plain".into(),
        flags: Vec::new(),
        keys: Vec::new(),
        keys_version: 1,
    }
}

pub fn put_in(mailbox: MailboxId, name: &str, body: impl Into<Bytes>) -> Change {
    Change::Put {
        target: Target::Mailbox(mailbox),
        put: put(name, body),
    }
}

pub fn create(text: &str) -> Change {
    Change::CreateMailbox {
        path: path(text),
        mailbox_type: "files".into(),
        grants: None,
    }
}

pub fn batch(changes: impl Into<Vec<Change>>) -> Batch {
    Batch {
        tokens: Vec::new(),
        changes: changes.into(),
    }
}

pub const NAMES: Fields = Fields {
    name: true,
    content_type: false,
    flags: false,
};

impl World {
    pub async fn new(engine: &dyn Engine) -> Self {
        Self::with(engine, StoreLimits::default()).await
    }

    pub async fn with(engine: &dyn Engine, limits: StoreLimits) -> Self {
        let store = engine.open(limits);
        for id in ["alice", "bob"] {
            store.put_principal(&user(id)).await.unwrap();
        }
        let alice = actor("alice");
        let world = Self {
            bob: actor("bob"),
            anyone: Actor::default(),
            admin: Actor {
                admin: true,
                ..actor("root")
            },
            drive: 0,
            alice,
            store,
        };
        let drive = world.create(&world.alice, "user/alice/#drive").await;
        Self { drive, ..world }
    }

    pub async fn commit(
        &self,
        actor: &Actor,
        changes: impl Into<Vec<Change>>,
    ) -> Result<Vec<Outcome>, Failure> {
        self.store.commit(actor, batch(changes)).await
    }

    /// Commits as alice one change that must work.
    pub async fn one(&self, change: Change) -> Outcome {
        self.commit(&self.alice, [change]).await.unwrap().remove(0)
    }

    /// Commits one change that must be refused.
    pub async fn refused(&self, actor: &Actor, change: Change) -> Error {
        self.commit(actor, [change]).await.unwrap_err().error
    }

    pub async fn create(&self, actor: &Actor, text: &str) -> MailboxId {
        self.commit(actor, [create(text)]).await.unwrap();
        self.id(actor, text).await
    }

    pub async fn id(&self, actor: &Actor, text: &str) -> MailboxId {
        self.store.open(actor, &path(text)).await.unwrap().mailbox
    }

    pub async fn put(&self, name: &str, body: &str) -> Uid {
        self.one(put_in(self.drive, name, body.to_owned()))
            .await
            .uid
    }

    pub async fn find(&self, mailbox: MailboxId, name: &str) -> Option<Message> {
        self.store
            .find(&self.admin_of(mailbox), mailbox, &[name.to_owned()])
            .await
            .unwrap()
            .remove(0)
    }

    fn admin_of(&self, _: MailboxId) -> Actor {
        self.alice.clone()
    }

    pub async fn body(&self, mailbox: MailboxId, uid: Uid) -> Bytes {
        self.store
            .read(&self.alice, mailbox, &[uid], Part::Body)
            .await
            .unwrap()
            .remove(0)
    }

    pub async fn names(&self, mailbox: MailboxId) -> Vec<String> {
        let page = self
            .store
            .list(&self.alice, mailbox, 0, 2000, NAMES)
            .await
            .unwrap();
        page.entries
            .iter()
            .map(|entry| name(&page, entry))
            .collect()
    }

    pub async fn modseq(&self, actor: &Actor, mailbox: MailboxId) -> Modseq {
        self.store.status(actor, mailbox).await.unwrap().modseq
    }

    /// What changed, as `name` or `-name`.
    pub async fn changes(&self, actor: &Actor, mailbox: MailboxId, since: Modseq) -> Vec<String> {
        let page = self
            .store
            .changes(actor, mailbox, since, 2000, NAMES)
            .await
            .unwrap();
        page.entries
            .iter()
            .map(|entry| {
                let sign = if entry.removed { "-" } else { "" };
                format!("{sign}{}", name(&page, entry))
            })
            .collect()
    }

    pub async fn share(&self, mailbox: MailboxId, rights: Rights) {
        self.one(Change::SetRights {
            mailbox,
            grants: vec![grant("bob", rights)],
        })
        .await;
    }
}

pub fn name(page: &Page, entry: &Entry) -> String {
    let start = entry.name.start as usize;
    page.text[start..start + entry.name.len as usize].to_owned()
}
