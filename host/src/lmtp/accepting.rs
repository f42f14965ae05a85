//! Accepting connections, at places that can change while the server runs.

use super::listen::{LmtpListener, LmtpSocket, listen};
use super::reply::TOO_MANY_CONNECTIONS;
use super::session::Session;
use super::wire::Wire;
use crate::error::Error;
use crate::metrics::LmtpConnections;
use crate::tenant::Snapshot;
use arc_swap::ArcSwap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// Connections at once. A mail transfer agent has some tens; each may hold half a megabyte.
const CONNECTIONS_MAX: usize = 128;
/// How long nothing is accepted where nothing can be.
const PAUSE: Duration = Duration::from_millis(200);

/// The places where mail is taken.
pub struct LmtpAccepting {
    post: Arc<Post>,
    open: Vec<Accepted>,
    /// Every connection holds one; none any more once the server stops.
    stopping: Option<watch::Receiver<bool>>,
}

/// A listener at work; it accepts until this is dropped.
struct Accepted {
    listener: Arc<LmtpListener>,
    _task: JoinSet<()>,
}

impl LmtpAccepting {
    /// Nothing yet. Deliveries are to the tenants that are in force at the time.
    pub fn new(
        snapshot: Arc<ArcSwap<Snapshot>>,
        counts: Arc<LmtpConnections>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let post = Post {
            snapshot,
            counts,
            places: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
        };
        Self {
            post: Arc::new(post),
            open: Vec::new(),
            stopping: Some(stopping),
        }
    }

    /// Accepts at these, too.
    pub fn add(&mut self, listeners: Vec<LmtpListener>) {
        let Some(stopping) = &self.stopping else {
            return;
        };
        for listener in listeners {
            let listener = Arc::new(listener);
            let mut task = JoinSet::new();
            task.spawn(serve(listener.clone(), self.post.clone(), stopping.clone()));
            self.open.push(Accepted {
                listener,
                _task: task,
            });
        }
    }

    /// Opens the places that are wanted and not open. If one can't be listened on none is.
    pub fn prepare(&self, wanted: &[String]) -> Result<Vec<LmtpListener>, Error> {
        let is_open = |wish: &String| self.open.iter().any(|one| one.listener.wish == *wish);
        let mut missing = wanted.to_vec();
        missing.retain(|wish| !is_open(wish));
        let open = self.open.iter().map(|one| &*one.listener);
        let going = open.filter(|listener| !wanted.contains(&listener.wish));
        let going: Vec<&TcpListener> = going.filter_map(LmtpListener::tcp).collect();
        listen(&missing, &going)
    }

    /// Takes mail where it is wanted, and nowhere else. Connections that were accepted elsewhere go
    /// on.
    pub fn follow(&mut self, wanted: &[String], opened: Vec<LmtpListener>) {
        for listener in &opened {
            tracing::info!("mail is taken on {}", listener.place());
            listener.warn_if_remote();
        }
        self.add(opened);
        let is_unwanted = |one: &mut Accepted| !wanted.contains(&one.listener.wish);
        for one in self.open.extract_if(.., is_unwanted) {
            tracing::info!("no mail is taken on {} any more", one.listener.place());
        }
    }

    /// Accepts nothing more.
    pub fn stop(&mut self) {
        self.stopping = None;
        self.open.clear();
    }
}

/// What all connections share.
struct Post {
    snapshot: Arc<ArcSwap<Snapshot>>,
    counts: Arc<LmtpConnections>,
    places: Arc<Semaphore>,
}

impl Post {
    async fn session<S>(&self, stream: S, peer: String, stopping: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.counts.accepted.fetch_add(1, Relaxed);
        let mut wire = Wire::new(stream, stopping);
        let Ok(_place) = self.places.try_acquire() else {
            self.counts.refused.fetch_add(1, Relaxed);
            wire.reply(TOO_MANY_CONNECTIONS);
            let _ = wire.flush().await;
            return;
        };
        let snapshot = self.snapshot.clone();
        let snapshot = Box::new(move || snapshot.load_full());
        Session::new(wire, snapshot, peer).run().await;
    }
}

/// Accepts until it is dropped. Connections end by themselves once the server stops, when they have
/// delivered what they are delivering.
async fn serve(listener: Arc<LmtpListener>, post: Arc<Post>, stopping: watch::Receiver<bool>) {
    loop {
        let (post, stopping) = (post.clone(), stopping.clone());
        let accepted: io::Result<()> = match &listener.socket {
            LmtpSocket::Tcp(socket, _) => socket.accept().await.map(|(stream, client)| {
                let _ = stream.set_nodelay(true);
                let peer = peer(client.ip().to_canonical());
                tokio::spawn(async move { post.session(stream, peer, stopping).await });
            }),
            LmtpSocket::Unix(socket, _) => socket.accept().await.map(|(stream, _)| {
                let session = async move { post.session(stream, "local".into(), stopping).await };
                tokio::spawn(session);
            }),
        };
        if let Err(error) = accepted {
            tracing::warn!("can't accept LMTP on {}: {error}", listener.place());
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// An address as RFC 5321 §4.1.3 writes it.
fn peer(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("[{address}]"),
        IpAddr::V6(address) => format!("[IPv6:{address}]"),
    }
}
