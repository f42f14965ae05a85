//! Group commit with a slow disk: measured at the store, where the delay can be put in.

use crate::rows::Bench;
use bytes::Bytes;
use std::time::{Duration, Instant};
use storage::{
    Actor, Batch, Change, Condition, Content, Faults, Kind, Path, Principal, Put, SqliteStore,
    Store, StoreLimits, Target,
};

const CLIENTS: usize = 16;
const DELAY: Duration = Duration::from_millis(5);
const DURATION: Duration = Duration::from_secs(3);

/// Sixteen writers, and a disk that takes 5 ms for an fsync.
pub fn slow_disk(bench: &mut Bench) {
    let folder = tempfile::tempdir().unwrap();
    let limits = StoreLimits::default();
    let store =
        SqliteStore::open_with(folder.path(), "bench", limits, Faults::slow(DELAY)).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let (count, elapsed) = runtime.block_on(async {
        let alice = Principal {
            id: "alice".to_owned(),
            kind: Kind::User,
            display_name: "alice".to_owned(),
            addresses: Vec::new(),
        };
        store.put_principal(&alice).await.unwrap();
        let actor = Actor {
            principal: Some("alice".to_owned()),
            ..Actor::default()
        };
        let path = Path(["user", "alice", "#drive"].map(str::to_owned).to_vec());
        let create = Change::CreateMailbox {
            path: path.clone(),
            mailbox_type: "drive".to_owned(),
            grants: None,
        };
        commit(&store, &actor, create).await;
        let mailbox = store.open(&actor, &path).await.unwrap().mailbox;
        let began = Instant::now();
        let writers = (0..CLIENTS).map(|client| {
            let (store, actor) = (store.clone(), actor.clone());
            tokio::spawn(async move {
                let mut count = 0_u64;
                while began.elapsed() < DURATION {
                    let put = Put {
                        name: Some(format!("{client}-{count}")),
                        condition: Condition::None,
                        header: Bytes::from_static(b"Content-Type: text/plain\r\n\r\n"),
                        content: Content::Bytes(Bytes::from(vec![b'x'; 500])),
                        content_type: "text/plain".to_owned(),
                        flags: Vec::new(),
                        keys: Vec::new(),
                        keys_version: 0,
                    };
                    let target = Target::Mailbox(mailbox);
                    commit(&store, &actor, Change::Put { target, put }).await;
                    count += 1;
                }
                count
            })
        });
        let mut count = 0;
        for writer in futures_util::future::join_all(writers).await {
            count += writer.unwrap();
        }
        let elapsed = began.elapsed();
        store.close().await;
        (count, elapsed)
    });
    let rate = count as f64 / elapsed.as_secs_f64();
    // Whoever comes while a group is on its way waits for it and for the next.
    let ideal = CLIENTS as f64 / DELAY.as_secs_f64();
    let more = format!(
        "{:.0} % of one group of {CLIENTS} each 5 ms",
        rate / ideal * 100.0
    );
    let name = "PUT at the store, 16 clients, fsync of 5 ms";
    bench.row(name, "", format!("{rate:.0}/s"), None, more);
}

async fn commit(store: &SqliteStore, actor: &Actor, change: Change) {
    let batch = Batch {
        changes: vec![change],
        ..Batch::default()
    };
    store.commit(actor, batch).await.unwrap();
}
