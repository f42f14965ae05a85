//! Values as text: escapes, separators, folding. RFC 6350 §3.2, §3.4, RFC 6868.

use std::borrow::Cow;

use crate::Version;

/// A text without its escapes. RFC 6350 §3.4; vCard 2.1 has the one of the semicolon only.
pub fn unescape(raw: &str, version: Version) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', raw.as_bytes()) else {
        return Cow::Borrowed(raw);
    };
    let mut text = String::with_capacity(raw.len());
    let mut next = Some(first);
    let mut rest = raw;
    while let Some((plain, escape)) = next.and_then(|at| rest.split_at_checked(at)) {
        text.push_str(plain);
        let mut chars = escape.chars();
        chars.next();
        let after = chars.clone().next();
        match (version, after) {
            (Version::V2_1, Some(';')) => {}
            (Version::V2_1, _) | (_, None) => text.push('\\'),
            (_, Some(char)) => {
                chars.next();
                // `\:` and the like come from older programs, and mean the character.
                text.push(if matches!(char, 'n' | 'N') {
                    '\n'
                } else {
                    char
                });
            }
        }
        rest = chars.as_str();
        next = memchr::memchr(b'\\', rest.as_bytes());
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Appends a text as a value of vCard 3.0 and 4.0.
pub fn escape(out: &mut String, text: &str) {
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' | ',' | ';' => {
                out.push('\\');
                out.push(char);
            }
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' => out.push_str("\\n"),
            char => out.push(char),
        }
    }
}

/// Whether no card may have this character: a control character other than a tab or a line break,
/// or what XML 1.0 cannot carry. RFC 6350 §3.3.
pub(crate) fn is_forbidden(char: char) -> bool {
    matches!(char, '\u{0}'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{7F}')
        || matches!(char, '\u{FFFE}' | '\u{FFFF}')
}

/// The parts of a raw value between separators that are not escaped.
pub(crate) fn split(raw: &str, separator: char) -> Split<'_> {
    Split {
        rest: Some(raw),
        separator,
    }
}

/// See [`split`].
pub(crate) struct Split<'a> {
    rest: Option<&'a str>,
    separator: char,
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let mut escaped = false;
        for (at, char) in rest.char_indices() {
            if escaped {
                escaped = false;
            } else if char == '\\' {
                escaped = true;
            } else if char == self.separator {
                let (part, after) = rest.split_at(at);
                self.rest = after.get(char.len_utf8()..);
                return Some(part);
            }
        }
        self.rest = None;
        Some(rest)
    }
}

/// The longest line in octets, its ending left out. RFC 6350 §3.2.
const LINE_LEN: usize = 75;

/// Appends a content line, folded, with its ending. RFC 6350 §3.2.
pub(crate) fn fold(out: &mut String, line: &str) {
    let mut room = LINE_LEN;
    let mut rest = line;
    while rest.len() > room {
        // Characters are never split.
        let mut at = room;
        while !rest.is_char_boundary(at) {
            at -= 1;
        }
        let (part, after) = rest.split_at(at);
        out.push_str(part);
        out.push_str("\r\n ");
        rest = after;
        room = LINE_LEN - 1;
    }
    out.push_str(rest);
    out.push_str("\r\n");
}

/// The value of a parameter without the quotes around it and the carets of RFC 6868.
pub(crate) fn decode_parameter(raw: &str, version: Version) -> Cow<'_, str> {
    let inner = match raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) {
        Some(inner) if version != Version::V2_1 => inner,
        _ => raw,
    };
    // Only vCard 4.0 has the carets. RFC 6868 §3.
    if version != Version::V4_0 || !inner.contains('^') {
        return Cow::Borrowed(inner);
    }
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(char) = chars.next() {
        let meant = match (char, chars.peek()) {
            ('^', Some('n')) => '\n',
            ('^', Some('^')) => '^',
            ('^', Some('\'')) => '"',
            _ => {
                text.push(char);
                continue;
            }
        };
        chars.next();
        text.push(meant);
    }
    Cow::Owned(text)
}

/// A text as the value of a parameter of vCard 4.0, in quotes where it needs them. RFC 6868 §3.1.
pub(crate) fn encode_parameter(text: &str) -> String {
    let mut raw = String::with_capacity(text.len() + 2);
    for char in text.chars() {
        match char {
            '^' => raw.push_str("^^"),
            '"' => raw.push_str("^'"),
            '\n' => raw.push_str("^n"),
            '\r' => {}
            char => raw.push(char),
        }
    }
    if raw.contains([':', ';', ',']) {
        raw = format!("\"{raw}\"");
    }
    raw
}
