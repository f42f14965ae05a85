//! Index keys: an object is found by every range that it overlaps.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod support;

use icalendar::Budget;
use icalendar::keys::{DISTANT, Keys};
use icalendar::object::Kind;
use icalendar::series::{Range, Series};
use icalendar::zone::Zone;
use support::{event, parse, range, stream, utc};

fn keys(text: &str) -> Keys {
    Keys::of(&parse(text)).unwrap()
}

/// As the index compares.
fn meets(intervals: &[(i64, i64)], range: Range) -> bool {
    intervals
        .iter()
        .any(|(start, end)| *start < range.end && *(end.max(&(start + 1))) > range.start)
}

#[test]
fn words_categories_and_organizer() {
    let text = event(
        "DTSTART:20260101T100000Z\nDTEND:20260101T110000Z\nSUMMARY:Tea\\, with milk\nLOCATION:Kitchen\nCATEGORIES:Food,DRINK\nCATEGORIES:food\nORGANIZER:MAILTO:Ann@Example.com\n",
    );
    let keys = keys(&text);
    assert_eq!((keys.kind, keys.object_uid.as_str()), (Kind::Event, "1"));
    assert_eq!(keys.categories, ["drink", "food"]);
    assert_eq!(keys.organizer.unwrap(), "mailto:ann@example.com");
    assert_eq!(keys.words.trim(), "Tea, with milk Kitchen");
    assert_eq!(
        keys.intervals,
        [(utc("20260101T100000Z"), utc("20260101T110000Z"))]
    );
    assert!(keys.exact);
}

#[test]
fn intervals_are_single_close_together_or_open() {
    let of = |lines: &str| keys(&event(lines));
    let few = of("DTSTART:20260101T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=10\n");
    assert_eq!((few.intervals.len(), few.exact), (10, true));
    let many = of("DTSTART:20260101T100000Z\nRRULE:FREQ=WEEKLY;COUNT=100\n");
    assert_eq!((many.intervals.len(), many.exact), (1, false));
    let endless = of("DTSTART:20260101T100000Z\nRRULE:FREQ=WEEKLY\n");
    assert_eq!(endless.intervals, [(utc("20260101T100000Z"), DISTANT.1)]);
    let yearly = of("DTSTART;VALUE=DATE:19900405\nRRULE:FREQ=YEARLY\n");
    assert!(
        (100..=120).contains(&yearly.intervals.len()),
        "{}",
        yearly.intervals.len()
    );
    assert!(!meets(
        &yearly.intervals,
        range("20260501T000000Z", "20260601T000000Z")
    ));
    let bomb = of("DTSTART:20260101T100000Z\nRRULE:FREQ=SECONDLY\n");
    assert_eq!(bomb.intervals, [(utc("20260101T100000Z"), DISTANT.1)]);
    let task = keys(&stream("BEGIN:VTODO\nUID:1\nEND:VTODO\n"));
    assert_eq!(task.intervals, [DISTANT]);
    let journal = keys(&stream("BEGIN:VJOURNAL\nUID:1\nEND:VJOURNAL\n"));
    assert_eq!(journal.intervals, []);
}

/// A generator of numbers that needs no crate: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len() as u64) as usize]
    }
}

#[test]
fn no_object_is_missed_by_its_intervals_in_any_zone() {
    let mut random = Random(4791);
    let zones = [
        "UTC",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
        "Europe/Berlin",
        "America/New_York",
    ];
    for _ in 0..400 {
        let form = random.of(&[
            "{}Z",
            "{}",
            ";TZID=Europe/Berlin:{}",
            ";TZID=Nowhere:{}",
            ";VALUE=DATE:{}",
        ]);
        let day = format!(
            "{}{:02}{:02}",
            1960 + random.below(80),
            1 + random.below(12),
            1 + random.below(28)
        );
        let stamp = if form.contains("DATE") {
            day
        } else {
            format!("{day}T{:02}3000", random.below(24))
        };
        let start = form.replace("{}", &stamp);
        let start = if start.starts_with(';') {
            start
        } else {
            format!(":{start}")
        };
        let rule = random.of(&[
            "",
            "RRULE:FREQ=YEARLY",
            "RRULE:FREQ=MONTHLY;BYDAY=-1FR",
            "RRULE:FREQ=WEEKLY;COUNT=40",
            "RRULE:FREQ=DAILY;INTERVAL=45",
            "RRULE:FREQ=YEARLY;INTERVAL=7;COUNT=50",
            "RRULE:FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=31",
            "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        ]);
        let length = random.of(&["", "DURATION:P3D", "DURATION:P60D"]);
        let kind = random.of(&["VEVENT", "VTODO", "VJOURNAL"]);
        let alarm = random.of(&["-PT15M", "P2D", "-P1W", "PT0S"]);
        let text = stream(&format!(
            "BEGIN:{kind}\nUID:1\nDTSTART{start}\n{length}\n{rule}\nBEGIN:VALARM\nTRIGGER:{alarm}\nREPEAT:2\nDURATION:PT3H\nEND:VALARM\nEND:{kind}\n"
        ).replace("\r\n\r\n", "\r\n"));
        let calendar = parse(&text);
        let keys = Keys::of(&calendar).unwrap();
        for zone in zones {
            let series = Series::of(&calendar, Zone::named(zone).unwrap());
            for _ in 0..20 {
                let from = utc("19590101T000000Z") + random.below(140 * 366 * 24) as i64 * 3600;
                let range = Range::new(
                    Some(from),
                    Some(from + 3600 * (1 + random.below(2000) as i64)),
                );
                let overlaps = series.overlaps(range, &mut Budget::default()).unwrap();
                assert!(
                    !overlaps || meets(&keys.intervals, range),
                    "{text} {zone} {range:?}"
                );
                if keys.exact {
                    assert_eq!(
                        overlaps,
                        meets(&keys.intervals, range),
                        "{text} {zone} {range:?}"
                    );
                }
                let rings = series
                    .any_alarm(range, &mut Budget::default(), &mut |_, _| true)
                    .unwrap();
                assert!(
                    !rings || meets(&keys.alarms, range),
                    "{text} {zone} {range:?}"
                );
            }
        }
    }
}
