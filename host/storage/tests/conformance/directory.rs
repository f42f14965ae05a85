//! The directory, and what is forgotten with a principal.

use crate::world::*;
use storage::{Change, Credentials, Error, Kind, Principal, Rights, StoreLimits};

fn principal(id: &str, kind: Kind, addresses: &[&str]) -> Principal {
    Principal {
        id: id.into(),
        kind,
        display_name: format!("The {id}"),
        addresses: addresses.iter().map(|&text| text.to_owned()).collect(),
    }
}

pub async fn principals_are_found_by_name_address_and_text(engine: &dyn Engine) {
    let store = engine.open(StoreLimits::default());
    let alice = principal("alice", Kind::User, &["Alice@Example.org", "a@example.org"]);
    let room = principal("room-1", Kind::Room, &["room@example.org"]);
    for principal in [&alice, &room] {
        store.put_principal(principal).await.unwrap();
    }
    assert_eq!(store.principal("alice").await.unwrap(), alice);
    let found = store.principal_by_address("alice@EXAMPLE.org").await;
    assert_eq!(found.unwrap(), alice);
    for missing in ["bob", "Alice", ""] {
        assert_eq!(store.principal(missing).await, Err(Error::NotFound));
    }
    let search = |text: &'static str, kind, after| {
        let store = store.clone();
        async move {
            let found = store
                .search_principals(text, kind, after, 10)
                .await
                .unwrap();
            found.into_iter().map(|found| found.id).collect::<Vec<_>>()
        }
    };
    assert_eq!(search("", None, None).await, ["alice", "room-1"]);
    assert_eq!(search("THE AL", None, None).await, ["alice"]);
    assert_eq!(search("example", Some(Kind::Room), None).await, ["room-1"]);
    assert_eq!(search("", None, Some("alice")).await, ["room-1"]);
    assert_eq!(search("%", None, None).await, [""; 0]);
    let taken = principal("bob", Kind::User, &["A@example.org"]);
    assert_eq!(store.put_principal(&taken).await, Err(Error::Exists));
    assert_eq!(store.principal("bob").await, Err(Error::NotFound));
    for bad in ["", "a\nb", ".."] {
        let refused = store.put_principal(&principal(bad, Kind::User, &[])).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{bad:?}");
    }
}

pub async fn credentials_stay_when_a_principal_is_put_again(engine: &dyn Engine) {
    let store = engine.open(StoreLimits::default());
    let credentials = Credentials {
        argon2id: "$argon2id$".into(),
        scram_sha_256: "4096$".into(),
        scram_sha_1: String::new(),
    };
    let missing = store.set_credentials("alice", &credentials).await;
    assert_eq!(missing, Err(Error::NotFound));
    let alice = principal("alice", Kind::User, &[]);
    store.put_principal(&alice).await.unwrap();
    assert_eq!(store.credentials("alice").await, Ok(Credentials::default()));
    store.set_credentials("alice", &credentials).await.unwrap();
    store.put_principal(&alice).await.unwrap();
    assert_eq!(store.credentials("alice").await, Ok(credentials));
}

pub async fn groups_hold_principals_and_groups_but_not_themselves(engine: &dyn Engine) {
    let store = engine.open(StoreLimits::default());
    for (id, kind) in [
        ("alice", Kind::User),
        ("staff", Kind::Group),
        ("all", Kind::Group),
    ] {
        store
            .put_principal(&principal(id, kind, &[]))
            .await
            .unwrap();
    }
    let set = |group: &'static str, members: &'static [&'static str]| {
        let store = store.clone();
        async move {
            let members: Vec<String> = members.iter().map(|&text| text.to_owned()).collect();
            store.set_members(group, &members).await
        }
    };
    set("staff", &["alice"]).await.unwrap();
    set("all", &["staff"]).await.unwrap();
    assert_eq!(store.groups("alice").await.unwrap(), ["all", "staff"]);
    assert_eq!(store.members("all").await.unwrap(), ["staff"]);
    for (group, members) in [
        ("staff", &["all"][..]),
        ("staff", &["staff"]),
        ("staff", &["nobody"]),
        ("alice", &["staff"]),
    ] {
        assert!(matches!(set(group, members).await, Err(Error::Invalid(_))));
    }
    assert_eq!(set("nobody", &[]).await, Err(Error::NotFound));
    assert_eq!(store.members("staff").await.unwrap(), ["alice"]);
    assert_eq!(store.groups("nobody").await, Err(Error::NotFound));
}

pub async fn a_home_is_of_a_principal_that_is_there(engine: &dyn Engine) {
    let world = World::new(engine).await;
    for home in ["user/bob/#calendars", "user/bob/#drive", "user/bob"] {
        world.store.remove_principal("bob").await.unwrap();
        let moved = Change::RenameMailbox {
            mailbox: world.drive,
            path: path(home),
        };
        // By requests that began before, and by whoever may make homes for others.
        for (who, change) in [
            (&world.bob, create(home)),
            (&world.admin, create(home)),
            (&world.admin, moved),
        ] {
            let refused = world.commit(who, [change]).await.unwrap_err();
            assert_eq!(refused.error, Error::NotFound, "{home}");
        }
        let bob = principal("bob", Kind::User, &[]);
        world.store.put_principal(&bob).await.unwrap();
        let found = world.store.open(&world.bob, &path(home)).await;
        assert_eq!(found.unwrap_err(), Error::NotFound);
        world.create(&world.bob, home).await;
    }
    crate::mailboxes::assert_sound(&world).await;
}

pub async fn a_principal_goes_with_everything_it_owns(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let store = &world.store;
    for id in ["alice", "bob"] {
        let address = format!("{id}@example.org");
        let principal = principal(id, Kind::User, &[&address]);
        store.put_principal(&principal).await.unwrap();
    }
    let bobs = world.create(&world.bob, "user/bob/#drive").await;
    world.create(&world.bob, "user/bob/#drive/sub").await;
    world
        .commit(&world.bob, [put_in(bobs, "a", "1")])
        .await
        .unwrap();
    let uid = world.put("a", "1").await;
    world
        .share(world.drive, Rights::LOOKUP | Rights::READ)
        .await;
    let annotation = Change::Annotate {
        mailbox: world.drive,
        uid: Some(uid),
        annotation: private("x", "y"),
    };
    world.commit(&world.bob, [annotation]).await.unwrap();
    store.remove_principal("bob").await.unwrap();
    assert_eq!(store.remove_principal("bob").await, Err(Error::NotFound));
    assert!(store.principal_by_address("bob@example.org").await.is_err());
    let open = store.open(&world.bob, &path("user/bob/#drive")).await;
    assert_eq!(open.unwrap_err(), Error::NotFound);
    let status = store.status(&world.bob, world.drive).await;
    assert_eq!(status.unwrap_err(), Error::NotFound);
    crate::mailboxes::assert_sound(&world).await;
}
