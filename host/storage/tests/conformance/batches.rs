//! Batches: every change, in order, all or nothing.

use crate::world::*;
use storage::{Change, Error, Part};

pub async fn a_message_is_put_found_listed_read_and_removed(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let uid = world.put("a.txt", "hello").await;
    let found = world.find(world.drive, "a.txt").await.unwrap();
    assert_eq!((found.uid, found.size), (uid, 5));
    assert_eq!(found.digest, storage::Digest::of(b"hello"));
    assert_eq!(world.names(world.drive).await, ["a.txt"]);
    assert_eq!(world.body(world.drive, uid).await, "hello");
    let whole = world
        .store
        .open_message(&world.alice, world.drive, uid, Part::Whole)
        .await
        .unwrap();
    assert_eq!(whole.inline.unwrap(), format!("{HEADER}hello"));
    let again = world.put("a.txt", "more").await;
    assert!(again > uid);
    world
        .one(Change::Remove {
            mailbox: world.drive,
            uid: again,
        })
        .await;
    assert_eq!(world.find(world.drive, "a.txt").await, None);
    let status = world.store.status(&world.alice, world.drive).await.unwrap();
    assert_eq!((status.messages, status.bytes), (0, 0));
}

pub async fn a_failing_change_undoes_those_before_it(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let before = world.store.status(&world.alice, world.drive).await.unwrap();
    let failure = world
        .commit(
            &world.alice,
            [
                put_in(world.drive, "a", "1"),
                create("user/alice/#drive/b"),
                Change::Remove {
                    mailbox: world.drive,
                    uid: 77,
                },
            ],
        )
        .await
        .unwrap_err();
    assert_eq!((failure.change, failure.error), (2, Error::Conflict));
    let after = world.store.status(&world.alice, world.drive).await.unwrap();
    assert_eq!(before, after);
    assert!(world.names(world.drive).await.is_empty());
}
