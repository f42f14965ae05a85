//! Content codings: answers are compressed for clients that can read it, and compressed requests
//! are read. RFC 9110 §8.4, §12.5.3, RFC 7694.

pub mod accept;
pub mod decoder;
pub mod encoder;
pub mod worth;

pub use accept::Accepted;

/// A coding that answers are sent in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// RFC 8878.
    Zstd,
    /// RFC 7932.
    Brotli,
    /// RFC 1952.
    Gzip,
}

impl Coding {
    /// All, best first: that is who wins if the client likes several equally.
    pub const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    /// Its name in header fields.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// Finds one by name. RFC 9110 §8.4.1.3: "x-gzip" is the same as "gzip".
    pub fn find(name: &str) -> Option<Self> {
        let is = |coding: &Self| name.eq_ignore_ascii_case(coding.name());
        let old = || name.eq_ignore_ascii_case("x-gzip").then_some(Self::Gzip);
        Self::ALL.into_iter().find(is).or_else(old)
    }
}
