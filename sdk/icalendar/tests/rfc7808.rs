//! `VTIMEZONE` components and TZif of the IANA database, RFC 7808 §3.9: every zone is expanded from
//! its component by brute force, and compared with what tz-rs, which shares no code with ours, reads
//! from TZif: from our own database, and from the system's where that is of the same release.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use icalendar::tzdb::{self, Range, Zone};
use std::collections::HashMap;
use tz::{TimeZone, UtcDateTime};

/// 1970-01-01 and 2038-01-01.
const YEARS: (i64, i64) = (0, 2_145_916_800);

/// 2000-01-01 and 2030-01-01.
const PART: (i64, i64) = (946_684_800, 1_893_456_000);

#[test]
fn s3_9_every_zone_from_1970_to_2037() {
    let system = system_database();
    let mut judged = 0;
    for name in tzdb::names() {
        let zone = Zone::iana(name).unwrap();
        let own = read(&zone.tzif(Range::ALL));
        let expanded = expand(&zone.vtimezone(name, Range::ALL).to_icalendar(), name);
        let (from, to) = YEARS;
        compare(name, &expanded, &own, from, to);
        if let Some(of_system) = system.as_ref().and_then(|zones| zones.get(name)) {
            compare(name, &expanded, of_system, from, to);
            judged += 1;
        }
    }
    assert!(system.is_none() || judged == tzdb::names().count());
    eprintln!("judged by the system's database: {judged}");
}

#[test]
fn s3_9_every_zone_truncated() {
    let (from, to) = PART;
    let range = Range {
        start: Some(from),
        end: Some(to),
    };
    for name in tzdb::names() {
        let zone = Zone::iana(name).unwrap();
        let text = zone.vtimezone(name, range).to_icalendar();
        assert!(text.contains("TZUNTIL:20300101T000000Z\r\n"), "{name}");
        let expanded = expand(&text, name);
        let at_start = expanded.iter().filter(|onset| onset.utc == from);
        assert_eq!((at_start.count(), expanded[0].utc), (1, from), "{name}");
        assert!(expanded.iter().all(|onset| onset.utc < to), "{name}");
        let own = read(&zone.tzif(Range::ALL));
        compare(name, &expanded, &own, from, to);
        // The same part in TZif; outside of it nothing is known.
        let part = read(&zone.tzif(range));
        compare(name, &expanded, &part, from, to);
        for outside in [from - 1, to] {
            // After the last transition, where no rule follows, tz-rs says that nothing is known.
            if let Ok(unspecified) = part.find_local_time_type(outside) {
                assert_eq!(unspecified.time_zone_designation(), "-00", "{name}");
            }
        }
    }
}

#[test]
fn s3_9_every_zone_truncated_at_one_end() {
    let (from, to) = PART;
    let start = Range {
        start: Some(from),
        end: None,
    };
    let end = Range {
        start: None,
        end: Some(to),
    };
    for name in tzdb::names() {
        let zone = Zone::iana(name).unwrap();
        let own = read(&zone.tzif(Range::ALL));
        for (range, from, to) in [(start, from, YEARS.1), (end, YEARS.0, to)] {
            let expanded = expand(&zone.vtimezone(name, range).to_icalendar(), name);
            compare(name, &expanded, &own, from, to);
            compare(name, &expanded, &read(&zone.tzif(range)), from, to);
        }
    }
}

/// The system's database, by name; none if it is of another release or not there.
fn system_database() -> Option<HashMap<&'static str, TimeZone>> {
    let folder = std::path::Path::new("/usr/share/zoneinfo");
    let rules = std::fs::read_to_string(folder.join("tzdata.zi")).unwrap_or_default();
    let version = rules.lines().next().unwrap_or_default();
    let version = version.strip_prefix("# version ").unwrap_or("missing");
    if version != tzdb::version() {
        let ours = tzdb::version();
        eprintln!("SKIPPED the system's database: it is {version}, ours {ours}");
        return None;
    }
    let zones = tzdb::names().filter_map(|name| {
        let data = std::fs::read(folder.join(name)).ok()?;
        Some((name, read(&data)))
    });
    Some(zones.collect())
}

fn read(data: &[u8]) -> TimeZone {
    TimeZone::from_tz_data(data).unwrap()
}

/// An onset as the component gives it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Onset {
    utc: i64,
    offset: i64,
    name: String,
    daylight: bool,
}

/// Checks every onset, the second before it, and a time every week.
fn compare(name: &str, onsets: &[Onset], zone: &TimeZone, from: i64, to: i64) {
    let weeks = (from..to).step_by(7 * 86_400 - 3_600);
    let near = onsets.iter().flat_map(|onset| [onset.utc - 1, onset.utc]);
    let listed = zone.as_ref().transitions().iter();
    let listed = listed.flat_map(|transition| {
        let time = transition.unix_leap_time();
        [time - 1, time]
    });
    for time in weeks.chain(near).chain(listed) {
        if !(from..to).contains(&time) {
            continue;
        }
        let index = onsets.partition_point(|onset| onset.utc <= time);
        let ours = &onsets[index - 1];
        let theirs = zone.find_local_time_type(time).unwrap();
        assert_eq!(
            (ours.offset, ours.name.as_str()),
            (
                i64::from(theirs.ut_offset()),
                theirs.time_zone_designation()
            ),
            "{name} at {time}"
        );
    }
}

/// All onsets of a component up to 2038, with what each says of the time before it checked.
fn expand(text: &str, name: &str) -> Vec<Onset> {
    let text = text.replace("\r\n ", "");
    let mut onsets = Vec::new();
    let mut before = HashMap::new();
    let mut part: HashMap<&str, Vec<&str>> = HashMap::new();
    for line in text.lines() {
        let (property, value) = line.split_once(':').unwrap();
        match (property, value) {
            ("BEGIN", _) => part.clear(),
            ("END", "STANDARD" | "DAYLIGHT") => {
                let from = offset(part["TZOFFSETFROM"][0]);
                for local in locals(&part, from) {
                    let utc = local - from;
                    before.insert(utc, from);
                    onsets.push(Onset {
                        utc,
                        offset: offset(part["TZOFFSETTO"][0]),
                        name: part["TZNAME"][0].to_owned(),
                        daylight: value == "DAYLIGHT",
                    });
                }
            }
            _ => part.entry(property).or_default().push(value),
        }
    }
    onsets.sort();
    for pair in onsets.windows(2) {
        assert!(pair[0].utc < pair[1].utc, "{name}: {pair:?}");
        assert_eq!(before[&pair[1].utc], pair[0].offset, "{name}: {pair:?}");
    }
    onsets
}

/// The local onsets of a STANDARD or DAYLIGHT component.
fn locals(part: &HashMap<&str, Vec<&str>>, from: i64) -> Vec<i64> {
    let start = time(part["DTSTART"][0]);
    let dates = part.get("RDATE").into_iter().flatten();
    let mut locals: Vec<i64> = dates.map(|date| time(date)).collect();
    locals.push(start);
    if let Some(rule) = part.get("RRULE") {
        let rule: HashMap<&str, &str> = rule[0]
            .split(';')
            .map(|part| part.split_once('=').unwrap())
            .collect();
        assert_eq!(rule["FREQ"], "YEARLY");
        let until = rule
            .get("UNTIL")
            .map_or(start.max(YEARS.1), |until| time(until) + from);
        let by_rule = (start..=until)
            .step_by(86_400)
            .filter(|day| is_on(&rule, *day));
        let by_rule: Vec<i64> = by_rule.collect();
        assert_eq!(
            by_rule.first(),
            Some(&start),
            "DTSTART is the first of {rule:?}"
        );
        assert!(!rule.contains_key("UNTIL") || by_rule.last() == Some(&until));
        locals.extend(by_rule);
    }
    locals.sort();
    locals.dedup();
    locals
}

/// Whether a day is one of a rule's.
fn is_on(rule: &HashMap<&str, &str>, local: i64) -> bool {
    let date = UtcDateTime::from_timespec(local, 0).unwrap();
    let next_week = UtcDateTime::from_timespec(local + 7 * 86_400, 0).unwrap();
    let leap = date.year() % 4 == 0 && (date.year() % 100 != 0 || date.year() % 400 == 0);
    let from_end = i64::from(date.year_day()) - if leap { 366 } else { 365 };
    let day = i64::from(date.month_day());
    let has = |part: &str, number: i64| {
        let list = rule.get(part).map(|list| list.split(','));
        list.is_none_or(|mut list| list.any(|item| item == number.to_string()))
    };
    let (ordinal, weekday) = rule["BYDAY"].split_at(rule["BYDAY"].len() - 2);
    let weekdays = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
    weekdays[usize::from(date.week_day())] == weekday
        && has("BYMONTH", date.month().into())
        && has("BYMONTHDAY", day)
        && has("BYYEARDAY", from_end)
        && match ordinal {
            "" => true,
            "-1" => next_week.month() != date.month(),
            _ => ordinal == ((day + 6) / 7).to_string(),
        }
}

fn time(text: &str) -> i64 {
    let text = text.trim_end_matches('Z');
    let number = |range: std::ops::Range<usize>| text[range].parse::<u8>().unwrap();
    let year = text[..4].parse().unwrap();
    let date = UtcDateTime::new(
        year,
        number(4..6),
        number(6..8),
        number(9..11),
        number(11..13),
        number(13..15),
        0,
    );
    date.unwrap().unix_time()
}

fn offset(text: &str) -> i64 {
    let number = |from: usize| text.get(from..from + 2).map_or(0, |n| n.parse().unwrap());
    let seconds = number(1) * 3600 + number(3) * 60 + number(5);
    if text.starts_with('-') {
        -seconds
    } else {
        seconds
    }
}
