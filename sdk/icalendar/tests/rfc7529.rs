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
fn s7_1_other_calendars_are_refused_by_name() {
    for rule in [
        "RSCALE=CHINESE;FREQ=YEARLY",
        "RSCALE=ETHIOPIC;FREQ=MONTHLY;BYMONTH=13",
        "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8;SKIP=FORWARD",
    ] {
        let text = event(&format!("DTSTART;VALUE=DATE:20130210\nRRULE:{rule}\n"));
        let calendar = parse(&text);
        let error = Object::check(&calendar).unwrap_err();
        assert_eq!(error.precondition(), Precondition::SupportedRscale);
        assert!(
            rule.contains(error.to_string().split(' ').nth(6).unwrap()),
            "{error}"
        );
    }
    // Stored ones are still found by what is known of them.
    assert_eq!(
        days("20130210", "RSCALE=CHINESE;FREQ=YEARLY", 9),
        ["20130210"]
    );
}
