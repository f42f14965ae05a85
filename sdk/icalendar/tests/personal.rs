//! Per-user data of shared objects.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use icalendar::personal::{apply, extract, is_same_but_personal, without};
use icalendar::{Calendar, Limits};
use support::{parse, stream};

fn shared(personal: &str, over: &str) -> String {
    stream(&format!(
        "BEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\nDTSTART:20260101T100000Z\nRRULE:FREQ=DAILY\nSUMMARY:Tea\n{personal}END:VEVENT\n\
         BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20260102T100000Z\nDTSTAMP:20260101T000000Z\nDTSTART:20260102T110000Z\nSUMMARY:Tea\n{over}END:VEVENT\n"
    ))
}

const ALARM: &str = "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM\n";

#[test]
fn what_is_extracted_is_applied_to_another_s_object() {
    let own = shared(
        &format!("CATEGORIES:mine\nTRANSP:TRANSPARENT\n{ALARM}"),
        "COLOR:red\n",
    );
    let kept = extract(&parse(&own)).to_bytes();
    let text = String::from_utf8(kept.clone()).unwrap();
    assert!(
        !text.contains("SUMMARY") && text.contains("TRIGGER") && text.contains("RECURRENCE-ID")
    );

    let theirs = shared("CATEGORIES:theirs\n", ALARM).replace("Tea", "Coffee");
    let kept = Calendar::parse(&kept, &Limits::default()).unwrap();
    let merged = apply(&parse(&theirs), &kept).to_bytes();
    let expected = own.replace("Tea", "Coffee");
    assert_eq!(String::from_utf8(merged).unwrap(), expected);
    let bare = without(&parse(&own)).to_bytes();
    assert_eq!(String::from_utf8(bare).unwrap(), shared("", ""));
}

#[test]
fn a_new_override_has_the_alarms_of_the_rest() {
    let kept = stream(&format!("BEGIN:VEVENT\nUID:1\n{ALARM}END:VEVENT\n"));
    let merged = apply(&parse(&shared("", "")), &parse(&kept)).to_bytes();
    assert_eq!(String::from_utf8(merged).unwrap(), shared(ALARM, ALARM));
}

#[test]
fn only_personal_data_differs() {
    let base = shared("", "");
    let alarmed = shared(ALARM, "TRANSP:OPAQUE\n").replace("DTSTAMP:2026", "DTSTAMP:2027");
    assert!(is_same_but_personal(&parse(&base), &parse(&alarmed)));
    assert!(!is_same_but_personal(
        &parse(&base),
        &parse(&base.replace("Tea", "Coffee"))
    ));
    let folded = base.replace("SUMMARY:Tea", "SUMMARY:T\r\n ea");
    assert!(is_same_but_personal(&parse(&base), &parse(&folded)));
}
