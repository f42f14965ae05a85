//! A message on its way in: header section and body parted, the body in memory while it is small
//! and in a store, in constant memory, once it isn't.

use super::reply::{self, Reply};
use bytes::Bytes;
use futures_util::stream;
use std::sync::Arc;
use storage::{Actor, Blob, ByteStream, Content, Error, HEADER_LEN_MAX, Store};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Room for the fields that are put before those that came.
pub const TRACE_LEN_MAX: usize = 8 << 10;
/// The longest header section: what is beyond it becomes part of the body, byte for byte, where it
/// is found by whoever reads the message as a whole.
const HEADER_MAX: usize = HEADER_LEN_MAX - TRACE_LEN_MAX;
/// A body up to this stays in memory.
const MEMORY_MAX: usize = 256 << 10;
/// Pieces on their way to the store.
const PIECES_MAX: usize = 4;

/// A message as far as it has come.
pub struct Arriving {
    store: Arc<dyn Store>,
    size: u64,
    size_max: u64,
    header: Vec<u8>,
    in_body: bool,
    body: Body,
}

enum Body {
    Memory(Vec<u8>),
    Store {
        pieces: mpsc::Sender<Result<Bytes, Error>>,
        taking: JoinHandle<Result<Blob, Error>>,
    },
    /// It won't be taken.
    Refused(Reply),
}

/// A message that has come whole.
pub struct Arrived {
    /// The header section, with the empty line that ends it.
    pub header: Vec<u8>,
    /// The body.
    pub content: Content,
    /// How many bytes came.
    pub size: u64,
}

impl Arriving {
    /// Nothing yet. What is big goes to this store; more than `size_max` is refused.
    pub fn new(store: Arc<dyn Store>, size_max: u64) -> Self {
        Self {
            store,
            size: 0,
            size_max,
            header: Vec::new(),
            in_body: false,
            body: Body::Memory(Vec::new()),
        }
    }

    /// Takes what has come. What can't be taken is known at the end: the rest has to be read anyway.
    pub async fn take(&mut self, bytes: &[u8]) {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > self.size_max {
            self.body = Body::Refused(reply::TOO_LARGE);
        }
        if matches!(self.body, Body::Refused(_)) {
            self.header.clear();
            return;
        }
        if self.in_body {
            return self.take_body(bytes).await;
        }
        let seen = self.header.len();
        self.header.extend_from_slice(bytes);
        let end = match end_of_header(&self.header, seen) {
            Some(end) if end <= HEADER_MAX => end,
            None if self.header.len() <= HEADER_MAX => return,
            _ => last_line_end(&self.header),
        };
        let body = self.header.split_off(end);
        self.in_body = true;
        self.take_body(&body).await;
    }

    async fn take_body(&mut self, bytes: &[u8]) {
        let small = match &mut self.body {
            Body::Memory(small) => small,
            Body::Store { pieces, .. } => {
                // A store that takes no more says why at the end.
                let _ = pieces.send(Ok(Bytes::copy_from_slice(bytes))).await;
                return;
            }
            Body::Refused(_) => return,
        };
        small.extend_from_slice(bytes);
        if small.len() <= MEMORY_MAX {
            return;
        }
        let first = Bytes::from(std::mem::take(small));
        let (pieces, taken) = mpsc::channel(PIECES_MAX);
        let next = |mut taken: mpsc::Receiver<_>| async { Some((taken.recv().await?, taken)) };
        let stream: ByteStream = Box::pin(stream::unfold(taken, next));
        let store = self.store.clone();
        let taking = async move { store.ingest(&Actor::default(), stream, u64::MAX).await };
        let taking = tokio::spawn(taking);
        let _ = pieces.send(Ok(first)).await;
        self.body = Body::Store { pieces, taking };
    }

    /// It has come whole.
    pub async fn end(mut self) -> Result<Arrived, Reply> {
        if !self.in_body {
            end_header(&mut self.header);
        }
        let content = match self.body {
            Body::Refused(reply) => return Err(reply),
            Body::Memory(small) => Content::Bytes(small.into()),
            Body::Store { pieces, taking } => {
                drop(pieces);
                let taken = taking.await;
                let taken =
                    taken.unwrap_or_else(|error| Err(Error::Unavailable(error.to_string())));
                Content::Blob(taken.map_err(|error| {
                    tracing::warn!("a message can't be stored: {error}");
                    refusal(&error)
                })?)
            }
        };
        Ok(Arrived {
            header: self.header,
            content,
            size: self.size,
        })
    }

    /// It will never be whole: what the store has of it is forgotten.
    pub async fn abandon(self) {
        if let Body::Store { pieces, taking } = self.body {
            let gone = Error::Unavailable("the client is gone".to_owned());
            let _ = pieces.send(Err(gone)).await;
            let _ = taking.await;
        }
    }
}

/// Parts a message that is at hand into header section and body, as one that arrives is.
pub fn split_header(mut message: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
    let end = match end_of_header(&message, 0) {
        Some(end) if end <= HEADER_MAX => end,
        None if message.len() <= HEADER_MAX => {
            end_header(&mut message);
            message.len()
        }
        _ => last_line_end(&message),
    };
    let body = message.split_off(end);
    (message, body)
}

/// Ends a header section that has no empty line behind it. RFC 5322 §3.5: where there is no body,
/// that may be missing.
fn end_header(header: &mut Vec<u8>) {
    if !header.is_empty() && !header.ends_with(b"\r\n") {
        header.extend_from_slice(b"\r\n");
    }
    header.extend_from_slice(b"\r\n");
}

/// What a client is told of a store's error; quotas are of the recipient.
pub fn refusal(error: &Error) -> Reply {
    match error {
        Error::OverQuota(_) => reply::QUOTA_FOR_NOW,
        Error::Full => reply::DISK_FULL,
        Error::TooLarge(_) => reply::TOO_LARGE,
        Error::Locked(_) => reply::MAILBOX_LOCKED,
        Error::Forbidden(_) => reply::MAILBOX_CLOSED,
        Error::NotFound
        | Error::Exists
        | Error::Conflict
        | Error::DuplicateKey(_)
        | Error::TooMany(_)
        | Error::TooOld
        | Error::Invalid(_)
        | Error::Unavailable(_) => reply::NOT_NOW,
    }
}

/// Where the header section ends, behind its empty line, if that is among what is new.
fn end_of_header(bytes: &[u8], seen: usize) -> Option<usize> {
    if bytes.starts_with(b"\r\n") {
        return Some(2);
    }
    let from = seen.saturating_sub(3);
    let new = bytes.get(from..)?;
    let found = new.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(from + found + 4)
}

/// Where the last line ends that fits; in the midst of one that is longer than all that may be.
fn last_line_end(header: &[u8]) -> usize {
    let fits = header.get(..HEADER_MAX).unwrap_or(header);
    let end = fits.windows(2).rposition(|two| two == b"\r\n");
    end.map_or(fits.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::{SqliteStore, StoreLimits};

    async fn arrive(message: &[u8], size: usize) -> Result<Arrived, Reply> {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), "a", StoreLimits::default()).unwrap();
        let mut arriving = Arriving::new(store, 4 << 20);
        for piece in message.chunks(size) {
            arriving.take(piece).await;
        }
        arriving.end().await
    }

    async fn whole(arrived: &Arrived) -> Vec<u8> {
        let mut whole = arrived.header.clone();
        match &arrived.content {
            Content::Bytes(bytes) => whole.extend_from_slice(bytes),
            Content::Blob(blob) => {
                let len = usize::try_from(blob.size).unwrap();
                let mut at = 0;
                while at < len {
                    let piece = blob.source.read(at as u64, len - at).await.unwrap();
                    at += piece.len();
                    whole.extend_from_slice(&piece);
                }
            }
        }
        whole
    }

    #[tokio::test]
    async fn the_header_section_ends_with_the_first_empty_line() {
        for (message, header) in [
            (&b"A: b\r\n\r\nc\r\n\r\nd\r\n"[..], &b"A: b\r\n\r\n"[..]),
            (b"\r\nbody\r\n", b"\r\n"),
            (b"A: b\r\n", b"A: b\r\n\r\n"),
            (b"", b"\r\n"),
        ] {
            for size in [1, 2, 3, 100] {
                let arrived = arrive(message, size).await.unwrap();
                assert_eq!(arrived.header, header);
                assert_eq!(arrived.size, message.len() as u64);
            }
        }
    }

    #[tokio::test]
    async fn nothing_is_lost_of_what_is_big() {
        let mut lines = Vec::new();
        for number in 0..40_000 {
            lines.extend_from_slice(format!("X-{number}: {number}\r\n").as_bytes());
        }
        let mut big = b"A: b\r\n\r\n".to_vec();
        big.extend_from_slice(&lines);
        for message in [big, lines, vec![b'a'; 1 << 20]] {
            let arrived = arrive(&message, 10_000).await.unwrap();
            assert!(arrived.header.len() <= HEADER_MAX);
            let mut found = whole(&arrived).await;
            found.truncate(message.len());
            assert!(found == message);
        }
    }

    #[tokio::test]
    async fn what_is_too_big_is_refused() {
        let message = vec![b'a'; (4 << 20) + 1];
        let refused = arrive(&message, 100_000).await.err();
        assert_eq!(refused, Some(reply::TOO_LARGE));
    }
}
