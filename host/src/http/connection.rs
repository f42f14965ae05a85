//! One connection: HTTP/1.1 or HTTP/2, whichever the client speaks. RFC 9112, RFC 9113.

use super::activity::{Activity, Fate, HEAD_TIME_MAX};
use super::at_once::AtOnce;
use super::dispatch::{Host, Peer};
use super::doors::{Bounds, Doors};
use super::rewind::Rewind;
use super::socket::Socket;
use super::turn_away::turn_away;
use crate::config::Config;
use crate::metrics::OpenConnection;
use http::Version;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
/// Streams that a client has reset before they were looked at, and streams that the host has reset
/// because of what came on them (CVE-2023-44487, CVE-2025-8671). [`Activity`] counts the others.
const RESETS_MAX: usize = 20;
const RESETS_BY_HOST_MAX: usize = 200;
/// How long a connection may take to end after it was asked to.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(10);
/// After so long without a request, an HTTP/1.1 connection gives its buffers back.
const PARK_AFTER: Duration = Duration::from_secs(2);

/// Serves connections.
pub struct Connections {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    host: Arc<Host>,
    doors: Arc<Doors>,
    /// In milliseconds.
    idle_max: AtomicU64,
}

/// Why a connection is no longer driven.
enum Stop {
    /// It has ended.
    Ended,
    /// It is to end: it was idle for long, or the server stops.
    Close,
    /// Its client is too slow.
    Drop,
    /// It is idle.
    Park,
}

impl Connections {
    /// Goes by a configuration; see [`Connections::follow`].
    pub fn new(host: Arc<Host>, config: &Config) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(None) // `Activity` watches the heads
            .max_headers(FIELDS_MAX)
            .max_buf_size(HEAD_LEN_MAX);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .keep_alive_interval(Duration::from_secs(60))
            .keep_alive_timeout(Duration::from_secs(30))
            .max_concurrent_streams(STREAMS_MAX)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER_MAX)
            .max_header_list_size(HEAD_LEN_MAX_HTTP2)
            .max_pending_accept_reset_streams(RESETS_MAX)
            .max_local_error_reset_streams(RESETS_BY_HOST_MAX);
        Self {
            http1,
            http2,
            host,
            doors: Doors::new(Bounds::of(config)),
            idle_max: AtomicU64::new(millis(config.httptimeout)),
        }
    }

    /// Goes by another configuration from now on. Connections that are idle now stay as long as
    /// they were to.
    pub fn follow(&self, config: &Config) {
        self.doors.set(Bounds::of(config));
        let idle_max = millis(config.httptimeout);
        self.idle_max.store(idle_max, Ordering::Relaxed);
    }

    /// How long an idle connection is kept; not at all after an answer if that is 0.
    fn idle_max(&self) -> Duration {
        Duration::from_millis(self.idle_max.load(Ordering::Relaxed))
    }

    /// What becomes of a connection. A first request is waited for in any case.
    fn fate(&self, activity: &Activity) -> Fate {
        activity.fate(self.idle_max().max(Duration::from_secs(1)))
    }

    /// Serves a connection to its end.
    pub async fn serve(
        &self,
        stream: TcpStream,
        tls: Option<TlsAcceptor>,
        peer: Peer,
        mut stopping: watch::Receiver<bool>,
    ) {
        let _place = match self.doors.enter(peer.address) {
            Ok(place) => place,
            Err(refused) => {
                tracing::debug!(client = %peer.address, "a connection is refused: {refused:?}");
                self.host.metrics.connections.refused(refused);
                return turn_away(stream, tls.is_some()).await;
            }
        };
        // Answers are written whole: nothing is gained by waiting for more.
        let _ = stream.set_nodelay(true);
        let open = self.host.metrics.connections.accepted(peer.secure);
        let activity = Activity::new();
        let socket = Socket::new(stream, activity.clone());
        // Boxed, so that an idle connection has no room for what it isn't.
        match tls {
            Some(tls) => {
                let secure = self.secure(socket, tls, &activity, &open, peer, &mut stopping);
                Box::pin(secure).await;
            }
            None => {
                self.plain(socket, &activity, &open, peer, &mut stopping)
                    .await
            }
        }
    }

    async fn secure(
        &self,
        socket: Socket,
        tls: TlsAcceptor,
        activity: &Arc<Activity>,
        open: &OpenConnection,
        peer: Peer,
        stopping: &mut watch::Receiver<bool>,
    ) {
        let accepted = tokio::time::timeout(HEAD_TIME_MAX, tls.accept(socket)).await;
        open.shook_hands(matches!(accepted, Ok(Ok(_))));
        match accepted {
            Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                open.speaks(Version::HTTP_2);
                self.http2(stream, activity, peer, stopping).await;
            }
            Ok(Ok(stream)) => {
                open.speaks(Version::HTTP_11);
                let stream = Rewind::new(stream);
                self.http1(stream, activity, peer, stopping).await;
            }
            Ok(Err(error)) => tracing::debug!(client = %peer.address, "no TLS: {error}"),
            Err(_) => {
                activity.give_up();
                tracing::debug!(client = %peer.address, "the TLS handshake took too long");
            }
        }
    }

    async fn plain(
        &self,
        socket: Socket,
        activity: &Arc<Activity>,
        open: &OpenConnection,
        peer: Peer,
        stopping: &mut watch::Receiver<bool>,
    ) {
        let mut stream = Rewind::new(socket);
        let http2 = tokio::select! {
            http2 = tokio::time::timeout(HEAD_TIME_MAX, stream.speaks_http2()) => http2,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        match http2 {
            Ok(Ok(true)) => {
                open.speaks(Version::HTTP_2);
                Box::pin(self.http2(stream, activity, peer, stopping)).await;
            }
            Ok(Ok(false)) => {
                open.speaks(Version::HTTP_11);
                self.http1(stream, activity, peer, stopping).await;
            }
            Ok(Err(_)) => {}
            Err(_) => activity.give_up(),
        }
    }

    /// hyper's buffers are far bigger than all else that an idle connection has: they are made
    /// when something comes, and given back when nothing does.
    async fn http1<S>(
        &self,
        mut stream: Rewind<S>,
        activity: &Arc<Activity>,
        peer: Peer,
        stopping: &mut watch::Receiver<bool>,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        loop {
            let service = service_fn(|request| self.answer(request, peer, activity));
            let mut http1 = self.http1.clone();
            http1.keep_alive(!self.idle_max().is_zero());
            let connection = http1.serve_connection(TokioIo::new(stream), service);
            let mut connection = Box::pin(connection);
            let park = Some(PARK_AFTER);
            let driving = self.drive(connection.as_mut(), activity, peer, stopping, park);
            match driving.await {
                Stop::Ended | Stop::Drop => return,
                Stop::Close => {
                    connection.as_mut().graceful_shutdown();
                    return close(connection, activity, stopping).await;
                }
                Stop::Park => {}
            }
            let parts = Pin::into_inner(connection).into_parts();
            stream = parts.io.into_inner();
            if !parts.read_buf.is_empty() {
                stream.put_back(parts.read_buf);
            } else if !self.park(&mut stream, activity, stopping).await {
                return;
            }
        }
    }

    /// Waits for the next request; false if there will be none.
    async fn park<S>(
        &self,
        stream: &mut Rewind<S>,
        activity: &Arc<Activity>,
        stopping: &mut watch::Receiver<bool>,
    ) -> bool
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        loop {
            let wait = match self.fate(activity) {
                Fate::Wait(wait) => wait,
                Fate::Close => return false,
                Fate::Drop => {
                    activity.give_up();
                    return false;
                }
            };
            tokio::select! {
                came = stream.wait() => return came.unwrap_or(false),
                () = tokio::time::sleep(wait) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return false,
            }
        }
    }

    async fn http2<S>(
        &self,
        stream: S,
        activity: &Arc<Activity>,
        peer: Peer,
        stopping: &mut watch::Receiver<bool>,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        activity.speaks_http2();
        let (host, noted) = (self.host.clone(), activity.clone());
        let service = service_fn(move |request| {
            let (host, in_flight) = (host.clone(), noted.begin());
            async move { Ok::<_, Infallible>(host.answer(request, peer, in_flight).await) }
        });
        let connection = self.http2.serve_connection(TokioIo::new(stream), service);
        let mut connection = Box::pin(connection);
        match self
            .drive(connection.as_mut(), activity, peer, stopping, None)
            .await
        {
            Stop::Ended | Stop::Drop | Stop::Park => {}
            Stop::Close => {
                connection.as_mut().graceful_shutdown();
                close(connection, activity, stopping).await;
            }
        }
    }

    async fn answer(
        &self,
        request: http::Request<hyper::body::Incoming>,
        peer: Peer,
        activity: &Arc<Activity>,
    ) -> Result<http::Response<super::body::Body>, Infallible> {
        let in_flight = activity.begin();
        // Boxed, because hyper keeps room for it as long as the connection lives.
        Ok(Box::pin(self.host.answer(request, peer, in_flight)).await)
    }

    /// Drives a connection until it ends, or has to.
    async fn drive<C>(
        &self,
        connection: Pin<&mut C>,
        activity: &Arc<Activity>,
        peer: Peer,
        stopping: &mut watch::Receiver<bool>,
        park_after: Option<Duration>,
    ) -> Stop
    where
        C: Future<Output = hyper::Result<()>>,
    {
        let mut connection = AtOnce::new(connection);
        let mut wait = park_after.unwrap_or(HEAD_TIME_MAX);
        let mut was_idle = false;
        loop {
            tokio::select! {
                ended = &mut connection => {
                    if let Err(error) = ended {
                        tracing::debug!(client = %peer.address, "a connection ended: {error}");
                    }
                    return Stop::Ended;
                }
                () = tokio::time::sleep(wait) => match self.fate(activity) {
                    Fate::Wait(until) => {
                        let idle = activity.is_idle();
                        if park_after.is_some() && idle && was_idle {
                            return Stop::Park;
                        }
                        was_idle = idle;
                        wait = park_after.map_or(until, |park_after| until.min(park_after));
                    }
                    Fate::Close => return Stop::Close,
                    Fate::Drop => {
                        activity.give_up();
                        return Stop::Drop;
                    }
                },
                _ = stopping.wait_for(|stopping| *stopping) => return Stop::Close,
            }
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Lets a connection finish what it has begun.
async fn close(
    connection: impl Future<Output = hyper::Result<()>>,
    activity: &Arc<Activity>,
    stopping: &watch::Receiver<bool>,
) {
    // Once the server stops, it decides how long to wait.
    let limit = match *stopping.borrow() {
        true => Duration::MAX,
        false => CLOSE_TIME_MAX,
    };
    if tokio::time::timeout(limit, connection).await.is_err() {
        activity.give_up();
    }
}
