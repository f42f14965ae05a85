//! Finding properties in a card that has been checked before, without reading the others: what a
//! search over a thousand cards can afford.

use crate::Version;
use crate::property::Property;

/// The properties for which `wanted` holds, given their names as they stand there.
///
/// For cards that passed [`crate::check`]; of anything else it gives what it can read.
pub fn find<'a, F>(bytes: &'a [u8], version: Version, wanted: F) -> Found<'a, F>
where
    F: FnMut(Name<'a>) -> bool,
{
    // The mark that some programs put before UTF-8.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    Found {
        bytes,
        at: 0,
        ends: memchr::memchr_iter(b'\n', bytes),
        version,
        wanted,
    }
}

/// The version of a card, 3.0 if it has none that is known.
pub fn version_of(bytes: &[u8]) -> Version {
    // Where nearly all have it.
    let usual = [
        (&b"BEGIN:VCARD\r\nVERSION:3.0\r\n"[..], Version::V3_0),
        (&b"BEGIN:VCARD\r\nVERSION:4.0\r\n"[..], Version::V4_0),
    ];
    if let Some((_, version)) = usual.iter().find(|(start, _)| bytes.starts_with(start)) {
        return *version;
    }
    find(bytes, Version::V3_0, |name| name.is("VERSION"))
        .next()
        .and_then(|property| Version::from_name(&property.raw()))
        .unwrap_or(Version::V3_0)
}

/// The name of a property as it stands in a card.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    whole: &'a [u8],
}

impl<'a> Name<'a> {
    /// Whether this is the name, in whatever case and group.
    #[inline]
    pub fn is(&self, name: &str) -> bool {
        // Most are told apart by one letter.
        match (self.whole.last(), name.as_bytes().last()) {
            (Some(own), Some(last)) if own.eq_ignore_ascii_case(last) => self.is_whole(name),
            _ => false,
        }
    }

    fn is_whole(&self, name: &str) -> bool {
        let Some(start) = self.whole.len().checked_sub(name.len()) else {
            return false;
        };
        let (group, own) = self.whole.split_at_checked(start).unwrap_or_default();
        own.eq_ignore_ascii_case(name.as_bytes()) && matches!(group, [] | [.., b'.'])
    }

    /// Whether this is the group and the name, in whatever case.
    pub fn is_in(&self, group: &str, name: &str) -> bool {
        let found = self.whole.split(|byte| *byte == b'.').next();
        self.is(name)
            && self.whole.contains(&b'.')
            && found.is_some_and(|found| found.eq_ignore_ascii_case(group.as_bytes()))
    }
}

/// See [`find`].
#[derive(Debug)]
pub struct Found<'a, F> {
    bytes: &'a [u8],
    /// Where the line begins that is looked at next.
    at: usize,
    /// The ends of that line and of those after it: all are found in one go.
    ends: memchr::Memchr<'a>,
    version: Version,
    wanted: F,
}

impl<'a, F> Found<'a, F> {
    /// Goes on with what is left.
    fn restart(&mut self, rest: &'a [u8]) {
        self.bytes = rest;
        self.at = 0;
        self.ends = memchr::memchr_iter(b'\n', rest);
    }
}

impl<'a, F: FnMut(Name<'a>) -> bool> Iterator for Found<'a, F> {
    type Item = Property<'a>;

    fn next(&mut self) -> Option<Property<'a>> {
        loop {
            let line = self.bytes.get(self.at..)?;
            match line.first()? {
                // What follows an empty line is a property, whatever stands before it.
                b'\r' | b'\n' => {
                    self.restart(trim(line));
                    continue;
                }
                b' ' | b'\t' => {}
                _ if (self.wanted)(name_of(line)) => {
                    let taken = Property::take(line, 1, self.version).ok().flatten();
                    if let Some((property, rest)) = taken {
                        self.restart(rest);
                        return Some(property);
                    }
                }
                _ => {}
            }
            let end = self.ends.next()? + 1;
            let line = self.bytes.get(self.at..end).unwrap_or_default();
            match ends_softly(line) && is_quoted_printable(line) {
                true => self.restart(after_soft_breaks(self.bytes.get(end..).unwrap_or_default())),
                false => self.at = end,
            }
        }
    }
}

/// The name of the property in a line. No further than that is looked: the lines of a photo are many,
/// and names are short.
#[inline]
fn name_of(line: &[u8]) -> Name<'_> {
    let ends = |byte: &u8| matches!(byte, b':' | b';' | b'\n');
    let end = line.iter().position(ends).unwrap_or(line.len());
    Name {
        whole: line.get(..end).unwrap_or_default(),
    }
}

fn trim(bytes: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b'\r' | b'\n' | b' ' | b'\t');
    let start = bytes.iter().position(|byte| !is_blank(byte));
    start
        .and_then(|start| bytes.get(start..))
        .unwrap_or_default()
}

/// What follows the lines that belong to one by the soft breaks of quoted-printable.
fn after_soft_breaks(mut rest: &[u8]) -> &[u8] {
    loop {
        let (line, next) = cut(rest);
        rest = next;
        if rest.is_empty() || !ends_softly(line) {
            return rest;
        }
    }
}

fn cut(bytes: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'\n', bytes) {
        Some(end) => bytes.split_at_checked(end + 1).unwrap_or((bytes, &[])),
        None => (bytes, &[]),
    }
}

#[inline]
fn ends_softly(line: &[u8]) -> bool {
    matches!(
        line,
        [.., b'=', b'\r', b'\n'] | [.., b'=', b'\n'] | [.., b'=']
    )
}

fn is_quoted_printable(line: &[u8]) -> bool {
    let head = line.split(|byte| *byte == b':').next().unwrap_or_default();
    head.to_ascii_uppercase()
        .windows(b"QUOTED-PRINTABLE".len())
        .any(|word| word == b"QUOTED-PRINTABLE")
}
