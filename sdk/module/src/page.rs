//! Pages of a listing: flat records, and one text from which their strings are cut without
//! allocating.

use crate::{Digest, Instant, Modseq, Uid};

/// A piece of a listing.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub(crate) entries: Vec<Row>,
    pub(crate) text: String,
    /// More follow: go on after the last entry.
    pub more: bool,
}

impl Page {
    /// The messages, in the order of the listing.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Entry<'_>> {
        self.entries.iter().map(|row| Entry {
            row,
            text: &self.text,
        })
    }

    /// The last message: the next page goes on after it.
    pub fn last(&self) -> Option<Entry<'_>> {
        self.entries.last().map(|row| Entry {
            row,
            text: &self.text,
        })
    }

    /// How many messages it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Says whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// A message in a listing.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    row: &'a Row,
    text: &'a str,
}

impl<'a> Entry<'a> {
    /// Its name; empty if it has none or if it was not asked for.
    pub fn name(self) -> &'a str {
        self.row.name.cut(self.text)
    }

    /// The media type of the body; empty if it was not asked for.
    pub fn content_type(self) -> &'a str {
        self.row.content_type.cut(self.text)
    }

    /// Its number; the last one it had if it is removed.
    pub fn uid(self) -> Uid {
        self.row.uid
    }

    /// Its last change.
    pub fn modseq(self) -> Modseq {
        self.row.modseq
    }

    /// When a message of this name was first put here.
    pub fn created(self) -> Instant {
        self.row.created
    }

    /// When these bytes were put.
    pub fn modified(self) -> Instant {
        self.row.modified
    }

    /// Bytes of the body.
    pub fn size(self) -> u64 {
        self.row.size
    }

    /// Bytes of the header section.
    pub fn header_size(self) -> u32 {
        self.row.header_size
    }

    /// SHA-256 of the body.
    pub fn digest(self) -> Digest {
        self.row.digest
    }

    /// How many annotations it has that the principal can see.
    pub fn annotations(self) -> u32 {
        self.row.annotations
    }

    /// The message is gone: only uid, modseq and name mean something.
    pub fn removed(self) -> bool {
        self.row.removed
    }
}

/// What the contract calls an entry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) uid: Uid,
    pub(crate) modseq: Modseq,
    pub(crate) created: Instant,
    pub(crate) modified: Instant,
    pub(crate) size: u64,
    pub(crate) header_size: u32,
    pub(crate) digest: Digest,
    pub(crate) name: Span,
    pub(crate) content_type: Span,
    pub(crate) annotations: u32,
    pub(crate) removed: bool,
}

/// A part of the text of a page, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl Span {
    fn cut(self, text: &str) -> &str {
        let start = self.start as usize;
        text.get(start..start.saturating_add(self.len as usize))
            .unwrap_or("")
    }
}
