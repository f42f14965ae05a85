//! Calendars: whatever objects clients put and whatever reports they ask for, over the host in memory.
//!
//! Objects and reports are separated by a line `===`; what begins with `<` is a report. Each report
//! is asked of the calendar that has the objects before it.

#![no_main]

use caldav::CalDav;
use libfuzzer_sys::fuzz_target;
use module::native::{Host, Reply};

const CALENDAR: &str = "/dav/calendars/user/alice/Default/";

fuzz_target!(|text: &str| {
    let host = Host::new();
    host.user("alice").act_as("alice");
    for (number, part) in text.split("\n===\n").take(6).enumerate() {
        let reply = match part.starts_with('<') {
            true => host
                .request("REPORT", CALENDAR)
                .header("depth", "1")
                .header("content-type", "application/xml")
                .body(part)
                .send::<CalDav>(),
            false => host
                .request("PUT", &format!("{CALENDAR}{number}.ics"))
                .header("content-type", "text/calendar")
                .body(part)
                .send::<CalDav>(),
        };
        check(&reply);
    }
    check(&host.request("GET", CALENDAR).send::<CalDav>());
});

fn check(reply: &Reply) {
    // 507 says that what was asked for is too much.
    let status = reply.status;
    assert!((200..500).contains(&status) || status == 507, "{status}");
    if status == 207 {
        xml::parse(&reply.body, &xml::Limits::default()).expect("a multistatus is well-formed");
    }
}
