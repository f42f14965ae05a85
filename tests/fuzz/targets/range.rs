//! Fields with a grammar of their own: ranges stay inside of what they are of, and dates are what
//! they were written from. RFC 9110 §14, §5.6.7.

#![no_main]

#[path = "../../../host/src/http/range.rs"]
mod range;

use dav::{Etag, Time};
use libfuzzer_sys::fuzz_target;
use range::{Selection, select};

fuzz_target!(|input: (u64, &str)| {
    let (len, field) = input;
    match select(field, len) {
        Selection::Whole | Selection::Unsatisfiable => {}
        Selection::Parts(parts) => {
            assert!(!parts.is_empty() && parts.len() <= 64);
            for (at, part) in parts.iter().enumerate() {
                assert!(part.start < part.end && part.end <= len, "{part:?}");
                let apart = |other: &std::ops::Range<u64>| {
                    other.end <= part.start || part.end <= other.start
                };
                assert!(parts.iter().skip(at + 1).all(apart), "{parts:?}");
            }
        }
    }
    if let Some(time) = Time::parse_http_date(field) {
        assert_eq!(Time::parse_http_date(&time.http_date()), Some(time));
    }
    let time = Time(len as i64);
    let clamped = Time::parse_http_date(&time.http_date()).expect("a date of ours");
    assert_eq!(clamped.http_date(), time.http_date());
    if let Some(etag) = Etag::new(field) {
        assert!(field.is_empty() || etag.matches(&etag.quoted()));
        assert_eq!(etag.opaque(), field);
    }
});
