//! Calendars: <https://www.rfc-editor.org/rfc/rfc4791>.

use chapar_tests::support::{Client, shared};

fn event(uid: &str, more: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Chapar//Tests//EN\r\nBEGIN:VEVENT\r\n\
         UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260102T100000Z\r\nDURATION:PT1H\r\n\
         {more}END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

/// What several clients of one user are answered who do the same at once: the statuses, sorted.
fn at_once(
    user: &str,
    count: usize,
    request: impl Fn(&mut Client, usize) -> u16 + Sync,
) -> Vec<u16> {
    let begin = std::sync::Barrier::new(count);
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let one = |number: usize| {
            let (begin, request) = (&begin, &request);
            scope.spawn(move || {
                let mut client = shared().client(user);
                client
                    .send("OPTIONS", "/dav/calendars/", &[], b"")
                    .expect(200);
                begin.wait();
                request(&mut client, number)
            })
        };
        let all: Vec<_> = (0..count).map(one).collect();
        let joined = all.into_iter().map(|one| one.join().expect("an answer"));
        joined.collect()
    });
    statuses.sort_unstable();
    statuses
}

/// RFC 9110 §15.5.13: 412 is for conditions of the client's. RFC 8607 §3.4 has none.
#[test]
fn s5_3_2_requests_at_once_fail_by_their_conditions_alone() {
    shared().add_user("rfc9110");
    let mut client = shared().client("rfc9110");
    let typed = ("content-type", "text/calendar; charset=utf-8");
    let default = "/dav/calendars/user/rfc9110/Default/";
    client
        .send("PROPFIND", default, &[("depth", "0")], b"")
        .expect(207);
    for round in 0..5 {
        let path = format!("{default}{round}.ics");
        let free = [typed, ("if-none-match", "*")];
        let body = event(&round.to_string(), "");
        let put = |client: &mut Client, _: usize| {
            client.send("PUT", &path, &free, body.as_bytes()).status
        };
        assert_eq!(at_once("rfc9110", 6, put), [201, 412, 412, 412, 412, 412]);
        let attached = [("content-type", "text/plain")];
        let attach = |client: &mut Client, number: usize| {
            let target = format!("{path}?action=attachment-add");
            let body = format!("attachment {number}");
            client
                .send("POST", &target, &attached, body.as_bytes())
                .status
        };
        assert_eq!(at_once("rfc9110", 6, attach), [201; 6]);
        let stored = client
            .send("GET", &path, &[], b"")
            .text()
            .replace("\r\n ", "");
        assert_eq!(stored.matches("MANAGED-ID=").count(), 6, "{stored}");
        // What is taken as it streams in cannot be looked at again.
        let file = format!("/dav/drive/user/rfc9110/{round}");
        let put =
            |client: &mut Client, _: usize| client.send("PUT", &file, &free[1..], b"body").status;
        assert_eq!(at_once("rfc9110", 6, put), [201, 412, 412, 412, 412, 412]);
    }
}

/// RFC 4791 §6.1.1: who may read the home may ask about what they may not read there, as others do.
#[test]
fn s7_10_more_rights_are_no_fewer_busy_times() {
    for user in ["rfc4791_owner", "rfc4791_asker"] {
        shared().add_user(user);
    }
    let mut owner = shared().client("rfc4791_owner");
    let home = "/dav/calendars/user/rfc4791_owner/";
    owner
        .send("PROPFIND", home, &[("depth", "0")], b"")
        .expect(207);
    let typed = [("content-type", "text/calendar; charset=utf-8")];
    let path = format!("{home}Default/1.ics");
    owner
        .send("PUT", &path, &typed, event("1", "").as_bytes())
        .expect(201);
    let report = "<C:free-busy-query xmlns:C='urn:ietf:params:xml:ns:caldav'><C:time-range \
                  start='20260102T000000Z' end='20260103T000000Z'/></C:free-busy-query>";
    let headers = [("content-type", "application/xml"), ("depth", "1")];
    let ask = || {
        let mut asker = shared().client("rfc4791_asker");
        asker
            .send("REPORT", home, &headers, report.as_bytes())
            .expect(200)
            .text()
    };
    let busy = |answer: String| {
        let lines = answer.lines().filter(|line| line.starts_with("FREEBUSY"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let before = busy(ask());
    assert_eq!(before.len(), 1);
    let acl = "<D:acl xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'><D:ace><D:principal>\
               <D:all/></D:principal><D:grant><D:privilege><C:read-free-busy/></D:privilege></D:grant>\
               </D:ace><D:ace><D:principal><D:href>/dav/principals/user/rfc4791_asker/</D:href>\
               </D:principal><D:grant><D:privilege><D:read/></D:privilege></D:grant></D:ace></D:acl>";
    owner
        .send("ACL", home, &headers[..1], acl.as_bytes())
        .expect(200);
    assert_eq!(busy(ask()), before);
}

#[test]
fn s5_3_2_1_a_uid_is_in_use_in_the_calendar_only_whoever_else_writes_there() {
    shared().add_user("rfc4791");
    let mut client = shared().client("rfc4791");
    let home = "/dav/calendars/user/rfc4791/";
    let event = |number: usize| {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Chapar//Tests//EN\r\nBEGIN:VEVENT\r\n\
             UID:{number}@s5.3.2.1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260102T100000Z\r\n\
             END:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    };
    let headers = [("content-type", "text/calendar; charset=utf-8")];
    // Several clients at once, into one calendar, then what is in that one into another.
    for calendar in ["one", "another"] {
        let calendar = format!("{home}{calendar}/");
        client.send("MKCALENDAR", &calendar, &[], b"").expect(201);
        std::thread::scope(|scope| {
            for part in 0..8 {
                let (mut client, calendar) = (shared().client("rfc4791"), &calendar);
                scope.spawn(move || {
                    for number in (part..80).step_by(8) {
                        let path = format!("{calendar}{number}.ics");
                        client
                            .send("PUT", &path, &headers, event(number).as_bytes())
                            .expect(201);
                    }
                });
            }
        });
        let again = format!("{calendar}again.ics");
        let refused = client.send("PUT", &again, &headers, event(7).as_bytes());
        let said = refused.expect(403).text();
        assert!(said.contains("no-uid-conflict") && said.contains(&format!("{calendar}7.ics")));
    }
}
