//! `VTIMEZONE` components as text, RFC 5545 §3.6.5, and as jCal, RFC 7265.

use super::rule::Recurrence;
use super::vtimezone::{Part, Vtimezone};
use crate::value::LocalTime;

/// Who says that it made an iCalendar object. RFC 5545 §3.7.3.
const PRODID: &str = "-//Chapar//Chapar//EN";

impl Vtimezone {
    /// A whole iCalendar object with nothing but this component.
    pub fn to_icalendar(&self) -> String {
        let mut out = String::with_capacity(4096);
        out.push_str("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:");
        out.push_str(PRODID);
        out.push_str("\r\n");
        self.write(&mut out);
        out.push_str("END:VCALENDAR\r\n");
        out
    }

    /// Appends the component, in lines that end with CRLF.
    pub fn write(&self, out: &mut String) {
        out.push_str("BEGIN:VTIMEZONE\r\n");
        line(out, "TZID:", &escape(&self.tzid));
        if let Some(zone) = &self.alias_of {
            line(out, "TZID-ALIAS-OF:", &escape(zone));
        }
        if let Some(until) = self.until {
            out.push_str("TZUNTIL:");
            push_time(out, until, BASIC);
            out.push_str("Z\r\n");
        }
        for part in &self.parts {
            part.write(out);
        }
        out.push_str("END:VTIMEZONE\r\n");
    }

    /// A whole jCal object with nothing but this component.
    pub fn to_jcal(&self) -> String {
        let mut out = String::with_capacity(4096);
        out.push_str(r#"["vcalendar",[["version",{},"text","2.0"],["prodid",{},"text",""#);
        out.push_str(PRODID);
        out.push_str(r#""]],["#);
        self.write_jcal(&mut out);
        out.push_str("]]");
        out
    }

    /// Appends the component in jCal.
    pub fn write_jcal(&self, out: &mut String) {
        out.push_str(r#"["vtimezone",[["tzid",{},"text","#);
        push_json(out, &self.tzid);
        out.push(']');
        if let Some(zone) = &self.alias_of {
            out.push_str(r#",["tzid-alias-of",{},"text","#);
            push_json(out, zone);
            out.push(']');
        }
        if let Some(until) = self.until {
            out.push_str(r#",["tzuntil",{},"date-time",""#);
            push_time(out, until, EXTENDED);
            out.push_str(r#"Z"]"#);
        }
        out.push_str("],[");
        for (number, part) in self.parts.iter().enumerate() {
            if number > 0 {
                out.push(',');
            }
            part.write_jcal(out);
        }
        out.push_str("]]");
    }
}

impl Part {
    fn kind(&self) -> &'static str {
        match self.observance.daylight {
            true => "DAYLIGHT",
            false => "STANDARD",
        }
    }

    fn write(&self, out: &mut String) {
        for text in ["BEGIN:", self.kind(), "\r\nTZNAME:"] {
            out.push_str(text);
        }
        out.push_str(&escape(&self.observance.name));
        out.push_str("\r\nTZOFFSETFROM:");
        push_offset(out, self.observance.from, "");
        out.push_str("\r\nTZOFFSETTO:");
        push_offset(out, self.observance.to, "");
        out.push_str("\r\nDTSTART:");
        push_time(out, self.start, BASIC);
        out.push_str("\r\n");
        if let Some(rule) = &self.rule {
            line(out, "RRULE:", &recurrence(rule));
        }
        // One a line: not every reader knows lists here.
        for &date in &self.dates {
            out.push_str("RDATE:");
            push_time(out, date, BASIC);
            out.push_str("\r\n");
        }
        for text in ["END:", self.kind(), "\r\n"] {
            out.push_str(text);
        }
    }

    fn write_jcal(&self, out: &mut String) {
        out.push_str(r#"[""#);
        out.push_str(match self.observance.daylight {
            true => "daylight",
            false => "standard",
        });
        out.push_str(r#"",[["tzname",{},"text","#);
        push_json(out, &self.observance.name);
        out.push_str(r#"],["tzoffsetfrom",{},"utc-offset",""#);
        push_offset(out, self.observance.from, ":");
        out.push_str(r#""],["tzoffsetto",{},"utc-offset",""#);
        push_offset(out, self.observance.to, ":");
        out.push_str(r#""],["dtstart",{},"date-time",""#);
        push_time(out, self.start, EXTENDED);
        out.push_str(r#""]"#);
        if let Some(rule) = &self.rule {
            out.push_str(r#",["rrule",{},"recur","#);
            out.push_str(&jcal_recurrence(rule));
            out.push(']');
        }
        if !self.dates.is_empty() {
            out.push_str(r#",["rdate",{},"date-time""#);
            for &date in &self.dates {
                out.push_str(r#",""#);
                push_time(out, date, EXTENDED);
                out.push('"');
            }
            out.push(']');
        }
        out.push_str("],[]]");
    }
}

const WEEKDAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/// `BYDAY`.
fn by_day(rule: &Recurrence) -> String {
    let weekday = usize::try_from(rule.weekday).ok();
    let weekday = weekday.and_then(|number| WEEKDAYS.get(number));
    let ordinal = rule.ordinal.map(|ordinal| ordinal.to_string());
    ordinal.unwrap_or_default() + weekday.copied().unwrap_or_default()
}

/// Its lists of days, by the names of their parts.
fn lists(rule: &Recurrence) -> impl Iterator<Item = (&'static str, String)> {
    let all = [
        ("BYMONTHDAY", &rule.month_days),
        ("BYYEARDAY", &rule.year_days),
    ];
    let some = all.into_iter().filter(|(_, days)| !days.is_empty());
    some.map(|(part, days)| {
        let days: Vec<String> = days.iter().map(i64::to_string).collect();
        (part, days.join(","))
    })
}

/// The value of an RRULE. RFC 5545 §3.3.10.
fn recurrence(rule: &Recurrence) -> String {
    let mut out = "FREQ=YEARLY".to_owned();
    if let Some(until) = rule.until {
        out.push_str(";UNTIL=");
        push_time(&mut out, until, BASIC);
        out.push('Z');
    }
    if let Some(month) = rule.month {
        out.push_str(&format!(";BYMONTH={month}"));
    }
    for (part, days) in lists(rule) {
        out.push_str(&format!(";{part}={days}"));
    }
    out.push_str(&format!(";BYDAY={}", by_day(rule)));
    out
}

/// The value of an RRULE in jCal. RFC 7265 §3.6.10.
fn jcal_recurrence(rule: &Recurrence) -> String {
    let mut out = r#"{"freq":"YEARLY""#.to_owned();
    if let Some(until) = rule.until {
        out.push_str(r#","until":""#);
        push_time(&mut out, until, EXTENDED);
        out.push_str(r#"Z""#);
    }
    if let Some(month) = rule.month {
        out.push_str(&format!(r#","bymonth":{month}"#));
    }
    for (part, days) in lists(rule) {
        out.push_str(&format!(r#","{}":[{days}]"#, part.to_ascii_lowercase()));
    }
    out.push_str(&format!(r#","byday":"{}"}}"#, by_day(rule)));
    out
}

/// What stands between the parts of a date and of a time: RFC 5545 §3.3.5.
const BASIC: (&str, &str) = ("", "");
/// As RFC 7265 §3.6.5 has it.
const EXTENDED: (&str, &str) = ("-", ":");

/// Appends a date and a time. Years before 0 are written as 0, and after 9999 as 9999: no zone
/// changes then, and iCalendar has none.
fn push_time(out: &mut String, seconds: i64, (dash, colon): (&str, &str)) {
    let time = LocalTime(seconds);
    let (year, month, day) = time.date();
    push_digits(out, year.clamp(0, 9999), 4);
    for part in [month, day] {
        out.push_str(dash);
        push_digits(out, part.into(), 2);
    }
    out.push('T');
    let second = time.second_of_day();
    push_digits(out, second / 3600, 2);
    for part in [second / 60 % 60, second % 60] {
        out.push_str(colon);
        push_digits(out, part, 2);
    }
}

/// Appends an offset; seconds only if there are some. RFC 5545 §3.3.14.
fn push_offset(out: &mut String, offset: i32, colon: &str) {
    out.push(if offset < 0 { '-' } else { '+' });
    let offset = i64::from(offset).abs();
    push_digits(out, offset / 3600, 2);
    out.push_str(colon);
    push_digits(out, offset / 60 % 60, 2);
    if offset % 60 != 0 {
        out.push_str(colon);
        push_digits(out, offset % 60, 2);
    }
}

fn push_digits(out: &mut String, number: i64, count: u32) {
    for place in (0..count).rev() {
        let digit = number / 10_i64.pow(place) % 10;
        let digit = u32::try_from(digit).ok();
        out.extend(digit.and_then(|digit| char::from_digit(digit, 10)));
    }
}

/// A text as a value; control characters are left out. RFC 5545 §3.3.11.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        if matches!(letter, '\\' | ';' | ',') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// Appends a line, folded where it is longer than 75 octets. RFC 5545 §3.1.
fn line(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    let mut room = 75_usize.saturating_sub(name.len());
    for letter in value.chars() {
        if letter.len_utf8() > room {
            out.push_str("\r\n ");
            room = 74;
        }
        out.push(letter);
        room -= letter.len_utf8();
    }
    out.push_str("\r\n");
}

/// Appends a JSON string. RFC 8259 §7.
fn push_json(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                out.push('\\');
                out.push(letter);
            }
            _ if letter.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            _ => out.push(letter),
        }
    }
    out.push('"');
}
