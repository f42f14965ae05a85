//! What is particular to the embedded engine: its file, its log, its writer, its faults.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::path::Path as Folder;
use std::process::{Command, Stdio};
use std::time::Duration;
use storage::{
    Change, Error, Faults, Fields, MailboxId, Outcome, Part, SqliteStore, Store, StoreLimits,
};
use support::*;

async fn put_one(store: &SqliteStore, mailbox: MailboxId, name: &str) -> Result<Outcome, Error> {
    let changes = vec![put(mailbox, name, name.to_owned())];
    let result = store.commit(&alice(), batch(changes)).await;
    Ok(result.map_err(|failure| failure.error)?.remove(0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_writers_share_commits_on_a_slow_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mailbox) = open(folder.path(), Faults::slow(Duration::from_millis(5))).await;
    let before = store.stats();
    let mut tasks = Vec::new();
    for writer in 0..16 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            for number in 0..10 {
                let name = format!("{writer}-{number}");
                put_one(&store, mailbox, &name).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let after = store.stats();
    assert_eq!(after.writes - before.writes, 160);
    let commits = after.commits - before.commits;
    assert!(commits <= 20, "{commits} commits for 160 batches");
    assert_eq!(after.group_sizes.iter().sum::<u64>(), after.commits);
    assert!(
        after.group_sizes.iter().skip(3).sum::<u64>() > 5,
        "{after:?}"
    );
    assert!(after.commit_time >= Duration::from_millis(5 * commits));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mailbox) = open(folder.path(), Faults::failing(5, 0)).await;
    for number in 0..2 {
        put_one(&store, mailbox, &format!("{number}"))
            .await
            .unwrap();
    }
    put_one(&store, mailbox, "fails").await.unwrap_err();
    let before = store.stats();
    assert_eq!(before.commits_failed, 1);
    assert_eq!((before.commits, before.writes, before.syncs), (4, 4, 4));
    assert!(before.database_bytes > 0 && before.log_bytes > 0);
    names(&store, mailbox).await;
    let cold = store.stats();
    assert!(cold.page_misses > before.page_misses, "{cold:?}");
    names(&store, mailbox).await;
    let after = store.stats();
    assert_eq!(after.page_misses, cold.page_misses);
    assert!(after.page_hits > cold.page_hits, "{after:?}");
    drop(store);
    let (store, mailbox) = open(folder.path(), Faults::default()).await;
    // What was refused changed nothing, and needs no sync.
    assert_eq!(store.stats().syncs, 0);
    let changes = vec![put(mailbox, "big", vec![7; BIG])];
    store.commit(&alice(), batch(changes)).await.unwrap();
    let with = store.stats();
    assert_eq!((with.blobs, with.blob_bytes), (1, BIG as u64));
    // The file, the folder where it is taken in, that to which it moves, the one that it leaves,
    // the log.
    assert_eq!(with.syncs, 5);
    store.expire().await.unwrap();
    assert_eq!(store.stats().blob_bytes, BIG as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_commit_or_change_leaves_nothing_and_the_next_one_works() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mailbox) = open(folder.path(), Faults::failing(3, 7)).await;
    let mut there = Vec::new();
    let mut failed = 0;
    for number in 0..40 {
        let names = [format!("{number}-a"), format!("{number}-b")];
        let changes = names
            .iter()
            .map(|name| {
                put(
                    mailbox,
                    name,
                    vec![number; BIG * usize::from(number % 5 == 0) + 9],
                )
            })
            .collect();
        match store.commit(&alice(), batch(changes)).await {
            Ok(_) => there.extend(names),
            Err(failure) => {
                assert!(matches!(failure.error, Error::Unavailable(_)));
                failed += 1;
            }
        }
    }
    assert!(failed > 10, "{failed}");
    assert_eq!(names(&store, mailbox).await, there);
    drop(store);
    let (store, _) = open(folder.path(), Faults::default()).await;
    assert_eq!(names(&store, mailbox).await, there);
    assert_eq!(problems(&store).await, [""; 0]);
}

async fn names(store: &SqliteStore, mailbox: MailboxId) -> Vec<String> {
    let fields = Fields {
        name: true,
        content_type: false,
        flags: false,
    };
    let page = store
        .list(&alice(), mailbox, 0, 2000, fields)
        .await
        .unwrap();
    assert!(!page.more);
    page.entries
        .iter()
        .map(|entry| {
            let start = entry.name.start as usize;
            page.text[start..start + entry.name.len as usize].to_owned()
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_worth_of_stores_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (one, mailbox) = open(folder.path(), Faults::default()).await;
    let (two, _) = open(folder.path(), Faults::default()).await;
    for number in 0..20 {
        let store = if number % 2 == 0 { &one } else { &two };
        put_one(store, mailbox, &format!("{number:02}"))
            .await
            .unwrap();
    }
    assert_eq!(names(&one, mailbox).await.len(), 20);
    assert_eq!(names(&one, mailbox).await, names(&two, mailbox).await);
    assert_eq!(problems(&two).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_begins_anew_while_writing_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mailbox) = open(folder.path(), Faults::default()).await;
    for number in 0..600 {
        let body = vec![0; 200 << 10];
        let changes = vec![put(mailbox, &format!("{}", number % 10), body)];
        store.commit(&alice(), batch(changes)).await.unwrap();
    }
    // 120 MB went through it.
    let log = store.stats().log_bytes;
    assert!(log < 100 << 20, "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_tenant_or_a_newer_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path(), Faults::default()).await);
    let other = SqliteStore::open(folder.path(), "example.net", StoreLimits::default());
    assert!(other.err().unwrap().to_string().contains("example.org"));
    let db = rusqlite::Connection::open(folder.path().join("store.sqlite3")).unwrap();
    db.pragma_update(None, "user_version", 999).unwrap();
    let newer = SqliteStore::open(folder.path(), "example.org", StoreLimits::default());
    assert!(newer.err().unwrap().to_string().contains("newer"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_names_what_is_wrong_and_repairs_what_follows_from_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mailbox) = open(folder.path(), Faults::default()).await;
    for name in ["a", "b", "c"] {
        let mut change = put(mailbox, name, "text");
        if let Change::Put { put, .. } = &mut change {
            put.keys.push(storage::Key {
                name: "text".into(),
                value: storage::KeyValue::Words(format!("some words {name}")),
            });
        }
        store.commit(&alice(), batch(vec![change])).await.unwrap();
    }
    let db = rusqlite::Connection::open(folder.path().join("store.sqlite3")).unwrap();
    db.execute_batch(
        "UPDATE mailbox SET messages = 9, modseq = 1, uid_next = 1;
         UPDATE owner SET bytes = 1, counter = 2;
         UPDATE content SET refs = 5;
         UPDATE message SET shared = 3;
         INSERT INTO content (refs, header) VALUES (1, x'00');
         INSERT INTO key_text VALUES (1, 'x', 'y', 77);
         INSERT INTO key_words (mailbox, uid, name) VALUES (1, 77, 'w');
         INSERT INTO annotation VALUES (1, 77, 'x', '', x'00');
         DELETE FROM words_data WHERE id > 10;",
    )
    .unwrap();
    let found = problems(&store).await;
    assert!(found.len() >= 10, "{found:#?}");
    let repaired = store.check(true).await.unwrap().repaired;
    assert!(repaired.len() >= 9, "{repaired:#?}");
    assert_eq!(problems(&store).await, [""; 0]);
    let uid = put_one(&store, mailbox, "d").await.unwrap().uid;
    assert_eq!(uid, 4);
}

/// Clients would never be told of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_after_the_counters_is_found() {
    for sql in [
        "INSERT INTO removed VALUES (1, 1000, 77, 'x', 0)",
        "INSERT INTO private_change VALUES (1, 'alice', 1, 1000)",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (store, mailbox) = open(folder.path(), Faults::default()).await;
        put_one(&store, mailbox, "a").await.unwrap();
        let db = rusqlite::Connection::open(folder.path().join("store.sqlite3")).unwrap();
        db.execute_batch(sql).unwrap();
        assert_ne!(problems(&store).await, [""; 0], "{sql}");
        store.check(true).await.unwrap();
        assert_eq!(problems(&store).await, [""; 0], "{sql}");
        let next = put_one(&store, mailbox, "b").await.unwrap();
        assert!(next.modseq > 1000, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_sums_of_an_owner_are_counted_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mailbox) = open(folder.path(), Faults::default()).await;
    put_one(&store, mailbox, "a").await.unwrap();
    let right = store.usage(&alice(), mailbox).await.unwrap();
    let db = rusqlite::Connection::open(folder.path().join("store.sqlite3")).unwrap();
    db.execute_batch("UPDATE owner SET bytes = 1; UPDATE mailbox SET messages = 9;")
        .unwrap();
    let (before, after) = store.recount("alice").await.unwrap();
    assert_eq!((before.bytes, after), (1, right));
    assert_eq!(problems(&store).await, [""; 0]);
    assert_eq!(store.recount("alice").await.unwrap(), (right, right));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn altered_and_lost_bytes_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mailbox) = open(folder.path(), Faults::default()).await;
    put_one(&store, mailbox, "small").await.unwrap();
    let changes = (1..3)
        .map(|number| put(mailbox, &format!("big{number}"), vec![number; BIG]))
        .collect();
    store.commit(&alice(), batch(changes)).await.unwrap();
    let db = rusqlite::Connection::open(folder.path().join("store.sqlite3")).unwrap();
    db.execute(
        "UPDATE content SET body = x'6162636465' WHERE content = 1",
        [],
    )
    .unwrap();
    let place = |number: u8| {
        let hex = storage::Digest::of(&vec![number; BIG]).to_hex();
        folder.path().join("blobs/sha256").join(&hex[..2]).join(hex)
    };
    std::fs::write(place(1), b"other").unwrap();
    std::fs::remove_file(place(2)).unwrap();
    let report = store.check(true).await.unwrap();
    assert_eq!(report.problems.len(), 3, "{:#?}", report.problems);
    assert_eq!((report.messages, report.repaired), (3, Vec::new()));
    // One bad message does not hide the others.
    let read = store.open_message(&alice(), mailbox, 3, Part::Body).await;
    assert!(matches!(read, Err(Error::Unavailable(_))));
    assert_eq!(names(&store, mailbox).await.len(), 3);
}

/// Not a test by itself: the process that the next test kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn put_until_killed() {
    let Ok(folder) = std::env::var("CHAPAR_KILLED_STORE") else {
        return;
    };
    let (store, mailbox) = open(Folder::new(&folder), Faults::default()).await;
    let mut tasks = Vec::new();
    for writer in 0..4 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            for number in 0..100_000 {
                let name = format!("{writer}-{number}");
                let size = if number % 10 == 0 { BIG } else { 100 };
                let mut body = name.clone().into_bytes();
                body.resize(size, b'.');
                let changes = vec![put(mailbox, &name, body)];
                store.commit(&alice(), batch(changes)).await.unwrap();
                // Standard output is what the client was told.
                println!("\nput {name}");
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_loses_nothing_that_it_acknowledged() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let place = folder.path().join(format!("{round}"));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "put_until_killed", "--nocapture"])
            .env("CHAPAR_KILLED_STORE", &place)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told = Vec::new();
        for line in lines {
            if let Some(name) = line.unwrap().strip_prefix("put ") {
                told.push(name.to_owned());
            }
            if told.len() == 40 + 17 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let (store, mailbox) = open(&place, Faults::default()).await;
        let there = names(&store, mailbox).await;
        for name in &told {
            assert!(there.contains(name), "{name} of round {round}");
        }
        assert_eq!(problems(&store).await, [""; 0]);
    }
}

/// Whether the log can be brought into the file and cut now: nobody reads from it.
fn log_is_free(folder: &Folder) -> bool {
    let db = rusqlite::Connection::open(folder.join("store.sqlite3")).unwrap();
    let busy = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        row.get::<_, i64>(0)
    });
    busy.unwrap() == 0
}

#[tokio::test]
async fn a_session_that_waits_leaves_the_log_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mailbox) = open(folder.path(), Faults::default()).await;
    storage::session(async {
        store.status(&alice(), mailbox).await.unwrap();
        assert!(!log_is_free(folder.path()), "the look is shared");
        tokio::task::yield_now().await;
        assert!(log_is_free(folder.path()), "it was given up");
        store.status(&alice(), mailbox).await.unwrap();
    })
    .await;
    assert!(log_is_free(folder.path()));
}

#[tokio::test]
async fn a_session_that_never_waits_lets_go_of_the_log_now_and_then() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mailbox) = open(folder.path(), Faults::default()).await;
    storage::session(async {
        let began = std::time::Instant::now();
        store.status(&alice(), mailbox).await.unwrap();
        assert!(!log_is_free(folder.path()));
        // A read past the bound is the last with its look.
        while began.elapsed() < Duration::from_millis(5) {
            std::hint::spin_loop();
        }
        store.status(&alice(), mailbox).await.unwrap();
        assert!(log_is_free(folder.path()));
    })
    .await;
}

#[tokio::test]
async fn a_session_moves_between_threads() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mailbox) = open(folder.path(), Faults::default()).await;
    let mut session = Box::pin(storage::session(async {
        let before = std::thread::current().id();
        store.status(&alice(), mailbox).await.unwrap();
        tokio::task::yield_now().await;
        store.status(&alice(), mailbox).await.unwrap();
        (before, std::thread::current().id())
    }));
    let mut nobody = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(session.as_mut().poll(&mut nobody).is_pending());
    let (first, second) = std::thread::scope(|scope| {
        let runtime = tokio::runtime::Handle::current();
        scope
            .spawn(move || runtime.block_on(session))
            .join()
            .unwrap()
    });
    assert_ne!(first, second);
    assert!(log_is_free(folder.path()));
}

#[tokio::test]
async fn a_read_that_fails_in_a_session_does_not_spoil_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mailbox) = open(folder.path(), Faults::default()).await;
    let faulty = storage::FaultyStore::new(store, 7, 500, Duration::ZERO);
    let (mut failed, mut answered) = (0, 0);
    storage::session(async {
        for _ in 0..200 {
            match faulty.status(&alice(), mailbox).await {
                Ok(status) => {
                    assert_eq!(status.mailbox, mailbox);
                    answered += 1;
                }
                Err(error) => {
                    assert!(matches!(error, Error::Unavailable(_)), "{error}");
                    failed += 1;
                }
            }
        }
    })
    .await;
    assert!(
        failed > 50 && answered > 50,
        "{failed} failed, {answered} answered"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rfc8620_s7_2_where_an_endpoint_led_to_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path(), Faults::default()).await;
    let url = "https://push.test/a-secret-that-nobody-guesses";
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let new = storage::NewEndpoint {
        principal: "alice".into(),
        module: "jmap".into(),
        endpoint: storage::Endpoint {
            name: "a".into(),
            topics: Vec::new(),
            token: bytes::Bytes::new(),
            expires: 60_000 + i64::try_from(now.as_millis()).unwrap(),
            version: 0,
        },
        target: storage::EndpointTarget {
            url: url.into(),
            content_type: "application/json".into(),
            keys: None,
            server_key: bytes::Bytes::new(),
        },
        first: bytes::Bytes::new(),
    };
    store.create_endpoint(new).await.unwrap();
    let kept = |file: &str| {
        let bytes = std::fs::read(folder.path().join(file)).unwrap_or_default();
        bytes.windows(url.len()).any(|at| at == url.as_bytes())
    };
    assert!(kept("store.sqlite3-wal") || kept("store.sqlite3"));
    let removed = store.remove_endpoint("alice", "jmap", "a").await;
    assert!(removed.unwrap());
    store.close().await;
    drop(store);
    // The last one to close takes the log into the file.
    assert!(!kept("store.sqlite3") && !kept("store.sqlite3-wal"));
}
