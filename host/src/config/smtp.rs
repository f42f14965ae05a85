//! Options of mail that is sent.

use super::{ConfigError, Values};
use std::path::PathBuf;

/// What takes mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// Nothing.
    #[default]
    None,
    /// A server.
    Host,
    /// A program.
    Sendmail,
}

/// Whether a server is spoken to over TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmtpTls {
    /// Never.
    None,
    /// If it offers that.
    #[default]
    May,
    /// Always, from STARTTLS on.
    Encrypt,
    /// Always, from the first byte on.
    Wrapper,
}

/// How mail is sent.
#[derive(Clone, Debug, Default)]
pub struct SmtpOptions {
    /// What takes it.
    pub backend: Backend,
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether there is TLS.
    pub tls: SmtpTls,
    /// Name and password there.
    pub credentials: Option<(String, String)>,
    /// The program.
    pub sendmail: PathBuf,
}

impl SmtpOptions {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let text = values.text("smtp_host").unwrap_or_default();
        let (host, port) = text.rsplit_once(':').unwrap_or((&text, "587"));
        let port = port.parse().ok().filter(|_| !host.is_empty());
        let Some(port) = port else {
            let expected = "a name and a port, like `localhost:587`";
            return Err(values.refuse("smtp_host", expected.to_owned()));
        };
        let credentials = values
            .text("smtp_auth_authname")
            .zip(values.text("smtp_auth_password"));
        let tls = match values.text("smtp_tls").as_deref() {
            Some("none") => SmtpTls::None,
            Some("encrypt") => SmtpTls::Encrypt,
            Some("wrapper") => SmtpTls::Wrapper,
            _ => SmtpTls::May,
        };
        Ok(Self {
            backend: match values.text("smtp_backend").as_deref() {
                Some("host") => Backend::Host,
                Some("sendmail") => Backend::Sendmail,
                _ => Backend::None,
            },
            host: host.to_owned(),
            port,
            tls,
            credentials,
            sendmail: values.path("sendmail").unwrap_or_default(),
        })
    }

    /// Whether mail is sent at all.
    pub fn sends(&self) -> bool {
        self.backend != Backend::None
    }
}
