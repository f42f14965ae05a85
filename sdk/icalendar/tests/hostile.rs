//! Whatever comes in: nothing panics, what was read is written as it was, and all work has bounds.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use icalendar::busy::Busy;
use icalendar::data::{Output, Recurrences, without_controls};
use icalendar::jcal::from_jcal;
use icalendar::keys::Keys;
use icalendar::object::Object;
use icalendar::series::{Range, Series};
use icalendar::zone::Zone;
use icalendar::{Budget, Calendar, Limits};

const SEEDS: [&str; 7] = [
    include_str!("fixtures/rfc4791/appendix_b/abcd2.ics"),
    include_str!("fixtures/rfc4791/appendix_b/abcd5.ics"),
    include_str!("fixtures/rfc4791/appendix_b/abcd8.ics"),
    include_str!("fixtures/rfc7953/appendix_b.ics"),
    include_str!("fixtures/rfc7265/b_2.ics"),
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=YEARLY;INTERVAL=3;BYDAY=-1SU,2MO;BYMONTH=2;BYSETPOS=-1;RSCALE=GREGORIAN;SKIP=FORWARD\r\nEXRULE:FREQ=MONTHLY\r\nRDATE;VALUE=PERIOD:20240101T000000Z/P1W,20240201T000000Z/20240202T000000Z\r\nEXDATE;TZID=X:20240101T000000\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20270228\r\nDTSTART:20270228T100000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Z\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nRRULE:FREQ=MONTHLY;BYDAY=1SU\r\nTZOFFSETFROM:+1400\r\nTZOFFSETTO:-123456\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VTODO\r\nUID:1\r\nDUE;TZID=Z:20240229T101010\r\nRRULE:FREQ=HOURLY;COUNT=500\r\nBEGIN:VALARM\r\nTRIGGER;RELATED=END:-P1DT1H\r\nREPEAT:3\r\nDURATION:PT5M\r\nEND:VALARM\r\nEND:VTODO\r\nEND:VCALENDAR\r\n",
];

/// Pieces that matter to somebody.
const PIECES: [&str; 40] = [
    "\r\n",
    "\n",
    "\r\n ",
    "\t",
    ":",
    ";",
    ",",
    "\"",
    "\\",
    "=",
    "^",
    "-",
    "0",
    "9",
    "99999999999",
    "T",
    "Z",
    "P",
    "/",
    "BEGIN:VEVENT\r\n",
    "END:VEVENT\r\n",
    "BEGIN:VALARM\r\n",
    "RRULE:FREQ=SECONDLY\r\n",
    "COUNT=4294967295",
    "INTERVAL=4294967295",
    "BYSETPOS=-366",
    "BYWEEKNO=53",
    "BYMONTHDAY=31",
    "UNTIL=99991231T235959Z",
    "00000101T000000",
    "99991231T235959",
    "19700101",
    "P99999999W",
    "-PT999999999H",
    "é",
    "\u{0}",
    "TZOFFSETTO:+235959\r\n",
    "RDATE:00010101,99991231\r\n",
    "RANGE=THISANDFUTURE",
    "FREQ=MINUTELY",
];

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn mutated(random: &mut Random) -> Vec<u8> {
    let mut bytes = SEEDS
        .get(random.below(SEEDS.len()))
        .unwrap()
        .as_bytes()
        .to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        let to = (at + random.below(12)).min(bytes.len());
        match random.below(4) {
            0 => bytes.insert(at, (random.below(256)) as u8),
            1 => drop(bytes.drain(at..to)),
            _ => {
                let piece = PIECES.get(random.below(PIECES.len())).unwrap().bytes();
                bytes.splice(at..to, piece);
            }
        }
    }
    bytes
}

fn use_all(bytes: &[u8]) -> bool {
    let limits = Limits::default();
    let Ok(calendar) = Calendar::parse(bytes, &limits) else {
        let _ = Calendar::parse_many(bytes, &limits);
        return false;
    };
    assert_eq!(calendar.to_bytes(), bytes);
    let _ = Object::check(&calendar);
    let _ = Keys::of(&calendar);
    let zone = Zone::named("America/New_York").unwrap();
    let budget = || Budget::new(20_000, 500);
    let month = Range::new(Some(1_708_000_000), Some(1_710_600_000));
    let far = Range::new(Some(250_000_000_000), None);
    for range in [month, far, Range::ALL] {
        let series = Series::of(&calendar, zone.clone());
        let _ = series.overlaps(range, &mut budget());
        let _ = series.any_alarm(range, &mut budget(), &mut |_, _| false);
        let mut busy = Busy::new(range);
        let _ = busy.add(&calendar, &zone, &["mailto:a@example.com"], &mut budget());
        let _ = busy.periods();
        for recurrences in [Recurrences::Expand(range), Recurrences::Limit(range)] {
            let output = Output {
                recurrences,
                limit_freebusy_set: Some(range),
                ..Output::default()
            };
            if let Ok(bytes) = output.write(&calendar, &zone, &mut budget()) {
                // What we make is well-formed.
                Calendar::parse(&bytes, &limits).unwrap();
            }
        }
    }
    let _ = from_jcal(&calendar.to_jcal(), &limits);
    let _ = without_controls(bytes);
    true
}

#[test]
fn mutated_calendars_never_panic_and_keep_their_bytes() {
    let mut random = Random(0x5eed);
    let mut read = 0;
    for _ in 0..6000 {
        read += u32::from(use_all(&mutated(&mut random)));
    }
    assert!(read > 1000, "{read}");
}

#[test]
fn the_seeds_are_read() {
    assert!(SEEDS.iter().all(|seed| use_all(seed.as_bytes())));
}
