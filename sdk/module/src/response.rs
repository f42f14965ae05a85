//! What becomes of a request: a whole answer, one written while the request runs, or one that
//! waits for changes.

use crate::backend::exchange as raw;
use crate::{Blob, Headers, Instant, Result, Subscription};
use std::fmt;

/// A whole answer. For GET and HEAD the host answers conditional and range requests from `etag`,
/// `last_modified` and the body.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields; the host adds Date and Content-Length.
    pub headers: Headers,
    /// The entity tag, in quotes; the host sends it as a header field.
    pub etag: Option<String>,
    /// When the content last changed; the host sends it as a header field.
    pub last_modified: Option<Instant>,
    /// The body.
    pub body: ResponseBody,
}

/// The body of a whole answer.
#[derive(Debug)]
pub enum ResponseBody {
    /// Nothing.
    None,
    /// These bytes.
    Bytes(Vec<u8>),
    /// These bytes, from storage: they never enter the module.
    Blob(Blob),
}

impl Response {
    /// An answer without header fields and body.
    pub const fn new(status: u16) -> Self {
        Self {
            status,
            headers: Headers::new(),
            etag: None,
            last_modified: None,
            body: ResponseBody::None,
        }
    }

    /// The answer to OPTIONS. RFC 9110 §9.3.7.
    pub fn options(methods: &[&str]) -> Self {
        Self::new(204).header("allow", methods.join(", "))
    }

    /// Why there is no other answer, for people to read; where it is that the server can't now, when to
    /// come again.
    pub fn problem(status: u16, why: &dyn fmt::Display) -> Self {
        let response = match status {
            503 => Self::new(status).header("retry-after", "30"),
            _ => Self::new(status),
        };
        response.body("text/plain; charset=utf-8", format!("{why}\n"))
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Gives it a body and its media type.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.set("content-type", content_type);
        self.body = ResponseBody::Bytes(body.into());
        self
    }
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Answer {
    /// This is the answer.
    Complete(Response),
    /// The answer was begun with [`Writer::begin`], and its body is whole now.
    Streamed(Writer),
    /// The client waits for changes: this now, without a blob, the rest from [`crate::Waker::wake`].
    Subscribed(Response, Subscription),
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self::Complete(response)
    }
}

/// The body of an answer that is written while the request runs. Dropping it instead of returning
/// it breaks the connection off, so that the client knows that something is missing.
#[derive(Debug)]
pub struct Writer {
    pub(crate) raw: raw::Writer,
}

impl Writer {
    /// Sends status and headers now; the body follows.
    pub fn begin(status: u16, headers: &Headers) -> Result<Self> {
        raw::begin(status, &headers.0).map(|raw| Self { raw })
    }

    /// Sends bytes; waits while the client is slower than the module.
    pub fn write(&self, bytes: &[u8]) -> Result<()> {
        self.raw.write(bytes)
    }
}
