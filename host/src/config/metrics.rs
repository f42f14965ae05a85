//! Options of what is watched: metrics, and spans of requests.

use super::{ConfigError, Values};
use http::Uri;

/// Who may read the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeedAuth {
    /// Anyone.
    None,
    /// Who is signed in.
    User,
    /// Who is named in `admins`.
    Admin,
}

/// Where metrics are read, and by whom.
#[derive(Clone, Debug)]
pub struct MetricsOptions {
    /// At `/metrics` of every listener.
    pub enabled: bool,
    /// Who may, there.
    pub need_auth: NeedAuth,
    /// Listeners for nothing else.
    pub listen: Vec<String>,
    /// The collector that spans of requests are sent to.
    pub otlp_endpoint: Option<String>,
}

impl MetricsOptions {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let need_auth = match values.text("prometheus_need_auth").as_deref() {
            Some("none") => NeedAuth::None,
            Some("user") => NeedAuth::User,
            _ => NeedAuth::Admin,
        };
        Ok(Self {
            enabled: values.switch("prometheus_enabled"),
            need_auth,
            listen: values.addresses("prometheus_listen")?,
            otlp_endpoint: collector(values)?,
        })
    }
}

fn collector(values: &Values) -> Result<Option<String>, ConfigError> {
    let Some(url) = values.text("otlp_endpoint") else {
        return Ok(None);
    };
    let is_web = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
    let parsed = url.parse::<Uri>().ok().filter(is_web);
    match parsed.is_some_and(|uri| uri.host().is_some() && uri.query().is_none()) {
        true => Ok(Some(url)),
        false => {
            let expected = "the URL of a collector, like `http://127.0.0.1:4318`";
            Err(values.refuse("otlp_endpoint", expected.to_owned()))
        }
    }
}
