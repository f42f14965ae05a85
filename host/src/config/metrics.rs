//! Options of what is watched: metrics.

use super::{ConfigError, Values};

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
        })
    }
}
