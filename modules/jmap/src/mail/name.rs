//! The names of messages that were put here over JMAP: what never changes of an Email, and is told
//! by every listing and every tombstone.
//!
//! A message that came by itself has no such name; its id is where it came to, its Thread is read
//! from its header section. As soon as one is copied or moved, the copy is named for what it is.

use crate::id::{EmailId, ThreadId};
use module::Instant;

/// What never changes of an Email.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// Its id.
    pub id: EmailId,
    /// Its Thread.
    pub thread: ThreadId,
    /// When it was received.
    pub received: Instant,
}

impl Name {
    /// Reads a name; none if it is no such one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        Some(Self {
            id: EmailId::parse(parts.next()?)?,
            thread: ThreadId::parse(parts.next()?)?,
            received: parts.next()?.parse().ok()?,
        })
    }

    /// Writes it.
    pub fn write(&self) -> String {
        format!("{}.{}.{}", self.id, self.thread, self.received)
    }
}
