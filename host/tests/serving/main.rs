//! The host over real sockets, without modules: files, framing, timeouts, TLS, sign-in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod compression;
mod fields;
mod files;
mod floods;
mod malformed;
mod metrics;
#[cfg(feature = "otlp")]
mod otlp;
mod reload;
mod sign_in;
mod support;
mod tenants;
mod tls;
mod trace;
