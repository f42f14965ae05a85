//! What is wrong with a script, and where.

use crate::{DEPTH_MAX, SIZE_MAX};

/// The first thing that is wrong with a script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct SieveError {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong there.
    pub fault: Fault,
}

/// What can be wrong with a script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is too long.
    #[error("the script has more than {SIZE_MAX} bytes")]
    TooLong,
    /// Something lies too deep in something else.
    #[error("blocks or tests lie more than {DEPTH_MAX} deep in each other")]
    TooDeep,
    /// It has a character that no script has.
    #[error("a script is UTF-8, without NUL, and without CR but before LF")]
    NotText,
    /// It ends within something.
    #[error("the {0} does not end")]
    Unterminated(&'static str),
    /// A number is greater than numbers are.
    #[error("a number is at most 9007199254740991, and K, M or G may follow it")]
    NumberTooBig,
    /// Something else should stand here.
    #[error("here is {found}, where {wanted} is expected")]
    Unexpected {
        /// What stands here.
        found: String,
        /// What should.
        wanted: &'static str,
    },
    /// There is no such extension here.
    #[error("the extension {0:?} is not supported")]
    UnknownExtension(String),
    /// `require` comes too late. RFC 5228 §3.2.
    #[error("require stands before all other commands")]
    LateRequire,
    /// There is no such command.
    #[error("there is no command {0:?}")]
    UnknownCommand(String),
    /// There is no such test.
    #[error("there is no test {0:?}")]
    UnknownTest(String),
    /// Something belongs to an extension that the script has not required.
    #[error("{what} needs require {extension:?}")]
    NotRequired {
        /// What: a command, a test, a tag.
        what: String,
        /// The extension.
        extension: &'static str,
    },
    /// A tag that a command or a test does not take.
    #[error("{word} takes no :{tag}")]
    UnknownTag {
        /// The command or test.
        word: String,
        /// The tag.
        tag: String,
    },
    /// Two tags exclude each other, or one stands twice.
    #[error("{word} takes only one {group}")]
    TwiceTagged {
        /// The command or test.
        word: String,
        /// What both are.
        group: &'static str,
    },
    /// A tag stands behind other arguments. RFC 5228 §2.6.2.
    #[error(":{0} stands before the arguments that are no tags")]
    LateTag(String),
    /// An argument is missing, too much, or of the wrong kind.
    #[error("{word} takes {wanted}")]
    Arguments {
        /// The command, test or tag.
        word: String,
        /// What it takes.
        wanted: String,
    },
    /// `elsif` or `else` without an `if`. RFC 5228 §3.1.
    #[error("{0} follows if or elsif")]
    NoIf(String),
    /// A value makes no sense where it stands.
    #[error("{value:?} is no {wanted}")]
    Value {
        /// The value.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
}
