//! Text to its written form and back: escaping, folding, parameter values. RFC 5545 §3.1,
//! §3.3.11; RFC 6868.

use std::borrow::Cow;

/// The longest line in bytes without its end, as RFC 5545 §3.1 wants.
const LINE_MAX: usize = 75;

/// Escapes a TEXT value: RFC 5545 §3.3.11.
pub fn escape_text(text: &str) -> Cow<'_, str> {
    if !text.contains(['\\', ';', ',', '\n', '\r']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => {}
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The text that a TEXT value means. A backslash before any other character is kept.
pub fn unescape_text(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n' | 'N') => out.push('\n'),
            Some(c @ ('\\' | ';' | ',')) => out.push(c),
            Some(c) => {
                out.push('\\');
                out.push(c);
            }
            None => out.push('\\'),
        }
    }
    Cow::Owned(out)
}

/// The line folded, with its end. Never within a character.
pub(crate) fn folded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 64 * 3 + 2);
    let mut rest = text;
    let mut room = LINE_MAX;
    while rest.len() > room {
        let cut = (1..=room).rev().find(|cut| rest.is_char_boundary(*cut));
        let Some((line, more)) = cut.and_then(|cut| rest.split_at_checked(cut)) else {
            break;
        };
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(b"\r\n ");
        rest = more;
        room = LINE_MAX - 1;
    }
    out.extend_from_slice(rest.as_bytes());
    out.extend_from_slice(b"\r\n");
    out
}

/// A parameter's value as it is written: encoded by RFC 6868 §3, in quotes if it must be.
pub(crate) fn parameter(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    for c in value.chars() {
        match c {
            '^' => out.push_str("^^"),
            '\n' => out.push_str("^n"),
            '"' => out.push_str("^'"),
            c => out.push(c),
        }
    }
    if out.contains([',', ';', ':']) {
        out.insert(0, '"');
        out.push('"');
    }
    out
}

/// What a written parameter value means.
pub(crate) fn parameter_value(raw: &str) -> Cow<'_, str> {
    let raw = raw
        .strip_prefix('"')
        .map_or(raw, |raw| raw.strip_suffix('"').unwrap_or(raw));
    if !raw.contains('^') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        let decoded = match (c, chars.peek()) {
            ('^', Some('n')) => '\n',
            ('^', Some('^')) => '^',
            ('^', Some('\'')) => '"',
            // "the ^ character and the following character MUST be left in place".
            (c, _) => {
                out.push(c);
                continue;
            }
        };
        chars.next();
        out.push(decoded);
    }
    Cow::Owned(out)
}
