//! Points in time, and the two ways WebDAV writes them: RFC 9110 §5.6.7 and RFC 3339.

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

const DAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

impl Time {
    /// Appends `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn write_http_date(self, out: &mut Vec<u8>) {
        let (days, year, month, day, second) = self.civil();
        let [a, b, c] = *DAYS.get(days as usize % 7).copied().unwrap_or(b"Mon");
        let [d, e] = digits(day);
        let [f, g, h] = *MONTHS.get(month as usize - 1).copied().unwrap_or(b"Jan");
        let ([i, j], [k, l]) = (digits(year / 100), digits(year));
        let [m, n, o, p, q, r, s, t] = clock(second);
        out.extend_from_slice(&[
            a, b, c, b',', b' ', d, e, b' ', f, g, h, b' ', i, j, k, l, b' ', m, n, o, p, q, r, s,
            t, b' ', b'G', b'M', b'T',
        ]);
    }

    /// Appends `1994-11-06T08:49:37Z`.
    pub fn write_rfc3339(self, out: &mut Vec<u8>) {
        let (_, year, month, day, second) = self.civil();
        let ([a, b], [c, d]) = (digits(year / 100), digits(year));
        let ([e, f], [g, h]) = (digits(month), digits(day));
        let [i, j, k, l, m, n, o, p] = clock(second);
        out.extend_from_slice(&[
            a, b, c, d, b'-', e, f, b'-', g, h, b'T', i, j, k, l, m, n, o, p, b'Z',
        ]);
    }

    /// The same as [`Time::write_http_date`], as a string.
    pub fn http_date(self) -> String {
        let mut out = Vec::with_capacity(29);
        self.write_http_date(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Reads an HTTP date in any of the three forms of RFC 9110 §5.6.7.
    pub fn parse_http_date(text: &str) -> Option<Time> {
        let text = text.trim();
        let words: Vec<&str> = text
            .split([' ', '-', ','])
            .filter(|word| !word.is_empty())
            .collect();
        let (day, month, year, time) = match words.as_slice() {
            [_, month, day, time, year] if time.contains(':') => (*day, *month, *year, *time),
            [_, day, month, year, time, zone] if *zone == "GMT" => (*day, *month, *year, *time),
            _ => return None,
        };
        let month = MONTHS
            .iter()
            .position(|known| known.eq_ignore_ascii_case(month.as_bytes()))?;
        let day: i64 = day.parse().ok().filter(|day| (1..=31).contains(day))?;
        let short = year.len() == 2;
        let mut year: i64 = year.parse().ok().filter(|year| (0..=9999).contains(year))?;
        if short {
            year += if year < 70 { 2000 } else { 1900 };
        }
        let mut clock = time.split(':').map(|part| part.parse::<i64>().ok());
        let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
        if clock.next().is_some() || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let days = days_from_civil(year, month as i64 + 1, day);
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
        Some(Time(seconds)).filter(|time| (FIRST..=LAST).contains(&time.0))
    }

    /// Days since 0001-01-01, year, month, day of the month, second of the day.
    fn civil(self) -> (u32, u32, u32, u32, u32) {
        // What four digits of a year can say: from there on, 32 bits are enough.
        let seconds = self.0.clamp(FIRST, LAST) - FIRST;
        let days = (seconds / 86_400) as u32;
        // Years begin in March here, so that what leap years add comes last.
        let shifted = days + 306;
        let era = shifted / 146_097;
        let day_of_era = shifted % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = match month_from_march {
            0..10 => month_from_march + 3,
            _ => month_from_march - 9,
        };
        let year = year_of_era + era * 400 + u32::from(month <= 2);
        (days, year, month, day, (seconds % 86_400) as u32)
    }
}

/// 0001-01-01T00:00:00Z, a Monday.
const FIRST: i64 = -62_135_596_800;
/// 9999-12-31T23:59:59Z.
const LAST: i64 = 253_402_300_799;

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn clock(second: u32) -> [u8; 8] {
    let ([a, b], [c, d]) = (digits(second / 3600), digits(second / 60 % 60));
    let [e, f] = digits(second % 60);
    [a, b, b':', c, d, b':', e, f]
}

/// The last two digits.
fn digits(number: u32) -> [u8; 2] {
    [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn dates_round_trip() {
        for (text, seconds) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000),
            ("Mon, 01 Jan 0001 00:00:00 GMT", -62_135_596_800),
            ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
            ("Mon, 01 Mar 1999 00:00:01 GMT", 920_246_401),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
        ] {
            assert_eq!(Time(seconds).http_date(), text);
            assert_eq!(Time::parse_http_date(text), Some(Time(seconds)), "{text}");
        }
        for text in ["Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(
                Time::parse_http_date(text),
                Some(Time(784_111_777)),
                "{text}"
            );
        }
        for text in [
            "",
            "now",
            "Sun, 99 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 25:49:37 GMT",
            "Sat, 01 Jan 0000 00:00:00 GMT",
            "Fri, 31 Dec 9999 23:59:60 GMT",
        ] {
            assert_eq!(Time::parse_http_date(text), None, "{text}");
        }
    }
}
