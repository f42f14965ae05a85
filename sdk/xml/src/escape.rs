//! Escaping of text and of attribute values. XML 1.0 §2.2, §2.4, §2.11, §3.3.3.
//!
//! Answers to reports are mostly text that lies between carriage returns, so what is special is
//! looked for, and all else copied, in blocks.

/// Appends text with markup escaped. Characters that XML 1.0 cannot carry are left out.
pub fn escape_text(out: &mut Vec<u8>, text: &str) {
    escape::<false>(out, text.as_bytes());
}

/// Appends an attribute value for double quotes. Characters that XML 1.0 cannot carry are left out.
pub fn escape_attribute(out: &mut Vec<u8>, text: &str) {
    escape::<true>(out, text.as_bytes());
}

/// The same as [`escape_text`] for text that is ASCII.
pub(crate) fn escape_ascii(out: &mut Vec<u8>, text: &[u8]) {
    escape::<false>(out, text);
}

/// How many bytes are looked at, and copied, at once: to copy a few bytes takes longer if it is not
/// known beforehand how many they are.
const BLOCK: usize = 32;

/// Whether a byte has to be looked at. A carriage return must be escaped in text: bare, it would be
/// read back as a line feed. In an attribute all white space would be read back as spaces. U+FFFE
/// and U+FFFF start with EF.
fn is_special<const ATTRIBUTE: bool>(byte: u8) -> bool {
    match byte {
        b'<' | b'>' | b'&' | 0xEF => true,
        b'"' | b'\t' | b'\n' => ATTRIBUTE,
        byte => byte < b' ',
    }
}

/// Which bytes of a block are special: a bit for each, the first one lowest.
#[cfg(not(target_feature = "simd128"))]
fn specials<const ATTRIBUTE: bool>(block: &[u8; BLOCK]) -> u32 {
    let flags = block.iter().rev();
    flags.fold(0, |bits, byte| {
        bits << 1 | u32::from(is_special::<ATTRIBUTE>(*byte))
    })
}

/// The same, sixteen bytes in one instruction, as modules are built.
#[cfg(target_feature = "simd128")]
#[inline]
fn specials<const ATTRIBUTE: bool>(block: &[u8; BLOCK]) -> u32 {
    use std::arch::wasm32::*;
    let half = |half: &[u8; 16]| {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *half;
        let bytes = u8x16(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
        let is = |byte: u8| u8x16_eq(bytes, u8x16_splat(byte));
        let space = v128_or(is(b'\t'), is(b'\n'));
        let control = u8x16_lt(bytes, u8x16_splat(b' '));
        let control = match ATTRIBUTE {
            true => v128_or(control, is(b'"')),
            false => v128_andnot(control, space),
        };
        let markup = v128_or(v128_or(is(b'<'), is(b'>')), v128_or(is(b'&'), is(0xEF)));
        u32::from(u8x16_bitmask(v128_or(control, markup)))
    };
    match (block.first_chunk(), block.last_chunk()) {
        (Some(first), Some(last)) => half(first) | half(last) << 16,
        _ => u32::MAX,
    }
}

fn escape<const ATTRIBUTE: bool>(out: &mut Vec<u8>, text: &[u8]) {
    out.reserve(text.len() + text.len() / 4 + BLOCK);
    let mut rest = text;
    while let Some(block) = rest.first_chunk::<BLOCK>() {
        let plain = specials::<ATTRIBUTE>(block).trailing_zeros() as usize;
        let len = out.len();
        out.extend_from_slice(block);
        out.truncate(len + plain);
        let found = rest.get(plain..).unwrap_or_default();
        rest = match found {
            _ if plain == BLOCK => found,
            // What most lines end with, of those who end them as their RFC says.
            [b'\r', after @ ..] => {
                out.extend_from_slice(b"&#13;");
                after
            }
            found => instead(out, found),
        };
    }
    // Few bytes are left.
    while let Some(at) = rest.iter().position(|byte| is_special::<ATTRIBUTE>(*byte)) {
        let (plain, found) = rest.split_at(at);
        out.extend_from_slice(plain);
        rest = instead(out, found);
    }
    out.extend_from_slice(rest);
}

/// Appends what stands for the special character that some bytes begin with, and returns the rest.
fn instead<'t>(out: &mut Vec<u8>, found: &'t [u8]) -> &'t [u8] {
    let (instead, width): (&[u8], usize) = match found {
        [b'<', ..] => (b"&lt;", 1),
        [b'>', ..] => (b"&gt;", 1),
        [b'&', ..] => (b"&amp;", 1),
        [b'"', ..] => (b"&quot;", 1),
        [b'\t', ..] => (b"&#9;", 1),
        [b'\n', ..] => (b"&#10;", 1),
        [b'\r', ..] => (b"&#13;", 1),
        // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
        [0xEF, 0xBF, 0xBE | 0xBF, ..] => (b"", 3),
        [0xEF, ..] => (b"\xEF", 1),
        _ => (b"", 1),
    };
    out.extend_from_slice(instead);
    found.get(width..).unwrap_or_default()
}
