//! vCard: 2.1 as it is read, 3.0 (RFC 2426) and 4.0 (RFC 6350) as they are read and written.
//!
//! A [`Card`] is a view of the bytes that it was read from, which stay as they are: nothing that a
//! client has stored is ever written anew. What is written is for those who ask for it: the other
//! version ([`convert`]), a selection of properties ([`Selection`]), JSON ([`jcard`], RFC 7095).
//!
//! [`check`] holds the rules for what may be stored, [`keys`] gives what a card is found by, and
//! [`find`] looks for properties without reading the rest.
//!
//! The crate vcard-rs takes lines apart, and does not appear outside. It is young: whatever it may
//! do, the bytes of a card are not in its hands.
//!
//! # Not supported
//! xCard (RFC 6351): no client asks for it.

mod card;
mod convert;
mod encoding;
mod error;
pub mod jcard;
mod keys;
mod property;
mod rules;
mod scan;
mod select;
mod text;
mod version;

pub use card::{Card, Cards, Limits, object_uid};
pub use convert::convert;
pub use error::{Error, Fault};
pub use keys::{KEYS_VERSION, Key, grams, keys};
pub use property::{Parameter, Property};
pub use rules::check;
pub use scan::{Found, Name, find, version_of};
pub use select::{Selected, Selection};
pub use text::{escape, unescape};
pub use version::Version;
