//! Messages without keys: the host finds them, has keys made, and those who wait are told.

use crate::world::*;
use bytes::Bytes;
use storage::{
    Change, Changed, Error, Fields, Indexed, MailboxId, Outreached, Put, Query, SearchScope,
    Target, Term, Test, Uid, Wanted,
};

fn wanted(mailbox: Option<MailboxId>, keys_version: u32) -> Wanted {
    Wanted {
        mailbox_type: "files".into(),
        mailbox,
        uids: Vec::new(),
        keys_version,
    }
}

async fn add(world: &World, name: &str, keys_version: u32) -> Uid {
    let put = Put {
        keys_version,
        ..put(name, name.to_owned())
    };
    let target = Target::Mailbox(world.drive);
    world.one(Change::Put { target, put }).await.uid
}

async fn unindexed(world: &World, wanted: &Wanted, after: (MailboxId, Uid)) -> Vec<Uid> {
    let found = world.store.unindexed(wanted, after, 2).await.unwrap();
    assert!(found.iter().all(|it| it.owner == "alice"));
    found.iter().map(|it| it.uid).collect()
}

async fn index(world: &World, uid: Uid, text: &str, keys_version: u32) {
    let made = Indexed {
        mailbox: world.drive,
        uid,
        keys: vec![key("town", text)],
        keys_version,
    };
    world.store.set_indexed(vec![made]).await.unwrap();
}

async fn found(world: &World, town: &str) -> usize {
    let term = Term {
        key: "town".into(),
        test: Test::Equal(town.into()),
        negated: false,
    };
    let query = Query {
        all_of: vec![vec![term]],
        limit: 10,
        ..Query::default()
    };
    let scope = SearchScope::Mailbox(world.drive);
    let results = world.store.search(&world.alice, scope, &query).await;
    results.unwrap().found.len()
}

pub async fn what_has_no_keys_is_found_and_gets_some(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let (one, two) = (add(&world, "one", 0).await, add(&world, "two", 0).await);
    add(&world, "three", 1).await;
    let four = add(&world, "four", 0).await;
    let all = wanted(None, 1);
    assert_eq!(unindexed(&world, &all, (0, 0)).await, [one, two]);
    assert_eq!(unindexed(&world, &all, (world.drive, two)).await, [four]);
    let here = wanted(Some(world.drive), 1);
    assert_eq!(unindexed(&world, &here, (0, 0)).await, [one, two]);
    let elsewhere = wanted(Some(world.drive + 1), 1);
    assert_eq!(unindexed(&world, &elsewhere, (0, 0)).await, [0; 0]);
    let read = world.store.read_to_index(world.drive, one, 1 << 20);
    assert_eq!(read.await.unwrap(), format!("{HEADER}one"));
    let read = world
        .store
        .read_to_index(world.drive, one, HEADER.len() + 1);
    assert_eq!(read.await.unwrap(), format!("{HEADER}o"));

    let status = world.store.status(&world.alice, world.drive).await.unwrap();
    index(&world, two, "Bern", 1).await;
    assert_eq!(unindexed(&world, &all, (0, 0)).await, [one, four]);
    assert_eq!(found(&world, "Bern").await, 1);
    // Who has looked for it before is told that there is something to be found.
    let since = status.owner_modseq;
    let changes = world
        .store
        .changes(&world.alice, world.drive, since, 10, Fields::default());
    let changed: Vec<Uid> = changes
        .await
        .unwrap()
        .entries
        .iter()
        .map(|e| e.uid)
        .collect();
    assert_eq!(changed, [two]);
    // What is gone meanwhile is in nobody's way.
    index(&world, 99, "Rom", 1).await;
    assert_eq!(found(&world, "Rom").await, 0);
    assert_eq!(world.store.check(false).await.unwrap().problems, [""; 0]);
}

pub async fn a_newer_rule_wants_everything_once(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let (one, two) = (add(&world, "one", 1).await, add(&world, "two", 1).await);
    assert_eq!(unindexed(&world, &wanted(None, 1), (0, 0)).await, [0; 0]);
    assert_eq!(
        unindexed(&world, &wanted(None, 2), (0, 0)).await,
        [one, two]
    );
    let before = world.store.status(&world.alice, world.drive).await.unwrap();
    index(&world, one, "Bern", 2).await;
    index(&world, two, "Bern", 2).await;
    // Newer keys are no state that a client sees.
    let after = world.store.status(&world.alice, world.drive).await.unwrap();
    assert_eq!(before.owner_modseq, after.owner_modseq);
    assert_eq!(unindexed(&world, &wanted(None, 2), (0, 0)).await, [0; 0]);
    world.store.all_indexed("files", 2).await.unwrap();
    // From then on only those without keys are looked for, and older words change nothing.
    add(&world, "late", 1).await;
    world.store.all_indexed("files", 1).await.unwrap();
    assert_eq!(unindexed(&world, &wanted(None, 2), (0, 0)).await, [0; 0]);
    let new = add(&world, "new", 0).await;
    assert_eq!(unindexed(&world, &wanted(None, 2), (0, 0)).await, [new]);
}

pub async fn keys_that_are_refused_leave_the_message_without(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let one = add(&world, "one", 0).await;
    let too_long = "x".repeat(2000);
    index(&world, one, &too_long, 1).await;
    assert_eq!(unindexed(&world, &wanted(None, 1), (0, 0)).await, [0; 0]);
    assert_eq!(found(&world, &too_long).await, 0);
}

pub async fn those_who_wait_are_told_what_was_committed(engine: &dyn Engine) {
    let world = World::new(engine).await;
    add(&world, "before", 1).await;
    let mut feed = world.store.feed();
    add(&world, "one", 1).await;
    let told = |unindexed: &[(MailboxId, &str)]| Changed {
        owners: vec!["alice".to_owned()],
        unindexed: unindexed
            .iter()
            .map(|(id, of)| (*id, (*of).to_owned()))
            .collect(),
        ..Changed::default()
    };
    assert_eq!(*feed.recv().await.unwrap(), told(&[]));
    let two = add(&world, "two", 0).await;
    assert_eq!(*feed.recv().await.unwrap(), told(&[(world.drive, "files")]));
    index(&world, two, "Bern", 1).await;
    assert_eq!(*feed.recv().await.unwrap(), told(&[]));
    // Whoever asked may have gone before it was committed.
    let mut asking = Box::pin(world.commit(&world.alice, [put_in(world.drive, "gone", "x")]));
    let begun = std::future::poll_fn(|cx| std::task::Poll::Ready(asking.as_mut().poll(cx))).await;
    assert!(begun.is_pending());
    drop(asking);
    let message = feed.recv().await.unwrap();
    assert_eq!(message.owners, ["alice"]);
    // What was refused was nothing.
    let bad = put_in(world.drive, "..", Bytes::new());
    assert!(world.commit(&world.alice, [bad]).await.is_err());
    assert!(feed.try_recv().is_err());
}

/// Whoever may read a message may say that its keys do not reach far enough: nothing changes by it.
pub async fn keys_are_asked_to_reach_farther(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let (one, two) = (add(&world, "one", 1).await, add(&world, "two", 1).await);
    add(&world, "three", 1).await;
    let modseq = world.modseq(&world.alice, world.drive).await;
    let mut feed = world.store.feed();
    let extend = |actor: storage::Actor, uids: Vec<Uid>| {
        let (store, drive) = (world.store.clone(), world.drive);
        async move { store.extend_keys(&actor, drive, &uids, 77).await }
    };
    let refused = extend(world.bob.clone(), vec![one]).await;
    assert!(
        matches!(refused, Err(Error::NotFound | Error::Forbidden(_))),
        "{refused:?}"
    );
    let many = extend(world.alice.clone(), vec![one; 2001]).await;
    assert!(matches!(many, Err(Error::TooMany(2000))), "{many:?}");
    assert!(feed.try_recv().is_err());
    extend(world.alice.clone(), vec![one, two]).await.unwrap();
    let told = feed.recv().await.unwrap();
    let outreached = Outreached {
        mailbox: world.drive,
        mailbox_type: "files".into(),
        uids: vec![one, two],
        reach: 77,
    };
    let expected = Changed {
        outreached: vec![outreached],
        ..Changed::default()
    };
    assert_eq!(*told, expected);
    // They are found although they have keys, and keep their modseq when they get others.
    let mut these = wanted(Some(world.drive), 1);
    these.uids = vec![two, one, 1_000_000];
    assert_eq!(unindexed(&world, &these, (0, 0)).await, [one, two]);
    assert_eq!(unindexed(&world, &these, (world.drive, one)).await, [two]);
    index(&world, one, "Bern", 1).await;
    assert_eq!(found(&world, "Bern").await, 1);
    assert_eq!(world.modseq(&world.alice, world.drive).await, modseq);
}
