//! Bodies: of answers, streamed without being held whole, and of requests, within limits.

use super::activity::{Activity, InFlight};
use super::record::Record;
use super::unsent::Share;
use crate::push::Conversation;
use crate::telemetry::Copy;
use bytes::Bytes;
use futures_util::Stream;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::Sleep;

/// Why a body ends early; its connection is broken off.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// Pieces of an answer's body.
pub type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;

enum Kind {
    Empty,
    Bytes(Bytes),
    Pieces { pieces: Pieces, left: Option<u64> },
}

/// The body of an answer. When it is dropped the request is over, counted and logged.
pub struct Body {
    kind: Kind,
    held: bool,
    conversation: Option<Box<Conversation>>,
    record: Option<Box<Record>>,
    in_flight: Option<InFlight>,
    /// What it has of what its connection may have in memory.
    share: Option<Share>,
}

impl Body {
    /// Nothing.
    pub fn empty() -> Self {
        Self::new(Kind::Empty)
    }

    /// These bytes.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self::new(if bytes.is_empty() {
            Kind::Empty
        } else {
            Kind::Bytes(bytes)
        })
    }

    /// What comes out of a stream; its length if it is known.
    pub fn pieces(pieces: Pieces, len: Option<u64>) -> Self {
        Self::new(Kind::Pieces { pieces, left: len })
    }

    /// What a client waits for.
    pub fn held(pieces: Pieces) -> Self {
        let mut body = Self::pieces(pieces, None);
        body.held = true;
        body
    }

    /// None: a WebSocket follows.
    pub fn conversation(conversation: Box<Conversation>) -> Self {
        let mut body = Self::empty();
        (body.held, body.conversation) = (true, Some(conversation));
        body
    }

    fn new(kind: Kind) -> Self {
        Self {
            kind,
            held: false,
            conversation: None,
            record: None,
            in_flight: None,
            share: None,
        }
    }

    /// Keeps the request in flight until the body has been sent, and finishes its record then.
    pub fn until_sent(&mut self, mut in_flight: InFlight, record: Box<Record>) {
        in_flight.waits_for_client(!matches!(self.kind, Kind::Empty));
        if let Kind::Pieces { pieces, .. } = &mut self.kind
            && !self.held
        {
            let share = Share::new(in_flight.activity());
            let before = std::mem::replace(pieces, Box::pin(futures_util::stream::empty()));
            *pieces = share.pace(before);
            self.share = Some(share);
        }
        self.in_flight = Some(in_flight);
        self.record = Some(record);
    }

    /// Says whether it goes on for as long as the client waits.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// The WebSocket that follows, if one does. What goes through it is to be noted here.
    pub fn take_conversation(&mut self) -> Option<Box<Conversation>> {
        self.conversation.take()
    }

    /// What of its client is watched.
    pub fn activity(&self) -> Arc<Activity> {
        let in_flight = self.in_flight.as_ref();
        in_flight.map_or_else(Activity::new, |in_flight| in_flight.activity().clone())
    }

    /// Notes a message of the client.
    pub fn received(&mut self, message: &[u8]) {
        if let Some(record) = &mut self.record {
            record.heard(message);
        }
    }

    /// Notes what the client is to take.
    pub fn sends(&mut self, piece: &[u8]) {
        if let Some(record) = &mut self.record {
            record.said(piece);
        }
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.waits_for_client(true);
        }
    }

    /// Notes that it took that.
    pub fn is_taken(&mut self) {
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.waits_for_client(false);
        }
    }

    /// Tells the log of a message.
    pub fn answered(&self, took: Duration, bytes_in: usize, bytes_out: usize, answered: bool) {
        if let Some(record) = &self.record {
            record.message(took, bytes_in, bytes_out, answered);
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let piece = match &mut self.kind {
            Kind::Empty => None,
            Kind::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                self.kind = Kind::Empty;
                Some(Ok(bytes))
            }
            Kind::Pieces { pieces, left } => {
                let Poll::Ready(piece) = pieces.as_mut().poll_next(cx) else {
                    // Else it stays as it is: the piece before waits to be taken.
                    let waits = self.share.as_ref().is_some_and(Share::waits_for_client);
                    if let Some(in_flight) = self.in_flight.as_mut().filter(|_| !waits) {
                        in_flight.waits_for_client(false);
                    }
                    return Poll::Pending;
                };
                match (&piece, left) {
                    (Some(Ok(bytes)), Some(left)) => {
                        *left = left.saturating_sub(bytes.len() as u64);
                    }
                    (None, Some(left)) if *left > 0 => {
                        return Poll::Ready(Some(Err("the stored bytes ended early".into())));
                    }
                    _ => {}
                }
                piece
            }
        };
        if piece.is_none() {
            self.kind = Kind::Empty;
        }
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.waits_for_client(piece.is_some());
        }
        match &piece {
            Some(Ok(bytes)) => {
                if let Some(record) = &mut self.record {
                    record.sent(bytes);
                }
            }
            Some(Err(error)) => {
                if let Some(record) = &mut self.record {
                    record.broken = Some(error.to_string());
                }
            }
            None => {}
        }
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Empty => true,
            Kind::Bytes(_) => false,
            Kind::Pieces { left, .. } => *left == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Pieces {
                left: Some(left), ..
            } => SizeHint::with_exact(*left),
            Kind::Pieces { left: None, .. } => SizeHint::default(),
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(record) = self.record.take() {
            record.finish();
        }
        let whole = http_body::Body::is_end_stream(self);
        if let Some(in_flight) = self.in_flight.as_mut().filter(|_| whole) {
            in_flight.finish();
        }
        self.in_flight = None;
    }
}

/// How long a client may send nothing of a body that it has begun, or of a message.
pub const STALL_MAX: Duration = Duration::from_secs(60);
/// One that comes slower than this, after [`STALL_MAX`], is given up.
pub const BYTES_PER_SECOND_MIN: u64 = 1024;
/// How much of a body that nobody wants is read, so that the connection can be used again.
const DRAIN_BYTES_MAX: u64 = 256 << 10;
const DRAIN_TIME_MAX: Duration = Duration::from_secs(5);

/// The body of a request, as modules get it.
///
/// Nothing is asked of the client before the first read: hyper answers `Expect: 100-continue` when
/// the body is polled. RFC 9110 §10.1.1.
pub struct RequestBody {
    incoming: Option<Incoming>,
    size_max: u64,
    received: Arc<AtomicU64>,
    activity: Arc<Activity>,
    /// The client waits to be told to go on.
    expects: bool,
    began: Option<Instant>,
    stall: Option<Pin<Box<Sleep>>>,
    runtime: tokio::runtime::Handle,
    /// What shows it to whoever watches this user.
    copy: Option<Copy>,
}

impl RequestBody {
    /// Counts the bytes that come.
    pub fn new(
        incoming: Incoming,
        received: Arc<AtomicU64>,
        activity: Arc<Activity>,
        expects: bool,
    ) -> Self {
        Self {
            incoming: Some(incoming),
            size_max: u64::MAX,
            received,
            activity,
            expects,
            began: None,
            stall: None,
            runtime: tokio::runtime::Handle::current(),
            copy: None,
        }
    }

    /// Takes at most so many bytes.
    pub fn limited(mut self, size_max: u64) -> Self {
        self.size_max = size_max;
        self
    }

    /// Shows it as it comes, too.
    pub fn shown_to(mut self, copy: Copy) -> Self {
        self.copy = Some(copy);
        self
    }

    /// How long it will be, if the client said so.
    pub fn announced(&self) -> Option<u64> {
        self.incoming
            .as_ref()
            .and_then(|incoming| incoming.size_hint().exact())
    }

    fn end(&mut self, error: storage::Error) -> Poll<Option<Result<Bytes, storage::Error>>> {
        self.incoming = None;
        Poll::Ready(Some(Err(error)))
    }

    /// Waits for more, but not for ever.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, storage::Error>>> {
        let runtime = &self.runtime;
        let stall = self.stall.get_or_insert_with(|| {
            // The caller may be on a thread that has no timers of its own.
            let _guard = runtime.enter();
            Box::pin(tokio::time::sleep(STALL_MAX))
        });
        std::task::ready!(stall.as_mut().poll(cx));
        self.end(storage::Error::Invalid(
            "the client sent nothing for too long".to_owned(),
        ))
    }

    fn too_slow(&mut self) -> bool {
        let began = *self.began.get_or_insert_with(Instant::now);
        let bytes = self.received.load(Ordering::Relaxed);
        began.elapsed() > STALL_MAX + Duration::from_secs(bytes / BYTES_PER_SECOND_MIN)
    }
}

impl Stream for RequestBody {
    type Item = Result<Bytes, storage::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(incoming) = &mut self.incoming else {
                return Poll::Ready(None);
            };
            let frame = match Pin::new(incoming).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    self.expects = false;
                    return self.wait(cx);
                }
            };
            self.expects = false;
            self.stall = None;
            match frame {
                None => {
                    self.incoming = None;
                    return Poll::Ready(None);
                }
                Some(Err(_)) => {
                    let early = "the client ended the body early".to_owned();
                    return self.end(storage::Error::Invalid(early));
                }
                Some(Ok(frame)) => {
                    let Ok(bytes) = frame.into_data() else {
                        continue; // trailers
                    };
                    self.activity.body(bytes.len());
                    let before = self
                        .received
                        .fetch_add(bytes.len() as u64, Ordering::Relaxed);
                    if before + bytes.len() as u64 > self.size_max {
                        let size_max = self.size_max;
                        return self.end(storage::Error::TooLarge(size_max));
                    }
                    if self.too_slow() {
                        let slow = "the client sent too slowly".to_owned();
                        return self.end(storage::Error::Invalid(slow));
                    }
                    if let Some(copy) = &mut self.copy {
                        copy.push(&bytes);
                    }
                    return Poll::Ready(Some(Ok(bytes)));
                }
            }
        }
    }
}

impl Drop for RequestBody {
    /// Reads a little on, so that a client that is still sending sees the answer, and the
    /// connection stays good. Not if it waits to be told to send.
    fn drop(&mut self) {
        let Some(incoming) = self.incoming.take() else {
            return;
        };
        let small = incoming
            .size_hint()
            .exact()
            .is_none_or(|len| len <= DRAIN_BYTES_MAX);
        if !self.expects && small && !incoming.is_end_stream() {
            self.runtime.spawn(drain(incoming));
        }
    }
}

async fn drain(mut incoming: Incoming) {
    let read = async {
        let mut left = DRAIN_BYTES_MAX;
        while let Some(Ok(frame)) =
            std::future::poll_fn(|cx| Pin::new(&mut incoming).poll_frame(cx)).await
        {
            let len = frame.data_ref().map_or(0, Bytes::len) as u64;
            match left.checked_sub(len) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    };
    let _ = tokio::time::timeout(DRAIN_TIME_MAX, read).await;
}
