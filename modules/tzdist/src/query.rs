//! The parameters of a request, and the times in them.

use crate::problem::{Kind, Problem};
use icalendar::tzdb::Range;
use icalendar::value::LocalTime;

/// The parameters of a request, decoded, in order.
pub(crate) struct Query(Vec<(String, String)>);

/// How many parameters a request may have; more than four are never needed.
const COUNT_MAX: usize = 32;

impl Query {
    /// Reads `name=value&…`. A `+` is a blank, as forms have it.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, Problem> {
        let pairs = text.unwrap_or_default().split('&');
        let pairs = pairs.filter(|pair| !pair.is_empty());
        let pairs = pairs.take(COUNT_MAX + 1).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode_form(name)?, decode_form(value)?))
        });
        let pairs: Option<Vec<_>> = pairs.collect();
        match pairs {
            Some(pairs) if pairs.len() <= COUNT_MAX => Ok(Self(pairs)),
            Some(_) => Err(Problem::new(
                Kind::InvalidAction,
                format!("there are more than {COUNT_MAX} parameters"),
            )),
            None => Err(Problem::new(
                Kind::InvalidAction,
                "the parameters are not UTF-8 with percent signs before two hexadecimal digits",
            )),
        }
    }

    /// Whether there is a parameter of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    fn values<'q>(&'q self, name: &str) -> impl Iterator<Item = &'q str> {
        let named = self.0.iter().filter(move |(other, _)| other == name);
        named.map(|(_, value)| value.as_str())
    }

    /// The value of a parameter, which must not occur more than once.
    pub(crate) fn one<'q>(&'q self, name: &str, kind: Kind) -> Result<Option<&'q str>, Problem> {
        let mut values = self.values(name);
        let value = values.next();
        match values.next() {
            None => Ok(value),
            Some(_) => Err(Problem::new(
                kind,
                format!("{name:?} is there more than once"),
            )),
        }
    }

    /// The range of time from `start` up to `end`.
    pub(crate) fn range(&self) -> Result<Range, Problem> {
        let start = self.time("start", Kind::InvalidStart)?;
        let end = self.time("end", Kind::InvalidEnd)?;
        match (start, end) {
            (Some(start), Some(end)) if end <= start => Err(Problem::new(
                Kind::InvalidEnd,
                "\"end\" must be after \"start\"",
            )),
            _ => Ok(Range { start, end }),
        }
    }

    fn time(&self, name: &str, kind: Kind) -> Result<Option<i64>, Problem> {
        let Some(text) = self.one(name, kind)? else {
            return Ok(None);
        };
        let time = read_time(text).ok_or_else(|| {
            let wanted = "a time in UTC such as 2026-01-01T00:00:00Z, after the year 0";
            Problem::new(kind, format!("{name:?} is {text:?}, which is not {wanted}"))
        });
        time.map(Some)
    }
}

/// Reads a time of RFC 3339 in UTC. A fraction of a second, as JavaScript writes it, is left out.
fn read_time(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z').or_else(|| text.strip_suffix('z'))?;
    let text = match text.split_once('.') {
        Some((text, fraction)) => {
            let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
            (digits && !fraction.is_empty()).then_some(text)?
        }
        None => text,
    };
    let mut basic = String::with_capacity(16);
    for (place, letter) in text.chars().enumerate() {
        let separator = match place {
            4 | 7 => Some('-'),
            13 | 16 => Some(':'),
            10 if letter.eq_ignore_ascii_case(&'t') => {
                basic.push('T');
                continue;
            }
            0..19 if letter.is_ascii_digit() => None,
            _ => return None,
        };
        match separator {
            Some(separator) if letter == separator => {}
            Some(_) => return None,
            None => basic.push(letter),
        }
    }
    let time = LocalTime::parse(&basic).ok()?;
    // 19 letters are date and time; LocalTime would read a date alone, too.
    (text.len() == 19 && time.date().0 > 0).then_some(time.0)
}

/// Writes a time as RFC 3339 has it, in UTC.
pub(crate) fn write_time(utc: i64) -> String {
    let time = LocalTime(utc);
    let (year, month, day) = time.date();
    let second = time.second_of_day();
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn decode_form(text: &str) -> Option<String> {
    percent_decode(&text.replace('+', " "))
}

/// Decodes percent-encoded UTF-8. RFC 3986 §2.1.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            let value = digit()? * 16 + digit()?;
            decoded.push(u8::try_from(value).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}
