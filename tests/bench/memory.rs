//! What those cost who only wait: connections between two requests, and instances that stay warm for
//! the principal that they serve.

use crate::process::{proportional, resident};
use crate::rows::Bench;
use chapar_tests::support::{PASSWORD, Server, basic};

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use storage::Store;

const CONNECTIONS: usize = 10_000;
const INSTANCES: usize = 1_000;

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
    let opened = resident(server.pid()).saturating_sub(before);
    // A connection is idle once nothing came for a few seconds.
    std::thread::sleep(Duration::from_secs(10));
    let grown = resident(server.pid()).saturating_sub(before);
    let each = grown as f64 / 1024.0 / CONNECTIONS as f64;
    drop((first, open));
    bench.row(
        "idle connection, of 10,000",
        "< 15 KB",
        format!("{each:.1} KB"),
        Some(each < 15.0),
        format!(
            "{:.0} MB in all; {:.1} KB each at once after their answer",
            grown as f64 / 1e6,
            opened as f64 / 1024.0 / CONNECTIONS as f64
        ),
    );
}

/// A thousand users, and for each an instance of the drive that has listed its home once.
pub fn warm_instances(bench: &mut Bench) {
    let mut server = Server::builder()
        .option("log", "warn")
        .option("maxmessagesize", "1M")
        .user("user0")
        .prepare();
    add_users(&server.folder().join("state/tenants/default"));
    server.start();
    // What the first visit makes is in the store before the second.
    list_homes(server.address);
    server.kill();
    server.start();
    // Verifying a password takes longer than an instance waits: all sign in before, with a request
    // that no instance sees, because it announces a body that is too long.
    visit(server.address, |name| {
        format!("PUT /dav/drive/user/{name}/x HTTP/1.1\r\ncontent-length: 2000000\r\n")
    });
    let pid = server.pid();
    let before = at_rest(pid);
    let began = std::time::Instant::now();
    list_homes(server.address);
    let took = began.elapsed().as_secs_f64();
    // Instances wait longer than what the connections needed is kept.
    std::thread::sleep(Duration::from_secs(2));
    let kilobytes =
        |after: u64, before| after.saturating_sub(before) as f64 / 1024.0 / INSTANCES as f64;
    let each = kilobytes(proportional(pid), before.0);
    let mapped = kilobytes(resident(pid), before.1);
    bench.row(
        "warm instance, of 1,000",
        "< 64 KB",
        format!("{each:.1} KB"),
        Some(each < 64.0),
        format!("RSS, with pages that they share: {mapped:.1} KB; made within {took:.1} s"),
    );
}

/// The memory of a process once it gives none back any more: passwords take much for a moment.
fn at_rest(pid: u32) -> (u64, u64) {
    let mut before = (u64::MAX, u64::MAX);
    loop {
        std::thread::sleep(Duration::from_secs(5));
        let now = (proportional(pid), resident(pid));
        if now.0 >= before.0 {
            return now;
        }
        before = now;
    }
}

/// Adds users with the password of the first, which costs no hashing.
pub fn add_users(folder: &std::path::Path) {
    let limits = storage::StoreLimits::default();
    let store = storage::SqliteStore::open(folder, "default", limits).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let first = store.principal("user0").await.unwrap();
        let credentials = store.credentials("user0").await.unwrap();
        for number in 1..INSTANCES {
            let mut user = first.clone();
            user.id = format!("user{number}");
            user.addresses.clear();
            store.put_principal(&user).await.unwrap();
            store.set_credentials(&user.id, &credentials).await.unwrap();
        }
        store.close().await;
    });
}

fn list_homes(address: SocketAddr) {
    visit(address, |name| {
        format!("PROPFIND /dav/drive/user/{name}/ HTTP/1.1\r\ndepth: 0\r\ncontent-length: 0\r\n")
    });
}

/// Sends a request of each user, over two connections at a time.
fn visit(address: SocketAddr, request: impl Fn(&str) -> String + Sync) {
    std::thread::scope(|scope| {
        for part in 0..2 {
            let request = &request;
            scope.spawn(move || {
                for number in (part..INSTANCES).step_by(2) {
                    let name = format!("user{number}");
                    let ask = format!(
                        "{}host: bench\r\nauthorization: {}\r\nconnection: close\r\n\r\n",
                        request(&name),
                        basic(&name, PASSWORD)
                    );
                    let mut stream = TcpStream::connect(address).expect("a connection");
                    stream.write_all(ask.as_bytes()).expect("sent");
                    let mut answer = Vec::new();
                    let _ = stream.read_to_end(&mut answer);
                    let status = answer.get(9..12).unwrap_or_default();
                    assert!(matches!(status, b"207" | b"413"), "{name}: {answer:?}");
                }
            });
        }
    });
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
pub fn allow_many_files() {
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
