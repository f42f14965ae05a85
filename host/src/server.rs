//! The server: listeners, the accept loop, and a stop that loses nothing.

use crate::auth::Authenticator;
use crate::config::Config;
use crate::error::Error;
use crate::http::connection::Connections;
use crate::http::dispatch::{Host, Peer};
use crate::reload::{ReloadState, Reloader};
use crate::tenant::{self, Snapshot};
use crate::{state, tls};
use arc_swap::ArcSwap;
use runtime::{ModuleSet, Runtime, RuntimeConfig};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use storage::Store;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// How long a stop waits for requests that are being answered.
const STOP_TIME_MAX: Duration = Duration::from_secs(15);
/// How often what has expired is removed from the store.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(3600);
/// How often stores that nobody needs are looked for.
const IDLE_INTERVAL: Duration = Duration::from_secs(30);

/// A server that listens, and serves once [`Server::run`] is called.
pub struct Server {
    listeners: Vec<Listener>,
    host: Arc<Host>,
    connections: Arc<Connections>,
    reload: Arc<Notify>,
}

struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    passwords: bool,
}

impl Server {
    /// Listens, opens the store and loads the modules.
    pub async fn start(config: &Config, store: Arc<dyn Store>) -> Result<Self, Error> {
        let config = Arc::new(config.clone());
        let snapshot = Snapshot::new(config.clone(), tenant::read(&config)?, None);
        snapshot.default_site().take_store(store);
        let problems = begin(&snapshot)?;
        let (how, which) = (runtime_config(&config), module_set(&snapshot));
        let snapshot = Arc::new(ArcSwap::from_pointee(snapshot));
        let listeners = listen(&config, &tls::acceptor(snapshot.clone())?)?;
        // Compiling takes seconds, the first time.
        let runtime = tokio::task::spawn_blocking(move || Runtime::start(how, which))
            .await
            .map_err(|error| runtime::RuntimeError::Engine(error.to_string()))??;
        let authenticator = Authenticator::new().map_err(Error::Random)?;
        let state = ReloadState::begin(problems);
        let host = Arc::new(Host::new(runtime, authenticator, snapshot, state));
        let connections = Arc::new(Connections::new(host.clone(), config.httptimeout));
        Ok(Self {
            listeners,
            host,
            connections,
            reload: Arc::default(),
        })
    }

    /// The addresses listened on, with whether there is TLS.
    pub fn addresses(&self) -> impl Iterator<Item = (SocketAddr, bool)> {
        self.listeners
            .iter()
            .map(|listener| (listener.address, listener.tls.is_some()))
    }

    /// What answers the requests.
    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// What tells the server, while it runs, to look at its files again.
    pub fn reload(&self) -> Arc<Notify> {
        self.reload.clone()
    }

    /// Serves until told to stop; then finishes the requests that are being answered.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (stopping, stopped) = watch::channel(false);
        let mut accepting = JoinSet::new();
        for listener in self.listeners {
            accepting.spawn(accept(listener, self.connections.clone(), stopped.clone()));
        }
        let mut beside = JoinSet::new();
        beside.spawn(expire(self.host.clone()));
        beside.spawn(close_idle(self.host.clone()));
        beside.spawn(Reloader::new(self.host.clone(), self.reload).run());
        drop(stopped);
        stop.await;
        tracing::info!("stopping");
        accepting.shutdown().await;
        beside.shutdown().await;
        let _ = stopping.send(true);
        // Every connection holds a receiver.
        if tokio::time::timeout(STOP_TIME_MAX, stopping.closed())
            .await
            .is_err()
        {
            tracing::warn!("requests that did not end in {STOP_TIME_MAX:?} are broken off");
        }
        for site in self.host.snapshot().sites() {
            if let Some(open) = site.opened() {
                open.tenant.store.close().await;
            }
        }
    }
}

/// How modules are run.
pub fn runtime_config(config: &Config) -> RuntimeConfig {
    RuntimeConfig {
        cachedir: state::cache_folder(config),
        memory_max: config.module_memory,
        cpu_max: config.module_cpu,
        instances_max: config.module_instances,
        threads: match config.module_threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        },
    }
}

/// Which modules run.
pub fn module_set(snapshot: &Snapshot) -> ModuleSet {
    let config = &snapshot.config;
    let prefixes = config.module_prefixes.iter();
    ModuleSet {
        moduledir: config.moduledir.clone(),
        httpmodules: snapshot.modules(),
        prefixes: prefixes
            .map(|one| (one.module.clone(), one.from.clone(), one.to.clone()))
            .collect(),
        grants: config.module_grants.clone(),
    }
}

/// Loads the certificates, without which there is nothing to begin with if they are the main
/// file's; says what else is not as the files say.
fn begin(snapshot: &Snapshot) -> Result<Vec<String>, Error> {
    if !snapshot.config.tls_listen.is_empty() {
        snapshot.default_site().load_certificate()?;
    }
    let mut problems = snapshot.problems();
    problems.extend(snapshot.load_certificates());
    for problem in &problems {
        tracing::error!("{problem}");
    }
    Ok(problems)
}

fn listen(config: &Config, acceptor: &TlsAcceptor) -> Result<Vec<Listener>, Error> {
    let plain = config.listen.iter().map(|text| (text, None));
    let secure = config.tls_listen.iter();
    let secure = secure.map(|text| (text, Some(acceptor.clone())));
    let mut listeners = Vec::new();
    for (text, tls) in plain.chain(secure) {
        for address in resolve(text)? {
            let socket = bind(address).map_err(|error| failed(address, &error))?;
            let address = socket
                .local_addr()
                .map_err(|error| failed(address, &error))?;
            listeners.push(Listener {
                passwords: tls.is_some() || config.plaintext_allowed(address.ip().is_loopback()),
                socket,
                address,
                tls: tls.clone(),
            });
        }
    }
    if listeners.is_empty() {
        return Err(Error::Listen {
            address: "anything".to_owned(),
            reason: "neither `listen` nor `tls_listen` names an address".to_owned(),
        });
    }
    Ok(listeners)
}

/// Finds the addresses that a text means: `*:80`, `localhost:8080`, `[::1]:443`.
fn resolve(text: &str) -> Result<Vec<SocketAddr>, Error> {
    let failed = |reason: String| Error::Listen {
        address: text.to_owned(),
        reason: format!(
            "{reason}; expected an address and a port, like `127.0.0.1:8080` or `*:443`"
        ),
    };
    let all = text.strip_prefix('*').map(|port| format!("[::]{port}"));
    let addresses = all.as_deref().unwrap_or(text).to_socket_addrs();
    let addresses: Vec<_> = addresses
        .map_err(|error| failed(error.to_string()))?
        .collect();
    if addresses.is_empty() {
        return Err(failed("no address has this name".to_owned()));
    }
    Ok(addresses)
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn failed(address: SocketAddr, error: &io::Error) -> Error {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "; another program has this port: stop it, or choose another address with `--listen` or the option `listen` (port 0 is any free one)"
        }
        io::ErrorKind::PermissionDenied => "; ports below 1024 need a privilege",
        _ => "",
    };
    Error::Listen {
        address: address.to_string(),
        reason: format!("{error}{advice}"),
    }
}

async fn accept(
    listener: Listener,
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
        let peer = Peer {
            address: client.ip().to_canonical(),
            secure: listener.tls.is_some(),
            passwords: listener.passwords,
        };
        let (connections, tls, stopping) =
            (connections.clone(), listener.tls.clone(), stopping.clone());
        tokio::spawn(async move { connections.serve(stream, tls, peer, stopping).await });
    }
}

async fn expire(host: Arc<Host>) {
    loop {
        tokio::time::sleep(EXPIRY_INTERVAL).await;
        for site in host.snapshot().sites() {
            let expired = match site.open().await {
                Ok(open) => open.tenant.store.expire().await,
                Err(error) => Err(error),
            };
            if let Err(error) = expired {
                tracing::warn!(tenant = %site.name, "can't remove what has expired: {error}");
            }
        }
    }
}

async fn close_idle(host: Arc<Host>) {
    loop {
        tokio::time::sleep(IDLE_INTERVAL).await;
        let snapshot = host.snapshot();
        // Closing waits for what is being written.
        let close = move || snapshot.sites().for_each(|site| site.close_if_idle());
        let _ = tokio::task::spawn_blocking(close).await;
    }
}
