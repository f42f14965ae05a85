//! RFC 6455 by its clauses, and what clients send that is wrong.

use super::*;
use crate::http::activity::Activity;
use crate::http::body::STALL_MAX;
use crate::http::cors::Origins;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Version};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;

const SIZE_MAX: u64 = 200 << 10;

/// Room for one of the longest messages.
fn rooms() -> Rooms {
    Rooms::with(SIZE_MAX as usize, &Rooms::of_tenant())
}

fn pair() -> (DuplexStream, WebSocket<DuplexStream>) {
    let (client, server) = duplex(1 << 10);
    let socket = WebSocket::new(server, SIZE_MAX, rooms(), Activity::new());
    (client, socket)
}

/// A masked frame. RFC 6455 §5.2, §5.3.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ ..=125 => frame.push(0x80 | len as u8),
        len @ ..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(0x80 | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    frame.extend(mask);
    let masked = payload.iter().zip(mask.into_iter().cycle());
    frame.extend(masked.map(|(byte, mask)| byte ^ mask));
    frame
}

/// What comes of bytes, sent a few at a time, in the words of the assertions below.
pub async fn read(bytes: &[u8]) -> Vec<String> {
    let (mut client, mut socket) = pair();
    let bytes = bytes.to_vec();
    let sending = tokio::spawn(async move {
        for piece in bytes.chunks(7) {
            let _ = client.write_all(piece).await;
        }
    });
    let mut told = Vec::new();
    loop {
        let (word, is_end) = match socket.next().await {
            Event::Message(message) => match message.text.len() {
                ..100 => (String::from_utf8_lossy(&message.text).into_owned(), false),
                len => (format!("{len} bytes"), false),
            },
            Event::Ping(payload) => (format!("ping {}", payload.len()), false),
            Event::Pong => ("pong".to_owned(), false),
            Event::Close(code) => (format!("close {code:?}"), true),
            Event::Fault(close) => (format!("fault {}", close.code), true),
            Event::Gone => ("gone".to_owned(), true),
        };
        told.push(word);
        if is_end {
            drop(socket);
            sending.await.unwrap();
            return told;
        }
    }
}

#[tokio::test]
async fn s5_7_examples() {
    let hello = [
        0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
    ];
    assert_eq!(frame(0x81, b"Hello"), hello);
    let pong = [
        0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
    ];
    let sent = [&hello[..], &pong].concat();
    assert_eq!(read(&sent).await, ["Hello", "pong", "gone"]);
    let (mut client, mut socket) = pair();
    socket.send(Bytes::from("Hello")).await.unwrap();
    socket.pong(Bytes::from("Hello")).await.unwrap();
    socket.send(Bytes::from(vec![b'x'; 256])).await.unwrap();
    let mut said = vec![0; 7 + 7 + 4 + 256];
    client.read_exact(&mut said).await.unwrap();
    assert_eq!(&said[..7], b"\x81\x05Hello");
    assert_eq!(&said[7..14], b"\x8a\x05Hello");
    assert_eq!(&said[14..18], [0x81, 0x7e, 0x01, 0x00]);
    let sending = tokio::spawn(async move { socket.send(vec![b'x'; 0x1_0000].into()).await });
    let mut said = vec![0; 10];
    client.read_exact(&mut said).await.unwrap();
    assert_eq!(said, [0x81, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]);
    client.read_exact(&mut vec![0; 0x1_0000]).await.unwrap();
    sending.await.unwrap().unwrap();
}

#[tokio::test]
async fn s5_4_parts_make_a_message_and_control_frames_may_lie_between() {
    let sent = [
        frame(0x01, b"Hel"),
        frame(0x89, b"ping"),
        frame(0x00, b""),
        frame(0x80, b"lo"),
        frame(0x81, b""),
        frame(0x81, &[b'x'; 126]),
        frame(0x81, &[b'x'; 0x1_0001]),
        frame(0x88, &[0x03, 0xe8]),
    ];
    assert_eq!(
        read(&sent.concat()).await,
        [
            "ping 4",
            "Hello",
            "",
            "126 bytes",
            "65537 bytes",
            "close Some(1000)"
        ]
    );
}

#[tokio::test]
async fn s7_4_1_whoever_breaks_a_rule_is_told_which() {
    let big = frame(0x01, &vec![b'x'; SIZE_MAX as usize]);
    let mut huge = frame(0x81, b"");
    huge[1] = 0xff;
    huge.splice(2..2, [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    for (sent, told) in [
        (vec![0x81, 0x01, b'x'], "fault 1002"), // §5.1 not masked
        (frame(0xc1, b"x"), "fault 1002"),      // §5.2 RSV1
        (frame(0x83, b"x"), "fault 1002"),      // §5.2 opcode
        (frame(0x8b, b"x"), "fault 1002"),
        (frame(0x80, b"x"), "fault 1002"), // §5.4 continues nothing
        (
            [frame(0x01, b"x"), frame(0x81, b"x")].concat(),
            "fault 1002",
        ),
        (frame(0x09, b"x"), "fault 1002"), // §5.5 in parts
        (frame(0x89, &[b'x'; 126]), "fault 1002"),
        (vec![0x81, 0xfe, 0, 5, 0, 0, 0, 0], "fault 1002"), // §5.2 minimal length
        (frame(0x88, b"x"), "fault 1002"),                  // §5.5.1 half a code
        (frame(0x88, &[0x03, 0xed]), "fault 1002"),         // §7.4.1 1005
        (frame(0x88, &[0x03, 0xe8, 0xff]), "fault 1007"),
        (frame(0x82, b"x"), "fault 1003"),
        (frame(0x81, b"\xc3\x28"), "fault 1007"), // §8.1
        (
            [frame(0x01, b"\xc3"), frame(0x80, b"\x28")].concat(),
            "fault 1007",
        ),
        (huge, "fault 1009"),
        ([big, frame(0x80, b"x")].concat(), "fault 1009"),
        (frame(0x88, b""), "close None"),
        (frame(0x81, b"Hello")[..8].to_vec(), "gone"),
    ] {
        let all = read(&sent).await;
        assert_eq!(
            all.last().unwrap(),
            told,
            "{:?}",
            &sent[..sent.len().min(20)]
        );
        assert_eq!(all.len(), 1);
    }
    // A character may be cut by the frames.
    let sent = [frame(0x01, b"\xc3"), frame(0x80, b"\xa4")].concat();
    assert_eq!(read(&sent).await, ["\u{e4}", "gone"]);
}

#[tokio::test]
async fn s7_1_2_a_close_is_answered() {
    let (mut client, socket) = pair();
    let closing = tokio::spawn(socket.close(Close::new(1011, "why")));
    let mut said = [0; 7];
    client.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"\x88\x05\x03\xf3why");
    client.write_all(&frame(0x81, b"too late")).await.unwrap();
    client.write_all(&frame(0x88, &[0x03, 0xf3])).await.unwrap();
    closing.await.unwrap().unwrap();
    assert_eq!(client.read(&mut said).await.unwrap(), 0);

    let (mut client, socket) = pair();
    socket.answer_close(Some(1000)).await.unwrap();
    let mut said = Vec::new();
    client.read_to_end(&mut said).await.unwrap();
    assert_eq!(said, [0x88, 0x02, 0x03, 0xe8]);
}

#[tokio::test]
async fn a_message_has_to_get_on() {
    let (mut client, mut socket) = pair();
    assert_eq!(socket.deadline(), None);
    let before = Instant::now();
    let half = &frame(0x81, &[b'x'; 2048])[..1000];
    client.write_all(half).await.unwrap();
    assert!(futures_util::poll!(Box::pin(socket.next())).is_pending());
    let allowed = STALL_MAX..=STALL_MAX + before.elapsed();
    let deadline = socket.deadline().unwrap();
    assert!(allowed.contains(&(deadline - before)));
    // Whoever sends gets more time, and a message that is whole needs none.
    let rest = &frame(0x81, &[b'x'; 2048])[1000..];
    client.write_all(&rest[..100]).await.unwrap();
    assert!(futures_util::poll!(Box::pin(socket.next())).is_pending());
    assert_eq!(socket.deadline(), Some(deadline + Duration::from_secs(1)));
    tokio::spawn(async move { client.write_all(&frame(0x81, &[b'x'; 2048])[1100..]).await });
    assert!(matches!(socket.next().await, Event::Message(_)));
    assert_eq!(socket.deadline(), None);
}

#[tokio::test]
async fn s7_4_1_no_message_is_longer_than_fits_into_memory() {
    // However long bodies of requests may be.
    let (mut client, server) = duplex(1 << 10);
    let mut socket = WebSocket::new(server, 4 << 30, rooms(), Activity::new());
    let mut huge = vec![0x81, 0xff];
    huge.extend(3_000_000_000_u64.to_be_bytes());
    huge.extend([0; 4]);
    client.write_all(&huge).await.unwrap();
    assert!(matches!(socket.next().await, Event::Fault(Close::TOO_BIG)));
}

async fn message(socket: &mut WebSocket<DuplexStream>) -> Message {
    match socket.next().await {
        Event::Message(message) => message,
        other => panic!("{other:?}"),
    }
}

/// What one principal's connections have come to: messages of 100 KiB, of which two have room.
#[tokio::test]
async fn long_messages_of_one_principal_wait_for_each_other() {
    let rooms = rooms();
    let mut connections = Vec::new();
    let whole = frame(0x81, &[b'x'; 100 << 10]);
    let parts = [
        frame(0x01, &[b'x'; 50 << 10]),
        frame(0x80, &[b'x'; 50 << 10]),
    ];
    for sent in [&whole, &parts.concat(), &whole, &whole] {
        let (mut client, server) = duplex(1 << 20);
        client.write_all(sent).await.unwrap();
        client.write_all(&frame(0x81, b"short")).await.unwrap();
        let socket = WebSocket::new(server, SIZE_MAX, rooms.clone(), Activity::new());
        connections.push((client, socket));
    }
    let mut sockets = connections.iter_mut().map(|(_, socket)| socket);
    // Of one in parts nobody knows how long it will be: it has room for the longest, and gives back
    // what it didn't need.
    let (first, second) = (sockets.next().unwrap(), sockets.next().unwrap());
    let whole = message(first).await;
    {
        let mut parts = Box::pin(message(second));
        assert!(futures_util::poll!(parts.as_mut()).is_pending());
        drop(whole);
        let parts = parts.await;
        assert_eq!(parts.text.len(), 100 << 10);
        let whole = message(sockets.next().unwrap()).await;
        let mut third = Box::pin(message(sockets.next().unwrap()));
        assert!(futures_util::poll!(third.as_mut()).is_pending());
        // A short one needs no room.
        assert_eq!(message(first).await.text, "short");
        drop(parts);
        third.await;
        drop(whole);
    }
}

fn asked(fields: &[(&'static str, &str)], allowed: &str, secure: bool) -> (u16, HeaderMap) {
    let mut request = Request::builder().uri("/ws").version(Version::HTTP_11);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(()).unwrap();
    match Opening::of(&request, secure, &Origins::parse(allowed)).accept() {
        Ok(handshake) => {
            let mut headers = HeaderMap::new();
            headers.insert("sec-websocket-extensions", "x".parse().unwrap());
            (handshake.complete(&mut headers).as_u16(), headers)
        }
        Err(reply) => (reply.status.as_u16(), reply.headers),
    }
}

/// RFC 6455 §1.2.
const FIELDS: [(&str, &str); 5] = [
    ("host", "server.example.com"),
    ("upgrade", "websocket"),
    ("connection", "keep-alive, Upgrade"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("sec-websocket-version", "13"),
];

#[test]
fn s4_2_2_the_key_is_answered() {
    let (status, headers) = asked(&FIELDS, "", false);
    assert_eq!(status, StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(
        headers["sec-websocket-accept"],
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    );
    assert_eq!(
        (&headers["upgrade"], &headers["connection"]),
        (
            &http::HeaderValue::from_static("websocket"),
            &http::HeaderValue::from_static("Upgrade"),
        )
    );
    assert!(!headers.contains_key("sec-websocket-extensions"));
}

#[test]
fn s4_2_1_what_is_no_handshake_is_refused() {
    let with = |name: &str, value: &str| {
        let mut fields = FIELDS;
        for field in fields.iter_mut().filter(|(known, _)| *known == name) {
            field.1 = Box::leak(value.to_owned().into_boxed_str());
        }
        asked(&fields, "", false).0
    };
    assert_eq!(with("upgrade", "WebSocket, h2c"), 101);
    assert_eq!(with("upgrade", "h2c"), 426);
    assert_eq!(with("connection", "close"), 426);
    assert_eq!(with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ"), 400);
    assert_eq!(with("sec-websocket-key", "dGhlIHNhbXBsZQ=="), 400);
    assert_eq!(with("sec-websocket-version", "8"), 426);
    assert_eq!(
        asked(&FIELDS[..4], "", false).1["sec-websocket-version"],
        "13"
    );
    assert_eq!(asked(&[], "", false).0, 426);
}

#[test]
fn s10_2_only_pages_that_may_come() {
    let of = |origin: &'static str, allowed: &str, secure: bool| {
        let fields = [&FIELDS[..], &[("origin", origin)]].concat();
        asked(&fields, allowed, secure).0
    };
    let (own, other) = ("https://server.example.com", "https://www.example.com");
    assert_eq!(of(own, "", true), 101);
    assert_eq!(of("http://server.example.com", "", true), 403);
    assert_eq!(of("http://server.example.com", "", false), 101);
    assert_eq!(of("https://server.example.com:8443", "", true), 403);
    assert_eq!(of(other, "", true), 403);
    assert_eq!(of(other, other, true), 101);
    // Everybody may come without credentials, and these come with them.
    assert_eq!(of(other, "*", true), 403);
    assert_eq!(of("null", "*", true), 403);
}
