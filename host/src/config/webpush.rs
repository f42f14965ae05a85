//! Options of what is posted to endpoints.

use super::{ConfigError, Values};
use http::Uri;

/// Where is posted to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Destinations {
    /// To addresses of the public Internet.
    #[default]
    Public,
    /// To any.
    Any,
    /// To none.
    None,
}

/// What is posted to endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebPushOptions {
    /// Where to.
    pub destinations: Destinations,
    /// Whom push services may turn to: a `mailto:` or `https:` URI.
    pub contact: String,
}

impl WebPushOptions {
    pub(super) fn read(values: &Values, servername: &str) -> Result<Self, ConfigError> {
        let contact = values.text("push_contact");
        let contact = contact.unwrap_or_else(|| format!("mailto:postmaster@{servername}"));
        // RFC 8292 §2.1.
        let parsed = contact.parse::<Uri>().ok();
        let is_web = parsed.is_some_and(|uri| uri.scheme_str() == Some("https"));
        if !is_web && !contact.starts_with("mailto:") {
            let expected = "`mailto:` with an address, or an `https:` URL".to_owned();
            return Err(values.refuse("push_contact", expected));
        }
        Ok(Self {
            destinations: match values.text("push_destinations").as_deref() {
                Some("any") => Destinations::Any,
                Some("none") => Destinations::None,
                _ => Destinations::Public,
            },
            contact,
        })
    }
}
