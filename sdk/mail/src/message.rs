//! A message taken apart: its header section, and the tree of its parts. RFC 5322, RFC 2045, RFC
//! 2046.
//!
//! The structure is found in one pass over the message, whose work does not depend on how it is
//! nested; nothing is decoded that is not asked for, and every part is a range of the message.
//! Whatever is wrong with a message, all of it is in some part.

use crate::Limits;
use crate::header::Header;
use crate::part::Part;
use memchr::memmem;

/// A message.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    parts: Vec<Part<'a>>,
    is_cut: bool,
}

impl<'a> Message<'a> {
    /// Reads a message. Any bytes are one.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Self {
        let mut reader = Reader {
            bytes,
            limits,
            parts: Vec::new(),
            open: Vec::new(),
            leaf: None,
            at: 0,
            is_cut: false,
        };
        reader.read();
        let mut message = Self {
            bytes,
            parts: reader.parts,
            is_cut: reader.is_cut,
        };
        message.settle();
        message
    }

    /// The bytes that it was read from.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// All parts: the message itself first, and each before those that it is made of. Never empty.
    pub fn parts(&self) -> &[Part<'a>] {
        &self.parts
    }

    /// The header section of the message.
    pub fn header(&self) -> &Header<'a> {
        // There always is the message itself.
        const NONE: &Header<'static> = &Header::EMPTY;
        self.parts.first().map_or(NONE, |root| &root.header)
    }

    /// The part of this number: see [`Part::section`].
    pub fn part(&self, section: &str) -> Option<&Part<'a>> {
        self.parts
            .iter()
            .find(|part| part.part_id() == Some(section))
    }

    /// The boundaries that may end a part: those of all that it lies in, the innermost first.
    pub fn boundaries(&self, part: &Part<'_>) -> Vec<String> {
        let mut boundaries = Vec::new();
        let mut above = part.parent;
        while let Some(parent) = above.and_then(|at| self.parts.get(at)) {
            boundaries.extend(parent.boundary.clone());
            above = parent.parent;
        }
        boundaries
    }

    /// There is more in the message than the limits allow to see.
    pub fn is_cut(&self) -> bool {
        self.is_cut || self.parts.iter().any(|part| part.header.is_cut())
    }

    /// Says what parts have turned out to be, and numbers them.
    fn settle(&mut self) {
        let Self { bytes, parts, .. } = self;
        for part in &mut *parts {
            part.contents = bytes.get(part.range.clone()).unwrap_or_default();
            // RFC 2045 §5.2: without a boundary that occurs it is no multipart, but text to be seen;
            // one too deep to be taken apart is left to whoever wants its octets.
            if part.is_multipart() && part.sub_parts.is_empty() {
                let is_deep = part.boundary.is_some() && part.is_cut;
                let type_ = if is_deep {
                    "application/octet-stream"
                } else {
                    "text/plain"
                };
                type_.clone_into(&mut part.type_);
            }
        }
        if let Some(root) = parts.first_mut()
            && !root.is_multipart()
        {
            root.section = "1".to_owned();
        }
        for at in 0..parts.len() {
            let Some(part) = parts.get(at) else { break };
            let above = match part.section.as_str() {
                "" => String::new(),
                section => format!("{section}."),
            };
            for (number, sub) in part.sub_parts.clone().into_iter().enumerate() {
                if let Some(sub) = parts.get_mut(sub) {
                    sub.section = format!("{above}{}", number + 1);
                }
            }
        }
    }
}

/// A multipart whose parts are being read.
struct Open {
    part: usize,
    boundary: String,
}

struct Reader<'a, 'l> {
    bytes: &'a [u8],
    limits: &'l Limits,
    parts: Vec<Part<'a>>,
    open: Vec<Open>,
    /// The part whose contents are being passed over.
    leaf: Option<usize>,
    at: usize,
    is_cut: bool,
}

/// A line that ends a part: RFC 2046 §5.1.1.
struct Delimiter {
    /// Which of the open multiparts it belongs to.
    level: usize,
    /// No further part comes.
    is_last: bool,
    /// Where the contents before it end: the CRLF before the line is the delimiter's.
    before: usize,
    /// Where the next line begins.
    next: usize,
}

impl<'a> Reader<'a, '_> {
    fn read(&mut self) {
        self.begin_part("text/plain");
        while let Some(delimiter) = self.find_delimiter() {
            self.end_leaf(delimiter.before);
            // A multipart that is not ended ends with the one that it is in.
            self.close(delimiter.level + 1, delimiter.before);
            self.at = delimiter.next;
            if delimiter.is_last {
                self.close(delimiter.level, delimiter.next);
                continue;
            }
            if self.parts.len() >= self.limits.parts {
                self.is_cut = true;
                break;
            }
            let digest = self.open.last().and_then(|open| self.parts.get(open.part));
            let is_digest = digest.is_some_and(|part| part.type_ == "multipart/digest");
            self.begin_part(if is_digest {
                "message/rfc822"
            } else {
                "text/plain"
            });
        }
        self.end_leaf(self.bytes.len());
        self.close(0, self.bytes.len());
    }

    /// Reads the header section of a part at this place.
    fn begin_part(&mut self, default_type: &str) {
        let (header, body) = Header::parse_at(self.bytes, self.at, self.limits);
        let mut part = Part::new(header, default_type);
        part.range = body..body;
        let number = self.parts.len();
        part.parent = self.open.last().map(|open| open.part);
        if let Some(parent) = part.parent.and_then(|parent| self.parts.get_mut(parent)) {
            parent.sub_parts.push(number);
        }
        self.at = body;
        match part.boundary.clone() {
            Some(boundary) if self.open.len() < self.limits.depth => self.open.push(Open {
                part: number,
                boundary,
            }),
            boundary => {
                part.is_cut = boundary.is_some();
                self.is_cut |= part.is_cut;
                self.leaf = Some(number);
            }
        }
        self.parts.push(part);
    }

    fn end_leaf(&mut self, end: usize) {
        if let Some(part) = self.leaf.take().and_then(|leaf| self.parts.get_mut(leaf)) {
            part.range.end = end.max(part.range.start);
        }
    }

    /// Ends the multiparts from this level on.
    fn close(&mut self, level: usize, end: usize) {
        while self.open.len() > level
            && let Some(open) = self.open.pop()
        {
            if let Some(part) = self.parts.get_mut(open.part) {
                part.range.end = end.max(part.range.start);
            }
        }
    }

    fn find_delimiter(&self) -> Option<Delimiter> {
        if self.open.is_empty() {
            return None;
        }
        let is_line = |at: usize| match at.checked_sub(1) {
            Some(before) => self.bytes.get(before) == Some(&b'\n'),
            None => true,
        };
        if is_line(self.at)
            && let Some(delimiter) = self.delimiter_at(self.at)
        {
            return Some(delimiter);
        }
        let rest = self.bytes.get(self.at..)?;
        let mut lines = memmem::find_iter(rest, b"\n--").map(|feed| self.at + feed + 1);
        lines.find_map(|line| self.delimiter_at(line))
    }

    /// The delimiter that the line at this place is; that of the innermost multipart, if its boundary
    /// and one further out are alike.
    fn delimiter_at(&self, line: usize) -> Option<Delimiter> {
        let rest = self.bytes.get(line..)?.strip_prefix(b"--")?;
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |feed| feed + 1);
        let rest = rest.get(..end)?;
        let (level, after) = self
            .open
            .iter()
            .enumerate()
            .rev()
            .find_map(|(level, open)| {
                let after = rest.strip_prefix(open.boundary.as_bytes())?;
                let after = after.trim_ascii_end();
                (after.is_empty() || after == b"--").then_some((level, after))
            })?;
        let before = match self.bytes.get(..line) {
            Some([.., b'\r', b'\n']) => line - 2,
            Some([.., b'\n']) => line - 1,
            _ => line,
        };
        Some(Delimiter {
            level,
            is_last: after == b"--",
            before,
            next: line + 2 + end,
        })
    }
}
