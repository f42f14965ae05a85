//! The outer tests: the real host, real modules, real connections. Inner ones are in the crates.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect has failed, and says where"
)]

mod host;
mod protocol;
mod tidy;
