//! Load over connections that are kept: each sends a request, reads the answer, and sends the next.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// How long each request took, ascending.
    pub latencies: Vec<Duration>,
    /// How long all of it took.
    pub elapsed: Duration,
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
pub fn drive(
    address: SocketAddr,
    connections: usize,
    duration: Duration,
    make: impl Fn(usize, usize) -> Vec<u8> + Sync,
) -> Load {
    let stop = AtomicBool::new(false);
    let began = Instant::now();
    let mut load = Load::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|connection| {
                let (stop, make) = (&stop, &make);
                scope.spawn(move || {
                    let stream = TcpStream::connect(address).expect("a connection");
                    stream.set_nodelay(true).unwrap();
                    let mut stream = BufReader::with_capacity(256 * 1024, stream);
                    let mut latencies = Vec::new();
                    let mut line = String::new();
                    while !stop.load(Ordering::Relaxed) {
                        let request = make(connection, latencies.len());
                        let sent = Instant::now();
                        stream.get_mut().write_all(&request).expect("sent");
                        read_answer(&mut stream, &mut line);
                        latencies.push(sent.elapsed());
                    }
                    latencies
                })
            })
            .collect();
        std::thread::sleep(duration);
        stop.store(true, Ordering::Relaxed);
        for thread in threads {
            load.latencies
                .extend(thread.join().expect("a connection that held"));
        }
    });
    load.elapsed = began.elapsed();
    load.latencies.sort_unstable();
    load
}

fn read_answer(stream: &mut BufReader<TcpStream>, line: &mut String) {
    let mut status = 0_u16;
    let (mut length, mut chunked) = (0_u64, false);
    loop {
        line.clear();
        stream.read_line(line).expect("an answer");
        let text = line.trim_end();
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
        skip(stream, length);
        return;
    }
    loop {
        line.clear();
        stream.read_line(line).expect("a chunk");
        let size = u64::from_str_radix(line.trim(), 16).expect("its size");
        skip(stream, size + 2);
        if size == 0 {
            return;
        }
    }
}

fn skip(stream: &mut BufReader<TcpStream>, length: u64) {
    let read = std::io::copy(&mut stream.take(length), &mut std::io::sink()).expect("a body");
    assert_eq!(read, length, "the body ended early");
}
