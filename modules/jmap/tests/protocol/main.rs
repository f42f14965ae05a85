//! JMAP over the in-memory host, by the clauses of its standards.
#![allow(
    clippy::expect_fun_call,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used
)]

mod examples;
mod follow;
mod hostile;
mod meanwhile;
mod push;
mod push_subscription;
mod rfc8620;
mod rfc8621;
mod rfc8887;
mod rfc9007;
mod rfc9661;
mod rfc9670;
mod submission;
mod vacation;
mod world;
