//! How much of a message is looked at.

/// How much of a message is looked at. What is beyond a limit is not an error: the message is shown
/// without it, and says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a header section: fields beyond them are passed over.
    pub header_bytes: usize,
    /// Fields of a header section.
    pub fields: usize,
    /// Parts of a message: the last one reaches to the end of the ones beyond.
    pub parts: usize,
    /// How deep multiparts may lie in one another: deeper ones are not taken apart.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 1 << 20,
            fields: 2000,
            parts: 1000,
            depth: 32,
        }
    }
}

/// Bytes of a field's value that are parsed into a form other than Raw: addresses beyond them are
/// not seen.
pub(crate) const VALUE_MAX: usize = 256 << 10;

/// Bytes of the value of a field that describes a part.
pub(crate) const MIME_VALUE_MAX: usize = 16 << 10;
