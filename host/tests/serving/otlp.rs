//! Spans reach a collector, in the trace that the request names.

use crate::reload::until;
use crate::support::{Answer, start};
use chapar::log;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Takes one request of a collector's client; returns its head and body.
fn take(mut stream: TcpStream) -> (String, Vec<u8>) {
    let mut received = Vec::new();
    let mut byte = [0];
    while !received.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        received.extend(byte);
    }
    let head = String::from_utf8(received).unwrap().to_ascii_lowercase();
    let (_, length) = head.split_once("content-length: ").unwrap();
    let length = length.lines().next().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .unwrap();
    (head, body)
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn from_hex(digits: &str) -> Vec<u8> {
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

/// A collector that takes one batch, and where it is.
fn collector() -> (String, JoinHandle<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/", listener.local_addr().unwrap());
    let taking = std::thread::spawn(move || take(listener.accept().unwrap().0));
    (endpoint, taking)
}

#[test]
fn spans_go_to_the_collector_of_the_moment_in_the_trace_of_the_request() {
    let (first, taking) = collector();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let guard = {
        let _entered = runtime.enter();
        log::begin("error", false, Some(&first)).unwrap()
    };
    let options = format!("httpdocroot: {{folder}}/www\notlp_endpoint: {first}\n");
    let server = start(&options, &[("a.txt", b"page"), ("b.txt", b"page")]);
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let fields = [("traceparent", parent.as_str()), ("X-Trace-Id", "mine")];
    let answer: Answer = server.ask("GET", "/a.txt?token=hunter2", &fields);
    assert_eq!(answer.status, 200);
    // Batches go every few seconds.
    let (head, body) = taking.join().unwrap();
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf\r\n"));
    // Identifiers are bytes in the message, names and values are text.
    assert!(has(&body, &from_hex(TRACE)), "not of this trace");
    assert!(has(&body, &from_hex(PARENT)), "no child of this span");
    for text in ["service.name", "chapar", "url.path", "/a.txt", "mine"] {
        assert!(has(&body, text.as_bytes()), "no {text}");
    }
    assert!(!has(&body, b"hunter2"), "the query is in it");

    let (second, taking) = collector();
    server.main_file(|text| text.replace(&first, &second));
    until("the other collector is in force", || {
        let metrics = &server.host().snapshot().config.metrics;
        metrics.otlp_endpoint.as_deref() == Some(second.as_str())
    });
    assert_eq!(server.ask("GET", "/b.txt", &fields).status, 200);
    drop(guard);
    let (_, body) = taking.join().unwrap();
    for text in ["service.name", "/b.txt", "mine"] {
        assert!(has(&body, text.as_bytes()), "no {text}");
    }
}
