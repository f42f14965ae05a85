//! RFC 6868: characters that a parameter's value could not have.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use icalendar::{Calendar, Limits, Property};

#[test]
fn s3_1_carets_in_parameters() {
    let text = "BEGIN:VCALENDAR\r\nATTENDEE;CN=George Herman ^'Babe^' Ruth:mailto:babe@example.com\r\nX;P=a^nb^^c^x^:1\r\nEND:VCALENDAR\r\n";
    let calendar = Calendar::parse(text.as_bytes(), &Limits::default()).unwrap();
    let root = calendar.root();
    assert_eq!(
        root.property("ATTENDEE").unwrap().param("CN").unwrap(),
        "George Herman \"Babe\" Ruth"
    );
    assert_eq!(root.property("X").unwrap().param("P").unwrap(), "a\nb^c^x^");
    let made = Property::new("X", "1").with_param("P", "a\nb^c\"");
    assert_eq!(made.param("P").unwrap(), "a\nb^c\"");
}
