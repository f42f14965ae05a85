//! Times what a query does: 1,000 events, a quarter of them recurring, and one month.
//!
//! `cargo run --release -p chapar-icalendar --example month_of_1000`

use std::time::Instant;

use icalendar::busy::Busy;
use icalendar::data::{Output, Recurrences};
use icalendar::keys::Keys;
use icalendar::object::Object;
use icalendar::series::{Range, Series};
use icalendar::value::LocalTime;
use icalendar::zone::Zone;
use icalendar::{Budget, Calendar, Limits};

const BERLIN: &str = "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n\
    BEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\n\
    DTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\n\
    BEGIN:STANDARD\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\n\
    DTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n\
    END:VTIMEZONE\r\n";

/// An event as clients write them, about 900 bytes.
fn event(number: usize) -> String {
    let rule = match number % 16 {
        0 => "RRULE:FREQ=WEEKLY;BYDAY=MO,WE\r\n",
        4 => "RRULE:FREQ=MONTHLY;BYDAY=-1FR\r\n",
        8 => "RRULE:FREQ=DAILY;COUNT=300\r\n",
        12 => "RRULE:FREQ=YEARLY\r\n",
        _ => "",
    };
    let day = LocalTime::from_date(2020, 1, 1).days() + (number * 37 % 2500) as i64;
    let start = LocalTime(day * 86_400 + 9 * 3600);
    let end = LocalTime(start.0 + 3600);
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nCALSCALE:GREGORIAN\r\n\
         {BERLIN}BEGIN:VEVENT\r\nUID:{number}@example.com\r\nDTSTAMP:20260101T000000Z\r\n\
         CREATED:20260101T000000Z\r\nLAST-MODIFIED:20260101T000000Z\r\nSEQUENCE:1\r\n\
         SUMMARY:Meeting number {number}\r\nLOCATION:Room {number}\r\n\
         DESCRIPTION:About this and that\\, which is\r\n  folded here.\r\n\
         DTSTART;TZID=Europe/Berlin:{start}\r\nDTEND;TZID=Europe/Berlin:{end}\r\n{rule}\
         TRANSP:OPAQUE\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\n\
         DESCRIPTION:Soon\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

/// Runs something a few times and tells the least time of one object.
fn time(name: &str, objects: usize, mut run: impl FnMut() -> usize) {
    let mut best = f64::MAX;
    let mut result = 0;
    for _ in 0..7 {
        let begun = Instant::now();
        result = run();
        best = best.min(begun.elapsed().as_secs_f64());
    }
    let each = best * 1e6 / objects as f64;
    let all = best * 1e6;
    println!("{name:20} {each:8.2} us each, {all:9.0} us in all ({result})");
}

fn main() {
    let texts: Vec<String> = (0..1000).map(event).collect();
    let limits = Limits::default();
    let parsed =
        |text: &String| Calendar::parse(text.as_bytes(), &limits).map(Calendar::into_owned);
    let calendars: Vec<Calendar<'_>> = texts.iter().flat_map(parsed).collect();
    let start = LocalTime::from_date(2026, 6, 1).0;
    let month = Range::new(Some(start), Some(start + 30 * 86_400));
    let n = texts.len();
    time("parse", n, || {
        let ok = |text: &&String| Calendar::parse(text.as_bytes(), &limits).is_ok();
        texts.iter().filter(ok).count()
    });
    time("parse, stored", n, || {
        let ok = |text: &&String| Calendar::parse_stored(text.as_bytes()).is_ok();
        texts.iter().filter(ok).count()
    });
    time("check", n, || {
        calendars
            .iter()
            .filter(|calendar| Object::check(calendar).is_ok())
            .count()
    });
    time("keys", n, || {
        let keys = calendars.iter().filter_map(Keys::of);
        keys.map(|keys| keys.times.len()).sum()
    });
    let overlaps = |calendar: &Calendar<'_>| {
        let series = Series::of(calendar, Zone::Utc);
        series.overlaps(month, &mut Budget::default()) == Ok(true)
    };
    time("overlaps", n, || {
        calendars.iter().filter(|c| overlaps(c)).count()
    });
    time("parse and overlaps", n, || {
        let found = |text: &&String| {
            Calendar::parse(text.as_bytes(), &limits).is_ok_and(|calendar| overlaps(&calendar))
        };
        texts.iter().filter(found).count()
    });
    let found: Vec<&Calendar<'_>> = calendars.iter().filter(|c| overlaps(c)).collect();
    let output = Output {
        recurrences: Recurrences::Expand(month),
        ..Output::default()
    };
    time("expand", found.len(), || {
        let expand = |c: &&Calendar<'_>| output.write(c, &Zone::Utc, &mut Budget::default()).ok();
        found.iter().filter_map(expand).map(|b| b.len()).sum()
    });
    time("busy", n, || {
        let mut busy = Busy::new(month);
        for calendar in &calendars {
            let _enough = busy.add(calendar, &Zone::Utc, &[], &mut Budget::default());
        }
        busy.periods().len()
    });
    time("jcal", n, || {
        let texts = calendars.iter().map(|c| c.to_jcal());
        texts.map(|text| text.len()).sum()
    });
}
