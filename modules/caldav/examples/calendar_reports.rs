//! How long reports of a month and a PUT take over 1,000 events, a quarter of them recurring, with
//! the in-memory host, whose own search looks at all keys. With a word it measures only what has
//! that in its name. `cargo run --release -p caldav --example calendar_reports`

#![allow(clippy::unwrap_used, clippy::expect_used)]

use caldav::CalDav;
use module::native::Host;
use std::time::Instant;

const CALENDAR: &str = "/dav/calendars/user/alice/Default/";

const VIENNA: &str = "BEGIN:VTIMEZONE\r\nTZID:Europe/Vienna\r\nBEGIN:STANDARD\r\n\
    DTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\n\
    RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n\
    DTSTART:19700329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\n\
    RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n";

fn event(number: usize, day: &str, rule: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Chapar//Benchmark//EN\r\n{VIENNA}\
         BEGIN:VEVENT\r\nUID:{number}@bench\r\nDTSTAMP:20260101T000000Z\r\n\
         CREATED:20260101T000000Z\r\nLAST-MODIFIED:20260101T000000Z\r\nSEQUENCE:0\r\n\
         DTSTART;TZID=Europe/Vienna:{day}T100000\r\nDTEND;TZID=Europe/Vienna:{day}T110000\r\n{rule}\
         SUMMARY:Meeting about the {number} matter\r\nLOCATION:Room 12\r\n\
         DESCRIPTION:What there is to say about it\\, in a line that is long enough to\r\n  be \
         folded once.\r\nCATEGORIES:WORK\r\nSTATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\n\
         BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Soon\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n\
         END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

/// 60 in June 2026, 143 each week, 12 each month, and the rest at other times.
fn numbered(number: usize) -> String {
    let rule = |rule: &str| format!("RRULE:FREQ={rule}\r\n");
    match number {
        0..60 => event(number, &format!("202606{:02}", number % 30 + 1), ""),
        60..750 => {
            let month = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12].get(number % 11);
            let day = number / 11 % 28 + 1;
            event(number, &format!("2026{:02}{day:02}", month.unwrap()), "")
        }
        750..893 => {
            let rules = ["UNTIL=20261231T000000Z", "BYDAY=WE", "COUNT=60"];
            let more = rules.get(number % 3).unwrap();
            event(number, "20260107", &rule(&format!("WEEKLY;{more}")))
        }
        893..905 => event(number, "20260112", &rule("MONTHLY")),
        _ => event(number, "20250101", &rule("WEEKLY;COUNT=20")),
    }
}

fn main() {
    let host = Host::new();
    host.user("alice").act_as("alice");
    let only = std::env::args().nth(1).unwrap_or_default();
    let put = |name: usize, body: &str| {
        let path = format!("{CALENDAR}{name}.ics");
        let request = host.request("PUT", &path);
        let request = request.header("content-type", "text/calendar");
        assert_eq!(request.body(body).send::<CalDav>().status, 201);
    };
    (0..1000).for_each(|number| put(number, &numbered(number)));
    let report = |body: &str| {
        let request = host.request("REPORT", CALENDAR).header("depth", "1");
        let request = request.header("content-type", "application/xml");
        let reply = request.body(body).send::<CalDav>();
        assert!(reply.status == 207 || reply.status == 200);
        reply.body
    };
    let range = "start=\"20260601T000000Z\" end=\"20260701T000000Z\"";
    let query = |data: &str| {
        format!(
            "<C:calendar-query xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:prop>\
             <D:getetag/>{data}</D:prop><C:filter><C:comp-filter name=\"VCALENDAR\">\
             <C:comp-filter name=\"VEVENT\"><C:time-range {range}/></C:comp-filter>\
             </C:comp-filter></C:filter></C:calendar-query>"
        )
    };
    let expand = format!("<C:calendar-data><C:expand {range}/></C:calendar-data>");
    let free_busy = format!(
        "<C:free-busy-query xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><C:time-range {range}/>\
         </C:free-busy-query>"
    );
    for (name, body) in [
        ("etags of a month", query("")),
        ("month", query("<C:calendar-data/>")),
        ("expanded month", query(&expand)),
        ("free-busy", free_busy),
    ] {
        if !name.contains(&only) {
            continue;
        }
        let mut best = f64::MAX;
        let mut found = 0;
        for _ in 0..300 {
            let began = Instant::now();
            let answer = report(&body);
            best = best.min(began.elapsed().as_secs_f64() * 1e6);
            found = answer.windows(12).filter(|w| w == b"BEGIN:VEVENT").count();
        }
        println!("{name}: {best:.0} us, {found} events");
    }
    if "PUT".contains(&only) {
        let texts: Vec<String> = (2000..4000).map(|n| event(n, "20260610", "")).collect();
        let began = Instant::now();
        for (number, text) in (2000..).zip(&texts) {
            put(number, text);
        }
        let each = began.elapsed().as_secs_f64() * 1e6 / texts.len() as f64;
        println!("PUT: {each:.1} us");
    }
}
