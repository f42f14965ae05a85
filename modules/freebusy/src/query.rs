//! What a free-busy URL asks for: whose time, from when to when, in which format. CalConnect's
//! "Freebusy Read URL", with the defaults of Cyrus.

use crate::problem::Problem;
use icalendar::value::{Duration, LocalTime};
use module::accept::preferred;
use module::query::{Parameters, Repeated, percent_decode};
use module::{Headers, Request};
use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Question {
    /// Whose time.
    pub(crate) owner: String,
    /// In which of the calendars; in all of them if none is named.
    pub(crate) calendar: Option<String>,
    /// From when on, in UTC seconds.
    pub(crate) start: i64,
    /// Up to when, in UTC seconds.
    pub(crate) end: i64,
    /// How the answer is to be written.
    pub(crate) format: Format,
    /// The URL that was asked, for the answer to name.
    pub(crate) url: String,
    /// When it was asked, in UTC seconds.
    pub(crate) asked: i64,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Format {
    /// RFC 5545.
    ICalendar,
    /// RFC 7265.
    JCal,
}

/// How many seconds are looked at where nothing is said: six weeks.
const PERIOD: i64 = 42 * DAY;

const DAY: i64 = 86_400;

impl Question {
    /// Reads a request for a path below `mount`.
    pub(crate) fn read(request: &Request, mount: &str) -> Result<Self, Problem> {
        let (owner, calendar) = read_path(&request.path, mount)?;
        let parameters = Parameters::of(request).map_err(|_| Problem::Parameters)?;
        let format = Format::wanted(&parameters, &request.headers)?;
        let asked = request.received.div_euclid(1000);
        let (start, end) = read_times(&parameters, asked)?;
        let Request {
            scheme,
            authority,
            path,
            ..
        } = request;
        Ok(Self {
            owner,
            calendar,
            start,
            end,
            format,
            url: format!("{scheme}://{authority}{path}"),
            asked,
        })
    }
}

/// `/freebusy/user/alice` and `/freebusy/user/alice/Default`.
fn read_path(path: &str, mount: &str) -> Result<(String, Option<String>), Problem> {
    let rest = path
        .strip_prefix(mount)
        .and_then(|rest| rest.strip_prefix("/user/"));
    let rest = rest.ok_or(Problem::NoSuchPath)?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let mut parts = rest.split('/').map(percent_decode);
    let owner = parts.next().flatten().filter(|owner| !owner.is_empty());
    let owner = owner.ok_or(Problem::NoSuchPath)?;
    let calendar = match parts.next() {
        Some(Some(calendar)) if !calendar.is_empty() => Some(calendar),
        Some(_) => return Err(Problem::NoSuchPath),
        None => None,
    };
    match parts.next() {
        None => Ok((owner, calendar)),
        Some(_) => Err(Problem::NoSuchPath),
    }
}

fn read_times(parameters: &Parameters, now: i64) -> Result<(i64, i64), Problem> {
    let wrong = |name: &'static str, wanted| Problem::Parameter { name, wanted };
    let time = |name| match one(parameters, name)? {
        Some(text) => read_time(text).map(Some).ok_or(wrong(
            name,
            "a time such as 2026-01-01T00:00:00Z, or a date",
        )),
        None => Ok(None),
    };
    let (start, end) = (time("start")?, time("end")?);
    let period = match one(parameters, "period")? {
        Some(text) => {
            let period =
                Duration::read(text).map_err(|_| wrong("period", "a duration such as P7D"))?;
            Some(period)
        }
        None => None,
    };
    let midnight = |time: i64| time.div_euclid(DAY) * DAY;
    let from = start.unwrap_or(midnight(now));
    let to = match (end, period, start) {
        (Some(_), Some(_), _) => {
            return Err(wrong("period", "left out where there is an end"));
        }
        (Some(end), None, _) => end,
        (None, Some(period), _) => after(from, period),
        // As Cyrus has it: that day.
        (None, None, Some(start)) => midnight(start) + DAY,
        (None, None, None) => from + PERIOD,
    };
    let last = LocalTime::MAX.0;
    match from < to && to <= last {
        true => Ok((from, to)),
        false if end.is_some() => Err(wrong("end", "a time after the start")),
        false => Err(wrong(
            "period",
            "more than nothing, and not after the year 9999",
        )),
    }
}

/// The end of a period; in UTC a day has 24 hours.
fn after(start: i64, period: Duration) -> i64 {
    let days = period.days.saturating_mul(DAY);
    start.saturating_add(days).saturating_add(period.seconds)
}

/// Reads a time as RFC 3339 has it, or as iCalendar does in UTC; a date is its first second.
fn read_time(text: &str) -> Option<i64> {
    let (clock, offset) = match text.strip_suffix(['Z', 'z']) {
        Some(clock) => (clock, 0),
        None => split_offset(text)?,
    };
    let clock = match clock.split_once('.') {
        Some((clock, fraction)) => {
            let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
            (digits && !fraction.is_empty()).then_some(clock)?
        }
        None => clock,
    };
    let basic: String = match clock.len() {
        10 | 19 => separated(clock)?,
        _ => clock.to_owned(),
    };
    let time = LocalTime::parse(&basic).ok()?;
    (time.date().0 > 0).then(|| time.0 - offset)
}

/// Takes `+01:00` off the end; a date has none.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if matches!(text.len(), 8 | 10) {
        return Some((text, 0));
    }
    let (clock, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let sign = match offset.chars().next()? {
        '+' | ' ' => 1,
        '-' => -1,
        _ => return None,
    };
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let number = |digits: &str, max: i64| {
        let all = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = all.then(|| digits.parse().ok())??;
        (number <= max).then_some(number)
    };
    Some((
        clock,
        sign * (number(hours, 23)? * 3600 + number(minutes, 59)? * 60),
    ))
}

/// Takes out what RFC 3339 has between the digits, if it is where it must be.
fn separated(text: &str) -> Option<String> {
    let mut basic = String::with_capacity(16);
    for (place, letter) in text.chars().enumerate() {
        match (place, letter) {
            (4 | 7, '-') | (13 | 16, ':') => {}
            (10, 'T' | 't' | ' ') => basic.push('T'),
            (4 | 7 | 10 | 13 | 16, _) => return None,
            (_, letter) if letter.is_ascii_digit() => basic.push(letter),
            _ => return None,
        }
    }
    Some(basic)
}

impl Format {
    const ALL: [Self; 2] = [Self::ICalendar, Self::JCal];

    /// Its media type.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::ICalendar => "text/calendar",
            Self::JCal => "application/calendar+json",
        }
    }

    /// What the answer says that it is.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::ICalendar => "text/calendar; component=VFREEBUSY; charset=utf-8",
            Self::JCal => "application/calendar+json; component=vfreebusy",
        }
    }

    /// The ending of a file's name.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::ICalendar => "ifb",
            Self::JCal => "jfb",
        }
    }

    /// The one that a client wants, by the parameter `format` or by `Accept`.
    fn wanted(parameters: &Parameters, headers: &Headers) -> Result<Self, Problem> {
        let offered = Self::ALL.map(Self::media_type);
        let place = match one(parameters, "format")? {
            Some(format) => {
                let mut offered = offered.iter();
                offered.position(|offered| format.eq_ignore_ascii_case(offered))
            }
            None => preferred(headers, &offered),
        };
        let wanted = place.and_then(|place| Self::ALL.get(place).copied());
        wanted.ok_or(Problem::Format)
    }
}

/// The value of a parameter, which must not be there twice.
fn one<'p>(parameters: &'p Parameters, name: &'static str) -> Result<Option<&'p str>, Problem> {
    parameters
        .one(name)
        .map_err(|Repeated(name)| Problem::Parameter {
            name,
            wanted: "there once",
        })
}
