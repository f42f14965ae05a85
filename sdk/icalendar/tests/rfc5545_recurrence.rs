//! RFC 5545 §3.8.5: recurrence rules, dates, exceptions; all examples of §3.8.5.3.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use icalendar::series::{Range, Series};
use icalendar::value::LocalTime;
use icalendar::zone::Zone;
use icalendar::{Budget, Limit};
use support::{event, overlaps, parse, range, starts, stream, with_instances};

/// Local times as the RFC writes them: `1997 9:00 September 2-11;October 1,3`, years separated by
/// bars.
fn listed(text: &str) -> Vec<String> {
    let names = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let mut all = Vec::new();
    for year in text.split('|') {
        let (head, days) = year.trim().split_at(10);
        let (year, time) = head.trim().split_once(' ').unwrap();
        let time = time.replace(':', "");
        for month in days.split(';') {
            let (name, days) = month.trim().split_once(' ').unwrap();
            let number = names.iter().position(|n| *n == name).unwrap() + 1;
            for part in days.split(',') {
                let (first, last) = part
                    .trim()
                    .split_once('-')
                    .unwrap_or((part.trim(), part.trim()));
                for day in first.parse::<u32>().unwrap()..=last.parse().unwrap() {
                    all.push(format!("{year}{number:02}{day:02}T{time}00"));
                }
            }
        }
    }
    all
}

fn expand(lines: &str, at_most: usize) -> Vec<String> {
    let zone = include_str!("fixtures/rfc5545/new_york.ics");
    let text = stream(&format!("{zone}BEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\n"));
    let span = range("", "20100101T000000Z");
    let mut found = with_instances(&text, span, |i| i.start_local.to_string());
    found.truncate(at_most);
    found
}

/// Checks that a rule generates this: all of it, or what it begins with.
fn check(start: &str, rule: &str, expected: &str) {
    let (forever, expected) = match expected.strip_suffix("...") {
        Some(expected) => (true, expected),
        None => (false, expected),
    };
    let expected = listed(expected);
    let lines = format!("DTSTART;TZID=America/New_York:{start}\nRRULE:{rule}");
    let found = expand(&lines, if forever { expected.len() } else { usize::MAX });
    assert_eq!(found, expected, "{rule}");
}

#[test]
fn s3_8_5_3_daily() {
    let start = "19970902T090000";
    check(start, "FREQ=DAILY;COUNT=10", "1997 09:00 September 2-11");
    check(
        start,
        "FREQ=DAILY;UNTIL=19971224T000000Z",
        "1997 09:00 September 2-30;October 1-31;November 1-30;December 1-23",
    );
    check(
        start,
        "FREQ=DAILY;INTERVAL=2",
        "1997 09:00 September 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30;October 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30;November 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29;December 1,3...",
    );
    check(
        start,
        "FREQ=DAILY;INTERVAL=10;COUNT=5",
        "1997 09:00 September 2,12,22;October 2,12",
    );
    let january = "1998 09:00 January 1-31|1999 09:00 January 1-31|2000 09:00 January 1-31";
    for rule in [
        "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1",
    ] {
        check("19980101T090000", rule, january);
    }
}

#[test]
fn s3_8_5_3_weekly() {
    let start = "19970902T090000";
    check(
        start,
        "FREQ=WEEKLY;COUNT=10",
        "1997 09:00 September 2,9,16,23,30;October 7,14,21,28;November 4",
    );
    check(
        start,
        "FREQ=WEEKLY;UNTIL=19971224T000000Z",
        "1997 09:00 September 2,9,16,23,30;October 7,14,21,28;November 4,11,18,25;December 2,9,16,23",
    );
    check(
        start,
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
        "1997 09:00 September 2,16,30;October 14,28;November 11,25;December 9,23|1998 09:00 January 6,20;February 3,17...",
    );
    for rule in [
        "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
        "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
    ] {
        check(
            start,
            rule,
            "1997 09:00 September 2,4,9,11,16,18,23,25,30;October 2",
        );
    }
    check(
        "19970901T090000",
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
        "1997 09:00 September 1,3,5,15,17,19,29;October 1,3,13,15,17,27,29,31;November 10,12,14,24,26,28;December 8,10,12,22",
    );
    check(
        start,
        "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
        "1997 09:00 September 2,4,16,18,30;October 2,14,16",
    );
    let start = "19970805T090000";
    check(
        start,
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
        "1997 09:00 August 5,10,19,24",
    );
    check(
        start,
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
        "1997 09:00 August 5,17,19,31",
    );
}

#[test]
fn s3_8_5_3_monthly() {
    check(
        "19970905T090000",
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        "1997 09:00 September 5;October 3;November 7;December 5|1998 09:00 January 2;February 6;March 6;April 3;May 1;June 5",
    );
    check(
        "19970905T090000",
        "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR",
        "1997 09:00 September 5;October 3;November 7;December 5",
    );
    check(
        "19970907T090000",
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        "1997 09:00 September 7,28;November 2,30|1998 09:00 January 4,25;March 1,29;May 3,31",
    );
    check(
        "19970922T090000",
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        "1997 09:00 September 22;October 20;November 17;December 22|1998 09:00 January 19;February 16",
    );
    check(
        "19970928T090000",
        "FREQ=MONTHLY;BYMONTHDAY=-3",
        "1997 09:00 September 28;October 29;November 28;December 29|1998 09:00 January 29;February 26...",
    );
    check(
        "19970902T090000",
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        "1997 09:00 September 2,15;October 2,15;November 2,15;December 2,15|1998 09:00 January 2,15",
    );
    check(
        "19970930T090000",
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        "1997 09:00 September 30;October 1,31;November 1,30;December 1,31|1998 09:00 January 1,31;February 1",
    );
    check(
        "19970910T090000",
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        "1997 09:00 September 10-15|1999 09:00 March 10-13",
    );
    check(
        "19970902T090000",
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        "1997 09:00 September 2,9,16,23,30;November 4,11,18,25|1998 09:00 January 6,13,20,27;March 3,10,17,24,31...",
    );
    check(
        "19970913T090000",
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        "1997 09:00 September 13;October 11;November 8;December 13|1998 09:00 January 10;February 7;March 7;April 11;May 9;June 13...",
    );
    check(
        "19970904T090000",
        "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
        "1997 09:00 September 4;October 7;November 6",
    );
    check(
        "19970929T090000",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        "1997 09:00 September 29;October 30;November 27;December 30|1998 09:00 January 29;February 26;March 30...",
    );
    check(
        "20070115T090000",
        "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
        "2007 09:00 January 15,30;February 15;March 15,30",
    );
}

#[test]
fn s3_8_5_3_every_friday_the_13th() {
    let lines = "DTSTART;TZID=America/New_York:19970902T090000\nEXDATE;TZID=America/New_York:19970902T090000\nRRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13";
    let expected = listed(
        "1998 09:00 February 13;March 13;November 13|1999 09:00 August 13|2000 09:00 October 13",
    );
    assert_eq!(expand(lines, 5), expected);
}

#[test]
fn s3_8_5_3_yearly() {
    check(
        "19970610T090000",
        "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
        "1997 09:00 June 10;July 10|1998 09:00 June 10;July 10|1999 09:00 June 10;July 10|2000 09:00 June 10;July 10|2001 09:00 June 10;July 10",
    );
    check(
        "19970310T090000",
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        "1997 09:00 March 10|1999 09:00 January 10;February 10;March 10|2001 09:00 January 10;February 10;March 10|2003 09:00 January 10;February 10;March 10",
    );
    check(
        "19970101T090000",
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        "1997 09:00 January 1;April 10;July 19|2000 09:00 January 1;April 9;July 18|2003 09:00 January 1;April 10;July 19|2006 09:00 January 1",
    );
    check(
        "19970519T090000",
        "FREQ=YEARLY;BYDAY=20MO",
        "1997 09:00 May 19|1998 09:00 May 18|1999 09:00 May 17...",
    );
    check(
        "19970512T090000",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        "1997 09:00 May 12|1998 09:00 May 11|1999 09:00 May 17...",
    );
    check(
        "19970313T090000",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
        "1997 09:00 March 13,20,27|1998 09:00 March 5,12,19,26|1999 09:00 March 4,11,18,25...",
    );
    check(
        "19970605T090000",
        "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
        "1997 09:00 June 5,12,19,26;July 3,10,17,24,31;August 7,14,21,28|1998 09:00 June 4,11,18,25;July 2,9,16,23,30;August 6,13,20,27|1999 09:00 June 3,10,17,24;July 1,8,15,22,29;August 5,12,19,26...",
    );
    check(
        "19961105T090000",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "1996 09:00 November 5|2000 09:00 November 7|2004 09:00 November 2...",
    );
}

#[test]
fn s3_8_5_3_parts_of_a_day() {
    let start = "19970902T090000";
    let times = |list: &str| -> Vec<String> {
        list.split(',').map(|t| format!("19970902T{t}00")).collect()
    };
    let at = |rule: &str, count| {
        expand(
            &format!("DTSTART;TZID=America/New_York:{start}\nRRULE:{rule}"),
            count,
        )
    };
    // UNTIL is 13:00 EDT; the RFC's own list, which has 15:00, is wrong (erratum 3883).
    assert_eq!(
        at("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z", 9),
        times("0900,1200")
    );
    assert_eq!(
        at("FREQ=MINUTELY;INTERVAL=15;COUNT=6", 9),
        times("0900,0915,0930,0945,1000,1015")
    );
    assert_eq!(
        at("FREQ=MINUTELY;INTERVAL=90;COUNT=4", 9),
        times("0900,1030,1200,1330")
    );
    let daily = "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40;COUNT=60";
    let minutely = "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16;COUNT=60";
    let expected: Vec<String> = (0..60)
        .map(|i| {
            format!(
                "199709{:02}T{:02}{:02}00",
                2 + i / 24,
                9 + i % 24 / 3,
                i % 3 * 20
            )
        })
        .collect();
    assert_eq!(at(daily, 99), expected);
    assert_eq!(at(minutely, 99), expected);
}

#[test]
fn s3_3_5_a_time_in_a_gap_is_read_by_the_offset_before_it() {
    let zone = include_str!("fixtures/rfc5545/new_york.ics");
    let calendar = stream(zone);
    let calendar = parse(&calendar);
    let zone = Zone::of_calendar(&calendar).unwrap();
    let iana = Zone::named("America/New_York").unwrap();
    for zone in [zone, iana] {
        let at = |text: &str| LocalTime(zone.to_utc(LocalTime::parse(text).unwrap())).to_string();
        // "TZID=America/New_York:20070311T023000" is 3:30 AM EDT, and of a time that occurs twice
        // the first is meant: both from §3.3.5.
        assert_eq!(at("20070311T023000"), "20070311T073000");
        assert_eq!(at("20071104T013000"), "20071104T053000");
        assert_eq!(at("20071104T000000"), "20071104T040000");
        assert_eq!(at("20071104T020000"), "20071104T070000");
        assert_eq!(at("19700101T000000"), "19700101T050000");
        assert_eq!(at("20300701T000000"), "20300701T040000");
    }
}

#[test]
fn s3_3_10_instances_in_a_gap_are_ignored_and_not_counted() {
    let text = event("DTSTART;TZID=America/New_York:20070310T023000\nRRULE:FREQ=DAILY;COUNT=3\n");
    assert_eq!(
        starts(&text, Range::ALL),
        ["20070310T073000Z", "20070312T063000Z", "20070313T063000Z"]
    );
}

#[test]
fn s3_8_5_3_duration_is_exact_with_dtend_and_nominal_with_duration() {
    let ends = |line: &str| {
        let text = event(&format!(
            "DTSTART;TZID=America/New_York:20070310T090000\n{line}\nRRULE:FREQ=DAILY;COUNT=2\n"
        ));
        with_instances(&text, Range::ALL, |i| LocalTime(i.end).to_string())
    };
    assert_eq!(ends("DURATION:P1D"), ["20070311T130000", "20070312T130000"]);
    // Both 23 hours.
    assert_eq!(
        ends("DTEND;TZID=America/New_York:20070311T090000"),
        ["20070311T130000", "20070312T120000"]
    );
}

#[test]
fn s3_8_5_1_exdate() {
    let rule = "DTSTART;TZID=America/New_York:20260105T090000\nRRULE:FREQ=DAILY;COUNT=5\n";
    let days = |exdate: &str| {
        let text = event(&format!("{rule}{exdate}\n"));
        with_instances(&text, Range::ALL, |i| i.start_local.date().2)
    };
    assert_eq!(
        days("EXDATE;TZID=America/New_York:20260106T090000,20260108T090000"),
        [5, 7, 9]
    );
    assert_eq!(days("EXDATE:20260106T140000Z"), [5, 7, 8, 9]);
    assert_eq!(days("EXDATE:20260106T090000"), [5, 7, 8, 9]);
    assert_eq!(days("EXDATE;VALUE=DATE:20260106"), [5, 7, 8, 9]);
    assert_eq!(
        days("EXDATE;TZID=America/New_York:20260106T100000"),
        [5, 6, 7, 8, 9]
    );
    assert_eq!(days("EXDATE:"), [5, 6, 7, 8, 9]);
    let dates = event(
        "DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20260106\n",
    );
    assert_eq!(
        starts(&dates, Range::ALL),
        ["20260105T000000Z", "20260107T000000Z"]
    );
}

#[test]
fn s3_8_5_2_rdate_adds_times_and_periods() {
    let text = event(
        "DTSTART:20260101T100000Z\nDTEND:20260101T110000Z\nRDATE:20260301T100000Z\nRDATE;VALUE=PERIOD:20260201T100000Z/PT3H,20260202T100000Z/20260202T103000Z\n",
    );
    let all = with_instances(&text, Range::ALL, |i| {
        (i.start_local.to_string(), i.end - i.start)
    });
    assert_eq!(
        all,
        [
            ("20260101T100000".to_owned(), 3600),
            ("20260201T100000".to_owned(), 10_800),
            ("20260202T100000".to_owned(), 1800),
            ("20260301T100000".to_owned(), 3600)
        ]
    );
    // The last hours of a long period are found from afar.
    assert!(overlaps(
        &text,
        range("20260201T123000Z", "20260201T124000Z")
    ));
    assert!(!overlaps(
        &text,
        range("20260201T130000Z", "20260201T134000Z")
    ));
}

#[test]
fn s3_8_4_4_overrides() {
    let text = stream(
        "BEGIN:VEVENT\nUID:1\nDTSTART:20260101T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20260102T100000Z\nDTSTART:20260601T100000Z\nSUMMARY:moved\nEND:VEVENT\n",
    );
    assert_eq!(
        starts(&text, Range::ALL),
        [
            "20260101T100000Z",
            "20260103T100000Z",
            "20260104T100000Z",
            "20260601T100000Z"
        ]
    );
    assert!(!overlaps(
        &text,
        range("20260102T000000Z", "20260103T000000Z")
    ));
    assert!(overlaps(
        &text,
        range("20260601T000000Z", "20260602T000000Z")
    ));
    // An attendee may have been asked to some instances only.
    let alone = stream(
        "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20260102T100000Z\nDTSTART:20260102T110000Z\nEND:VEVENT\n",
    );
    assert_eq!(starts(&alone, Range::ALL), ["20260102T110000Z"]);
}

/// Nobody may store such, but somebody may have: an import from another server.
#[test]
fn what_is_wrong_in_a_stored_object_hides_nothing_else() {
    let two = stream(
        "BEGIN:VEVENT\nUID:1\nDTSTART:20260101T100000Z\nRRULE:FREQ=OFTEN\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\nDTSTART:20260601T100000Z\nDTEND:never\nEND:VEVENT\nBEGIN:VEVENT\nUID:3\nDTSTART:some day\nEND:VEVENT\n",
    );
    assert_eq!(
        starts(&two, Range::ALL),
        ["20260101T100000Z", "20260601T100000Z"]
    );
}

#[test]
fn s3_2_13_this_and_future() {
    let text = stream(
        "BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Berlin:20260319T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=5\nSUMMARY:old\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID;TZID=Europe/Berlin;RANGE=THISANDFUTURE:20260326T100000\nDTSTART;TZID=Europe/Berlin:20260327T120000\nDURATION:PT2H\nSUMMARY:new\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID;TZID=Europe/Berlin:20260409T100000\nDTSTART;TZID=Europe/Berlin:20260409T080000\nSUMMARY:one\nEND:VEVENT\n",
    );
    let all = with_instances(&text, Range::ALL, |i| {
        let summary = i.component.text("SUMMARY").unwrap().into_owned();
        (i.start_local.to_string(), (i.end - i.start) / 3600, summary)
    });
    let expected = [
        ("20260319T100000", 1, "old"),
        ("20260327T120000", 2, "new"),
        // After the change to summer time, still at noon.
        ("20260403T120000", 2, "new"),
        ("20260409T080000", 0, "one"),
        ("20260417T120000", 2, "new"),
    ];
    let expected: Vec<_> = expected
        .map(|(at, hours, summary)| (at.to_owned(), hours, summary.to_owned()))
        .into();
    assert_eq!(all, expected);
    assert!(overlaps(
        &text,
        range("20260417T110000Z", "20260417T113000Z")
    ));
    assert!(!overlaps(
        &text,
        range("20260416T000000Z", "20260417T090000Z")
    ));
}

#[test]
fn a_distant_horizon_costs_no_more_than_a_near_one() {
    for (rule, month) in [
        ("FREQ=WEEKLY", "20950301T000000Z/20950401T000000Z"),
        ("FREQ=DAILY", "20950301T000000Z/20950302T000000Z"),
        (
            "FREQ=MINUTELY;INTERVAL=7",
            "20950301T000000Z/20950301T010000Z",
        ),
        (
            "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
            "20950301T000000Z/20950401T000000Z",
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1",
            "20950301T000000Z/20950401T000000Z",
        ),
        (
            "FREQ=SECONDLY;BYHOUR=9;BYMINUTE=0;BYSECOND=0",
            "20950301T000000Z/20950401T000000Z",
        ),
    ] {
        let text = event(&format!(
            "DTSTART;TZID=Europe/Berlin:19900101T090000\nRRULE:{rule}\n"
        ));
        let calendar = parse(&text);
        let series = Series::of(&calendar, Zone::Utc);
        let (start, end) = month.split_once('/').unwrap();
        let mut budget = Budget::new(2000, 1000);
        assert!(
            series.overlaps(range(start, end), &mut budget).unwrap(),
            "{rule}"
        );
    }
}

#[test]
fn what_is_over_the_budget_is_an_error_and_no_short_answer() {
    let text = event("DTSTART:19700101T000000Z\nRRULE:FREQ=SECONDLY\n");
    let calendar = parse(&text);
    let series = Series::of(&calendar, Zone::Utc);
    let year = range("20260101T000000Z", "20270101T000000Z");
    let error = series
        .instances(year, &mut Budget::new(1 << 40, 1000))
        .unwrap_err();
    assert_eq!((error.limit, error.allowed), (Limit::Instances, 1000));
    for rule in [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;BYSETPOS=2",
        "FREQ=SECONDLY;BYSETPOS=2",
        "FREQ=SECONDLY;COUNT=4000000000;BYSECOND=7",
        "FREQ=YEARLY;BYMONTHDAY=1,2,3,4,5,6,7,8,9,10;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4;COUNT=100000000",
    ] {
        let text = event(&format!("DTSTART:19700101T000000Z\nRRULE:{rule}\n"));
        let calendar = parse(&text);
        let series = Series::of(&calendar, Zone::Utc);
        let error = series
            .overlaps(
                range("20260101T000000Z", ""),
                &mut Budget::new(100_000, 1000),
            )
            .unwrap_err();
        assert_eq!(
            (error.limit, error.allowed),
            (Limit::Work, 100_000),
            "{rule}"
        );
    }
    // What has no day at all needs no search.
    let never = event("DTSTART:19700101T000000Z\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\n");
    assert!(!overlaps(&never, range("20260101T000000Z", "")));
}

/// Rules, each with what python-dateutil makes of it: fixtures/rules.py says how.
#[test]
fn s3_3_10_thousands_of_rules_as_python_dateutil_has_them() {
    let fixture = include_str!("fixtures/rules.txt");
    let mut checked = 0;
    let mut wrong = Vec::new();
    for line in fixture.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split(' ');
        let mut next = || fields.next().unwrap();
        let (start, rule, from, to, expected) = (next(), next(), next(), next(), next());
        let text = event(&format!("DTSTART:{start}Z\nRRULE:{rule}\n"));
        let found = starts(&text, range(&format!("{from}Z"), &format!("{to}Z")));
        let hash = found
            .iter()
            .flat_map(|s| s.bytes())
            .fold(5381u64, |hash, byte| {
                (hash * 33 + u64::from(byte)) & 0xffff_ffff
            });
        let summary = format!("{}:{hash:08x}", found.len());
        if summary != expected {
            wrong.push(format!("{line} but {found:?}"));
        }
        checked += 1;
    }
    assert!(
        wrong.is_empty(),
        "{} rules:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(checked >= 3000, "{checked}");
}

/// Objects with time zones, exceptions and overrides: fixtures/objects.py says how.
#[test]
fn s3_8_5_objects_as_recurring_ical_events_has_them() {
    let fixture = include_str!("fixtures/objects.txt");
    let mut wrong = Vec::new();
    let mut checked = 0;
    for line in fixture.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.rsplitn(4, ' ');
        let mut next = || fields.next().unwrap();
        let (expected, to, from, object) = (next(), next(), next(), next());
        let text = stream(&format!("{}\n", object.replace('|', "\n")));
        let at = |utc| LocalTime(utc);
        let mut found = with_instances(&text, range(from, to), |i| {
            format!("{}Z/{}Z", at(i.start), at(i.end))
        });
        found.sort();
        let found = match found.join(",") {
            none if none.is_empty() => "-".to_owned(),
            some => some,
        };
        if found != expected {
            wrong.push(format!("{line}\nbut {found}"));
        }
        checked += 1;
    }
    assert!(
        wrong.is_empty(),
        "{} objects:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(checked >= 500, "{checked}");
}
