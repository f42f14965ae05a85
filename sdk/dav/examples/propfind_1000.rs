//! Measures the listing that clients ask for most: PROPFIND with Depth: 1 of 1,000 members for
//! four properties. `cargo run --release -p chapar-dav --example propfind_1000`.

use std::time::{Duration, Instant};

use dav::store::memory::Memory;
use dav::{Closed, CollectionKind, Profile, Request, ResponseBody, Sink, Status};

static PROFILE: Profile = Profile {
    kinds: &[CollectionKind {
        name: "files",
        holds_members: true,
        ..CollectionKind::PLAIN
    }],
    ..Profile::PLAIN
};

const BODY: &[u8] =
    b"<?xml version=\"1.0\"?><propfind xmlns=\"DAV:\"><prop><resourcetype/><getetag/>\
    <getcontentlength/><getlastmodified/></prop></propfind>";

fn main() {
    let memory = Memory::new("files", "alice");
    for number in 0..1000 {
        let target = format!("/dav/member-{number:04}.txt");
        memory.handle(
            &PROFILE,
            "PUT",
            &target,
            &[],
            format!("body {number}").as_bytes(),
        );
    }
    let headers = [("Depth".to_owned(), "1".to_owned())];
    let mut fastest = Duration::MAX;
    let mut total = Duration::ZERO;
    let mut len = 0;
    let rounds: u32 = 500;
    for _ in 0..rounds {
        let mut sink = Count(0);
        let mut body = BODY;
        let start = Instant::now();
        let request = Request {
            method: "PROPFIND",
            scheme: "http",
            authority: "example.com",
            mount: "/dav",
            path: "/dav/",
            query: None,
            headers: &headers,
            body: &mut body,
        };
        let response = dav::handle(&PROFILE, &memory, request, &mut sink);
        let took = start.elapsed();
        assert_eq!(response.body, ResponseBody::Streamed);
        len = sink.0;
        fastest = fastest.min(took);
        total += took;
    }
    println!(
        "{len} bytes; fastest {fastest:?}, mean {:?}",
        total / rounds
    );
}

/// A sink that takes what it gets, as the host would.
struct Count(usize);

impl Sink for Count {
    fn start(&mut self, _: Status, _: &[(&'static str, String)]) -> Result<(), Closed> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Closed> {
        self.0 += bytes.len();
        Ok(())
    }
}
