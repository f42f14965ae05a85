//! Reading a stream line by line, component by component.

use std::borrow::Cow;
use std::rc::Rc;

use super::{Limits, ParseError, Problem};
use crate::component::{Calendar, Component, Item};
use crate::known::Known;
use crate::property::Property;

/// Where in the stream reading is.
pub(super) struct Reader<'a, 'l> {
    bytes: &'a [u8],
    /// Where the next content line begins, blank lines before it included.
    at: usize,
    /// How many lines lie before that.
    lines: u32,
    /// The number of the line read last.
    line: u32,
    components: usize,
    properties: usize,
    /// Whether a VTIMEZONE may be one that was read before.
    pub(super) shares: bool,
    /// Whether properties that busy time does not depend on may be passed over.
    pub(super) only_busy: bool,
    /// Whether the lines to come are those of a VTIMEZONE, of which everything counts.
    in_zone: bool,
    limits: &'l Limits,
}

impl<'a, 'l> Reader<'a, 'l> {
    pub(super) fn new(bytes: &'a [u8], limits: &'l Limits) -> Result<Self, ParseError> {
        let reader = Self {
            bytes,
            at: 0,
            lines: 0,
            line: 1,
            components: 0,
            properties: 0,
            shares: false,
            only_busy: false,
            in_zone: false,
            limits,
        };
        if bytes.len() > limits.bytes {
            return Err(reader.error(too_big("bytes", limits.bytes)));
        }
        Ok(reader)
    }

    pub(super) fn error(&self, problem: Problem) -> ParseError {
        ParseError {
            line: self.line,
            problem,
        }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(super) fn at_end(&self) -> bool {
        self.rest().iter().all(u8::is_ascii_whitespace)
    }

    /// One VCALENDAR; none if nothing follows.
    pub(super) fn calendar(&mut self) -> Result<Option<Calendar<'a>>, ParseError> {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        let before = if self.at == 0 && self.bytes.starts_with(MARK) {
            self.at = MARK.len();
            self.bytes.get(..MARK.len()).unwrap_or_default()
        } else {
            &[]
        };
        if self.at_end() {
            return Ok(None);
        }
        let Some(begin) = self.next_line()? else {
            return Ok(None);
        };
        if !begin.is("BEGIN") || !begin.value().trim().eq_ignore_ascii_case("VCALENDAR") {
            return Err(self.error(Problem::NoCalendar));
        }
        let root = self.component(begin)?;
        Ok(Some(Calendar {
            before: Cow::Borrowed(before),
            root,
            after: Cow::Borrowed(&[]),
        }))
    }

    /// The component that this line begins, with all that is in it. Not recursive: a stream must
    /// not choose the depth of our stack.
    fn component(&mut self, begin: Property<'a>) -> Result<Component<'a>, ParseError> {
        let mut open = Vec::new();
        let mut zone_from = self.at;
        let mut current = self.begin(begin, 1)?;
        loop {
            let Some(line) = self.next_line()? else {
                return Err(self.error(Problem::Unclosed(current.name().to_owned())));
            };
            if line.is("BEGIN") {
                if self.shares && open.is_empty() && is_zone(&line) {
                    zone_from = self.at - line.raw().len();
                    if let Some(known) = self.known(zone_from, &line)? {
                        current.items.push(Item::Component(known));
                        continue;
                    }
                    self.in_zone = true;
                }
                let inner = self.begin(line, open.len() + 2)?;
                open.push(std::mem::replace(&mut current, inner));
            } else if line.is("END") {
                let name = line.value().trim_ascii();
                if !name.eq_ignore_ascii_case(current.name()) {
                    return Err(self.error(Problem::WrongEnd {
                        found: name.chars().take(40).collect(),
                        open: current.name().to_owned(),
                    }));
                }
                current.end = line;
                let Some(mut outer) = open.pop() else {
                    return Ok(current);
                };
                if self.shares && open.is_empty() && is_zone(&current.begin) {
                    let bytes = self.bytes.get(zone_from..self.at).unwrap_or_default();
                    Known::keep(bytes, &current);
                    self.in_zone = false;
                }
                outer.items.push(Item::Component(Rc::new(current)));
                current = outer;
            } else {
                self.count(0, 1)?;
                current.items.push(Item::Property(line));
            }
        }
    }

    /// The VTIMEZONE that begins there with this line, if it is one that was read before.
    fn known(
        &mut self,
        from: usize,
        begin: &Property<'a>,
    ) -> Result<Option<Rc<Component<'a>>>, ParseError> {
        let Some(known) = Known::find(self.bytes.get(from..).unwrap_or_default()) else {
            return Ok(None);
        };
        let begun = memchr::memchr_iter(b'\n', begin.raw()).count();
        self.at = from + known.length();
        self.lines += known.lines - u32::try_from(begun).unwrap_or(known.lines);
        self.line = self.lines;
        self.count(known.components, known.properties)?;
        Ok(Some(known.component))
    }

    /// Counts components and properties. Fails if there are too many.
    fn count(&mut self, components: usize, properties: usize) -> Result<(), ParseError> {
        self.components += components;
        self.properties += properties;
        if self.components > self.limits.components {
            return Err(self.error(too_big("components", self.limits.components)));
        }
        if self.properties > self.limits.properties {
            return Err(self.error(too_big("properties", self.limits.properties)));
        }
        Ok(())
    }

    fn begin(&mut self, begin: Property<'a>, depth: usize) -> Result<Component<'a>, ParseError> {
        self.count(1, 0)?;
        if depth > self.limits.depth {
            return Err(self.error(too_big("levels of components", self.limits.depth)));
        }
        Ok(Component::opened_by(begin))
    }

    /// The next content line with its folded parts; none at the end of the stream.
    pub(super) fn next_line(&mut self) -> Result<Option<Property<'a>>, ParseError> {
        if self.only_busy && !self.in_zone {
            self.pass_over()?;
        }
        match self.unfolded_line() {
            Some((line, taken)) => self.content_line(self.at - taken, line, None).map(Some),
            None => self.folded_line(),
        }
    }

    /// Passes over lines that busy time does not depend on, with their folds.
    fn pass_over(&mut self) -> Result<(), ParseError> {
        loop {
            let rest = self.rest();
            let begins = rest.first().is_some_and(|byte| !byte.is_ascii_whitespace());
            if !begins || is_of_busy_time(rest) {
                return Ok(());
            }
            self.count(0, 1)?;
            let mut goes_on = true;
            while goes_on {
                let (_, taken) = physical_line(self.rest());
                self.at += taken;
                self.lines += 1;
                goes_on = self.rest().first().is_some_and(u8::is_ascii_whitespace);
            }
        }
    }

    /// The next content line and how many bytes it has with its end, if there is one before which
    /// nothing is blank, and that does not go on: most are so.
    fn unfolded_line(&mut self) -> Option<(&'a [u8], usize)> {
        let rest = self.rest();
        let (line, taken) = physical_line(rest);
        let begins = line.first().is_some_and(|byte| !byte.is_ascii_whitespace());
        let goes_on = rest.get(taken).is_some_and(u8::is_ascii_whitespace);
        if !begins || goes_on || line.len() > self.limits.line {
            return None;
        }
        self.at += taken;
        self.lines += 1;
        self.line = self.lines;
        Some((line, taken))
    }

    /// The same for a line with folds, or blank lines before it.
    fn folded_line(&mut self) -> Result<Option<Property<'a>>, ParseError> {
        let from = self.at;
        let mut folded: Option<Vec<u8>> = None;
        let mut first: Option<&'a [u8]> = None;
        loop {
            // Blank lines are passed over, but belong to the bytes of what follows them.
            let mut at = self.at;
            let mut lines = self.lines;
            let (content, next) = loop {
                let rest = self.bytes.get(at..).unwrap_or_default();
                if rest.is_empty() {
                    break (None, at);
                }
                let (content, taken) = physical_line(rest);
                lines += 1;
                if content.is_empty() {
                    at += taken;
                    continue;
                }
                break (Some(content), at + taken);
            };
            match (content, first) {
                (None, None) => {
                    self.line = lines.max(1);
                    return Ok(None);
                }
                (Some(content), None) => {
                    self.line = lines;
                    first = Some(content.trim_ascii_start());
                }
                (Some([b' ' | b'\t', more @ ..]), Some(first)) => {
                    folded.get_or_insert_with(|| first.to_vec()).extend(more);
                }
                (_, Some(first)) => {
                    return self.content_line(from, first, folded).map(Some);
                }
            }
            self.at = next;
            self.lines = lines;
            let length = folded
                .as_ref()
                .map_or(first.map_or(0, <[u8]>::len), Vec::len);
            if length > self.limits.line {
                return Err(self.error(too_big("bytes in a line", self.limits.line)));
            }
            // Only white space can go on with the line.
            let next = self.bytes.get(self.at);
            if let (Some(first), false) = (first, next.is_some_and(u8::is_ascii_whitespace)) {
                return self.content_line(from, first, folded).map(Some);
            }
        }
    }

    fn content_line(
        &self,
        from: usize,
        first: &'a [u8],
        folded: Option<Vec<u8>>,
    ) -> Result<Property<'a>, ParseError> {
        let raw = self.bytes.get(from..self.at).unwrap_or_default();
        let text = match folded {
            None => std::str::from_utf8(first).ok().map(Cow::Borrowed),
            Some(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        };
        let text = text.ok_or(self.error(Problem::Encoding))?;
        Property::read(Cow::Borrowed(raw), text, self.line).map_err(|problem| self.error(problem))
    }
}

/// Whether a line begins with the name of a property that the busy time of an object, in whatever
/// component, depends on: RFC 4791 §7.10, RFC 5545 §3.6.1, §3.6.4, §3.8.5, RFC 7953 §3.1. Each line
/// of many objects is asked this, so few names are compared.
fn is_of_busy_time(line: &[u8]) -> bool {
    let longest = line.get(..14).unwrap_or(line);
    let end = longest.iter().position(|byte| matches!(byte, b':' | b';'));
    let Some(name) = end.and_then(|end| line.get(..end)) else {
        return false;
    };
    let names: &[&[u8]] = match name.len() {
        3 => &[b"END", b"DUE", b"UID"],
        5 => &[b"BEGIN", b"DTEND", b"RRULE", b"RDATE"],
        6 => &[b"STATUS", b"TRANSP", b"EXDATE", b"EXRULE"],
        7 => &[b"DTSTART"],
        8 => &[
            b"DURATION",
            b"ATTENDEE",
            b"FREEBUSY",
            b"BUSYTYPE",
            b"PRIORITY",
        ],
        13 => &[b"RECURRENCE-ID"],
        _ => &[],
    };
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether a time zone begins with a line that says `BEGIN`.
fn is_zone(begin: &Property<'_>) -> bool {
    begin.value().trim_ascii().eq_ignore_ascii_case("VTIMEZONE")
}

fn too_big(what: &'static str, limit: usize) -> Problem {
    Problem::TooBig { what, limit }
}

/// The first line without its end, and how many bytes it has with it.
#[inline]
fn physical_line(bytes: &[u8]) -> (&[u8], usize) {
    let Some(end) = memchr::memchr(b'\n', bytes) else {
        return (bytes, bytes.len());
    };
    let line = bytes.get(..end).unwrap_or_default();
    (line.strip_suffix(b"\r").unwrap_or(line), end + 1)
}
