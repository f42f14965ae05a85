//! Clients that keep the host busy with what serves no request: they are let go, and everybody else
//! is served. Frames are written by hand, RFC 9113 §4.1, §6.

use crate::support::{Running, start};
use std::io::{Read, Write};
use std::net::TcpStream;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// What one connection sends in the end: far more than anyone may.
const BYTES_MAX: usize = 64 << 20;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// RFC 7541: `GET` or `POST http://test/`.
fn head(post: bool) -> Vec<u8> {
    let mut block = vec![if post { 0x83 } else { 0x82 }, 0x86, 0x84, 0x01, 4];
    block.extend(b"test");
    block
}

/// The stream of the n-th request.
fn stream(n: u32) -> u32 {
    2 * n + 1
}

fn open(server: &Running) -> TcpStream {
    let mut stream = server.connect();
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).unwrap();
    stream
}

/// Sends `first`, and then `more` until the server has had enough; says whether it had.
fn flood(server: &Running, first: Vec<u8>, mut more: impl FnMut(u32) -> Vec<u8> + Send) -> bool {
    let mut connection = open(server);
    let mut writer = connection.try_clone().unwrap();
    std::thread::scope(|scope| {
        let writing = scope.spawn(move || {
            let mut sent = first.len();
            if writer.write_all(&first).is_err() {
                return true;
            }
            for n in (0..).step_by(256) {
                let piece: Vec<u8> = (n..n + 256).flat_map(&mut more).collect();
                sent += piece.len();
                if writer.write_all(&piece).is_err() {
                    return true;
                }
                if sent > BYTES_MAX {
                    break;
                }
            }
            let _ = writer.shutdown(std::net::Shutdown::Both);
            false
        });
        // Answers are read: who doesn't is stopped by TCP already.
        let mut received = vec![0; 64 << 10];
        while connection.read(&mut received).is_ok_and(|len| len > 0) {}
        writing.join().unwrap()
    })
}

#[test]
fn floods_end_and_others_are_served() {
    let server = start("", &[]);
    let get = |n| frame(HEADERS, END_STREAM | END_HEADERS, stream(n), &head(false));
    let post = || frame(HEADERS, END_HEADERS, 1, &head(true));
    type More = Box<dyn FnMut(u32) -> Vec<u8> + Send>;
    let floods: [(&str, Vec<u8>, More); 9] = [
        (
            "rapid reset, CVE-2023-44487",
            vec![],
            Box::new(move |n| {
                let reset = frame(RST_STREAM, 0, stream(n), &8u32.to_be_bytes());
                [get(n), reset].concat()
            }),
        ),
        (
            "made you reset, CVE-2025-8671",
            vec![],
            Box::new(move |n| {
                let nothing = frame(WINDOW_UPDATE, 0, stream(n), &0u32.to_be_bytes());
                [get(n), nothing].concat()
            }),
        ),
        (
            "continuations, CVE-2024-27316",
            frame(HEADERS, END_STREAM, 1, &head(false)),
            Box::new(|_| frame(CONTINUATION, 0, 1, &[])),
        ),
        ("pings", vec![], Box::new(|_| frame(PING, 0, 0, &[0; 8]))),
        ("settings", vec![], Box::new(|_| frame(SETTINGS, 0, 0, &[]))),
        ("empty data", post(), Box::new(|_| frame(DATA, 0, 1, &[]))),
        (
            "priorities",
            vec![],
            Box::new(|_| frame(PRIORITY, 0, 3, &[0, 0, 0, 1, 9])),
        ),
        (
            "frames of no known type",
            vec![],
            Box::new(|_| frame(0x77, 0, 0, &[7; 100])),
        ),
        (
            // Each name and value is 60 bytes in the table, and one byte on the wire.
            "a bomb of fields",
            vec![],
            Box::new(|n| {
                let mut block = head(false);
                if n == 0 {
                    block.extend([0x40, 1, b'a', 60]);
                    block.extend([b'b'; 60]);
                }
                block.extend([0xbe; 16_000]);
                frame(HEADERS, END_STREAM | END_HEADERS, stream(n), &block)
            }),
        ),
    ];
    for (name, first, more) in floods {
        std::thread::scope(|scope| {
            let flooding = scope.spawn(|| flood(&server, first, more));
            let mut served = 0;
            while served == 0 || !flooding.is_finished() {
                assert_eq!(server.ask("GET", "/", &[]).status, 200, "{name}");
                served += 1;
            }
            assert!(flooding.join().unwrap(), "{name}: nobody stopped it");
        });
    }
}

#[test]
fn s6_8_who_floods_is_told_so_where_the_library_sees_it() {
    let server = start("", &[]);
    let mut connection = open(&server);
    let mut block = frame(HEADERS, END_STREAM, 1, &head(false));
    for _ in 0..100 {
        block.extend(frame(CONTINUATION, 0, 1, &[]));
    }
    connection.write_all(&block).unwrap();
    let mut received = Vec::new();
    let _ = connection.read_to_end(&mut received);
    let mut rest = received.as_slice();
    let mut reason = None;
    while rest.len() >= 9 {
        let len = u32::from_be_bytes([0, rest[0], rest[1], rest[2]]) as usize;
        if rest[3] == GOAWAY {
            reason = Some(u32::from_be_bytes(rest[13..17].try_into().unwrap()));
        }
        rest = &rest[9 + len..];
    }
    const ENHANCE_YOUR_CALM: u32 = 11;
    assert_eq!(reason, Some(ENHANCE_YOUR_CALM));
}

#[test]
fn requests_and_a_ping_each_are_no_flood() {
    let server = start("", &[]);
    let mut connection = open(&server);
    let ping = frame(PING, 0, 0, &[1; 8]);
    for n in 0..300 {
        let get = frame(HEADERS, END_STREAM | END_HEADERS, stream(n), &head(false));
        connection.write_all(&get).unwrap();
        connection.write_all(&ping).unwrap();
        // Until the ping is answered.
        let mut seen = Vec::new();
        while !seen.windows(8).any(|bytes| bytes == [1; 8]) {
            let mut piece = [0; 4096];
            let len = connection.read(&mut piece).unwrap();
            assert!(len > 0, "closed after {n}");
            seen.extend_from_slice(&piece[..len]);
        }
    }
}
