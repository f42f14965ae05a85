//! What a failing or full disk leaves behind: all of a change, or nothing, and a store that goes on.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use bytes::Bytes;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use storage::{
    Annotation, BackupError, Change, Condition, Error, Faults, MailboxId, SqliteStore, Store,
    StoreLimits, Visibility,
};
use support::*;

fn create(name: &str) -> Change {
    let mut path = drive();
    path.0.push(name.into());
    Change::CreateMailbox {
        path,
        mailbox_type: "files".into(),
        grants: None,
    }
}

fn note(mailbox: MailboxId, text: &'static str) -> Change {
    Change::Annotate {
        mailbox,
        uid: None,
        annotation: Annotation {
            name: "note".into(),
            visibility: Visibility::Shared,
            value: Some(Bytes::from_static(text.as_bytes())),
        },
    }
}

/// Everything that a client can see.
async fn visible(store: &dyn Store) -> Vec<String> {
    let (alice, scope) = (alice(), storage::ListScope::Tree(drive()));
    let home = store.open(&alice, &drive()).await;
    let below = store.list_mailboxes(&alice, &scope, None, None, 100).await;
    let mut seen = Vec::new();
    for status in home.into_iter().chain(below.unwrap()) {
        let notes = store
            .mailbox_annotations(&alice, status.mailbox, "")
            .await
            .unwrap();
        seen.push(format!(
            "{:?} {} {} {notes:?}",
            status.path, status.modseq, status.messages
        ));
        for (name, body) in contents(store, status.mailbox).await {
            let digest = storage::Digest::of(&body).to_hex();
            seen.push(format!("{name} {} {digest}", body.len()));
        }
    }
    seen
}

/// The steps of a life, each all or nothing.
async fn step(store: &SqliteStore, number: u8) -> Result<(), Error> {
    let alice = alice();
    let open = async |names: &[&str]| {
        let mut path = drive();
        path.0.extend(names.iter().map(|name| name.to_string()));
        Ok::<_, Error>(store.open(&alice, &path).await?.mailbox)
    };
    let changes = match number {
        0 => vec![Change::CreateMailbox {
            path: drive(),
            mailbox_type: "files".into(),
            grants: None,
        }],
        1 => vec![create("one"), create("two"), note(open(&[]).await?, "made")],
        2 => {
            let one = open(&["one"]).await?;
            let big = |number| vec![number; 3 * BIG];
            vec![
                put(one, "a", big(1)),
                put(one, "b", "small"),
                put(one, "c", big(2)),
                note(one, "filled"),
            ]
        }
        3 => {
            let (source, target) = (open(&["one"]).await?, open(&["two"]).await?);
            let found = store.find(&alice, source, &["a".into()]).await?;
            vec![
                Change::Move {
                    source,
                    uid: found[0].as_ref().unwrap().uid,
                    target,
                    name: Some("moved".into()),
                    condition: Condition::Free,
                },
                put(source, "b", "other"),
                note(target, "moved"),
            ]
        }
        4 => {
            let pieces = vec![
                Ok(Bytes::from(vec![9; BIG])),
                Ok(Bytes::from_static(b"end")),
            ];
            let pieces = Box::pin(futures_util::stream::iter(pieces));
            let blob = store.ingest(&alice, pieces, u64::MAX).await?;
            store.keep(&alice, &blob).await?;
            return Ok(());
        }
        5 => {
            let mailbox = open(&["one"]).await?;
            vec![
                Change::DeleteMailbox { mailbox },
                note(open(&[]).await?, "gone"),
            ]
        }
        6 => return store.expire().await,
        _ => unreachable!(),
    };
    let result = store.commit(&alice, batch(changes)).await;
    result.map(|_| ()).map_err(|failure| failure.error)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whichever_call_fails_nothing_is_half_done_and_trying_again_helps() {
    let mut last = None;
    for call in 1.. {
        let folder = tempfile::tempdir().unwrap();
        let limits = StoreLimits::default();
        let store = SqliteStore::open(folder.path(), TENANT, limits.clone()).unwrap();
        add_alice(&*store).await;
        drop(store);
        let faults = Faults::once(call);
        let store = SqliteStore::open_with(folder.path(), TENANT, limits, faults).unwrap();
        let mut failed = 0;
        for number in 0..=6 {
            let before = visible(&*store).await;
            if let Err(error) = step(&store, number).await {
                let text = error.to_string();
                assert!(text.contains("on purpose"), "call {call}: {text}");
                assert_eq!(visible(&*store).await, before, "call {call}, {text}");
                failed += 1;
                step(&store, number).await.unwrap();
            }
        }
        assert_eq!(problems(&store).await, [""; 0], "call {call}");
        let seen = visible(&*store).await;
        drop(store);
        let store = SqliteStore::open(folder.path(), TENANT, StoreLimits::default()).unwrap();
        assert_eq!(visible(&*store).await, seen, "call {call}");
        // Modseqs may differ: a try that failed may have taken one. The rest may not.
        assert_eq!(*last.get_or_insert(seen.len()), seen.len());
        if failed == 0 {
            assert!(call > 30, "only {call} calls could fail");
            return;
        }
        assert_eq!(failed, 1, "call {call}");
    }
}

/// A small disk, if there is the right to have one.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    fn new(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path())
            .status();
        match mounted {
            Ok(status) if status.success() => Some(Self { folder }),
            _ => {
                eprintln!("SKIPPED: a small disk can't be mounted; that takes root");
                None
            }
        }
    }

    /// Fills it, but for so many kilobytes.
    fn fill(&self, left_kb: usize) {
        use std::io::Write;
        let mut ballast = std::fs::File::create(self.folder.path().join("ballast")).unwrap();
        let piece = [1; 4096];
        while ballast.write_all(&piece).is_ok() {}
        let len = ballast.metadata().unwrap().len();
        ballast
            .set_len(len.saturating_sub(left_kb as u64 * 1024))
            .unwrap();
    }

    fn free(&self) {
        std::fs::remove_file(self.folder.path().join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.folder.path())
            .status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_loses_nothing_and_recovers() {
    let Some(disk) = Disk::new(40) else { return };
    let folder = disk.folder.path().join("store");
    let (store, mailbox) = open(&folder, Faults::default()).await;
    let mut told = BTreeMap::new();
    for round in 0..3 {
        // Sometimes the log can't grow, sometimes the file of a body, sometimes neither at all.
        disk.fill([0, 300, 1500][round]);
        let mut full = [0; 2];
        for number in 0..40_usize {
            let big = number.is_multiple_of(2);
            let name = format!("{round}-{number}");
            let mut body = name.clone().into_bytes();
            body.resize(if big { BIG } else { 20_000 }, b'.');
            let changes = vec![put(mailbox, &name, body.clone())];
            match store.commit(&alice(), batch(changes)).await {
                Ok(_) => {
                    told.insert(name, Bytes::from(body));
                }
                Err(failure) => {
                    assert_eq!(failure.error, Error::Full);
                    full[usize::from(big)] += 1;
                }
            }
            // Reads go on.
            store.status(&alice(), mailbox).await.unwrap();
        }
        assert!(full[0] > 0 && full[1] > 0, "round {round}: {full:?}");
        let into = disk.folder.path().join("backups");
        let refused = storage::backup(&folder, &into, true, &mut |_, _, _| {}).await;
        match refused {
            Err(BackupError::Full(_) | BackupError::Store(Error::Full)) => {}
            other => panic!("{other:?}"),
        }
        let left: Vec<_> = into.read_dir().into_iter().flatten().collect();
        assert!(left.is_empty(), "{left:?}");
        disk.free();
        let changes = vec![put(mailbox, "after", vec![7; BIG])];
        store.commit(&alice(), batch(changes)).await.unwrap();
        told.insert("after".into(), vec![7; BIG].into());
        let found: BTreeMap<_, _> = contents(&*store, mailbox).await.into_iter().collect();
        assert!(found == told, "round {round}");
        assert_eq!(problems(&store).await, [""; 0]);
    }
    drop(store);
    let store = SqliteStore::open(&folder, TENANT, StoreLimits::default()).unwrap();
    let found: BTreeMap<_, _> = contents(&*store, mailbox).await.into_iter().collect();
    assert!(found == told);
    assert_eq!(count_files(&folder.join("blobs/staging")), 0);
}

fn count_files(folder: &Path) -> usize {
    folder.read_dir().map_or(0, Iterator::count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_page_names_the_command_that_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mailbox) = open(folder.path(), Faults::default()).await;
    for number in 0..200 {
        let changes = vec![put(mailbox, &format!("{number}"), vec![1; 3000])];
        store.commit(&alice(), batch(changes)).await.unwrap();
    }
    drop(store);
    let file = folder.path().join("store.sqlite3");
    let mut bytes = std::fs::read(&file).unwrap();
    let from = bytes.len() / 4096 / 2 * 4096;
    for page in bytes[from..].chunks_mut(4096) {
        page[..64].fill(0xff);
    }
    std::fs::write(&file, bytes).unwrap();
    let store = SqliteStore::open(folder.path(), TENANT, StoreLimits::default()).unwrap();
    let all: Vec<u32> = (1..=200).collect();
    let read = store
        .read(&alice(), mailbox, &all, storage::Part::Body)
        .await;
    let said = read.unwrap_err().to_string();
    assert!(said.contains("chapar check"), "{said}");
}
