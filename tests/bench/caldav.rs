//! Calendars: a thousand events, a quarter of them recurring, in one calendar.
//!
//! The answers are checked against what the events were made from: 215 of them have 645 instances in
//! June 2026, each at 10:00 in Vienna, which is 08:00 UTC then.

use crate::awake::Awake;
use crate::load::{drive, request};
use crate::process::cpu;
use crate::rows::{Bench, Used};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

const CALENDAR: &str = "/dav/calendars/user/alice/thousand/";
const SINGLE_IN_JUNE: usize = 60;
const SINGLE: usize = 750;
/// Weekly ones: on a Monday, of which June 2026 has five, and on Wednesdays, of which it has four.
const MONDAYS: usize = 1;
const WEDNESDAYS: usize = 142;
const MONTHLY: usize = 12;
const ENDED: usize = 95;

const TIMEZONE: &str = "BEGIN:VTIMEZONE\r\nTZID:Europe/Vienna\r\nBEGIN:STANDARD\r\n\
    DTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\n\
    RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n\
    DTSTART:19700329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\n\
    RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n";

/// An event of an hour at 10:00 in Vienna, with what events of real calendars have.
fn event(uid: &str, day: &str, rule: &str) -> String {
    let mut text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Chapar//Benchmark//EN\r\n{TIMEZONE}\
         BEGIN:VEVENT\r\nUID:{uid}@bench\r\nDTSTAMP:20260101T000000Z\r\n\
         CREATED:20260101T000000Z\r\nLAST-MODIFIED:20260101T000000Z\r\nSEQUENCE:0\r\n\
         DTSTART;TZID=Europe/Vienna:{day}T100000\r\nDTEND;TZID=Europe/Vienna:{day}T110000\r\n"
    );
    if !rule.is_empty() {
        let _ = write!(text, "RRULE:{rule}\r\n");
    }
    let _ = write!(
        text,
        "SUMMARY:Meeting about the {uid} matter\r\nLOCATION:Room 12\r\n\
         DESCRIPTION:What there is to say about it\\, in a line that is long enough to\r\n  be \
         folded once.\r\nCATEGORIES:WORK\r\nSTATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\n\
         BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Soon\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n\
         END:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    text
}

/// The events, with names, and days of June on which they are: (name, text, days).
fn events() -> Vec<(String, String, Vec<u32>)> {
    let mut all = Vec::new();
    let mut add = |kind: &str, count: usize, make: &dyn Fn(usize) -> (String, String, Vec<u32>)| {
        for n in 0..count {
            let uid = format!("{kind}-{n:04}");
            let (day, rule, days) = make(n);
            all.push((format!("{uid}.ics"), event(&uid, &day, &rule), days));
        }
    };
    add("june", SINGLE_IN_JUNE, &|n| {
        let day = n as u32 % 30 + 1;
        (format!("202606{day:02}"), String::new(), vec![day])
    });
    add("single", SINGLE - SINGLE_IN_JUNE, &|n| {
        let months = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12];
        let (month, day) = (months[n % months.len()], n / months.len() % 28 + 1);
        (format!("2026{month:02}{day:02}"), String::new(), Vec::new())
    });
    add("monday", MONDAYS, &|_| {
        let days = vec![1, 8, 15, 22, 29];
        ("20260105".to_owned(), "FREQ=WEEKLY".to_owned(), days)
    });
    add("wednesday", WEDNESDAYS, &|n| {
        // Some without an end, some with one, one since long ago.
        let rule = match n % 3 {
            0 => "FREQ=WEEKLY;UNTIL=20261231T000000Z",
            1 => "FREQ=WEEKLY;BYDAY=WE",
            _ => "FREQ=WEEKLY;COUNT=60",
        };
        let days = vec![3, 10, 17, 24];
        ("20260107".to_owned(), rule.to_owned(), days)
    });
    add("monthly", MONTHLY, &|n| {
        let day = n as u32 + 1;
        (
            format!("202601{day:02}"),
            "FREQ=MONTHLY".to_owned(),
            vec![day],
        )
    });
    add("ended", ENDED, &|n| {
        let day = n % 28 + 1;
        (
            format!("202501{day:02}"),
            "FREQ=WEEKLY;COUNT=20".to_owned(),
            Vec::new(),
        )
    });
    all
}

const FREE_BUSY: &str = "<C:free-busy-query xmlns:C=\"urn:ietf:params:xml:ns:caldav\">\
    <C:time-range start=\"20260601T000000Z\" end=\"20260701T000000Z\"/></C:free-busy-query>";

/// Puts so many events in a calendar.
fn fill(
    bench: &Bench,
    calendar: &str,
    count: usize,
    event: impl Fn(usize) -> Option<(String, String)> + Sync,
) {
    std::thread::scope(|scope| {
        for part in 0..8 {
            let (mut client, event) = (bench.client(), &event);
            scope.spawn(move || {
                for (name, text) in (part..count).step_by(8).filter_map(event) {
                    let path = format!("{calendar}{name}");
                    let headers = [("content-type", "text/calendar; charset=utf-8")];
                    client
                        .send("PUT", &path, &headers, text.as_bytes())
                        .expect(201);
                }
            });
        }
    });
}

/// One of many events that are not in June 2026: in other years, and a quarter of them series that
/// have ended.
fn elsewhere(number: usize) -> (String, String) {
    let (year, month, day) = (
        2010 + number % 16,
        number / 16 % 12 + 1,
        number / 192 % 28 + 1,
    );
    let rule = match number % 4 {
        0 => "FREQ=WEEKLY;COUNT=20",
        _ => "",
    };
    let uid = format!("elsewhere-{number:06}");
    let text = event(&uid, &format!("{year}{month:02}{day:02}"), rule);
    (format!("{uid}.ics"), text)
}

/// What the same answers cost in a calendar that grows: they should cost the same.
pub fn growing(bench: &mut Bench) {
    let calendar = "/dav/calendars/user/alice/growing/";
    bench
        .client()
        .send("MKCALENDAR", calendar, &[], b"")
        .expect(201);
    let events = events();
    let month = query("<C:calendar-data/>");
    let authorization = bench.authorization.clone();
    let mut there = 0;
    for (count, name) in [(1_000, "1,000"), (10_000, "10,000"), (100_000, "100,000")] {
        fill(bench, calendar, count, |number| {
            (number >= there).then(|| match events.get(number) {
                Some((name, text, _)) => (name.clone(), text.clone()),
                None => elsewhere(number),
            })
        });
        there = count;
        let answer = bench.client().send(
            "REPORT",
            calendar,
            &[("depth", "1"), ("content-type", "application/xml")],
            month.as_bytes(),
        );
        let found = answer.expect(207).text().matches("BEGIN:VCALENDAR").count();
        assert_eq!(found, 215);
        for (what, body) in [("query", month.as_str()), ("free-busy", FREE_BUSY)] {
            let headers = [
                ("authorization", authorization.as_str()),
                ("depth", "1"),
                ("content-type", "application/xml"),
            ];
            let bytes = request("REPORT", calendar, &headers, body.as_bytes());
            bench.row_of_cpu(
                &format!("{what} of a month in {name} events"),
                2000.0,
                &bytes,
            );
        }
    }
}

fn query(data: &str) -> String {
    format!(
        "<C:calendar-query xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:prop>\
         <D:getetag/>{data}</D:prop><C:filter><C:comp-filter name=\"VCALENDAR\">\
         <C:comp-filter name=\"VEVENT\"><C:time-range start=\"20260601T000000Z\" \
         end=\"20260701T000000Z\"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    )
}

/// Calendars.
pub fn calendars(bench: &mut Bench) {
    let mut client = bench.client();
    client.send("MKCALENDAR", CALENDAR, &[], b"").expect(201);
    let events = events();
    assert_eq!(events.len(), 1000);
    fill(bench, CALENDAR, events.len(), |number| {
        events
            .get(number)
            .map(|(name, text, _)| (name.clone(), text.clone()))
    });
    let authorization = bench.authorization.clone();
    let ask = |method: &str, path: &str, depth: &str, body: &str| {
        let mut headers = vec![("authorization", authorization.as_str()), ("depth", depth)];
        if !body.is_empty() {
            headers.push(("content-type", "application/xml"));
        }
        request(method, path, &headers, body.as_bytes())
    };
    let mut says = |method: &str, body: &str| {
        let headers = [("depth", "1"), ("content-type", "application/xml")];
        client
            .send(method, CALENDAR, &headers, body.as_bytes())
            .expect(207)
            .text()
    };
    let propfind = "<D:propfind xmlns:D=\"DAV:\"><D:prop><D:getetag/></D:prop></D:propfind>";
    let sync = |token: &str| {
        format!(
            "<D:sync-collection xmlns:D=\"DAV:\"><D:sync-token>{token}</D:sync-token>\
             <D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>"
        )
    };
    let first = says("REPORT", &sync(""));
    let token = first.rsplit_once("sync-token>").and_then(|(before, _)| {
        before
            .rsplit_once('>')
            .map(|(_, token)| token.trim_end_matches("</D:").to_owned())
    });
    let token = token.expect("a token");
    assert_eq!(first.matches("<D:response>").count(), 1000);
    let hrefs: String = events
        .iter()
        .step_by(20)
        .map(|(name, ..)| format!("<D:href>{CALENDAR}{name}</D:href>"))
        .collect();
    let multiget = format!(
        "<C:calendar-multiget xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:prop>\
         <D:getetag/><C:calendar-data/></D:prop>{hrefs}</C:calendar-multiget>"
    );
    assert_eq!(
        says("REPORT", &multiget).matches("BEGIN:VCALENDAR").count(),
        50
    );
    let month = query("<C:calendar-data/>");
    let matching = events.iter().filter(|(.., days)| !days.is_empty()).count();
    assert_eq!(matching, 215);
    assert_eq!(
        says("REPORT", &month).matches("BEGIN:VCALENDAR").count(),
        215
    );
    let expand = query(
        "<C:calendar-data><C:expand start=\"20260601T000000Z\" end=\"20260701T000000Z\"/>\
         </C:calendar-data>",
    );
    check_expanded(&says("REPORT", &expand), &events);
    let one = format!("{CALENDAR}june-0001.ics");
    for (name, target, bytes) in [
        ("GET of an event", 90.0, ask("GET", &one, "0", "")),
        (
            "PROPFIND of 1,000 events, getetag",
            1000.0,
            ask("PROPFIND", CALENDAR, "1", propfind),
        ),
        (
            "sync, nothing new",
            100.0,
            ask("REPORT", CALENDAR, "0", &sync(&token)),
        ),
        (
            "sync from the start",
            1200.0,
            ask("REPORT", CALENDAR, "0", &sync("")),
        ),
        (
            "multiget of 50",
            800.0,
            ask("REPORT", CALENDAR, "1", &multiget),
        ),
        (
            "query of a month, 215 of 1,000",
            2000.0,
            ask("REPORT", CALENDAR, "1", &month),
        ),
        (
            "the same, expanded to 645",
            5000.0,
            ask("REPORT", CALENDAR, "1", &expand),
        ),
        (
            "free-busy of a month",
            2000.0,
            ask("REPORT", CALENDAR, "1", FREE_BUSY),
        ),
    ] {
        bench.row_of_cpu(name, target, &bytes);
    }
    put(bench);
}

/// Every instance is there once, in UTC. RFC 4791 §9.6.5.
fn check_expanded(text: &str, events: &[(String, String, Vec<u32>)]) {
    let expected: BTreeSet<String> = events
        .iter()
        .flat_map(|(name, _, days)| {
            let uid = name.trim_end_matches(".ics");
            days.iter()
                .map(move |day| format!("{uid} 202606{day:02}T080000Z"))
        })
        .collect();
    assert_eq!(expected.len(), 645);
    let mut found = BTreeSet::new();
    for event in text.split("BEGIN:VEVENT").skip(1) {
        let value = |name: &str| {
            let line = event.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(':'))
                .map_or("", |(_, value)| value)
        };
        let value = |name| value(name).trim_end_matches("&#13;").trim_end().to_owned();
        let uid = value("UID").trim_end_matches("@bench").to_owned();
        assert!(
            found.insert(format!("{uid} {}", value("DTSTART"))),
            "twice: {event}"
        );
    }
    assert_eq!(found, expected);
}

/// New events, from one client and from sixteen.
fn put(bench: &mut Bench) {
    let authorization = bench.authorization.clone();
    for (clients, name) in [(1, "one"), (16, "many")] {
        let calendar = format!("/dav/calendars/user/alice/{name}/");
        bench
            .client()
            .send("MKCALENDAR", &calendar, &[], b"")
            .expect(201);
        let (address, pid) = (bench.server.address, bench.server.pid());
        // One client leaves processors asleep while the disk works, which the floor's are not.
        let _awake = (clients == 1).then(Awake::keep);
        let before = cpu(pid);
        let load = drive(address, clients, Duration::from_secs(3), |connection, n| {
            let uid = format!("{name}-{connection}-{n}");
            let headers = [
                ("authorization", authorization.as_str()),
                ("content-type", "text/calendar"),
            ];
            let text = event(&uid, "20260610", "");
            request(
                "PUT",
                &format!("{calendar}{uid}.ics"),
                &headers,
                text.as_bytes(),
            )
        });
        let used = Used {
            load,
            cpu: cpu(pid) - before,
        };
        if clients == 1 {
            bench.row_of_used("PUT of a new event", 500.0, &used);
            continue;
        }
        bench.row_of_writers("PUT of new events, 16 clients", &used);
    }
}
