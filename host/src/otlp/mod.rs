//! Spans of requests for a collector, by OTLP over HTTP: in builds with the feature `otlp`, where
//! `otlp_endpoint` names one. A request's span continues the trace of its `traceparent`.
//!
//! Requests never wait for the collector: what it does not take is dropped.

#[cfg(not(feature = "otlp"))]
mod absent;
#[cfg(feature = "otlp")]
mod client;
#[cfg(feature = "otlp")]
mod export;

#[cfg(not(feature = "otlp"))]
pub use absent::{Exporter, begin, join, set_endpoint};
#[cfg(feature = "otlp")]
pub use export::{Exporter, begin, join, set_endpoint};

/// Why spans can't be exported.
#[derive(Debug, thiserror::Error)]
#[error("spans can't be sent to `{endpoint}`: {reason}")]
pub struct OtlpError {
    /// The collector.
    pub endpoint: String,
    /// What is wrong.
    pub reason: String,
}

/// Says whether this build can export spans.
pub const fn is_built_in() -> bool {
    cfg!(feature = "otlp")
}
