//! Header sections: RFC 5322 §2.2, RFC 6532. What is not a field is passed over, so that any bytes
//! have a header section, if an empty one.

use crate::Limits;
use std::borrow::Cow;
use std::ops::Range;

/// A header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The field name, with the capitalisation that it has in the message: printable ASCII.
    pub name: &'a str,
    /// The octets after the colon, up to but without the CRLF that ends the field.
    pub value: &'a [u8],
}

impl<'a> Field<'a> {
    /// Says whether this is its name: field names are compared without case, RFC 5322 §1.2.2.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value in Raw form: RFC 8621 §4.1.2.1. What is not UTF-8 becomes U+FFFD, and NUL nothing.
    pub fn raw(&self) -> Cow<'a, str> {
        match String::from_utf8_lossy(self.value) {
            text if text.contains('\0') => Cow::Owned(text.replace('\0', "")),
            text => text,
        }
    }
}

/// The header section of a message or of a part.
#[derive(Clone, Debug, Default)]
pub struct Header<'a> {
    fields: Vec<Field<'a>>,
    /// Where it lies in what it was read from, the empty line that ends it not included.
    section: Range<usize>,
    is_cut: bool,
}

impl<'a> Header<'a> {
    pub(crate) const EMPTY: Self = Self {
        fields: Vec::new(),
        section: 0..0,
        is_cut: false,
    };

    /// Reads the header section at the beginning of a message, which may lack the body.
    pub fn parse(message: &'a [u8], limits: &Limits) -> Self {
        Self::parse_at(message, 0, limits).0
    }

    /// Reads the header section that begins at `start`, and says where the body does.
    pub(crate) fn parse_at(bytes: &'a [u8], start: usize, limits: &Limits) -> (Self, usize) {
        let mut header = Self {
            section: start..start,
            ..Self::default()
        };
        let mut at = start;
        while let Some(line) = line_at(bytes, at) {
            if line.text.is_empty() {
                return (header, line.next);
            }
            let Some(name) = field_name(line.text) else {
                // What mail spools begin messages with, and lines that have lost theirs, are no
                // fields. Anything else that is none begins a body whose empty line was forgotten.
                if at == start && is_envelope(line.text) {
                    at = line.next;
                    continue;
                }
                return (header, at);
            };
            let end = field_end(bytes, line);
            header.add(bytes, at, name, &end, limits);
            at = end.next;
        }
        (header, at)
    }

    fn add(&mut self, bytes: &'a [u8], at: usize, name: &'a str, end: &Line<'a>, limits: &Limits) {
        let is_over = self.fields.len() >= limits.fields
            || end.end.saturating_sub(self.section.start) > limits.header_bytes;
        self.section.end = end.next;
        if is_over {
            self.is_cut = true;
            return;
        }
        let field = bytes.get(at..end.end).unwrap_or_default();
        let colon = memchr::memchr(b':', field).unwrap_or_default();
        let value = field.get(colon + 1..).unwrap_or_default();
        self.fields.push(Field { name, value });
    }

    /// All fields, in the order they have.
    pub fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// The last field of this name, which is the one that counts: RFC 8621 §4.1.3.
    pub fn last(&self, name: &str) -> Option<Field<'a>> {
        self.fields
            .iter()
            .rev()
            .find(|field| field.is(name))
            .copied()
    }

    /// All fields of this name.
    pub fn all<'n>(&'n self, name: &'n str) -> impl Iterator<Item = Field<'a>> + use<'a, 'n> {
        self.fields
            .iter()
            .filter(move |field| field.is(name))
            .copied()
    }

    /// Where the section lies in what it was read from, without the empty line that ends it.
    pub fn section(&self) -> Range<usize> {
        self.section.clone()
    }

    /// There were more fields than the limits allow, and those are not here.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }
}

/// A line, without what ends it.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a [u8],
    /// Where the text ends.
    end: usize,
    /// Where the next line begins.
    next: usize,
}

fn line_at(bytes: &[u8], at: usize) -> Option<Line<'_>> {
    let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
    let (text, next) = match memchr::memchr(b'\n', rest) {
        Some(feed) => (rest.get(..feed).unwrap_or_default(), at + feed + 1),
        None => (rest, bytes.len()),
    };
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let end = at + text.len();
    Some(Line { text, end, next })
}

/// The last of the lines that are folded into this field: RFC 5322 §2.2.3.
fn field_end<'a>(bytes: &'a [u8], first: Line<'a>) -> Line<'a> {
    let mut end = first;
    while let Some(b' ' | b'\t') = bytes.get(end.next) {
        let Some(line) = line_at(bytes, end.next) else {
            break;
        };
        end = line;
    }
    end
}

/// RFC 5322 §3.6.8; white space before the colon is of old: §4.5.
fn field_name(line: &[u8]) -> Option<&str> {
    let colon = memchr::memchr(b':', line)?;
    let name = line.get(..colon)?.trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    // A line of dashes is where the next part begins.
    let is_name = is_name && !name.starts_with(b"--");
    std::str::from_utf8(name).ok().filter(|_| is_name)
}

fn is_envelope(line: &[u8]) -> bool {
    line.starts_with(b"From ") || line.starts_with(b">From ")
}
