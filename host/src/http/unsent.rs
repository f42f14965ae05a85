//! What of answers is in memory and not sent yet, of one connection. A client of HTTP/2 may have a
//! hundred answers, open all windows, and read nothing: each would be read ahead as if it was alone.
//!
//! An answer may have one piece on its way in any case: others on the same connection may be ones whose
//! client reads nothing, and it must not wait for those. What it reads ahead is taken from what the
//! connection has for all.

use super::activity::Activity;
use super::body::Pieces;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Notify;

/// How many bytes of answers a connection has in memory, before each has no more than one piece.
const UNSENT_MAX: usize = 1 << 20;
/// How long pieces are, of what is read from a disk.
pub const PIECE_LEN: usize = 64 << 10;

/// What a connection has in memory.
#[derive(Default)]
pub struct Unsent {
    bytes: AtomicUsize,
    /// Something was sent.
    sent: Notify,
}

/// What one answer has of that.
#[derive(Clone)]
pub struct Share {
    activity: Arc<Activity>,
    own: Arc<Own>,
}

#[derive(Default)]
struct Own {
    bytes: AtomicUsize,
    waits: AtomicBool,
}

/// Bytes that count until they are dropped.
struct Counted {
    share: Share,
    bytes: Bytes,
    /// Taken for bytes that have not come yet.
    ahead: usize,
}

impl Share {
    /// That of an answer of which nothing was read yet.
    pub fn new(activity: &Arc<Activity>) -> Self {
        Self {
            activity: activity.clone(),
            own: Arc::default(),
        }
    }

    /// The pieces of the answer, each read when there is room for it.
    pub fn pace(&self, pieces: Pieces) -> Pieces {
        let state = (pieces, self.clone());
        Box::pin(stream::unfold(state, |(mut pieces, share)| async move {
            let room = share.room().await;
            let piece = pieces.next().await?;
            Some((piece.map(|bytes| room.fill(bytes)), (pieces, share)))
        }))
    }

    /// Whether the next piece waits until the client has taken what came before.
    pub fn waits_for_client(&self) -> bool {
        self.own.waits.load(Ordering::Acquire)
    }

    /// Waits for room for a piece.
    async fn room(&self) -> Counted {
        let unsent = self.activity.unsent();
        loop {
            let sent = unsent.sent.notified();
            let ahead = match self.own.bytes.load(Ordering::Acquire) {
                0 => Some(0),
                _ => unsent.take(PIECE_LEN).then_some(PIECE_LEN),
            };
            self.own.waits.store(ahead.is_none(), Ordering::Release);
            if let Some(ahead) = ahead {
                return Counted {
                    share: self.clone(),
                    bytes: Bytes::new(),
                    ahead,
                };
            }
            sent.await;
        }
    }
}

impl Unsent {
    /// Takes room, if there is any.
    fn take(&self, bytes: usize) -> bool {
        let more = |before: usize| Some(before + bytes).filter(|after| *after <= UNSENT_MAX);
        let order = (Ordering::AcqRel, Ordering::Acquire);
        self.bytes.fetch_update(order.0, order.1, more).is_ok()
    }
}

impl Counted {
    fn fill(mut self, bytes: Bytes) -> Bytes {
        if bytes.is_empty() {
            return bytes;
        }
        let unsent = self.share.activity.unsent();
        unsent.bytes.fetch_add(bytes.len(), Ordering::AcqRel);
        self.share
            .own
            .bytes
            .fetch_add(bytes.len(), Ordering::AcqRel);
        self.give_back();
        self.bytes = bytes;
        Bytes::from_owner(self)
    }

    fn give_back(&mut self) {
        let unsent = self.share.activity.unsent();
        let ahead = std::mem::take(&mut self.ahead);
        unsent.bytes.fetch_sub(ahead, Ordering::AcqRel);
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.give_back();
        let unsent = self.share.activity.unsent();
        let len = self.bytes.len();
        self.share.own.bytes.fetch_sub(len, Ordering::AcqRel);
        unsent.bytes.fetch_sub(len, Ordering::AcqRel);
        unsent.sent.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt, stream};

    fn endless(activity: &Arc<Activity>) -> (Pieces, Share) {
        let piece = || Ok(Bytes::from(vec![0; PIECE_LEN]));
        let share = Share::new(activity);
        (share.pace(Box::pin(stream::repeat_with(piece))), share)
    }

    #[tokio::test]
    async fn answers_read_ahead_what_the_connection_has_and_then_a_piece_each() {
        let activity = Activity::new();
        let in_memory = || activity.unsent().bytes.load(Ordering::Acquire);
        let (mut first, share) = endless(&activity);
        let mut sent = Vec::new();
        while let Some(piece) = first.next().now_or_never() {
            sent.extend(piece);
        }
        assert_eq!(in_memory(), UNSENT_MAX);
        assert!(share.waits_for_client());
        let mut others: Vec<_> = (0..99).map(|_| endless(&activity).0).collect();
        for other in &mut others {
            sent.extend(other.next().now_or_never().unwrap());
            assert!(other.next().now_or_never().is_none());
        }
        assert_eq!(in_memory(), UNSENT_MAX + 99 * PIECE_LEN);
        // An answer that has nothing on its way any more goes on, whatever the others have.
        sent.pop();
        let last = others.last_mut().unwrap();
        sent.extend(last.next().now_or_never().unwrap());
        assert!(last.next().now_or_never().is_none());
        assert_eq!(sent.len(), 115);
        // Who waits is told.
        let waiting = tokio::spawn(async move { first.next().await.is_some() });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        sent.clear();
        assert!(waiting.await.unwrap());
        assert!(!share.waits_for_client());
        drop(others);
        assert_eq!(in_memory(), 0);
        // Who waits for its source waits for nobody else.
        let share = Share::new(&activity);
        let mut silent = share.pace(Box::pin(stream::pending()));
        assert!(silent.next().now_or_never().is_none());
        assert!(!share.waits_for_client());
    }
}
