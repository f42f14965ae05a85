//! A property: name, parameters and value of one content line. RFC 5545 §3.1, §3.2; RFC 6868.

use std::borrow::Cow;

use crate::parse::Problem;
use crate::value::{self, Duration, Period, Time, ValueError};
use crate::write;

/// One content line.
#[derive(Clone, Debug)]
pub struct Property<'a> {
    /// The bytes as they are in the stream, folds, line end and blank lines before it included.
    raw: Cow<'a, [u8]>,
    /// The line unfolded.
    text: Cow<'a, str>,
    /// Where in the text the name ends.
    name_end: u32,
    /// Where in the text the value begins.
    value_start: u32,
    line: u32,
}

/// A parameter of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter<'p> {
    name: &'p str,
    raw: &'p str,
}

impl<'a> Property<'a> {
    /// Splits an unfolded line. Fails if it has no colon, or no name.
    pub(crate) fn read(raw: Cow<'a, [u8]>, text: Cow<'a, str>, line: u32) -> Result<Self, Problem> {
        let is_of_name =
            |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/');
        let name_end = text.bytes().position(|b| !is_of_name(&b));
        let name_end = name_end.unwrap_or(text.len());
        let colon = match text.as_bytes().get(name_end) {
            Some(b':') if name_end > 0 => name_end,
            Some(b';') if name_end > 0 => outside_quotes(text.as_bytes(), name_end, b':')
                // An unbalanced quote would swallow the line: then the first colon counts.
                .or_else(|| memchr::memchr(b':', text.as_bytes()))
                .ok_or(Problem::NoColon)?,
            _ => {
                let end = text.bytes().position(|b| matches!(b, b';' | b':'));
                let name = text.get(..end.ok_or(Problem::NoColon)?);
                return Err(Problem::Name(
                    name.unwrap_or_default().chars().take(40).collect(),
                ));
            }
        };
        Ok(Self {
            raw,
            text,
            name_end: index(name_end),
            value_start: index(colon + 1),
            line,
        })
    }

    /// A property without parameters. The value is taken as it is: text must be escaped (or come
    /// in by [`Property::text_valued`]), and control characters are left out.
    pub fn new(name: &str, value: &str) -> Self {
        Self::made(format!("{name}:{value}"))
    }

    /// A property with a TEXT value (RFC 5545 §3.3.11), which is escaped.
    pub fn text_valued(name: &str, value: &str) -> Self {
        Self::new(name, &write::escape_text(value))
    }

    /// A property of a name with parameters, as they are written, and a value.
    pub(crate) fn assembled(head: &str, value: &str) -> Property<'static> {
        Property::made(format!("{head}:{value}"))
    }

    /// The same with one more parameter, its value quoted and encoded as it must be.
    #[must_use]
    pub fn with_param(self, name: &str, value: &str) -> Self {
        let (head, tail) = self.text.split_at(self.value_start().saturating_sub(1));
        Self::made(format!("{head};{name}={}{tail}", write::parameter(value)))
    }

    /// The same with one more parameter that has several values. RFC 5545 §3.2.
    #[must_use]
    pub(crate) fn with_params(self, name: &str, values: &[String]) -> Self {
        let (head, tail) = self.text.split_at(self.value_start().saturating_sub(1));
        let values: Vec<_> = values.iter().map(|value| write::parameter(value)).collect();
        Self::made(format!("{head};{name}={}{tail}", values.join(",")))
    }

    /// The same without the parameters of this name.
    #[must_use]
    pub fn without_param(self, name: &str) -> Self {
        if self.param(name).is_none() {
            return self;
        }
        let mut text = self.name().to_owned();
        for param in self.params().filter(|p| !p.is(name)) {
            text.push(';');
            text.push_str(param.written());
        }
        text.push(':');
        text.push_str(self.value());
        Self::made(text)
    }

    /// The same with another value, taken as it is.
    #[must_use]
    pub fn with_value(self, value: &str) -> Self {
        let head = self.text.get(..self.value_start()).unwrap_or_default();
        Self::made(format!("{head}{value}"))
    }

    fn made(text: String) -> Self {
        // Nothing that is made here can begin a line of its own.
        let text = if text.bytes().any(|b| b.is_ascii_control() && b != b'\t') {
            text.chars()
                .filter(|c| !c.is_control() || *c == '\t')
                .collect()
        } else {
            text
        };
        let raw = write::folded(&text);
        match Self::read(Cow::Owned(raw), Cow::Owned(text), 0) {
            Ok(property) => property,
            // Only a name that is none gets here, and names are constants in the code.
            Err(_) => Self::new("X-INVALID", ""),
        }
    }

    fn name_end(&self) -> usize {
        self.name_end as usize
    }

    fn value_start(&self) -> usize {
        self.value_start as usize
    }

    /// The name as it was written.
    pub fn name(&self) -> &str {
        self.text.get(..self.name_end()).unwrap_or_default()
    }

    /// Whether it has this name, whatever the case.
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// The number of its first line in the stream, from 1; 0 if it was made here.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The bytes as they are in the stream.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The value as it was written, unfolded and still escaped.
    pub fn value(&self) -> &str {
        self.text.get(self.value_start()..).unwrap_or_default()
    }

    /// The value as one text, unescaped: RFC 5545 §3.3.11.
    pub fn text(&self) -> Cow<'_, str> {
        write::unescape_text(self.value())
    }

    /// The value as a list of texts, as CATEGORIES and RESOURCES are.
    pub fn text_list(&self) -> impl Iterator<Item = Cow<'_, str>> {
        value::split_list(self.value()).map(write::unescape_text)
    }

    /// All parameters.
    pub fn params(&self) -> impl Iterator<Item = Parameter<'_>> {
        let head = self
            .text
            .get(self.name_end()..self.value_start().saturating_sub(1))
            .unwrap_or_default();
        Params { head }
    }

    /// The first value of the first parameter of this name.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        let param = self.params().find(|p| p.is(name))?;
        Some(param.values().next().unwrap_or_default())
    }

    /// Whether the value type is this one, by the VALUE parameter: RFC 5545 §3.2.20.
    pub fn is_value_type(&self, name: &str) -> bool {
        self.param("VALUE")
            .is_some_and(|v| v.eq_ignore_ascii_case(name))
    }

    /// The value as a DATE or DATE-TIME with its zone. RFC 5545 §3.3.4, §3.3.5.
    ///
    /// Fails if it is neither.
    pub fn time(&self) -> Result<Time<'_>, ValueError> {
        Time::read(self.value(), self.param("TZID"))
    }

    /// The value as a list of DATEs or DATE-TIMEs, as of EXDATE and RDATE. A period counts as its
    /// start; see [`Property::periods`].
    pub fn times(&self) -> impl Iterator<Item = Result<Time<'_>, ValueError>> {
        let tzid = self.param("TZID");
        value::split_list(self.value()).map(move |item| {
            let start = item.split('/').next().unwrap_or_default();
            Time::read(start, tzid.clone())
        })
    }

    /// The value as a list of periods, as of FREEBUSY and RDATE. RFC 5545 §3.3.9.
    pub fn periods(&self) -> impl Iterator<Item = Result<Period<'_>, ValueError>> {
        let tzid = self.param("TZID");
        value::split_list(self.value()).map(move |item| Period::read(item, tzid.clone()))
    }

    /// The value as a DURATION. RFC 5545 §3.3.6.
    ///
    /// Fails if it is none.
    pub fn duration(&self) -> Result<Duration, ValueError> {
        Duration::read(self.value())
    }

    /// The value as an INTEGER. RFC 5545 §3.3.8.
    pub fn integer(&self) -> Option<i64> {
        self.value().trim().parse().ok()
    }

    /// The same without a borrow of the bytes that it was read from.
    pub fn into_owned(self) -> Property<'static> {
        Property {
            raw: Cow::Owned(self.raw.into_owned()),
            text: Cow::Owned(self.text.into_owned()),
            name_end: self.name_end,
            value_start: self.value_start,
            line: self.line,
        }
    }
}

impl<'p> Parameter<'p> {
    /// The name as it was written.
    pub fn name(&self) -> &'p str {
        self.name
    }

    /// Whether it has this name, whatever the case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Its values, without quotes and decoded: RFC 5545 §3.2, RFC 6868 §3.
    pub fn values(&self) -> impl Iterator<Item = Cow<'p, str>> + use<'p> {
        let raw = self.raw.split_once('=').map_or("", |(_, values)| values);
        let mut rest = Some(raw);
        std::iter::from_fn(move || {
            let text = rest?;
            let item = match outside_quotes(text.as_bytes(), 0, b',') {
                Some(comma) => {
                    rest = text.get(comma + 1..);
                    text.get(..comma).unwrap_or_default()
                }
                None => {
                    rest = None;
                    text
                }
            };
            Some(write::parameter_value(item))
        })
    }

    /// Name and values as they were written.
    pub(crate) fn written(&self) -> &'p str {
        self.raw
    }
}

/// What is left of `;name=value;name=value`.
struct Params<'p> {
    head: &'p str,
}

impl<'p> Iterator for Params<'p> {
    type Item = Parameter<'p>;

    fn next(&mut self) -> Option<Parameter<'p>> {
        let head = self.head.strip_prefix(';')?;
        let end = outside_quotes(head.as_bytes(), 0, b';').unwrap_or(head.len());
        let (raw, rest) = head.split_at_checked(end)?;
        self.head = rest;
        let name_end = raw.bytes().position(|byte| byte == b'=');
        let name = raw.get(..name_end.unwrap_or(raw.len())).unwrap_or_default();
        Some(Parameter { name, raw })
    }
}

/// A place in a line. Lines are shorter than 4 GiB.
fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Where this byte occurs for the first time from there on, not counting what is in quotes.
fn outside_quotes(bytes: &[u8], from: usize, wanted: u8) -> Option<usize> {
    let mut quoted = false;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match byte {
            b'"' => quoted = !quoted,
            byte if *byte == wanted && !quoted => return Some(at),
            _ => {}
        }
    }
    None
}
