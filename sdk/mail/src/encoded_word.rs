//! Encoded words: text outside of ASCII in header fields. RFC 2047.

use crate::charset;
use crate::transfer::{self, Encoding};

/// The longest encoded word that is decoded, in bytes. RFC 2047 §2 allows 75; senders that do not
/// fold exceed that.
const WORD_MAX: usize = 8192;

/// Decodes the encoded words in a run of text that has been unfolded, as RFC 2047 §6.1 says: each
/// stands alone between white space (or the ends), and white space between two of them is no text.
/// What looks like one and isn't stays as it is.
pub(crate) fn decode(text: &str) -> String {
    if !text.contains("=?") {
        return text.to_owned();
    }
    let mut decoded = String::with_capacity(text.len());
    let mut words = Words::default();
    let mut rest = text;
    while !rest.is_empty() {
        let word_at = rest.find(|char| !is_space(char)).unwrap_or(rest.len());
        let (space, after) = rest.split_at(word_at);
        let word_end = after.find(is_space).unwrap_or(after.len());
        let (word, after) = after.split_at(word_end);
        rest = after;
        match parse_run(word) {
            Some(run) => {
                if words.is_empty() {
                    decoded.push_str(space);
                }
                run.into_iter().for_each(|word| words.push(word));
            }
            None => {
                words.flush(&mut decoded);
                decoded.push_str(space);
                decoded.push_str(word);
            }
        }
    }
    words.flush(&mut decoded);
    decoded
}

fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\r' | '\n')
}

/// Encoded words that follow one another: those of one charset are decoded together, because many
/// senders cut them in the middle of a character.
#[derive(Default)]
struct Words {
    charset: String,
    bytes: Vec<u8>,
    done: String,
    any: bool,
}

impl Words {
    fn is_empty(&self) -> bool {
        !self.any
    }

    fn push(&mut self, word: Word<'_>) {
        if !self.charset.eq_ignore_ascii_case(word.charset) {
            self.end();
            word.charset.clone_into(&mut self.charset);
        }
        self.bytes.extend(word.bytes);
        self.any = true;
    }

    fn end(&mut self) {
        if !self.bytes.is_empty() {
            let text = charset::decode(&self.bytes, Some(&self.charset)).text;
            // RFC 8621 §4.1.2.2: control characters that were encoded are dropped.
            self.done
                .extend(text.chars().filter(|char| !char.is_control()));
            self.bytes.clear();
        }
    }

    fn flush(&mut self, decoded: &mut String) {
        self.end();
        decoded.push_str(&self.done);
        self.done.clear();
        self.charset.clear();
        self.any = false;
    }
}

struct Word<'a> {
    charset: &'a str,
    bytes: Vec<u8>,
}

/// The encoded words that a word between white space is made of: one, or several that a sender has
/// put next to each other.
fn parse_run(word: &str) -> Option<Vec<Word<'_>>> {
    if !word.starts_with("=?") || word.len() > WORD_MAX {
        return None;
    }
    let mut run = Vec::new();
    let mut rest = word;
    while !rest.is_empty() {
        let (word, after) = parse(rest)?;
        run.push(word);
        rest = after;
    }
    Some(run)
}

/// `=?charset?encoding?encoded-text?=`, RFC 2047 §2, with the language of RFC 2231 §5.
fn parse(text: &str) -> Option<(Word<'_>, &str)> {
    let (charset, rest) = text.strip_prefix("=?")?.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (encoded, after) = rest.split_once("?=")?;
    let charset = charset.split_once('*').map_or(charset, |(name, _)| name);
    let is_encoded = |byte: u8| byte.is_ascii_graphic() && byte != b'?';
    if charset.is_empty() || !charset.is_ascii() || !encoded.bytes().all(is_encoded) {
        return None;
    }
    let bytes = match encoding {
        "B" | "b" => transfer::decode(encoded.as_bytes(), Encoding::Base64).into_owned(),
        "Q" | "q" => {
            let encoded = encoded.replace('_', "=20");
            transfer::decode(encoded.as_bytes(), Encoding::QuotedPrintable).into_owned()
        }
        _ => return None,
    };
    Some((Word { charset, bytes }, after))
}
