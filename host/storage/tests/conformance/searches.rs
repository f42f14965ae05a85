//! Searching by keys.

use crate::world::*;
use bytes::Bytes;
use storage::{
    Change, Error, Key, KeyValue, Order, Part, Put, Query, Rights, SearchScope, Target, Term, Test,
};

fn named(name: &str, value: KeyValue) -> Key {
    Key {
        name: name.into(),
        value,
    }
}

fn is(key: &str, test: Test) -> Term {
    Term {
        key: key.into(),
        test,
        negated: false,
    }
}

fn query(all_of: Vec<Vec<Term>>) -> Query {
    Query {
        all_of,
        limit: 100,
        ..Query::default()
    }
}

async fn add(world: &World, mailbox: i64, name: &str, keys: Vec<Key>) {
    let put = Put {
        keys,
        ..put(name, name.to_owned())
    };
    let target = Target::Mailbox(mailbox);
    world.one(Change::Put { target, put }).await;
}

async fn names(world: &World, query: &Query) -> Vec<String> {
    let scope = SearchScope::Mailbox(world.drive);
    let results = world.store.search(&world.alice, scope, query).await;
    results
        .unwrap()
        .found
        .into_iter()
        .map(|found| found.message.name.unwrap())
        .collect()
}

async fn filled(engine: &dyn Engine) -> World {
    let world = World::new(engine).await;
    let rows = [
        ("a", "München", 3, (0, 100), "the quick brown Fox"),
        ("b", "Münster", 1, (100, 200), "a lazy dog"),
        ("c", "Berlin", 2, (150, 150), "quick dogs & a \"cat\""),
        ("d", "Bern", -5, (-1_000_000_000_000, i64::MAX), "Ärger"),
    ];
    for (name, town, size, (start, end), words) in rows {
        let keys = vec![
            named("town", KeyValue::Text(town.into())),
            named("size", KeyValue::Number(size)),
            named("when", KeyValue::Interval(start, end)),
            named("text", KeyValue::Words(words.into())),
        ];
        add(&world, world.drive, name, keys).await;
    }
    add(&world, world.drive, "e", Vec::new()).await;
    world
}

pub async fn texts_and_numbers_are_found(engine: &dyn Engine) {
    let world = filled(engine).await;
    for (test, expected) in [
        (is("town", Test::Equal("Bern".into())), "d"),
        (is("town", Test::Prefix("Ber".into())), "cd"),
        (is("town", Test::Prefix("Mün".into())), "ab"),
        (is("town", Test::Prefix(String::new())), "abcd"),
        (is("size", Test::Range(1, 3)), "bc"),
        (is("size", Test::Range(i64::MIN, i64::MAX)), "abcd"),
        (is("size", Test::Present), "abcd"),
        (is("nothing", Test::Present), ""),
        (is("town", Test::Equal("bern".into())), ""),
    ] {
        let found = names(&world, &query(vec![vec![test.clone()]])).await;
        assert_eq!(found.concat(), expected, "{test:?}");
        let negated = Term {
            negated: true,
            ..test
        };
        let others = names(&world, &query(vec![vec![negated.clone()]])).await;
        assert_eq!(others.len() + found.len(), 5, "{negated:?}");
    }
}

pub async fn intervals_are_found_by_overlap(engine: &dyn Engine) {
    let world = filled(engine).await;
    for ((start, end), expected) in [
        ((0, 100), "ad"),
        ((99, 101), "abd"),
        ((100, 150), "bd"),
        ((150, 151), "bcd"),
        ((150, 150), "bcd"),
        ((200, 300), "d"),
        ((-5, 0), "d"),
        ((i64::MIN, -1_000_000_000_000), ""),
        ((i64::MIN, i64::MAX), "abcd"),
    ] {
        let test = is("when", Test::Overlap(start, end));
        let found = names(&world, &query(vec![vec![test]])).await;
        assert_eq!(found.concat(), expected, "{start}..{end}");
    }
    let backwards = query(vec![vec![is("when", Test::Overlap(2, 1))]]);
    let refused = world
        .store
        .search(&world.alice, SearchScope::Mailbox(world.drive), &backwards)
        .await;
    assert!(matches!(refused.unwrap_err(), Error::Invalid(_)));
}

pub async fn words_are_found_whatever_they_are_written_with(engine: &dyn Engine) {
    let world = filled(engine).await;
    for (words, expected) in [
        ("quick", "ac"),
        ("QUICK fox", "a"),
        ("fox dog", ""),
        ("arger", "d"),
        ("\"cat\"", "c"),
        ("OR", ""),
        ("m1 NEAR(", ""),
        ("text : quick", ""),
    ] {
        let test = is("text", Test::Words(words.into()));
        let found = names(&world, &query(vec![vec![test]])).await;
        assert_eq!(found.concat(), expected, "{words}");
    }
}

pub async fn conditions_are_joined_ordered_and_paged(engine: &dyn Engine) {
    let world = filled(engine).await;
    let both = query(vec![
        vec![
            is("town", Test::Prefix("M".into())),
            is("size", Test::Range(2, 3)),
        ],
        vec![is("text", Test::Words("quick".into()))],
    ]);
    assert_eq!(names(&world, &both).await.concat(), "ac");
    // What two terms find is found once.
    let either = query(vec![vec![
        is("text", Test::Words("quick".into())),
        is("town", Test::Prefix("Ber".into())),
        is("town", Test::Equal("Bern".into())),
    ]]);
    assert_eq!(names(&world, &either).await.concat(), "acd");
    assert!(names(&world, &query(vec![Vec::new()])).await.is_empty());
    let ordered = |key: &str, descending, offset, limit| Query {
        order: vec![Order {
            key: key.into(),
            descending,
        }],
        offset,
        limit,
        ..Query::default()
    };
    assert_eq!(
        names(&world, &ordered("size", false, 0, 9)).await.concat(),
        "dbcae"
    );
    assert_eq!(
        names(&world, &ordered("town", true, 0, 9)).await.concat(),
        "badce"
    );
    assert_eq!(
        names(&world, &ordered("size", true, 1, 2)).await.concat(),
        "cb"
    );
    let scope = SearchScope::Mailbox(world.drive);
    let page = ordered("size", true, 0, 4);
    let results = world.store.search(&world.alice, scope, &page).await;
    assert!(results.unwrap().more);
    let last = ordered("size", true, 4, 4);
    let results = world.store.search(&world.alice, scope, &last).await;
    assert!(!results.unwrap().more);
    // A page that begins after a message goes on there, whoever is gone meanwhile.
    let all = query(Vec::new());
    let first = Query {
        limit: 2,
        ..all.clone()
    };
    let results = world.store.search(&world.alice, scope, &first).await;
    let results = results.unwrap();
    assert!(results.more && results.found.len() == 2);
    let after = results.found.last().map_or(0, |found| found.message.uid);
    assert_eq!(names(&world, &Query { after, ..all }).await.concat(), "cde");
    let many = query(vec![vec![is("a", Test::Present); 65]]);
    let refused = world.store.search(&world.alice, scope, &many).await;
    assert_eq!(refused.unwrap_err(), Error::TooMany(64));
}

pub async fn a_tree_is_searched_where_the_actor_may_read(engine: &dyn Engine) {
    let world = filled(engine).await;
    let sub = world.create(&world.alice, "user/alice/#drive/sub").await;
    let hidden = world.create(&world.alice, "user/alice/#drive/hidden").await;
    for mailbox in [sub, hidden] {
        let keys = vec![
            named("town", KeyValue::Text("Bern".into())),
            named("text", KeyValue::Words("quick".into())),
        ];
        add(&world, mailbox, "x", keys).await;
    }
    let read = Rights::LOOKUP | Rights::READ;
    world.share(world.drive, read).await;
    world.share(sub, read).await;
    let scope = SearchScope::Tree(world.drive);
    for test in [
        is("town", Test::Equal("Bern".into())),
        is("text", Test::Words("quick".into())),
    ] {
        let query = query(vec![vec![test]]);
        let count = |actor: storage::Actor| {
            let (store, query) = (world.store.clone(), query.clone());
            async move {
                store
                    .search(&actor, scope, &query)
                    .await
                    .unwrap()
                    .found
                    .len()
            }
        };
        let all = count(world.alice.clone()).await;
        assert_eq!(count(world.bob.clone()).await, all - 1);
        // Who searches one mailbox knows which it is; the tree of a mailbox alone is a tree.
        for (scope, expected) in [
            (SearchScope::Mailbox(sub), ""),
            (SearchScope::Tree(sub), "user/alice/#drive/sub"),
        ] {
            let results = world.store.search(&world.alice, scope, &query).await;
            let found = results.unwrap().found;
            let paths: Vec<String> = found.iter().map(|f| f.mailbox.0.join("/")).collect();
            assert_eq!(paths, [expected]);
        }
    }
}

pub async fn bodies_come_along_until_they_are_too_many(engine: &dyn Engine) {
    let world = World::new(engine).await;
    for name in ["a", "b", "c"] {
        let body = Bytes::from(vec![b'x'; 3 << 20]);
        world.one(put_in(world.drive, name, body)).await;
    }
    world
        .one(put_in(world.drive, "z", Bytes::from(vec![0; 9 << 20])))
        .await;
    let scope = SearchScope::Mailbox(world.drive);
    let mut query = Query {
        limit: 10,
        body: Some(Part::Body),
        ..Query::default()
    };
    let mut names = Vec::new();
    loop {
        let results = world
            .store
            .search(&world.alice, scope, &query)
            .await
            .unwrap();
        for found in &results.found {
            let name = found.message.name.clone().unwrap();
            let len = found.body.as_ref().map(Bytes::len);
            assert_eq!(len, (name != "z").then_some(3 << 20));
            names.push(name);
        }
        query.offset += results.found.len() as u32;
        if !results.more {
            break;
        }
    }
    assert_eq!(names.concat(), "abcz");
}

pub async fn keys_are_replaced_with_the_message_or_alone(engine: &dyn Engine) {
    let world = filled(engine).await;
    let bern = query(vec![vec![is("town", Test::Equal("Bern".into()))]]);
    let uid = world.find(world.drive, "a").await.unwrap().uid;
    let before = world.modseq(&world.alice, world.drive).await;
    world
        .one(Change::SetKeys {
            mailbox: world.drive,
            uid,
            keys: vec![named("town", KeyValue::Text("Bern".into()))],
            keys_version: 2,
        })
        .await;
    assert_eq!(world.modseq(&world.alice, world.drive).await, before);
    assert_eq!(names(&world, &bern).await.concat(), "ad");
    world.put("a", "again").await;
    assert_eq!(names(&world, &bern).await.concat(), "d");
    let words = query(vec![vec![is("text", Test::Words("fox".into()))]]);
    assert!(names(&world, &words).await.is_empty());
    crate::mailboxes::assert_sound(&world).await;
}
