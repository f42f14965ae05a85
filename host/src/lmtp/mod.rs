//! Mail comes in: LMTP, RFC 2033, for a mail transfer agent that hands over what has arrived.
//!
//! What is native is the framing: commands, addresses, the dots of DATA, and where the header
//! section ends. Nothing is read of the message itself; the module that owns mail does that, in a
//! sandbox, when it indexes it. A message is answered for, recipient by recipient, once it is durable.
//!
//! Who may connect may deliver: there is no sign-in and no TLS. RFC 2033 §5 keeps LMTP off the
//! Internet, and so do the addresses of `lmtp_listen`.
//!
//! # Not supported
//!
//! DSN (RFC 3461) and BINARYMIME (RFC 3030 §3): whoever hands over does what they are for.

mod accepting;
mod address;
mod command;
#[cfg(test)]
mod conversations;
mod decoder;
mod deliver;
mod listen;
mod message;
mod recipient;
mod reply;
mod session;
mod trace;
mod wire;

pub use accepting::LmtpAccepting;
pub use deliver::put_into_inbox;
pub use listen::{LmtpListener, listen};
pub use message::split_header;
pub use recipient::{MAIL, inbox};
