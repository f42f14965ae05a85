//! Another `configdirectory`, while the server runs: what begins after it finds all that lies there,
//! what began before ends where it began.

use chapar_tests::support::{PASSWORD, Server, basic, wait_until};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const FILE: &str = "/dav/drive/user/alice/file";
const LONG: Duration = Duration::from_secs(20);

/// Writes the configuration with another state folder.
fn move_to(server: &Server, folder: &str) {
    let folder = server.folder().join(folder);
    let text = fs::read_to_string(server.config()).unwrap();
    let lines = text.lines().map(|line| match line.split_once(':') {
        Some(("configdirectory", _)) => format!("configdirectory: {}\n", folder.display()),
        _ => format!("{line}\n"),
    });
    let new = server.config().with_extension("new");
    fs::write(&new, lines.collect::<String>()).unwrap();
    fs::rename(new, server.config()).unwrap();
}

/// Waits until the server serves from there, and from there alone.
fn moved(server: &Server, from: &str, to: &str) {
    let log = |text: String| server.log_with(&text);
    let folder = |name: &str| server.folder().join(name).join("tenants/default");
    log(format!("its store is in {} now", folder(to).display()));
    let closed = format!("served from {} is closed", folder(from).display());
    log(closed);
    let from = server.folder().join(from);
    let descriptors = format!("/proc/{}/fd", server.pid());
    wait_until("nothing of the old folder is open", LONG, || {
        let open = fs::read_dir(&descriptors).unwrap().flatten();
        let mut open = open.filter_map(|entry| fs::read_link(entry.path()).ok());
        !open.any(|path| path.starts_with(&from))
    });
}

/// Ends what runs beside, also when a test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How many compiled modules a state folder has.
fn compiled(folder: &Path) -> usize {
    let entries = fs::read_dir(folder.join("modules-cache")).unwrap();
    let ends = |path: &Path| path.extension().is_some_and(|it| it == "cwasm");
    entries
        .flatten()
        .filter(|entry| ends(&entry.path()))
        .count()
}

#[test]
fn everything_follows_to_another_state_folder_and_no_request_fails() {
    let mut server = Server::builder()
        .user("alice")
        .option("push_destinations", "any")
        .prepare();
    // Another folder, with the same user.
    move_to(&server, "other");
    server.add_user("alice");
    move_to(&server, "state");
    server.start();
    let put = |text: &str| {
        let sent = server
            .client("alice")
            .send("PUT", FILE, &[], text.as_bytes());
        sent.expect_any(&[201, 204]);
    };
    put("old");

    // Somebody waits for changes there.
    let mut waiting = BufReader::new(TcpStream::connect(server.address).unwrap());
    waiting.get_ref().set_read_timeout(Some(LONG)).unwrap();
    let ask = format!(
        "GET /jmap/eventsource?types=*&closeafter=no&ping=0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {}\r\n\r\n",
        basic("alice", PASSWORD)
    );
    waiting.get_mut().write_all(ask.as_bytes()).unwrap();
    let mut line = String::new();
    waiting.read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 200"), "{line}");

    let (stop, answers) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let _stop = Stop(&stop);
        for _ in 0..3 {
            scope.spawn(|| {
                let mut client = server.client("alice");
                while !stop.load(Ordering::Relaxed) {
                    let answer = client.send("GET", FILE, &[], b"");
                    assert!(
                        matches!(
                            (answer.status, answer.text().as_str()),
                            (200, "old" | "new")
                        ) || answer.status == 404,
                        "{} {}",
                        answer.status,
                        answer.text()
                    );
                    answers.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        move_to(&server, "other");
        moved(&server, "state", "other");
        server
            .client("alice")
            .send("GET", FILE, &[], b"")
            .expect(404);
        put("new");
        move_to(&server, "state");
        moved(&server, "other", "state");
    });
    assert!(answers.load(Ordering::Relaxed) > 100);
    let text = || server.client("alice").send("GET", FILE, &[], b"").text();
    assert_eq!(text(), "old");
    // Who waited was let go: nobody would tell of anything any more.
    let mut rest = String::new();
    waiting.read_to_string(&mut rest).unwrap();

    // What is not of a tenant is there as well.
    let (state, other) = (server.folder().join("state"), server.folder().join("other"));
    assert!(other.join("vapid.key").exists());
    assert!(compiled(&other) > 0);
    assert_eq!(compiled(&other), compiled(&state));
    fs::create_dir_all(other.join("log/alice")).unwrap();
    fs::create_dir_all(other.join("tenants.d")).unwrap();
    move_to(&server, "other");
    moved(&server, "state", "other");
    assert_eq!(text(), "new");
    wait_until("what alice does is written down", LONG, || {
        text();
        fs::read_dir(other.join("log/alice"))
            .unwrap()
            .next()
            .is_some()
    });
    // Its folder of tenants is the one that is watched.
    fs::write(other.join("tenants.d/a.conf"), "domains: a.test\n").unwrap();
    server.log_with("new tenant a");

    // A start finds everything as it was left.
    server.kill();
    server.start();
    let again = server.client("alice").send("GET", FILE, &[], b"");
    assert_eq!(again.expect(200).text(), "new");
    server.check();
}

#[test]
fn a_state_folder_that_cannot_be_used_leaves_the_old_one_in_force() {
    let server = Server::builder()
        .tenant("a", "domains: a.test")
        .user("alice")
        .user("alice@a.test")
        .start();
    let mut alice = server.client("alice");
    alice.send("PUT", FILE, &[], b"old").expect(201);
    let still = || {
        let answer = server.client("alice").send("GET", FILE, &[], b"");
        assert_eq!(answer.expect(200).text(), "old");
    };
    // A file lies there.
    fs::write(server.folder().join("file"), "").unwrap();
    move_to(&server, "file");
    let log = server.log_with("nothing was reloaded: can't read the folder of tenants");
    let folder = server.folder().join("file");
    assert!(log.contains(&folder.display().to_string()), "{log}");
    still();
    // The store there is of somebody else.
    fs::create_dir_all(server.folder().join("other/tenants")).unwrap();
    let (a, b) = ("state/tenants/a", "other/tenants/default");
    std::os::unix::fs::symlink(server.folder().join(a), server.folder().join(b)).unwrap();
    move_to(&server, "other");
    server.log_with("the store belongs to tenant \"a\"");
    still();
    let mut of_a = server.client("alice").at("a.test");
    of_a.send("GET", FILE, &[], b"").expect(404);
    move_to(&server, "state");
    still();
}
