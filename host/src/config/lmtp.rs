//! Options of mail that comes in.

use super::{ConfigError, Values};

/// Where mail is taken, and how.
#[derive(Clone, Debug, Default)]
pub struct LmtpOptions {
    /// Addresses, and absolute paths of sockets.
    pub listen: Vec<String>,
    /// A mailbox over its quota refuses for good.
    pub over_quota_fails: bool,
}

impl LmtpOptions {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let listen = values.list("lmtp_listen");
        let is_place = |word: &String| {
            let address = word.rsplit_once(':');
            let address =
                address.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
            word.starts_with('/') || address
        };
        if !listen.iter().all(is_place) {
            let expected = "paths of sockets, and addresses with a port, like `127.0.0.1:24`";
            return Err(values.refuse("lmtp_listen", expected.to_owned()));
        }
        Ok(Self {
            listen,
            over_quota_fails: values.switch("lmtp_over_quota_perm_failure"),
        })
    }
}
