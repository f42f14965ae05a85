//! What is known of a request until its answer has been sent. Then it is counted, and there is one
//! line in the log. Credentials and queries, which may carry tokens, are never in it.

use super::trace_id::TraceId;
use crate::auth::SignedIn;
use crate::metrics::Done;
use crate::telemetry::Copy;
use crate::tenant::Site;
use http::{HeaderValue, Method, StatusCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The target that filters can name.
const TARGET: &str = "chapar::request";

/// What is known of a request.
pub struct Record {
    /// When it came.
    pub began: Instant,
    /// Its method.
    pub method: Method,
    /// Its path; none if nobody wants a line.
    pub path: Option<String>,
    /// By which it is found in other logs.
    pub trace: TraceId,
    /// The module that answered; none for static files and the host itself.
    pub module: Option<String>,
    /// Who asked.
    pub signed_in: Option<Arc<SignedIn>>,
    /// The tenant.
    pub site: Arc<Site>,
    /// The status.
    pub status: StatusCode,
    /// The coding of the answer's body, if it has one.
    pub encoding: Option<HeaderValue>,
    /// Bytes of its body.
    pub bytes_in: Option<Arc<AtomicU64>>,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// CPU time of the module.
    pub cpu: Duration,
    /// How long it waited for room for an instance of the module.
    pub queued: Duration,
    /// Why the answer broke off.
    pub broken: Option<String>,
    /// What shows the answer's body to whoever watches this user.
    pub copy: Option<Copy>,
}

impl Record {
    /// Says whether anyone wants lines.
    pub fn is_line_wanted() -> bool {
        tracing::enabled!(target: TARGET, tracing::Level::INFO)
    }

    /// Notes that this was sent.
    pub fn sent(&mut self, piece: &[u8]) {
        self.bytes_out += piece.len() as u64;
        if let Some(copy) = &mut self.copy {
            copy.push(piece);
        }
    }

    /// Notes a message of the client over a WebSocket.
    pub fn heard(&mut self, message: &[u8]) {
        let count = self.bytes_in.get_or_insert_default();
        count.fetch_add(message.len() as u64, Ordering::Relaxed);
        if let Some(copy) = &self.copy {
            copy.message(true, message);
        }
    }

    /// Notes a message to the client.
    pub fn said(&mut self, message: &[u8]) {
        self.bytes_out += message.len() as u64;
        if let Some(copy) = &self.copy {
            copy.message(false, message);
        }
    }

    /// Writes a line for a message that was answered, which the runtime has counted. The connection's
    /// own line comes at its end.
    pub fn message(&self, took: Duration, bytes_in: usize, bytes_out: usize, answered: bool) {
        let Some(path) = &self.path else { return };
        let signed_in = self.signed_in.as_ref();
        tracing::info!(
            target: TARGET,
            method = "MESSAGE",
            path = path.as_str(),
            module = self.module.as_deref().unwrap_or("-"),
            user = signed_in.and_then(|signed_in| signed_in.name()).unwrap_or("-"),
            tenant = self.site.name.as_str(),
            trace = self.trace.as_str(),
            us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            r#in = bytes_in,
            out = bytes_out,
            answered,
        );
    }

    /// Counts the request and writes the line.
    pub fn finish(&self) {
        let duration = self.began.elapsed();
        let bytes_in = self
            .bytes_in
            .as_ref()
            .map_or(0, |count| count.load(Ordering::Relaxed));
        let done = Done {
            method: &self.method,
            status: self.status,
            duration,
            bytes_in,
            bytes_out: self.bytes_out,
        };
        self.site.traffic.count(self.module.as_deref(), &done);
        let Some(path) = &self.path else { return };
        let signed_in = self.signed_in.as_ref();
        let user = signed_in.and_then(|signed_in| signed_in.name());
        let encoding = self.encoding.as_ref().and_then(|name| name.to_str().ok());
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(
            target: TARGET,
            method = self.method.as_str(),
            path = path.as_str(),
            status = self.status.as_u16(),
            module = self.module.as_deref().unwrap_or("-"),
            user = user.unwrap_or("-"),
            tenant = self.site.name.as_str(),
            trace = self.trace.as_str(),
            us = micros(duration),
            cpu_us = micros(self.cpu),
            queue_us = micros(self.queued),
            r#in = bytes_in,
            out = self.bytes_out,
            encoding,
            broken = self.broken.as_deref(),
        );
    }
}
