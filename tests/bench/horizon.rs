//! What a query costs that looks farther than the index knows: the first time, and after that.

use crate::load::request;
use crate::process::cpu;
use crate::rows::Bench;
use std::time::{Duration, Instant};

const CALENDAR: &str = "/dav/calendars/user/alice/births/";
const COUNT: usize = 1000;

/// Of birthdays since 1885, those of a month in 2095.
const QUERY: &str = "<C:calendar-query xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">\
    <D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\">\
    <C:comp-filter name=\"VEVENT\"><C:time-range start=\"20950602T000000Z\" \
    end=\"20950628T000000Z\"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>";

/// A birthday, on the first 28 days of all months in turn.
fn birthday(number: usize) -> String {
    let (month, day) = (number % 12 + 1, number / 12 % 28 + 1);
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Chapar//Benchmark//EN\r\nBEGIN:VEVENT\r\n\
         UID:birth-{number:04}@bench\r\nDTSTAMP:20260101T000000Z\r\n\
         DTSTART;VALUE=DATE:1885{month:02}{day:02}\r\nRRULE:FREQ=YEARLY\r\n\
         SUMMARY:Birthday of number {number}\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\n\
         END:VCALENDAR\r\n"
    )
}

/// Waits until the server does nothing.
fn quiet(pid: u32) -> Duration {
    loop {
        let before = cpu(pid);
        std::thread::sleep(Duration::from_millis(500));
        if cpu(pid) <= before + Duration::from_millis(10) {
            return cpu(pid);
        }
    }
}

/// Queries beyond the horizon.
pub fn horizon(bench: &mut Bench) {
    let (mut client, pid) = (bench.client(), bench.server.pid());
    client.send("MKCALENDAR", CALENDAR, &[], b"").expect(201);
    for number in 0..COUNT {
        let path = format!("{CALENDAR}{number}.ics");
        let headers = [("content-type", "text/calendar; charset=utf-8")];
        client
            .send("PUT", &path, &headers, birthday(number).as_bytes())
            .expect(201);
    }
    let headers = [("depth", "1"), ("content-type", "application/xml")];
    let mut ask = || {
        let before = quiet(pid);
        let begun = Instant::now();
        let answer = client.send("REPORT", CALENDAR, &headers, QUERY.as_bytes());
        let elapsed = begun.elapsed();
        let found = answer.expect(207).text().matches("<D:response>").count();
        assert!((70..90).contains(&found), "{found} of {COUNT}");
        (elapsed, quiet(pid) - before)
    };
    // Each tells of 256 objects at most.
    for (number, name) in ["first", "second", "third", "fourth", "fifth"]
        .iter()
        .enumerate()
    {
        let (elapsed, used) = ask();
        bench.row(
            &format!("a month in 2095 of 1,000 birthdays since 1885, {name}"),
            if number == 4 { "far less" } else { "" },
            format!("{:.1} ms", elapsed.as_secs_f64() * 1e3),
            None,
            format!("{} ms CPU with what is indexed after it", used.as_millis()),
        );
    }
    let authorization = bench.authorization.clone();
    let headers = [
        ("authorization", authorization.as_str()),
        ("depth", "1"),
        ("content-type", "application/xml"),
    ];
    let bytes = request("REPORT", CALENDAR, &headers, QUERY.as_bytes());
    bench.row_of_cpu("the same, later", 2000.0, &bytes);
}
