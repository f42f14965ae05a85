//! Places on other servers where the host posts what a module has to say: `wit/endpoint.wit`.

use crate::backend::endpoint as raw;
use crate::{Instant, Result, Topic};

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its name, unique for this principal and module, of at most 255 bytes.
    pub name: String,
    /// What it waits for; nothing is posted, beyond the first message, if there is nothing.
    pub topics: Vec<Topic>,
    /// Comes back with each call of [`crate::Waker::wake`]; at most 4 KiB.
    pub token: Vec<u8>,
    /// From then on it is gone: within 90 days.
    pub expires: Instant,
    /// Another one with each change, the host's included; ignored when it is made.
    pub version: u64,
}

/// The keys of a device. RFC 8291 §2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointKeys {
    /// Its public key: an uncompressed point of P-256, 65 bytes.
    pub public_key: Vec<u8>,
    /// Its authentication secret: 16 bytes.
    pub auth_secret: Vec<u8>,
}

/// Where to post, and how. Never told again once the endpoint is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointTarget {
    /// An `https` URL.
    pub url: String,
    /// The media type of the messages.
    pub content_type: String,
    /// What to encrypt them with; none for as they are.
    pub keys: Option<EndpointKeys>,
}

impl Endpoint {
    /// The public key that the host signs with, an uncompressed point of P-256; none if it posts
    /// nothing. RFC 8292 §3.2.
    pub fn server_key() -> Option<Vec<u8>> {
        raw::server_key()
    }

    /// Makes it; the first message is posted at once, unless it is empty.
    pub fn create(&self, target: &EndpointTarget, first: &[u8]) -> Result<()> {
        raw::create(self, target, first)
    }

    /// Gives the endpoint of this name these topics, this token and this end, if it is still of this
    /// version.
    pub fn update(&self) -> Result<()> {
        raw::update(self)
    }

    /// Removes an endpoint; says whether it was there.
    pub fn remove(name: &str) -> Result<bool> {
        raw::remove(name)
    }

    /// Lists the endpoints of this principal and module, oldest first.
    pub fn list() -> Result<Vec<Self>> {
        raw::list()
    }
}
