//! One connection: HTTP/1.1 or HTTP/2, whichever the client speaks. RFC 9112, RFC 9113.

use super::dispatch::{Host, Peer};
use super::socket::{Activity, Fate, HEAD_TIME_MAX, Socket};
use crate::metrics::OpenConnection;
use http::Version;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// Heads with more fields, or more bytes, are answered with 431.
const FIELDS_MAX: usize = 100;
const HEAD_LEN_MAX: usize = 128 << 10;
const HEAD_LEN_MAX_HTTP2: u32 = 64 << 10;
/// How many requests of one HTTP/2 connection are answered at once.
const STREAMS_MAX: u32 = 100;
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;
const SEND_BUFFER_MAX: usize = 256 << 10;
/// Streams that a client has reset and that are still being answered.
const RESETS_MAX: usize = 20;
/// How long a connection may take to end after it was asked to.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(10);

/// Serves connections of one kind.
pub struct Connections {
    protocol: auto::Builder<TokioExecutor>,
    host: Arc<Host>,
    idle_max: Duration,
}

impl Connections {
    /// Keeps idle connections so long; not at all if it is 0.
    pub fn new(host: Arc<Host>, idle_max: Duration) -> Self {
        let mut protocol = auto::Builder::new(TokioExecutor::new());
        protocol
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(None) // `Activity` watches the heads
            .max_headers(FIELDS_MAX)
            .max_buf_size(HEAD_LEN_MAX)
            .keep_alive(!idle_max.is_zero());
        protocol
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(Duration::from_secs(60))
            .keep_alive_timeout(Duration::from_secs(30))
            .max_concurrent_streams(STREAMS_MAX)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER_MAX)
            .max_header_list_size(HEAD_LEN_MAX_HTTP2)
            .max_pending_accept_reset_streams(RESETS_MAX);
        Self {
            protocol,
            host,
            idle_max: idle_max.max(Duration::from_secs(1)),
        }
    }

    /// Serves a connection to its end.
    pub async fn serve(
        &self,
        stream: TcpStream,
        tls: Option<TlsAcceptor>,
        peer: Peer,
        stopping: watch::Receiver<bool>,
    ) {
        // Answers are written whole: nothing is gained by waiting for more.
        let _ = stream.set_nodelay(true);
        let open = self.host.metrics.connections.accepted(peer.secure);
        let Some(tls) = tls else {
            let activity = Activity::new();
            let socket = Socket::new(stream, activity.clone());
            return self.speak(socket, activity, open, peer, stopping).await;
        };
        let handshake = Activity::new();
        let accept = tls.accept(Socket::new(stream, handshake.clone()));
        let accepted = tokio::time::timeout(HEAD_TIME_MAX, accept).await;
        open.shook_hands(matches!(accepted, Ok(Ok(_))));
        match accepted {
            Ok(Ok(stream)) => self.speak(stream, handshake, open, peer, stopping).await,
            Ok(Err(error)) => tracing::debug!(client = %peer.address, "no TLS: {error}"),
            Err(_) => {
                handshake.give_up();
                tracing::debug!(client = %peer.address, "the TLS handshake took too long");
            }
        }
    }

    async fn speak<S>(
        &self,
        stream: S,
        activity: Arc<Activity>,
        open: OpenConnection,
        peer: Peer,
        mut stopping: watch::Receiver<bool>,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let noted = activity.clone();
        let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let host = self.host.clone();
            open.speaks(request.version());
            let in_flight = noted.begin(request.version() == Version::HTTP_2);
            async move { Ok::<_, Infallible>(host.answer(request, peer, in_flight).await) }
        });
        let mut connection = pin!(
            self.protocol
                .serve_connection(TokioIo::new(stream), service)
        );
        let mut wait = HEAD_TIME_MAX;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(client = %peer.address, "a connection ended: {error}");
                    }
                    return;
                }
                () = tokio::time::sleep(wait) => match activity.fate(self.idle_max) {
                    Fate::Wait(until) => wait = until,
                    Fate::Close => break,
                    Fate::Drop => return activity.give_up(),
                },
                _ = stopping.wait_for(|stopping| *stopping) => break,
            }
        }
        connection.as_mut().graceful_shutdown();
        // Once the server stops, it decides how long to wait.
        let stopping = *stopping.borrow();
        let limit = if stopping {
            Duration::MAX
        } else {
            CLOSE_TIME_MAX
        };
        if tokio::time::timeout(limit, connection).await.is_err() {
            activity.give_up();
        }
    }
}
