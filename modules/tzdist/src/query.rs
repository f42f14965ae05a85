//! The parameters of a request, and the times in them.

use crate::problem::{Kind, Problem};
use icalendar::tzdb::Range;
use icalendar::value::LocalTime;
use module::query::Parameters;

/// The value of a parameter, which must not occur more than once.
pub(crate) fn one<'p>(
    parameters: &'p Parameters,
    name: &'static str,
    kind: Kind,
) -> Result<Option<&'p str>, Problem> {
    let value = parameters.one(name);
    value.map_err(|repeated| Problem::new(kind, repeated.to_string()))
}

/// The range of time from `start` up to `end`.
pub(crate) fn range(parameters: &Parameters) -> Result<Range, Problem> {
    let start = time(parameters, "start", Kind::InvalidStart)?;
    let end = time(parameters, "end", Kind::InvalidEnd)?;
    match (start, end) {
        (Some(start), Some(end)) if end <= start => Err(Problem::new(
            Kind::InvalidEnd,
            "\"end\" must be after \"start\"",
        )),
        _ => Ok(Range { start, end }),
    }
}

fn time(parameters: &Parameters, name: &'static str, kind: Kind) -> Result<Option<i64>, Problem> {
    let Some(text) = one(parameters, name, kind)? else {
        return Ok(None);
    };
    let time = read_time(text).ok_or_else(|| {
        let wanted = "a time in UTC such as 2026-01-01T00:00:00Z, after the year 0";
        Problem::new(kind, format!("{name:?} is {text:?}, which is not {wanted}"))
    });
    time.map(Some)
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
