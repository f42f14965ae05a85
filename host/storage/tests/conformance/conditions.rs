//! Conditions, names and what collides with them.

use crate::world::*;
use bytes::Bytes;
use storage::{Change, Condition, Content, Error, Key, KeyValue, Target, UniqueScope};

fn put_if(mailbox: i64, name: &str, condition: Condition) -> Change {
    Change::Put {
        target: Target::Mailbox(mailbox),
        put: storage::Put {
            condition,
            ..put(name, "x")
        },
    }
}

pub async fn a_free_name_must_be_free(engine: &dyn Engine) {
    let world = World::new(engine).await;
    world.one(put_if(world.drive, "a", Condition::Free)).await;
    world.create(&world.alice, "user/alice/#drive/sub").await;
    for name in ["a", "sub"] {
        let refused = world
            .refused(&world.alice, put_if(world.drive, name, Condition::Free))
            .await;
        assert_eq!(refused, Error::Exists, "{name}");
    }
}

pub async fn an_unchanged_name_must_have_its_uid(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let uid = world.put("a", "1").await;
    let made = world
        .one(put_if(world.drive, "a", Condition::Unchanged(uid)))
        .await;
    assert!(made.replaced && made.uid > uid);
    for (name, condition) in [
        ("a", Condition::Unchanged(uid)),
        ("b", Condition::Unchanged(uid)),
    ] {
        let refused = world
            .refused(&world.alice, put_if(world.drive, name, condition))
            .await;
        assert_eq!(refused, Error::Conflict);
    }
}

pub async fn a_message_and_a_mailbox_never_share_a_name(engine: &dyn Engine) {
    let world = World::new(engine).await;
    world.put("file", "1").await;
    let sub = world.create(&world.alice, "user/alice/#drive/sub").await;
    for change in [
        put_in(world.drive, "sub", "1"),
        create("user/alice/#drive/file"),
        create("user/alice/#drive/sub"),
        Change::RenameMailbox {
            mailbox: sub,
            path: path("user/alice/#drive/file"),
        },
    ] {
        assert_eq!(world.refused(&world.alice, change).await, Error::Exists);
    }
}

pub async fn a_state_that_was_read_must_still_hold(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let modseq = world.modseq(&world.alice, world.drive).await;
    let expect = |modseq| Change::ExpectModseq {
        mailbox: world.drive,
        modseq,
    };
    // The batch's own changes do not count.
    world
        .commit(
            &world.alice,
            [put_in(world.drive, "a", "1"), expect(modseq)],
        )
        .await
        .unwrap();
    assert_eq!(
        world.refused(&world.alice, expect(modseq)).await,
        Error::Conflict
    );
    let modseq = world.modseq(&world.alice, world.drive).await;
    world.one(expect(modseq)).await;
    world
        .one(Change::Annotate {
            mailbox: world.drive,
            uid: None,
            annotation: private("color", "red"),
        })
        .await;
    // The principal's own annotations are part of the state.
    assert_eq!(
        world.refused(&world.alice, expect(modseq)).await,
        Error::Conflict
    );
    let modseq = world.modseq(&world.alice, world.drive).await;
    world.one(expect(modseq)).await;
}

pub async fn a_key_must_be_the_only_one_of_its_owner_and_type(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let other = world.create(&world.alice, "user/alice/#drive/other").await;
    let with_key = |mailbox, name: &str, value: &str| Change::Put {
        target: Target::Mailbox(mailbox),
        put: storage::Put {
            keys: vec![key("object", value)],
            ..put(name, "x")
        },
    };
    let within = |scope, mailbox, name: Option<&str>, value: &str| Change::ExpectUnique {
        mailbox,
        name: name.map(str::to_owned),
        key: key("object", value),
        scope,
    };
    let unique = |mailbox, name, value| within(UniqueScope::Owner, mailbox, name, value);
    let uid = world.one(with_key(world.drive, "a", "one")).await.uid;
    // It may replace itself.
    world
        .commit(
            &world.alice,
            [
                unique(world.drive, Some("a"), "one"),
                with_key(world.drive, "a", "one"),
            ],
        )
        .await
        .unwrap();
    let refused = world
        .refused(&world.alice, unique(other, Some("b"), "one"))
        .await;
    let Error::DuplicateKey(duplicate) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(duplicate.mailbox, path("user/alice/#drive"));
    assert!(duplicate.name.as_deref() == Some("a") && duplicate.uid > uid);
    world.one(unique(other, None, "two")).await;
    // In a mailbox of its own it may be there once more.
    let alone = |mailbox, name| within(UniqueScope::Mailbox, mailbox, name, "one");
    world.one(alone(other, Some("b"))).await;
    world.one(alone(world.drive, Some("a"))).await;
    let refused = world
        .refused(&world.alice, alone(world.drive, Some("b")))
        .await;
    assert!(matches!(refused, Error::DuplicateKey(_)), "{refused:?}");
    // Of another type, or another owner, it is no duplicate.
    world
        .one(Change::CreateMailbox {
            path: path("user/alice/#cards"),
            mailbox_type: "cards".into(),
            grants: None,
        })
        .await;
    let cards = world.id(&world.alice, "user/alice/#cards").await;
    world.one(unique(cards, None, "one")).await;
    let bobs = world.create(&world.bob, "user/bob/#drive").await;
    world
        .commit(&world.bob, [unique(bobs, None, "one")])
        .await
        .unwrap();
}

pub async fn malformed_arguments_are_refused(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let drive = world.drive;
    let uid = world.put("a", "1").await;
    let bad = |change: storage::Put| Change::Put {
        target: Target::Mailbox(drive),
        put: change,
    };
    let changes = [
        put_in(drive, "..", "1"),
        put_in(drive, "a\u{1}b", "1"),
        create("user/alice/#drive/."),
        create("user/alice/#drive/"),
        bad(storage::Put {
            flags: vec!["two words".into()],
            ..put("f", "x")
        }),
        bad(storage::Put {
            content_type: "text/plain\r\nX: y".into(),
            ..put("f", "x")
        }),
        bad(storage::Put {
            keys: vec![Key {
                name: "when".into(),
                value: KeyValue::Interval(2, 1),
            }],
            ..put("f", "x")
        }),
        Change::Annotate {
            mailbox: drive,
            uid: Some(uid),
            annotation: shared("", "x"),
        },
        Change::AnnotateOutcome {
            change: 9,
            annotation: shared("a", "x"),
        },
        Change::Put {
            target: Target::Created(3),
            put: put("f", "x"),
        },
    ];
    for change in changes {
        let what = format!("{change:?}");
        let refused = world.refused(&world.alice, change).await;
        assert!(matches!(refused, Error::Invalid(_)), "{what}: {refused:?}");
    }
    let big = Bytes::from(vec![0; 70_000]);
    let refused = world
        .refused(
            &world.alice,
            Change::Annotate {
                mailbox: drive,
                uid: None,
                annotation: storage::Annotation {
                    value: Some(big),
                    ..shared("big", "")
                },
            },
        )
        .await;
    assert_eq!(refused, Error::TooLarge(64 << 10));
}

pub async fn a_message_larger_than_the_limit_is_refused(engine: &dyn Engine) {
    let limits = storage::StoreLimits {
        message_size_max: 1000,
        ..storage::StoreLimits::default()
    };
    let world = World::with(engine, limits).await;
    let put = storage::Put {
        content: Content::Bytes(Bytes::from(vec![0; 1001])),
        ..put("a", "")
    };
    let refused = world
        .refused(
            &world.alice,
            Change::Put {
                target: Target::Mailbox(world.drive),
                put,
            },
        )
        .await;
    assert_eq!(refused, Error::TooLarge(1000));
}
