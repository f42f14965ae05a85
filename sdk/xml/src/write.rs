//! The writer: appends to one buffer, with fixed prefixes for the namespaces it was given.
//!
//! Nothing is allocated for an element. A start tag stays open until something follows, so that
//! an element without content becomes an empty tag by itself.

use crate::escape::{escape_ascii, escape_attribute, escape_text};
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
        escape_ascii(&mut self.out, text);
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
