//! What those cost who only wait: connections between two requests, and instances that stay warm for
//! the principal that they serve.

use crate::process::resident;
use crate::rows::Bench;
use chapar_tests::support::{Client, PASSWORD, Server, basic};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const CONNECTIONS: usize = 10_000;
const INSTANCES: usize = 1_000;
/// Several users, so that no limit of one of them is in the way.
const USERS: usize = 10;

/// Ten thousand clients that have asked once and now keep their connection.
pub fn idle_connections(bench: &mut Bench) {
    allow_many_files();
    let server = quiet();
    let ask = b"GET /.well-known/nothing HTTP/1.1\r\nhost: bench\r\n\r\n";
    // What the first ones need belongs to everybody.
    let first: Vec<_> = (0..100).map(|_| asked(server.address, ask)).collect();
    let before = resident(server.pid());
    let open: Vec<_> = (0..CONNECTIONS)
        .map(|_| asked(server.address, ask))
        .collect();
    let grown = resident(server.pid()).saturating_sub(before);
    let each = grown as f64 / 1024.0 / CONNECTIONS as f64;
    drop((first, open));
    bench.row(
        "idle connection, of 10,000",
        "< 15 KB",
        format!("{each:.1} KB"),
        Some(each < 15.0),
        format!("{:.0} MB in all", grown as f64 / 1e6),
    );
}

/// A thousand instances of the drive, each after one small PUT. They are all at work at once: each
/// request holds its body back until all have begun.
pub fn warm_instances(bench: &mut Bench) {
    allow_many_files();
    let mut builder = Server::builder()
        .option("log", "warn")
        .option("httptimeout", "10m")
        .option("module_instances", "1200")
        .option("maxconnections_per_host", "0");
    let names: Vec<String> = (0..USERS).map(|n| format!("user{n}")).collect();
    for name in &names {
        builder = builder.user(name);
    }
    let server = builder.start();
    for name in &names {
        let mut client = Client::user(server.address, name, PASSWORD);
        client
            .send("OPTIONS", &format!("/dav/drive/user/{name}/"), &[], b"")
            .expect(200);
    }
    let ask = b"GET /.well-known/nothing HTTP/1.1\r\nhost: bench\r\n\r\n";
    let mut open: Vec<_> = (0..INSTANCES).map(|_| asked(server.address, ask)).collect();
    let before = resident(server.pid());
    for (number, stream) in open.iter_mut().enumerate() {
        let name = &names[number % USERS];
        let head = format!(
            "PUT /dav/drive/user/{name}/file-{number} HTTP/1.1\r\nhost: bench\r\nauthorization: {}\r\n\
             content-type: text/plain\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n",
            basic(name, PASSWORD)
        );
        stream.get_mut().write_all(head.as_bytes()).unwrap();
    }
    for stream in &mut open {
        assert_eq!(answered(stream), 100, "the module asks for the body");
    }
    let working = resident(server.pid());
    for stream in &mut open {
        stream.get_mut().write_all(b"1234").unwrap();
    }
    for stream in &mut open {
        assert_eq!(answered(stream), 201);
    }
    let grown = resident(server.pid()).saturating_sub(before);
    let each = grown as f64 / 1024.0 / INSTANCES as f64;
    let at_work = working.saturating_sub(before) as f64 / 1024.0 / INSTANCES as f64;
    bench.row(
        "warm instance, of 1,000",
        "< 64 KB",
        format!("{each:.1} KB"),
        Some(each < 64.0),
        format!("{at_work:.0} KB each while all are at work"),
    );
}

fn quiet() -> Server {
    Server::builder()
        .option("log", "warn")
        .option("httptimeout", "10m")
        .option("maxconnections", "0")
        .option("maxconnections_per_host", "0")
        .start()
}

/// A connection on which a request was answered.
fn asked(address: SocketAddr, ask: &[u8]) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).expect("a connection");
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let mut stream = BufReader::with_capacity(1024, stream);
    stream.get_mut().write_all(ask).expect("sent");
    answered(&mut stream);
    stream
}

/// Reads an answer; returns its status.
fn answered(stream: &mut BufReader<TcpStream>) -> u16 {
    let mut status = 0;
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        stream.read_line(&mut line).expect("an answer");
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        if status == 0 {
            status = text[9..12].parse().expect("a status");
        } else if let Some(value) = text.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
    }
    std::io::copy(&mut stream.take(length), &mut std::io::sink()).expect("a body");
    status
}

/// Each connection is a file of this process, too.
fn allow_many_files() {
    let limits = std::fs::read_to_string("/proc/self/limits").expect("the limits");
    let files = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let hard = files.and_then(|line| line.split_whitespace().nth(1));
    let raised = std::process::Command::new("prlimit")
        .arg(format!("--nofile={}:", hard.expect("a hard limit")))
        .arg(format!("--pid={}", std::process::id()))
        .status();
    assert!(raised.is_ok_and(|status| status.success()), "prlimit");
}
