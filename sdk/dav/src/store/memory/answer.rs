//! Requests straight to the store in memory, with answers that are whole.

use super::Memory;
use crate::profile::Profile;
use crate::request::{Closed, Request, Response, ResponseBody, Sink, Status};

impl Memory {
    /// Answers a request, with what was streamed put together.
    pub fn handle(
        &self,
        profile: &Profile,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        let headers: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        *self.body.borrow_mut() = body.to_vec();
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let mut rest = body;
        let host = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("host"));
        let request = Request {
            method,
            scheme: "http",
            authority: host.map_or("example.com", |(_, value)| value),
            mount: "/dav",
            path,
            query,
            headers: &headers,
            body: &mut rest,
        };
        let mut collected = Collected::default();
        let mut response = crate::handle(profile, self, request, &mut collected);
        if response.body == ResponseBody::Streamed {
            response.body = ResponseBody::Bytes(collected.0);
        }
        response
    }

    /// The bytes of a body that an answer names.
    pub fn body_of(&self, body: &ResponseBody) -> Vec<u8> {
        match body {
            ResponseBody::Bytes(bytes) => bytes.clone(),
            ResponseBody::Member(member) => {
                let state = self.state.borrow();
                state
                    .member(&member.path)
                    .map(|found| found.body.to_vec())
                    .unwrap_or_default()
            }
            ResponseBody::Empty | ResponseBody::Streamed | ResponseBody::Broken(_) => Vec::new(),
        }
    }
}

/// A sink that keeps all.
#[derive(Default)]
struct Collected(Vec<u8>);

impl Sink for Collected {
    fn start(&mut self, _: Status, _: &[(&'static str, String)]) -> Result<(), Closed> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Closed> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}
