//! Keys of messages are made to reach as far as somebody has looked, by the host and for itself: whoever
//! looked need not have the right to write, and nobody else sees any of it.

use super::mail::{INDEXED, metric};
use chapar_tests::support::{Client, Server, wait_until};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);
const CALENDAR: &str = "/dav/calendars/user/alice/Default/";
const XML: (&str, &str) = ("content-type", "application/xml");

/// The names of what is in a June.
fn june(client: &mut Client, year: u32) -> Vec<String> {
    let body = format!(
        "<C:calendar-query xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'><prop><getetag/>\
         </prop><C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'>\
         <C:time-range start='{year}0602T000000Z' end='{year}0628T000000Z'/></C:comp-filter>\
         </C:comp-filter></C:filter></C:calendar-query>"
    );
    let headers = [("depth", "1"), XML];
    let answer = client.send("REPORT", CALENDAR, &headers, body.as_bytes());
    let text = answer.expect(207).text();
    let hrefs = text.split("<D:href>").skip(1);
    let mut names: Vec<String> = hrefs
        .filter_map(|href| href.split('<').next()?.rsplit('/').next())
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names
}

/// Tags and tokens of the calendar.
fn state(client: &mut Client) -> String {
    let body = b"<propfind xmlns='DAV:'><prop><getetag/><sync-token/></prop></propfind>";
    let answer = client.send("PROPFIND", CALENDAR, &[("depth", "1"), XML], body);
    answer.expect(207).text()
}

#[test]
fn a_horizon_moves_once_for_all_who_look_beyond_it() {
    let server = Server::builder()
        .user("alice")
        .user("bob")
        .option("prometheus_enabled", "on")
        .option("prometheus_need_auth", "none")
        .start();
    let mut alice = server.client("alice");
    alice
        .send("PROPFIND", CALENDAR, &[("depth", "0")], b"")
        .expect(207);
    let expected: Vec<String> = (0..6).map(|number| format!("june-{number}.ics")).collect();
    for number in 0..12 {
        let name = match number % 2 {
            0 => format!("june-{}", number / 2),
            _ => format!("may-{}", number / 2),
        };
        let month = if number % 2 == 0 { "06" } else { "05" };
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:{name}\r\n\
             DTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:1885{month}{:02}\r\n\
             RRULE:FREQ=YEARLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            number + 5
        );
        let path = format!("{CALENDAR}{name}.ics");
        let headers = [("content-type", "text/calendar")];
        alice
            .send("PUT", &path, &headers, text.as_bytes())
            .expect(201);
    }
    let acl =
        b"<acl xmlns='DAV:'><ace><principal><href>/dav/principals/user/bob/</href></principal>\
        <grant><privilege><read/></privilege></grant></ace></acl>";
    alice.send("ACL", CALENDAR, &[XML], acl).expect(200);
    let before = state(&mut alice);
    assert_eq!(metric(&server, INDEXED), 0);
    assert_eq!(june(&mut server.client("bob"), 2080), expected);
    wait_until("all keys reach there", SOON, || {
        metric(&server, INDEXED) == 12
    });
    assert_eq!(june(&mut alice, 2080), expected);
    assert_eq!(june(&mut alice, 2095), expected);
    assert_eq!(june(&mut alice, 1985), expected);
    // Far enough, and nobody needed more.
    assert_eq!(metric(&server, INDEXED), 12);
    assert_eq!(state(&mut alice), before);
}
