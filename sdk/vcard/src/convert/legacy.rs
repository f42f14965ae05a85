//! vCard 2.1 as 3.0, for the files that phones and old programs export.

use super::draft::Draft;
use super::{Output, full_name};
use crate::Version;
use crate::card::Card;
use crate::property::Property;
use crate::text::{escape, is_forbidden};

/// Properties whose values are components. RFC 2426 §3.1.2, §3.2.1, §3.5.5.
const STRUCTURED: [&str; 3] = ["N", "ADR", "ORG"];

/// Properties whose values are no text, and have no escapes.
const VERBATIM: [&str; 12] = [
    "PHOTO", "LOGO", "SOUND", "KEY", "URL", "SOURCE", "UID", "REV", "BDAY", "TZ", "TEL", "EMAIL",
];

/// Properties whose commas separate.
const LISTS: [&str; 2] = ["CATEGORIES", "NICKNAME"];

pub(super) fn convert(card: &Card<'_>) -> Vec<u8> {
    let mut output = Output::new(Version::V3_0);
    for property in card.properties() {
        if property.is("VERSION") {
            continue;
        }
        let mut draft = Draft::of(property);
        draft.value = value(property);
        // Outlook has form feeds in keys; no version may have control characters.
        draft.value.retain(|char| !is_forbidden(char));
        encoding(property, &mut draft);
        if property.embeds() {
            // In vCard 3.0, the card is a text. RFC 2426 §3.5.4.
            draft.value.clear();
            let wire = String::from_utf8_lossy(property.wire());
            let (_, embedded) = wire.split_once('\n').unwrap_or_default();
            escape(&mut draft.value, embedded.trim_end());
        }
        output.push(&draft);
    }
    for name in ["FN", "N"] {
        if card.first(name).is_none() {
            let mut value = String::new();
            escape(&mut value, &full_name(card));
            if name == "N" {
                value.push_str(";;;;");
            }
            output.push(&Draft::new(name, value));
        }
    }
    output.into_bytes()
}

fn value(property: &Property<'_>) -> String {
    let among = |names: &[&str]| names.iter().any(|name| property.is(name));
    let mut value = String::new();
    if property.is("GEO") {
        return property.raw().replacen(',', ";", 1);
    }
    if among(&VERBATIM) || property.is_base64() {
        // A line break in it would end the line.
        value = property.raw().replace(['\r', '\n'], "");
    } else if among(&STRUCTURED) {
        for (at, component) in property.components().iter().enumerate() {
            if at > 0 {
                value.push(';');
            }
            component.iter().for_each(|text| escape(&mut value, text));
        }
    } else if among(&LISTS) {
        for (at, text) in property.text().split(',').enumerate() {
            if at > 0 {
                value.push(',');
            }
            escape(&mut value, text.trim());
        }
    } else {
        escape(&mut value, &property.text());
    }
    value
}

/// What is left to say of the encoding: base64 is `b`, and of places only a URI is one.
/// RFC 2426 §5.
fn encoding(property: &Property<'_>, draft: &mut Draft) {
    draft.remove("ENCODING");
    if property.is_base64() {
        draft.set("ENCODING", "b");
    }
    let place = draft.remove("VALUE");
    if place.is_some_and(|place| ["url", "uri"].contains(&&*place.to_ascii_lowercase())) {
        draft.set("VALUE", "uri");
    }
}
