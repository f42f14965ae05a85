//! What operators see through the real binary: transcripts of the users that they watch.

use chapar_tests::support::{PASSWORD, Server, basic, wait_until};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const HOME: &str = "/dav/drive/user/alice/";

#[test]
fn a_watched_user_is_written_down_without_credentials() {
    let mut server = Server::builder().user("alice").user("bob").prepare();
    let folder = server.folder().join("state/log/alice");
    std::fs::create_dir_all(&folder).unwrap();
    server.start();
    let fields = [
        ("cookie", "session=hunter1"),
        ("x-trace-id", "trace-of-alice"),
        ("content-type", "text/plain"),
    ];
    let mut alice = server.client("alice");
    let path = format!("{HOME}note?token=hunter2");
    alice
        .send("PUT", &path, &fields, b"a line\npassword: hunter3\n")
        .expect(201);
    alice
        .send("GET", &path, &[("accept-encoding", "gzip")], b"")
        .expect(200);
    let mut bob = server.client("bob");
    bob.send("PUT", "/dav/drive/user/bob/of-bob", &[], b"x")
        .expect(201);
    let file = folder.join(server.pid().to_string());
    let read = || std::fs::read_to_string(&file).unwrap_or_default();
    wait_until("both are written", Duration::from_secs(10), || {
        read().matches("a line").count() == 2
    });
    let text = read();
    for secret in [
        "hunter",
        PASSWORD,
        &basic("alice", PASSWORD)["Basic ".len()..],
        "of-bob",
    ] {
        assert!(!text.contains(secret), "{secret} is in:\n{text}");
    }
    for expected in [
        "trace-of-alice<\nPUT /dav/drive/user/alice/note?token=[removed] HTTP/1.1\n",
        "authorization: Basic [removed]\n",
        "cookie: [removed]\n",
        "trace-of-alice>\nHTTP/1.1 201 Created\n",
        "password: [removed]\n",
        ">\nHTTP/1.1 200 OK\n",
    ] {
        assert!(text.contains(expected), "no {expected:?} in:\n{text}");
    }
}

/// Counts when it is dropped: a client that panics has ended, too.
struct Ended<'c>(&'c AtomicUsize);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn health_answers_while_all_guests_are_busy() {
    const CLIENTS: usize = 8;
    let server = Server::builder()
        .guest("misbehave")
        .option("module_cpu", "2s")
        .option("prometheus_enabled", "on")
        .option("prometheus_need_auth", "none")
        .user("alice")
        .start();
    let ended = AtomicUsize::new(0);
    let looping = || {
        let _ended = Ended(&ended);
        let mut alice = server.client("alice").timeout(Duration::from_secs(60));
        alice.send("GET", "/misbehave/loop", &[], b"").expect(503);
    };
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(looping);
        }
        let mut asked = 0;
        while ended.load(Ordering::Relaxed) < CLIENTS {
            for path in ["/healthz", "/readyz", "/metrics"] {
                server.anonymous().send("GET", path, &[], b"").expect(200);
            }
            asked += 1;
        }
        assert!(asked > 3, "only {asked} times while guests were busy");
    });
}

#[test]
fn traps_are_counted() {
    let server = Server::builder()
        .guest("misbehave")
        .option("prometheus_enabled", "on")
        .option("prometheus_need_auth", "none")
        .user("alice")
        .start();
    let mut alice = server.client("alice");
    for _ in 0..2 {
        alice.send("GET", "/misbehave/trap", &[], b"").expect(500);
    }
    let metrics = server.anonymous().send("GET", "/metrics", &[], b"");
    let labels = "{tenant=\"default\",module=\"misbehave\",outcome=\"trapped\"}";
    let line = format!("\nchapar_module_ended_total{labels} 2\n");
    let text = metrics.expect(200).text();
    assert!(text.contains(&line), "no {line:?} in\n{text}");
}

#[test]
fn the_format_of_the_log_changes_while_the_server_runs() {
    let server = Server::builder()
        .option("log", "info,chapar=debug")
        .user("alice")
        .start();
    let mut alice = server.client("alice");
    let mut ask = |trace: &str| {
        let fields = [("x-trace-id", trace)];
        alice
            .send("OPTIONS", HOME, &fields, b"")
            .expect_any(&[200, 204]);
    };
    let line = |trace: &str| {
        let log = server.log();
        let is_request = |line: &&str| line.contains("chapar::request") && line.contains(trace);
        log.lines().find(is_request).map(str::to_owned)
    };
    let wait = Duration::from_secs(20);
    ask("of-text");
    wait_until("there is a line", wait, || line("of-text").is_some());
    let text = line("of-text").unwrap();
    assert!(text.contains(" queue_us="), "{text}");
    let file = server.config();
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{config}log_format: json\n")).unwrap();
    wait_until("it is reloaded", wait, || {
        server.log().contains("options of the main file")
    });
    ask("of-json");
    wait_until("there is a line", wait, || line("of-json").is_some());
    let json = line("of-json").unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).expect("an object of JSON");
    assert_eq!(json["trace"], "of-json");
    assert!(json["queue_us"].is_u64(), "{json}");
}
