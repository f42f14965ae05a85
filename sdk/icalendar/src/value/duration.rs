//! Durations: RFC 5545 §3.3.6.

use std::fmt;

use super::{ValueError, digits, excerpt};

/// A duration. Days and weeks are nominal: they end at the same time of day, whatever the clock
/// does in between; hours, minutes and seconds are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Duration {
    /// Whole days, negative backwards.
    pub days: i64,
    /// Seconds beyond that, of the same sign.
    pub seconds: i64,
}

impl Duration {
    /// Reads `P1W`, `-PT15M`, `P1DT2H` and the like. Units may be in any number and order, as
    /// clients write them (`P1W2D`; `P0D`; `PT`).
    pub fn read(value: &str) -> Result<Self, ValueError> {
        Self::parts(value.trim().as_bytes()).ok_or_else(|| ValueError::Duration(excerpt(value)))
    }

    fn parts(bytes: &[u8]) -> Option<Self> {
        let (sign, rest) = match bytes {
            [b'-', rest @ ..] => (-1, rest),
            [b'+', rest @ ..] => (1, rest),
            rest => (1, rest),
        };
        let rest = rest
            .strip_prefix(b"P")
            .or_else(|| rest.strip_prefix(b"p"))?;
        let mut duration = Self::default();
        let mut in_time = false;
        let mut number: &[u8] = &[];
        let mut from = 0;
        for (at, byte) in rest.iter().enumerate() {
            if byte.is_ascii_digit() {
                number = rest.get(from..=at)?;
                continue;
            }
            from = at + 1;
            let unit = byte.to_ascii_uppercase();
            if unit == b'T' {
                if in_time || !number.is_empty() {
                    return None;
                }
                in_time = true;
                continue;
            }
            // Nine digits of weeks are no overflow yet.
            let amount = digits(number).filter(|_| number.len() <= 9)?;
            number = &[];
            match (unit, in_time) {
                (b'W', false) => duration.days += amount * 7,
                (b'D', false) => duration.days += amount,
                (b'H', true) => duration.seconds += amount * 3600,
                (b'M', true) => duration.seconds += amount * 60,
                (b'S', true) => duration.seconds += amount,
                _ => return None,
            }
        }
        if !number.is_empty() {
            return None;
        }
        Some(Self {
            days: sign * duration.days,
            seconds: sign * duration.seconds,
        })
    }

    /// Whether it is longer than nothing.
    pub fn is_positive(self) -> bool {
        self.approximate_seconds() > 0
    }

    /// Its length if all days had 24 hours.
    pub fn approximate_seconds(self) -> i64 {
        self.days
            .saturating_mul(super::local::DAY)
            .saturating_add(self.seconds)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds) = (self.days.abs(), self.seconds.abs());
        if self.days < 0 || self.seconds < 0 {
            f.write_str("-")?;
        }
        f.write_str("P")?;
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if seconds > 0 || days == 0 {
            f.write_str("T")?;
            let parts = [(seconds / 3600, 'H'), (seconds / 60 % 60, 'M')];
            for (amount, unit) in parts.into_iter().filter(|(amount, _)| *amount > 0) {
                write!(f, "{amount}{unit}")?;
            }
            if seconds % 60 > 0 || seconds == 0 {
                write!(f, "{}S", seconds % 60)?;
            }
        }
        Ok(())
    }
}
