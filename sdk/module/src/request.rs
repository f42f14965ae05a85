//! A request, and its body. RFC 9110 §3.4.

use crate::backend::exchange as raw;
use crate::{Headers, Instant, Result};

/// A request. The host has checked its framing and signed the principal in.
#[derive(Debug)]
pub struct Request {
    /// The method, as sent.
    pub method: String,
    /// `http` or `https`.
    pub scheme: String,
    /// Host and port, as the client named them.
    pub authority: String,
    /// The path, still percent-encoded, dot segments resolved. An encoded slash separates no segments.
    pub path: String,
    /// The query, without the question mark.
    pub query: Option<String>,
    /// The path of the mount that matched.
    pub mount: String,
    /// The header fields.
    pub headers: Headers,
    /// The body; none if the client sent none.
    pub body: Option<Body>,
    /// When the request came.
    pub received: Instant,
}

/// The body of a request, read in pieces, at once, or handed to a blob unread.
#[derive(Debug)]
pub struct Body {
    pub(crate) raw: raw::Body,
}

impl Body {
    /// How many bytes there will be, if the client said so.
    pub fn length(&self) -> Option<u64> {
        self.raw.length()
    }

    /// Reads at least one and at most `len` bytes; none at the end.
    pub fn read(&self, len: u32) -> Result<Vec<u8>> {
        self.raw.read(len)
    }

    /// Reads what is left; `Error::TooLarge` if it is more than `size_max` bytes, 8 MiB at most.
    pub fn read_all(&self, size_max: u32) -> Result<Vec<u8>> {
        self.raw.read_all(size_max)
    }
}
