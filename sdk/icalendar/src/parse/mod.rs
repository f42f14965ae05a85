//! Bytes to a tree: content lines, folding and components. RFC 5545 §3.1, §3.4, §3.6.
//!
//! Tolerated, because clients do it: lines that end in LF alone, blank lines (also within a folded
//! line), a byte order mark, names in any case, folds within a UTF-8 sequence, an unbalanced quote
//! in a parameter, control characters in values.

mod reader;

use std::borrow::Cow;

use crate::component::Calendar;
use reader::Reader;

/// How much one stream may ask of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest stream in bytes.
    pub bytes: usize,
    /// How deep components may nest, VCALENDAR being 1.
    pub depth: usize,
    /// How many components there may be.
    pub components: usize,
    /// How many properties there may be, in all components together.
    pub properties: usize,
    /// The longest content line in bytes, after unfolding. Images lie in lines.
    pub line: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 10 << 20,
            depth: 10,
            components: 50_000,
            properties: 400_000,
            line: 10 << 20,
        }
    }
}

/// Why a stream is no iCalendar data, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ParseError {
    /// The number of the line, from 1, counted as an editor counts: folded parts are lines.
    pub line: u32,
    /// What is wrong.
    pub problem: Problem,
}

/// What can be wrong with a stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing but white space.
    #[error("there is no VCALENDAR")]
    Empty,
    /// The stream doesn't begin with `BEGIN:VCALENDAR`, or has something after its end.
    #[error("expected BEGIN:VCALENDAR")]
    NoCalendar,
    /// Something comes after the one calendar that there may be.
    #[error("there is more than one VCALENDAR")]
    SecondCalendar,
    /// No colon ends the name and parameters, as when a line break in a text is not escaped.
    #[error("the line has no colon after its name; a line break in a text is written \\n")]
    NoColon,
    /// A name of something else than letters, digits and hyphens.
    #[error("{0:?} can't be the name of a property")]
    Name(String),
    /// Not UTF-8.
    #[error("the line is not UTF-8")]
    Encoding,
    /// An `END` that is not of the innermost open component.
    #[error("END:{found}, but the open component is {open:?}")]
    WrongEnd {
        /// What the line ends.
        found: String,
        /// What is open.
        open: String,
    },
    /// The stream ends within a component.
    #[error("the stream ends within {0}")]
    Unclosed(String),
    /// Over one of the [`Limits`].
    #[error("more than {limit} {what}")]
    TooBig {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
}

impl<'a> Calendar<'a> {
    /// Reads a stream of one VCALENDAR.
    ///
    /// Fails with the line and the reason if that is not what it is, or it is over a limit.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, ParseError> {
        Self::read(Reader::new(bytes, limits)?)
    }

    /// Reads one of many stored objects: as [`Calendar::parse`] does, but a VTIMEZONE that another
    /// one had is not read once more. Its lines have the numbers that they had there, so this is
    /// not for what a client is told the errors of.
    pub fn parse_stored(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let limits = Limits::default();
        let mut reader = Reader::new(bytes, &limits)?;
        reader.shares = true;
        Self::read(reader)
    }

    /// Reads of one of many stored objects what it takes to add it to busy time, and leaves out
    /// most of the rest.
    pub fn parse_busy(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let limits = Limits::default();
        let mut reader = Reader::new(bytes, &limits)?;
        reader.shares = true;
        reader.only_busy = true;
        Self::read(reader)
    }

    fn read(mut reader: Reader<'a, '_>) -> Result<Self, ParseError> {
        let mut calendar = reader.calendar()?.ok_or(reader.error(Problem::Empty))?;
        if !reader.at_end() {
            let problem = match reader.next_line()? {
                Some(line) if line.is("BEGIN") => Problem::SecondCalendar,
                _ => Problem::NoCalendar,
            };
            return Err(reader.error(problem));
        }
        calendar.after = Cow::Borrowed(reader.rest());
        Ok(calendar)
    }

    /// Reads a stream of any number of VCALENDARs, as imports are. RFC 5545 §3.4.
    ///
    /// Fails with the line and the reason if that is not what it is, or it is over a limit; the
    /// limits are for the whole stream.
    pub fn parse_many(bytes: &'a [u8], limits: &Limits) -> Result<Vec<Self>, ParseError> {
        let mut reader = Reader::new(bytes, limits)?;
        let mut calendars = Vec::new();
        while let Some(calendar) = reader.calendar()? {
            calendars.push(calendar);
        }
        if let Some(last) = calendars.last_mut() {
            last.after = Cow::Borrowed(reader.rest());
        }
        Ok(calendars)
    }
}
