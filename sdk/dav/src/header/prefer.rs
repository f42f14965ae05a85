//! `Prefer` and its forerunner `Brief`. RFC 7240, RFC 8144.

use crate::context::join_headers;

/// What a client prefers, as far as it is known here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefer {
    /// Leave out what did not work out. RFC 8144 §2.1.
    pub minimal: bool,
    /// Send back what was written. RFC 8144 §3.
    pub representation: bool,
    /// Leave out the target itself. RFC 8144 §2.3.
    pub depth_noroot: bool,
}

impl Prefer {
    pub(crate) fn parse(headers: &[(String, String)]) -> Self {
        let mut prefer = Prefer::default();
        let list = join_headers(headers, "Prefer").unwrap_or_default();
        for preference in list.split([',', ';']) {
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            let value = value.trim().trim_matches('"');
            let name = name.trim().to_ascii_lowercase();
            match (name.as_str(), value) {
                // RFC 7240 §2: the first of several wins.
                ("return", "minimal") if !prefer.representation => prefer.minimal = true,
                ("return", "representation") if !prefer.minimal => prefer.representation = true,
                ("depth-noroot", _) => prefer.depth_noroot = true,
                _ => {}
            }
        }
        let brief = join_headers(headers, "Brief").unwrap_or_default();
        if brief.eq_ignore_ascii_case("t") && !prefer.representation {
            prefer.minimal = true;
        }
        prefer
    }

    /// What `Preference-Applied` says of these.
    pub fn applied(self) -> Option<&'static str> {
        match (self.minimal, self.representation, self.depth_noroot) {
            (true, _, true) => Some("return=minimal, depth-noroot"),
            (true, _, false) => Some("return=minimal"),
            (false, true, true) => Some("return=representation, depth-noroot"),
            (false, true, false) => Some("return=representation"),
            (false, false, true) => Some("depth-noroot"),
            (false, false, false) => None,
        }
    }
}
