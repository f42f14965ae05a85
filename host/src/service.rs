//! What the service manager is told, and what it hands over: `sd_notify(3)`,
//! `sd_listen_fds(3)`, `sd_watchdog_enabled(3)`. Where there is none, nothing happens.

use crate::error::Error;
use listenfd::ListenFd;
use sd_notify::NotifyState;
use std::net::TcpListener;
use std::time::Duration;

/// What an inherited socket is for; its name in `FileDescriptorName=` says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Plain HTTP: `http`, and any socket without a name of its own.
    Http,
    /// HTTPS: `https`.
    Https,
    /// Metrics and health alone: `metrics`.
    Metrics,
}

/// Sockets that were opened for this process before it began.
#[derive(Default)]
pub struct Inherited {
    /// The sockets, which listen.
    pub sockets: Vec<(TcpListener, Purpose)>,
}

impl Inherited {
    /// Takes what the service manager has opened. To be called before there are threads: the
    /// environment is changed, so that no child takes the same.
    pub fn take() -> Result<Self, Error> {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut given = ListenFd::from_env();
        let mut names = names.split(':');
        let mut sockets = Vec::new();
        for place in 0..given.len() {
            let name = names.next().unwrap_or_default();
            let purpose = purpose(name);
            let failed = |reason: String| Error::Listen {
                address: format!("socket {place} (`{name}`) of the service manager"),
                reason: format!("{reason}; expected a listening TCP socket (`ListenStream=`)"),
            };
            match given.take_tcp_listener(place) {
                Ok(Some(socket)) => sockets.push((socket, purpose)),
                Ok(None) => {}
                Err(error) => return Err(failed(error.to_string())),
            }
        }
        Ok(Self { sockets })
    }
}

/// systemd names a socket after its unit if it is not told how.
fn purpose(name: &str) -> Purpose {
    match name.trim_end_matches(".socket") {
        "https" | "chapar-https" => Purpose::Https,
        "metrics" | "chapar-metrics" => Purpose::Metrics,
        _ => Purpose::Http,
    }
}

/// Requests are answered from now on; after a reload, again.
pub fn ready() {
    tell(&[NotifyState::Ready, NotifyState::Status("serving")]);
}

/// The configuration is being read again; [`ready`] ends this.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[
            NotifyState::Reloading,
            now,
            NotifyState::Status("reloading"),
        ]),
        Err(error) => tracing::debug!("no monotonic time: {error}"),
    }
}

/// The last requests are being answered.
pub fn stopping() {
    tell(&[
        NotifyState::Stopping,
        NotifyState::Status("answering the last requests"),
    ]);
}

/// Tells, for as long as it is polled, that this thread still runs, if anyone wants to know.
pub async fn watchdog() {
    let Some(limit) = sd_notify::watchdog_enabled() else {
        return std::future::pending().await;
    };
    let interval = (limit / 2).max(Duration::from_millis(10));
    loop {
        tell(&[NotifyState::Watchdog]);
        tokio::time::sleep(interval).await;
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!("the service manager can't be told: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_sockets_are_for() {
        for (name, expected) in [
            ("http", Purpose::Http),
            ("https", Purpose::Https),
            ("metrics", Purpose::Metrics),
            ("chapar.socket", Purpose::Http),
            ("chapar-https.socket", Purpose::Https),
            ("unknown", Purpose::Http),
            ("", Purpose::Http),
        ] {
            assert_eq!(purpose(name), expected, "{name}");
        }
    }
}
