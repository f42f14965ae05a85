//! Accepting connections, at addresses that can change while the server runs.

use crate::config::Config;
use crate::error::Error;
use crate::http::connection::Connections;
use crate::http::dispatch::{Host, Peer};
use crate::listen::{Listener, Wish, listen, wishes};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

/// The listeners that accept connections.
pub struct Accepting {
    host: Arc<Host>,
    connections: Arc<Connections>,
    acceptor: TlsAcceptor,
    open: Vec<Accepted>,
    /// Every connection holds one; none any more once the server stops.
    stopping: Option<watch::Receiver<bool>>,
}

/// A listener at work.
struct Accepted {
    wish: Option<Wish>,
    task: AbortHandle,
}

impl Accepting {
    /// Nothing yet.
    pub fn new(
        host: Arc<Host>,
        connections: Arc<Connections>,
        acceptor: TlsAcceptor,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self {
            host,
            connections,
            acceptor,
            open: Vec::new(),
            stopping: Some(stopping),
        }
    }

    /// Accepts at these, too.
    pub fn add(&mut self, listeners: Vec<Listener>) {
        let Some(stopping) = &self.stopping else {
            return;
        };
        for listener in listeners {
            let wish = listener.wish.clone();
            let (host, connections) = (self.host.clone(), self.connections.clone());
            let accepting = accept(listener, host, connections, stopping.clone());
            let task = tokio::spawn(accepting).abort_handle();
            self.open.push(Accepted { wish, task });
        }
    }

    /// Opens what a configuration wants and isn't open. If one address can't be listened on none is.
    pub fn prepare(&self, config: &Config) -> Result<Vec<Listener>, Error> {
        let mut missing = wishes(config, self.inherited())?;
        missing.retain(|wish| !self.open.iter().any(|one| one.wish.as_ref() == Some(wish)));
        listen(missing, &self.acceptor)
    }

    /// Accepts where a configuration wants it, and nowhere else. Connections that were accepted
    /// elsewhere go on.
    pub fn follow(&mut self, config: &Config, opened: Vec<Listener>) {
        for listener in &opened {
            tracing::info!("listening on {}", listener.address);
        }
        self.add(opened);
        let Ok(wanted) = wishes(config, self.inherited()) else {
            return;
        };
        self.open.retain(|one| {
            let Some(wish) = one.wish.as_ref().filter(|wish| !wanted.contains(wish)) else {
                return true;
            };
            tracing::info!("not listening on {} any more", wish.1);
            one.task.abort();
            false
        });
    }

    /// Whether there are sockets of the service manager.
    fn inherited(&self) -> bool {
        self.open.iter().any(|one| one.wish.is_none())
    }

    /// Accepts nothing more.
    pub fn stop(&mut self) {
        self.stopping = None;
        for one in self.open.drain(..) {
            one.task.abort();
        }
    }
}

async fn accept(
    listener: Listener,
    host: Arc<Host>,
    connections: Arc<Connections>,
    stopping: watch::Receiver<bool>,
) {
    loop {
        let (stream, client) = match listener.socket.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // One client that has gone already is no trouble; too many open files are, and
                // pass only when connections end.
                let gone = matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::ConnectionReset
                        | io::ErrorKind::Interrupted
                );
                if !gone {
                    tracing::error!("can't accept on {}: {error}", listener.address);
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                continue;
            }
        };
        let secure = listener.tls.is_some();
        let loopback = listener.address.ip().is_loopback();
        let peer = Peer {
            address: client.ip().to_canonical(),
            secure,
            passwords: secure || host.snapshot().config.plaintext_allowed(loopback),
            operations: listener.operations,
        };
        let (connections, tls, stopping) =
            (connections.clone(), listener.tls.clone(), stopping.clone());
        tokio::spawn(async move { connections.serve(stream, tls, peer, stopping).await });
    }
}
