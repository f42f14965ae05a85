//! XML as WebDAV needs it: a reader that builds a small tree out of a request body within hard
//! limits, and a writer that appends to one buffer without allocating for each element.
//!
//! Namespaces in XML 1.0 are resolved while reading; serde is not used because dead properties
//! (RFC 4918 §4.3) are arbitrary trees that have to come back as they went in.
//!
//! # Not supported
//! Document types (hostile input), encodings other than UTF-8, comments and processing
//! instructions (read over: RFC 4918 §4.3 does not ask to keep them).

mod element;
mod escape;
mod name;
mod read;
mod write;

pub use element::{Attribute, Element, Node};
pub use escape::{escape_attribute, escape_text};
pub use name::{DAV, Name, XML};
pub use read::{Error, Limits, parse};
pub use write::{Prefix, Tag, Writer};
