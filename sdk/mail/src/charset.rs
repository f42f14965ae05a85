//! Octets to text. Which charset they are in is what a sender says of them, and not always true.

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, WINDOWS_1252};
use mail_parser::decoders::charsets::map::charset_decoder;
use std::borrow::Cow;

/// Text that was decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decoded<'a> {
    pub(crate) text: Cow<'a, str>,
    /// The charset is not known, or there was something that is not in it.
    pub(crate) is_problem: bool,
}

/// Decodes octets. Where no charset is said, or ASCII, UTF-8 is what is meant by octets that are
/// valid in it, and Windows-1252 else: so do all who read mail.
pub(crate) fn decode<'a>(bytes: &'a [u8], charset: Option<&str>) -> Decoded<'a> {
    decode_prefix(bytes, charset, true)
}

/// Decodes octets of which more follow that are left out (unless `is_whole`): a character that is
/// not whole at the end is no problem then.
pub(crate) fn decode_prefix<'a>(
    bytes: &'a [u8],
    charset: Option<&str>,
    is_whole: bool,
) -> Decoded<'a> {
    let label = charset.unwrap_or("us-ascii").trim();
    if label.eq_ignore_ascii_case("us-ascii") || label.eq_ignore_ascii_case("ascii") {
        return guess(bytes, is_whole, false);
    }
    match Encoding::for_label(label.as_bytes()) {
        Some(encoding) if encoding != REPLACEMENT => with(encoding, bytes, is_whole),
        // The web has given up some that there still is mail in.
        _ => match charset_decoder(label.as_bytes()) {
            Some(decoder) => {
                let text = decoder(bytes);
                let is_problem = text.contains(char::REPLACEMENT_CHARACTER);
                Decoded {
                    text: Cow::Owned(text),
                    is_problem,
                }
            }
            None => guess(bytes, is_whole, true),
        },
    }
}

fn guess(bytes: &[u8], is_whole: bool, is_problem: bool) -> Decoded<'_> {
    let utf_8 = with(UTF_8, bytes, is_whole);
    let decoded = match utf_8.is_problem {
        false => utf_8,
        true => Decoded {
            is_problem: true,
            ..with(WINDOWS_1252, bytes, is_whole)
        },
    };
    Decoded {
        is_problem: is_problem || decoded.is_problem,
        ..decoded
    }
}

fn with<'a>(encoding: &'static Encoding, bytes: &'a [u8], is_whole: bool) -> Decoded<'a> {
    if is_whole {
        let (text, is_problem) = encoding.decode_with_bom_removal(bytes);
        return Decoded { text, is_problem };
    }
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let capacity = decoder.max_utf8_buffer_length(bytes.len());
    let mut text = String::with_capacity(capacity.unwrap_or(bytes.len()));
    let (_, _, is_problem) = decoder.decode_to_string(bytes, &mut text, false);
    Decoded {
        text: Cow::Owned(text),
        is_problem,
    }
}
