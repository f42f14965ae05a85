//! What vCard 2.1 wraps values in: quoted-printable and character sets. Read wherever it occurs,
//! since phones have written it into vCard 3.0, too.

use std::borrow::Cow;

/// The octets of a quoted-printable value. What is not an escape is kept. RFC 2045 §6.7.
pub(crate) fn decode_quoted_printable(raw: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        let octet = match (byte, after) {
            (b'=', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(h, l)| h << 4 | l),
            _ => None,
        };
        match octet {
            Some(octet) => {
                octets.push(octet);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                octets.push(byte);
                rest = after;
            }
        }
    }
    octets
}

fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).map(|digit| digit as u8)
}

/// The text of octets in a character set, or in UTF-8 if there is no such one. Octets that do not
/// fit become U+FFFD.
pub(crate) fn decode_charset<'a>(octets: &'a [u8], label: Option<&str>) -> Cow<'a, str> {
    let encoding = label
        .and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()))
        .unwrap_or(encoding_rs::UTF_8);
    encoding.decode_without_bom_handling(octets).0
}
