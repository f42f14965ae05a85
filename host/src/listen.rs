//! What the server listens on: sockets of the service manager, and addresses of the configuration.

use crate::config::Config;
use crate::error::Error;
use crate::service::{Inherited, Purpose};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::TlsAcceptor;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// A socket that listens.
pub struct Listener {
    /// The socket.
    pub socket: TcpListener,
    /// Its address.
    pub address: SocketAddr,
    /// What accepts TLS, where there is TLS.
    pub tls: Option<TlsAcceptor>,
    /// Passwords may be taken.
    pub passwords: bool,
    /// For metrics and health alone.
    pub operations: bool,
}

/// Listens; TLS connections are for the acceptor.
pub fn listen(
    config: &Config,
    inherited: Inherited,
    acceptor: &TlsAcceptor,
) -> Result<Vec<Listener>, Error> {
    let mut sockets = Vec::new();
    for (socket, purpose) in inherited.sockets {
        sockets.push((take(socket)?, purpose));
    }
    // Where sockets are handed over, the default address is nobody's wish.
    let plain = match config.listen_is_default && !sockets.is_empty() {
        true => &[],
        false => &*config.listen,
    };
    for (texts, purpose) in [
        (plain, Purpose::Http),
        (&*config.tls_listen, Purpose::Https),
        (&*config.metrics.listen, Purpose::Metrics),
    ] {
        for text in texts {
            for address in resolve(text)? {
                let socket = bind(address).map_err(|error| failed(address, &error))?;
                sockets.push((socket, purpose));
            }
        }
    }
    let has = |purpose| sockets.iter().any(|(_, of)| *of == purpose);
    if !has(Purpose::Http) && !has(Purpose::Https) {
        return Err(Error::Listen {
            address: "anything".to_owned(),
            reason: "neither `listen` nor `tls_listen` names an address".to_owned(),
        });
    }
    if has(Purpose::Https) && config.tls.is_none() {
        return Err(Error::Listen {
            address: "the socket for HTTPS".to_owned(),
            reason: "it needs `tls_server_cert` and `tls_server_key`".to_owned(),
        });
    }
    let listeners = sockets.into_iter().map(|(socket, purpose)| {
        let address = socket.local_addr().map_err(|error| unusable(&error))?;
        let tls = (purpose == Purpose::Https).then(|| acceptor.clone());
        Ok(Listener {
            passwords: tls.is_some() || config.plaintext_allowed(address.ip().is_loopback()),
            operations: purpose == Purpose::Metrics,
            socket,
            address,
            tls,
        })
    });
    listeners.collect()
}

fn take(socket: std::net::TcpListener) -> Result<TcpListener, Error> {
    let nonblocking = socket.set_nonblocking(true);
    let socket = nonblocking.and_then(|()| TcpListener::from_std(socket));
    socket.map_err(|error| unusable(&error))
}

fn unusable(error: &io::Error) -> Error {
    Error::Listen {
        address: "a socket".to_owned(),
        reason: error.to_string(),
    }
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
