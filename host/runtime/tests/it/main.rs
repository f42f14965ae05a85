//! The runtime with a real guest: one binary, one file per concern.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod answers;
mod exports;
mod fairness;
mod foreign;
mod isolation;
mod limits;
mod loading;
mod reloading;
mod support;
