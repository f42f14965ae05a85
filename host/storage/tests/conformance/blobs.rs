//! Blobs: taken in, linked, kept, read in pieces.

use crate::mailboxes::assert_sound;
use crate::world::*;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use storage::{
    Actor, Blob, Change, Content, Digest, Error, Part, Put, Rights, StoreLimits, Target,
};

const BIG: usize = 3 << 20;

fn pattern(len: usize, seed: u8) -> Bytes {
    (0..len)
        .map(|at| (at as u8).wrapping_mul(31).wrapping_add(seed) ^ (at >> 9) as u8)
        .collect::<Vec<_>>()
        .into()
}

async fn ingest(world: &World, actor: &Actor, bytes: &Bytes, max: u64) -> Result<Blob, Error> {
    let pieces: Vec<_> = bytes
        .chunks(100_000)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    let stream = Box::pin(stream::iter(pieces));
    world.store.ingest(actor, stream, max).await
}

async fn all(blob: &Blob, start: u64, end: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut pieces = blob.source.clone().stream(start, end);
    while let Some(piece) = pieces.next().await {
        let piece = piece.unwrap();
        assert!(!piece.is_empty() && piece.len() <= 256 << 10);
        bytes.extend_from_slice(&piece);
    }
    bytes
}

fn put_blob(mailbox: i64, name: &str, blob: &Blob) -> Change {
    Change::Put {
        target: Target::Mailbox(mailbox),
        put: Put {
            content: Content::Blob(blob.clone()),
            ..put(name, "")
        },
    }
}

pub async fn small_and_big_bodies_come_back_as_they_were(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let drive = world.drive;
    for (number, len) in [0, 1, 256 << 10, (256 << 10) + 1, BIG]
        .into_iter()
        .enumerate()
    {
        let bytes = pattern(len, 1);
        let blob = ingest(&world, &world.alice, &bytes, u64::MAX)
            .await
            .unwrap();
        assert_eq!((blob.size, blob.digest), (len as u64, Digest::of(&bytes)));
        assert_eq!(blob.inline.is_some(), len <= 256 << 10);
        let uid = world
            .one(put_blob(drive, &format!("{number}"), &blob))
            .await
            .uid;
        drop(blob);
        let body = world
            .store
            .open_message(&world.alice, drive, uid, Part::Body)
            .await
            .unwrap();
        assert_eq!(body.digest, Digest::of(&bytes));
        assert_eq!(all(&body, 0, body.size).await, bytes);
        let whole = world
            .store
            .open_message(&world.alice, drive, uid, Part::Whole)
            .await
            .unwrap();
        assert_eq!(whole.digest, Digest::default());
        let expected = [HEADER.as_bytes(), &bytes].concat();
        assert_eq!(all(&whole, 0, whole.size).await, expected);
        assert_eq!(
            whole.source.read(5, 40).await.unwrap(),
            expected[5.min(expected.len())..45.min(expected.len())]
        );
        assert!(body.source.read(len as u64, 10).await.unwrap().is_empty());
        assert_eq!(world.body(drive, uid).await, bytes);
    }
    // Bytes at hand may be big, too; and a range of them is what it should be.
    let bytes = pattern(BIG, 2);
    let uid = world.one(put_in(drive, "big", bytes.clone())).await.uid;
    let body = world
        .store
        .open_message(&world.alice, drive, uid, Part::Body)
        .await
        .unwrap();
    assert_eq!(
        all(&body, 1_000_000, 2_500_000).await,
        bytes[1_000_000..2_500_000]
    );
    assert_sound(&world).await;
}

pub async fn what_is_too_large_is_not_taken_in(engine: &dyn Engine) {
    let world = World::new(engine).await;
    for (len, max) in [(1001, 1000), (BIG, 1 << 20)] {
        let refused = ingest(&world, &world.alice, &pattern(len, 1), max).await;
        assert_eq!(refused.unwrap_err(), Error::TooLarge(max));
    }
    // A client that goes away leaves nothing.
    let broken = stream::iter([
        Ok(pattern(BIG, 1)),
        Err(Error::Invalid("the client went away".into())),
    ]);
    let refused = world
        .store
        .ingest(&world.alice, Box::pin(broken), u64::MAX)
        .await;
    assert!(matches!(refused.unwrap_err(), Error::Invalid(_)));
}

pub async fn the_same_big_body_is_shared_until_its_last_link_goes(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let drive = world.drive;
    let bytes = pattern(BIG, 3);
    let one = ingest(&world, &world.alice, &bytes, u64::MAX)
        .await
        .unwrap();
    let two = ingest(&world, &world.alice, &bytes, u64::MAX)
        .await
        .unwrap();
    let a = world.one(put_blob(drive, "a", &one)).await.uid;
    let b = world.one(put_blob(drive, "b", &two)).await.uid;
    // A linked body is linked again without taking it in again.
    let body = world
        .store
        .open_message(&world.alice, drive, a, Part::Body)
        .await
        .unwrap();
    let c = world.one(put_blob(drive, "c", &body)).await.uid;
    for uid in [a, b] {
        world
            .one(Change::Remove {
                mailbox: drive,
                uid,
            })
            .await;
    }
    world.store.expire().await.unwrap();
    assert_eq!(world.body(drive, c).await, bytes);
    let open = world
        .store
        .open_message(&world.alice, drive, c, Part::Body)
        .await
        .unwrap();
    world
        .one(Change::Remove {
            mailbox: drive,
            uid: c,
        })
        .await;
    // Whoever has it open reads it to its end.
    assert_eq!(all(&open, 0, open.size).await, bytes);
    assert_sound(&world).await;
}

pub async fn a_kept_blob_survives_until_it_expires(engine: &dyn Engine) {
    let limits = StoreLimits {
        upload_allowance: BIG as u64 + 1000,
        ..StoreLimits::default()
    };
    let world = World::with(engine, limits.clone()).await;
    let small = pattern(900, 4);
    let big = pattern(BIG, 5);
    for bytes in [&small, &big] {
        let blob = ingest(&world, &world.alice, bytes, u64::MAX).await.unwrap();
        let missing = world.store.open_blob(&world.alice, blob.digest).await;
        assert_eq!(missing.unwrap_err(), Error::NotFound);
        world.store.keep(&world.alice, &blob).await.unwrap();
        world.store.keep(&world.alice, &blob).await.unwrap();
    }
    let more = ingest(&world, &world.alice, &pattern(200, 6), u64::MAX)
        .await
        .unwrap();
    let refused = world.store.keep(&world.alice, &more).await;
    assert_eq!(refused.unwrap_err(), Error::OverQuota(100));
    let alice = world.alice.clone();
    let (bob, drive) = (world.bob.clone(), world.drive);
    drop(world);
    let store = engine.open(StoreLimits {
        upload_expiry_ms: -1,
        ..limits
    });
    for bytes in [&small, &big] {
        let digest = Digest::of(bytes);
        let blob = store.open_blob(&alice, digest).await.unwrap();
        assert_eq!(all(&blob, 0, blob.size).await, **bytes);
        let others = store.open_blob(&bob, digest).await;
        assert_eq!(others.unwrap_err(), Error::NotFound);
        store
            .commit(&alice, batch([put_blob(drive, &digest.to_hex(), &blob)]))
            .await
            .unwrap();
        // Kept again, it expires at once; its message does not.
        store.keep(&alice, &blob).await.unwrap();
    }
    // What has expired counts no more, although it is still there.
    let bytes = pattern(BIG, 7);
    let stream = Box::pin(stream::iter([Ok(bytes)]));
    let blob = store.ingest(&alice, stream, u64::MAX).await.unwrap();
    store.keep(&alice, &blob).await.unwrap();
    store.expire().await.unwrap();
    assert!(store.open_blob(&alice, Digest::of(&big)).await.is_ok());
    assert_eq!(store.check(false).await.unwrap().problems, [""; 0]);
}

pub async fn a_body_is_opened_by_its_digest_by_whoever_may_read_it(engine: &dyn Engine) {
    let world = World::new(engine).await;
    world.put("a", "secret").await;
    let digest = Digest::of(b"secret");
    assert!(world.store.open_blob(&world.alice, digest).await.is_ok());
    let refused = world.store.open_blob(&world.bob, digest).await;
    assert_eq!(refused.unwrap_err(), Error::NotFound);
    world.share(world.drive, Rights::LOOKUP).await;
    assert!(world.store.open_blob(&world.bob, digest).await.is_err());
    world
        .share(world.drive, Rights::LOOKUP | Rights::READ)
        .await;
    let blob = world.store.open_blob(&world.bob, digest).await.unwrap();
    assert_eq!(blob.inline.unwrap(), "secret");
    let nothing = world.store.open_blob(&world.alice, Digest::default()).await;
    assert!(nothing.is_err());
}

pub async fn a_batch_that_fails_leaves_its_bodies_to_be_put_again(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let drive = world.drive;
    let bytes = pattern(BIG, 7);
    let blob = ingest(&world, &world.alice, &bytes, u64::MAX)
        .await
        .unwrap();
    let gone = Change::Remove {
        mailbox: drive,
        uid: 9,
    };
    let failing = [put_blob(drive, "a", &blob), gone];
    assert!(world.commit(&world.alice, failing).await.is_err());
    let uid = world.one(put_blob(drive, "a", &blob)).await.uid;
    world.store.expire().await.unwrap();
    assert_eq!(world.body(drive, uid).await, bytes);
}

pub async fn bulk_reads_are_bounded(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let mut uids = Vec::new();
    for number in 0..3 {
        let bytes = pattern(BIG, number);
        let put = put_in(world.drive, &format!("{number}"), bytes);
        uids.push(world.one(put).await.uid);
    }
    let read = world
        .store
        .read(&world.alice, world.drive, &uids, Part::Body)
        .await;
    assert_eq!(read.unwrap_err(), Error::TooLarge(8 << 20));
    let uids = [uids[1], 99, uids[0]];
    let read = world
        .store
        .read(&world.alice, world.drive, &uids, Part::Body)
        .await
        .unwrap();
    let lens: Vec<usize> = read.iter().map(Bytes::len).collect();
    assert_eq!(lens, [BIG, 0, BIG]);
}

pub async fn bulk_reads_answer_in_the_order_asked(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let mut uids = Vec::new();
    for number in 0..12 {
        uids.push(world.put(&number.to_string(), &number.to_string()).await);
    }
    // What is replaced is gone under its old uid.
    for number in [2, 6, 7] {
        world.put(&number.to_string(), "another").await;
    }
    let read = async |places: &[usize]| -> Vec<String> {
        let asked: Vec<_> = places.iter().map(|at| uids[*at]).collect();
        let read = world
            .store
            .read(&world.alice, world.drive, &asked, Part::Body);
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        read.await.unwrap().iter().map(text).collect()
    };
    assert_eq!(read(&[0, 1, 2, 3]).await, ["0", "1", "", "3"]);
    assert_eq!(read(&[5, 6, 7]).await, ["5", "", ""], "gone at the end");
    assert_eq!(read(&[6, 8, 10, 11]).await, ["", "8", "10", "11"]);
    assert_eq!(read(&[11, 0, 9, 9, 2]).await, ["11", "0", "9", "9", ""]);
    assert_eq!(read(&[]).await, [""; 0]);
}
