//! Accepting connections, at addresses that can change while the server runs.

use crate::config::Config;
use crate::error::Error;
use crate::http::connection::Connections;
use crate::http::dispatch::{Host, Peer};
use crate::http::{Refused, turn_away_now};
use crate::listen::{self, Listener, Wish, listen, wishes};
use socket2::SockRef;
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
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
    socket: Arc<TcpListener>,
    /// Ends the task: when it is used, once all are served that have come; when it is dropped, at
    /// once.
    close: oneshot::Sender<()>,
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
            let (wish, socket) = (listener.wish.clone(), listener.socket.clone());
            let (close, closed) = oneshot::channel();
            let accept = Accept {
                listener,
                host: self.host.clone(),
                connections: self.connections.clone(),
                stopping: stopping.clone(),
                reserve: Reserve::default(),
            };
            tokio::spawn(accept.run(closed));
            self.open.push(Accepted {
                wish,
                socket,
                close,
            });
        }
    }

    /// Opens what a configuration wants and isn't open. If one address can't be listened on none is.
    pub fn prepare(&self, config: &Config) -> Result<Vec<Listener>, Error> {
        let wanted = wishes(config, self.inherited())?;
        let mut missing = wanted.clone();
        missing.retain(|wish| !self.open.iter().any(|one| one.wish.as_ref() == Some(wish)));
        let going = self.open.iter().filter(|one| {
            let wish = one.wish.as_ref();
            wish.is_some_and(|wish| !wanted.contains(wish))
        });
        let going: Vec<&TcpListener> = going.map(|one| &*one.socket).collect();
        listen(missing, &self.acceptor, &going)
    }

    /// Accepts where a configuration wants it, and nowhere else. Connections that were accepted
    /// elsewhere go on.
    pub fn follow(&mut self, config: &Config, opened: Vec<Listener>) {
        self.connections.follow(config);
        for listener in &opened {
            tracing::info!("listening on {}", listener.address);
        }
        self.add(opened);
        let Ok(wanted) = wishes(config, self.inherited()) else {
            return;
        };
        let is_unwanted = |one: &mut Accepted| {
            let wish = one.wish.as_ref();
            wish.is_some_and(|wish| !wanted.contains(wish))
        };
        for one in self.open.extract_if(.., is_unwanted) {
            if let Some((_, address)) = &one.wish {
                tracing::info!("not listening on {address} any more");
            }
            listen::hold_back(&one.socket);
            let _ = one.close.send(());
        }
    }

    /// Whether there are sockets of the service manager.
    fn inherited(&self) -> bool {
        self.open.iter().any(|one| one.wish.is_none())
    }

    /// Accepts nothing more.
    pub fn stop(&mut self) {
        self.stopping = None;
        self.open.clear();
    }
}

/// What accepts at one address.
struct Accept {
    listener: Listener,
    host: Arc<Host>,
    connections: Arc<Connections>,
    stopping: watch::Receiver<bool>,
    reserve: Reserve,
}

impl Accept {
    /// Accepts until it is closed. Those who have come by then are served: they may know nothing
    /// of another address.
    async fn run(mut self, mut closed: oneshot::Receiver<()>) {
        loop {
            let accepted = tokio::select! {
                biased;
                accepted = self.listener.socket.accept() => accepted,
                closed = &mut closed => match closed {
                    Ok(()) => return self.serve_the_rest().await,
                    Err(_) => return,
                },
            };
            match accepted {
                Ok((stream, client)) => self.serve(stream, client.ip().to_canonical()),
                Err(error) => self.failed(&error).await,
            }
        }
    }

    fn serve(&self, stream: TcpStream, address: IpAddr) {
        let (listener, config) = (&self.listener, &self.host.snapshot().config);
        let secure = listener.tls.is_some();
        let loopback = listener.address.ip().is_loopback();
        let peer = Peer {
            address,
            secure,
            passwords: secure || config.plaintext_allowed(loopback),
            operations: listener.operations,
        };
        let (connections, tls, stopping) = (
            self.connections.clone(),
            listener.tls.clone(),
            self.stopping.clone(),
        );
        tokio::spawn(async move { connections.serve(stream, tls, peer, stopping).await });
    }

    /// Serves those who have come, and whose coming nobody has noticed yet.
    async fn serve_the_rest(&self) {
        tokio::time::sleep(HANDSHAKE_TIME).await;
        while let Ok((socket, address)) = SockRef::from(&*self.listener.socket).accept() {
            let stream = std::net::TcpStream::from(socket);
            if let Some(address) = address.as_socket()
                && stream.set_nonblocking(true).is_ok()
                && let Ok(stream) = TcpStream::from_std(stream)
            {
                self.serve(stream, address.ip().to_canonical());
            }
        }
    }

    /// A connection can't be accepted. If that is for want of a descriptor, the one that waits gets
    /// that of the reserve, to be told so: else it would wait, and this task be woken, until some
    /// other connection ends.
    async fn failed(&mut self, error: &io::Error) {
        // One client that has gone already is no trouble.
        if matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::Interrupted
        ) {
            return;
        }
        let now = Instant::now();
        let said = self.reserve.said;
        if said.is_none_or(|said| now.duration_since(said) > SAY_AGAIN) {
            self.reserve.said = Some(now);
            tracing::error!("can't accept on {}: {error}", self.listener.address);
        }
        let files = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE];
        let files = files.map(|errno| Some(errno.raw_os_error()));
        if files.contains(&error.raw_os_error()) && self.reserve.file.take().is_some() {
            let accept = tokio::time::timeout(PAUSE, self.listener.socket.accept());
            if let Ok(Ok((stream, _))) = accept.await {
                self.host.metrics.connections.refused(Refused::Files);
                turn_away_now(stream, self.listener.tls.is_some());
                self.reserve.fill();
                return;
            }
        }
        tokio::time::sleep(PAUSE).await;
        self.reserve.fill();
    }
}

/// How long a listener that lets nobody more in waits for those who are on the doorstep.
const HANDSHAKE_TIME: Duration = Duration::from_millis(200);
/// How long nothing is accepted where nothing can be.
const PAUSE: Duration = Duration::from_millis(200);
/// How long the log says no more of it.
const SAY_AGAIN: Duration = Duration::from_secs(30);

/// A descriptor for when there is no other.
struct Reserve {
    file: Option<File>,
    /// When the log was last told why there was need of it.
    said: Option<Instant>,
}

impl Default for Reserve {
    fn default() -> Self {
        let mut reserve = Self {
            file: None,
            said: None,
        };
        reserve.fill();
        reserve
    }
}

impl Reserve {
    /// Takes one again, if there is any.
    fn fill(&mut self) {
        if self.file.is_none() {
            self.file = File::open("/dev/null").ok();
        }
    }
}
