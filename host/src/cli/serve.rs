//! `chapar serve`: the server itself.

use super::{CliError, principals, user};
use crate::auth::{names, password};
use crate::config::Config;
use crate::error::Error;
use crate::lmtp::LmtpListener;
use crate::server::Server;
use crate::service::Inherited;
use crate::{log, state, tenant};
use clap::Args;
use std::net::SocketAddr;
use storage::{Kind, Store};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, Default, Args)]
pub struct Serve {
    /// Answer plain HTTP here instead of at the addresses of the configuration; port 0 is any free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<String>,
}

impl Serve {
    pub async fn run(self, mut config: Config, inherited: Inherited) -> Result<(), CliError> {
        config.listen_at(self.listen);
        let otlp_endpoint = config.metrics.otlp_endpoint.as_deref();
        let _log = log::begin(&config.log, config.log_json, otlp_endpoint)?;
        allow_many_files();
        let (mut terminated, mut interrupted) = (
            signal(SignalKind::terminate()).map_err(Error::Signal)?,
            signal(SignalKind::interrupt()).map_err(Error::Signal)?,
        );
        let mut hung_up = signal(SignalKind::hangup()).map_err(Error::Signal)?;
        let store = state::open_store(&config, tenant::DEFAULT)?;
        let server = Server::start(&config, store.clone(), inherited).await?;
        warn(&config, &server);
        let first = match config.file {
            None => first_user(&*store).await?,
            Some(_) => None,
        };
        // The server has it, until it is told to have another.
        drop(store);
        announce(&config, &server, first.as_ref());
        let reload = server.reload();
        tokio::spawn(async move {
            while hung_up.recv().await.is_some() {
                reload.notify_one();
            }
        });
        server
            .run(async move {
                tokio::select! {
                    _ = terminated.recv() => {}
                    _ = interrupted.recv() => {}
                }
            })
            .await;
        Ok(())
    }
}

/// Each connection is a file, and the usual limit is for programs that have few.
fn allow_many_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!("can't raise the limit of open files: {error}");
    }
}

/// Says what is dangerous.
fn warn(config: &Config, server: &Server) {
    server.lmtp().iter().for_each(LmtpListener::warn_if_remote);
    for (address, secure) in server.addresses() {
        if !secure && config.allowplaintext && !address.ip().is_loopback() {
            tracing::warn!(
                "passwords are taken without TLS on {address}: anyone on the way can read them"
            );
        }
    }
}

/// Makes a user if there is none; returns name and password.
async fn first_user(store: &dyn Store) -> Result<Option<(String, String)>, CliError> {
    if !principals(store, Kind::User).await?.is_empty() {
        return Ok(None);
    }
    let login = ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok());
    let name = login.and_then(|name| names::parse(&name, true).ok());
    let name = name.unwrap_or_else(|| "chapar".to_owned());
    let password = password::random()?;
    user::add(store, &name, None, Vec::new(), &password).await?;
    Ok(Some((name, password)))
}

/// Says on standard output what someone needs to know to begin.
fn announce(config: &Config, server: &Server, first: Option<&(String, String)>) {
    println!("Chapar {} serves at", env!("CARGO_PKG_VERSION"));
    for (address, secure) in server.addresses() {
        println!("  {}", url(address, secure));
    }
    for listener in server.lmtp() {
        println!("  LMTP at {}", listener.place());
    }
    for address in server.operations_addresses() {
        println!("  {}metrics", url(address, false));
    }
    println!("state folder: {}", config.configdirectory.display());
    let modules = server.host().runtime.states();
    let serving = modules.iter().filter(|state| state.descriptor.is_some());
    let names: Vec<&str> = serving.map(|state| state.name.as_str()).collect();
    let names = if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    };
    println!("module folder: {}", config.moduledir.display());
    println!("modules: {names}");
    if let Some((name, password)) = first {
        println!("first user: {name}");
        println!("password: {password}");
        println!("(shown only now; `chapar user passwd {name}` changes it)");
    }
}

fn url(address: SocketAddr, secure: bool) -> String {
    let scheme = if secure { "https" } else { "http" };
    format!("{scheme}://{address}/")
}
