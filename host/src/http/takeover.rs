//! Answers that are held leave hyper: its buffers weigh more than all else that a client has who
//! waits. Over HTTP/1.1 the rest of the connection is the answer's, and it is written here: in chunks
//! (RFC 9112 §7.1), or as a WebSocket.

use super::activity::Activity;
use super::body::Body;
use super::rewind::Rewind;
use bytes::{Buf, Bytes};
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Response, Version};
use http_body_util::BodyExt;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use std::future::{Future, pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

/// Where the answer that is held lies until hyper has been left.
#[derive(Default)]
pub struct Takeover(Mutex<Option<Taken>>);

/// An answer that is held, and the rest of its connection.
pub struct Taken {
    response: Response<Body>,
    /// Another request may follow.
    keep_alive: bool,
}

impl Takeover {
    /// Passes an answer on to hyper; one that is held comes here, and never there.
    pub async fn pass<E>(
        &self,
        response: Response<Body>,
        version: Version,
        keep_alive: bool,
    ) -> Result<Response<Body>, E> {
        if version != Version::HTTP_11 || !response.body().is_held() {
            return Ok(response);
        }
        *self.0.lock() = Some(Taken {
            response,
            keep_alive,
        });
        pending().await
    }

    /// Drives hyper until it ends, or is to be left: it has sent all that came before then.
    pub async fn watch<C, E>(
        &self,
        mut connection: Pin<&mut C>,
        activity: &Activity,
    ) -> Result<(), E>
    where
        C: Future<Output = Result<(), E>>,
    {
        poll_fn(|cx| match connection.as_mut().poll(cx) {
            Poll::Pending if self.0.lock().is_some() && !activity.is_blocked() => {
                Poll::Ready(Ok(()))
            }
            polled => polled,
        })
        .await
    }

    /// What is held, if anything is.
    pub fn take(&self) -> Option<Taken> {
        self.0.lock().take()
    }
}

impl Taken {
    /// Sends the answer to its end. Says whether another request may follow.
    pub async fn send<S>(self, stream: &mut Rewind<S>) -> io::Result<bool>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (mut head, mut body) = self.response.into_parts();
        let conversation = body.take_conversation();
        if conversation.is_none() {
            let chunked = HeaderValue::from_static("chunked");
            head.headers.insert(TRANSFER_ENCODING, chunked);
            if !self.keep_alive {
                let close = HeaderValue::from_static("close");
                head.headers.insert(CONNECTION, close);
            }
        }
        let reason = head.status.canonical_reason().unwrap_or_default();
        let line = format!("HTTP/1.1 {} {reason}\r\n", head.status.as_str());
        write(stream, Bytes::from(head_of(line, &head.headers))).await?;
        drop(head);
        if let Some(conversation) = conversation {
            conversation.run(stream, &mut body).await?;
            return Ok(false);
        }
        // A client that has sent the next request already need not be looked at for being there.
        let mut has_next = false;
        loop {
            let frame = tokio::select! {
                frame = body.frame() => frame,
                came = stream.wait(), if !has_next => match came? {
                    true => {
                        has_next = true;
                        continue;
                    }
                    false => return Ok(false),
                },
            };
            match frame {
                None => {
                    write(stream, Bytes::from_static(b"0\r\n\r\n")).await?;
                    if !self.keep_alive {
                        stream.shutdown().await?;
                    }
                    return Ok(self.keep_alive);
                }
                Some(Err(error)) => return Err(io::Error::other(error)),
                Some(Ok(frame)) => {
                    let Ok(piece) = frame.into_data() else {
                        continue;
                    };
                    // A chunk of nothing would be the last.
                    if piece.is_empty() {
                        continue;
                    }
                    let size = Bytes::from(format!("{:x}\r\n", piece.len()));
                    write(stream, size.chain(piece).chain(&b"\r\n"[..])).await?;
                }
            }
        }
    }
}

fn head_of(line: String, headers: &HeaderMap) -> Vec<u8> {
    let mut head = line.into_bytes();
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

async fn write<S>(stream: &mut Rewind<S>, mut bytes: impl Buf) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all_buf(&mut bytes).await?;
    stream.flush().await
}

/// Says whether a client of HTTP/1.1 wants to go on with its connection. RFC 9112 §9.3.
pub fn keeps_alive(headers: &HeaderMap) -> bool {
    let values = headers.get_all(CONNECTION).iter();
    let mut options = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    !options.any(|option| option.trim().eq_ignore_ascii_case("close"))
}

/// Speaks over what becomes of a stream of HTTP/2, if the answer opens a WebSocket there. RFC 8441 §5.
pub fn converse(upgrade: OnUpgrade, response: Response<Body>) -> Response<Body> {
    let (head, mut body) = response.into_parts();
    let Some(conversation) = body.take_conversation() else {
        return Response::from_parts(head, body);
    };
    tokio::spawn(async move {
        // It fails if the connection has ended.
        let Ok(upgraded) = upgrade.await else { return };
        let ran = conversation.run(TokioIo::new(upgraded), &mut body).await;
        if let Err(error) = ran {
            tracing::debug!("a WebSocket broke off: {error}");
        }
    });
    Response::from_parts(head, Body::empty())
}
