//! Static files: RFC 9110 for GET, HEAD and OPTIONS.

use crate::support::{Running, read_all, start};
use std::io::Write;
use std::time::{Duration, Instant};

fn big() -> Vec<u8> {
    (0..1_000_000u32).map(|n| b'a' + (n % 26) as u8).collect()
}

fn server() -> Running {
    start(
        "httpdocroot: {folder}/www",
        &[
            ("index.html", b"<p>home"),
            ("a.txt", b"0123456789"),
            ("sub/index.html", b"<p>sub"),
            ("big.bin", &big()),
            ("sp ace.txt", b"space"),
            (".hidden", b"no"),
        ],
    )
}

#[test]
fn s9_3_1_get_and_s9_3_2_head() {
    let server = server();
    let answer = server.ask("GET", "/a.txt", &[]);
    assert_eq!((answer.status, answer.body.as_str()), (200, "0123456789"));
    assert_eq!(
        answer.field("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(answer.field("content-length"), Some("10"));
    assert!(answer.field("date").is_some());
    let head = server.ask("HEAD", "/a.txt", &[]);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.field("content-length"), Some("10"));
    assert_eq!(head.field("etag"), answer.field("etag"));
    assert_eq!(server.ask("GET", "/", &[]).body, "<p>home");
    assert_eq!(server.ask("GET", "/sub/", &[]).body, "<p>sub");
    assert_eq!(
        server.ask("GET", "/sub", &[]).field("location"),
        Some("/sub/")
    );
    assert_eq!(server.ask("GET", "/sp%20ace.txt?x=y", &[]).body, "space");
    assert_eq!(server.ask("GET", "/sub/../%61.txt", &[]).body, "0123456789");
    assert_eq!(server.ask("GET", "/nothing", &[]).status, 404);
    assert_eq!(server.ask("GET", "/.hidden", &[]).status, 404);
}

#[test]
fn s13_conditions_and_s14_ranges() {
    let server = server();
    let etag = server
        .ask("GET", "/big.bin", &[])
        .field("etag")
        .unwrap()
        .to_owned();
    assert_eq!(
        server
            .ask("GET", "/big.bin", &[("If-None-Match", &etag)])
            .status,
        304
    );
    assert_eq!(
        server
            .ask("GET", "/big.bin", &[("If-Match", "\"x\"")])
            .status,
        412
    );
    let range = server.ask("GET", "/big.bin", &[("Range", "bytes=100000-399999")]);
    assert_eq!(range.status, 206);
    assert_eq!(
        range.field("content-range"),
        Some("bytes 100000-399999/1000000")
    );
    assert_eq!(range.body.as_bytes(), &big()[100_000..400_000]);
    let several = server.ask(
        "GET",
        "/big.bin",
        &[("Range", "bytes=0-9,500000-500009,-5")],
    );
    assert_eq!(several.status, 206);
    assert_eq!(
        several.field("content-length").unwrap(),
        several.body.len().to_string()
    );
    assert_eq!(
        several.body.matches("content-range: bytes ").count()
            + several.body.matches("Content-Range: bytes ").count(),
        3
    );
    assert_eq!(
        server
            .ask("GET", "/big.bin", &[("Range", "bytes=1000000-")])
            .status,
        416
    );
    assert_eq!(server.ask("GET", "/big.bin", &[]).body.as_bytes(), big());
}

#[test]
fn s9_3_7_options_and_other_methods() {
    let server = server();
    assert_eq!(
        server.ask("OPTIONS", "/a.txt", &[]).field("allow"),
        Some("get, head, options")
    );
    assert_eq!(server.ask("OPTIONS", "*", &[]).status, 204);
    let put = server.ask("PUT", "/a.txt", &[("Content-Length", "0")]);
    assert_eq!(
        (put.status, put.field("allow")),
        (405, Some("get, head, options"))
    );
    assert_eq!(server.ask("BREW", "/a.txt", &[]).status, 501);
}

#[test]
fn without_a_folder_a_page_says_what_runs() {
    let server = start("serverinfo: off", &[]);
    let answer = server.ask("GET", "/", &[]);
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("Chapar"));
    assert_eq!(answer.field("server"), None);
    assert_eq!(server.ask("GET", "/x", &[]).status, 404);
}

#[test]
fn a_stop_ends_idle_connections_at_once() {
    let mut server = server();
    let mut idle = server.connect();
    idle.write_all(b"GET /a.txt HTTP/1.1\r\nHost: test\r\n\r\n")
        .unwrap();
    let mut start = [0; 12];
    std::io::Read::read_exact(&mut idle, &mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    let began = Instant::now();
    server.stop();
    assert!(began.elapsed() < Duration::from_secs(5));
    read_all(&mut idle);
}
