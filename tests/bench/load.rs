//! Load over connections that are kept: each sends a request, reads the answer, and sends the next.

use crate::process::cpu;
use futures_util::future::join_all;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// How long each request took, ascending.
    pub latencies: Vec<Duration>,
    /// How long all of it took.
    pub elapsed: Duration,
    /// CPU time that asking has used itself.
    pub own: Duration,
}

impl Load {
    /// Requests answered.
    pub fn count(&self) -> usize {
        self.latencies.len()
    }

    /// Requests a second.
    pub fn rate(&self) -> f64 {
        self.count() as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency that this part of the requests kept, in milliseconds.
    pub fn quantile(&self, part: f64) -> f64 {
        let at = (self.count() as f64 * part) as usize;
        let latency = self.latencies.get(at.min(self.count().saturating_sub(1)));
        latency.map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
    }

    /// Adds what another has measured.
    pub fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.latencies.sort_unstable();
        self.elapsed += other.elapsed;
        self.own += other.own;
    }
}

/// A request, whole.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend(format!("{name}: {value}\r\n").bytes());
    }
    if !body.is_empty() {
        bytes.extend(format!("content-length: {}\r\n", body.len()).bytes());
    }
    bytes.extend(b"\r\n");
    bytes.extend(body);
    bytes
}

/// Sends requests over so many connections for so long. `make` makes the request of a connection.
/// One thread does it: the processors that it takes are those that the server would have.
pub fn drive(
    address: SocketAddr,
    connections: usize,
    duration: Duration,
    make: impl Fn(usize, usize) -> Vec<u8>,
) -> Load {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .expect("a runtime");
    let before = cpu(std::process::id());
    let began = Instant::now();
    let one = async |connection| {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).unwrap();
        let mut stream = BufReader::with_capacity(256 * 1024, stream);
        let mut latencies = Vec::new();
        let mut line = Vec::new();
        while began.elapsed() < duration {
            let request = make(connection, latencies.len());
            let sent = Instant::now();
            stream.write_all(&request).await.expect("sent");
            read_answer(&mut stream, &mut line).await;
            latencies.push(sent.elapsed());
        }
        latencies
    };
    let mut latencies = runtime
        .block_on(join_all((0..connections).map(one)))
        .concat();
    latencies.sort_unstable();
    Load {
        latencies,
        elapsed: began.elapsed(),
        own: cpu(std::process::id()) - before,
    }
}

async fn read_answer(stream: &mut BufReader<TcpStream>, line: &mut Vec<u8>) {
    let mut status = 0_u16;
    let (mut length, mut chunked) = (0_usize, false);
    loop {
        let text = read_line(stream, line).await;
        if text.is_empty() {
            break;
        }
        if status == 0 {
            status = text[9..12].parse().expect("a status");
        } else if let Some((name, value)) = text.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().expect("a length");
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = true;
            }
        }
    }
    assert!((200..300).contains(&status), "status {status}");
    if status == 204 {
        return;
    }
    if !chunked {
        skip(stream, length).await;
        return;
    }
    loop {
        let size = usize::from_str_radix(read_line(stream, line).await, 16).expect("its size");
        skip(stream, size + 2).await;
        if size == 0 {
            return;
        }
    }
}

/// A line without its end.
async fn read_line<'a>(stream: &mut BufReader<TcpStream>, line: &'a mut Vec<u8>) -> &'a str {
    line.clear();
    stream.read_until(b'\n', line).await.expect("an answer");
    assert!(line.ends_with(b"\n"), "the answer ended early");
    std::str::from_utf8(line)
        .expect("a line of text")
        .trim_end()
}

async fn skip(stream: &mut BufReader<TcpStream>, mut length: usize) {
    while length > 0 {
        let read = stream.fill_buf().await.expect("a body").len().min(length);
        assert!(read > 0, "the body ended early");
        stream.consume(read);
        length -= read;
    }
}
