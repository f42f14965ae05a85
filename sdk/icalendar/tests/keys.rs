//! Index keys: an object is found by every range that it overlaps.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod support;

use icalendar::Budget;
use icalendar::keys::{DISTANT, Keys, Names, Stretch};
use icalendar::object::Kind;
use icalendar::series::{Range, Series};
use icalendar::value::LocalTime;
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

/// Whether a stretch of one of these names is met.
fn found(keys: &Keys, names: &[&str], range: Range) -> bool {
    let named = keys.times.iter().filter(|time| names.contains(&time.name));
    let intervals: Vec<_> = named.map(|time| (time.start, time.end)).collect();
    meets(&intervals, range)
}

/// Whether the index knows that an object is in a range, or not: none if it has to be looked at.
fn known(keys: &Keys, range: Range) -> Option<bool> {
    let names = Names::of(Some(keys.kind), range);
    let possible = [names.possible, names.beyond].concat();
    match (
        found(keys, names.certain, range),
        found(keys, &possible, range),
    ) {
        (true, _) => Some(true),
        (false, false) => Some(false),
        (false, true) => None,
    }
}

/// Who asks for no kind finds what who asks for each of them finds, and knows as much of it.
#[test]
fn names_of_any_kind_are_those_of_all() {
    let kinds = [
        Kind::Event,
        Kind::Todo,
        Kind::Journal,
        Kind::FreeBusy,
        Kind::Availability,
        Kind::Poll,
    ];
    let sorted = |names: &[&'static str]| {
        let mut names = names.to_vec();
        names.sort_unstable();
        names
    };
    for days in [1, 9, 17, 37] {
        let range = Range::new(Some(0), Some(days * 86_400));
        let each = kinds.map(|kind| Names::of(Some(kind), range));
        let any = Names::of(None, range);
        let certain = each.map(|names| names.certain).concat();
        let possible = each.map(|names| names.possible).concat();
        let beyond = each.map(|names| names.beyond).concat();
        assert_eq!(sorted(any.certain), sorted(&certain), "{days}");
        assert_eq!(sorted(any.possible), sorted(&possible), "{days}");
        assert_eq!(sorted(any.beyond), sorted(&beyond), "{days}");
    }
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
    let (start, end) = (utc("20260101T100000Z"), utc("20260101T110000Z"));
    assert_eq!(
        keys.times,
        [Stretch {
            start,
            end,
            name: "at"
        }]
    );
}

#[test]
fn a_series_is_few_stretches_that_say_what_they_leave_free() {
    let of = |lines: &str| keys(&event(lines));
    let times = |keys: &Keys| -> Vec<(i64, i64, &'static str)> {
        let each = keys.times.iter();
        each.map(|time| (time.start, time.end, time.name)).collect()
    };
    let first = utc("20260101T100000Z");
    let few = of("DTSTART:20260101T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=5\n");
    assert!(few.times.len() == 5 && few.times.iter().all(|time| time.name == "at"));
    let many = of("DTSTART:20260101T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=100\n");
    let last = first + 99 * 7 * 86_400 + 3600;
    assert_eq!(times(&many), [(first, last, "at-8")]);
    let bomb = of("DTSTART:20260101T100000Z\nRRULE:FREQ=SECONDLY\n");
    assert_eq!(times(&bomb), [(first, DISTANT.1, "beyond-event")]);
    let task = keys(&stream("BEGIN:VTODO\nUID:1\nEND:VTODO\n"));
    assert_eq!(times(&task), [(DISTANT.0, DISTANT.1, "may-be-todo")]);
    let journal = keys(&stream("BEGIN:VJOURNAL\nUID:1\nEND:VJOURNAL\n"));
    assert_eq!(times(&journal), []);
}

/// A month that lies decades after DTSTART is known without looking at the object: where clocks are
/// changed, and after exceptions, too.
#[test]
fn a_month_long_after_the_first_instance_is_known() {
    let month = range("20500601T000000Z", "20500701T000000Z");
    for (lines, expected) in [
        ("DTSTART:20260101T100000Z\nRRULE:FREQ=DAILY\n", Some(true)),
        (
            "DTSTART:20260101T100000Z\nRRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR\n",
            Some(true),
        ),
        (
            "DTSTART;TZID=Europe/Vienna:20260101T100000\nRRULE:FREQ=WEEKLY;BYDAY=TH\n",
            Some(true),
        ),
        (
            "DTSTART;TZID=Europe/Vienna:20260101T100000\nRRULE:FREQ=WEEKLY;INTERVAL=2\n",
            Some(true),
        ),
        (
            "DTSTART;TZID=Europe/Vienna:20260101T100000\nRRULE:FREQ=WEEKLY\n\
             EXDATE;TZID=Europe/Vienna:20260108T100000,20280106T100000\n",
            Some(true),
        ),
        // In a range of 30 days there need not be one.
        ("DTSTART:20260101T100000Z\nRRULE:FREQ=MONTHLY\n", None),
        ("DTSTART:19900405T100000Z\nRRULE:FREQ=YEARLY\n", Some(false)),
        ("DTSTART:19900605T100000Z\nRRULE:FREQ=YEARLY\n", Some(true)),
        (
            "DTSTART:20260101T100000Z\nRRULE:FREQ=WEEKLY;COUNT=50\n",
            Some(false),
        ),
        (
            "DTSTART:20260101T100000Z\nRRULE:FREQ=WEEKLY;UNTIL=20490101T000000Z\n",
            Some(false),
        ),
        // Clocks skip that time on a Sunday in March.
        (
            "DTSTART;TZID=Europe/Vienna:20260104T023000\nRRULE:FREQ=WEEKLY\n",
            None,
        ),
    ] {
        assert_eq!(known(&keys(&event(lines)), month), expected, "{lines}");
    }
    let birthday = keys(&event("DTSTART;VALUE=DATE:19900405\nRRULE:FREQ=YEARLY\n"));
    assert_eq!(known(&birthday, month), Some(false));
    assert!((100..=121).contains(&birthday.times.len()));
}

/// Keys that are made anew know what was beyond those before: as much as was asked for, and a bit more,
/// so that they are not made anew each day.
#[test]
fn the_horizon_moves_to_where_somebody_has_looked() {
    let month = |year: i32| {
        range(
            &format!("{year}0601T000000Z"),
            &format!("{year}0701T000000Z"),
        )
    };
    let birthday = "DTSTART;VALUE=DATE:18850405\nRRULE:FREQ=YEARLY\n";
    let easter = "DTSTART:18850405T100000Z\nRRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=SU;BYSETPOS=2\n";
    let meeting = "DTSTART;TZID=Europe/Vienna:19850404T100000\nRRULE:FREQ=WEEKLY\n";
    let payday = "DTSTART;TZID=Europe/Vienna:19600404T100000\nRRULE:FREQ=MONTHLY;INTERVAL=4\n";
    let holidays = "DTSTART:18850605T100000Z\nDURATION:PT1H\nRRULE:FREQ=YEARLY\n";
    for (lines, in_june) in [
        (birthday, false),
        (easter, false),
        (meeting, true),
        (payday, false),
        (holidays, true),
    ] {
        let text = event(lines);
        let calendar = parse(&text);
        let asked = month(2095);
        assert_eq!(known(&Keys::of(&calendar).unwrap(), asked), None, "{lines}");
        let keys = Keys::reaching(&calendar, Some(asked.end)).unwrap();
        for year in [2026, 2095, 2110] {
            assert_eq!(known(&keys, month(year)), Some(in_june), "{lines} {year}");
        }
        assert!(keys.times.len() <= 481, "{lines}: {}", keys.times.len());
        let names = Names::of(Some(keys.kind), month(2200));
        assert!(found(&keys, names.beyond, month(2200)), "{lines}");
    }
    // What takes too much is looked at each time, and nobody is told that it would help to ask.
    let bomb = event("DTSTART:19850101T100000Z\nRRULE:FREQ=SECONDLY;BYSECOND=1;BYSETPOS=-1\n");
    let bomb = parse(&bomb);
    let keys = Keys::reaching(&bomb, Some(month(2095).end)).unwrap();
    let names = Names::of(Some(keys.kind), month(2095));
    assert!(!found(&keys, names.beyond, month(2095)));
    assert!(found(&keys, names.possible, month(2095)));
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

/// A zone of its own, where clocks skip two hours of a working day.
const ODD: &str = "BEGIN:VTIMEZONE\nTZID:Odd\nBEGIN:DAYLIGHT\nDTSTART:19600301T090000\n\
    TZOFFSETFROM:+0000\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYMONTH=3\nEND:DAYLIGHT\n\
    BEGIN:STANDARD\nDTSTART:19601001T090000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0000\n\
    RRULE:FREQ=YEARLY;BYMONTH=10\nEND:STANDARD\nEND:VTIMEZONE\n";

#[test]
fn what_the_index_knows_is_what_the_object_says_in_any_zone() {
    let mut random = Random(4791);
    let zones = [
        "UTC",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
        "Europe/Berlin",
        "America/New_York",
    ];
    for _ in 0..1500 {
        let form = random.of(&[
            "{}Z",
            "{}",
            ";TZID=Europe/Berlin:{}",
            ";TZID=Odd:{}",
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
            "RRULE:FREQ=DAILY",
            "RRULE:FREQ=DAILY;INTERVAL=3",
            "RRULE:FREQ=DAILY;BYDAY=MO,WE,FR",
            "RRULE:FREQ=WEEKLY;BYDAY=MO,TH",
            "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=MO",
            "RRULE:FREQ=MONTHLY",
            "RRULE:FREQ=MONTHLY;BYMONTHDAY=-28,31",
            "RRULE:FREQ=MONTHLY;BYDAY=2TU,5WE",
            "RRULE:FREQ=DAILY;UNTIL=20100101T000000Z",
            "RRULE:FREQ=WEEKLY;COUNT=200",
            "RRULE:FREQ=HOURLY;INTERVAL=50",
        ]);
        // Weeks after DTSTART, on the same clock.
        let weeks = 1 + random.below(150) as i64;
        let later = LocalTime(LocalTime::parse(&stamp).unwrap().0 + weeks * 7 * 86_400);
        let later = match form.contains("DATE") {
            true => later.date_text(),
            false => later.to_string(),
        };
        let later = start.replace(&stamp, &later);
        let length = random.of(&["", "DURATION:P3D", "DURATION:P60D"]);
        let kind = random.of(&["VEVENT", "VTODO", "VJOURNAL"]);
        let alarm = random.of(&["-PT15M", "P2D", "-P1W", "PT0S"]);
        let (exception, moved) = match random.of(&["", "", "EXDATE", "RDATE", "MOVED", "FUTURE"]) {
            "" => (String::new(), None),
            "MOVED" => (String::new(), Some(("", ":20310203T040506Z"))),
            "FUTURE" => (
                String::new(),
                Some((";RANGE=THISANDFUTURE", later.as_str())),
            ),
            name => (format!("{name}{later}"), None),
        };
        let other = moved.map(|(how, to)| format!(
            "BEGIN:{kind}\nUID:1\nRECURRENCE-ID{how}{later}\nDTSTART{to}\nDURATION:P2D\nEND:{kind}\n"
        ));
        let other = other.unwrap_or_default();
        let text = stream(&format!(
            "{ODD}BEGIN:{kind}\nUID:1\nDTSTART{start}\n{length}\n{rule}\n{exception}\nBEGIN:VALARM\nTRIGGER:{alarm}\nREPEAT:2\nDURATION:PT3H\nEND:VALARM\nEND:{kind}\n{other}"
        ).replace("\r\n\r\n", "\r\n"));
        let calendar = parse(&text);
        let reach = random.of(&["", "20300101T000000Z", "20950101T000000Z"]);
        let reach = (!reach.is_empty()).then(|| utc(reach));
        let keys = Keys::reaching(&calendar, reach).unwrap();
        let asked = reach.map(|reach| Range::new(Some(0), Some(reach)));
        let beyond = Names::of(Some(keys.kind), Range::ALL).beyond;
        assert!(
            asked.is_none_or(|asked| !found(&keys, beyond, asked)),
            "{text} {reach:?} {:?}",
            keys.times
        );
        for zone in zones {
            let series = Series::of(&calendar, Zone::named(zone).unwrap());
            for _ in 0..20 {
                let from = utc("19590101T000000Z") + random.below(140 * 366 * 24) as i64 * 3600;
                let range = Range::new(
                    Some(from),
                    Some(from + 3600 * (1 + random.below(2000) as i64)),
                );
                let overlaps = series.overlaps(range, &mut Budget::default()).unwrap();
                let known = known(&keys, range);
                assert!(
                    known.is_none_or(|known| known == overlaps),
                    "{text} {zone} {range:?} {:?}",
                    keys.times
                );
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
