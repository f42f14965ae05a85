//! Quotas: what is counted, and for whom.

use crate::mailboxes::assert_sound;
use crate::world::*;
use storage::{Change, Condition, Error, Rights, StoreLimits, Usage};

async fn usage(world: &World, mailbox: i64) -> (u64, u64) {
    let usage = world.store.usage(&world.admin, mailbox).await.unwrap();
    (usage.messages, usage.bytes)
}

pub async fn headers_and_bodies_are_counted_for_the_owner(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let drive = world.drive;
    let header = HEADER.len() as u64;
    let uid = world.put("a", "12345").await;
    assert_eq!(usage(&world, drive).await, (1, header + 5));
    world.put("a", "123").await;
    assert_eq!(usage(&world, drive).await, (1, header + 3));
    world.share(drive, Rights::ALL).await;
    world
        .commit(&world.bob, [put_in(drive, "b", "1")])
        .await
        .unwrap();
    assert_eq!(usage(&world, drive).await, (2, 2 * header + 4));
    let bobs = world.create(&world.bob, "user/bob/#drive").await;
    assert_eq!(usage(&world, bobs).await, (0, 0));
    let b = world.find(drive, "b").await.unwrap().uid;
    let to_bob = Change::Move {
        source: drive,
        uid: b,
        target: bobs,
        name: Some("b".into()),
        condition: Condition::None,
    };
    world.commit(&world.bob, [to_bob]).await.unwrap();
    assert_eq!(usage(&world, drive).await, (1, header + 3));
    assert_eq!(usage(&world, bobs).await, (1, header + 1));
    let copy = Change::CopyMailbox {
        mailbox: drive,
        path: path("user/bob/#drive/copy"),
        deep: true,
    };
    world.commit(&world.bob, [copy]).await.unwrap();
    assert_eq!(usage(&world, bobs).await, (2, 2 * header + 4));
    world
        .commit(&world.bob, [Change::DeleteMailbox { mailbox: bobs }])
        .await
        .unwrap();
    assert!(uid > 0);
    assert_sound(&world).await;
}

pub async fn what_owners_use_is_listed_and_counted_anew(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let bobs = world.create(&world.bob, "user/bob/#drive").await;
    world.put("a", "12345").await;
    world
        .commit(&world.bob, [put_in(bobs, "b", "1")])
        .await
        .unwrap();
    world.store.set_quota("bob", None, Some(7)).await.unwrap();
    let all = world.store.usages(None, 10).await.unwrap();
    let header = HEADER.len() as u64;
    let expected = [
        ("alice", 1, header + 5, None),
        ("bob", 1, header + 1, Some(7)),
    ];
    for ((owner, usage), expected) in all.iter().zip(expected) {
        let found = (
            owner.as_str(),
            usage.messages,
            usage.bytes,
            usage.messages_limit,
        );
        assert_eq!(found, expected);
    }
    assert_eq!(all.len(), 2);
    assert_eq!(
        world.store.usages(Some("alice"), 10).await.unwrap(),
        all[1..]
    );
    let (before, after) = world.store.recount("bob").await.unwrap();
    assert_eq!((before, after), (all[1].1, all[1].1));
}

pub async fn what_exceeds_a_limit_is_refused(engine: &dyn Engine) {
    let header = HEADER.len() as u64;
    let limits = StoreLimits {
        quota_bytes: Some(2 * header + 20),
        ..StoreLimits::default()
    };
    let world = World::with(engine, limits).await;
    let drive = world.drive;
    world.put("a", "0123456789").await;
    let too_much = put_in(drive, "b", "0123456789X");
    let refused = world.refused(&world.alice, too_much.clone()).await;
    assert_eq!(refused, Error::OverQuota(header + 10));
    let uid = world.put("b", "0123456789").await;
    // Replacing by as much, and moving, need no room.
    world.put("b", "9876543210").await;
    let uid = world.find(drive, "b").await.unwrap().uid.max(uid);
    world
        .one(Change::Move {
            source: drive,
            uid,
            target: drive,
            name: Some("c".into()),
            condition: Condition::Free,
        })
        .await;
    world.store.set_quota("alice", None, Some(2)).await.unwrap();
    let usage = world.store.usage(&world.alice, drive).await.unwrap();
    assert_eq!(
        usage,
        Usage {
            bytes: 2 * header + 20,
            bytes_limit: None,
            messages: 2,
            messages_limit: Some(2)
        }
    );
    assert_eq!(
        world.refused(&world.alice, too_much).await,
        Error::OverQuota(0)
    );
    // Below the limit again within one batch is well.
    let uid = world.find(drive, "c").await.unwrap().uid;
    let swap = [
        Change::Remove {
            mailbox: drive,
            uid,
        },
        put_in(drive, "d", "1"),
    ];
    world.commit(&world.alice, swap).await.unwrap();
    assert_sound(&world).await;
}
