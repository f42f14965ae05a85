//! WebSockets over real connections (RFC 6455): the module is one of the tests, which says what it hears,
//! and who hears it.

use chapar_tests::support::{PASSWORD, Server, basic, wait_until};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const SAID: Duration = Duration::from_secs(60);

/// How soon what is taken away is gone: two seconds, and a busy machine's.
const REVOKED: Duration = Duration::from_secs(10);

fn server() -> Server {
    Server::builder()
        .user("alice")
        .user("bob")
        .guest("contract")
        .option("module_grants", "contract:*")
        .option("maxmessagesize", "200k")
        .option("httpallowcors", "https://app.test")
        .start()
}

/// A client on its WebSocket.
struct Speaking(BufReader<TcpStream>);

/// Asks for a WebSocket in silence, and returns the connection, the status and the fields.
fn ask(server: &Server, user: &str, more: &str) -> (BufReader<TcpStream>, u16, String) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(SAID)).unwrap();
    let sign_in = basic(user, PASSWORD);
    let head = format!(
        "GET /contract/socket?quiet HTTP/1.1\r\nHost: test\r\nAuthorization: {sign_in}\r\n{more}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let (mut fields, mut line) = (String::new(), String::new());
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).unwrap();
        fields.push_str(&line.to_ascii_lowercase());
    }
    (stream, status, fields)
}

const FIELDS: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

impl Speaking {
    fn new(server: &Server, user: &str) -> Self {
        let (stream, status, fields) = ask(server, user, FIELDS);
        assert_eq!(status, 101, "{fields}");
        // RFC 6455 §1.3: the answer to this key.
        let accept = fields
            .lines()
            .find(|line| line.starts_with("sec-websocket-accept"));
        assert_eq!(
            accept,
            Some("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=")
        );
        assert!(!fields.contains("content-length") && !fields.contains("transfer-encoding"));
        let mut speaking = Self(stream);
        // What has changed before it came is told at once, if there was anything.
        speaking.send(0x81, b"hello");
        while speaking.text() != "hello" {}
        assert_eq!(speaking.text(), user);
        speaking
    }

    /// Sends a frame; its mask is none that changes anything. RFC 6455 §5.3.
    fn send(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first];
        match payload.len() {
            len @ ..=125 => frame.push(0x80 | len as u8),
            len => {
                frame.push(0x80 | 127);
                frame.extend((len as u64).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        // A server that refuses it may have stopped reading.
        let _ = self.0.get_mut().write_all(&frame);
    }

    fn frame(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).unwrap();
        let len = match head[1] {
            126 => {
                let mut len = [0; 2];
                self.0.read_exact(&mut len).unwrap();
                u64::from(u16::from_be_bytes(len))
            }
            127 => {
                let mut len = [0; 8];
                self.0.read_exact(&mut len).unwrap();
                u64::from_be_bytes(len)
            }
            len => len.into(),
        };
        let mut payload = vec![0; usize::try_from(len).unwrap()];
        self.0.read_exact(&mut payload).unwrap();
        (head[0], payload)
    }

    fn text(&mut self) -> String {
        let (first, payload) = self.frame();
        assert_eq!(first, 0x81, "{payload:?}");
        String::from_utf8(payload).unwrap()
    }

    /// Says something again and again until it is answered no more, and returns the code of the close.
    fn until_closed(&mut self, user: &str) -> u16 {
        let began = Instant::now();
        loop {
            self.send(0x81, b"still?");
            let mut last = Vec::new();
            while last != user.as_bytes() {
                let (first, payload) = self.frame();
                if first == 0x88 {
                    return u16::from_be_bytes(*payload.first_chunk().unwrap());
                }
                last = payload;
            }
            assert!(began.elapsed() < REVOKED, "it is answered still");
        }
    }

    /// The code of the close that comes, after which the server closes.
    fn closed(mut self) -> u16 {
        let (first, payload) = self.frame();
        assert_eq!(first, 0x88, "{payload:?}");
        let code = payload.first_chunk::<2>().unwrap();
        self.send(0x88, code);
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty());
        u16::from_be_bytes(*code)
    }
}

#[test]
fn each_message_is_answered_for_whoever_signed_in() {
    let server = server();
    let mut alice = Speaking::new(&server, "alice");
    let mut bob = Speaking::new(&server, "bob");
    for (speaking, user) in [(&mut alice, "alice"), (&mut bob, "bob")] {
        speaking.send(0x01, b"in ");
        speaking.send(0x89, b"there?");
        speaking.send(0x80, b"parts");
        assert_eq!(speaking.frame(), (0x8a, b"there?".to_vec()));
        assert_eq!(speaking.text(), "in parts");
        assert_eq!(speaking.text(), user);
        let long = "x".repeat(150 << 10);
        speaking.send(0x81, long.as_bytes());
        assert!(speaking.text() == long);
        assert_eq!(speaking.text(), user);
    }
    // More than are read ahead.
    for number in 0..100 {
        alice.send(0x81, format!("{number}").as_bytes());
    }
    for number in 0..100 {
        assert_eq!(alice.text(), format!("{number}"));
        assert_eq!(alice.text(), "alice");
    }
    server.log_with("method=\"MESSAGE\"");
}

#[test]
fn a_change_is_told_between_messages() {
    let server = server();
    let mut alice = Speaking::new(&server, "alice");
    let mut bob = Speaking::new(&server, "bob");
    let put = server
        .client("alice")
        .send("PUT", "/dav/drive/user/alice/a", &[], b"a");
    put.expect_any(&[201, 204]);
    assert_eq!(alice.text(), "changed\n");
    bob.send(0x81, b"me?");
    assert_eq!(bob.text(), "me?");
}

#[test]
fn why_it_ends_is_said() {
    let server = server();
    let after = |first: u8, payload: &[u8]| {
        let mut alice = Speaking::new(&server, "alice");
        alice.send(first, payload);
        alice
    };
    assert_eq!(after(0x82, b"binary").closed(), 1003);
    assert_eq!(after(0x81, b"\xff").closed(), 1007);
    assert_eq!(after(0x81, &[b'x'; 201 << 10]).closed(), 1009);
    assert_eq!(after(0xf1, b"reserved").closed(), 1002);
    assert_eq!(after(0x81, b"fall").closed(), 1011);
    let mut bye = after(0x81, b"bye");
    assert_eq!(
        (bye.text(), bye.text()),
        ("bye".to_owned(), "alice".to_owned())
    );
    assert_eq!(bye.closed(), 1000);
    assert_eq!(after(0x88, &[0x03, 0xe9]).closed(), 1001);
    // One that fell is nobody else's loss.
    let alice = Speaking::new(&server, "alice");
    server.signal("-TERM");
    assert_eq!(alice.closed(), 1001);
    wait_until("it ends", SAID, || !server.alive());
    server.check();
}

#[test]
fn a_message_is_no_longer_than_fits_into_memory_whatever_bodies_may_be() {
    let server = Server::builder()
        .user("alice")
        .guest("contract")
        .option("module_grants", "contract:*")
        .start();
    let mut alice = Speaking::new(&server, "alice");
    let mut head = vec![0x81, 0xff];
    head.extend(3_000_000_000_u64.to_be_bytes());
    head.extend([0; 4]);
    alice.0.get_mut().write_all(&head).unwrap();
    assert_eq!(alice.closed(), 1009);
}

fn run(server: &Server, arguments: &[&str], input: &str) {
    let output = server.run(arguments, input);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

#[test]
fn who_may_not_come_any_more_is_heard_no_more() {
    let server = server();
    server.add_user("carl");
    let mut bob = Speaking::new(&server, "bob");
    let mut alice = Speaking::new(&server, "alice");
    let arguments = ["user", "passwd", "alice", "--password-stdin"];
    run(&server, &arguments, "another password\n");
    assert_eq!(alice.until_closed("alice"), 1001);
    assert_eq!(ask(&server, "alice", FIELDS).1, 401);
    let mut carl = Speaking::new(&server, "carl");
    run(&server, &["group", "add", "staff", "carl"], "");
    assert_eq!(carl.until_closed("carl"), 1001);
    let mut carl = Speaking::new(&server, "carl");
    run(&server, &["user", "remove", "carl", "--yes"], "");
    assert_eq!(carl.until_closed("carl"), 1001);
    bob.send(0x81, b"and me?");
    assert_eq!(bob.text(), "and me?");
    assert_eq!(bob.text(), "bob");
}

#[test]
fn a_reload_ends_what_was_opened_under_what_held_before() {
    let server = server();
    let alice = Speaking::new(&server, "alice");
    let configure = |from: &str, to: &str| {
        let text = std::fs::read_to_string(server.config()).unwrap();
        let new = server.config().with_extension("new");
        std::fs::write(&new, text.replace(from, to)).unwrap();
        std::fs::rename(new, server.config()).unwrap();
    };
    let all = "httpmodules: *\n";
    configure(all, &format!("{all}tenant_limits: rate=1\n"));
    assert_eq!(alice.closed(), 1001);
    // The limits are those of what is in force.
    let mut client = server.client("alice");
    let mut status = || client.send("GET", "/contract/quota", &[], b"").status;
    while status() == 200 {}
    assert_eq!(status(), 429);
    configure(all, "httpmodules: webdav\n");
    wait_until("it is gone", SAID, || {
        ask(&server, "alice", FIELDS).1 == 404
    });
}

#[test]
fn who_makes_no_handshake_is_told_so() {
    let server = server();
    let status = |more: &str| ask(&server, "alice", more).1;
    let (_, plain, fields) = ask(&server, "alice", "");
    assert_eq!(plain, 426);
    assert!(fields.contains("upgrade: websocket"), "{fields}");
    let (_, old, fields) = ask(&server, "alice", &FIELDS.replace(": 13", ": 8"));
    assert_eq!(old, 426);
    assert!(fields.contains("sec-websocket-version: 13"), "{fields}");
    assert_eq!(status(&FIELDS.replace("dGhl", "")), 400);
    for (origin, expected) in [
        ("http://test", 101),
        ("https://app.test", 101),
        ("https://evil.test", 403),
        ("null", 403),
    ] {
        assert_eq!(
            status(&format!("{FIELDS}Origin: {origin}\r\n")),
            expected,
            "{origin}"
        );
    }
    assert_eq!(ask(&server, "nobody", FIELDS).1, 401);
    // Where there is no WebSocket, asking for one is nobody's mistake.
    let fields = [("connection", "upgrade"), ("upgrade", "websocket")];
    let said = server
        .client("alice")
        .send("GET", "/contract/quota", &fields, b"");
    assert!(said.expect(200).text().starts_with("ok "));
}

#[test]
fn bytes_that_came_with_the_handshake_are_not_lost() {
    let server = server();
    let mut early = FIELDS.as_bytes().to_vec();
    early.extend(b"\r\n\x81\x85\0\0\0\0early");
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(SAID)).unwrap();
    let sign_in = basic("alice", PASSWORD);
    let head = format!(
        "GET /contract/quota HTTP/1.1\r\nHost: test\r\nAuthorization: {sign_in}\r\n\r\n\
         GET /contract/socket?quiet HTTP/1.1\r\nHost: test\r\nAuthorization: {sign_in}\r\n"
    );
    let all = [head.as_bytes(), &early].concat();
    stream.write_all(&all).unwrap();
    let mut said = Vec::new();
    let mut buffer = [0; 4096];
    // Of changes it may be told as well.
    let answer = b"\x81\x05early\x81\x05alice";
    while !said.windows(answer.len()).any(|part| part == answer) {
        let read = stream.read(&mut buffer);
        let len = read.unwrap_or_else(|error| panic!("{error}: {}", said.escape_ascii()));
        assert!(len > 0, "{}", String::from_utf8_lossy(&said));
        said.extend(&buffer[..len]);
    }
    let text = String::from_utf8_lossy(&said);
    assert!(
        text.starts_with("HTTP/1.1 200 ") && text.contains("HTTP/1.1 101 "),
        "{text}"
    );
}
