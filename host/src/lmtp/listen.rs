//! Where mail is taken: addresses, and sockets in the file system.

use crate::error::Error;
use std::fs::Permissions;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::net::{TcpListener, UnixListener};

/// Whoever reaches the socket may deliver: its folder says who that is.
const SOCKET_MODE: u32 = 0o666;

/// A place where mail is taken.
pub struct LmtpListener {
    /// As the configuration names it.
    pub(super) wish: String,
    pub(super) socket: LmtpSocket,
}

/// A socket that listens.
pub(super) enum LmtpSocket {
    /// At an address.
    Tcp(TcpListener, SocketAddr),
    /// In the file system; it goes with this value.
    Unix(UnixListener, SocketFile),
}

/// The file of a socket.
pub struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl LmtpListener {
    /// Where it listens, for people.
    pub fn place(&self) -> String {
        match &self.socket {
            LmtpSocket::Tcp(_, address) => address.to_string(),
            LmtpSocket::Unix(_, file) => file.0.display().to_string(),
        }
    }

    /// Says so if others than the machine itself can reach it.
    pub fn warn_if_remote(&self) {
        if let LmtpSocket::Tcp(_, address) = &self.socket
            && !address.ip().is_loopback()
        {
            tracing::warn!(
                "mail is taken on {address} from whoever can connect: keep strangers away"
            );
        }
    }

    pub(super) fn tcp(&self) -> Option<&TcpListener> {
        match &self.socket {
            LmtpSocket::Tcp(socket, _) => Some(socket),
            LmtpSocket::Unix(..) => None,
        }
    }
}

/// Listens: at an absolute path, or at what an address means. Listeners that are about to be closed
/// are in nobody's way.
pub fn listen(places: &[String], going: &[&TcpListener]) -> Result<Vec<LmtpListener>, Error> {
    let mut listeners = Vec::new();
    for place in places {
        let failed = |error: io::Error| Error::Listen {
            address: place.clone(),
            reason: error.to_string(),
        };
        let listener = |socket| LmtpListener {
            wish: place.clone(),
            socket,
        };
        if place.starts_with('/') {
            listeners.push(listener(at_path(Path::new(place)).map_err(failed)?));
            continue;
        }
        for address in crate::listen::resolve(place)? {
            let socket = crate::listen::bind_despite(address, going).map_err(failed)?;
            let address = socket.local_addr().map_err(failed)?;
            listeners.push(listener(LmtpSocket::Tcp(socket, address)));
        }
    }
    Ok(listeners)
}

/// Listens at a path. What a server that was killed has left there is taken away; what another one
/// listens on is not.
fn at_path(path: &Path) -> io::Result<LmtpSocket> {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket());
    if is_socket {
        match std::os::unix::net::UnixStream::connect(path) {
            Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
            Err(_) => std::fs::remove_file(path)?,
        }
    }
    let socket = UnixListener::bind(path)?;
    let file = SocketFile(path.to_owned());
    std::fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE))?;
    Ok(LmtpSocket::Unix(socket, file))
}
