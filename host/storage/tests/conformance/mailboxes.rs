//! Mailboxes: their tree, their listings, their changes.

use crate::world::*;
use storage::{Change, Error, ListScope, Part, Rights, StoreLimits, Target};

async fn listed(world: &World, actor: &storage::Actor, scope: ListScope) -> Vec<String> {
    let found = world
        .store
        .list_mailboxes(actor, &scope, None, None, 100)
        .await
        .unwrap();
    found.iter().map(|status| status.path.0.join("/")).collect()
}

pub async fn mailboxes_are_created_below_others_and_homes_without(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let deep = create("user/alice/#drive/a/b");
    assert_eq!(world.refused(&world.alice, deep).await, Error::NotFound);
    for (who, text) in [
        (&world.alice, "user/bob/#drive"),
        (&world.anyone, "user/alice/#x"),
        (&world.alice, "shared"),
        (&world.admin, "user"),
    ] {
        let refused = world.refused(who, create(text)).await;
        assert_eq!(refused, Error::NotFound, "{text}");
    }
    world.create(&world.admin, "shared").await;
    world.create(&world.admin, "user/bob/#drive").await;
    let status = world
        .store
        .open(&world.alice, &path("user/alice/#drive"))
        .await
        .unwrap();
    assert_eq!(status.owner.as_deref(), Some("alice"));
    assert_eq!(status.id.len(), 32);
    assert_eq!(status.rights, Rights::ALL);
    assert_eq!(status.mailbox_type, "files");
}

pub async fn listings_have_parents_first_and_page(engine: &dyn Engine) {
    let world = World::new(engine).await;
    for text in ["b", "a", "a/x", "a!", "a/x/y"] {
        world
            .create(&world.alice, &format!("user/alice/#drive/{text}"))
            .await;
    }
    let root = path("user/alice/#drive");
    let tree = listed(&world, &world.alice, ListScope::Tree(root.clone())).await;
    let tail: Vec<&str> = tree
        .iter()
        .map(|text| text.trim_start_matches("user/alice/#drive/"))
        .collect();
    assert_eq!(tail, ["a", "a/x", "a/x/y", "a!", "b"]);
    let children = listed(&world, &world.alice, ListScope::Children(root.clone())).await;
    assert_eq!(children.len(), 3);
    let homes = listed(
        &world,
        &world.alice,
        ListScope::Children(path("user/alice")),
    )
    .await;
    assert_eq!(homes, ["user/alice/#drive"]);
    let scope = ListScope::Tree(root);
    let mut after = None;
    let mut paged = Vec::new();
    loop {
        let page = world
            .store
            .list_mailboxes(&world.alice, &scope, Some("files"), after.as_ref(), 2)
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.path.clone());
        paged.extend(page.iter().map(|status| status.path.0.join("/")));
    }
    assert_eq!(paged, tree);
    let none = world
        .store
        .list_mailboxes(&world.alice, &scope, Some("cards"), None, 10)
        .await
        .unwrap();
    assert!(none.is_empty());
}

pub async fn a_renamed_tree_keeps_its_ids_and_what_is_in_it(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let a = world.create(&world.alice, "user/alice/#drive/a").await;
    let inner = world.create(&world.alice, "user/alice/#drive/a/in").await;
    let uid = world.one(put_in(inner, "f", "text")).await.uid;
    let before = world.store.status(&world.alice, inner).await.unwrap();
    world
        .one(Change::RenameMailbox {
            mailbox: a,
            path: path("user/alice/#drive/b"),
        })
        .await;
    let after = world.store.status(&world.alice, inner).await.unwrap();
    assert_eq!(after.path, path("user/alice/#drive/b/in"));
    assert_eq!(after.id, before.id);
    assert!(after.modseq > before.modseq);
    assert_eq!(world.body(inner, uid).await, "text");
    let gone = world
        .store
        .open(&world.alice, &path("user/alice/#drive/a/in"))
        .await;
    assert_eq!(gone.unwrap_err(), Error::NotFound);
    let into_itself = Change::RenameMailbox {
        mailbox: a,
        path: path("user/alice/#drive/b/in/deeper"),
    };
    assert!(matches!(
        world.refused(&world.alice, into_itself).await,
        Error::Invalid(_)
    ));
}

pub async fn a_copied_tree_has_everything_but_rights(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let a = world.create(&world.alice, "user/alice/#drive/a").await;
    let inner = world.create(&world.alice, "user/alice/#drive/a/in").await;
    world.share(inner, Rights::LOOKUP | Rights::READ).await;
    let put = storage::Put {
        flags: vec!["\\Flagged".into()],
        keys: vec![
            key("k", "v"),
            storage::Key {
                name: "w".into(),
                value: storage::KeyValue::Words("brown fox".into()),
            },
        ],
        ..put("f", "text")
    };
    let uid = world
        .one(Change::Put {
            target: Target::Mailbox(inner),
            put,
        })
        .await
        .uid;
    for (uid, annotation) in [
        (Some(uid), shared("color", "red")),
        (Some(uid), private("mine", "1")),
        (None, shared("title", "In")),
    ] {
        world
            .one(Change::Annotate {
                mailbox: inner,
                uid,
                annotation,
            })
            .await;
    }
    world
        .one(Change::CopyMailbox {
            mailbox: a,
            path: path("user/alice/#drive/c"),
            deep: true,
        })
        .await;
    let copy = world.id(&world.alice, "user/alice/#drive/c/in").await;
    let message = world.find(copy, "f").await.unwrap();
    assert_eq!(message.flags, ["\\Flagged"]);
    assert_eq!(message.annotations, 2);
    assert_eq!(world.body(copy, message.uid).await, "text");
    let annotations = world
        .store
        .mailbox_annotations(&world.alice, copy, "")
        .await
        .unwrap();
    assert_eq!(annotations.len(), 1);
    for test in [
        storage::Test::Equal("v".into()),
        storage::Test::Words("fox".into()),
    ] {
        let key = if matches!(test, storage::Test::Words(_)) {
            "w"
        } else {
            "k"
        };
        let query = storage::Query {
            all_of: vec![vec![storage::Term {
                key: key.into(),
                test,
                negated: false,
            }]],
            limit: 10,
            ..storage::Query::default()
        };
        let found = world
            .store
            .search(&world.alice, storage::SearchScope::Mailbox(copy), &query)
            .await
            .unwrap();
        assert_eq!(found.found.len(), 1, "{key}");
    }
    let hidden = world.store.status(&world.bob, copy).await;
    assert_eq!(hidden.unwrap_err(), Error::NotFound);
    // The original may go, the copy stays.
    world.one(Change::DeleteMailbox { mailbox: a }).await;
    assert_eq!(world.body(copy, message.uid).await, "text");
    let shallow = world.create(&world.alice, "user/alice/#drive/s").await;
    world.create(&world.alice, "user/alice/#drive/s/in").await;
    world
        .one(Change::CopyMailbox {
            mailbox: shallow,
            path: path("user/alice/#drive/t"),
            deep: false,
        })
        .await;
    let scope = ListScope::Tree(path("user/alice/#drive/t"));
    assert!(listed(&world, &world.alice, scope).await.is_empty());
    assert_sound(&world).await;
}

pub async fn changes_of_mailboxes_name_what_came_and_went(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let a = world.create(&world.alice, "user/alice/#drive/a").await;
    let b = world.create(&world.alice, "user/alice/#drive/b").await;
    world.create(&world.alice, "user/alice/#drive/b/in").await;
    let since = world
        .store
        .status(&world.alice, world.drive)
        .await
        .unwrap()
        .owner_modseq;
    world.one(put_in(a, "f", "1")).await;
    world.one(Change::DeleteMailbox { mailbox: b }).await;
    let changes = |since, deep| {
        let (store, alice, drive) = (world.store.clone(), world.alice.clone(), world.drive);
        async move {
            store
                .mailbox_changes(&alice, drive, since, deep, 100)
                .await
                .map(|changes| {
                    changes
                        .iter()
                        .map(|change| {
                            let sign = if change.removed { "-" } else { "" };
                            format!("{sign}{}", change.path.0[3..].join("/"))
                        })
                        .collect::<Vec<_>>()
                })
        }
    };
    assert_eq!(changes(since, false).await.unwrap(), ["a", "-b"]);
    assert_eq!(changes(since, true).await.unwrap(), ["a", "-b", "-b/in"]);
    assert_eq!(changes(0, true).await.unwrap(), ["a"]);
    assert_eq!(
        changes(since + 1000, true).await.unwrap_err(),
        Error::TooOld
    );
    // What is there again is not gone.
    world.create(&world.alice, "user/alice/#drive/b").await;
    assert_eq!(changes(since, true).await.unwrap(), ["a", "-b/in", "b"]);
}

pub async fn a_tree_given_to_another_owner_starts_over_there(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let bobs = world.create(&world.bob, "user/bob/#drive").await;
    let a = world.create(&world.alice, "user/alice/#drive/a").await;
    world.one(put_in(a, "f", "text")).await;
    world.one(put_in(a, "g", "text")).await;
    world
        .commit(
            &world.bob,
            [Change::SetRights {
                mailbox: bobs,
                grants: vec![grant("alice", Rights::ALL)],
            }],
        )
        .await
        .unwrap();
    world
        .one(Change::RenameMailbox {
            mailbox: a,
            path: path("user/bob/#drive/a"),
        })
        .await;
    let status = world.store.status(&world.bob, a).await.unwrap();
    assert_eq!(status.owner.as_deref(), Some("bob"));
    assert_eq!(world.changes(&world.bob, a, 0).await.len(), 2);
    let usage = |mailbox| {
        let (store, admin) = (world.store.clone(), world.admin.clone());
        async move { store.usage(&admin, mailbox).await.unwrap().messages }
    };
    assert_eq!((usage(world.drive).await, usage(bobs).await), (0, 2));
    assert_sound(&world).await;
}

pub async fn what_a_batch_creates_can_be_filled_and_annotated(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let outcomes = world
        .commit(
            &world.alice,
            [
                create("user/alice/#drive/new"),
                Change::Put {
                    target: Target::Created(0),
                    put: put("f", "text"),
                },
                Change::AnnotateOutcome {
                    change: 0,
                    annotation: shared("title", "New"),
                },
                Change::AnnotateOutcome {
                    change: 1,
                    annotation: shared("color", "red"),
                },
            ],
        )
        .await
        .unwrap();
    let new = world.id(&world.alice, "user/alice/#drive/new").await;
    assert_eq!(outcomes[0].modseq, outcomes[3].modseq);
    assert_eq!(world.find(new, "f").await.unwrap().annotations, 1);
    let blob = world
        .store
        .open_message(&world.alice, new, outcomes[1].uid, Part::Header)
        .await
        .unwrap();
    assert_eq!(blob.inline.unwrap(), HEADER);
}

pub async fn subscriptions_belong_to_a_principal(engine: &dyn Engine) {
    let world = World::new(engine).await;
    world.share(world.drive, Rights::LOOKUP).await;
    let subscribe = |subscribed| Change::Subscribe {
        mailbox: world.drive,
        subscribed,
    };
    world.commit(&world.bob, [subscribe(true)]).await.unwrap();
    let list = |actor: storage::Actor| {
        let store = world.store.clone();
        async move {
            store
                .list_mailboxes(&actor, &ListScope::Subscribed, None, None, 10)
                .await
                .unwrap()
                .len()
        }
    };
    assert_eq!(list(world.bob.clone()).await, 1);
    assert_eq!(list(world.alice.clone()).await, 0);
    world.commit(&world.bob, [subscribe(false)]).await.unwrap();
    assert_eq!(list(world.bob.clone()).await, 0);
    let refused = world.refused(&world.anyone, subscribe(true)).await;
    assert!(matches!(refused, Error::Forbidden(_)));
}

/// `chapar check` finds nothing.
pub async fn assert_sound(world: &World) {
    let report = world.store.check(false).await.unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
}

pub async fn a_tree_goes_to_another_owner_with_all_rights_or_not_at_all(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let a = world.create(&world.alice, "user/alice/#drive/a").await;
    let inner = world.create(&world.alice, "user/alice/#drive/a/in").await;
    world.create(&world.bob, "user/bob/#drive").await;
    let all = Rights::LOOKUP | Rights::READ | Rights::DELETE_MAILBOX | Rights::CREATE;
    world.share(world.drive, all).await;
    world.share(a, all).await;
    let to = |text: &str| Change::RenameMailbox {
        mailbox: a,
        path: path(text),
    };
    // What is hidden, what can only be read, and what can only be deleted stay where they are.
    for (rights, missing) in [
        (Rights::LOOKUP | Rights::READ, Rights::DELETE_MAILBOX),
        (Rights::LOOKUP | Rights::DELETE_MAILBOX, Rights::READ),
    ] {
        world.share(inner, rights).await;
        let refused = world.refused(&world.bob, to("user/bob/#drive/mine")).await;
        assert!(matches!(refused, Error::Forbidden(rights) if rights.contains(missing)));
    }
    let hidden = Change::SetRights {
        mailbox: inner,
        grants: Vec::new(),
    };
    world.one(hidden).await;
    for place in ["user/bob/#drive/mine", "user/alice/#drive/a2"] {
        let refused = world.refused(&world.bob, to(place)).await;
        assert!(matches!(refused, Error::Forbidden(_)), "{place}: {refused}");
    }
    world.share(inner, all).await;
    // To be let into a folder is not to be given it: that takes as much of what it lies in.
    world
        .share(world.drive, Rights::LOOKUP | Rights::READ | Rights::CREATE)
        .await;
    let refused = world.refused(&world.bob, to("user/bob/#drive/mine")).await;
    assert_eq!(refused, Error::Forbidden(Rights::DELETE_MAILBOX));
    world.share(world.drive, all).await;
    world
        .commit(&world.bob, [to("user/bob/#drive/mine")])
        .await
        .unwrap();
    let status = world.store.status(&world.bob, inner).await.unwrap();
    assert_eq!(status.path, path("user/bob/#drive/mine/in"));
}

pub async fn nothing_comes_to_lie_deeper_than_a_path_may_be(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let mut deep = "user/alice/#drive".to_owned();
    let mut root = world.drive;
    for number in 0..30 {
        deep.push_str("/d");
        let made = world.create(&world.alice, &deep).await;
        if number == 0 {
            root = made;
        }
    }
    let mut other = "user/alice/#drive".to_owned();
    for _ in 0..40 {
        other.push_str("/e");
        world.create(&world.alice, &other).await;
    }
    let path = path(&format!("{other}/d"));
    for change in [
        Change::RenameMailbox {
            mailbox: root,
            path: path.clone(),
        },
        Change::CopyMailbox {
            mailbox: root,
            path: path.clone(),
            deep: true,
        },
    ] {
        let refused = world.refused(&world.alice, change).await;
        assert!(matches!(refused, Error::Invalid(_)), "{refused}");
    }
    assert!(world.store.status(&world.alice, root).await.is_ok());
}

pub async fn an_owner_has_so_many_mailboxes_and_no_more(engine: &dyn Engine) {
    let limits = StoreLimits {
        mailboxes_max: 5,
        ..StoreLimits::default()
    };
    let world = World::with(engine, limits).await;
    let a = world.create(&world.alice, "user/alice/#drive/a").await;
    world.create(&world.alice, "user/alice/#drive/a/in").await;
    let copy = |to: &str| Change::CopyMailbox {
        mailbox: a,
        path: path(to),
        deep: true,
    };
    world.one(copy("user/alice/#drive/b")).await;
    for change in [create("user/alice/#drive/c"), copy("user/alice/#drive/c")] {
        assert_eq!(world.refused(&world.alice, change).await, Error::TooMany(5));
    }
    // Others have room of their own, until they are given more than fits.
    world.create(&world.bob, "user/bob/#drive").await;
    for name in ["a", "b", "c"] {
        world
            .create(&world.bob, &format!("user/bob/#drive/{name}"))
            .await;
    }
    let all = Rights::LOOKUP | Rights::READ | Rights::DELETE_MAILBOX;
    for place in [
        "user/alice/#drive",
        "user/alice/#drive/a",
        "user/alice/#drive/a/in",
    ] {
        let mailbox = world.id(&world.alice, place).await;
        world.share(mailbox, all).await;
    }
    let give = Change::RenameMailbox {
        mailbox: a,
        path: path("user/bob/#drive/given"),
    };
    assert_eq!(world.refused(&world.bob, give).await, Error::TooMany(5));
}
