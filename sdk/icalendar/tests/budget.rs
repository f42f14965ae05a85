//! What going through recurrences costs, and that one object does not cost all there is.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use icalendar::busy::{Busy, BusyPeriod, BusyType};
use icalendar::series::Series;
use icalendar::zone::Zone;
use icalendar::{Budget, Calendar};
use support::{event, parse, range, utc};

fn busy(texts: &[String], budget: &mut Budget) -> Vec<BusyPeriod> {
    let mut busy = Busy::new(range("20260301T000000Z", "20260401T000000Z"));
    for text in texts {
        let calendar: Calendar<'_> = parse(text);
        busy.add(&calendar, &Zone::Utc, &[], budget).unwrap();
    }
    busy.periods()
}

/// RFC 4791 §5.2.8 is about the instances that there are in an answer.
#[test]
fn instances_beside_the_range_are_none_of_it() {
    let five_minutes = range("20260301T120000Z", "20260301T120500Z");
    for start in [
        "DTSTART:20260101T000000Z",
        "DTSTART;TZID=Europe/Vienna:20260101T000000",
    ] {
        let text = event(&format!("{start}\nDURATION:PT10S\nRRULE:FREQ=MINUTELY\n"));
        let calendar = parse(&text);
        let series = Series::of(&calendar, Zone::Utc);
        let mut budget = Budget::new(Budget::WORK, 5);
        let found = series.instances(five_minutes, &mut budget).unwrap();
        assert_eq!(found.len(), 5, "{start}");
        assert!(
            series.instances(five_minutes, &mut budget).is_err(),
            "{start}"
        );
        assert!(
            series
                .overlaps(five_minutes, &mut Budget::new(Budget::WORK, 1))
                .unwrap()
        );
    }
}

#[test]
fn clocks_in_utc_need_no_look_at_the_days_around() {
    let text = event("DTSTART:20260101T000000Z\nDURATION:PT10S\nRRULE:FREQ=SECONDLY\n");
    let calendar = parse(&text);
    let series = Series::of(&calendar, Zone::Utc);
    let minute = range("20260301T120000Z", "20260301T120100Z");
    let mut budget = Budget::new(1000, 1000);
    assert_eq!(series.instances(minute, &mut budget).unwrap().len(), 69);
}

/// RFC 4791 §9.9: of a VTODO, both ends count.
#[test]
fn both_ends_count_for_tasks_in_utc() {
    let text = support::stream(
        "BEGIN:VTODO\nUID:1\nDTSTART:20260101T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEND:VTODO\n",
    );
    assert!(support::overlaps(
        &text,
        range("20260102T110000Z", "20260102T113000Z")
    ));
    assert!(!support::overlaps(
        &text,
        range("20260102T110001Z", "20260102T113000Z")
    ));
    assert!(!support::overlaps(
        &text,
        range("20260102T093000Z", "20260102T100000Z")
    ));
    let due =
        support::stream("BEGIN:VTODO\nUID:1\nDUE:20260101T100000Z\nRRULE:FREQ=DAILY\nEND:VTODO\n");
    assert!(support::overlaps(
        &due,
        range("20260102T090000Z", "20260102T100000Z")
    ));
    assert!(!support::overlaps(
        &due,
        range("20260102T100000Z", "20260102T110000Z")
    ));
}

/// What was stored before it was refused keeps nobody from being told of the rest.
#[test]
fn an_object_that_takes_too_much_makes_its_time_tentative() {
    let meeting = event("DTSTART:20260310T100000Z\nDURATION:PT1H\n");
    let busy_then = BusyPeriod {
        start: utc("20260310T100000Z"),
        end: utc("20260310T110000Z"),
        busy_type: BusyType::Busy,
    };
    for (lines, tentative) in [
        (
            "DTSTART:20000101T000000Z\nRRULE:FREQ=SECONDLY;COUNT=2000000000\n",
            true,
        ),
        (
            "DTSTART:20260301T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY\n",
            true,
        ),
        (
            "DTSTART:20000101T000000Z\nRRULE:FREQ=SECONDLY;COUNT=2000000000\nTRANSP:TRANSPARENT\n",
            false,
        ),
        (
            "DTSTART:20260501T000000Z\nRRULE:FREQ=SECONDLY;COUNT=2000000000\n",
            false,
        ),
    ] {
        let texts = [event(lines), meeting.clone()];
        let mut budget = Budget::default();
        let periods = busy(&texts, &mut budget);
        assert!(periods.contains(&busy_then), "{lines}");
        let found = periods
            .iter()
            .filter(|period| period.busy_type == BusyType::Tentative);
        assert_eq!(found.count() > 0, tentative, "{lines} {periods:?}");
        assert!(budget.work_done() <= 2 * Budget::OBJECT_WORK, "{lines}");
    }
}

#[test]
fn who_has_no_more_than_a_share_fails_with_it() {
    let text = event("DTSTART:20000101T000000Z\nRRULE:FREQ=SECONDLY;COUNT=2000000000\n");
    let calendar = parse(&text);
    let mut busy = Busy::new(range("20260301T000000Z", "20260401T000000Z"));
    let mut budget = Budget::new(1000, 1000);
    let error = busy
        .add(&calendar, &Zone::Utc, &[], &mut budget)
        .unwrap_err();
    assert_eq!(error.allowed, 1000);
}
