//! Nothing that a client can send gets a 5xx, or keeps the server from answering the next one.

use chapar_tests::support::{Client, PASSWORD, Server, basic, fixtures};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const HOME: &str = "/dav/drive/user/alice/";

fn server() -> Server {
    let server = Server::builder().user("alice").user("bob").start();
    let mut alice = server.client("alice");
    alice
        .send("MKCOL", &format!("{HOME}m/"), &[], b"")
        .expect(201);
    alice
        .send("PUT", &format!("{HOME}m/file"), &[], b"content")
        .expect(201);
    server
}

fn lives(server: &Server, after: &str) {
    assert!(
        server.alive(),
        "{after}: the server is gone\n{}",
        server.log()
    );
    let mut client = server.client("alice").timeout(Duration::from_secs(20));
    let answer = client.try_send("PROPFIND", HOME, &[("depth", "0")], b"");
    match answer {
        Ok(answer) if answer.status == 207 => {}
        other => panic!("{after}: no good answer to a good request: {other:?}"),
    }
}

/// Sends bytes and returns all that comes back until the server ends the connection, or has
/// answered, or says nothing for longer than it should take.
fn exchange(address: SocketAddr, bytes: &[u8], end: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream
        .set_read_timeout(Some(Duration::from_secs(15)))
        .unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(15)))
        .unwrap();
    // The server may stop reading as soon as it has seen enough.
    let _ = stream.write_all(bytes);
    if end {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut answer = Vec::new();
    let mut piece = [0; 16 * 1024];
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        answer.extend_from_slice(&piece[..read]);
        if !end {
            // Something has come: what is left of it comes soon.
            stream
                .set_read_timeout(Some(Duration::from_millis(100)))
                .unwrap();
        }
    }
    answer
}

#[test]
fn malformed_requests_get_no_5xx_and_leave_the_server_alive() {
    let server = server();
    let host = server.address.to_string();
    let authorization = basic("alice", PASSWORD);
    let path = format!("{HOME}m/");
    let variables = [
        ("host", host.as_str()),
        ("auth", &authorization),
        ("path", &path),
    ];
    let all = fixtures(include_str!("../fixtures/malformed.http"), &variables);
    assert!(all.len() >= 100, "only {}", all.len());
    let mut wrong = Vec::new();
    let mut failed = 0;
    for fixture in all {
        let name = &fixture.name;
        let answer = exchange(server.address, &fixture.bytes, fixture.incomplete);
        for status in statuses(&answer) {
            // 501 and 505 are about a method and a version that nobody knows (RFC 9110 §15.6), 502
            // is about a destination that is not this collection's (RFC 4918 §9.8.5).
            let said = matches!(status, 501 | 505) || (status == 502 && name.contains("another"));
            if status >= 500 && !said {
                wrong.push(format!("{name}: {status}"));
            }
        }
        let short = fixture.bytes.len() < 1 << 20;
        if answer.is_empty() && short && name.starts_with("xml") && !fixture.incomplete {
            wrong.push(format!("{name}: no answer"));
        }
        lives(&server, name);
        let failures = failures(&server);
        if failures > failed {
            wrong.push(format!("{name}: a module failed"));
        }
        failed = failures;
    }
    assert!(wrong.is_empty(), "{wrong:#?}\n{}", server.log());
}

/// How often a module has failed by now: lines of the log come in order, so one request more shows
/// that those before it are there.
fn failures(server: &Server) -> usize {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let mark = format!("/mark-{}-", COUNT.fetch_add(1, Ordering::Relaxed));
    Client::anonymous(server.address)
        .send("GET", &mark, &[], b"")
        .expect(404);
    server.log_with(&mark).matches("module failed").count()
}

/// The status of each answer in what came back over a connection.
fn statuses(answer: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answer);
    text.split("HTTP/1.")
        .skip(1)
        .filter_map(|rest| rest.get(2..5)?.parse().ok())
        .collect()
}

#[test]
fn a_smuggled_request_is_not_answered() {
    let server = server();
    let authorization = basic("alice", PASSWORD);
    let path = format!("{HOME}m/smuggled");
    let hidden = format!(
        "DELETE {HOME}m/file HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\n\r\n"
    );
    let request = format!(
        "PUT {path} HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\n\
         content-length: {}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
        5 + hidden.len()
    );
    let answer = exchange(server.address, request.as_bytes(), true);
    assert!(
        statuses(&answer).len() <= 1,
        "{}",
        String::from_utf8_lossy(&answer)
    );
    let file = format!("{HOME}m/file");
    server
        .client("alice")
        .send("GET", &file, &[], b"")
        .expect(200);
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame. RFC 9113 §4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

#[test]
fn malformed_http_2_leaves_the_server_alive() {
    let server = server();
    let settings = frame(4, 0, 0, b"");
    // `GET / http` in HPACK's static table: RFC 7541 appendix A.
    let get = [0x82, 0x84, 0x86, 0x41, 0x01, b'x'];
    let many = |count: u32, each: &dyn Fn(u32) -> Vec<u8>| (0..count).flat_map(each).collect();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("no settings first", frame(1, 5, 1, &get)),
        ("settings of a wrong length", frame(4, 0, 0, b"12345")),
        ("settings on a stream", frame(4, 0, 1, b"")),
        (
            "settings that are absurd",
            frame(4, 0, 0, b"\0\x04\xff\xff\xff\xff\0\x05\0\0\0\0"),
        ),
        (
            "headers on stream 0",
            [settings.clone(), frame(1, 5, 0, &get)].concat(),
        ),
        (
            "headers on an even stream",
            [settings.clone(), frame(1, 5, 2, &get)].concat(),
        ),
        (
            "data on an idle stream",
            [settings.clone(), frame(0, 1, 1, b"x")].concat(),
        ),
        ("a frame longer than allowed", {
            let mut bytes = settings.clone();
            bytes.extend([0xff, 0xff, 0xff, 1, 4, 0, 0, 0, 1]);
            bytes.extend([0; 100_000]);
            bytes
        }),
        (
            "HPACK that is none",
            [settings.clone(), frame(1, 5, 1, &[0xff; 64])].concat(),
        ),
        ("an HPACK index far off", {
            [
                settings.clone(),
                frame(1, 5, 1, &[0xff, 0xff, 0xff, 0xff, 0x7f]),
            ]
            .concat()
        }),
        ("an HPACK table of 4 GiB", {
            [
                settings.clone(),
                frame(1, 5, 1, &[0x3f, 0xe1, 0xff, 0xff, 0xff, 0x0f]),
            ]
            .concat()
        }),
        (
            "headers without a method",
            [settings.clone(), frame(1, 5, 1, &[0x84, 0x86])].concat(),
        ),
        (
            "a window of zero",
            [settings.clone(), frame(8, 0, 0, &[0; 4])].concat(),
        ),
        ("a window beyond its size", {
            [settings.clone(), frame(8, 0, 0, &[0x7f, 0xff, 0xff, 0xff])].concat()
        }),
        (
            "a ping of a wrong length",
            [settings.clone(), frame(6, 0, 0, b"1")].concat(),
        ),
        (
            "a continuation of nothing",
            [settings.clone(), frame(9, 4, 1, &get)].concat(),
        ),
        (
            "a push from a client",
            [settings.clone(), frame(5, 4, 1, &[0, 0, 0, 2])].concat(),
        ),
        (
            "a frame of an unknown kind",
            [settings.clone(), frame(0xee, 0xff, 7, b"?")].concat(),
        ),
        ("continuations without end", {
            let begin = frame(1, 0, 1, &get);
            [
                settings.clone(),
                begin,
                many(20_000, &|_| frame(9, 0, 1, b"")),
            ]
            .concat()
        }),
        ("pings without end", {
            [settings.clone(), many(50_000, &|_| frame(6, 0, 0, &[0; 8]))].concat()
        }),
        ("settings without end", many(50_000, &|_| settings.clone())),
        ("requests begun and taken back", {
            let each = |n: u32| {
                [
                    frame(1, 5, 2 * n + 1, &get),
                    frame(3, 0, 2 * n + 1, &[0, 0, 0, 8]),
                ]
                .concat()
            };
            [settings.clone(), many(20_000, &each)].concat()
        }),
        ("a request that names itself", {
            let priority = frame(2, 0, 1, &[0, 0, 0, 1, 0]);
            [settings.clone(), priority].concat()
        }),
    ];
    for (name, bytes) in cases {
        exchange(server.address, &[PREFACE, &bytes].concat(), true);
        lives(&server, name);
    }
}

#[test]
fn two_hundred_silent_connections_keep_nobody_out() {
    let server = server();
    let silent: Vec<TcpStream> = (0..200)
        .map(|n| {
            let mut stream = TcpStream::connect(server.address).expect("a connection");
            if n % 2 == 0 {
                let begun = b"PUT /dav/drive/user/alice/slow HTTP/1.1\r\nhost: x\r\ncontent-";
                stream.write_all(begun).unwrap();
            }
            stream
        })
        .collect();
    lives(&server, "silent connections");
    drop(silent);
    let mut anonymous = Client::anonymous(server.address);
    anonymous
        .send("PROPFIND", HOME, &[("depth", "0")], b"")
        .expect(401);
}
