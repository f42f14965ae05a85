//! RFC 5545 §3.6.5: what VTIMEZONEs say is what clocks show.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use icalendar::series::Range;
use icalendar::tzdb;
use icalendar::value::LocalTime;
use icalendar::zone::{Resolved, Zone};
use support::{parse, starts, stream};

const YEAR: i64 = 366 * 86_400;

/// The VTIMEZONE of every zone, read, shows what the database has: the writer is judged by
/// independent readers elsewhere, so this judges our reader.
#[test]
fn s3_6_5_every_zone_of_the_database() {
    for name in tzdb::zones() {
        let zone = tzdb::Zone::iana(name).unwrap();
        let range = tzdb::Range {
            start: Some(0),
            end: Some(68 * YEAR),
        };
        let text = zone.vtimezone(name, range).to_icalendar();
        let calendar = parse(&text);
        let read = Zone::of_calendar(&calendar).unwrap();
        // Every five days, at another time of day each, in an order that goes back, too.
        for step in 1..4800i64 {
            let utc = (step * 1009 % 4800) * (5 * 86_400 + 3607);
            assert_eq!(read.offset_at(utc), zone.offset_at(utc), "{name} {utc}");
        }
    }
}

/// Around each change of clocks, local times resolve as the database has it.
#[test]
fn s3_3_5_local_times_around_changes() {
    for name in [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Tehran",
        "Pacific/Apia",
    ] {
        let zone = tzdb::Zone::iana(name).unwrap();
        let range = tzdb::Range {
            start: Some(0),
            end: Some(68 * YEAR),
        };
        let text = zone.vtimezone(name, range).to_icalendar();
        let calendar = parse(&text);
        let read = Zone::of_calendar(&calendar).unwrap();
        let (mut gaps, mut folds) = (0, 0);
        for quarter in 2000..(60 * YEAR / 900) {
            let utc = quarter * 900;
            // Only near changes: all quarters of an hour of sixty years would take long.
            if zone.offset_at(utc) == zone.offset_at(utc + 7200) {
                continue;
            }
            for offset in [-3600, 0, 900, 3600] {
                let local = utc + i64::from(zone.offset_at(utc)) + offset;
                let expected = zone.resolve(local);
                gaps += u32::from(matches!(expected, Resolved::Gap(..)));
                folds += u32::from(matches!(expected, Resolved::Fold(..)));
                assert_eq!(
                    read.resolve(LocalTime(local)),
                    expected,
                    "{name} {}",
                    LocalTime(local)
                );
            }
        }
        assert!(gaps > 0 && folds > 0 || name == "Pacific/Apia", "{name}");
    }
}

fn start(zone: &str, tzid: &str) -> String {
    let text = stream(&format!(
        "{zone}BEGIN:VEVENT\nUID:1\nDTSTART;TZID={tzid}:20260701T120000\nEND:VEVENT\n"
    ));
    starts(&text, Range::ALL).remove(0)
}

#[test]
fn s3_2_19_the_vtimezone_holds_whatever_its_name_is() {
    let custom = "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0237\nTZOFFSETTO:+023708\nEND:STANDARD\nEND:VTIMEZONE\n";
    assert_eq!(start(custom, "Europe/Berlin"), "20260701T092252Z");
    assert_eq!(start("", "Europe/Berlin"), "20260701T100000Z");
    // Outlook CalDav Synchronizer has names of Windows, and spaces after them.
    assert_eq!(start("", "Romance Standard Time "), "20260701T100000Z");
    assert_eq!(
        start("", "/freeassociation.sourceforge.net/Europe/Berlin"),
        "20260701T100000Z"
    );
    // What nobody knows floats: here in UTC.
    assert_eq!(start("", "My office"), "20260701T120000Z");
    // A description that describes nothing may still name a place.
    let located = "BEGIN:VTIMEZONE\nTZID:My office\nX-LIC-LOCATION:Europe/Berlin\nEND:VTIMEZONE\n";
    assert_eq!(start(located, "My office"), "20260701T100000Z");
}

#[test]
fn s3_6_5_rules_that_have_ended_and_those_to_come() {
    // Summer time until 1980, and none after that; before the first observance its own offset.
    let zone = "BEGIN:VTIMEZONE\nTZID:X\n\
        BEGIN:DAYLIGHT\nDTSTART:19700405T020000\nRRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=19800406T010000Z\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\n\
        BEGIN:STANDARD\nDTSTART:19701004T020000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU;COUNT=11\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\n\
        BEGIN:STANDARD\nDTSTART:20300101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0330\nEND:STANDARD\nEND:VTIMEZONE\n";
    let calendar = stream(zone);
    let calendar = parse(&calendar);
    let zone = Zone::of_calendar(&calendar).unwrap();
    let at = |text: &str| zone.offset_at(LocalTime::parse(text).unwrap().0);
    for (time, offset) in [
        ("19500701T000000Z", 3600),
        ("19700701T000000Z", 7200),
        ("19800701T000000Z", 7200),
        ("19801101T000000Z", 3600),
        ("20260701T000000Z", 3600),
        ("20400701T000000Z", 12_600),
        ("99990701T000000Z", 12_600),
        ("19750701T000000Z", 7200),
    ] {
        assert_eq!(at(time), offset, "{time}");
    }
}
