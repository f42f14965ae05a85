//! The queue of the mail system: durable, a row for each recipient, taken back while nobody has it.

use crate::world::*;
use bytes::Bytes;
use storage::{Error, Letter, Submission};

fn letter(recipients: &[&str]) -> Letter {
    Letter {
        principal: "alice".into(),
        sender: "alice@a.test".into(),
        recipients: recipients.iter().map(|&text| text.to_owned()).collect(),
        not_before: None,
        message: Bytes::from_static(b"Subject: x\r\n\r\ny"),
    }
}

async fn due(world: &World, now: i64) -> Vec<Submission> {
    world.store.due_submissions(now, 10).await.unwrap()
}

pub async fn each_recipient_is_served_or_put_off(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let name = world
        .store
        .submit(letter(&["b@x.test", "c@x.test"]))
        .await
        .unwrap();
    let waiting = due(&world, i64::MAX).await;
    let recipients: Vec<&str> = waiting.iter().map(|it| it.recipient.as_str()).collect();
    assert_eq!(recipients, ["b@x.test", "c@x.test"]);
    assert!(
        waiting
            .iter()
            .all(|it| it.name == name && it.sender == "alice@a.test")
    );
    let number = waiting[0].letter;
    let message = world.store.letter(number).await.unwrap();
    assert_eq!(message, "Subject: x\r\n\r\ny");
    world
        .store
        .finish_submission(waiting[0].id, None)
        .await
        .unwrap();
    let later = waiting[1].queued + 60_000;
    world
        .store
        .finish_submission(waiting[1].id, Some(later))
        .await
        .unwrap();
    assert!(due(&world, later - 1).await.is_empty());
    let waiting = due(&world, later).await;
    assert_eq!((waiting.len(), waiting[0].attempts), (1, 1));
    // Somebody has it: it is not taken back.
    assert!(!world.store.cancel_submission("alice", &name).await.unwrap());
    world
        .store
        .finish_submission(waiting[0].id, None)
        .await
        .unwrap();
    assert_eq!(world.store.letter(number).await, Err(Error::NotFound));
    assert_eq!(world.store.check(false).await.unwrap().problems, [""; 0]);
}

pub async fn who_has_sent_takes_back_what_waits(engine: &dyn Engine) {
    let world = World::new(engine).await;
    let not_before = Some(i64::MAX - 1);
    let sent = Letter {
        not_before,
        ..letter(&["b@x.test", "c@x.test"])
    };
    let name = world.store.submit(sent).await.unwrap();
    assert!(due(&world, i64::MAX - 2).await.is_empty());
    assert!(!world.store.cancel_submission("bob", &name).await.unwrap());
    assert!(world.store.cancel_submission("alice", &name).await.unwrap());
    assert!(!world.store.cancel_submission("alice", &name).await.unwrap());
    assert!(due(&world, i64::MAX).await.is_empty());
    let nobody = world.store.submit(letter(&[])).await;
    assert!(matches!(nobody, Err(Error::Invalid(_))));
    let many = vec!["b@x.test"; 1001];
    let many = world.store.submit(letter(&many)).await;
    assert_eq!(many, Err(Error::TooMany(1000)));
}
