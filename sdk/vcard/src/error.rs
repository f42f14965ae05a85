//! What can be wrong with a card, and in which line.

/// Why a card was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct Error {
    /// The line of the input that is wrong, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It does not begin as a card. RFC 6350 §6.1.1.
    #[error("there is no BEGIN:VCARD")]
    NoBegin,
    /// It does not end. RFC 6350 §6.1.2.
    #[error("the END:VCARD of the card is missing")]
    NoEnd,
    /// A card inside of another, other than as an AGENT of vCard 2.1.
    #[error("a card begins inside of a card")]
    Nested,
    /// More follows after the end of the card. RFC 6352 §5.1.
    #[error("more than one card; an address object is exactly one")]
    SeveralCards,
    /// A line without a colon. RFC 6350 §3.3.
    #[error("the line has no colon between its name and its value")]
    NoColon,
    /// A name that is none. RFC 6350 §3.3.
    #[error("{0:?} is no name of a property: letters, digits and hyphens make one")]
    BadName(String),
    /// Bytes that are not UTF-8. RFC 6350 §3.1.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// A character set other than UTF-8. RFC 6350 §3.1.
    #[error("the text is in {0}; only UTF-8 is supported")]
    Charset(String),
    /// A control character other than a tab or a line break. RFC 6350 §3.3.
    #[error("the control character U+{0:04X} is not allowed")]
    ControlCharacter(u32),
    /// A version that is not supported.
    #[error("version {0:?} is not supported; 3.0 and 4.0 are")]
    Version(String),
    /// A property that must be there is not.
    #[error("the property {0} is missing")]
    Missing(&'static str),
    /// A property that must have a value has none.
    #[error("the property {0} has no value")]
    Empty(&'static str),
    /// A property that may be there once is there again.
    #[error("the property {0} occurs more than once")]
    Repeated(&'static str),
    /// Over one of the [`crate::Limits`].
    #[error("more than {limit} {what}")]
    TooBig {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
    /// Not a jCard. RFC 7095 §3.
    #[error("not a jCard: {0}")]
    NotJcard(String),
}

impl Fault {
    /// The fault in a line.
    pub(crate) fn at(self, line: usize) -> Error {
        Error { line, fault: self }
    }
}
