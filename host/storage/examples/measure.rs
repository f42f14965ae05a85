//! What the embedded store costs: `cargo run --release -p chapar-storage --example measure`.
//! With `puts N` it only puts N small messages one after the other, to count fsyncs under strace;
//! with `reads TEXT` it only reads, and only what has the text in its name.

use bytes::Bytes;
use futures_util::StreamExt;
use std::path::Path as Folder;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::{
    Actor, Batch, Change, Condition, Content, Error, Faults, Fields, Key, KeyValue, Kind,
    MailboxId, Part, Path, Principal, Put, Query, SearchScope, SqliteStore, Store, StoreLimits,
    Target, Term, Test,
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn put(mailbox: MailboxId, name: String) -> Batch {
    let key = |name: &str, value| Key {
        name: name.into(),
        value,
    };
    let put = Put {
        condition: Condition::None,
        header: Bytes::from_static(b"Subject: measured\r\n\r\n"),
        content: Content::Bytes(Bytes::from(vec![b'x'; 1000])),
        content_type: "text/calendar".into(),
        flags: Vec::new(),
        keys: vec![
            key("object-uid", KeyValue::Text(name.clone())),
            key("when", KeyValue::Interval(1000, 2000)),
        ],
        keys_version: 1,
        name: Some(name),
    };
    Batch {
        tokens: Vec::new(),
        changes: vec![Change::Put {
            target: Target::Mailbox(mailbox),
            put,
        }],
    }
}

async fn open(folder: &Folder, faults: Faults) -> Result<(Arc<SqliteStore>, Actor, MailboxId)> {
    let limits = StoreLimits::default();
    let store = SqliteStore::open_with(folder, "example.org", limits, faults)?;
    let alice = Actor {
        principal: Some("alice".into()),
        ..Actor::default()
    };
    let path = Path(["user", "alice", "#drive"].map(String::from).to_vec());
    let principal = Principal {
        id: "alice".to_owned(),
        kind: Kind::User,
        display_name: String::new(),
        addresses: Vec::new(),
    };
    store.put_principal(&principal).await?;
    let create = Change::CreateMailbox {
        path: path.clone(),
        mailbox_type: "files".into(),
        grants: None,
    };
    let batch = Batch {
        tokens: Vec::new(),
        changes: vec![create],
    };
    store.commit(&alice, batch).await?;
    let mailbox = store.open(&alice, &path).await?.mailbox;
    Ok((store, alice, mailbox))
}

async fn puts(count: usize) -> Result<()> {
    let folder = tempfile::tempdir_in(".")?;
    let (store, alice, mailbox) = open(folder.path(), Faults::default()).await?;
    let mut times = Vec::new();
    for number in 0..count {
        let began = Instant::now();
        store
            .commit(&alice, put(mailbox, format!("{number}.ics")))
            .await?;
        times.push(began.elapsed());
    }
    times.sort();
    let at = |share: usize| times.get(times.len() * share / 100);
    println!(
        "{count} puts, one at a time: median {:?}, p99 {:?}",
        at(50),
        at(99)
    );
    println!("{:?}", store.stats());
    Ok(())
}

async fn many(writers: usize, each: usize, delay: Duration) -> Result<()> {
    let folder = tempfile::tempdir_in(".")?;
    let (store, alice, mailbox) = open(folder.path(), Faults::slow(delay)).await?;
    let (before, began) = (store.stats(), Instant::now());
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let (store, alice) = (store.clone(), alice.clone());
        tasks.push(tokio::spawn(async move {
            for number in 0..each {
                store
                    .commit(&alice, put(mailbox, format!("{writer}-{number}")))
                    .await?;
            }
            Ok::<_, storage::Failure>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    let (after, took) = (store.stats(), began.elapsed());
    let batches = (after.writes - before.writes) as f64;
    println!(
        "{writers} writers, {delay:?} more per commit: {:.0} puts/s, {:.1} batches a commit, log {} KiB",
        batches / took.as_secs_f64(),
        batches / (after.commits - before.commits) as f64,
        after.log_bytes >> 10
    );
    Ok(())
}

const SLICES: u32 = 50;

/// What a backup costs those who write, and how far the log grows meanwhile.
async fn backups(writers: usize) -> Result<()> {
    let folder = tempfile::tempdir_in(".")?;
    let live = folder.path().join("live");
    std::fs::create_dir(&live)?;
    let (store, alice, mailbox) = open(&live, Faults::default()).await?;
    // 300 MB of database.
    for number in 0..1500 {
        let mut batch = put(mailbox, format!("filler-{number}"));
        if let Some(Change::Put { put, .. }) = batch.changes.first_mut() {
            put.content = Content::Bytes(Bytes::from(vec![b'x'; 200 << 10]));
        }
        store.commit(&alice, batch).await?;
    }
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let (store, alice, stop) = (store.clone(), alice.clone(), stop.clone());
        tasks.push(tokio::spawn(async move {
            let mut number = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let batch = put(mailbox, format!("{writer}-{number}"));
                store.commit(&alice, batch).await?;
                number += 1;
            }
            Ok::<_, storage::Failure>(())
        }));
    }
    let rate = async |what: &str, during: &mut (dyn Future<Output = Result<()>> + Unpin)| {
        let (before, began) = (store.stats(), Instant::now());
        during.await?;
        let (after, took) = (store.stats(), began.elapsed());
        println!(
            "{what}: {took:.1?}, {:.0} puts/s, log {} MiB, database {} MiB",
            (after.writes - before.writes) as f64 / took.as_secs_f64(),
            after.log_bytes >> 20,
            after.database_bytes >> 20
        );
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    };
    let pause = || {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            Ok(())
        })
    };
    rate("no backup", &mut pause()).await?;
    for verify in [false, true] {
        let (live, into) = (live.clone(), folder.path().join("backups"));
        let runtime = tokio::runtime::Handle::current();
        let task = tokio::task::spawn_blocking(move || {
            runtime.block_on(storage::backup(&live, &into, verify, &mut |_, _, _| {}))
        });
        let mut during = Box::pin(async { Ok(task.await?.map(|_| ())?) });
        rate(&format!("backup, verified: {verify}"), &mut during).await?;
    }
    rate("no backup", &mut pause()).await?;
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    for task in tasks {
        task.await??;
    }
    Ok(())
}

async fn time<T, F: Future<Output = std::result::Result<T, Error>>>(
    what: &str,
    rounds: u32,
    mut call: impl FnMut() -> F,
) -> Result<()> {
    let only = std::env::args().nth(2).unwrap_or_default();
    if !what.contains(&only) {
        return Ok(());
    }
    // The best of many slices: whatever else runs on the machine only ever adds.
    let mut best = Duration::MAX;
    for _ in 0..SLICES {
        let began = cpu();
        for _ in 0..rounds / SLICES {
            call().await?;
        }
        best = best.min((cpu() - began) / (rounds / SLICES));
    }
    println!("{what}: {best:?}");
    Ok(())
}

/// CPU time of this thread: what others do on the machine does not count.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(seconds, nanos)
}

async fn reads() -> Result<()> {
    let folder = tempfile::tempdir_in(".")?;
    let (store, alice, mailbox) = open(folder.path(), Faults::default()).await?;
    for chunk in 0..10 {
        let changes = (0..100)
            .flat_map(|number| put(mailbox, format!("{chunk}-{number}.ics")).changes)
            .collect();
        let batch = Batch {
            tokens: Vec::new(),
            changes,
        };
        store.commit(&alice, batch).await?;
    }
    let names = ["5-50.ics".to_owned()];
    let all = Fields {
        name: true,
        content_type: true,
        flags: true,
    };
    let name = Fields {
        name: true,
        content_type: false,
        flags: false,
    };
    let query = Query {
        all_of: vec![vec![Term {
            key: "object-uid".into(),
            test: Test::Equal("5-50.ics".into()),
            negated: false,
        }]],
        limit: 10,
        ..Query::default()
    };
    time("status", 10_000, || store.status(&alice, mailbox)).await?;
    time("find", 10_000, || store.find(&alice, mailbox, &names)).await?;
    time("open a small message", 10_000, || {
        store.open_message(&alice, mailbox, 500, Part::Body)
    })
    .await?;
    let path = Path(["user", "alice", "#drive"].map(String::from).to_vec());
    let get = || async {
        store.open(&alice, &path).await?;
        store.find(&alice, mailbox, &names).await?;
        store.open_message(&alice, mailbox, 500, Part::Body).await
    };
    time("open, find, read, each for itself", 10_000, get).await?;
    time("open, find, read in a session", 10_000, || {
        storage::session(get())
    })
    .await?;
    for (what, fields) in [("", Fields::default()), (" by name", name), (" whole", all)] {
        time(&format!("list 1000{what}"), 1000, || {
            store.list(&alice, mailbox, 0, 1000, fields)
        })
        .await?;
    }
    let uids: Vec<u32> = (1..=1000).collect();
    time("read 1000 bodies", 1000, || {
        store.read(&alice, mailbox, &uids, Part::Body)
    })
    .await?;
    time("changes, 1000", 1000, || {
        store.changes(&alice, mailbox, 0, 1000, all)
    })
    .await?;
    time("changes, none", 10_000, || {
        store.changes(&alice, mailbox, 11, 1000, all)
    })
    .await?;
    let scope = SearchScope::Mailbox(mailbox);
    time("search, one of 1000", 10_000, || {
        store.search(&alice, scope, &query)
    })
    .await?;
    for number in 0..1000 {
        let mut batch = put(mailbox, format!("at-{number}.ics"));
        if let Some(Change::Put { put, .. }) = batch.changes.first_mut() {
            put.keys.push(Key {
                name: "at".into(),
                value: KeyValue::Interval(number * 1000, number * 1000 + 500),
            });
        }
        store.commit(&alice, batch).await?;
    }
    let overlap = |key: &str| Term {
        key: key.into(),
        test: Test::Overlap(0, 215_000),
        negated: false,
    };
    for body in [None, Some(Part::Body)] {
        let query = Query {
            all_of: vec![["at", "at-8", "at-16"].map(overlap).to_vec()],
            limit: 2000,
            body,
            ..Query::default()
        };
        time(&format!("search, 215 of 1000, {body:?}"), 1000, || {
            store.search(&alice, scope, &query)
        })
        .await?;
    }
    Ok(())
}

async fn big() -> Result<()> {
    const SIZE: u64 = 100 << 20;
    let folder = tempfile::tempdir_in(".")?;
    let (store, alice, mailbox) = open(folder.path(), Faults::default()).await?;
    let piece = Bytes::from(vec![7; 256 << 10]);
    let began = Instant::now();
    let pieces = futures_util::stream::iter((0..400).map(move |_| Ok(piece.clone())));
    let blob = store.ingest(&alice, Box::pin(pieces), u64::MAX).await?;
    let taken = began.elapsed();
    let mut batch = put(mailbox, "big".into());
    if let Some(Change::Put { put, .. }) = batch.changes.first_mut() {
        put.content = Content::Blob(blob);
    }
    let uid = store
        .commit(&alice, batch)
        .await?
        .first()
        .map_or(0, |made| made.uid);
    println!("100 MB in: {taken:?}, linked after {:?}", began.elapsed());
    for _ in 0..2 {
        let began = Instant::now();
        let blob = store.open_message(&alice, mailbox, uid, Part::Body).await?;
        let mut stream = blob.source.clone().stream(0, blob.size);
        let mut read = 0;
        while let Some(piece) = stream.next().await {
            read += piece?.len() as u64;
        }
        println!("100 MB out: {:?} ({})", began.elapsed(), read == SIZE);
    }
    Ok(())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("puts") => {
            return puts(args.next().map_or(Ok(1000), |count| count.parse())?).await;
        }
        Some("reads") => return reads().await,
        Some("backup") => return backups(16).await,
        _ => {}
    }
    puts(2000).await?;
    many(16, 200, Duration::ZERO).await?;
    many(16, 50, Duration::from_millis(5)).await?;
    reads().await?;
    big().await
}
