//! One helper for all suites: a server in memory, and answers that are easy to look at.
#![allow(clippy::unwrap_used, clippy::expect_used)]
// Not every suite uses all of it.
#![allow(dead_code)]

use dav::store::memory::Memory;
use dav::{CollectionKind, Profile};

/// Plain files, nothing of a protocol.
pub static FILES: Profile = Profile {
    kinds: &[CollectionKind {
        name: "files",
        creatable: true,
        holds_collections: true,
        holds_members: true,
        syncs: true,
        add_member: true,
        extension: ".txt",
        ..CollectionKind::PLAIN
    }],
    default_kind: Some("files"),
    ..Profile::PLAIN
};

/// A server with the root at `/dav/`, owned by alice, with bob and the group `staff` around.
pub struct Server {
    pub memory: Memory,
    pub profile: &'static Profile,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub text: String,
}

impl Server {
    pub fn new() -> Self {
        Self::with(&FILES, "files")
    }

    pub fn with(profile: &'static Profile, kind: &str) -> Self {
        let memory = Memory::new(kind, "alice");
        memory.add_principal("bob", "individual");
        memory.add_principal("staff", "group");
        memory.join("bob", "staff");
        Self { memory, profile }
    }

    /// Sends a request; the body's `<` says whether it is XML.
    pub fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut headers = headers.to_vec();
        if body.starts_with('<') && !headers.iter().any(|(name, _)| *name == "Content-Type") {
            headers.push(("Content-Type", "application/xml"));
        }
        let response = self
            .memory
            .handle(self.profile, method, target, &headers, body.as_bytes());
        let text = String::from_utf8(self.memory.body_of(&response.body)).unwrap();
        if text.starts_with("<?xml") {
            xml::parse(text.as_bytes(), &xml::Limits::default()).expect("well-formed");
        }
        Answer {
            status: response.status.0,
            headers: response.headers,
            text,
        }
    }

    /// The same, where only the status matters.
    pub fn status(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> u16 {
        self.ask(method, target, headers, body).status
    }

    /// Makes collections (names that end in a slash) and members.
    pub fn fill(&self, names: &[&str]) {
        for name in names {
            let target = format!("/dav/{name}");
            let method = if name.ends_with('/') { "MKCOL" } else { "PUT" };
            let body = if name.ends_with('/') { "" } else { "body" };
            assert_eq!(self.status(method, &target, &[], body), 201, "{name}");
        }
    }

    /// PROPFIND for properties, given as XML with the prefix `D` and `Z` (`urn:z`) known.
    pub fn propfind(&self, target: &str, depth: &str, properties: &str) -> Answer {
        let body = format!(
            "<D:propfind xmlns:D='DAV:' xmlns:Z='urn:z'><D:prop>{properties}</D:prop></D:propfind>"
        );
        self.ask("PROPFIND", target, &[("Depth", depth)], &body)
    }

    /// PROPPATCH of one property.
    pub fn set(&self, target: &str, property: &str) -> Answer {
        let body = format!(
            "<D:propertyupdate xmlns:D='DAV:' xmlns:Z='urn:z'><D:set><D:prop>{property}\
             </D:prop></D:set></D:propertyupdate>"
        );
        self.ask("PROPPATCH", target, &[], &body)
    }

    /// Takes a lock and gives its token.
    pub fn lock(&self, target: &str, scope: &str, headers: &[(&str, &str)]) -> String {
        let answer = self.ask("LOCK", target, headers, &lockinfo(scope));
        assert!(answer.status == 200 || answer.status == 201, "{answer:?}");
        answer
            .header("Lock-Token")
            .trim_matches(['<', '>'])
            .to_owned()
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    /// The hrefs of all responses, in order.
    pub fn hrefs(&self) -> Vec<&str> {
        let responses = self.text.split("<D:response><D:href>").skip(1);
        responses
            .map(|rest| rest.split('<').next().unwrap())
            .collect()
    }

    /// Fails unless status and all these pieces of text are as expected.
    #[track_caller]
    pub fn expect(&self, status: u16, pieces: &[&str]) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        for piece in pieces {
            assert!(self.text.contains(piece), "{piece} is not in {}", self.text);
        }
        self
    }
}

pub fn lockinfo(scope: &str) -> String {
    format!(
        "<D:lockinfo xmlns:D='DAV:'><D:lockscope><D:{scope}/></D:lockscope><D:locktype><D:write/>\
         </D:locktype><D:owner><D:href>mailto:x@example.com</D:href></D:owner></D:lockinfo>"
    )
}
