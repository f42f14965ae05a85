//! What the tests and the benchmark share: a server of one's own, clients that talk to it, XML
//! compared by meaning.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect has failed, and says where"
)]

pub mod support;
