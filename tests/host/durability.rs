//! An acknowledged write is never lost, and half a write is never seen: the server is killed at
//! random moments while several clients write.

use chapar_tests::support::{Client, Random, Server};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const ROUNDS: u64 = 50;
const WRITERS: u64 = 4;
const NAMES: u64 = 6;

/// What may lie under a name: the last content that was acknowledged, or what was on its way when
/// the server was killed.
#[derive(Clone, Default)]
struct Expected {
    acknowledged: Option<Vec<u8>>,
    unanswered: Option<Option<Vec<u8>>>,
}

/// The content of a write can be told from any other, and a part of it from the whole.
fn content(random: &mut Random) -> Vec<u8> {
    // Every third is too big for a row of the database.
    let len = match random.below(3) {
        0 => 300_000 + random.below(300_000),
        _ => 1 + random.below(4_000),
    };
    let len = usize::try_from(len).unwrap();
    random.bytes(len)
}

fn path(writer: u64, name: u64) -> String {
    format!("/dav/drive/user/alice/w{writer}/{name}")
}

/// Writes until the server is gone.
fn write(
    mut client: Client,
    writer: u64,
    mut random: Random,
    expected: &mut HashMap<String, Expected>,
    stop: &AtomicBool,
) {
    while !stop.load(Ordering::Relaxed) {
        let path = path(writer, random.below(NAMES));
        let entry = expected.entry(path.clone()).or_default();
        let next = (random.below(8) > 0).then(|| content(&mut random));
        let answer = match &next {
            Some(content) => client.try_send("PUT", &path, &[], content),
            None => client.try_send("DELETE", &path, &[], b""),
        };
        match answer {
            Ok(answer) => {
                let fine = matches!(answer.status, 201 | 204)
                    || (next.is_none() && answer.status == 404 && entry.acknowledged.is_none());
                assert!(fine, "{path}: {} {}", answer.status, answer.text());
                entry.acknowledged = next;
            }
            Err(_) => {
                entry.unanswered = Some(next);
                return;
            }
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let mut server = Server::builder().user("alice").start();
    for writer in 0..WRITERS {
        let folder = format!("/dav/drive/user/alice/w{writer}/");
        server
            .client("alice")
            .send("MKCOL", &folder, &[], b"")
            .expect(201);
    }
    let mut all: Vec<HashMap<String, Expected>> = vec![HashMap::new(); WRITERS as usize];
    let mut random = Random(4918);
    for round in 0..ROUNDS {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for (writer, expected) in (0..WRITERS).zip(&mut all) {
                let client = server.client("alice").timeout(Duration::from_secs(20));
                let random = Random(random.draw());
                let stop = &stop;
                scope.spawn(move || write(client, writer, random, expected, stop));
            }
            // The moment is the point: it is drawn, not waited for.
            std::thread::sleep(Duration::from_millis(50 + random.below(150)));
            server.kill();
            stop.store(true, Ordering::Relaxed);
        });
        server.start();
        verify(&server, round, &mut all);
        if round % 10 == 9 {
            server.kill();
            server.check();
            server.start();
        }
    }
}

fn verify(server: &Server, round: u64, all: &mut [HashMap<String, Expected>]) {
    let mut client = server.client("alice");
    for (path, expected) in all.iter_mut().flatten() {
        let answer = client.send("GET", path, &[], b"").expect_any(&[200, 404]);
        let found = (answer.status == 200).then_some(answer.body);
        let whole = found == expected.acknowledged
            || expected
                .unanswered
                .as_ref()
                .is_some_and(|content| *content == found);
        assert!(
            whole,
            "round {round}, {path}: {} bytes, expected {}, or {} that were on their way",
            describe(&found),
            describe(&expected.acknowledged),
            expected
                .unanswered
                .as_ref()
                .map_or("nothing".to_owned(), describe),
        );
        *expected = Expected {
            acknowledged: found,
            unanswered: None,
        };
    }
}

fn describe(content: &Option<Vec<u8>>) -> String {
    content
        .as_ref()
        .map_or("no".to_owned(), |content| content.len().to_string())
}
