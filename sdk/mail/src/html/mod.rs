//! HTML of strangers: made safe to show, or made plain text.

mod sanitise;
mod scan;
mod to_text;

pub use sanitise::{Image, sanitise};
pub use to_text::to_text;

/// Bytes of HTML that are looked at; what comes after them is not shown.
pub(crate) const HTML_MAX: usize = 1 << 20;
