//! Deliveries and timers: they commit with their batch and wait to be worked off.

use crate::world::*;
use bytes::Bytes;
use storage::{Change, Delivery, DeliveryPurpose, Error};

fn deliver(recipients: &[&str]) -> Change {
    Change::Deliver {
        delivery: Delivery {
            module: "caldav".into(),
            recipients: recipients.iter().map(|&text| text.to_owned()).collect(),
            purpose: DeliveryPurpose::Invite,
            message: Bytes::from_static(b"come"),
        },
    }
}

pub async fn deliveries_wait_for_each_recipient(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let failing = [deliver(&["bob"]), put_in(world.drive, "..", "1")];
    assert!(world.commit(&world.alice, failing).await.is_err());
    assert!(
        world
            .store
            .due_deliveries(i64::MAX, 10)
            .await
            .unwrap()
            .is_empty()
    );
    world.one(deliver(&["bob", "carol"])).await;
    let due = world.store.due_deliveries(i64::MAX, 10).await.unwrap();
    let recipients: Vec<&str> = due.iter().map(|due| due.recipient.as_str()).collect();
    assert_eq!(recipients, ["bob", "carol"]);
    assert_eq!(due[0].sender.as_deref(), Some("alice"));
    assert_eq!(due[0].purpose, DeliveryPurpose::Invite);
    assert_eq!(due[1].message, "come");
    let later = due[0].queued + 60_000;
    world
        .store
        .finish_delivery(due[0].id, Some(later))
        .await
        .unwrap();
    world.store.finish_delivery(due[1].id, None).await.unwrap();
    let due = world.store.due_deliveries(later - 1, 10).await.unwrap();
    assert!(due.is_empty());
    let due = world.store.due_deliveries(later, 10).await.unwrap();
    assert_eq!((due.len(), due[0].attempts), (1, 1));
    assert_eq!(due[0].message, "come");
    world.store.finish_delivery(due[0].id, None).await.unwrap();
    let refused = world.refused(&world.anyone, deliver(&["bob"])).await;
    assert!(matches!(refused, Error::Forbidden(_)));
}

pub async fn timers_are_set_listed_fired_and_cleared(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let set = |name: &str, due| Change::SetTimer {
        module: "caldav".into(),
        name: name.into(),
        due,
        token: Bytes::from_static(b"t"),
    };
    let changes = [
        set("late", Some(300)),
        set("soon", Some(100)),
        set("never", Some(1)),
    ];
    world.commit(&world.alice, changes).await.unwrap();
    world.one(set("never", None)).await;
    let timers = world.store.timers("alice", "caldav", 10).await.unwrap();
    let names: Vec<&str> = timers.iter().map(|timer| timer.name.as_str()).collect();
    assert_eq!(names, ["soon", "late"]);
    assert!(
        world
            .store
            .timers("bob", "caldav", 10)
            .await
            .unwrap()
            .is_empty()
    );
    let due = world.store.due_timers(100, 10).await.unwrap();
    assert_eq!(due, timers[..1]);
    // Set anew while it fires, it stays.
    world.one(set("soon", Some(200))).await;
    world.store.finish_timer(&due[0], None).await.unwrap();
    let due = world.store.due_timers(200, 10).await.unwrap();
    world.store.finish_timer(&due[0], Some(250)).await.unwrap();
    assert!(world.store.due_timers(249, 10).await.unwrap().is_empty());
    let due = world.store.due_timers(250, 10).await.unwrap();
    // What the module asked for stays as it was.
    assert_eq!((due[0].due, due[0].next, due[0].attempts), (200, 250, 1));
    // Set anew, it begins anew.
    world.one(set("soon", Some(200))).await;
    let due = world.store.due_timers(200, 10).await.unwrap();
    assert_eq!((due[0].next, due[0].attempts), (200, 0));
    world.store.finish_timer(&due[0], None).await.unwrap();
    assert!(world.store.due_timers(250, 10).await.unwrap().is_empty());
}
