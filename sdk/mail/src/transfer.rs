//! Content-Transfer-Encoding: RFC 2045 §6. Nothing fails to decode: what the encoding does not know
//! is passed over in base64, and stays as it is in quoted-printable, as §6.7 and §6.8 say.

use std::borrow::Cow;

/// How the octets of a part are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Not at all: 7bit, 8bit and binary.
    #[default]
    Identity,
    /// RFC 2045 §6.8.
    Base64,
    /// RFC 2045 §6.7.
    QuotedPrintable,
    /// None that is known, and taken as if there were none: RFC 8621 §4.1.4.
    Unknown,
}

impl Encoding {
    /// Reads the value of a Content-Transfer-Encoding field.
    pub(crate) fn named(value: &str) -> Self {
        let name = value.split(['(', ';']).next().unwrap_or_default();
        match name.trim().to_ascii_lowercase().as_str() {
            "" | "7bit" | "8bit" | "binary" | "7-bit" | "8-bit" => Self::Identity,
            "base64" => Self::Base64,
            "quoted-printable" => Self::QuotedPrintable,
            _ => Self::Unknown,
        }
    }
}

/// Decodes the contents of a part.
pub fn decode(encoded: &[u8], encoding: Encoding) -> Cow<'_, [u8]> {
    decode_prefix(encoded, encoding, usize::MAX).0
}

/// Decodes no more than the first `max` octets (and the few that come with them), and says whether
/// these are all.
pub(crate) fn decode_prefix(
    encoded: &[u8],
    encoding: Encoding,
    max: usize,
) -> (Cow<'_, [u8]>, bool) {
    let mut decoded = Vec::new();
    let is_whole = match encoding {
        Encoding::Identity | Encoding::Unknown => {
            let prefix = encoded.get(..max).unwrap_or(encoded);
            return (Cow::Borrowed(prefix), prefix.len() == encoded.len());
        }
        Encoding::Base64 => {
            decoded.reserve((encoded.len() / 4 * 3).min(max));
            let mut quantum = Quantum::default();
            let mut sink = |octets: &[u8]| {
                decoded.extend_from_slice(octets);
                decoded.len() < max
            };
            base64(encoded, &mut quantum, &mut sink) && {
                quantum.flush(&mut sink);
                true
            }
        }
        Encoding::QuotedPrintable => {
            decoded.reserve(encoded.len().min(max));
            quoted_printable(encoded, |octets| {
                decoded.extend_from_slice(octets);
                decoded.len() < max
            })
        }
    };
    (Cow::Owned(decoded), is_whole)
}

/// How many octets the contents of a part have when decoded.
pub fn decoded_len(encoded: &[u8], encoding: Encoding) -> usize {
    let mut len = 0;
    let mut count = |octets: &[u8]| {
        len += octets.len();
        true
    };
    match encoding {
        Encoding::Identity | Encoding::Unknown => return encoded.len(),
        Encoding::Base64 => {
            let mut quantum = Quantum::default();
            base64(encoded, &mut quantum, &mut count);
            quantum.flush(&mut count);
        }
        Encoding::QuotedPrintable => {
            quoted_printable(encoded, count);
        }
    }
    len
}

/// Decodes contents that come piece by piece, so that they need not be in memory as a whole.
#[derive(Debug, Default)]
pub struct Decoder {
    encoding: Encoding,
    quantum: Quantum,
    /// The beginning of a line of quoted-printable, whose end decides what it is.
    line: Vec<u8>,
}

/// The longest line of quoted-printable that is waited for. RFC 2045 §6.7 allows 76 characters.
const LINE_MAX: usize = 64 << 10;

impl Decoder {
    /// A decoder of contents in this encoding.
    pub fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            ..Self::default()
        }
    }

    /// Decodes the next piece, and appends what can be told by now.
    pub fn push(&mut self, encoded: &[u8], decoded: &mut Vec<u8>) {
        let mut sink = |octets: &[u8]| {
            decoded.extend_from_slice(octets);
            true
        };
        match self.encoding {
            Encoding::Identity | Encoding::Unknown => {
                sink(encoded);
            }
            Encoding::Base64 => {
                base64(encoded, &mut self.quantum, &mut sink);
            }
            Encoding::QuotedPrintable => {
                self.line.extend_from_slice(encoded);
                let whole = memchr::memrchr(b'\n', &self.line).map(|feed| feed + 1);
                let whole = whole.unwrap_or_else(|| match self.line.len() {
                    0..=LINE_MAX => 0,
                    // A line of nothing else is no text.
                    len => Some(before_escape(&self.line))
                        .filter(|at| *at > 0)
                        .unwrap_or(len),
                });
                let rest = self.line.split_off(whole);
                quoted_printable(&self.line, sink);
                self.line = rest;
            }
        }
    }

    /// Appends what only the end has decided.
    pub fn end(mut self, decoded: &mut Vec<u8>) {
        let mut sink = |octets: &[u8]| {
            decoded.extend_from_slice(octets);
            true
        };
        self.quantum.flush(&mut sink);
        quoted_printable(&self.line, sink);
    }
}

/// How much of a line can be decoded before its end is there: up to a character that is neither of
/// white space nor of an escape.
fn before_escape(line: &[u8]) -> usize {
    let mut window = line.iter().enumerate().rev().skip(2);
    let is_plain = |byte: &u8| !byte.is_ascii_whitespace() && *byte != b'=';
    let found = window.find(|(at, byte)| {
        let escapes = line.get(at.saturating_sub(2)..*at).unwrap_or_default();
        is_plain(byte) && !escapes.contains(&b'=')
    });
    found.map_or(0, |(at, _)| at + 1)
}

/// Not in the alphabet.
const NONE: u8 = 0xff;

const SEXTETS: [u8; 256] = sextets();

#[expect(
    clippy::indexing_slicing,
    reason = "constant: what is out of bounds does not compile"
)]
const fn sextets() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [NONE; 256];
    let mut at = 0;
    while at < alphabet.len() {
        table[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    table
}

fn sextet(byte: u8) -> u8 {
    SEXTETS.get(usize::from(byte)).copied().unwrap_or(NONE)
}

/// Sextets of base64 that are no octets yet.
#[derive(Debug, Default)]
struct Quantum {
    bits: u32,
    count: u32,
}

impl Quantum {
    /// Gives what two, three or four sextets hold; says whether the sink wants more.
    fn flush(&mut self, sink: &mut impl FnMut(&[u8]) -> bool) -> bool {
        let count = std::mem::take(&mut self.count).min(4);
        let bits = std::mem::take(&mut self.bits);
        let [_, a, b, c] = (bits << (6 * (4 - count))).to_be_bytes();
        match count {
            2 => sink(&[a]),
            3 => sink(&[a, b]),
            4 => sink(&[a, b, c]),
            _ => true,
        }
    }
}

/// Gives the octets, three at a time, until the sink has enough; says whether it has all. Padding
/// ends a quantum and not the text: some senders encode piece by piece.
fn base64(encoded: &[u8], quantum: &mut Quantum, sink: &mut impl FnMut(&[u8]) -> bool) -> bool {
    let mut rest = encoded;
    loop {
        // Most of a text is whole quanta.
        while quantum.count == 0
            && let [a, b, c, d, after @ ..] = rest
        {
            let (a, b, c, d) = (sextet(*a), sextet(*b), sextet(*c), sextet(*d));
            if (a | b | c | d) > 0x3f {
                break;
            }
            let bits = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
            let [_, octets @ ..] = bits.to_be_bytes();
            rest = after;
            if !sink(&octets) {
                return rest.is_empty();
            }
        }
        let Some((byte, after)) = rest.split_first() else {
            return true;
        };
        rest = after;
        let value = sextet(*byte);
        if value != NONE {
            quantum.bits = quantum.bits << 6 | u32::from(value);
            quantum.count += 1;
        }
        if (quantum.count == 4 || *byte == b'=') && !quantum.flush(sink) {
            return rest.is_empty();
        }
    }
}

/// Gives the octets line by line, until the sink has enough.
fn quoted_printable(encoded: &[u8], mut sink: impl FnMut(&[u8]) -> bool) -> bool {
    let mut rest = encoded;
    while !rest.is_empty() {
        let (line, end, after) = match memchr::memchr(b'\n', rest) {
            Some(feed) => {
                let (line, after) = rest.split_at(feed + 1);
                let text = line.strip_suffix(b"\n").unwrap_or(line);
                let text = text.strip_suffix(b"\r").unwrap_or(text);
                let end = line.get(text.len()..).unwrap_or_default();
                (text, end, after)
            }
            None => (rest, &b""[..], &b""[..]),
        };
        rest = after;
        // White space at the end of a line was added on the way: rule 3.
        let line = line.trim_ascii_end();
        let (line, end) = match line.strip_suffix(b"=") {
            Some(line) => (line, &b""[..]),
            None => (line, end),
        };
        if !quoted_line(line, &mut sink) || !sink(end) {
            return rest.is_empty();
        }
    }
    true
}

fn quoted_line(mut line: &[u8], sink: &mut impl FnMut(&[u8]) -> bool) -> bool {
    while let Some(at) = memchr::memchr(b'=', line) {
        let (plain, escape) = line.split_at(at);
        let digit = |at: usize| char::from(*escape.get(at)?).to_digit(16);
        let goes_on = sink(plain)
            && match (digit(1), digit(2)) {
                (Some(high), Some(low)) => {
                    line = escape.get(3..).unwrap_or_default();
                    sink(&[(high << 4 | low) as u8])
                }
                _ => {
                    line = escape.get(1..).unwrap_or_default();
                    sink(b"=")
                }
            };
        if !goes_on {
            return false;
        }
    }
    sink(line)
}
