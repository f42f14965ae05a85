//! The three versions of vCard.

use std::fmt;

/// A version of vCard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// vCard 2.1, of the versit consortium: read, never written.
    V2_1,
    /// vCard 3.0: RFC 2426.
    V3_0,
    /// vCard 4.0: RFC 6350.
    V4_0,
}

impl Version {
    /// The version that stands in a `VERSION` line; none for any other.
    pub fn from_name(name: &str) -> Option<Version> {
        match name.trim() {
            "2.1" => Some(Version::V2_1),
            "3.0" => Some(Version::V3_0),
            "4.0" => Some(Version::V4_0),
            _ => None,
        }
    }

    /// As it stands in a `VERSION` line.
    pub fn name(self) -> &'static str {
        match self {
            Version::V2_1 => "2.1",
            Version::V3_0 => "3.0",
            Version::V4_0 => "4.0",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
