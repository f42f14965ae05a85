//! Named values on mailboxes and messages: `wit/annotation.wit`.

use crate::backend::annotation as raw;
use crate::{Mailbox, Result, Uid};

/// Who sees an annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everyone who may read what it is on.
    Shared,
    /// Only the principal who set it.
    Private,
}

/// A named value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// Its name: 1 to 1024 bytes.
    pub name: String,
    /// Who sees it.
    pub visibility: Visibility,
    /// Its value, at most 64 KiB; none when it is to be removed.
    pub value: Option<Vec<u8>>,
}

impl Annotation {
    /// A value that everyone sees who may read what it is on; none removes it.
    pub fn shared(name: impl Into<String>, value: Option<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            visibility: Visibility::Shared,
            value,
        }
    }

    /// A value that only this principal sees; none removes it.
    pub fn private(name: impl Into<String>, value: Option<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            visibility: Visibility::Private,
            value,
        }
    }
}

/// An annotation of one of several messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageAnnotation {
    /// The message.
    pub uid: Uid,
    /// The annotation.
    pub annotation: Annotation,
}

impl Mailbox {
    /// Returns the mailbox's annotations whose names begin with `prefix`, ordered by name.
    pub fn annotations(&self, prefix: &str) -> Result<Vec<Annotation>> {
        raw::of_mailbox(&self.raw, prefix)
    }

    /// Returns annotations of several messages (2000 at most), ordered by uid and name.
    pub fn message_annotations(
        &self,
        uids: &[Uid],
        prefix: &str,
    ) -> Result<Vec<MessageAnnotation>> {
        raw::of_messages(&self.raw, uids, prefix)
    }
}
