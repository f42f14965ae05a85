//! What one tenant does at its worst, another hardly notices.

use chapar_tests::support::Server;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const FILE: &str = "/dav/drive/user/alice/a";
/// How many requests are answered beside.
const BESIDE: u32 = 500;

/// Two tenants with a user each, and modules that may misbehave.
fn server() -> Server {
    let server = Server::builder()
        .guest("misbehave")
        .option("module_cpu", "5s")
        .tenant("quiet", "domains: quiet.test")
        .tenant("loud", "domains: loud.test")
        .user("alice@quiet.test")
        .user("mallory@loud.test")
        .start();
    let mut alice = server.client("alice").at("quiet.test");
    alice.send("PUT", FILE, &[], b"1").expect(201);
    server
}

#[test]
fn a_tenant_with_eight_loops_does_not_hold_up_another() {
    let server = server();
    let mut alice = server.client("alice").at("quiet.test");
    let ended = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let client = server.client("mallory").at("loud.test");
                let mut client = client.timeout(Duration::from_secs(300));
                let answer = client.send("GET", "/misbehave/loop", &[], b"");
                ended.fetch_add(1, Ordering::Relaxed);
                assert_eq!(answer.status, 503, "a loop ends at its deadline");
                assert!(answer.header("retry-after").is_some());
            });
        }
        let mut beside = 0;
        // Each loop uses 5 s of CPU, and they share the processors that they are left.
        while ended.load(Ordering::Relaxed) == 0 && beside < BESIDE {
            alice.send("GET", FILE, &[], b"").expect(200);
            beside += 1;
        }
        assert_eq!(beside, BESIDE, "the loops were over before");
    });
    // Nor is anything left of them for their own tenant.
    let mut mallory = server.client("mallory").at("loud.test");
    mallory
        .send("GET", "/misbehave/counter", &[], b"")
        .expect(200);
}

#[test]
fn a_module_that_keeps_trapping_is_put_off_for_its_tenant_alone() {
    let server = server();
    let mut mallory = server.client("mallory").at("loud.test");
    let mut put_off = None;
    for _ in 0..200 {
        let answer = mallory.send("GET", "/misbehave/trap", &[], b"");
        if answer.status == 503 {
            put_off = answer.header("retry-after").map(str::to_owned);
            break;
        }
        answer.expect(500);
    }
    let seconds: u64 = put_off.expect("it is put off").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    // The same module for another tenant, and another module for the same.
    let mut alice = server.client("alice").at("quiet.test");
    alice
        .send("GET", "/misbehave/counter", &[], b"")
        .expect(200);
    mallory
        .send(
            "PROPFIND",
            "/dav/drive/user/mallory/",
            &[("depth", "0")],
            b"",
        )
        .expect(207);
}
