//! Clients that wait for changes: each is a connection that is held here, and costs no instance of a
//! module until something has changed of what it waits for.
//!
//! [`hub`] knows who waits for whom, and is told by the stores; [`held`] is the body of a held
//! connection, which asks the module what to send.

mod held;
mod hub;

pub use held::{Held, Refused, hold};
pub use hub::{Hub, Unheld};
