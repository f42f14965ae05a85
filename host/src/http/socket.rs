//! A TCP connection that notes what its client does, and how it is closed.

use super::activity::Activity;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

/// How long bytes that nobody wants are read before a connection is closed: else the client's
/// system throws away the answer with the connection.
const LINGER_TIME_MAX: Duration = Duration::from_secs(2);
const LINGER_BYTES_MAX: usize = 16 << 20;

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
            Poll::Ready(Ok(())) if room > 0 => {
                self.activity.read(buffer.filled().len() - before);
                if self.activity.is_flooding() {
                    self.activity.give_up();
                    let flood = "the client sends more than its requests explain";
                    return Poll::Ready(Err(io::Error::other(flood)));
                }
            }
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
            && !self.activity.is_gone()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(linger(stream));
        }
    }
}

/// Reads what a client sends still, and forgets it.
pub(super) async fn linger(mut stream: TcpStream) {
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
