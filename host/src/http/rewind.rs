//! A stream that gives again what was read from it to find out what it is.

use bytes::{Buf, Bytes, BytesMut};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// How RFC 9113 §3.4 begins. PRI is no method, so that this tells.
const HTTP2: &[u8] = b"PRI";

/// A stream with bytes that come before its own.
pub struct Rewind<S> {
    before: Bytes,
    stream: S,
}

impl<S: AsyncRead + Unpin> Rewind<S> {
    /// Takes a stream as it is.
    pub fn new(stream: S) -> Self {
        Self {
            before: Bytes::new(),
            stream,
        }
    }

    /// Puts bytes before what comes. They are copied: few bytes, or none, may keep a big buffer.
    pub fn put_back(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.before = [bytes, &self.before].concat().into();
        }
    }

    /// Waits until something comes, without holding a big buffer; false at the end.
    pub async fn wait(&mut self) -> io::Result<bool> {
        if self.before.is_empty() {
            let mut first = [0; 64];
            let len = self.stream.read(&mut first).await?;
            self.before = Bytes::copy_from_slice(first.get(..len).unwrap_or_default());
        }
        Ok(!self.before.is_empty())
    }

    /// Finds out whether the client speaks HTTP/2 with prior knowledge. RFC 9113 §3.3.
    pub async fn speaks_http2(&mut self) -> io::Result<bool> {
        let mut begin = BytesMut::with_capacity(HTTP2.len());
        while begin.len() < HTTP2.len() && HTTP2.starts_with(&begin) {
            let mut rest = [0; HTTP2.len()];
            let room = rest.get_mut(begin.len()..).unwrap_or_default();
            match self.stream.read(room).await? {
                0 => break,
                len => begin.extend_from_slice(room.get(..len).unwrap_or_default()),
            }
        }
        let http2 = begin == HTTP2;
        self.before = begin.freeze();
        Ok(http2)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Rewind<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.before.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let len = self.before.len().min(buffer.remaining());
        buffer.put_slice(self.before.get(..len).unwrap_or_default());
        self.before.advance(len);
        if self.before.is_empty() {
            self.before = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Rewind<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_looked_at_is_read_again() {
        for (sent, http2) in [
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true),
            ("PROPFIND / HTTP/1.1\r\n", false),
            ("GET / HTTP/1.1\r\n", false),
            ("PR", false),
            ("", false),
        ] {
            let mut stream = Rewind::new(sent.as_bytes());
            assert_eq!(stream.speaks_http2().await.unwrap(), http2, "{sent}");
            let mut all = String::new();
            stream.read_to_string(&mut all).await.unwrap();
            assert_eq!(all, sent);
        }
        let mut stream = Rewind::new(&b"abc"[..]);
        assert!(stream.wait().await.unwrap());
        let mut all = String::new();
        stream.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "abc");
        assert!(!stream.wait().await.unwrap());
    }
}
