//! Modules come, change, break and go in the folder of a running server, and no request of those
//! who work meanwhile fails.

use chapar_tests::support::{Server, guest, wait_until};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const HOME: &str = "/dav/drive/user/bob/";
/// Generous, because tests run on machines that are busy with others.
const IN_FORCE_MAX: Duration = Duration::from_secs(60);

/// Puts a file in place in one step.
fn install(folder: &Path, name: &str, wasm: &[u8]) {
    let new = folder.join("new");
    std::fs::write(&new, wasm).unwrap();
    std::fs::rename(new, folder.join(name)).unwrap();
}

/// The same module as another file: with a custom section at its end.
fn marked(wasm: &[u8], mark: u8) -> Vec<u8> {
    [wasm, &[0, 6, 4, b'm', b'a', b'r', b'k', mark]].concat()
}

fn says(server: &Server, text: &str) {
    wait_until(text, IN_FORCE_MAX, || server.log().contains(text));
}

#[test]
fn modules_come_and_go_under_requests() {
    let mut server = Server::builder()
        .user("alice")
        .user("bob")
        .guest("misbehave")
        .prepare();
    let folder = server.folder().join("modules");
    std::fs::remove_file(folder.join("misbehave.wasm")).unwrap();
    server.start();
    let misbehave = std::fs::read(guest("misbehave")).unwrap();
    let webdav = std::fs::read(folder.join("webdav.wasm")).unwrap();
    let (done, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut bob = server.client("bob");
    bob.send("PUT", &format!("{HOME}a"), &[], b"1").expect(201);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                bob.send("GET", &format!("{HOME}a"), &[], b"").expect(200);
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
        let mut alice = server.client("alice");
        let mut status = |path: &str| alice.send("GET", path, &[], b"").status;
        assert_eq!(status("/misbehave/counter"), 404);

        let began = Instant::now();
        install(&folder, "misbehave.wasm", &misbehave);
        wait_until("it serves", IN_FORCE_MAX, || {
            status("/misbehave/counter") == 200
        });
        println!("in force after {:?}", began.elapsed());

        for mark in 0..3 {
            let before = server.log().matches("another version").count();
            install(&folder, "webdav.wasm", &marked(&webdav, mark));
            wait_until("it is replaced", IN_FORCE_MAX, || {
                server.log().matches("another version").count() > before
            });
        }

        // Half of it, as while it is copied.
        std::fs::write(
            folder.join("misbehave.wasm"),
            &misbehave[..misbehave.len() / 2],
        )
        .unwrap();
        says(&server, "module refused: it does not compile");
        assert_eq!(status("/misbehave/counter"), 200, "the old one serves");
        let list = server.run(&["module", "list"], "");
        let list = String::from_utf8_lossy(&list.stdout).into_owned();
        let line = list.lines().find(|line| line.starts_with("misbehave"));
        assert!(line.is_some_and(|line| line.contains("refused")), "{list}");

        std::fs::remove_file(folder.join("misbehave.wasm")).unwrap();
        wait_until("it is gone", IN_FORCE_MAX, || {
            status("/misbehave/counter") == 404
        });
        done.store(true, Ordering::Relaxed);
    });
    assert_ne!(answered.load(Ordering::Relaxed), 0);
    assert!(server.alive());
}
