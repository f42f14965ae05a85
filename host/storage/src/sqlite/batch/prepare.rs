//! What is done with a batch before it is queued: hashing, and settling big bodies.

use crate::model::*;
use bytes::Bytes;

/// A body, ready to be linked.
pub(crate) enum Body {
    /// For the row.
    Small(Bytes, Digest),
    /// In the object store.
    Big(Digest, u64),
}

impl Body {
    pub(super) fn digest(&self) -> Digest {
        match self {
            Self::Small(_, digest) | Self::Big(digest, _) => *digest,
        }
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Small(bytes, _) => bytes.len() as u64,
            Self::Big(_, size) => *size,
        }
    }
}

/// A batch whose bodies are where they can be linked.
pub(crate) struct Prepared {
    pub(crate) tokens: Vec<String>,
    pub(crate) changes: Vec<(Change, Option<Body>)>,
}

impl Prepared {
    /// About how much it writes.
    pub(crate) fn bytes(&self) -> usize {
        self.changes
            .iter()
            .map(|(change, body)| {
                let body = match body {
                    Some(Body::Small(bytes, _)) => bytes.len(),
                    _ => 0,
                };
                let rest = match change {
                    Change::Deliver { delivery } => delivery.message.len(),
                    _ => 256,
                };
                body + rest
            })
            .sum()
    }

    /// The bodies in the object store that it links.
    pub(crate) fn big(&self) -> Vec<Digest> {
        self.changes
            .iter()
            .filter_map(|(_, body)| match body {
                Some(Body::Big(digest, _)) => Some(*digest),
                _ => None,
            })
            .collect()
    }
}
