//! What hostile or broken clients send: the answer is never a 5xx and never costs much.

use crate::support::{Answer, read_all, start};
use std::io::{Read, Write};

#[test]
fn malformed_requests_are_the_clients_fault() {
    let server = start("", &[]);
    let long = format!(
        "GET /{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "x".repeat(9000)
    );
    let very_long = format!(
        "GET /{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "x".repeat(70_000)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{}\r\n",
        "a: b\r\n".repeat(200)
    );
    let huge = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\na: {}\r\n\r\n",
        "b".repeat(200_000)
    );
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nHost: b\r\n\r\n",
            400,
        ),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (
            "GET /../x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            400,
        ),
        (
            "GET /%2e%2e/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            400,
        ),
        (
            "GET /a%2Fb HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            404,
        ),
        (
            "GET /a%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            400,
        ),
        (
            "GET /a%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            400,
        ),
        (
            "GET * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            400,
        ),
        (
            "GET /a b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            400,
        ),
        ("NONSENSE\r\n\r\n", 400),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nbad field\r\n\r\n",
            400,
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: x\r\n\r\n",
            400,
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            400,
        ),
        (
            "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\nConnection: close\r\n\r\n",
            405,
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: gold\r\n\r\n",
            417,
        ),
        (long.as_str(), 414),
        (very_long.as_str(), 414),
        (many.as_str(), 431),
        (huge.as_str(), 431),
    ] {
        let mut stream = server.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let answer = Answer::parse(&read_all(&mut stream));
        assert_eq!(
            answer.status,
            status,
            "{}",
            &request[..request.len().min(80)]
        );
    }
    assert_eq!(
        Answer::parse(&server.send("GET / HTTP/1.0\r\n\r\n")).status,
        200
    );
}

#[test]
fn rfc9112_s6_1_a_transfer_coding_that_is_not_understood_ends_the_connection() {
    let server = start("", &[]);
    for (fields, status) in [
        ("Transfer-Encoding: gzip, chunked\r\n", 501),
        (
            "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
            501,
        ),
        ("Transfer-Encoding: x;a=\"b\", Chunked\r\n", 501),
        ("Transfer-Encoding: chunked, chunked\r\n", 400),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            400,
        ),
    ] {
        let mut stream = server.connect();
        let put = format!("PUT /x HTTP/1.1\r\nHost: a\r\n{fields}\r\n1\r\nx\r\n0\r\n\r\n");
        stream.write_all(put.as_bytes()).unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        // To its end: nothing more is answered.
        let all = read_all(&mut stream);
        let answer = Answer::parse(&all);
        assert_eq!(answer.status, status, "{fields}");
        assert_eq!(answer.field("connection"), Some("close"), "{fields}");
        assert_eq!(all.matches("HTTP/1.1 ").count(), 1, "{fields}");
    }
    let put = "PUT /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: , CHUNKED\r\n\r\n0\r\n\r\n";
    assert_eq!(Answer::parse(&server.send(put)).status, 405);
}

#[test]
fn s10_1_1_a_body_that_nobody_wants_is_not_asked_for() {
    let server = start("", &[]);
    let answer = server.send(
        "PUT /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
}

#[test]
fn an_answer_arrives_although_the_client_is_still_sending() {
    let server = start("", &[]);
    let mut stream = server.connect();
    stream
        .write_all(
            b"PUT /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4000000\r\n\r\n",
        )
        .unwrap();
    let piece = vec![b'x'; 100_000];
    for _ in 0..40 {
        if stream.write_all(&piece).is_err() {
            break;
        }
    }
    assert!(read_all(&mut stream).starts_with("HTTP/1.1 405"));
}

#[test]
fn a_small_unwanted_body_leaves_the_connection_good() {
    let server = start("", &[]);
    let mut stream = server.connect();
    let put = "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n";
    stream.write_all(put.as_bytes()).unwrap();
    stream.write_all(&vec![b'x'; 50_000]).unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 405");
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: close\r\n\r\n")
        .unwrap();
    assert!(read_all(&mut stream).contains("HTTP/1.1 200 OK"));
}
