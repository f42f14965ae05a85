//! What compression costs where there is nothing to compress: the same small answer for clients that
//! like it and for those that don't ask for it.

use crate::load::{Load, drive, request};
use crate::process::cpu;
use crate::rows::Bench;
use chapar_tests::support::{PASSWORD, Server, basic};
use std::time::Duration;

const HOME: &str = "/dav/drive/user/alice/";
const ROUND: Duration = Duration::from_secs(1);
const ROUNDS: usize = 6;
/// What browsers send.
const LIKES: (&str, &str) = ("accept-encoding", "gzip, deflate, br, zstd");
/// A client that likes codings may cost so much more: what it takes to read the field, and noise.
const RATIO_MAX: f64 = 1.05;

/// Small answers, by the CPU that they cost and by how long they take.
pub fn compression(bench: &mut Bench) {
    let server = Server::builder()
        .user("alice")
        .option("log", "warn")
        .start();
    let mut client = server.client("alice");
    let text = [("content-type", "text/plain")];
    let file = format!("{HOME}small");
    client.send("PUT", &file, &text, &[b'x'; 200]).expect(201);
    for (name, method, path) in [
        ("GET of 200 bytes of text", "GET", file.as_str()),
        ("PROPFIND of one resource", "PROPFIND", HOME),
    ] {
        let authorization = basic("alice", PASSWORD);
        let fields = [("authorization", authorization.as_str()), ("depth", "0")];
        let liking = [fields[0], fields[1], LIKES];
        let answer = client.send(method, path, &[("depth", "0"), LIKES], b"");
        assert_eq!(answer.header("content-encoding"), None, "it is not small");
        let asks = [
            request(method, path, &fields, b""),
            request(method, path, &liking, b""),
        ];
        let (mut loads, mut used) = ([Load::default(), Load::default()], [Duration::ZERO; 2]);
        for round in 0..=ROUNDS {
            for (which, ask) in asks.iter().enumerate() {
                let before = cpu(server.pid());
                let load = drive(server.address, 2, ROUND, |_, _| ask.clone());
                // The first round is for getting warm.
                if round > 0 {
                    used[which] += cpu(server.pid()) - before;
                    loads[which].add(load);
                }
            }
        }
        let each = |which: usize| used[which].as_secs_f64() * 1e6 / loads[which].count() as f64;
        let (plain, likes) = (each(0), each(1));
        bench.row(
            &format!("{name}, codings liked"),
            &format!("<= {RATIO_MAX} x without"),
            format!("{:.2} x without", likes / plain),
            Some(likes <= plain * RATIO_MAX),
            format!(
                "{likes:.1} µs CPU ({plain:.1} without), p50 {:.3} ms ({:.3}), p99 {:.3} ms ({:.3})",
                loads[1].quantile(0.5),
                loads[0].quantile(0.5),
                loads[1].quantile(0.99),
                loads[0].quantile(0.99)
            ),
        );
    }
}
