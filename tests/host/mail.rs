//! Mail comes in by LMTP, is indexed by the module that owns it, and whoever waits is told. The
//! module is one of the tests, which knows nothing of mail.

use chapar_tests::support::{Client, PASSWORD, Server, basic, open_port, wait_until};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

const SAID: Duration = Duration::from_secs(20);

/// A server with a mail address, and the address.
fn server() -> (Server, SocketAddr) {
    let address = SocketAddr::from(([127, 0, 0, 1], open_port()));
    let server = Server::builder()
        .user("alice")
        .user("bob")
        .guest("contract")
        .option("module_grants", "contract:*")
        .option("prometheus_enabled", "on")
        .option("prometheus_need_auth", "none")
        .option("lmtp_listen", &address.to_string())
        .start();
    (server, address)
}

/// Says all of this at once, and returns what is answered.
fn say(mut stream: impl Read + Write, text: &str) -> String {
    stream.write_all(text.as_bytes()).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    said
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SAID)).unwrap();
    stream
}

/// Delivers a message, and expects it to be taken.
fn deliver(address: SocketAddr, user: &str, message: &str) {
    let text = format!(
        "LHLO test\r\nMAIL FROM:<x@y.test>\r\nRCPT TO:<{user}>\r\nDATA\r\n{message}\r\n.\r\nQUIT\r\n"
    );
    let said = say(connect(address), &text);
    assert!(said.contains("250 2.1.5 delivered"), "{said}");
}

/// The value of a metric.
pub(super) fn metric(server: &Server, name: &str) -> u64 {
    let answer = server.anonymous().send("GET", "/metrics", &[], b"");
    let text = answer.expect(200).text();
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.rsplit(' ').next());
    value.and_then(|value| value.parse().ok()).unwrap_or(0)
}

pub(super) const INDEXED: &str =
    "chapar_indexed_messages_total{tenant=\"default\",result=\"indexed\"}";

#[test]
fn what_is_delivered_is_there_after_a_kill_and_is_indexed() {
    let (mut server, address) = server();
    deliver(address, "alice", "Subject: one\r\n\r\nhello");
    wait_until("it is indexed", SAID, || metric(&server, INDEXED) == 1);
    // One that nobody had the time for is indexed after the start.
    deliver(address, "alice", "Subject: two\r\n\r\nhello");
    server.kill();
    server.check();
    server.start();
    deliver(address, "bob", "Subject: three\r\n\r\nhello");
    let mut alice = server.client("alice");
    let mut found = || {
        let answer = alice.send("POST", "/contract/mail", &[], b"");
        answer.expect(200).text()
    };
    wait_until("both are found by their keys", SAID, || {
        found() == "ok 2 of 2"
    });
    server.check();
}

#[test]
fn a_message_that_cannot_be_indexed_is_in_nobodys_way() {
    let (server, address) = server();
    deliver(address, "alice", "Subject: one\r\n\r\npoison");
    deliver(address, "alice", "Subject: two\r\n\r\nhello");
    wait_until("the other is indexed", SAID, || {
        metric(&server, INDEXED) == 1
    });
    let mut alice = server.client("alice");
    let failed = "chapar_indexed_messages_total{tenant=\"default\",result=\"failed\"}";
    wait_until("the one is given up", SAID, || {
        // Its traps are not held against those who ask the module for something.
        alice.send("POST", "/contract/mail", &[], b"").expect(200);
        metric(&server, failed) == 1
    });
    let answer = alice.send("POST", "/contract/mail", &[], b"");
    assert_eq!(answer.expect(200).text(), "ok 1 of 2");
    server.log_with("a message can't be indexed");
    server.check();
}

#[test]
fn a_socket_in_the_file_system_takes_mail_and_goes_with_the_server() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("lmtp");
    let mut server = Server::builder()
        .user("alice")
        .option("lmtp_listen", &path.display().to_string())
        .start();
    let text = "LHLO test\r\nMAIL FROM:<>\r\nRCPT TO:<alice>\r\nDATA\r\n\r\n.\r\nQUIT\r\n";
    let said = say(UnixStream::connect(&path).unwrap(), text);
    assert!(said.contains("250 2.1.5 delivered"), "{said}");
    // What a server leaves that was killed is in nobody's way.
    server.kill();
    assert!(path.exists());
    server.start();
    let idle = UnixStream::connect(&path).unwrap();
    idle.set_read_timeout(Some(SAID)).unwrap();
    let mut idle = BufReader::new(idle);
    let mut line = String::new();
    idle.read_line(&mut line).unwrap();
    assert!(line.starts_with("220 "), "{line}");
    server.signal("-TERM");
    line.clear();
    idle.read_line(&mut line).unwrap();
    assert!(line.starts_with("421 4.3.2 "), "{line}");
    wait_until("it ends", SAID, || !server.alive());
    assert!(!path.exists());
}

#[test]
fn deliveries_of_several_connections_are_all_there() {
    const CONNECTIONS: usize = 8;
    const MESSAGES: usize = 50;
    let (server, address) = server();
    std::thread::scope(|scope| {
        for number in 0..CONNECTIONS {
            scope.spawn(move || {
                for message in 0..MESSAGES {
                    deliver(
                        address,
                        "alice",
                        &format!("Subject: {number} {message}\r\n\r\nx"),
                    );
                }
            });
        }
    });
    let all = (CONNECTIONS * MESSAGES) as u64;
    let delivered = "chapar_lmtp_deliveries_total{tenant=\"default\",result=\"delivered\"}";
    assert_eq!(metric(&server, delivered), all);
    wait_until("all are indexed", SAID, || metric(&server, INDEXED) == all);
    server.check();
}

/// A client of an endless answer, behind its head.
fn watch(server: &Server, user: &str) -> BufReader<TcpStream> {
    let mut stream = connect(server.address);
    let sign_in = basic(user, PASSWORD);
    let head = format!(
        "POST /contract/watch HTTP/1.1\r\nHost: test\r\nAuthorization: {sign_in}\r\nContent-Length: 0\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 200 "), "{line}");
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).unwrap();
    }
    stream
}

/// The next piece: a chunk of RFC 9112 §7.1; none at the end.
fn piece(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    let len = usize::from_str_radix(line.trim_end(), 16).ok()?;
    let mut piece = vec![0; len + 2];
    stream.read_exact(&mut piece).unwrap();
    piece.truncate(len);
    (len > 0).then(|| String::from_utf8(piece).unwrap())
}

#[test]
fn who_waits_is_told_of_a_change_and_of_nothing_else() {
    let (server, address) = server();
    let waiting = || metric(&server, "chapar_waiting_connections");
    let (mut alice, mut bob) = (watch(&server, "alice"), watch(&server, "bob"));
    assert_eq!(waiting(), 2);
    // No instance waits with them, whatever it costs to ask for a ping now and then.
    assert_eq!(piece(&mut bob).as_deref(), Some("ping\n"));
    assert_eq!(piece(&mut alice).as_deref(), Some("ping\n"));
    let began = Instant::now();
    deliver(address, "alice", "Subject: one\r\n\r\nhello");
    assert_eq!(piece(&mut alice).as_deref(), Some("changed\n"));
    assert!(
        began.elapsed() < Duration::from_millis(900),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(piece(&mut bob).as_deref(), Some("ping\n"));
    // Whose password is another now is told nothing more.
    let arguments = ["user", "passwd", "bob", "--password-stdin"];
    let output = server.run(&arguments, "another password\n");
    assert!(output.status.success(), "{output:?}");
    let began = Instant::now();
    while piece(&mut bob).is_some() {
        assert!(began.elapsed() < SAID, "bob is told still");
    }
    // Who goes is forgotten; who stays is let go when the server stops.
    drop(bob);
    wait_until("one has gone", SAID, || waiting() == 1);
    server.signal("-TERM");
    while piece(&mut alice).is_some() {}
    wait_until("it ends", SAID, || !server.alive());
}

#[test]
fn one_principal_holds_so_many_connections() {
    let (server, _) = server();
    let held: Vec<_> = (0..256).map(|_| watch(&server, "alice")).collect();
    let mut alice: Client = server.client("alice");
    let answer = alice.send("POST", "/contract/watch", &[], b"").expect(429);
    assert!(answer.header("retry-after").is_some());
    watch(&server, "bob");
    drop(held);
    wait_until("all are forgotten", SAID, || {
        metric(&server, "chapar_waiting_connections") == 0
    });
}
