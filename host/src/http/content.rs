//! What the body of a reply comes from: memory, storage, a file, or a module that is still writing.

use super::body::{Body, BodyError, Pieces};
use super::static_files::OpenFile;
use crate::push::{Conversation, Held};
use bytes::Bytes;
use futures_util::StreamExt;
use std::ops::Range;

/// The body of a reply.
pub enum Content {
    /// Nothing.
    Empty,
    /// These bytes.
    Bytes(Bytes),
    /// Bytes in storage.
    Blob(storage::Blob),
    /// Bytes in a file.
    File(OpenFile),
    /// What is written while the request runs.
    Pieces(Pieces),
    /// What is sent to a client that waits.
    Held(Box<Held>),
    /// A WebSocket.
    Conversation(Box<Conversation>),
}

/// Bytes to send.
pub enum Part {
    /// All of them.
    Bytes(Bytes),
    /// As they are read.
    Pieces(Pieces),
}

impl Part {
    /// The body that sends them; its length if it is known.
    pub fn into_body(self, len: Option<u64>) -> Body {
        match self {
            Self::Bytes(bytes) => Body::bytes(bytes),
            Self::Pieces(pieces) => Body::pieces(pieces, len),
        }
    }
}

impl Content {
    /// How many bytes there are; none if that isn't known yet.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Blob(blob) => Some(blob.size),
            Self::File(file) => Some(file.len),
            Self::Pieces(_) | Self::Held(_) | Self::Conversation(_) => None,
        }
    }

    /// All there is.
    pub fn whole(self) -> Part {
        match self {
            Self::Pieces(pieces) => Part::Pieces(pieces),
            content => content.part(0..content.length().unwrap_or_default()),
        }
    }

    /// Some of the bytes.
    pub fn part(&self, range: Range<u64>) -> Part {
        match self {
            Self::Empty | Self::Pieces(_) | Self::Held(_) | Self::Conversation(_) => {
                Part::Bytes(Bytes::new())
            }
            Self::Bytes(bytes) => Part::Bytes(cut(bytes, range)),
            Self::Blob(storage::Blob {
                inline: Some(bytes),
                ..
            }) => Part::Bytes(cut(bytes, range)),
            Self::Blob(blob) => {
                let pieces = blob.source.clone().stream(range.start, range.end);
                Part::Pieces(Box::pin(pieces.map(|piece| piece.map_err(BodyError::from))))
            }
            Self::File(file) => match file.read_now(&range) {
                Some(Ok(bytes)) => Part::Bytes(bytes),
                Some(Err(error)) => {
                    let error = Err(BodyError::from(error));
                    Part::Pieces(Box::pin(futures_util::stream::iter([error])))
                }
                None => Part::Pieces(file.pieces(range)),
            },
        }
    }
}

fn cut(bytes: &Bytes, range: Range<u64>) -> Bytes {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(place(range.start)..place(range.end))
}
