//! Sessions: reads that share a look see no less than others.

use crate::world::*;
use std::sync::mpsc;
use storage::{Error, MailboxId, Rights, Store};

/// Commits from another thread while this one stays at its work: nothing here is told of it.
fn meanwhile<T: Send>(work: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        scope.spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            sender.send(runtime.unwrap().block_on(work)).unwrap();
        });
        receiver.recv().unwrap()
    })
}

async fn count(store: &dyn Store, mailbox: MailboxId, world: &World) -> u64 {
    let status = store.status(&world.alice, mailbox).await.unwrap();
    status.messages
}

pub async fn what_anyone_committed_is_seen_at_once(engine: &dyn Engine) {
    let world = World::new(engine).await;
    storage::session(async {
        for number in 0..10 {
            assert_eq!(count(&*world.store, world.drive, &world).await, 2 * number);
            world.put(&format!("own-{number}"), "").await;
            assert_eq!(
                count(&*world.store, world.drive, &world).await,
                2 * number + 1
            );
            meanwhile(async { world.put(&format!("other-{number}"), "").await });
        }
    })
    .await;
}

pub async fn a_right_taken_away_is_gone_at_once(engine: &dyn Engine) {
    let world = World::new(engine).await;
    world
        .share(world.drive, Rights::LOOKUP | Rights::READ)
        .await;
    storage::session(async {
        let find = || world.store.find(&world.bob, world.drive, &[]);
        assert_eq!(find().await, Ok(vec![]));
        meanwhile(world.share(world.drive, Rights::LOOKUP));
        assert_eq!(find().await, Err(Error::Forbidden(Rights::READ)));
    })
    .await;
}
