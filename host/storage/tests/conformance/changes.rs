//! Modseqs, tombstones, and pages of changes.

use crate::mailboxes::assert_sound;
use crate::world::*;
use storage::{Change, Condition, Error, Fields, Put, Rights, StoreLimits, Target};

pub async fn one_counter_runs_over_all_mailboxes_of_an_owner(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let other = world.create(&world.alice, "user/alice/#cards").await;
    let bobs = world.create(&world.bob, "user/bob/#drive").await;
    let first = world.one(put_in(world.drive, "a", "1")).await.modseq;
    let second = world.one(put_in(other, "b", "1")).await.modseq;
    assert_eq!(second, first + 1);
    let status = world.store.status(&world.alice, world.drive).await.unwrap();
    assert_eq!((status.modseq, status.owner_modseq), (first, second));
    let bob = world.store.status(&world.bob, bobs).await.unwrap();
    assert_eq!(bob.owner_modseq, 1);
    // All changes of a batch share one.
    let outcomes = world
        .commit(
            &world.alice,
            [put_in(world.drive, "c", "1"), put_in(other, "d", "1")],
        )
        .await
        .unwrap();
    assert_eq!(outcomes[0].modseq, second + 1);
    assert_eq!(outcomes[1].modseq, second + 1);
}

pub async fn changes_name_what_came_changed_and_went(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let drive = world.drive;
    let a = world.put("a", "1").await;
    let b = world.put("b", "1").await;
    world.put("c", "1").await;
    let since = world.modseq(&world.alice, drive).await;
    assert!(world.changes(&world.alice, drive, since).await.is_empty());
    world
        .one(Change::SetFlags {
            mailbox: drive,
            uid: b,
            add: vec!["\\Seen".into()],
            remove: Vec::new(),
        })
        .await;
    world
        .one(Change::Remove {
            mailbox: drive,
            uid: a,
        })
        .await;
    world.put("c", "2").await;
    world.put("d", "1").await;
    assert_eq!(
        world.changes(&world.alice, drive, since).await,
        ["b", "-a", "c", "d"]
    );
    // From the start there is no need to know what went.
    assert_eq!(world.changes(&world.alice, drive, 0).await, ["b", "c", "d"]);
    // What is there again under its name is not gone.
    world.put("a", "2").await;
    assert_eq!(
        world.changes(&world.alice, drive, since).await,
        ["b", "c", "d", "a"]
    );
}

pub async fn pages_carry_flags_to_whoever_asks(engine: &dyn Engine) {
    let world = World::new(engine).await;
    for (name, flags) in [
        ("a", ""),
        ("b", "\\Seen work"),
        ("c", "\\Seen"),
        ("d", "\\Seen work"),
    ] {
        let flags = flags.split_terminator(' ').map(str::to_owned).collect();
        let put = Put {
            flags,
            ..put(name, "1")
        };
        let target = Target::Mailbox(world.drive);
        world.one(Change::Put { target, put }).await;
    }
    let (store, alice, drive) = (&world.store, &world.alice, world.drive);
    let fields = Fields {
        flags: true,
        ..NAMES
    };
    let list = store.list(alice, drive, 0, 10, fields).await.unwrap();
    let changes = store.changes(alice, drive, 0, 10, fields).await.unwrap();
    for page in [list, changes] {
        let told = page.entries.iter().map(|entry| {
            let (start, len) = (entry.flags.start as usize, entry.flags.len as usize);
            (name(&page, entry), &page.text[start..start + len])
        });
        let told: Vec<(String, &str)> = told.collect();
        let told: Vec<(&str, &str)> = told.iter().map(|(name, flags)| (&**name, *flags)).collect();
        assert_eq!(
            told,
            [
                ("a", ""),
                ("b", "\\Seen work"),
                ("c", "\\Seen"),
                ("d", "\\Seen work")
            ]
        );
    }
    let unasked = store.list(alice, drive, 0, 10, NAMES).await.unwrap();
    assert_eq!(unasked.text, "abcd");
}

pub async fn a_page_of_changes_never_cuts_a_batch(engine: &dyn Engine) {
    let world = World::new(engine).await;
    for group in 0..5 {
        let changes: Vec<Change> = (0..7)
            .map(|number| put_in(world.drive, &format!("{group}-{number}"), "x"))
            .collect();
        world.commit(&world.alice, changes).await.unwrap();
    }
    let mut since = 0;
    let mut seen = Vec::new();
    loop {
        let page = world
            .store
            .changes(&world.alice, world.drive, since, 10, NAMES)
            .await
            .unwrap();
        seen.extend(page.entries.iter().map(|entry| name(&page, entry)));
        since = page.entries.last().map_or(since, |entry| entry.modseq);
        if !page.more {
            break;
        }
        assert!(page.entries.len() >= 10 && page.entries.len() % 7 == 0);
    }
    assert_eq!(seen.len(), 35);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 35);
}

pub async fn a_big_batch_takes_further_modseqs(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let changes: Vec<Change> = (0..2500)
        .map(|number| put_in(world.drive, &format!("{number}"), "x"))
        .collect();
    world.commit(&world.alice, changes).await.unwrap();
    world
        .one(Change::CopyMailbox {
            mailbox: world.drive,
            path: path("user/alice/#copy"),
            deep: true,
        })
        .await;
    let copy = world.id(&world.alice, "user/alice/#copy").await;
    for mailbox in [world.drive, copy] {
        let page = world
            .store
            .changes(&world.alice, mailbox, 0, 1, NAMES)
            .await
            .unwrap();
        assert!(
            page.more && page.entries.len() <= 1000,
            "{}",
            page.entries.len()
        );
        let mut since = 0;
        let mut count = 0;
        loop {
            let page = world
                .store
                .changes(&world.alice, mailbox, since, 1000, NAMES)
                .await
                .unwrap();
            count += page.entries.len();
            let Some(last) = page.entries.last() else {
                break;
            };
            since = last.modseq;
        }
        assert_eq!(count, 2500);
    }
    assert_sound(&world).await;
}

pub async fn listings_page_by_uid(engine: &dyn Engine) {
    let world = World::new(engine).await;
    for number in 0..25 {
        world.put(&format!("{number:02}"), "x").await;
    }
    let mut after = 0;
    let mut names = Vec::new();
    loop {
        let page = world
            .store
            .list(&world.alice, world.drive, after, 10, NAMES)
            .await
            .unwrap();
        names.extend(page.entries.iter().map(|entry| name(&page, entry)));
        after = page.entries.last().map_or(after, |entry| entry.uid);
        if !page.more {
            break;
        }
    }
    assert_eq!(names.len(), 25);
    assert!(names.is_sorted());
    let uids: Vec<u32> = (0..2001).collect();
    let many = world.store.get(&world.alice, world.drive, &uids).await;
    assert_eq!(many.unwrap_err(), Error::TooMany(2000));
}

pub async fn expired_tombstones_are_admitted(engine: &dyn Engine) {
    let limits = StoreLimits {
        tombstone_expiry_ms: -1,
        ..StoreLimits::default()
    };
    let world = World::with(engine, limits).await;
    let a = world.put("a", "1").await;
    let sub = world.create(&world.alice, "user/alice/#drive/sub").await;
    let since = world
        .store
        .status(&world.alice, world.drive)
        .await
        .unwrap()
        .owner_modseq;
    world
        .one(Change::Remove {
            mailbox: world.drive,
            uid: a,
        })
        .await;
    world.one(Change::DeleteMailbox { mailbox: sub }).await;
    world.store.expire().await.unwrap();
    let changes = world
        .store
        .changes(&world.alice, world.drive, since, 10, NAMES)
        .await;
    assert_eq!(changes.unwrap_err(), Error::TooOld);
    let changes = world
        .store
        .mailbox_changes(&world.alice, world.drive, since, true, 10)
        .await;
    assert_eq!(changes.unwrap_err(), Error::TooOld);
    let status = world.store.status(&world.alice, world.drive).await.unwrap();
    let now = status.owner_modseq;
    assert!(
        world
            .changes(&world.alice, world.drive, now)
            .await
            .is_empty()
    );
}

pub async fn a_replaced_message_keeps_what_belongs_to_its_name(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let drive = world.drive;
    let uid = world.put("a", "1").await;
    let created = world.find(drive, "a").await.unwrap().created;
    world
        .one(Change::SetFlags {
            mailbox: drive,
            uid,
            add: vec!["\\Flagged".into()],
            remove: Vec::new(),
        })
        .await;
    for annotation in [shared("s", "1"), private("p", "1")] {
        world
            .one(Change::Annotate {
                mailbox: drive,
                uid: Some(uid),
                annotation,
            })
            .await;
    }
    let new = world.put("a", "2").await;
    let found = world.find(drive, "a").await.unwrap();
    assert_eq!(found.uid, new);
    assert_eq!(found.created, created);
    assert_eq!(found.flags, ["\\Flagged"]);
    assert_eq!(found.annotations, 2);
    let values = world
        .store
        .message_annotations(&world.alice, drive, &[new, uid], "")
        .await
        .unwrap();
    assert_eq!(values.len(), 2);
    assert_sound(&world).await;
}

pub async fn copies_and_moves_carry_everything(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let drive = world.drive;
    let other = world.create(&world.alice, "user/alice/#other").await;
    let uid = world.put("a", "text").await;
    world.share(drive, Rights::LOOKUP | Rights::READ).await;
    for (who, annotation) in [
        (&world.alice, shared("s", "1")),
        (&world.alice, private("p", "1")),
        (&world.bob, private("p", "2")),
    ] {
        world
            .commit(
                who,
                [Change::Annotate {
                    mailbox: drive,
                    uid: Some(uid),
                    annotation,
                }],
            )
            .await
            .unwrap();
    }
    let since = world
        .store
        .status(&world.alice, drive)
        .await
        .unwrap()
        .owner_modseq;
    let copied = world
        .one(Change::Copy {
            source: drive,
            uid,
            target: other,
            name: Some("b".into()),
            condition: Condition::Free,
        })
        .await;
    assert_eq!(world.body(other, copied.uid).await, "text");
    assert_eq!(world.find(other, "b").await.unwrap().annotations, 2);
    let moved = world
        .one(Change::Move {
            source: drive,
            uid,
            target: other,
            name: Some("b".into()),
            condition: Condition::Unchanged(copied.uid),
        })
        .await;
    assert!(moved.replaced);
    assert_eq!(world.names(drive).await, Vec::<String>::new());
    assert_eq!(world.changes(&world.alice, drive, since).await, ["-a"]);
    assert_eq!(world.changes(&world.alice, other, since).await, ["b"]);
    assert_eq!(world.body(other, moved.uid).await, "text");
    world.share(other, Rights::LOOKUP | Rights::READ).await;
    let bobs = world
        .store
        .message_annotations(&world.bob, other, &[moved.uid], "p")
        .await
        .unwrap();
    assert_eq!(bobs[0].annotation, private("p", "2"));
    let itself = Change::Copy {
        source: other,
        uid: moved.uid,
        target: other,
        name: Some("b".into()),
        condition: Condition::None,
    };
    assert_eq!(world.refused(&world.alice, itself).await, Error::Exists);
    assert_sound(&world).await;
}
