//! Clients that wait for changes: each is a connection that is held here, and costs no instance of a
//! module until something has changed of what it waits for, or the client says something.
//!
//! [`hub`] knows who waits for whom, and is told by the stores; [`held`] is a held connection, which
//! asks the module what to send; [`conversation`] is one that goes on as a WebSocket. [`standing`] knows
//! whether it may go on.

mod conversation;
mod held;
mod hub;
mod standing;

pub use conversation::Conversation;
pub use held::{Held, Refused, hold};
pub use hub::{Hub, Unheld};
