//! Two tenants on one host: what one does to the other when its modules loop, hoard or trap.

use crate::load::{Load, drive, request};
use crate::rows::Bench;
use chapar_tests::support::{PASSWORD, Server, basic};
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const QUIET: &str = "quiet.test";
const LOUD: &str = "loud.test";
const CLIENTS: usize = 4;
const ROUND: Duration = Duration::from_secs(3);

/// Throughput and p99 of a tenant, alone and beside another that does its worst.
pub fn neighbours(bench: &mut Bench) {
    let server = Server::builder()
        .guest("misbehave")
        .option("log", "error")
        .tenant("quiet", &format!("domains: {QUIET}"))
        .tenant("loud", &format!("domains: {LOUD}"))
        .user(&format!("alice@{QUIET}"))
        .user(&format!("mallory@{LOUD}"))
        .start();
    let mut alice = server.client("alice").at(QUIET);
    alice
        .send("PUT", "/dav/drive/user/alice/small", &[], &[b'x'; 200])
        .expect(201);
    let authorization = basic("alice", PASSWORD);
    let get = request(
        "GET",
        "/dav/drive/user/alice/small",
        &[("authorization", &authorization)],
        b"",
    );
    let get = String::from_utf8(get)
        .unwrap()
        .replace("host: bench", &format!("host: {QUIET}"))
        .into_bytes();
    let alone = median(server.address, &get);
    for (what, path, count) in [
        ("eight endless loops", "loop", 8),
        ("a memory hog", "allocate", 1),
        ("a trap-looper", "trap", 1),
    ] {
        let stop = AtomicBool::new(false);
        let beside = std::thread::scope(|scope| {
            for _ in 0..count {
                scope.spawn(|| misbehave(server.address, path, &stop));
            }
            let beside = median(server.address, &get);
            stop.store(true, Ordering::Relaxed);
            beside
        });
        let share = beside.rate() / alone.rate() * 100.0;
        let slower = beside.quantile(0.99) / alone.quantile(0.99);
        let more = format!(
            "{:.0}/s of {:.0}/s, p99 {:.2} ms of {:.2} ms",
            beside.rate(),
            alone.rate(),
            beside.quantile(0.99),
            alone.quantile(0.99)
        );
        bench.row(
            &format!("beside {what}"),
            ">= 50 %, p99 < 5 x",
            format!("{share:.0} %, p99 {slower:.1} x"),
            Some(share >= 50.0 && slower < 5.0),
            more,
        );
    }
}

fn median(address: SocketAddr, get: &[u8]) -> Load {
    drive(address, CLIENTS, ROUND / 3, |_, _| get.to_vec());
    let mut rounds: Vec<Load> = (0..3)
        .map(|_| drive(address, CLIENTS, ROUND, |_, _| get.to_vec()))
        .collect();
    rounds.sort_by(|one, other| one.rate().total_cmp(&other.rate()));
    rounds.swap_remove(1)
}

/// Asks for the same harm again and again, whatever comes back.
fn misbehave(address: SocketAddr, path: &str, stop: &AtomicBool) {
    let authorization = basic("mallory", PASSWORD);
    let ask = format!(
        "GET /misbehave/{path} HTTP/1.1\r\nhost: {LOUD}\r\nauthorization: {authorization}\r\nconnection: close\r\n\r\n"
    );
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut stream) = TcpStream::connect(address) else {
            continue;
        };
        let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
        if stream.write_all(ask.as_bytes()).is_err() {
            continue;
        }
        // A client that has waited for long leaves, and asks again.
        while !stop.load(Ordering::Relaxed) {
            let mut byte = [0; 512];
            match std::io::Read::read(&mut stream, &mut byte) {
                Ok(0) => break,
                Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => break,
                Ok(_) | Err(_) => {}
            }
        }
    }
}
