//! Accepting connections.

use super::listen::LmtpListener;
use super::reply::TOO_MANY_CONNECTIONS;
use super::session::Session;
use super::wire::Wire;
use crate::metrics::LmtpConnections;
use crate::tenant::Snapshot;
use arc_swap::ArcSwap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, watch};

/// Connections at once. A mail transfer agent has some tens; each may hold half a megabyte.
const CONNECTIONS_MAX: usize = 128;
/// How long nothing is accepted where nothing can be.
const PAUSE: Duration = Duration::from_millis(200);

/// What all connections share.
pub struct Post {
    snapshot: Arc<ArcSwap<Snapshot>>,
    counts: Arc<LmtpConnections>,
    places: Arc<Semaphore>,
}

impl Post {
    /// Delivers to the tenants that are in force at the time.
    pub fn new(snapshot: Arc<ArcSwap<Snapshot>>, counts: Arc<LmtpConnections>) -> Self {
        Self {
            snapshot,
            counts,
            places: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
        }
    }

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
pub async fn serve(listener: LmtpListener, post: Arc<Post>, stopping: watch::Receiver<bool>) {
    loop {
        let (post, stopping) = (post.clone(), stopping.clone());
        let accepted: io::Result<()> = match &listener {
            LmtpListener::Tcp(socket, _) => socket.accept().await.map(|(stream, client)| {
                let _ = stream.set_nodelay(true);
                let peer = peer(client.ip().to_canonical());
                tokio::spawn(async move { post.session(stream, peer, stopping).await });
            }),
            LmtpListener::Unix(socket, _) => socket.accept().await.map(|(stream, _)| {
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
fn peer(address: std::net::IpAddr) -> String {
    match address {
        std::net::IpAddr::V4(address) => format!("[{address}]"),
        std::net::IpAddr::V6(address) => format!("[IPv6:{address}]"),
    }
}
