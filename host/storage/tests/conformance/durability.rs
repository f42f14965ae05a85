//! What many writers, a restart and failing calls leave behind.

use crate::mailboxes::assert_sound;
use crate::world::*;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use storage::{Change, Condition, Error, FaultyStore, Put, StoreLimits, Target};

pub async fn what_was_acknowledged_is_there_after_a_restart(engine: &dyn Engine) {
    let world = World::new(engine).await;
    world.put("a", "1").await;
    let status = world.store.status(&world.alice, world.drive).await.unwrap();
    drop(world.store);
    let store = engine.open(StoreLimits::default());
    let again = store
        .open(&actor("alice"), &path("user/alice/#drive"))
        .await;
    assert_eq!(again.unwrap(), status);
    store.close().await;
    let closed = store
        .commit(&actor("alice"), batch([put_in(status.mailbox, "b", "1")]))
        .await;
    assert!(matches!(closed.unwrap_err().error, Error::Unavailable(_)));
}

pub async fn a_deleted_mailbox_is_never_another_one(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let a = world.create(&world.alice, "user/alice/#drive/a").await;
    let old = world.store.status(&world.alice, a).await.unwrap();
    world.one(Change::DeleteMailbox { mailbox: a }).await;
    let b = world.create(&world.alice, "user/alice/#drive/a").await;
    let new = world.store.status(&world.alice, b).await.unwrap();
    assert!(a != b && old.id != new.id);
    let gone = world.store.status(&world.alice, a).await;
    assert_eq!(gone.unwrap_err(), Error::NotFound);
    let refused = world.refused(&world.alice, put_in(a, "x", "1")).await;
    assert_eq!(refused, Error::NotFound);
}

pub async fn sixteen_writers_lose_nothing_and_share_no_uid(engine: &dyn Engine) {
    let world = Arc::new(World::new(engine).await);
    let mut tasks = Vec::new();
    for writer in 0..16 {
        let world = world.clone();
        tasks.push(tokio::spawn(async move {
            let mut uids = Vec::new();
            for number in 0..20 {
                let name = format!("{writer}-{number}");
                uids.push(world.put(&name, &name).await);
            }
            uids
        }));
    }
    let mut uids = HashSet::new();
    for task in tasks {
        uids.extend(task.await.unwrap());
    }
    assert_eq!(uids.len(), 320);
    assert_eq!(world.names(world.drive).await.len(), 320);
    assert_sound(&world).await;
}

pub async fn of_many_who_replace_the_same_state_one_wins(engine: &dyn Engine) {
    let world = Arc::new(World::new(engine).await);
    let uid = world.put("a", "0").await;
    let mut tasks = Vec::new();
    for number in 0..16 {
        let world = world.clone();
        tasks.push(tokio::spawn(async move {
            let put = Put {
                condition: Condition::Unchanged(uid),
                ..put("a", format!("{number}"))
            };
            let target = Target::Mailbox(world.drive);
            let alice = world.alice.clone();
            world.commit(&alice, [Change::Put { target, put }]).await
        }));
    }
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => won += 1,
            Err(failure) => assert_eq!(failure.error, Error::Conflict),
        }
    }
    assert_eq!(won, 1);
}

/// Each batch moves a message between two mailboxes and notes it on both: whatever fails, there is
/// one message, and both notes agree with where it is.
pub async fn failing_calls_leave_nothing_half_done(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let other = world.create(&world.alice, "user/alice/#other").await;
    world.put("a", "text").await;
    let faulty = FaultyStore::new(world.store.clone(), 7, 300, Duration::ZERO);
    let faulty: Arc<dyn storage::Store> = faulty;
    let mut failed = 0;
    for round in 0..60 {
        let (source, target) = match world.find(world.drive, "a").await {
            Some(_) => (world.drive, other),
            None => (other, world.drive),
        };
        let uid = world.find(source, "a").await.unwrap().uid;
        let note = |mailbox, text: &str| Change::Annotate {
            mailbox,
            uid: None,
            annotation: shared("has", text),
        };
        let changes = [
            Change::Move {
                source,
                uid,
                target,
                name: Some("a".into()),
                condition: Condition::Free,
            },
            note(source, "no"),
            note(target, "yes"),
        ];
        failed += i32::from(faulty.commit(&world.alice, batch(changes)).await.is_err());
        for mailbox in [world.drive, other] {
            let there = world.find(mailbox, "a").await.is_some();
            let notes = world
                .store
                .mailbox_annotations(&world.alice, mailbox, "has")
                .await
                .unwrap();
            let expected = if there { "yes" } else { "no" };
            let note = notes.first().map(|note| note.value.clone().unwrap());
            assert!(
                note.is_none_or(|note| note == expected),
                "round {round}, mailbox {mailbox}"
            );
        }
    }
    assert!(failed > 5, "{failed}");
    assert_sound(&world).await;
}
