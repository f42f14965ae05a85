//! Calendars: <https://www.rfc-editor.org/rfc/rfc4791>.

use chapar_tests::support::shared;

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
