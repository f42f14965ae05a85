//! RFC 7953: availability.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod support;

use icalendar::busy::{Busy, BusyType};
use icalendar::zone::Zone;
use icalendar::{Budget, Calendar};
use support::{parse, range, stream};

fn busy(calendars: &[&str], start: &str, end: &str) -> Vec<(String, String, BusyType)> {
    let mut busy = Busy::new(range(start, end));
    for text in calendars {
        let calendar: Calendar<'_> = parse(text);
        busy.add(&calendar, &Zone::Utc, &[], &mut Budget::default())
            .unwrap();
    }
    busy.periods()
        .into_iter()
        .map(|period| (at(period.start), at(period.end), period.busy_type))
        .collect()
}

fn at(utc: i64) -> String {
    icalendar::value::LocalTime(utc).to_string()
}

/// The row of the RFC's tables: one letter for two hours each, from midnight in Montreal.
fn row(text: &str, day: &str, offset: i64) -> String {
    let midnight = icalendar::value::LocalTime::parse(day).unwrap().0 + offset * 3600;
    let stamp = |utc| format!("{}Z", at(utc));
    let list = busy(&[text], &stamp(midnight), &stamp(midnight + 86_400));
    (0..12)
        .map(|slot| {
            let time = at(midnight + slot * 7200);
            let found = list.iter().find(|(s, e, _)| *s <= time && time < *e);
            match found.map(|(_, _, busy_type)| busy_type) {
                None => 'F',
                Some(BusyType::Busy) => 'B',
                Some(BusyType::Unavailable) => 'U',
                Some(BusyType::Tentative) => 'T',
            }
        })
        .collect()
}

#[test]
fn s5_1_1_simple_example() {
    // The appendix has its meeting on Sunday, 6 November; the example is of "Monday, 6th".
    let text = include_str!("fixtures/rfc7953/appendix_a.ics")
        .replace("20111106T120000", "20111107T120000");
    assert_eq!(row(&text, "20111107", 5), "UUUUFFBFFUUU");
}

#[test]
fn s5_1_2_further_example() {
    // Likewise the meeting of the appendix is not on the day of the example.
    let text = include_str!("fixtures/rfc7953/appendix_b.ics")
        .replace("20111106T120000", "20111024T120000");
    assert_eq!(row(&text, "20111024", 4), "UUUUUFFBFFUU");
    // Back to Montreal.
    assert_eq!(row(&text, "20111031", 4), "UUUUFFFFFUUU");
}

#[test]
fn s4_equal_priorities_and_types() {
    let window = |uid: &str, lines: &str| {
        stream(&format!(
            "BEGIN:VAVAILABILITY\nUID:{uid}\nDTSTAMP:20260101T000000Z\n{lines}END:VAVAILABILITY\n"
        ))
    };
    let day = "DTSTART:20260101T000000Z\nDTEND:20260102T000000Z\n";
    let base = window("1", day);
    let busy_morning = window(
        "2",
        "DTSTART:20260101T000000Z\nDURATION:PT12H\nBUSYTYPE:BUSY\n",
    );
    let list = busy(
        &[&base, &busy_morning],
        "20260101T000000Z",
        "20260103T000000Z",
    );
    let noon = "20260101T120000".to_owned();
    let expected = [
        ("20260101T000000".to_owned(), noon.clone(), BusyType::Busy),
        (noon, "20260102T000000".to_owned(), BusyType::Unavailable),
    ];
    assert_eq!(list, expected);
    let free = window(
        "3",
        &format!(
            "{day}PRIORITY:1\nBUSYTYPE:BUSY-TENTATIVE\nBEGIN:AVAILABLE\nUID:4\n{day}END:AVAILABLE\n"
        ),
    );
    assert!(
        busy(
            &[&free, &base, &busy_morning],
            "20260101T000000Z",
            "20260103T000000Z"
        )
        .is_empty()
    );
}

#[test]
fn s3_1_available_has_overrides() {
    let text = stream(
        "BEGIN:VAVAILABILITY\nUID:1\nDTSTART:20260105T000000Z\nDTEND:20260107T000000Z\n\
         BEGIN:AVAILABLE\nUID:2\nDTSTART:20260105T080000Z\nDURATION:PT8H\nRRULE:FREQ=DAILY\nEND:AVAILABLE\n\
         BEGIN:AVAILABLE\nUID:2\nRECURRENCE-ID:20260106T080000Z\nDTSTART:20260106T100000Z\nDURATION:PT1H\nEND:AVAILABLE\n\
         END:VAVAILABILITY\n",
    );
    let list = busy(&[&text], "20260101T000000Z", "20260201T000000Z");
    let times: Vec<_> = list
        .iter()
        .map(|(s, e, _)| format!("{}-{}", &s[6..11], &e[6..11]))
        .collect();
    assert_eq!(times, ["05T00-05T08", "05T16-06T10", "06T11-07T00"]);
}
