//! Mail: messages of RFC 5322 and MIME, as RFC 8621 tells them.
//!
//! A [`Message`] is a view of the bytes that it was read from. Any bytes are a message, whatever is
//! wrong with them, and no message takes more work than its length and the [`Limits`] say. Its
//! [`Header`] and its [`Part`]s say what stands in them; [`Body`] sorts the parts into text and
//! attachments, [`HeaderProperty`] reads header fields in the forms that JMAP has, [`preview`] tells
//! what a message is about, and [`html`] makes HTML safe or plain.
//!
//! [`compose`] makes messages of the Email objects that clients create, with the crate mail-builder.
//!
//! [`mdn`] is about what tells senders what became of their mail.
//!
//! [`keys`](keys::keys) gives what a message is found by, [`Condition`] looks for text, and
//! [`thread_keys`] tells which messages belong together.
//!
//! Which octets are which part is found here, by one scan. The crate mail-parser reads dates, and
//! parameters of media types, and knows charsets that nobody else does: its own reading of structure
//! nests without bounds, and decodes all of a message. The crate ammonia says which HTML is safe.
//! None of them appears outside.
//!
//! # Not supported
//! S/MIME and OpenPGP: encrypted messages are for clients to read. Messages within messages are one
//! part; who wants to look inside reads that part as a message. `message/partial`, and uuencode.

mod address;
mod body;
mod charset;
mod compose;
mod content_type;
mod date;
mod encoded_word;
mod form;
mod header;
pub mod html;
pub mod keys;
mod limits;
pub mod mdn;
mod message;
mod part;
mod preview;
mod property;
mod search;
mod text;
mod thread;
mod transfer;
mod words;

pub use address::{EmailAddress, EmailAddressGroup};
pub use body::Body;
pub use compose::{ComposeError, Surroundings, compose};
pub use date::Date;
pub use form::{Form, Value};
pub use header::{Field, Header};
pub use limits::Limits;
pub use message::Message;
pub use part::{BodyValue, Part};
pub use preview::{PREVIEW_MAX, preview, synopsis};
pub use property::{HeaderProperty, PropertyError};
pub use search::{Condition, Place, WordTerms};
pub use text::cut;
pub use thread::{base_subject, thread_keys};
pub use transfer::{Decoder, Encoding, decode, decoded_len};
