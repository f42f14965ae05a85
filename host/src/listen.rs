//! What the server listens on: sockets of the service manager, and addresses of the configuration.

use crate::config::Config;
use crate::error::Error;
use crate::service::{Inherited, Purpose};
#[cfg(target_os = "linux")]
use socket2::SockFilter;
use socket2::SockRef;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::TlsAcceptor;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// A socket that listens.
pub struct Listener {
    /// The socket.
    pub socket: Arc<TcpListener>,
    /// Its address.
    pub address: SocketAddr,
    /// What accepts TLS, where there is TLS.
    pub tls: Option<TlsAcceptor>,
    /// What of the configuration it is for; none for a socket of the service manager.
    pub wish: Option<Wish>,
    /// For metrics and health alone.
    pub operations: bool,
}

/// An address as the configuration names it, and what it is for.
pub type Wish = (Purpose, String);

/// Where a configuration wants the server to listen. Where sockets are handed over, the default
/// address is nobody's wish.
pub fn wishes(config: &Config, inherited: bool) -> Result<Vec<Wish>, Error> {
    let plain = match config.listen_is_default && inherited {
        true => &[],
        false => &*config.listen,
    };
    let lists = [
        (plain, Purpose::Http),
        (&*config.tls_listen, Purpose::Https),
        (&*config.metrics.listen, Purpose::Metrics),
    ];
    let wishes = lists.into_iter().flat_map(|(texts, purpose)| {
        let texts = texts.iter();
        texts.map(move |text| (purpose, text.clone()))
    });
    let wishes: Vec<Wish> = wishes.collect();
    let any = wishes.iter().any(|(of, _)| *of != Purpose::Metrics);
    if !any && !inherited {
        return Err(Error::Listen {
            address: "anything".to_owned(),
            reason: "neither `listen` nor `tls_listen` names an address".to_owned(),
        });
    }
    Ok(wishes)
}

/// Takes the sockets of the service manager.
pub fn inherit(
    config: &Config,
    inherited: Inherited,
    acceptor: &TlsAcceptor,
) -> Result<Vec<Listener>, Error> {
    let mut listeners = Vec::new();
    for (socket, purpose) in inherited.sockets {
        if purpose == Purpose::Https && config.tls.is_none() {
            return Err(Error::Listen {
                address: "the socket for HTTPS".to_owned(),
                reason: "it needs `tls_server_cert` and `tls_server_key`".to_owned(),
            });
        }
        let socket = take(socket)?;
        listeners.push(listener(socket, purpose, None, acceptor)?);
    }
    Ok(listeners)
}

/// Listens at addresses; TLS connections are for the acceptor. Listeners that are about to be
/// closed are in nobody's way.
pub fn listen(
    wishes: Vec<Wish>,
    acceptor: &TlsAcceptor,
    going: &[&TcpListener],
) -> Result<Vec<Listener>, Error> {
    let mut listeners = Vec::new();
    for wish in wishes {
        for address in resolve(&wish.1)? {
            let socket = bind_despite(address, going).map_err(|error| failed(address, &error))?;
            let wish = wish.clone();
            listeners.push(listener(socket, wish.0, Some(wish), acceptor)?);
        }
    }
    Ok(listeners)
}

fn listener(
    socket: TcpListener,
    purpose: Purpose,
    wish: Option<Wish>,
    acceptor: &TlsAcceptor,
) -> Result<Listener, Error> {
    Ok(Listener {
        address: socket.local_addr().map_err(|error| unusable(&error))?,
        tls: (purpose == Purpose::Https).then(|| acceptor.clone()),
        operations: purpose == Purpose::Metrics,
        wish,
        socket: Arc::new(socket),
    })
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
pub(crate) fn resolve(text: &str) -> Result<Vec<SocketAddr>, Error> {
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

/// Binds an address, though listeners may be in the way that are about to be closed.
pub(crate) fn bind_despite(address: SocketAddr, going: &[&TcpListener]) -> io::Result<TcpListener> {
    match bind(address, false) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            bind_beside(address, going).unwrap_or(Err(error))
        }
        bound => bound,
    }
}

/// Binds a port that is moved between one address and all of them: the old listener and the new one
/// have it together for a moment, so that it is never closed. None if no listener is in the way.
fn bind_beside(address: SocketAddr, going: &[&TcpListener]) -> Option<io::Result<TcpListener>> {
    let is_in_the_way = |socket: &&&TcpListener| {
        let other = socket.local_addr();
        other.is_ok_and(|other| other.port() == address.port())
    };
    let others: Vec<_> = going.iter().filter(is_in_the_way).collect();
    if others.is_empty() || address.port() == 0 {
        return None;
    }
    let share = |on: bool| {
        let mut others = others.iter();
        others.try_for_each(|socket| SockRef::from(**socket).set_reuse_port(on))
    };
    let bound = share(true).and_then(|()| bind(address, true));
    // Nobody else may have it, now as before.
    let alone = share(false);
    Some(bound.and_then(|socket| {
        alone?;
        SockRef::from(&socket).set_reuse_port(false)?;
        Ok(socket)
    }))
}

/// Lets nobody more in at a socket that is about to be closed: who comes now tries again in a second,
/// and finds the one that has its port then. Else those who come between the last that is accepted
/// and the end would be thrown out by the system.
pub fn hold_back(socket: &TcpListener) {
    #[cfg(target_os = "linux")]
    {
        // Of a TCP header, the byte with the flags: where SYN is set the packet is dropped, and else
        // it's taken, for it may be the end of a handshake.
        let no_syn = [
            SockFilter::new(0x30, 0, 0, 13),
            SockFilter::new(0x45, 0, 1, 0x02),
            SockFilter::new(0x06, 0, 0, 0),
            SockFilter::new(0x06, 0, 0, u32::MAX),
        ];
        if let Err(error) = SockRef::from(socket).attach_filter(&no_syn) {
            tracing::debug!("connections may be lost while a listener closes: {error}");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = socket;
}

fn bind(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    if shared {
        socket.set_reuseport(true)?;
    }
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
