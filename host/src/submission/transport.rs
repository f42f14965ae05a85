//! The way to the mail system: a server that takes mail by SMTP, or a program that does what
//! `sendmail(8)` does.

use crate::config::Config;
use crate::config::smtp::{Backend, SmtpTls};
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSendmailTransport, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::time::Duration;

/// How long each step may take. RFC 5321 §4.5.3.2 says minutes.
const STEP_TIME_MAX: Duration = Duration::from_secs(120);
/// How long a program may take.
const PROGRAM_TIME_MAX: Duration = Duration::from_secs(300);

/// The way to the mail system.
pub enum Transport {
    /// A server.
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    /// A program.
    Sendmail(AsyncSendmailTransport<Tokio1Executor>),
}

/// What became of a message for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The mail system has it.
    Sent,
    /// It can't be taken now.
    Later(String),
    /// It will never be taken.
    Never(String),
}

impl Transport {
    /// Goes by the options of a tenant.
    pub fn new(config: &Config) -> Result<Self, String> {
        let smtp = &config.smtp;
        if smtp.backend == Backend::Sendmail {
            let program = smtp.sendmail.as_os_str();
            return Ok(Self::Sendmail(AsyncSendmailTransport::new_with_command(
                program,
            )));
        }
        let parameters = || {
            let parameters = TlsParameters::new(smtp.host.clone());
            parameters.map_err(|error| error.to_string())
        };
        let tls = match smtp.tls {
            SmtpTls::None => Tls::None,
            SmtpTls::May => Tls::Opportunistic(parameters()?),
            SmtpTls::Encrypt => Tls::Required(parameters()?),
            SmtpTls::Wrapper => Tls::Wrapper(parameters()?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
            .port(smtp.port)
            .tls(tls)
            .timeout(Some(STEP_TIME_MAX))
            .hello_name(ClientId::Domain(config.servername.clone()));
        if let Some((name, password)) = &smtp.credentials {
            builder = builder.credentials(Credentials::new(name.clone(), password.clone()));
        }
        Ok(Self::Smtp(Box::new(builder.build())))
    }

    /// Sends a message to one recipient; an empty sender is the null path.
    pub async fn send(&self, sender: &str, recipient: &str, message: &[u8]) -> Outcome {
        let envelope = match envelope(sender, recipient) {
            Ok(envelope) => envelope,
            Err(reason) => return Outcome::Never(reason),
        };
        match self {
            Self::Smtp(smtp) => {
                // The library ends the last line once more before the dot.
                let message = message.strip_suffix(b"\r\n").unwrap_or(message);
                match smtp.send_raw(&envelope, message).await {
                    Ok(_) => Outcome::Sent,
                    Err(error) if error.is_permanent() => Outcome::Never(error.to_string()),
                    Err(error) => Outcome::Later(error.to_string()),
                }
            }
            Self::Sendmail(program) => {
                let sent = program.send_raw(&envelope, message);
                match tokio::time::timeout(PROGRAM_TIME_MAX, sent).await {
                    Ok(Ok(())) => Outcome::Sent,
                    Ok(Err(error)) => Outcome::Later(error.to_string()),
                    Err(_) => Outcome::Later("the program took too long".to_owned()),
                }
            }
        }
    }
}

fn envelope(sender: &str, recipient: &str) -> Result<Envelope, String> {
    let address = |text: &str| {
        let parsed = text.parse::<Address>();
        parsed.map_err(|error| format!("{text}: {error}"))
    };
    let sender = match sender {
        "" => None,
        sender => Some(address(sender)?),
    };
    Envelope::new(sender, vec![address(recipient)?]).map_err(|error| error.to_string())
}
