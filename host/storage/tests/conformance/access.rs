//! Rights: who may do what.

use crate::world::*;
use storage::{Actor, Change, Condition, Error, Grant, Identifier, ListScope, Rights};

pub async fn a_stranger_sees_nothing_and_a_reader_only_reads(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let uid = world.put("a", "1").await;
    let drive = world.drive;
    let path = path("user/alice/#drive");
    for stranger in [&world.bob, &world.anyone] {
        let open = world.store.open(stranger, &path).await;
        assert_eq!(open.unwrap_err(), Error::NotFound);
        let list = world.store.list(stranger, drive, 0, 10, NAMES).await;
        assert_eq!(list.unwrap_err(), Error::NotFound);
        let refused = world.refused(stranger, put_in(drive, "b", "1")).await;
        assert_eq!(refused, Error::NotFound);
    }
    world.share(drive, Rights::LOOKUP).await;
    let list = world.store.list(&world.bob, drive, 0, 10, NAMES).await;
    assert_eq!(list.unwrap_err(), Error::Forbidden(Rights::READ));
    world.share(drive, Rights::LOOKUP | Rights::READ).await;
    let list = world.store.list(&world.bob, drive, 0, 10, NAMES).await;
    assert_eq!(list.unwrap().entries.len(), 1);
    let flags = |flag: &str| Change::SetFlags {
        mailbox: drive,
        uid,
        add: vec![flag.to_owned()],
        remove: Vec::new(),
    };
    for (change, missing) in [
        (put_in(drive, "b", "1"), Rights::INSERT),
        (
            Change::Remove {
                mailbox: drive,
                uid,
            },
            Rights::DELETE_MESSAGE | Rights::EXPUNGE,
        ),
        (flags("\\Seen"), Rights::KEEP_SEEN),
        (flags("\\Deleted"), Rights::DELETE_MESSAGE),
        (flags("\\Flagged"), Rights::WRITE),
        (create("user/alice/#drive/sub"), Rights::CREATE),
        (
            Change::DeleteMailbox { mailbox: drive },
            Rights::DELETE_MAILBOX,
        ),
        (
            Change::SetRights {
                mailbox: drive,
                grants: Vec::new(),
            },
            Rights::ADMINISTER,
        ),
        (
            Change::Annotate {
                mailbox: drive,
                uid: None,
                annotation: shared("a", "b"),
            },
            Rights::WRITE,
        ),
        (
            Change::Lock {
                mailbox: drive,
                name: None,
                request: lock_request(storage::Exclusion::Shared, false),
            },
            Rights::WRITE,
        ),
    ] {
        let what = format!("{change:?}");
        let refused = world.refused(&world.bob, change).await;
        assert_eq!(refused, Error::Forbidden(missing), "{what}");
    }
    let grants = world.store.grants(&world.bob, drive).await;
    assert_eq!(grants.unwrap_err(), Error::Forbidden(Rights::ADMINISTER));
}

pub async fn replacing_takes_the_rights_to_remove(engine: &dyn Engine) {
    let world = World::new(engine).await;
    world.put("a", "1").await;
    world
        .share(world.drive, Rights::LOOKUP | Rights::READ | Rights::INSERT)
        .await;
    world
        .commit(&world.bob, [put_in(world.drive, "b", "1")])
        .await
        .unwrap();
    let refused = world
        .refused(&world.bob, put_in(world.drive, "a", "2"))
        .await;
    assert_eq!(
        refused,
        Error::Forbidden(Rights::DELETE_MESSAGE | Rights::EXPUNGE)
    );
}

pub async fn grants_add_up_and_negative_ones_take_away(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let positive = |identifier, rights| Grant {
        identifier,
        rights,
        negative: false,
    };
    let read = Rights::LOOKUP | Rights::READ;
    world
        .one(Change::SetRights {
            mailbox: world.drive,
            grants: vec![
                positive(Identifier::Anyone, Rights::LOOKUP),
                positive(Identifier::Authenticated, Rights::READ),
                positive(Identifier::Group("staff".into()), Rights::INSERT),
                positive(Identifier::Principal("bob".into()), Rights::POST),
                Grant {
                    identifier: Identifier::Principal("carol".into()),
                    rights: Rights::READ,
                    negative: true,
                },
            ],
        })
        .await;
    let staff = Actor {
        groups: vec!["others".into(), "staff".into()],
        ..actor("dave")
    };
    for (who, rights) in [
        (&world.anyone, Rights::LOOKUP),
        (&actor("eve"), read),
        (&staff, read | Rights::INSERT),
        (&world.bob, read | Rights::POST),
        (&actor("carol"), Rights::LOOKUP),
        (&world.alice, Rights::ALL),
    ] {
        let status = world.store.status(who, world.drive).await.unwrap();
        assert_eq!(status.rights, rights, "{who:?}");
    }
}

pub async fn an_owner_never_loses_control(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let negative = |identifier| Grant {
        identifier,
        rights: Rights::ALL,
        negative: true,
    };
    world
        .one(Change::SetRights {
            mailbox: world.drive,
            grants: vec![negative(Identifier::Anyone)],
        })
        .await;
    let status = world.store.status(&world.alice, world.drive).await.unwrap();
    assert_eq!(status.rights, Rights::ALL);
    world
        .one(Change::SetRights {
            mailbox: world.drive,
            grants: vec![negative(Identifier::Principal("alice".into()))],
        })
        .await;
    let status = world.store.status(&world.alice, world.drive).await.unwrap();
    assert_eq!(status.rights, Rights::LOOKUP | Rights::ADMINISTER);
    world
        .one(Change::SetRights {
            mailbox: world.drive,
            grants: Vec::new(),
        })
        .await;
}

pub async fn a_new_mailbox_inherits_or_is_given_rights(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let read = Rights::LOOKUP | Rights::READ;
    world.share(world.drive, read | Rights::CREATE).await;
    let sub = world.create(&world.bob, "user/alice/#drive/sub").await;
    let status = world.store.status(&world.bob, sub).await.unwrap();
    assert_eq!(status.owner.as_deref(), Some("alice"));
    assert_eq!(status.rights, read | Rights::CREATE);
    let given = |text: &str| Change::CreateMailbox {
        path: path(text),
        mailbox_type: "files".into(),
        grants: Some(vec![grant("bob", Rights::ALL)]),
    };
    // Whoever may create may not give away what is not theirs.
    let refused = world
        .refused(&world.bob, given("user/alice/#drive/x"))
        .await;
    assert_eq!(refused, Error::Forbidden(Rights::ADMINISTER));
    world.one(given("user/alice/#drive/x")).await;
    let x = world.id(&world.bob, "user/alice/#drive/x").await;
    assert_eq!(
        world.store.status(&world.bob, x).await.unwrap().rights,
        Rights::ALL
    );
}

pub async fn shared_mailboxes_are_listed_to_whom_they_are_shared(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let sub = world.create(&world.alice, "user/alice/#drive/sub").await;
    world.create(&world.bob, "user/bob/#drive").await;
    world.share(sub, Rights::LOOKUP | Rights::READ).await;
    let shared = |actor: Actor| {
        let store = world.store.clone();
        async move {
            let found = store
                .list_mailboxes(&actor, &ListScope::Shared, None, None, 10)
                .await
                .unwrap();
            found
                .iter()
                .map(|status| status.mailbox)
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(shared(world.bob.clone()).await, [sub]);
    assert!(shared(world.alice.clone()).await.is_empty());
    assert!(shared(world.anyone.clone()).await.is_empty());
    world
        .one(Change::SetRights {
            mailbox: sub,
            grants: vec![Grant {
                identifier: Identifier::Group("a \"quoted\\ group".into()),
                rights: Rights::LOOKUP,
                negative: false,
            }],
        })
        .await;
    let grouped = Actor {
        groups: vec!["a \"quoted\\ group".into()],
        ..actor("eve")
    };
    assert_eq!(shared(grouped).await, [sub]);
    assert_eq!(shared(world.admin.clone()).await.len(), 3);
}

pub async fn an_administrator_manages_but_does_not_read(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let status = world.store.status(&world.admin, world.drive).await.unwrap();
    assert_eq!(
        status.rights,
        Rights::LOOKUP | Rights::ADMINISTER | Rights::CREATE | Rights::DELETE_MAILBOX
    );
    let list = world
        .store
        .list(&world.admin, world.drive, 0, 1, NAMES)
        .await;
    assert_eq!(list.unwrap_err(), Error::Forbidden(Rights::READ));
}

pub async fn a_read_only_actor_writes_nothing(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let reader = Actor {
        read_only: true,
        ..world.alice.clone()
    };
    let refused = world.refused(&reader, put_in(world.drive, "a", "1")).await;
    assert!(matches!(refused, Error::Forbidden(_)));
    let subscribe = Change::Subscribe {
        mailbox: world.drive,
        subscribed: true,
    };
    assert!(matches!(
        world.refused(&reader, subscribe).await,
        Error::Forbidden(_)
    ));
    assert!(
        world
            .store
            .list(&reader, world.drive, 0, 1, NAMES)
            .await
            .is_ok()
    );
}

pub async fn deleting_a_tree_takes_the_right_on_all_of_it(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let a = world.create(&world.alice, "user/alice/#drive/a").await;
    let hidden = world.create(&world.alice, "user/alice/#drive/a/b").await;
    world
        .share(a, Rights::LOOKUP | Rights::READ | Rights::DELETE_MAILBOX)
        .await;
    world.share(hidden, Rights::default()).await;
    let refused = world
        .refused(&world.bob, Change::DeleteMailbox { mailbox: a })
        .await;
    assert_eq!(refused, Error::Forbidden(Rights::DELETE_MAILBOX));
    let copy = Change::CopyMailbox {
        mailbox: a,
        path: path("user/bob/#drive"),
        deep: true,
    };
    assert_eq!(
        world.refused(&world.bob, copy).await,
        Error::Forbidden(Rights::READ)
    );
    let elsewhere = Change::Copy {
        source: hidden,
        uid: 1,
        target: hidden,
        name: None,
        condition: Condition::None,
    };
    assert_eq!(world.refused(&world.bob, elsewhere).await, Error::NotFound);
}
