//! Modules that loop, trap, hoard or reach for what they were not granted: through the real
//! binary, each ends its own request and nobody notices.

use chapar_tests::support::{Server, output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const HOME: &str = "/dav/drive/user/bob/";

fn server() -> Server {
    Server::builder()
        .user("alice")
        .user("bob")
        .guest("misbehave")
        .option("module_cpu", "1s")
        .start()
}

/// Asks for a path of the misbehaving module while bob works next to it.
fn misbehave(path: &str) -> (u16, Option<String>) {
    let server = server();
    let done = AtomicBool::new(false);
    let mut bob = server.client("bob");
    bob.send("PUT", &format!("{HOME}a"), &[], b"1").expect(201);
    std::thread::scope(|scope| {
        let bob = scope.spawn(|| {
            let mut slowest = Duration::ZERO;
            while !done.load(Ordering::Relaxed) {
                let began = Instant::now();
                bob.send("GET", &format!("{HOME}a"), &[], b"").expect(200);
                slowest = slowest.max(began.elapsed());
            }
            slowest
        });
        let mut alice = server.client("alice").timeout(Duration::from_secs(30));
        let answer = alice.try_send("GET", &format!("/misbehave/{path}"), &[], b"");
        let normal = server
            .client("alice")
            .send("GET", "/misbehave/counter", &[], b"");
        done.store(true, Ordering::Relaxed);
        let slowest = bob.join().unwrap();
        assert!(slowest < Duration::from_secs(2), "bob waited {slowest:?}");
        assert_eq!(normal.status, 200, "the module does not answer any more");
        assert!(server.alive());
        let answer = answer.unwrap_or_default();
        let retry = answer.header("retry-after").map(str::to_owned);
        (answer.status, retry)
    })
}

#[test]
fn an_endless_loop_ends_with_503() {
    let (status, retry) = misbehave("loop");
    assert_eq!(status, 503);
    assert!(retry.is_some(), "no Retry-After");
}

#[test]
fn hoarding_memory_ends_with_503() {
    let (status, retry) = misbehave("allocate");
    assert_eq!(status, 503);
    assert!(retry.is_some(), "no Retry-After");
}

#[test]
fn a_trap_ends_with_500() {
    assert_eq!(misbehave("trap").0, 500);
}

#[test]
fn a_panic_ends_with_500() {
    assert_eq!(misbehave("panic").0, 500);
}

#[test]
fn endless_recursion_ends_with_500() {
    assert_eq!(misbehave("recurse").0, 500);
}

#[test]
fn an_answer_that_breaks_the_contract_ends_with_500() {
    for path in ["bad-status", "bad-header", "big-headers"] {
        assert_eq!(misbehave(path).0, 500, "{path}");
    }
}

#[test]
fn a_body_that_is_not_finished_breaks_the_connection() {
    assert_eq!(misbehave("half-stream").0, 0, "an answer that looks whole");
}

#[test]
fn a_body_written_slowly_arrives_whole() {
    assert_eq!(misbehave("slow-stream").0, 200);
}

#[test]
fn handles_that_are_leaked_end_with_their_request() {
    let server = server();
    let mut alice = server.client("alice");
    for _ in 0..50 {
        alice
            .send("POST", "/misbehave/leak-handles", &[], b"body")
            .expect(200);
    }
    alice
        .send("GET", "/misbehave/counter", &[], b"")
        .expect(200);
}

#[test]
fn eight_endless_loops_leave_others_at_work() {
    let server = server();
    std::thread::scope(|scope| {
        let loops: Vec<_> = (0..8)
            .map(|_| {
                let mut alice = server.client("alice").timeout(Duration::from_secs(60));
                scope.spawn(move || alice.send("GET", "/misbehave/loop", &[], b"").status)
            })
            .collect();
        let mut bob = server.client("bob");
        let began = Instant::now();
        for _ in 0..20 {
            bob.send("OPTIONS", HOME, &[], b"").expect_any(&[200, 204]);
        }
        let elapsed = began.elapsed();
        assert!(
            elapsed < Duration::from_secs(10),
            "20 requests took {elapsed:?}"
        );
        for looping in loops {
            assert_eq!(looping.join().unwrap(), 503);
        }
    });
}

#[test]
fn a_module_that_was_not_granted_what_it_imports_is_refused_and_the_others_serve() {
    let mut server = Server::builder().user("bob").guest("ungranted").start();
    let mut bob = server.client("bob");
    bob.send("GET", "/ungranted/", &[], b"").expect(404);
    bob.send("PROPFIND", HOME, &[("depth", "0")], b"")
        .expect(207);
    let log = server.log_with("module=ungranted");
    let line = log
        .lines()
        .find(|line| line.contains("module=ungranted"))
        .expect("a line in the log");
    assert!(
        line.contains("mailbox"),
        "it does not say what is missing: {line}"
    );

    // With the grant it runs.
    server.kill();
    let config = std::fs::read_to_string(server.config()).unwrap();
    std::fs::write(
        server.config(),
        format!("{config}module_grants: ungranted:mailbox\n"),
    )
    .unwrap();
    server.start();
    server
        .client("bob")
        .send("GET", "/ungranted/", &[], b"")
        .expect(200);
}

#[test]
fn module_list_shows_what_is_refused() {
    let server = Server::builder().user("bob").guest("ungranted").prepare();
    let said = server.run(&["module", "list"], "");
    let text = String::from_utf8_lossy(&said.stdout);
    let line = text
        .lines()
        .find(|line| line.contains("ungranted"))
        .expect("a line for it");
    assert!(line.contains("mailbox"), "{text}");
    let mut command = chapar_tests::support::command(&["module", "inspect", "--json"]);
    command.arg(chapar_tests::support::guest("ungranted"));
    let said = output(command, "");
    let shown: serde_json::Value = serde_json::from_slice(&said.stdout).expect("JSON");
    let imports = shown["imports"].to_string();
    assert!(imports.contains("chapar:host/mailbox"), "{shown}");
}
