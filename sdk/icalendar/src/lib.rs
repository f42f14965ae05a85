//! iCalendar (RFC 5545) as a calendar server needs it: what clients stored is read, checked,
//! searched and edited, and every byte that nobody edits stays as it is.
//!
//! Nothing here does I/O or looks at a clock. All input is hostile: reading is within [`Limits`],
//! and whatever walks recurrences counts its work against a budget.
//!
//! ical-rs reads recurrence rules; none of its types is in the interface. The rest is our own: its
//! tree neither knows the numbers of lines, which a client must be told, nor bounds how deep
//! components nest, its walk through a rule counts no work, and its jCal is not quite that of the
//! RFC.
//!
//! # Not supported
//! vCalendar 1.0 (its quoted-printable text breaks lines in a way of its own), and text in other
//! encodings than UTF-8 (RFC 5545 §3.1.4).

mod budget;
pub mod busy;
mod component;
pub mod data;
pub mod jcal;
pub mod keys;
mod known;
pub mod object;
mod parse;
pub mod personal;
mod property;
pub mod recurrence;
pub mod series;
pub mod tzdb;
pub mod value;
mod write;
pub mod zone;

pub use budget::{Budget, Exceeded, Limit};
pub use component::{Calendar, Component, Item};
pub use parse::{Limits, ParseError, Problem};
pub use property::{Parameter, Property};
pub use write::{escape_text, unescape_text};
