//! Values of properties: times, durations, periods. RFC 5545 §3.3.

mod duration;
pub(crate) mod local;
mod time;

pub use duration::Duration;
pub use local::LocalTime;
pub(crate) use local::{
    DAY, civil_from_days, days_from_civil, days_in_month, days_in_year, weekday,
};
pub use time::{Form, Period, PeriodEnd, Time};

/// A value that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Neither a DATE nor a DATE-TIME.
    #[error("{0:?} is neither a date nor a date with a time")]
    Time(String),
    /// Not a DURATION.
    #[error("{0:?} is not a duration")]
    Duration(String),
    /// Not a UTC-OFFSET.
    #[error("{0:?} is not an offset from UTC")]
    Offset(String),
    /// Not a RECUR.
    #[error("{value:?} is not a recurrence rule: {reason}")]
    Rule {
        /// The value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// As much of a value as an error needs to name it.
pub(crate) fn excerpt(value: &str) -> String {
    value.chars().take(60).collect()
}

/// The items of a list, separated by commas that are not escaped.
pub(crate) fn split_list(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut escaped = false;
        let comma = text.bytes().position(|b| {
            let found = b == b',' && !escaped;
            escaped = b == b'\\' && !escaped;
            found
        });
        match comma {
            Some(comma) => {
                rest = text.get(comma + 1..);
                text.get(..comma)
            }
            None => {
                rest = None;
                Some(text)
            }
        }
    })
}

/// The number that all these digits make; none if one is no digit.
pub(crate) fn digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 12 {
        return None;
    }
    text.iter().try_fold(0i64, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i64::from(byte - b'0'))
    })
}

/// A UTC-OFFSET in seconds east of UTC: RFC 5545 §3.3.14.
pub fn utc_offset(value: &str) -> Result<i32, ValueError> {
    let error = || ValueError::Offset(excerpt(value));
    let text = value.trim().as_bytes();
    let (sign, number) = match text {
        [b'-', number @ ..] => (-1, number),
        [b'+', number @ ..] => (1, number),
        number => (1, number),
    };
    let number = match (number.len(), digits(number)) {
        // Some write hours alone.
        (2, Some(hours)) => hours * 10_000,
        (4, Some(minutes)) => minutes * 100,
        (6, Some(seconds)) => seconds,
        _ => return Err(error()),
    };
    let seconds = number / 10_000 * 3600 + number / 100 % 100 * 60 + number % 100;
    if seconds >= 86_400 {
        return Err(error());
    }
    i32::try_from(sign * seconds).map_err(|_| error())
}
