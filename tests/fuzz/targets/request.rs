//! The engine as a whole, over the store in memory: whatever clients send, one request after the
//! other, is answered, and never with a failure of the server's.
//!
//! Requests are separated by a line `===`; each has a line with method and target, lines with
//! header fields, an empty line, and a body.

#![no_main]

use dav::store::memory::Memory;
use dav::{CollectionKind, Profile};
use libfuzzer_sys::fuzz_target;

static PROFILE: Profile = Profile {
    kinds: &[CollectionKind {
        name: "files",
        holds_members: true,
        ..CollectionKind::PLAIN
    }],
    ..Profile::PLAIN
};

fuzz_target!(|text: &str| {
    let memory = Memory::new("files", "alice");
    for request in text.split("\n===\n").take(8) {
        let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
        let mut lines = head.lines();
        let first = lines.next().unwrap_or_default();
        let (method, target) = first.split_once(' ').unwrap_or((first, "/dav/"));
        let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
        let response = memory.handle(&PROFILE, method, target, &headers, body.as_bytes());
        let status = response.status.0;
        // 501 and 507 say what the request asked too much of, 502 that a destination is not of this
        // collection: RFC 4918 §9.8.5.
        let elsewhere = status == 502 && matches!(method, "COPY" | "MOVE");
        assert!(
            (200..500).contains(&status) || matches!(status, 501 | 507) || elsewhere,
            "{status} to {first:?}"
        );
        let multistatus = memory.body_of(&response.body);
        if status == 207 && !multistatus.is_empty() {
            xml::parse(&multistatus, &xml::Limits::default())
                .expect("a multistatus is well-formed");
        }
    }
});
