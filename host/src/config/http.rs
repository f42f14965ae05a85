//! Options of HTTP itself: what it adds to answers, and allows in requests.

use super::{ConfigError, Values};
use crate::http::cors::Origins;
use http::HeaderValue;

/// What HTTP may do beyond the plain.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Answers are compressed for clients that like it.
    pub compress: bool,
    /// Whose pages may read answers.
    pub cors: Origins,
    /// TRACE is answered.
    pub trace: bool,
    /// The field that keeps browsers on TLS.
    pub hsts: Option<HeaderValue>,
    /// The field that tells of another way to the server.
    pub alt_svc: Option<HeaderValue>,
}

impl HttpOptions {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let hsts = values.duration("httphsts").as_secs();
        let text = |text: String| HeaderValue::try_from(text).ok();
        Ok(Self {
            compress: values.switch("httpallowcompress"),
            cors: Origins::parse(&values.text("httpallowcors").unwrap_or_default()),
            trace: values.switch("httpallowtrace"),
            hsts: (hsts > 0)
                .then(|| text(format!("max-age={hsts}")))
                .flatten(),
            alt_svc: alt_svc(values)?,
        })
    }
}

/// RFC 7838 §3: a host, which may be left out, and a port.
fn alt_svc(values: &Values) -> Result<Option<HeaderValue>, ConfigError> {
    let Some(authority) = values.text("http_h2_altsvc") else {
        return Ok(None);
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-.[]:".contains(c);
    let value = authority
        .rsplit_once(':')
        .filter(|(host, port)| host.chars().all(plain) && port.parse::<u16>().is_ok())
        .and_then(|_| HeaderValue::try_from(format!("h2=\"{authority}\"")).ok());
    match value {
        Some(value) => Ok(Some(value)),
        None => Err(values.refuse(
            "http_h2_altsvc",
            "a host and a port, like `dav.example.org:443` or `:443`".to_owned(),
        )),
    }
}
