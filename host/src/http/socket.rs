//! A TCP connection that knows what its client is doing, so that one who waits too long is let go:
//! hyper's own timeout for heads counts from the end of the request before, which would end every
//! idle connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

/// How long a client may take to send the head of a request, or the handshake of TLS.
pub const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// How long a client may take nothing of an answer.
const BLOCKED_TIME_MAX: Duration = Duration::from_secs(60);
/// How long bytes that nobody wants are read before a connection is closed: else the client's
/// system throws away the answer with the connection.
const LINGER_TIME_MAX: Duration = Duration::from_secs(2);
const LINGER_BYTES_MAX: usize = 16 << 20;

/// What a client is doing; times are milliseconds since the connection began, 0 for never.
pub struct Activity {
    began: Instant,
    in_flight: AtomicU32,
    served: AtomicBool,
    http2: AtomicBool,
    idle_since: AtomicU64,
    head_since: AtomicU64,
    blocked_since: AtomicU64,
    /// The client has closed its side, or is to be dropped at once.
    gone: AtomicBool,
}

/// What is to become of a connection.
#[derive(Debug, PartialEq, Eq)]
pub enum Fate {
    /// Look again then.
    Wait(Duration),
    /// It was idle for long: close it well.
    Close,
    /// Its client is too slow: drop it.
    Drop,
}

/// A request that is being answered; ends when it is dropped.
pub struct InFlight(Arc<Activity>);

impl Activity {
    /// Begins with a connection.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            in_flight: AtomicU32::new(0),
            served: AtomicBool::new(false),
            http2: AtomicBool::new(false),
            idle_since: AtomicU64::new(1),
            head_since: AtomicU64::new(0),
            blocked_since: AtomicU64::new(0),
            gone: AtomicBool::new(false),
        })
    }

    /// Notes that the head of a request is whole.
    pub fn begin(self: &Arc<Self>, http2: bool) -> InFlight {
        self.in_flight.fetch_add(1, Relaxed);
        self.served.store(true, Relaxed);
        self.http2.store(http2, Relaxed);
        self.head_since.store(0, Relaxed);
        InFlight(self.clone())
    }

    /// Says what is to become of the connection, of which idle ones are kept so long.
    pub fn fate(&self, idle_max: Duration) -> Fate {
        let left = |since: u64, max: Duration| {
            let until = Duration::from_millis(since) + max;
            until
                .checked_sub(self.began.elapsed())
                .filter(|left| !left.is_zero())
        };
        if self.in_flight.load(Relaxed) > 0 {
            return match self.blocked_since.load(Relaxed) {
                0 => Fate::Wait(BLOCKED_TIME_MAX),
                since => left(since, BLOCKED_TIME_MAX).map_or(Fate::Drop, Fate::Wait),
            };
        }
        let idle_since = self.idle_since.load(Relaxed);
        if !self.served.load(Relaxed) {
            return left(idle_since, HEAD_TIME_MAX).map_or(Fate::Drop, Fate::Wait);
        }
        let head_since = self.head_since.load(Relaxed);
        // HTTP/2 has frames that begin no request.
        if head_since > 0 && !self.http2.load(Relaxed) {
            return left(head_since, HEAD_TIME_MAX).map_or(Fate::Drop, Fate::Wait);
        }
        left(idle_since, idle_max)
            // Whoever begins a head in the meantime is still to be dropped in time.
            .map_or(Fate::Close, |left| Fate::Wait(left.min(HEAD_TIME_MAX)))
    }

    /// Lets the connection go without ceremony.
    pub fn give_up(&self) {
        self.gone.store(true, Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis())
            .unwrap_or(u64::MAX)
            .max(1)
    }

    fn read(&self, bytes: usize) {
        if bytes == 0 {
            self.give_up();
        } else if self.in_flight.load(Relaxed) == 0 && self.head_since.load(Relaxed) == 0 {
            self.head_since.store(self.now(), Relaxed);
        }
    }

    fn wrote<T>(&self, result: &Poll<io::Result<T>>) {
        match result {
            Poll::Pending if self.blocked_since.load(Relaxed) == 0 => {
                self.blocked_since.store(self.now(), Relaxed);
            }
            Poll::Pending => {}
            Poll::Ready(Ok(_)) => self.blocked_since.store(0, Relaxed),
            Poll::Ready(Err(_)) => self.give_up(),
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Relaxed);
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

/// A TCP connection whose activity is noted.
pub struct Socket {
    stream: Option<TcpStream>,
    activity: Arc<Activity>,
}

impl Socket {
    /// Watches a connection.
    pub fn new(stream: TcpStream, activity: Arc<Activity>) -> Self {
        Self {
            stream: Some(stream),
            activity,
        }
    }

    fn with<T>(
        &mut self,
        act: impl FnOnce(Pin<&mut TcpStream>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match &mut self.stream {
            Some(stream) => act(Pin::new(stream)),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let room = buffer.remaining();
        let result = self.with(|stream| stream.poll_read(cx, buffer));
        match &result {
            Poll::Ready(Ok(())) if room > 0 => self.activity.read(buffer.filled().len() - before),
            Poll::Ready(Err(_)) => self.activity.give_up(),
            _ => {}
        }
        result
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = self.with(|stream| stream.poll_write(cx, bytes));
        self.activity.wrote(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = self.with(|stream| stream.poll_write_vectored(cx, slices));
        self.activity.wrote(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_shutdown(cx))
    }
}

impl Drop for Socket {
    /// RFC 9112 §9.6: "a server typically performs a lingering close": the client may be sending
    /// still, and would not see the answer.
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take()
            && !self.activity.gone.load(Relaxed)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(linger(stream));
        }
    }
}

async fn linger(mut stream: TcpStream) {
    let read = async {
        stream.shutdown().await?;
        let mut buffer = vec![0; 16 << 10];
        let mut left = LINGER_BYTES_MAX;
        while left > 0 {
            match stream.read(&mut buffer).await? {
                0 => break,
                count => left = left.saturating_sub(count),
            }
        }
        io::Result::Ok(())
    };
    let _ = tokio::time::timeout(LINGER_TIME_MAX, read).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE_MAX: Duration = Duration::from_secs(300);

    /// A connection that began so many seconds ago; none on a machine that started since.
    fn after(seconds: u64) -> Option<Arc<Activity>> {
        let began = Instant::now().checked_sub(Duration::from_secs(seconds))?;
        let mut activity = Arc::into_inner(Activity::new())?;
        activity.began = began;
        Some(Arc::new(activity))
    }

    #[test]
    fn who_never_asks_is_dropped_and_who_is_idle_closed() {
        let Some(activity) = after(31) else { return };
        assert_eq!(activity.fate(IDLE_MAX), Fate::Drop);
        drop(activity.begin(false));
        assert!(matches!(activity.fate(IDLE_MAX), Fate::Wait(_)));
        assert_eq!(activity.fate(Duration::ZERO), Fate::Close);
    }

    #[test]
    fn a_head_that_takes_too_long_is_dropped_a_long_answer_is_not() {
        let Some(activity) = after(100) else { return };
        drop(activity.begin(false));
        activity.head_since.store(60_000, Relaxed);
        assert_eq!(activity.fate(IDLE_MAX), Fate::Drop);
        let in_flight = activity.begin(false);
        assert!(matches!(activity.fate(IDLE_MAX), Fate::Wait(_)));
        activity.blocked_since.store(30_000, Relaxed);
        assert_eq!(activity.fate(IDLE_MAX), Fate::Drop);
        drop(in_flight);
    }
}
