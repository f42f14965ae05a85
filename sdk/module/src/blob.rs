//! Big bytes, that need not enter a module: `wit/blob.wit`.

use crate::backend::blob as raw;
use crate::{Body, Result};

/// The SHA-256 of a body, as four big-endian words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Digest {
    /// Bytes 0 to 7.
    pub a: u64,
    /// Bytes 8 to 15.
    pub b: u64,
    /// Bytes 16 to 23.
    pub c: u64,
    /// Bytes 24 to 31.
    pub d: u64,
}

/// Immutable bytes kept by the host.
#[derive(Debug)]
pub struct Blob {
    pub(crate) raw: raw::Blob,
}

impl Blob {
    /// Takes in the body of the request without passing it through the module.
    pub fn ingest(body: Body, size_max: Option<u64>) -> Result<Self> {
        raw::ingest(body.raw, size_max).map(|raw| Self { raw })
    }

    /// Takes in bytes that the module made.
    pub fn create(bytes: &[u8]) -> Result<Self> {
        raw::create(bytes).map(|raw| Self { raw })
    }

    /// Opens a kept blob of this principal, or the body of a message that the principal may read.
    pub fn open(digest: Digest) -> Result<Self> {
        raw::open(digest).map(|raw| Self { raw })
    }

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.raw.size()
    }

    /// The SHA-256 of the bytes; zero words for the header or the whole of a message.
    pub fn digest(&self) -> Digest {
        self.raw.digest()
    }

    /// Reads at most `len` bytes (8 MiB at most) from `offset`; fewer at the end.
    pub fn read(&self, offset: u64, len: u32) -> Result<Vec<u8>> {
        self.raw.read(offset, len)
    }

    /// Makes a blob that is not linked yet durable beyond this request, until it expires.
    pub fn keep(&self) -> Result<()> {
        self.raw.keep()
    }
}
