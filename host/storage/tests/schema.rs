//! Stores of older formats are read, whole, by the newest code. A format is kept as SQL text.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use bytes::Bytes;
use std::path::Path;
use storage::{
    Actor, Error, Part, Query, SearchScope, SqliteStore, Store, StoreLimits, Term, Test,
};
use support::*;

const FORMAT_1: &str = include_str!("fixtures/format-1.sql");

fn make(folder: &Path, sql: &str) -> rusqlite::Connection {
    let db = rusqlite::Connection::open(folder.join("store.sqlite3")).unwrap();
    db.execute_batch(sql).unwrap();
    db
}

fn open_store(folder: &Path) -> Result<std::sync::Arc<SqliteStore>, Error> {
    SqliteStore::open(folder, TENANT, StoreLimits::default())
}

#[test]
fn the_fixture_has_rows_in_every_table() {
    let folder = tempfile::tempdir().unwrap();
    let db = make(folder.path(), FORMAT_1);
    let mut tables = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'words_%'")
        .unwrap();
    let names = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    for name in names {
        let name = name.unwrap();
        let sql = format!("SELECT count(*) FROM {name}");
        let rows: u32 = db.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert!(rows > 0, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_of_format_1_reads_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    drop(make(folder.path(), FORMAT_1));
    let store = open_store(folder.path()).unwrap();
    assert_eq!(problems(&store).await, [""; 0]);
    let home = store.open(&alice(), &drive()).await.unwrap();
    let mut path = drive();
    path.0.push("notes".into());
    let notes = store.open(&alice(), &path).await.unwrap();
    let names = async |mailbox| contents(&*store, mailbox).await;
    let pair = |name: &str, body: &'static [u8]| (name.to_owned(), Bytes::from_static(body));
    assert_eq!(
        names(notes.mailbox).await,
        [pair("a.txt", b"first"), pair("b.txt", b"second\r\nline\0")]
    );
    assert_eq!(
        names(home.mailbox).await,
        [pair("copy.txt", b"first"), pair("ü ' quote", b"")]
    );
    let found = store.find(&alice(), notes.mailbox, &["a.txt".into()]).await;
    let message = found.unwrap().remove(0).unwrap();
    assert_eq!(message.flags, ["\\seen", "$important"]);
    let whole = store
        .read(&alice(), notes.mailbox, &[message.uid], Part::Whole)
        .await;
    assert_eq!(whole.unwrap(), ["Subject: fixture\r\n\r\nfirst"]);
    for test in [
        ("uid", Test::Equal("x-1".into())),
        ("size", Test::Range(-10, 0)),
        ("time", Test::Overlap(500_000, 500_001)),
        ("text", Test::Words("WORDS".into())),
    ] {
        let query = Query {
            all_of: vec![vec![Term {
                key: test.0.into(),
                test: test.1,
                negated: false,
            }]],
            limit: 10,
            ..Query::default()
        };
        let scope = SearchScope::Mailbox(notes.mailbox);
        let found = store.search(&alice(), scope, &query).await.unwrap().found;
        assert_eq!(found.len(), 1, "{}", test.0);
    }
    assert_eq!(
        store.grants(&alice(), notes.mailbox).await.unwrap().len(),
        4
    );
    let bob = Actor {
        principal: Some("bob".into()),
        groups: store.groups("bob").await.unwrap(),
        ..Actor::default()
    };
    let notes_of = async |actor: &Actor| {
        let all = store
            .message_annotations(actor, notes.mailbox, &[message.uid], "")
            .await;
        all.unwrap().len()
    };
    assert_eq!((notes_of(&alice()).await, notes_of(&bob).await), (1, 2));
    let locks = store
        .locks(&alice(), notes.mailbox, Some("a.txt"), false)
        .await;
    assert_eq!(locks.unwrap().len(), 1);
    assert_eq!(
        store
            .usage(&alice(), notes.mailbox)
            .await
            .unwrap()
            .bytes_limit,
        Some(1_000_000)
    );
    assert_eq!(store.due_deliveries(i64::MAX, 10).await.unwrap().len(), 1);
    assert_eq!(
        store.due_timers(i64::MAX, 10).await.unwrap()[0].name,
        "alarm"
    );
    assert!(
        !store
            .credentials("alice")
            .await
            .unwrap()
            .argon2id
            .is_empty()
    );
    let kept = storage::Digest::of(b"kept bytes");
    assert_eq!(store.open_blob(&alice(), kept).await.unwrap().size, 10);
    // And it can be written to.
    let changes = vec![put(home.mailbox, "new", "new")];
    store.commit(&alice(), batch(changes)).await.unwrap();
    store.expire().await.unwrap();
    assert_eq!(problems(&store).await, [""; 0]);
}
