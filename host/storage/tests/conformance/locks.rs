//! Locks: taken, checked, kept by their holders.

use crate::world::*;
use storage::Exclusion::{Exclusive, Shared};
use storage::{Actor, Batch, Change, Condition, Error, Exclusion, MailboxId, Rights};

async fn lock(
    world: &World,
    actor: &Actor,
    mailbox: MailboxId,
    name: Option<&str>,
    exclusion: Exclusion,
    deep: bool,
) -> Result<String, Error> {
    let change = Change::Lock {
        mailbox,
        name: name.map(str::to_owned),
        request: lock_request(exclusion, deep),
    };
    let outcomes = world.commit(actor, [change]).await;
    Ok(outcomes
        .map_err(|failure| failure.error)?
        .remove(0)
        .lock_token)
}

async fn with_token(
    world: &World,
    actor: &Actor,
    token: &str,
    change: Change,
) -> Result<(), Error> {
    let batch = Batch {
        tokens: vec![token.to_owned()],
        changes: vec![change],
    };
    let result = world.store.commit(actor, batch).await;
    result.map(|_| ()).map_err(|failure| failure.error)
}

async fn shared_world(engine: &dyn Engine) -> World {
    let world = World::new(engine).await;
    world.share(world.drive, Rights::ALL).await;
    world
}

pub async fn a_locked_name_is_changed_by_its_holder_only(engine: &dyn Engine) {
    let world = shared_world(engine).await;
    let drive = world.drive;
    let uid = world.put("a", "1").await;
    let token = lock(&world, &world.alice, drive, Some("a"), Exclusive, false)
        .await
        .unwrap();
    assert!(token.starts_with("urn:uuid:"));
    let changes = [
        put_in(drive, "a", "2"),
        Change::SetFlags {
            mailbox: drive,
            uid,
            add: vec!["x".into()],
            remove: Vec::new(),
        },
        Change::Annotate {
            mailbox: drive,
            uid: Some(uid),
            annotation: shared("x", "y"),
        },
        Change::Remove {
            mailbox: drive,
            uid,
        },
    ];
    for change in changes {
        let locked = Error::Locked(token.clone());
        // Without the token, or with the token of another, even the owner is stopped.
        assert_eq!(world.refused(&world.alice, change.clone()).await, locked);
        let stolen = with_token(&world, &world.bob, &token, change.clone()).await;
        assert_eq!(stolen.unwrap_err(), locked);
    }
    world.put("b", "1").await;
    let private_one = Change::Annotate {
        mailbox: drive,
        uid: Some(uid),
        annotation: private("x", "y"),
    };
    world.commit(&world.bob, [private_one]).await.unwrap();
    with_token(&world, &world.alice, &token, put_in(drive, "a", "2"))
        .await
        .unwrap();
    let held = world
        .store
        .locks(&world.bob, drive, Some("a"), false)
        .await
        .unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].principal.as_deref(), Some("alice"));
    assert_eq!(held[0].mailbox, path("user/alice/#drive"));
    // Removing takes the lock along.
    let uid = world.find(drive, "a").await.unwrap().uid;
    let remove = Change::Remove {
        mailbox: drive,
        uid,
    };
    with_token(&world, &world.alice, &token, remove)
        .await
        .unwrap();
    world.put("a", "3").await;
}

pub async fn a_lock_on_a_mailbox_guards_its_membership(engine: &dyn Engine) {
    let world = shared_world(engine).await;
    let drive = world.drive;
    let uid = world.put("a", "1").await;
    let sub = world.create(&world.alice, "user/alice/#drive/sub").await;
    let token = lock(&world, &world.alice, drive, None, Exclusive, false)
        .await
        .unwrap();
    let locked = Error::Locked(token.clone());
    let comes_or_goes = [
        put_in(drive, "new", "1"),
        put_in(drive, "", "nameless"),
        create("user/alice/#drive/other"),
        Change::Remove {
            mailbox: drive,
            uid,
        },
        Change::DeleteMailbox { mailbox: sub },
        Change::RenameMailbox {
            mailbox: sub,
            path: path("user/alice/#drive/renamed"),
        },
        Change::SetRights {
            mailbox: drive,
            grants: Vec::new(),
        },
    ];
    for change in comes_or_goes {
        let what = format!("{change:?}");
        assert_eq!(world.refused(&world.bob, change).await, locked, "{what}");
    }
    // What is in it may change, and so may what lies deeper.
    let inside = [put_in(drive, "a", "2"), put_in(sub, "new", "1")];
    world.commit(&world.bob, inside).await.unwrap();
    with_token(&world, &world.alice, &token, put_in(drive, "new", "1"))
        .await
        .unwrap();
}

pub async fn a_deep_lock_guards_everything_below(engine: &dyn Engine) {
    let world = shared_world(engine).await;
    let sub = world.create(&world.alice, "user/alice/#drive/sub").await;
    let token = lock(&world, &world.alice, world.drive, None, Exclusive, true)
        .await
        .unwrap();
    let locked = Error::Locked(token.clone());
    let change = put_in(sub, "new", "1");
    assert_eq!(world.refused(&world.bob, change.clone()).await, locked);
    with_token(&world, &world.alice, &token, change)
        .await
        .unwrap();
    let taken = lock(&world, &world.bob, sub, Some("x"), Shared, false).await;
    assert_eq!(taken.unwrap_err(), locked);
    let held = world
        .store
        .locks(&world.bob, sub, Some("new"), false)
        .await
        .unwrap();
    assert_eq!(held[0].token, token);
    // It can be refreshed and given up from below.
    let refresh = Change::RefreshLock {
        mailbox: sub,
        token: token.clone(),
        expires: i64::MAX,
    };
    assert!(matches!(
        world.refused(&world.bob, refresh.clone()).await,
        Error::Forbidden(_)
    ));
    world.one(refresh).await;
    world
        .one(Change::Unlock {
            mailbox: sub,
            token: token.clone(),
        })
        .await;
    let gone = Change::Unlock {
        mailbox: sub,
        token,
    };
    assert_eq!(world.refused(&world.alice, gone).await, Error::Conflict);
}

pub async fn shared_locks_stand_together_and_keep_exclusive_ones_out(engine: &dyn Engine) {
    let world = shared_world(engine).await;
    let drive = world.drive;
    world.put("a", "1").await;
    let alices = lock(&world, &world.alice, drive, Some("a"), Shared, false)
        .await
        .unwrap();
    let bobs = lock(&world, &world.bob, drive, Some("a"), Shared, false)
        .await
        .unwrap();
    let exclusive = lock(&world, &world.bob, drive, Some("a"), Exclusive, false).await;
    assert!(matches!(exclusive.unwrap_err(), Error::Locked(_)));
    let deep = lock(&world, &world.bob, drive, None, Exclusive, true).await;
    assert!(matches!(deep.unwrap_err(), Error::Locked(_)));
    for (who, token) in [(&world.alice, &alices), (&world.bob, &bobs)] {
        with_token(&world, who, token, put_in(drive, "a", "2"))
            .await
            .unwrap();
    }
    assert!(matches!(
        world.refused(&world.alice, put_in(drive, "a", "3")).await,
        Error::Locked(_)
    ));
}

pub async fn trees_with_locks_inside_do_not_go_or_move(engine: &dyn Engine) {
    let world = shared_world(engine).await;
    let a = world.create(&world.alice, "user/alice/#drive/a").await;
    let b = world.create(&world.alice, "user/alice/#drive/a/b").await;
    let token = lock(&world, &world.alice, b, Some("f"), Exclusive, false)
        .await
        .unwrap();
    let rename = Change::RenameMailbox {
        mailbox: a,
        path: path("user/alice/#drive/c"),
    };
    for change in [Change::DeleteMailbox { mailbox: a }, rename.clone()] {
        let locked = Error::Locked(token.clone());
        assert_eq!(world.refused(&world.bob, change).await, locked);
    }
    with_token(&world, &world.alice, &token, rename)
        .await
        .unwrap();
    // Locks do not move.
    let held = world
        .store
        .locks(&world.alice, a, None, true)
        .await
        .unwrap();
    assert!(held.is_empty());
}

pub async fn a_lock_can_be_taken_on_a_name_that_is_free(engine: &dyn Engine) {
    let world = shared_world(engine).await;
    let drive = world.drive;
    let token = lock(&world, &world.alice, drive, Some("new"), Exclusive, false)
        .await
        .unwrap();
    let locked = Error::Locked(token.clone());
    let uid = world.put("a", "1").await;
    for change in [
        put_in(drive, "new", "1"),
        create("user/alice/#drive/new"),
        Change::Copy {
            source: drive,
            uid,
            target: drive,
            name: Some("new".into()),
            condition: Condition::None,
        },
    ] {
        assert_eq!(world.refused(&world.bob, change).await, locked);
    }
    let below = world.store.locks(&world.bob, drive, None, true).await;
    assert_eq!(below.unwrap().len(), 1);
}

pub async fn locks_end_and_are_counted(engine: &dyn Engine) {
    let limits = storage::StoreLimits {
        lock_ms_max: 1,
        locks_max: 2,
        ..storage::StoreLimits::default()
    };
    let world = World::with(engine, limits).await;
    let drive = world.drive;
    lock(&world, &world.alice, drive, Some("a"), Exclusive, false)
        .await
        .unwrap();
    let now = std::time::Instant::now();
    while now.elapsed().as_millis() < 5 {
        tokio::task::yield_now().await;
    }
    world.put("a", "1").await;
    world.store.expire().await.unwrap();
    drop(world);
    let limits = storage::StoreLimits {
        locks_max: 2,
        ..storage::StoreLimits::default()
    };
    let store = engine.open(limits);
    let request = |name: &str| {
        batch([Change::Lock {
            mailbox: drive,
            name: Some(name.to_owned()),
            request: lock_request(Exclusive, false),
        }])
    };
    store.commit(&actor("alice"), request("a")).await.unwrap();
    store.commit(&actor("alice"), request("b")).await.unwrap();
    let refused = store.commit(&actor("alice"), request("c")).await;
    assert_eq!(refused.unwrap_err().error, Error::TooMany(2));
}

/// All of them are told with each resource that they cover.
pub async fn a_name_has_so_many_shared_locks(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let request = lock_request(storage::Exclusion::Shared, true);
    let lock = |name: Option<&str>| Change::Lock {
        mailbox: world.drive,
        name: name.map(str::to_owned),
        request: request.clone(),
    };
    for _ in 0..32 {
        world.one(lock(None)).await;
    }
    for name in [None, Some("below")] {
        assert_eq!(
            world.refused(&world.alice, lock(name)).await,
            Error::TooMany(32)
        );
    }
}
