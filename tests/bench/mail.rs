//! Mail that comes in, and clients that wait for it.

use crate::load::request;
use crate::memory::{add_users, allow_many_files};
use crate::process::resident;
use crate::rows::Bench;
use chapar_tests::support::{PASSWORD, Server, basic, open_port, wait_until};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const MESSAGES: usize = 4_000;
const CONNECTIONS: usize = 4;
const CLIENTS: usize = 10_000;
/// Users that wait: each with so many connections as their bound allows and some to spare.
const USERS: usize = 100;
const PUSHES: usize = 200;
const FEED: &str = "/rss/user/user0";

/// A server that takes mail, with the module of the tests that wakes clients, and its address for
/// mail.
fn server(guest: bool, more: &[(&str, &str)]) -> (Server, SocketAddr) {
    let address = SocketAddr::from(([127, 0, 0, 1], open_port()));
    let mut builder = Server::builder()
        .option("log", "warn")
        .option("maxconnections_per_host", "0")
        .option("lmtp_listen", &address.to_string())
        .user("user0");
    for (name, value) in more {
        builder = builder.option(name, value);
    }
    if guest {
        builder = builder
            .guest("contract")
            .option("module_grants", "contract:*");
    }
    let mut server = builder.prepare();
    add_users(&server.folder().join("state/tenants/default"));
    server.start();
    (server, address)
}

/// A connection that delivers.
struct Lmtp(BufReader<TcpStream>);

impl Lmtp {
    fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        let _ = stream.set_nodelay(true);
        let mut lmtp = Self(BufReader::new(stream));
        lmtp.expect("220");
        lmtp.say("LHLO bench\r\n", "250");
        lmtp
    }

    fn say(&mut self, text: &str, code: &str) {
        self.0.get_mut().write_all(text.as_bytes()).expect("sent");
        self.expect(code);
    }

    /// Reads an answer to its last line.
    fn expect(&mut self, code: &str) {
        let mut line = String::new();
        loop {
            line.clear();
            self.0.read_line(&mut line).expect("an answer");
            assert!(line.starts_with(code), "{line}");
            if line.as_bytes().get(3) == Some(&b' ') {
                return;
            }
        }
    }

    /// Delivers as transfer agents do: the envelope at once, then the message.
    fn deliver(&mut self, user: usize, message: &str) {
        let envelope = format!("MAIL FROM:<x@y.test>\r\nRCPT TO:<user{user}>\r\nDATA\r\n");
        self.0
            .get_mut()
            .write_all(envelope.as_bytes())
            .expect("sent");
        self.expect("250");
        self.expect("250");
        self.expect("354");
        self.say(message, "250");
    }
}

fn message(number: usize) -> String {
    let lines = "some words of a text that somebody has written\r\n".repeat(50);
    format!(
        "From: A <a@y.test>\r\nTo: B <b@y.test>\r\nSubject: {number}\r\nMessage-ID: <{number}@y.test>\r\nDate: Thu, 1 Jan 1970 00:00:00 +0000\r\n\r\n{lines}.\r\n"
    )
}

/// Four connections that deliver, every message durable before it is answered for.
pub fn deliveries(bench: &mut Bench) {
    let (server, address) = server(false, &[]);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for part in 0..CONNECTIONS {
            scope.spawn(move || {
                let mut lmtp = Lmtp::new(address);
                for number in (part..MESSAGES).step_by(CONNECTIONS) {
                    lmtp.deliver(number % 10, &message(number));
                }
            });
        }
    });
    let rate = MESSAGES as f64 / began.elapsed().as_secs_f64();
    drop(server);
    bench.row(
        "LMTP deliveries, 4 connections",
        ">= 1120/s",
        format!("{rate:.0}/s"),
        Some(rate >= 1120.0),
        "2.5 KB each, and indexed meanwhile".to_owned(),
    );
}

/// A mailbox of a thousand messages as a feed, all of them, and as many as there are by default.
pub fn feeds(bench: &mut Bench) {
    for (items, name) in [
        ("1000", "feed of all of 1,000 messages"),
        ("50", "feed of 50 of 1,000 messages"),
    ] {
        let (server, address) = server(false, &[("rss_maxitems", items)]);
        let mut lmtp = Lmtp::new(address);
        for number in 0..1000 {
            lmtp.deliver(0, &message(number));
        }
        let authorization = basic("user0", PASSWORD);
        let headers = [("authorization", authorization.as_str())];
        let request = request("GET", FEED, &headers, b"");
        let entries = || {
            let mut client = server.client("user0");
            let answer = client.send("GET", FEED, &[], b"").expect(200).text();
            answer.matches("<entry>").count() + answer.matches("<item>").count()
        };
        wait_until("all messages are there", Duration::from_secs(60), || {
            entries().to_string() == items
        });
        bench.row_of_cpu_at(name, 3000.0, (server.address, server.pid()), &request);
    }
}

/// Ten thousand clients that wait, and what one of them notices of a delivery.
pub fn waiting(bench: &mut Bench) {
    allow_many_files();
    let (server, address) = server(true, &[]);
    let pid = server.pid();
    // What the first ones need belongs to everybody.
    let first: Vec<_> = (0..USERS).map(|user| watch(server.address, user)).collect();
    std::thread::sleep(Duration::from_secs(2));
    let before = resident(pid);
    let mut open: Vec<_> = (0..CLIENTS)
        .map(|number| watch(server.address, number % USERS))
        .collect();
    std::thread::sleep(Duration::from_secs(10));
    let grown = resident(pid).saturating_sub(before);
    let megabytes = grown as f64 / 1e6;
    bench.row(
        "10,000 waiting clients",
        "< 100 MB",
        format!("{megabytes:.0} MB"),
        Some(megabytes < 100.0),
        format!("{:.1} KB each", grown as f64 / 1024.0 / CLIENTS as f64),
    );
    drop(first);
    // One connection of each user is left to be told; the others wait for somebody else.
    open.truncate(USERS);
    let rest: Vec<_> = (0..CLIENTS - USERS)
        .map(|number| watch(server.address, USERS + number % (USERS / 2)))
        .collect();
    let mut lmtp = Lmtp::new(address);
    let mut times: Vec<Duration> = (0..PUSHES)
        .map(|number| {
            let user = number % USERS;
            let stream = &mut open[user];
            let began = Instant::now();
            lmtp.deliver(user, &message(number));
            let mut line = String::new();
            while line.trim_end() != "changed" {
                line.clear();
                stream.read_line(&mut line).expect("a piece");
            }
            let took = began.elapsed();
            // The keys of the message follow, and are a change, too.
            std::thread::sleep(Duration::from_millis(150));
            drain(stream);
            took
        })
        .collect();
    drop(rest);
    times.sort();
    let millis = |at: usize| times[at * (times.len() - 1) / 100].as_secs_f64() * 1e3;
    bench.row(
        "a delivery reaches who waits",
        "< 100 ms",
        format!("{:.1} ms", millis(50)),
        Some(millis(50) < 100.0),
        format!(
            "p99 {:.1} ms, from MAIL to the piece, among 10,000",
            millis(99)
        ),
    );
}

/// A connection that waits, behind the head of its answer.
fn watch(address: SocketAddr, user: usize) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).expect("a connection");
    let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    let sign_in = basic(&format!("user{user}"), PASSWORD);
    let head = format!(
        "POST /contract/watch?quiet HTTP/1.1\r\nhost: bench\r\nauthorization: {sign_in}\r\ncontent-length: 0\r\n\r\n"
    );
    let mut stream = BufReader::with_capacity(1024, stream);
    stream.get_mut().write_all(head.as_bytes()).expect("sent");
    let mut line = String::new();
    stream.read_line(&mut line).expect("an answer");
    assert!(line.starts_with("HTTP/1.1 200"), "{line}");
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).expect("a field");
    }
    stream
}

/// Reads what has come.
fn drain(stream: &mut BufReader<TcpStream>) {
    let _ = stream.get_ref().set_nonblocking(true);
    while let Ok(found) = stream.fill_buf() {
        let len = found.len();
        if len == 0 {
            break;
        }
        stream.consume(len);
    }
    let _ = stream.get_ref().set_nonblocking(false);
}
