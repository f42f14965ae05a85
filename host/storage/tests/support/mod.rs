//! A drive to put messages in, for the tests of the embedded engine.

#![allow(dead_code)]

use bytes::Bytes;
use std::path::Path as Folder;
use std::sync::Arc;
use storage::{
    Actor, Batch, Change, Condition, Content, Error, Faults, Fields, Kind, MailboxId, Part, Path,
    Principal, Put, SqliteStore, Store, StoreLimits, Target,
};

/// A body that lies in a file.
pub const BIG: usize = 400 << 10;
pub const TENANT: &str = "example.org";

pub fn alice() -> Actor {
    Actor {
        principal: Some("alice".into()),
        ..Actor::default()
    }
}

pub fn drive() -> Path {
    Path(["user", "alice", "#drive"].map(String::from).to_vec())
}

pub fn batch(changes: Vec<Change>) -> Batch {
    Batch {
        tokens: Vec::new(),
        changes,
    }
}

pub fn put(mailbox: MailboxId, name: &str, body: impl Into<Bytes>) -> Change {
    Change::Put {
        target: Target::Mailbox(mailbox),
        put: Put {
            name: Some(name.into()),
            condition: Condition::None,
            header: Bytes::from_static(b"\r\n"),
            content: Content::Bytes(body.into()),
            content_type: "text/plain".into(),
            flags: Vec::new(),
            keys: Vec::new(),
            keys_version: 1,
        },
    }
}

/// A home is only made for a principal that is there.
pub async fn add_alice(store: &dyn Store) {
    let alice = Principal {
        id: "alice".into(),
        kind: Kind::User,
        display_name: String::new(),
        addresses: Vec::new(),
    };
    if store.principal(&alice.id).await.is_err() {
        store.put_principal(&alice).await.unwrap();
    }
}

pub async fn open(folder: &Folder, faults: Faults) -> (Arc<SqliteStore>, MailboxId) {
    let limits = StoreLimits::default();
    let store = SqliteStore::open_with(folder, TENANT, limits, faults).unwrap();
    add_alice(&*store).await;
    let create = Change::CreateMailbox {
        path: drive(),
        mailbox_type: "files".into(),
        grants: None,
    };
    match store.commit(&alice(), batch(vec![create])).await {
        Ok(_) => {}
        Err(failure) => assert_eq!(failure.error, Error::Exists),
    }
    let mailbox = store.open(&alice(), &drive()).await.unwrap().mailbox;
    (store, mailbox)
}

/// All that is in a mailbox: names and bodies.
pub async fn contents(store: &dyn Store, mailbox: MailboxId) -> Vec<(String, Bytes)> {
    let fields = Fields {
        name: true,
        content_type: false,
        flags: false,
    };
    let (mut found, mut after, mut more) = (Vec::new(), 0, true);
    while more {
        let page = store.list(&alice(), mailbox, after, 500, fields).await;
        let page = page.unwrap();
        more = page.more;
        for entry in &page.entries {
            after = entry.uid;
            let start = entry.name.start as usize;
            let name = page.text[start..start + entry.name.len as usize].to_owned();
            let alice = alice();
            let blob = store.open_message(&alice, mailbox, entry.uid, Part::Body);
            let blob = blob.await.unwrap();
            let size = usize::try_from(blob.size).unwrap();
            let mut body = Vec::with_capacity(size);
            while body.len() < size {
                let piece = blob.source.read(body.len() as u64, size - body.len());
                body.extend_from_slice(&piece.await.unwrap());
            }
            found.push((name, body.into()));
        }
    }
    found.sort();
    found
}

pub async fn problems(store: &SqliteStore) -> Vec<String> {
    store.check(false).await.unwrap().problems
}
