//! `chapar import` and `chapar export`: mail, and what modules take, from files and to files.

mod export;
mod import;
mod maildir;
mod mbox;
mod newlines;
mod shown;
mod source;
mod through;

pub use export::Export;
pub use import::Import;

use clap::ValueEnum;

/// How messages lie in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A folder with `cur` and `new`, and one of the same for each folder in it: Maildir++
    Maildir,
    /// One file with a line that begins with `From ` before each message: mboxrd
    Mbox,
    /// A file for each message
    Eml,
    /// A folder of Cyrus's spool: files named by numbers, and one of the same for each mailbox in it
    Cyrus,
}
