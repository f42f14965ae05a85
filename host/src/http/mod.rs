//! HTTP: from a connection to requests, from a request to its answer.

pub mod activity;
mod at_once;
pub mod connection;
mod doors;
mod rewind;
pub mod socket;
mod takeover;
mod turn_away;

pub use doors::Refused;
pub use turn_away::turn_away_now;

pub mod dispatch;
pub mod operations;
pub mod refuse;
mod sign_in;
pub mod target;
mod understand;

pub mod body;
pub mod coding;
pub mod conditional;
pub mod content;
pub mod cors;
pub mod date;
pub mod fields;
pub mod known_methods;
pub mod method;
pub mod page;
pub mod range;
pub mod record;
pub mod reply;
pub mod static_files;
pub mod trace_id;
mod unsent;
pub mod wish;
