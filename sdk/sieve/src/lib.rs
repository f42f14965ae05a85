//! Sieve: scripts that say what becomes of mail. RFC 5228.
//!
//! [`Script::parse`] reads a script and checks all that can be known before there is a message: its
//! grammar, that every extension that it uses is known and required, that commands and tests have
//! the arguments they take, and that those make sense. What it returns needs no further checks.
//!
//! It takes time and memory in proportion to the script, which [`SIZE_MAX`] bounds; blocks and tests
//! lie no deeper in each other than [`DEPTH_MAX`].
//!
//! A new extension is an entry in [`EXTENSIONS`] and what it adds to the tables of `vocabulary.rs`.
//!
//! # Not supported
//! Scripts that include others (RFC 6609), and tests for extensions at run time (`ihave`, RFC 5463).

mod check;
mod error;
mod lexer;
mod parse;
mod script;
mod value;
mod vocabulary;

pub use error::{Fault, SieveError};
pub use script::{Argument, Command, Script, Test};
pub use vocabulary::EXTENSIONS;

/// Bytes of a script.
pub const SIZE_MAX: usize = 64 << 10;
/// How deep blocks and tests may lie in each other; RFC 5228 §2.9 asks for fifteen of each.
pub const DEPTH_MAX: usize = 32;
