//! jCard: a card as JSON. RFC 7095.

mod date;
mod read;
mod shape;
mod write;

pub use read::read;
pub use write::{write, write_all};
