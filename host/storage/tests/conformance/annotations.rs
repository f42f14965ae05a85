//! Annotations: shared with all, or private to one.

use crate::mailboxes::assert_sound;
use crate::world::*;
use storage::{Annotation, Change, Error, Rights};

fn annotate(mailbox: i64, uid: Option<u32>, annotation: Annotation) -> Change {
    Change::Annotate {
        mailbox,
        uid,
        annotation,
    }
}

pub async fn they_are_read_by_prefix_in_order_and_removed(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let a = world.put("a", "1").await;
    let b = world.put("b", "1").await;
    for (uid, name) in [(b, "x/1"), (a, "x/2"), (a, "x/1"), (a, "y")] {
        world
            .one(annotate(world.drive, Some(uid), shared(name, "v")))
            .await;
    }
    let read = |prefix: &'static str| {
        let (store, alice, drive) = (world.store.clone(), world.alice.clone(), world.drive);
        async move {
            store
                .message_annotations(&alice, drive, &[b, a, 99], prefix)
                .await
                .unwrap()
                .into_iter()
                .map(|found| (found.uid, found.annotation.name))
                .collect::<Vec<_>>()
        }
    };
    let expected = [(a, "x/1"), (a, "x/2"), (b, "x/1")].map(|(uid, name)| (uid, name.to_owned()));
    assert_eq!(read("x/").await, expected);
    assert_eq!(read("").await.len(), 4);
    let gone = Annotation {
        value: None,
        ..shared("x/1", "")
    };
    world
        .one(annotate(world.drive, Some(a), gone.clone()))
        .await;
    world.one(annotate(world.drive, Some(a), gone)).await;
    assert_eq!(read("x/").await.len(), 2);
    assert_eq!(world.find(world.drive, "a").await.unwrap().annotations, 2);
    let missing = annotate(world.drive, Some(99), shared("a", "b"));
    assert_eq!(world.refused(&world.alice, missing).await, Error::Conflict);
    assert_sound(&world).await;
}

pub async fn a_private_one_moves_one_principals_state_alone(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let drive = world.drive;
    world.share(drive, Rights::LOOKUP | Rights::READ).await;
    let uid = world.put("a", "1").await;
    world.put("b", "1").await;
    let state = |actor: storage::Actor| {
        let store = world.store.clone();
        async move {
            let status = store.status(&actor, drive).await.unwrap();
            (status.modseq, status.owner_modseq)
        }
    };
    let (alice, bob) = (
        state(world.alice.clone()).await,
        state(world.bob.clone()).await,
    );
    let changes = [
        annotate(drive, Some(uid), private("alarm", "9:00")),
        annotate(drive, None, private("color", "red")),
    ];
    world.commit(&world.bob, changes).await.unwrap();
    assert_eq!(state(world.alice.clone()).await, alice);
    let moved = state(world.bob.clone()).await;
    assert!(moved.0 > bob.0 && moved.1 > bob.1);
    assert_eq!(world.changes(&world.bob, drive, bob.0).await, ["a"]);
    assert!(world.changes(&world.alice, drive, bob.0).await.is_empty());
    let seen = |actor: storage::Actor| {
        let store = world.store.clone();
        async move {
            let page = store.list(&actor, drive, 0, 10, NAMES).await.unwrap();
            (page.entries[0].annotations, page.entries[0].modseq)
        }
    };
    let (bobs, alices) = (
        seen(world.bob.clone()).await,
        seen(world.alice.clone()).await,
    );
    assert_eq!((bobs.0, alices.0), (1, 0));
    assert!(bobs.1 > alices.1);
    let others = world
        .store
        .message_annotations(&world.alice, drive, &[uid], "")
        .await
        .unwrap();
    assert!(others.is_empty());
    // Nor does a page of changes list it twice when it changes for everyone, too.
    world
        .one(annotate(drive, Some(uid), shared("s", "1")))
        .await;
    assert_eq!(world.changes(&world.bob, drive, bob.0).await, ["a"]);
    world.put("a", "2").await;
    assert_eq!(world.changes(&world.bob, drive, bob.0).await, ["a"]);
    assert_sound(&world).await;
}

pub async fn anonymous_has_none_of_its_own(engine: &dyn Engine) {
    let world = World::new(engine).await;
    world
        .one(Change::SetRights {
            mailbox: world.drive,
            grants: vec![storage::Grant {
                identifier: storage::Identifier::Anyone,
                rights: Rights::LOOKUP | Rights::READ,
                negative: false,
            }],
        })
        .await;
    let change = annotate(world.drive, None, private("a", "b"));
    let refused = world.refused(&world.anyone, change).await;
    assert!(matches!(refused, Error::Forbidden(_)));
}

pub async fn annotations_have_room_for_so_much(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let uid = world.one(put_in(world.drive, "f", "text")).await.uid;
    let annotate = |uid, name: String, visibility| Change::Annotate {
        mailbox: world.drive,
        uid,
        annotation: storage::Annotation {
            name,
            visibility,
            value: Some(vec![b'x'; 60_000].into()),
        },
    };
    for uid in [None, Some(uid)] {
        for visibility in [storage::Visibility::Shared, storage::Visibility::Private] {
            let mut count = 0;
            let refused = loop {
                let change = annotate(uid, format!("n{count}"), visibility);
                match world.commit(&world.alice, [change]).await {
                    Ok(_) => count += 1,
                    Err(failure) => break failure.error,
                }
            };
            assert!(matches!(refused, Error::OverQuota(_)), "{refused}");
            // 4 MiB of 60,003 bytes each.
            assert_eq!(count, 69);
            // What is there can be written anew, and taken away.
            world.one(annotate(uid, "n1".into(), visibility)).await;
        }
    }
    // All that there may be can be read at once.
    let all = world
        .store
        .mailbox_annotations(&world.alice, world.drive, "")
        .await;
    assert_eq!(all.unwrap().len(), 2 * 69);
}
