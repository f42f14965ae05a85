//! Endpoints: durable, their owner's alone, behind when something watched has changed.

use crate::world::*;
use bytes::Bytes;
use storage::{
    Credentials, ENDPOINTS_MAX, Endpoint, EndpointKeys, EndpointTarget, Error, Kind, NewEndpoint,
    Pace, Posted, Principal, QueuedEndpoint, Topic,
};

const HOUR_MS: i64 = 3_600_000;

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(now.unwrap().as_millis()).unwrap()
}

fn new(principal: &str, name: &str, topics: &[Topic], first: &'static str) -> NewEndpoint {
    NewEndpoint {
        principal: principal.into(),
        module: "jmap".into(),
        endpoint: Endpoint {
            name: name.into(),
            topics: topics.to_vec(),
            token: Bytes::from_static(b"token"),
            expires: now() + HOUR_MS,
            version: 0,
        },
        target: EndpointTarget {
            url: format!("https://push.test/{name}"),
            content_type: "application/json".into(),
            keys: Some(EndpointKeys {
                public_key: Bytes::from_static(&[4; 65]),
                auth_secret: Bytes::from_static(&[5; 16]),
            }),
            server_key: Bytes::from_static(b"key"),
        },
        first: Bytes::from_static(first.as_bytes()),
    }
}

fn owner(name: &str) -> Topic {
    Topic::Owner(name.into())
}

fn pace(due: i64) -> Pace {
    Pace {
        due,
        attempts: 0,
        slowed: 0,
    }
}

async fn make(world: &World, new: NewEndpoint) {
    world.store.create_endpoint(new).await.unwrap();
}

async fn behind(world: &World, owners: Option<&[&str]>) -> Vec<i64> {
    let owners: Option<Vec<String>> =
        owners.map(|names| names.iter().map(|&name| name.to_owned()).collect());
    let found = world.store.endpoints_behind(owners.as_deref()).await;
    found.unwrap().into_iter().map(|(id, _)| id).collect()
}

async fn read(world: &World, id: i64) -> QueuedEndpoint {
    world.store.endpoint(id).await.unwrap()
}

async fn told(world: &World, id: i64, version: u64) {
    let seen = read(world, id).await.behind;
    let posted = Posted::Told {
        version,
        since: 7,
        token: Bytes::from_static(b"told"),
        seen,
        pace: pace(9),
    };
    world.store.finish_endpoint(id, posted).await.unwrap();
}

pub async fn the_first_message_comes_before_what_changes(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let mut feed = world.store.feed();
    make(&world, new("alice", "a", &[], "verify")).await;
    let [id] = feed.try_recv().unwrap().endpoints[..] else {
        panic!("the feed does not tell of it");
    };
    assert_eq!(behind(&world, None).await, [id]);
    let queued = read(&world, id).await;
    assert_eq!(queued.first.as_deref(), Some(&b"verify"[..]));
    assert_eq!(queued.target.url, "https://push.test/a");
    let keys = queued.target.keys.unwrap();
    assert_eq!((keys.public_key.len(), keys.auth_secret.len()), (65, 16));
    // It fails, and is tried again later.
    let later = Pace {
        due: 5,
        attempts: 1,
        slowed: 60_000,
    };
    let posted = Posted::Later(later);
    world.store.finish_endpoint(id, posted).await.unwrap();
    assert_eq!(read(&world, id).await.pace, later);
    let found = world.store.endpoints_behind(None).await.unwrap();
    assert_eq!(found, [(id, 5)]);
    let posted = Posted::First(pace(6));
    world.store.finish_endpoint(id, posted).await.unwrap();
    assert!(behind(&world, None).await.is_empty());
    assert!(read(&world, id).await.first.is_none());
    world.put("one", "x").await;
    assert!(behind(&world, None).await.is_empty(), "it waits for nobody");
}

pub async fn what_is_watched_makes_it_due_until_it_was_told(engine: &dyn Engine) {
    let world = World::new(engine).await;
    world.put("one", "x").await;
    make(&world, new("alice", "a", &[owner("alice")], "")).await;
    make(&world, new("bob", "b", &[owner("bob")], "")).await;
    // What its module had seen nobody knows: it is asked once.
    let ids = behind(&world, Some(&["alice"])).await;
    let [id] = ids[..] else {
        panic!("{ids:?}");
    };
    let queued = read(&world, id).await;
    assert_eq!(queued.behind.len(), 1);
    told(&world, id, queued.endpoint.version).await;
    assert!(behind(&world, None).await.is_empty());
    assert_eq!(&read(&world, id).await.endpoint.token[..], b"told");
    world.put("two", "x").await;
    assert_eq!(behind(&world, Some(&["alice", "bob"])).await, [id]);
    assert!(behind(&world, Some(&["bob"])).await.is_empty());
    // What the module said of an older version does not count.
    let queued = read(&world, id).await;
    let changed = Endpoint {
        token: Bytes::from_static(b"new"),
        ..queued.endpoint.clone()
    };
    let update = world.store.update_endpoint("alice", "jmap", &changed);
    update.await.unwrap();
    told(&world, id, queued.endpoint.version).await;
    assert_eq!(behind(&world, None).await, [id]);
    assert_eq!(&read(&world, id).await.endpoint.token[..], b"new");
    let again = world.store.update_endpoint("alice", "jmap", &changed).await;
    assert_eq!(again, Err(Error::Conflict));
}

pub async fn they_are_their_principals_and_modules_alone(engine: &dyn Engine) {
    let world = World::new(engine).await;
    make(&world, new("alice", "a", &[owner("alice")], "")).await;
    let taken = world
        .store
        .create_endpoint(new("alice", "a", &[], ""))
        .await;
    assert_eq!(taken, Err(Error::Exists));
    make(&world, new("bob", "a", &[], "")).await;
    let listed = world.store.endpoints("alice", "jmap").await.unwrap();
    let [mine] = &listed[..] else {
        panic!("{listed:?}");
    };
    assert_eq!(mine.topics, [owner("alice")]);
    for (principal, module) in [("bob", "webdav"), ("alice", "webdav")] {
        assert!(
            world
                .store
                .endpoints(principal, module)
                .await
                .unwrap()
                .is_empty()
        );
        let update = world.store.update_endpoint(principal, module, mine);
        assert_eq!(update.await, Err(Error::NotFound));
        assert!(
            !world
                .store
                .remove_endpoint(principal, module, "a")
                .await
                .unwrap()
        );
    }
    let remove = || world.store.remove_endpoint("alice", "jmap", "a");
    assert!(remove().await.unwrap());
    assert!(!remove().await.unwrap());
    assert_eq!(world.store.endpoints("bob", "jmap").await.unwrap().len(), 1);
}

pub async fn there_are_bounds(engine: &dyn Engine) {
    let world = World::new(engine).await;
    for number in 0..ENDPOINTS_MAX {
        make(&world, new("alice", &number.to_string(), &[], "")).await;
    }
    let more = world
        .store
        .create_endpoint(new("alice", "more", &[], ""))
        .await;
    assert_eq!(more, Err(Error::TooMany(ENDPOINTS_MAX as u64)));
    for expires in [now() - 1, now() + 100 * 24 * HOUR_MS] {
        let mut wrong = new("bob", "b", &[], "");
        wrong.endpoint.expires = expires;
        let made = world.store.create_endpoint(wrong).await;
        assert!(matches!(made, Err(Error::Invalid(_))), "{made:?}");
    }
    let mut long = new("bob", "b", &[], "");
    long.endpoint.token = vec![0; 5000].into();
    let made = world.store.create_endpoint(long).await;
    assert_eq!(made, Err(Error::TooLarge(4096)));
}

pub async fn they_go_with_what_they_hang_on(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let of = async |name: &str| world.store.endpoints(name, "jmap").await.unwrap().len();
    for name in ["alice", "bob"] {
        let principal = Principal {
            id: name.into(),
            kind: Kind::User,
            display_name: name.into(),
            addresses: Vec::new(),
        };
        world.store.put_principal(&principal).await.unwrap();
        make(&world, new(name, "a", &[], "x")).await;
    }
    // RFC 8620 §7.2: they are tied to the credentials.
    let credentials = Credentials::default();
    let set = world.store.set_credentials("alice", &credentials);
    set.await.unwrap();
    assert_eq!((of("alice").await, of("bob").await), (0, 1));
    world.store.remove_principal("bob").await.unwrap();
    assert!(behind(&world, None).await.is_empty());
    // Another key of the server's makes them useless.
    make(&world, new("alice", "a", &[], "x")).await;
    let retain = |key: &'static [u8]| world.store.retain_endpoints(Bytes::from_static(key));
    retain(b"key").await.unwrap();
    assert_eq!(of("alice").await, 1);
    retain(b"other").await.unwrap();
    assert_eq!(of("alice").await, 0);
    make(&world, new("alice", "a", &[], "x")).await;
    let ids = behind(&world, None).await;
    world
        .store
        .finish_endpoint(ids[0], Posted::Gone)
        .await
        .unwrap();
    assert_eq!(of("alice").await, 0);
    let gone = world.store.endpoint(ids[0]).await.err();
    assert_eq!(gone, Some(Error::NotFound));
}
