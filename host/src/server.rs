//! The server: listeners, the accept loop, and a stop that loses nothing.

use crate::accept::Accepting;
use crate::auth::Authenticator;
use crate::config::Config;
use crate::error::Error;
use crate::http::connection::Connections;
use crate::http::dispatch::Host;
use crate::listen::{self, Listener};
use crate::lmtp::{self, LmtpAccepting, LmtpListener};
use crate::reload::{self, ReloadState, Reloader};
use crate::service::Inherited;
use crate::tenant::{self, Snapshot};
use crate::{alarm, delivery, indexer, service, state, submission, tls, webpush};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use runtime::{ModuleSet, Runtime, RuntimeConfig};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use storage::Store;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// How long a stop waits for requests that are being answered.
const STOP_TIME_MAX: Duration = Duration::from_secs(15);
/// How often what has expired is removed from the store.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(3600);
/// How long after the start that is done first.
const EXPIRY_FIRST: Duration = Duration::from_secs(60);
/// How often stores that nobody needs are looked for.
const IDLE_INTERVAL: Duration = Duration::from_secs(30);
/// How long a tenant's store stays open that nobody asks for anything.
const STORE_IDLE_MAX: Duration = Duration::from_secs(300);

/// A server that listens, and serves once [`Server::run`] is called.
pub struct Server {
    listeners: Vec<Listener>,
    lmtp: Vec<LmtpListener>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    acceptor: TlsAcceptor,
    host: Arc<Host>,
    connections: Arc<Connections>,
    reload: Arc<Notify>,
}

impl Server {
    /// Listens, on the sockets of the service manager and at the addresses of the configuration,
    /// and loads the modules.
    pub async fn start(
        config: &Config,
        store: Arc<dyn Store>,
        inherited: Inherited,
    ) -> Result<Self, Error> {
        let config = Arc::new(config.clone());
        let snapshot = Snapshot::new(config.clone(), tenant::read(&config)?);
        snapshot.default_site().take_store(store);
        let mut problems = begin(&snapshot)?;
        let (how, which) = (runtime_config(&config), module_set(&snapshot));
        let snapshot = Arc::new(ArcSwap::from_pointee(snapshot));
        let acceptor = tls::acceptor(snapshot.clone())?;
        // Whoever sees the server answer finds that it takes mail, too.
        let lmtp = lmtp::listen(&config.lmtp.listen, &[])?;
        let mut listeners = listen::inherit(&config, inherited, &acceptor)?;
        let wishes = listen::wishes(&config, !listeners.is_empty())?;
        listeners.extend(listen::listen(wishes, &acceptor, &[])?);
        // Compiling takes seconds, the first time.
        let runtime = tokio::task::spawn_blocking(move || Runtime::start(how, which))
            .await
            .map_err(|error| runtime::RuntimeError::Engine(error.to_string()))??;
        let authenticator = Authenticator::new().map_err(Error::Random)?;
        problems.extend(reload::refusals(&runtime.states()));
        let state = ReloadState::begin(problems);
        let host = Arc::new(Host::new(runtime, authenticator, snapshot.clone(), state));
        let connections = Arc::new(Connections::new(host.clone(), &config));
        Ok(Self {
            listeners,
            lmtp,
            snapshot,
            acceptor,
            host,
            connections,
            reload: Arc::default(),
        })
    }

    /// The addresses listened on, with whether there is TLS; not those for metrics alone.
    pub fn addresses(&self) -> impl Iterator<Item = (SocketAddr, bool)> {
        let listeners = self.listeners.iter();
        listeners
            .filter(|listener| !listener.operations)
            .map(|listener| (listener.address, listener.tls.is_some()))
    }

    /// The addresses of metrics and health alone.
    pub fn operations_addresses(&self) -> impl Iterator<Item = SocketAddr> {
        let listeners = self.listeners.iter();
        listeners
            .filter(|listener| listener.operations)
            .map(|listener| listener.address)
    }

    /// Where mail is taken.
    pub fn lmtp(&self) -> &[LmtpListener] {
        &self.lmtp
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
        let (host, connections) = (self.host.clone(), self.connections);
        let mut accepting = Accepting::new(host, connections, self.acceptor, stopped.clone());
        accepting.add(self.listeners);
        let counts = self.host.metrics.lmtp.clone();
        let mut lmtp = LmtpAccepting::new(self.snapshot, counts, stopped);
        lmtp.add(self.lmtp);
        let accepting = Arc::new(Mutex::new((accepting, lmtp)));
        let mut beside = JoinSet::new();
        beside.spawn(expire(self.host.clone()));
        beside.spawn(close_idle(self.host.clone()));
        beside.spawn(Reloader::new(self.host.clone(), accepting.clone(), self.reload).run());
        beside.spawn(indexer::run(self.host.clone()));
        beside.spawn(submission::run(self.host.clone()));
        beside.spawn(webpush::run(self.host.clone()));
        beside.spawn(delivery::run(self.host.clone()));
        beside.spawn(alarm::run(self.host.clone()));
        beside.spawn(service::watchdog());
        let host = self.host.clone();
        beside.spawn(async move { host.telemetry.look_for_ever().await });
        service::ready();
        stop.await;
        tracing::info!("stopping");
        service::stopping();
        self.host.health.stop();
        self.host.hub.stop();
        beside.shutdown().await;
        {
            let (http, lmtp) = &mut *accepting.lock();
            http.stop();
            lmtp.stop();
        }
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
        warm_max: config.module_warm,
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
        limits: config.module_limits.clone(),
        sweeps: true,
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

async fn expire(host: Arc<Host>) {
    // Soon after the start, too: a server that never runs for an hour would never expire anything.
    let first = tokio::time::Instant::now() + EXPIRY_FIRST;
    let mut times = tokio::time::interval_at(first, EXPIRY_INTERVAL);
    loop {
        times.tick().await;
        for site in host.snapshot().sites() {
            let needed = site.opened().is_some();
            let expired = match site.visit().await {
                Ok(open) => open.tenant.store.expire().await,
                Err(error) => Err(error),
            };
            if !needed {
                // Or all that there are would be open at once.
                let site = site.clone();
                let close = move || site.close_if_idle(Duration::ZERO);
                let _ = tokio::task::spawn_blocking(close).await;
            }
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
        let close = move || {
            let sites = snapshot.sites();
            sites.for_each(|site| site.close_if_idle(STORE_IDLE_MAX));
        };
        let _ = tokio::task::spawn_blocking(close).await;
    }
}
