//! Binary data. RFC 8620 §6, RFC 9404.

mod download;
mod id;
pub mod methods;
mod parse;
mod upload;

pub use download::handle as download;
pub use id::{BlobId, Whole};
pub use parse::{blob_ids, parse_each};
pub use upload::handle as upload;

use crate::account::Account;
use crate::mail::world::World;
use mail::decode;
use module::{Blob, Error, Part, Result};
use std::rc::Rc;

/// Bytes that are read at once.
const PIECE: u32 = 4 << 20;
/// Bytes that are taken into memory of one blob.
pub const SIZE_MAX: u64 = 128 << 20;

/// Opens what a blob is, or is a part of.
pub fn open(account: &Rc<Account>, whole: Whole) -> Result<Blob> {
    match whole {
        Whole::Upload(digest) => Blob::open(digest),
        Whole::Email(id) => {
            let world = World::load(account)?;
            let place = world.places(id).into_iter().next();
            let place = place.ok_or(Error::NotFound)?;
            let mailbox = account.open(place.shelf.at)?;
            mailbox.open_message(place.uid(), Part::Whole)
        }
    }
}

/// The bytes of a blob, decoded if it is a part.
pub fn bytes(account: &Rc<Account>, id: &BlobId) -> Result<Vec<u8>> {
    let blob = open(account, id.whole)?;
    let Some((first, inner)) = id.parts.split_first() else {
        return read(&blob, 0, blob.size());
    };
    let bytes = read(&blob, first.range.start, first.range.end.min(blob.size()))?;
    let mut bytes = decode(&bytes, first.encoding).into_owned();
    for slice in inner {
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let range = place(slice.range.start)..place(slice.range.end).min(bytes.len());
        let part = bytes.get(range).ok_or(Error::NotFound)?;
        bytes = decode(part, slice.encoding).into_owned();
    }
    Ok(bytes)
}

/// The bytes of a blob from `start` to `end`.
pub fn read(blob: &Blob, start: u64, end: u64) -> Result<Vec<u8>> {
    if end.saturating_sub(start) > SIZE_MAX {
        return Err(Error::TooLarge(SIZE_MAX));
    }
    let mut bytes = Vec::new();
    let mut at = start;
    while at < end {
        let len = u32::try_from(end - at).unwrap_or(PIECE).min(PIECE);
        let piece = blob.read(at, len)?;
        if piece.is_empty() {
            break;
        }
        at += piece.len() as u64;
        bytes.extend(piece);
    }
    Ok(bytes)
}
