//! Backups are one state, whole, and made while others write; a restore gives that state back.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use storage::{BackupError, Error, Faults, Made, Manifest, SqliteStore, Stage, Store, StoreLimits};
use support::*;

fn quiet(_: Stage, _: u64, _: u64) {}

async fn back_up(folder: &Path, into: &Path) -> Result<Made, BackupError> {
    storage::backup(folder, into, true, &mut quiet).await
}

async fn restore(from: &Path, folder: &Path, replace: bool) -> Result<(), BackupError> {
    storage::restore(from, folder, TENANT, replace, true, &mut quiet)
        .await
        .map(|_| ())
}

/// A body that says which it is; every tenth lies in a file.
fn body(name: &str, number: usize) -> Vec<u8> {
    let mut body = name.as_bytes().to_vec();
    body.resize(if number.is_multiple_of(10) { BIG } else { 700 }, b'.');
    body
}

/// Writes pairs in one batch each until told to stop; returns the names that were acknowledged.
async fn write(
    store: Arc<SqliteStore>,
    mailbox: i64,
    writer: usize,
    told: Arc<parking_lot::Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
) {
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let names = ["a", "b"].map(|half| format!("{writer}-{number}-{half}"));
        let changes = names
            .iter()
            .map(|name| put(mailbox, name, body(name, number)))
            .collect();
        store.commit(&alice(), batch(changes)).await.unwrap();
        told.lock().extend(names);
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_has_what_was_acknowledged_and_half_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (live, into) = (folder.path().join("live"), folder.path().join("backups"));
    let (store, mailbox) = open(&live, Faults::default()).await;
    let told = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..16)
        .map(|writer| {
            let (store, told, stop) = (store.clone(), told.clone(), stop.clone());
            tokio::spawn(write(store, mailbox, writer, told, stop))
        })
        .collect();
    while told.lock().len() < 400 {
        tokio::task::yield_now().await;
    }
    let before: Vec<String> = told.lock().clone();
    let made = back_up(&live, &into).await.unwrap();
    let after = told.lock().len();
    assert!(after > before.len(), "nobody wrote meanwhile");
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!((made.problems.len(), made.manifest.problems), (0, Some(0)));
    // Restored to another place, it is compared message by message.
    let other = folder.path().join("other");
    restore(&into, &other, false).await.unwrap();
    let (copy, _) = open(&other, Faults::default()).await;
    let saved: BTreeMap<String, bytes::Bytes> =
        contents(&*copy, mailbox).await.into_iter().collect();
    assert_eq!(saved.len() as u64, made.manifest.messages);
    for name in &before {
        assert!(saved.contains_key(name), "{name} was acknowledged before");
    }
    let live: BTreeMap<_, _> = contents(&*store, mailbox).await.into_iter().collect();
    for (name, body) in &saved {
        assert_eq!(body, &live[name], "{name}");
        let other = match name.strip_suffix("-a") {
            Some(stem) => format!("{stem}-b"),
            None => format!("{}-a", name.strip_suffix("-b").unwrap()),
        };
        assert!(saved.contains_key(&other), "{name} came without {other}");
    }
    assert_eq!(problems(&copy).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_backup_shares_bodies_with_the_last_and_each_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (live, into) = (folder.path().join("live"), folder.path().join("backups"));
    let (store, mailbox) = open(&live, Faults::default()).await;
    let changes = vec![put(mailbox, "one", vec![1; BIG])];
    store.commit(&alice(), batch(changes)).await.unwrap();
    let first = back_up(&live, &into).await.unwrap();
    assert_eq!(first.linked + first.copied, 1);
    let changes = vec![put(mailbox, "two", vec![2; BIG])];
    store.commit(&alice(), batch(changes)).await.unwrap();
    // What a killed backup left is nobody's.
    std::fs::create_dir(into.join(".partial")).unwrap();
    let stray = first.folder.join("manifest.json");
    std::fs::copy(stray, into.join(".partial/manifest.json")).unwrap();
    let second = back_up(&live, &into).await.unwrap();
    assert_eq!(second.linked, 2);
    assert!(!into.join(".partial").exists());
    assert_ne!(first.folder, second.folder);
    let hex = storage::Digest::of(&vec![1; BIG]).to_hex();
    let file = |made: &Made| -> PathBuf {
        let shelf = made.folder.join("blobs/sha256").join(&hex[..2]);
        shelf.join(&hex)
    };
    let inode = |made: &Made| std::fs::metadata(file(made)).unwrap().ino();
    assert_eq!(inode(&first), inode(&second));
    // The older one goes, the newer one stays whole.
    std::fs::remove_dir_all(&first.folder).unwrap();
    let other = folder.path().join("other");
    restore(&second.folder, &other, false).await.unwrap();
    let (copy, _) = open(&other, Faults::default()).await;
    assert_eq!(
        contents(&*copy, mailbox).await,
        contents(&*store, mailbox).await
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_overwrites_nothing_unasked_and_never_an_open_store() {
    let folder = tempfile::tempdir().unwrap();
    let (live, into) = (folder.path().join("live"), folder.path().join("backups"));
    let (store, mailbox) = open(&live, Faults::default()).await;
    let changes = vec![put(mailbox, "old", "old")];
    store.commit(&alice(), batch(changes)).await.unwrap();
    back_up(&live, &into).await.unwrap();
    let changes = vec![put(mailbox, "new", "new")];
    store.commit(&alice(), batch(changes)).await.unwrap();
    let refused = restore(&into, &live, true).await.unwrap_err();
    assert!(matches!(refused, BackupError::InUse(_)), "{refused}");
    drop(store);
    let refused = restore(&into, &live, false).await.unwrap_err();
    assert!(matches!(refused, BackupError::Exists(_)), "{refused}");
    let restored = storage::restore(&into, &live, TENANT, true, true, &mut quiet).await;
    let aside = restored.unwrap().replaced.unwrap();
    let names = async |folder: &Path| {
        let (store, _) = open(folder, Faults::default()).await;
        let all = contents(&*store, mailbox).await;
        all.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names(&live).await, ["old"]);
    assert_eq!(names(&aside).await, ["new", "old"]);
    // Nothing else is left beside them.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restore_clients_start_over_and_no_number_is_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let (live, into) = (folder.path().join("live"), folder.path().join("backups"));
    let (store, mailbox) = open(&live, Faults::default()).await;
    let changes = vec![put(mailbox, "kept", "1")];
    store.commit(&alice(), batch(changes)).await.unwrap();
    back_up(&live, &into).await.unwrap();
    let changes = vec![put(mailbox, "lost", "1")];
    let lost = store.commit(&alice(), batch(changes)).await.unwrap();
    drop(store);
    restore(&into, &live, true).await.unwrap();
    let (store, _) = open(&live, Faults::default()).await;
    let fields = storage::Fields::default();
    for since in [1, lost[0].modseq] {
        let changes = store.changes(&alice(), mailbox, since, 10, fields).await;
        assert_eq!(changes.unwrap_err(), Error::TooOld, "{since}");
    }
    let now = store.status(&alice(), mailbox).await.unwrap().modseq;
    let changes = vec![put(mailbox, "next", "2")];
    let next = store.commit(&alice(), batch(changes)).await.unwrap();
    assert!(next[0].uid > lost[0].uid && next[0].modseq > now);
    let page = store.changes(&alice(), mailbox, now, 10, fields).await;
    assert_eq!(page.unwrap().entries.len(), 1);
    assert_eq!(problems(&store).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_whole_backup_of_this_tenant_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (live, into) = (folder.path().join("live"), folder.path().join("backups"));
    let other = folder.path().join("other");
    let (store, mailbox) = open(&live, Faults::default()).await;
    let changes = vec![put(mailbox, "big", vec![1; BIG]), put(mailbox, "b", "2")];
    store.commit(&alice(), batch(changes)).await.unwrap();
    drop(store);
    let nothing = folder.path().join("nothing");
    let refused = back_up(&nothing, &into).await.unwrap_err();
    assert!(matches!(refused, BackupError::NoStore(_)), "{refused}");
    std::fs::create_dir(&nothing).unwrap();
    let refused = restore(&nothing, &other, false).await.unwrap_err();
    assert!(matches!(refused, BackupError::Unfit(..)), "{refused}");
    let made = back_up(&live, &into).await.unwrap();
    let strange = storage::restore(&into, &other, "example.net", false, true, &mut quiet).await;
    let refused = strange.unwrap_err().to_string();
    assert!(refused.contains("example.org"), "{refused}");
    // Altered bytes of either kind are found, and nothing is put in place.
    let hex = storage::Digest::of(&vec![1; BIG]).to_hex();
    let blob = made.folder.join("blobs/sha256").join(&hex[..2]).join(&hex);
    std::fs::remove_file(&blob).unwrap();
    std::fs::write(&blob, vec![2; BIG]).unwrap();
    let refused = restore(&into, &other, false).await.unwrap_err();
    assert!(matches!(refused, BackupError::Damaged(..)), "{refused}");
    let database = made.folder.join("store.sqlite3");
    let mut bytes = std::fs::read(&database).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&database, bytes).unwrap();
    let refused = restore(&into, &other, false).await.unwrap_err();
    assert!(matches!(refused, BackupError::Damaged(..)), "{refused}");
    let manifest = made.folder.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("\"format\": 1", "\"format\": 2")).unwrap();
    let refused = restore(&made.folder, &other, false).await.unwrap_err();
    assert!(refused.to_string().contains("newer Chapar"), "{refused}");
    assert!(!other.exists());
    // The store itself is as it was.
    let store = SqliteStore::open(&live, TENANT, StoreLimits::default()).unwrap();
    assert_eq!(contents(&*store, mailbox).await.len(), 2);
    assert_eq!(problems(&store).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_store_is_copied_and_its_problems_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (live, into) = (folder.path().join("live"), folder.path().join("backups"));
    let (store, mailbox) = open(&live, Faults::default()).await;
    let changes = vec![put(mailbox, "big", vec![1; BIG]), put(mailbox, "b", "2")];
    store.commit(&alice(), batch(changes)).await.unwrap();
    let hex = storage::Digest::of(&vec![1; BIG]).to_hex();
    std::fs::remove_file(live.join("blobs/sha256").join(&hex[..2]).join(&hex)).unwrap();
    let made = back_up(&live, &into).await.unwrap();
    assert_eq!(made.problems.len(), 1, "{:?}", made.problems);
    assert_eq!(Manifest::read(&made.folder).unwrap().problems, Some(1));
    let other = folder.path().join("other");
    let refused = restore(&into, &other, false).await.unwrap_err();
    assert!(matches!(refused, BackupError::Damaged(..)), "{refused}");
    let forced = storage::restore(&into, &other, TENANT, false, false, &mut quiet).await;
    assert_eq!(forced.unwrap().missing.len(), 1);
    let store = SqliteStore::open(&other, TENANT, StoreLimits::default()).unwrap();
    assert_eq!(store.status(&alice(), mailbox).await.unwrap().messages, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expiry_waits_for_backups_and_finds_what_a_crash_left() {
    use std::time::{Duration, SystemTime};
    let folder = tempfile::tempdir().unwrap();
    let (store, mailbox) = open(folder.path(), Faults::default()).await;
    let changes = vec![put(mailbox, "big", vec![1; BIG])];
    let uid = store.commit(&alice(), batch(changes)).await.unwrap()[0].uid;
    let change = storage::Change::Remove { mailbox, uid };
    store.commit(&alice(), batch(vec![change])).await.unwrap();
    let blobs = folder.path().join("blobs");
    let place = |number: u8| {
        let hex = storage::Digest::of(&vec![number; BIG]).to_hex();
        blobs.join("sha256").join(&hex[..2]).join(hex)
    };
    // A body came, and its row did not.
    std::fs::create_dir_all(place(2).parent().unwrap()).unwrap();
    std::fs::write(place(2), vec![2; BIG]).unwrap();
    let db = rusqlite::Connection::open(folder.path().join("store.sqlite3")).unwrap();
    let grow_old = || {
        let then = SystemTime::now() - Duration::from_secs(7200);
        for number in [1, 2] {
            if let Ok(file) = std::fs::File::options().write(true).open(place(number)) {
                file.set_modified(then).unwrap();
            }
        }
        db.execute("UPDATE unlinked SET since = 1", []).unwrap();
    };
    grow_old();
    // As a backup holds them.
    let held = std::fs::File::open(&blobs).unwrap();
    held.lock_shared().unwrap();
    store.expire().await.unwrap();
    assert!(place(1).exists() && place(2).exists());
    drop(held);
    grow_old();
    store.expire().await.unwrap();
    assert!(!place(1).exists() && !place(2).exists());
    assert_eq!(store.stats().blobs, 0);
    assert_eq!(problems(&store).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_restored_twice_gives_no_number_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (live, into) = (folder.path().join("live"), folder.path().join("backups"));
    let (store, mailbox) = open(&live, Faults::default()).await;
    back_up(&live, &into).await.unwrap();
    drop(store);
    let fields = storage::Fields::default();
    let mut last: Option<storage::Outcome> = None;
    for round in ["x", "y", "z"] {
        restore(&into, &live, true).await.unwrap();
        let (store, _) = open(&live, Faults::default()).await;
        if let Some(last) = &last {
            // Who has seen all of the round before knows nothing of this one.
            let changes = store
                .changes(&alice(), mailbox, last.modseq, 10, fields)
                .await;
            assert_eq!(changes.unwrap_err(), Error::TooOld, "{round}");
        }
        for number in 0..3 {
            let name = format!("{round}{number}");
            let changes = vec![put(mailbox, &name, "1")];
            let made = store.commit(&alice(), batch(changes)).await.unwrap();
            if let Some(last) = &last {
                assert!(made[0].modseq > last.modseq && made[0].uid > last.uid);
            }
            last = made.into_iter().next();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_fails_at_its_end_has_changed_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // Longer by what is put behind it, a name is too long for a file system: `.restoring` still fits.
    let live = folder.path().join("l".repeat(245));
    let into = folder.path().join("backups");
    let (store, mailbox) = open(&live, Faults::default()).await;
    back_up(&live, &into).await.unwrap();
    let changes = vec![put(mailbox, "later", "1")];
    store.commit(&alice(), batch(changes)).await.unwrap();
    let before = contents(&*store, mailbox).await;
    drop(store);
    let failed = restore(&into, &live, true).await.unwrap_err();
    assert!(matches!(failed, BackupError::Io(..)), "{failed}");
    let (store, mailbox) = open(&live, Faults::default()).await;
    assert_eq!(contents(&*store, mailbox).await, before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

/// Where a restore was killed at its last step, the store that it replaced has this name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_deletes_no_whole_store_that_an_earlier_one_left() {
    let folder = tempfile::tempdir().unwrap();
    let (live, into) = (folder.path().join("live"), folder.path().join("backups"));
    let left = folder.path().join("live.restoring");
    drop(open(&left, Faults::default()).await);
    drop(open(&live, Faults::default()).await);
    back_up(&live, &into).await.unwrap();
    let refused = restore(&into, &live, true).await.unwrap_err();
    assert!(matches!(refused, BackupError::InUse(_)), "{refused}");
    drop(open(&left, Faults::default()).await);
    std::fs::rename(&left, folder.path().join("kept")).unwrap();
    restore(&into, &live, true).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_rots_in_a_backup_spoils_no_later_one() {
    let folder = tempfile::tempdir().unwrap();
    let (live, into) = (folder.path().join("live"), folder.path().join("backups"));
    let (store, mailbox) = open(&live, Faults::default()).await;
    let changes = vec![put(mailbox, "one", vec![1; BIG])];
    store.commit(&alice(), batch(changes)).await.unwrap();
    let first = back_up(&live, &into).await.unwrap();
    let hex = storage::Digest::of(&vec![1; BIG]).to_hex();
    let shelf = first.folder.join("blobs/sha256").join(&hex[..2]);
    // Not through the link that the store has.
    std::fs::remove_file(shelf.join(&hex)).unwrap();
    std::fs::write(shelf.join(&hex), vec![2; BIG]).unwrap();
    let second = back_up(&live, &into).await.unwrap();
    assert_eq!(second.problems, [""; 0]);
    let third = back_up(&live, &into).await.unwrap();
    assert_eq!((third.problems.len(), third.linked), (0, 1));
}
