//! Ids of blobs: of an upload its digest, of a message its Email, of a part where it lies in one of
//! those, or in a part. So nothing is stored for a blob that a message holds.

use crate::id::{EmailId, hex};
use mail::Encoding;
use module::Digest;
use std::fmt;
use std::ops::Range;

/// A blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobId {
    /// What it is, or is a part of.
    pub whole: Whole,
    /// Which part, if it is one: each lies in the one before, decoded.
    pub parts: Vec<Slice>,
}

/// How deep parts of messages in parts of messages may lie.
const DEPTH_MAX: usize = 5;

/// What is stored as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// What the principal has uploaded.
    Upload(Digest),
    /// The message of an Email.
    Email(EmailId),
}

/// A part, as it is encoded in the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// Where it lies.
    pub range: Range<u64>,
    /// How it is encoded there.
    pub encoding: Encoding,
}

impl BlobId {
    /// All of it.
    pub const fn whole(whole: Whole) -> Self {
        Self {
            whole,
            parts: Vec::new(),
        }
    }

    /// A part of a message that was read from this blob; none if that lies too deep.
    pub fn part(&self, part: &mail::Part<'_>) -> Option<Self> {
        let mut id = self.clone();
        id.parts.push(Slice {
            range: part.range.start as u64..part.range.end as u64,
            encoding: match part.encoding {
                Encoding::Unknown => Encoding::Identity,
                encoding => encoding,
            },
        });
        (id.parts.len() <= DEPTH_MAX).then_some(id)
    }

    /// Reads one; none if it was never given.
    pub fn parse(text: &str) -> Option<Self> {
        let mut pieces = text.split('-');
        let mut id = Self::whole(Whole::parse(pieces.next()?)?);
        while let Some(start) = pieces.next() {
            let range = start.parse().ok()?..pieces.next()?.parse().ok()?;
            let encoding = match pieces.next()? {
                "i" => Encoding::Identity,
                "b" => Encoding::Base64,
                "q" => Encoding::QuotedPrintable,
                _ => return None,
            };
            id.parts.push(Slice { range, encoding });
        }
        (id.parts.len() <= DEPTH_MAX).then_some(id)
    }
}

impl Whole {
    fn parse(text: &str) -> Option<Self> {
        if let Some(id) = hex(text, 'r', 32) {
            return Some(Self::Email(EmailId(id)));
        }
        let (first, last) = text.split_at_checked(33)?;
        let first = hex(first, 'b', 32)?;
        let last = hex(&format!("b{last}"), 'b', 32)?;
        let words = |number: u128| ((number >> 64) as u64, number as u64);
        let ((a, b), (c, d)) = (words(first), words(last));
        Some(Self::Upload(Digest { a, b, c, d }))
    }
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email(id) => write!(f, "r{:032x}", id.0),
            Self::Upload(Digest { a, b, c, d }) => {
                write!(f, "b{a:016x}{b:016x}{c:016x}{d:016x}")
            }
        }
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.whole)?;
        self.parts.iter().try_for_each(|Slice { range, encoding }| {
            let encoding = match encoding {
                Encoding::Base64 => 'b',
                Encoding::QuotedPrintable => 'q',
                Encoding::Identity | Encoding::Unknown => 'i',
            };
            write!(f, "-{}-{}-{encoding}", range.start, range.end)
        })
    }
}
