//! The host: sockets, TLS, HTTP, mail delivery, sign-in, configuration. It speaks no protocol of its own: every
//! one is a module, and the host knows only which path is whose.
//!
//! # The life of a request
//!
//! 1. [`server`] accepts the connection, [`tls`] agrees on keys and on the version of HTTP.
//! 2. [`http::connection`] reads requests within limits, HTTP/1.1 or HTTP/2; [`http::socket`]
//!    watches that no client takes for ever.
//! 3. [`http::dispatch`] checks Host and path ([`http::target`]) and finds the mount of a module,
//!    a well-known name, or a static file ([`http::static_files`]).
//! 4. [`auth`] turns the Authorization field into a principal with its groups.
//! 5. `runtime` answers in an instance of the module that serves this principal.
//! 6. [`http::reply`] makes the response: conditions ([`http::conditional`]), ranges
//!    ([`http::range`]), HEAD; [`http::body`] streams it, and when it is sent [`http::record`]
//!    counts it ([`metrics`]) and says so in the log.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)
)]

pub mod accept;
pub mod alarm;
pub mod cli;
pub mod config;
pub mod delivery;
pub mod error;
pub mod health;
pub mod indexer;
pub mod listen;
pub mod log;
mod log_format;
pub mod metrics;
pub mod otlp;
pub mod push;
pub mod reload;
pub mod server;
pub mod service;
pub mod state;
pub mod submission;
pub mod telemetry;
pub mod tls;
pub mod webpush;
pub mod websocket;

pub mod tenant;

pub mod http;

pub mod auth;

pub mod lmtp;
