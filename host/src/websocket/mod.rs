//! WebSockets: how one is opened, and messages in frames. RFC 6455, RFC 8441.
//!
//! What becomes of the messages is for [`crate::push`].
//!
//! # Not supported
//!
//! Extensions: no message is compressed (RFC 7692). What a client has compressed would have to be
//! unpacked here, where nothing bounds it but this program, and its window would weigh more than all
//! else that a connection that waits has.

mod close;
mod frame;
mod handshake;
mod head;
mod room;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod tests;

pub use close::Close;
pub use frame::{Event, Message, WebSocket};
pub use handshake::{Handshake, Opening, is_extended, straighten};
pub use room::{Room, Rooms};
