//! One line in the log for each request, written when its answer has been sent. Credentials and
//! queries, which may carry tokens, are never in it.

use crate::auth::SignedIn;
use crate::tenant::Site;
use http::{Method, StatusCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The target that filters can name.
const TARGET: &str = "chapar::request";

/// What is known of a request so far.
pub struct LogLine {
    /// When it came.
    pub began: Instant,
    /// Its method.
    pub method: Method,
    /// Its path.
    pub path: String,
    /// The module that answered; none for static files and the host itself.
    pub module: Option<String>,
    /// Who asked.
    pub signed_in: Option<Arc<SignedIn>>,
    /// The tenant.
    pub site: Arc<Site>,
    /// The status.
    pub status: StatusCode,
    /// Bytes of its body.
    pub bytes_in: Option<Arc<AtomicU64>>,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// CPU time of the module.
    pub cpu: Duration,
    /// Why the answer broke off.
    pub broken: Option<String>,
}

impl LogLine {
    /// Says whether anyone wants such lines.
    pub fn wanted() -> bool {
        tracing::enabled!(target: TARGET, tracing::Level::INFO)
    }

    /// Writes the line.
    pub fn write(&self) {
        let user = self
            .signed_in
            .as_ref()
            .and_then(|signed_in| signed_in.name());
        let bytes_in = self
            .bytes_in
            .as_ref()
            .map_or(0, |count| count.load(Ordering::Relaxed));
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(
            target: TARGET,
            method = self.method.as_str(),
            path = self.path.as_str(),
            status = self.status.as_u16(),
            module = self.module.as_deref().unwrap_or("-"),
            user = user.unwrap_or("-"),
            tenant = self.site.name.as_str(),
            us = micros(self.began.elapsed()),
            cpu_us = micros(self.cpu),
            r#in = bytes_in,
            out = self.bytes_out,
            broken = self.broken.as_deref(),
        );
    }
}
