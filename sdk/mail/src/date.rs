//! Dates of messages: RFC 5322 §3.3, and as JMAP writes them, RFC 8620 §1.4.

use mail_parser::parsers::MessageStream;
use mail_parser::{DateTime, HeaderValue};

/// A date with the zone that it was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(DateTime);

impl Date {
    /// Reads a date-time as it stands in a header field, in its obsolete forms too.
    pub fn parse(value: &str) -> Option<Self> {
        let line = format!("{}\n", value.replace(['\r', '\n'], " "));
        match MessageStream::new(line.as_bytes()).parse_date() {
            HeaderValue::DateTime(date) => Self::checked(date),
            _ => None,
        }
    }

    /// Reads a date as JSON has it: RFC 3339 §5.6, as RFC 8620 §1.4 narrows it.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let is_upper = text.get(10..11) == Some("T") && !text.ends_with('z');
        DateTime::parse_rfc3339(text)
            .filter(|_| is_upper)
            .and_then(Self::checked)
    }

    /// A moment, in seconds since 1970, in UTC.
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        // The years 1900 to 3000, which is what there is mail of.
        let is_sane = (-2_208_988_800..32_535_216_000).contains(&seconds);
        is_sane.then(|| Self(DateTime::from_timestamp(seconds)))
    }

    fn checked(mut date: DateTime) -> Option<Self> {
        // Leap seconds: RFC 5322 §3.3.
        date.second = date.second.min(59);
        let is_leap = date.year.is_multiple_of(4)
            && (!date.year.is_multiple_of(100) || date.year.is_multiple_of(400));
        let days = match date.month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        (date.is_valid() && date.day <= days).then_some(Self(date))
    }

    /// The moment, in seconds since 1970.
    pub fn seconds(&self) -> i64 {
        self.0.to_timestamp()
    }

    /// As JSON has it: `2014-10-30T14:12:00+08:00`, or with a Z for UTC.
    pub fn to_rfc3339(&self) -> String {
        self.0.to_rfc3339()
    }

    /// As a header field has it: `Thu, 30 Oct 2014 14:12:00 +0800`.
    pub fn to_rfc5322(&self) -> String {
        self.0.to_rfc822()
    }
}
