//! RFC 7529: what becomes of days that a month doesn't have.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use icalendar::object::{Object, Precondition};
use support::{event, parse, range, with_instances};

fn days(start: &str, rule: &str, at_most: usize) -> Vec<String> {
    let text = event(&format!("DTSTART;VALUE=DATE:{start}\nRRULE:{rule}\n"));
    let span = range("", "20300101T000000Z");
    let mut found = with_instances(&text, span, |i| i.start_local.date_text());
    found.truncate(at_most);
    found
}

#[test]
fn s4_3_4_gregorian_leap_day() {
    let forward = "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD";
    assert_eq!(
        days("20120229", forward, 6),
        [
            "20120229", "20130301", "20140301", "20150301", "20160229", "20170301"
        ]
    );
    let backward = "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=BACKWARD";
    assert_eq!(
        days("20160229", backward, 5),
        ["20160229", "20170228", "20180228", "20190228", "20200229"]
    );
    let omit = "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=OMIT";
    assert_eq!(days("20160229", omit, 2), ["20160229", "20200229"]);
}

#[test]
fn s4_1_skip_in_months() {
    let monthly = |skip: &str| {
        let rule = format!("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP={skip};COUNT=5");
        days("20140131", &rule, 9)
    };
    let backward = ["20140131", "20140228", "20140331", "20140430", "20140531"];
    assert_eq!(monthly("BACKWARD"), backward);
    let forward = ["20140131", "20140301", "20140331", "20140501", "20140531"];
    assert_eq!(monthly("FORWARD"), forward);
    let omit = ["20140131", "20140331", "20140531", "20140731", "20140831"];
    assert_eq!(monthly("OMIT"), omit);
}

#[test]
fn s4_3_1_chinese_new_year() {
    assert_eq!(
        days("20130210", "RSCALE=CHINESE;FREQ=YEARLY", 5),
        ["20130210", "20140131", "20150219", "20160208", "20170128"]
    );
}

#[test]
fn s4_3_2_ethiopic_13th_month() {
    assert_eq!(
        days("20130906", "RSCALE=ETHIOPIC;FREQ=MONTHLY;BYMONTH=13", 5),
        ["20130906", "20140906", "20150906", "20160906", "20170906"]
    );
}

#[test]
fn s4_3_3_hebrew_anniversary_in_a_leap_month() {
    assert_eq!(
        days(
            "20140208",
            "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8;SKIP=FORWARD",
            5
        ),
        ["20140208", "20150227", "20160217", "20170306", "20180223"]
    );
}

#[test]
fn s4_1_other_calendars_at_any_time() {
    // Nowruz: the first day of the Persian year, and each day of its first month.
    let rule = "RSCALE=PERSIAN;FREQ=YEARLY";
    assert_eq!(
        days("20250321", rule, 3),
        ["20250321", "20260321", "20270321"]
    );
    let daily = "RSCALE=PERSIAN;FREQ=DAILY;BYMONTH=1;BYMONTHDAY=-1";
    assert_eq!(
        days("20250420", daily, 3),
        ["20250420", "20260420", "20270420"]
    );
    let text = event("DTSTART;VALUE=DATE:19500217\nRRULE:RSCALE=CHINESE;FREQ=YEARLY\n");
    let found = with_instances(&text, range("20230101T000000Z", "20260101T000000Z"), |i| {
        i.start_local.date_text()
    });
    assert_eq!(found, ["20230122", "20240210", "20250129"]);
    let monthly = event("DTSTART;VALUE=DATE:19500217\nRRULE:RSCALE=CHINESE;FREQ=MONTHLY\n");
    let found = with_instances(
        &monthly,
        range("20250701T000000Z", "20251001T000000Z"),
        |i| i.start_local.date_text(),
    );
    // The year has a second sixth month, which begins on 25 July.
    assert_eq!(found, ["20250725", "20250823", "20250922"]);
}

#[test]
fn s7_1_unknown_calendars_are_refused_by_name() {
    for rule in [
        "RSCALE=MAYAN;FREQ=YEARLY;BYMONTH=18",
        "RSCALE=CHINESE;FREQ=HOURLY",
    ] {
        let text = event(&format!("DTSTART;VALUE=DATE:20130210\nRRULE:{rule}\n"));
        let calendar = parse(&text);
        let error = Object::check(&calendar).unwrap_err();
        assert_eq!(error.precondition(), Precondition::SupportedRscale);
        let name = rule.split([';', '=']).nth(1).unwrap();
        assert!(error.to_string().contains(name), "{error}");
    }
    // Stored ones are still found by what is known of them.
    assert_eq!(
        days("20130210", "RSCALE=MAYAN;FREQ=YEARLY", 9),
        ["20130210"]
    );
}
