//! Sending a request to a module, and what comes back, as the real host would do it: mounts and
//! sign-in decided, the body collected.

use super::backend::exchange::Body as RawBody;
use super::state::with_state;
use crate::{
    Access, Answer, Body, Extent, Headers, Instant, Module, Mount, Request, ResponseBody,
    Subscription,
};

/// A request on its way.
#[derive(Debug)]
pub struct Outgoing {
    request: Request,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The header fields, `etag` among them.
    pub headers: Headers,
    /// When the content last changed.
    pub last_modified: Option<Instant>,
    /// The body, wherever it came from.
    pub body: Vec<u8>,
    /// What the client waits for.
    pub subscription: Option<Subscription>,
}

impl Reply {
    fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Headers::new(),
            last_modified: None,
            body: Vec::new(),
            subscription: None,
        }
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a header field; the name must be lower-case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }
}

impl Outgoing {
    pub(super) fn new(method: &str, target: &str, received: Instant) -> Self {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        Self {
            request: Request {
                method: method.to_owned(),
                scheme: "https".to_owned(),
                authority: "example.org".to_owned(),
                path: path.to_owned(),
                query,
                mount: String::new(),
                headers: Headers::new(),
                body: None,
                received,
            },
        }
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request.headers.push(name, value);
        self
    }

    /// Gives it a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request.body = Some(Body {
            raw: RawBody::new(body.into()),
        });
        self
    }

    /// Has a module answer it. Outside its mounts that is 404, for a method it does not name 405,
    /// and 401 for anonymous where the mount wants a sign-in.
    pub fn send<M: Module>(mut self) -> Reply {
        let mounts = M::describe().mounts;
        let path = self.request.path.as_str();
        let matching = mounts.iter().filter(|mount| covers(mount, path));
        let Some(mount) = matching.max_by_key(|mount| mount.path.len()) else {
            return Reply::empty(404);
        };
        let method = self.request.method.as_str();
        if !mount.methods.iter().any(|known| known == method) {
            return Reply::empty(405);
        }
        let anonymous = with_state(|state| state.identity.principal.is_none());
        let refused = match mount.access {
            Access::Anonymous => false,
            Access::Authenticated => anonymous,
            Access::AuthenticatedButOptions => anonymous && method != "OPTIONS",
        };
        if refused {
            return Reply::empty(401);
        }
        let head = method == "HEAD";
        self.request.mount.clone_from(&mount.path);
        let mut reply = collect(M::handle(self.request));
        if head {
            reply.body.clear();
        }
        reply
    }
}

fn covers(mount: &Mount, path: &str) -> bool {
    let base = mount.path.trim_end_matches('/');
    match path.strip_prefix(base) {
        Some("" | "/") => true,
        Some(rest) => mount.extent == Extent::Prefix && rest.starts_with('/'),
        None => false,
    }
}

fn collect(answer: Answer) -> Reply {
    let (response, subscription) = match answer {
        Answer::Complete(response) => (response, None),
        Answer::Subscribed(response, subscription) => (response, Some(subscription)),
        Answer::Streamed(writer) => {
            let (status, headers, body) = writer.raw.finish();
            return Reply {
                headers: Headers(headers),
                body,
                ..Reply::empty(status)
            };
        }
    };
    let mut headers = response.headers;
    if let Some(etag) = response.etag {
        headers.set("etag", etag);
    }
    Reply {
        status: response.status,
        headers,
        last_modified: response.last_modified,
        body: match response.body {
            ResponseBody::None => Vec::new(),
            ResponseBody::Bytes(bytes) => bytes,
            ResponseBody::Blob(blob) => blob.raw.bytes().to_vec(),
        },
        subscription,
    }
}
