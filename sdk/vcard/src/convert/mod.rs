//! One version of vCard as another: RFC 2426 against RFC 6350, and the extensions by which
//! programs say in 3.0 what only 4.0 has words for.
//!
//! Properties that are the same in both are written in the bytes that they stand in. What has no
//! form in 3.0 goes into parameters and properties whose names begin with `X-V4-`, and comes back
//! from there. Parameters that a version does not know are kept: both versions tell programs to
//! read over them.
//!
//! # Not supported
//! Writing vCard 2.1: no client of CardDAV asks for it.

mod date;
mod downgrade;
mod draft;
mod legacy;
mod media;
mod upgrade;

use crate::card::{Card, Limits};
use crate::property::Property;
use crate::{Error, Version};
use draft::Draft;

pub(crate) use date::{extended_clock, extended_offset, is_offset, split_zone};

/// A card in another version: 3.0 or 4.0; 2.1 gives 3.0. A card of that version comes out as it is.
///
/// Fails only if what phones have written as vCard 2.1 cannot be read.
pub fn convert(card: &Card<'_>, to: Version) -> Result<Vec<u8>, Error> {
    match (card.version(), to) {
        (Version::V2_1, Version::V4_0) => {
            let bytes = legacy::convert(card);
            let card = Card::parse(&bytes, &Limits::DEFAULT)?;
            Ok(upgrade::convert(&card))
        }
        (Version::V2_1, _) => Ok(legacy::convert(card)),
        (Version::V3_0, Version::V4_0) => Ok(upgrade::convert(card)),
        (Version::V4_0, Version::V2_1 | Version::V3_0) => Ok(downgrade::convert(card)),
        (Version::V3_0, _) | (Version::V4_0, Version::V4_0) => Ok(card.bytes().to_vec()),
    }
}

/// The properties that vCard 4.0 has and 3.0 has not begin with this in 3.0, if there is no name
/// that programs know.
const TAG: &str = "X-V4-";

/// The parameter that says in vCard 3.0 which type a value has in 4.0.
const VALUE_TAG: &str = "X-V4-VALUE";

/// A card that is being written.
struct Output {
    text: Vec<u8>,
}

impl Output {
    fn new(version: Version) -> Self {
        Self {
            text: format!("BEGIN:VCARD\r\nVERSION:{version}\r\n").into_bytes(),
        }
    }

    /// Writes a draft of a property, which stays as it stands if there is nothing else to say.
    fn push_changed(&mut self, property: &Property<'_>, draft: &Draft) {
        let same = !property.is_quoted_printable()
            && property.parameters().all(|parameter| !parameter.is_bare())
            && Draft::of(property) == *draft
            && property.parameter("CHARSET").is_none();
        match same {
            true => self.push_as_it_is(property),
            false => self.push(draft),
        }
    }

    fn push_as_it_is(&mut self, property: &Property<'_>) {
        self.text.extend_from_slice(property.wire());
        if !property.wire().ends_with(b"\n") {
            self.text.extend_from_slice(b"\r\n");
        }
    }

    fn push(&mut self, draft: &Draft) {
        let mut line = String::new();
        draft.write(&mut line);
        self.text.extend_from_slice(line.as_bytes());
    }

    fn into_bytes(mut self) -> Vec<u8> {
        self.text.extend_from_slice(b"END:VCARD\r\n");
        self.text
    }
}

/// What FN says, or what has to stand for it where it is missing: it must be there in both
/// versions. RFC 6350 §6.2.1, RFC 2426 §3.1.1.
fn full_name(card: &Card<'_>) -> String {
    if let Some(name) = card.first("FN") {
        return name.text().into_owned();
    }
    let words = |property: &Property<'_>| {
        let components = property.components();
        // RFC 6350 §6.2.2: family, given, additional, prefixes, suffixes.
        let order: &[usize] = if property.is("N") {
            &[3, 1, 2, 0, 4]
        } else {
            &[0]
        };
        let parts = order.iter().filter_map(|at| components.get(*at)).flatten();
        let parts = parts.map(String::as_str).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(" ")
    };
    ["N", "ORG", "NICKNAME", "EMAIL", "TEL", "UID"]
        .iter()
        .filter_map(|name| card.first(name))
        .map(words)
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}
