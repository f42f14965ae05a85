//! DATE, DATE-TIME and PERIOD with what they are relative to: RFC 5545 §3.3.4, §3.3.5, §3.3.9.

use std::borrow::Cow;

use super::{Duration, LocalTime, ValueError};

/// A DATE or DATE-TIME.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Time<'p> {
    /// What it says. Midnight, for a DATE.
    pub local: LocalTime,
    /// On which clock.
    pub form: Form<'p>,
}

/// The forms of a DATE or DATE-TIME.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form<'p> {
    /// A DATE: a whole day, wherever one is.
    Date,
    /// FORM #1: the same on every wall clock.
    Floating,
    /// FORM #2: UTC.
    Utc,
    /// FORM #3: of the time zone with this TZID.
    Zoned(Cow<'p, str>),
}

impl<'p> Time<'p> {
    /// Reads a value with the TZID parameter that it came with.
    ///
    /// What the value looks like decides: VALUE=DATE is forgotten by some clients (and written
    /// where there is a time by others), and TZID is put beside a DATE or a time in UTC, where it
    /// means nothing (RFC 5545 §3.2.19). Spaces around the TZID are none of it (Outlook CalDav
    /// Synchronizer writes such).
    pub fn read(value: &str, tzid: Option<Cow<'p, str>>) -> Result<Self, ValueError> {
        let value = value.trim_ascii();
        let local = LocalTime::parse(value)?;
        let form = if value.len() == 8 {
            Form::Date
        } else if value.ends_with(['Z', 'z']) {
            Form::Utc
        } else {
            match tzid {
                Some(tzid) if !tzid.trim().is_empty() => Form::Zoned(match tzid {
                    Cow::Borrowed(tzid) => Cow::Borrowed(tzid.trim()),
                    Cow::Owned(tzid) => Cow::Owned(tzid.trim().to_owned()),
                }),
                _ => Form::Floating,
            }
        };
        Ok(Self { local, form })
    }

    /// Whether it is a DATE.
    pub fn is_date(&self) -> bool {
        self.form == Form::Date
    }

    /// The value as it is written, without its TZID.
    pub fn text(&self) -> String {
        match self.form {
            Form::Date => self.local.date_text(),
            Form::Utc => format!("{}Z", self.local),
            Form::Floating | Form::Zoned(_) => self.local.to_string(),
        }
    }
}

/// A PERIOD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period<'p> {
    /// Its start.
    pub start: Time<'p>,
    /// Its end, if it has one: an RDATE may be a start alone.
    pub end: Option<PeriodEnd<'p>>,
}

/// How the end of a period is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeriodEnd<'p> {
    /// As a time.
    Time(Time<'p>),
    /// As a duration from the start.
    Duration(Duration),
}

impl<'p> Period<'p> {
    /// Reads `start/end`, `start/duration`, or a start alone.
    pub fn read(value: &str, tzid: Option<Cow<'p, str>>) -> Result<Self, ValueError> {
        let (start, end) = match value.split_once('/') {
            Some((start, end)) => (start, Some(end.trim())),
            None => (value, None),
        };
        let end = match end {
            None => None,
            Some(end) if end.starts_with(['P', 'p', '+', '-']) => {
                Some(PeriodEnd::Duration(Duration::read(end)?))
            }
            Some(end) => Some(PeriodEnd::Time(Time::read(end, tzid.clone())?)),
        };
        let start = Time::read(start, tzid)?;
        Ok(Self { start, end })
    }
}
