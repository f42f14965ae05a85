//! Pages of a listing: columns of numbers, and one text from which their strings are cut without
//! allocating.

use crate::{Digest, Instant, Modseq, Uid};

/// A piece of a listing.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub(crate) uids: Vec<Uid>,
    pub(crate) modseqs: Vec<Modseq>,
    pub(crate) created: Vec<Instant>,
    pub(crate) modified: Vec<Instant>,
    pub(crate) sizes: Vec<u64>,
    pub(crate) header_sizes: Vec<u32>,
    pub(crate) digests: Vec<u64>,
    pub(crate) names: Vec<u32>,
    pub(crate) content_types: Vec<u32>,
    pub(crate) flags: Vec<u32>,
    pub(crate) annotations: Vec<u32>,
    pub(crate) removed: Vec<bool>,
    pub(crate) text: String,
    /// More follow: go on after the last entry.
    pub more: bool,
}

impl Page {
    /// The messages, in the order of the listing.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Entry<'_>> {
        (0..self.len()).map(|at| Entry { page: self, at })
    }

    /// The last message: the next page goes on after it.
    pub fn last(&self) -> Option<Entry<'_>> {
        let at = self.len().checked_sub(1)?;
        Some(Entry { page: self, at })
    }

    /// How many messages it has.
    pub fn len(&self) -> usize {
        self.uids.len()
    }

    /// Says whether it has none.
    pub fn is_empty(&self) -> bool {
        self.uids.is_empty()
    }

    /// A string, of which a column has where it begins and how long it is.
    fn cut(&self, column: &[u32], at: usize) -> &str {
        let (spans, _) = column.as_chunks();
        let [start, len] = spans.get(at).copied().unwrap_or_default();
        let start = start as usize;
        let end = start.saturating_add(len as usize);
        self.text.get(start..end).unwrap_or("")
    }
}

/// A message in a listing.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    page: &'a Page,
    at: usize,
}

impl<'a> Entry<'a> {
    /// Its name; empty if it has none or if it was not asked for.
    pub fn name(self) -> &'a str {
        self.page.cut(&self.page.names, self.at)
    }

    /// The media type of the body; empty if it was not asked for.
    pub fn content_type(self) -> &'a str {
        self.page.cut(&self.page.content_types, self.at)
    }

    /// System flags and keywords, with a space between two; empty if they were not asked for.
    /// RFC 9051 §2.3.2.
    pub fn flags(self) -> &'a str {
        self.page.cut(&self.page.flags, self.at)
    }

    /// Its number; the last one it had if it is removed.
    pub fn uid(self) -> Uid {
        self.of(&self.page.uids)
    }

    /// Its last change.
    pub fn modseq(self) -> Modseq {
        self.of(&self.page.modseqs)
    }

    /// When a message of this name was first put here.
    pub fn created(self) -> Instant {
        self.of(&self.page.created)
    }

    /// When these bytes were put.
    pub fn modified(self) -> Instant {
        self.of(&self.page.modified)
    }

    /// Bytes of the body.
    pub fn size(self) -> u64 {
        self.of(&self.page.sizes)
    }

    /// Bytes of the header section.
    pub fn header_size(self) -> u32 {
        self.of(&self.page.header_sizes)
    }

    /// SHA-256 of the body.
    pub fn digest(self) -> Digest {
        let (digests, _) = self.page.digests.as_chunks();
        let [a, b, c, d] = digests.get(self.at).copied().unwrap_or_default();
        Digest { a, b, c, d }
    }

    /// How many annotations it has that the principal can see.
    pub fn annotations(self) -> u32 {
        self.of(&self.page.annotations)
    }

    /// The message is gone: only uid, modseq and name mean something.
    pub fn removed(self) -> bool {
        self.of(&self.page.removed)
    }

    /// The value in a column; its default if it has none for this message.
    fn of<T: Copy + Default>(self, column: &[T]) -> T {
        column.get(self.at).copied().unwrap_or_default()
    }
}
