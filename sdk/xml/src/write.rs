//! The writer: appends to one buffer, with fixed prefixes for the namespaces it was given.
//!
//! Nothing is allocated for an element. A start tag stays open until something follows, so that
//! an element without content becomes an empty tag by itself.

use crate::{DAV, Name};

/// A namespace and the prefix that a [`Writer`] uses for it.
pub type Prefix = (&'static str, &'static str);

/// The tags of an element that is written many times.
#[derive(Debug)]
pub struct Tag {
    /// Without the bracket at its end.
    start: Vec<u8>,
    end: Vec<u8>,
}

impl Tag {
    /// The tags that a [`Writer`] with these prefixes writes for an element of this name.
    pub fn new(prefixes: &[Prefix], name: &Name) -> Self {
        let (mut start, mut end) = (b"<".to_vec(), b"</".to_vec());
        write_tag(&mut start, prefixes, name, true);
        write_tag(&mut end, prefixes, name, false);
        end.push(b'>');
        Self { start, end }
    }
}

/// Writes elements one after the other into a buffer.
#[derive(Debug)]
pub struct Writer {
    out: Vec<u8>,
    prefixes: &'static [Prefix],
    tag_open: bool,
}

impl Writer {
    /// An empty writer that writes `DAV:` as `D` and knows these prefixes besides.
    ///
    /// The root must be written with [`Writer::start_root`], which declares them.
    pub fn new(prefixes: &'static [Prefix]) -> Self {
        Self {
            out: Vec::new(),
            prefixes,
            tag_open: false,
        }
    }

    /// Writes the XML declaration and the root's start tag with all prefixes declared.
    pub fn start_root(&mut self, name: &Name) {
        self.out
            .extend_from_slice(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        self.start(name);
        if name.ns() != DAV {
            self.attribute("xmlns:D", DAV);
        } else {
            self.out.extend_from_slice(b" xmlns:D=\"DAV:\"");
        }
        for (ns, prefix) in self.prefixes {
            // The root's own tag may have declared an unknown namespace under another prefix.
            self.out.extend_from_slice(b" xmlns:");
            self.out.extend_from_slice(prefix.as_bytes());
            self.out.extend_from_slice(b"=\"");
            escape_attribute(&mut self.out, ns);
            self.out.push(b'"');
        }
    }

    /// Writes a start tag; attributes may follow.
    pub fn start(&mut self, name: &Name) {
        self.close_tag();
        self.out.push(b'<');
        write_tag(&mut self.out, self.prefixes, name, true);
        self.tag_open = true;
    }

    /// Writes an attribute of the start tag just written. `qname` is taken as it is.
    pub fn attribute(&mut self, qname: &str, value: &str) {
        debug_assert!(self.tag_open, "attributes come right after a start tag");
        self.out.push(b' ');
        self.out.extend_from_slice(qname.as_bytes());
        self.out.extend_from_slice(b"=\"");
        escape_attribute(&mut self.out, value);
        self.out.push(b'"');
    }

    /// Writes the end tag that belongs to [`Writer::start`] with the same name.
    pub fn end(&mut self, name: &Name) {
        if self.tag_open {
            self.out.extend_from_slice(b"/>");
            self.tag_open = false;
        } else {
            self.out.extend_from_slice(b"</");
            write_tag(&mut self.out, self.prefixes, name, false);
            self.out.push(b'>');
        }
    }

    /// Writes an element without content.
    pub fn empty(&mut self, name: &Name) {
        self.start(name);
        self.end(name);
    }

    /// Writes an element that holds text.
    pub fn leaf(&mut self, name: &Name, text: &str) {
        self.start(name);
        self.text(text);
        self.end(name);
    }

    /// Writes text, escaped.
    #[inline]
    pub fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.close_tag();
            escape_text(&mut self.out, text);
        }
    }

    /// Writes ASCII text, escaped.
    #[inline]
    pub fn ascii(&mut self, text: &[u8]) {
        debug_assert!(text.is_ascii(), "the buffer is UTF-8");
        self.close_tag();
        escape(&mut self.out, text, &TEXT);
    }

    /// Writes what is XML already: an element that stands alone, or text without markup.
    #[inline]
    pub fn raw(&mut self, xml: &[u8]) {
        if !xml.is_empty() {
            self.close_tag();
            self.out.extend_from_slice(xml);
        }
    }

    /// Writes a number as text.
    pub fn number(&mut self, number: u64) {
        self.close_tag();
        let mut digits = [0u8; 20];
        let mut rest = number;
        let mut len = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            len += 1;
            if rest == 0 {
                break;
            }
        }
        self.out
            .extend_from_slice(digits.get(20 - len..).unwrap_or_default());
    }

    /// Writes a start tag; attributes may follow.
    #[inline]
    pub fn start_tag(&mut self, tag: &Tag) {
        self.close_tag();
        self.out.extend_from_slice(&tag.start);
        self.tag_open = true;
    }

    /// Writes the end tag that belongs to [`Writer::start_tag`].
    #[inline]
    pub fn end_tag(&mut self, tag: &Tag) {
        if self.tag_open {
            self.out.extend_from_slice(b"/>");
            self.tag_open = false;
        } else {
            self.out.extend_from_slice(&tag.end);
        }
    }

    /// Where the writer is, to come back to with [`Writer::rewind`].
    #[inline]
    pub fn mark(&mut self) -> usize {
        self.close_tag();
        self.out.len()
    }

    /// Forgets everything since `mark`.
    #[inline]
    pub fn rewind(&mut self, mark: usize) {
        self.out.truncate(mark);
        self.tag_open = false;
    }

    /// How many bytes are in the buffer.
    #[inline]
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing is in the buffer.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// The buffer itself, for those who escape by themselves.
    #[inline]
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        self.close_tag();
        &mut self.out
    }

    /// All that was written.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.close_tag();
        self.out
    }

    #[inline]
    fn close_tag(&mut self) {
        if self.tag_open {
            self.out.push(b'>');
            self.tag_open = false;
        }
    }
}

/// Writes `prefix:local`, and a declaration if the namespace has no prefix of ours.
fn write_tag(out: &mut Vec<u8>, prefixes: &[Prefix], name: &Name, declare: bool) {
    let ns = name.ns();
    let known = match ns {
        DAV => Some("D"),
        "" => Some(""),
        _ => prefixes
            .iter()
            .find(|(known, _)| *known == ns)
            .map(|(_, prefix)| *prefix),
    };
    let prefix = known.unwrap_or("x");
    if !prefix.is_empty() {
        out.extend_from_slice(prefix.as_bytes());
        out.push(b':');
    }
    out.extend_from_slice(name.local().as_bytes());
    if known.is_none() && declare {
        out.extend_from_slice(b" xmlns:x=\"");
        escape_attribute(out, ns);
        out.push(b'"');
    }
}

/// Appends text with markup escaped. Characters that XML 1.0 cannot carry are left out.
pub fn escape_text(out: &mut Vec<u8>, text: &str) {
    escape(out, text.as_bytes(), &TEXT);
}

/// Appends an attribute value for double quotes. Characters that XML 1.0 cannot carry are left out.
pub fn escape_attribute(out: &mut Vec<u8>, text: &str) {
    escape(out, text.as_bytes(), &ATTRIBUTE);
}

/// For each byte whether it has to be looked at.
type Special = [bool; 256];

/// A carriage return must be escaped in text: bare, it would be read back as a line feed.
static TEXT: Special = special(b"<>&", b"\t\n");
static ATTRIBUTE: Special = special(b"<>&\"", b"");

const fn special(markup: &[u8], allowed: &[u8]) -> Special {
    let mut table = [false; 256];
    let mut byte = 0u8;
    loop {
        // U+FFFE and U+FFFF start with EF.
        let control = byte < b' ' && !contains(allowed, byte);
        let (_, from) = table.split_at_mut(byte as usize);
        if let [slot, ..] = from {
            *slot = control || byte == 0xEF || contains(markup, byte);
        }
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

const fn contains(bytes: &[u8], byte: u8) -> bool {
    match bytes {
        [] => false,
        [first, rest @ ..] => *first == byte || contains(rest, byte),
    }
}

/// Whether a byte may be special in any table: by comparing alone, so that many are looked at in one
/// instruction.
fn may_be_special(byte: u8) -> bool {
    (byte < b' ')
        | (byte == b'<')
        | (byte == b'>')
        | (byte == b'&')
        | (byte == b'"')
        | (byte == 0xEF)
}

/// Where the first special byte is.
fn find_special(text: &[u8], special: &Special) -> Option<usize> {
    let (blocks, _) = text.as_chunks::<16>();
    let is_plain = |block: &&[u8; 16]| {
        !block
            .iter()
            .fold(false, |any, &byte| any | may_be_special(byte))
    };
    let plain = blocks.iter().take_while(is_plain).count() * 16;
    let is_special = |byte: &u8| special.get(usize::from(*byte)).copied().unwrap_or(true);
    let found = text.get(plain..)?.iter().position(is_special)?;
    Some(plain + found)
}

fn escape(out: &mut Vec<u8>, text: &[u8], special: &Special) {
    let mut rest = text;
    loop {
        let Some(at) = find_special(rest, special) else {
            out.extend_from_slice(rest);
            return;
        };
        let (plain, found) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
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
        rest = found.get(width..).unwrap_or_default();
    }
}
