//! Ids of blobs: of an upload its digest, of a message its Email, of a part where it lies in one of
//! those. So nothing is stored for a blob that a message holds.

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
    /// Which part, if it is one.
    pub part: Option<Slice>,
}

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
        Self { whole, part: None }
    }

    /// A part of a message that was read from this blob.
    pub fn of_part(whole: Whole, part: &mail::Part<'_>) -> Self {
        Self {
            whole,
            part: Some(Slice {
                range: part.range.start as u64..part.range.end as u64,
                encoding: match part.encoding {
                    Encoding::Unknown => Encoding::Identity,
                    encoding => encoding,
                },
            }),
        }
    }

    /// Reads one; none if it was never given.
    pub fn parse(text: &str) -> Option<Self> {
        let mut pieces = text.split('-');
        let whole = Whole::parse(pieces.next()?)?;
        let Some(start) = pieces.next() else {
            return Some(Self::whole(whole));
        };
        let range = start.parse().ok()?..pieces.next()?.parse().ok()?;
        let encoding = match pieces.next()? {
            "i" => Encoding::Identity,
            "b" => Encoding::Base64,
            "q" => Encoding::QuotedPrintable,
            _ => return None,
        };
        let part = Some(Slice { range, encoding });
        pieces.next().is_none().then_some(Self { whole, part })
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
        let Some(Slice { range, encoding }) = &self.part else {
            return Ok(());
        };
        let encoding = match encoding {
            Encoding::Base64 => 'b',
            Encoding::QuotedPrintable => 'q',
            Encoding::Identity | Encoding::Unknown => 'i',
        };
        write!(f, "-{}-{}-{encoding}", range.start, range.end)
    }
}
