//! Endpoints: places on other servers where it is posted what has changed. `wit/endpoint.wit` says
//! what modules may do with them; here is what the host needs besides.

use crate::model::{Instant, Modseq, Path};
use bytes::Bytes;

/// Endpoints that a principal may have.
pub const ENDPOINTS_MAX: usize = 64;

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A mailbox and all below it.
    Mailbox(Path),
    /// Everything that a principal owns.
    Owner(String),
}

impl Topic {
    /// Whose counter moves when it changes; the empty name is the tenant's.
    pub fn owner(&self) -> &str {
        match self {
            Self::Owner(owner) => owner,
            Self::Mailbox(path) => path.owner().unwrap_or_default(),
        }
    }
}

/// An endpoint, as its module knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its name, unique for principal and module.
    pub name: String,
    /// What it waits for.
    pub topics: Vec<Topic>,
    /// The module's own words.
    pub token: Bytes,
    /// From then on it is gone.
    pub expires: Instant,
    /// Another one with each change.
    pub version: u64,
}

/// The keys of a device. RFC 8291 §2.1, §2.2.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointKeys {
    /// An uncompressed point of P-256: 65 bytes.
    pub public_key: Bytes,
    /// The authentication secret: 16 bytes.
    pub auth_secret: Bytes,
}

/// Where to post, and how.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointTarget {
    /// The URL.
    pub url: String,
    /// The media type of what is posted.
    pub content_type: String,
    /// What to encrypt it with.
    pub keys: Option<EndpointKeys>,
    /// The server's public key when the endpoint was made: whoever is behind the URL may take
    /// nothing that is signed with another. RFC 8292 §4.2.
    pub server_key: Bytes,
}

/// An endpoint to be made.
#[derive(Clone)]
pub struct NewEndpoint {
    /// Whose it is.
    pub principal: String,
    /// The module that makes it.
    pub module: String,
    /// The endpoint; its version is ignored.
    pub endpoint: Endpoint,
    /// Where to post.
    pub target: EndpointTarget,
    /// What is posted at once, before anything else; nothing if empty.
    pub first: Bytes,
}

/// An endpoint, as whoever posts needs it.
#[derive(Clone)]
pub struct QueuedEndpoint {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub principal: String,
    /// The module to ask what to post.
    pub module: String,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Where to post.
    pub target: EndpointTarget,
    /// What has to be posted first.
    pub first: Option<Bytes>,
    /// What the module said last that is known there.
    pub since: Modseq,
    /// What has changed since it was told last: owners, with their counters now.
    pub behind: Vec<(String, Modseq)>,
    /// How it went so far.
    pub pace: Pace,
}

/// When, and how fast, it is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Not before.
    pub due: Instant,
    /// Attempts that failed in a row.
    pub attempts: u32,
    /// How much longer than others it waits between two messages, in milliseconds.
    pub slowed: i64,
}

/// What became of an endpoint's turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// The first message is out.
    First(Pace),
    /// What the module had to say is out, if it had anything: what is known there now. It does not
    /// count if the endpoint has another version by now.
    Told {
        /// The version that the module spoke for.
        version: u64,
        /// The module's new word for what is known there.
        since: Modseq,
        /// The module's new words.
        token: Bytes,
        /// The owners' counters from before the module was asked.
        seen: Vec<(String, Modseq)>,
        /// When next.
        pace: Pace,
    },
    /// It is to be tried again.
    Later(Pace),
    /// The endpoint is gone.
    Gone,
}
