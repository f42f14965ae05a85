//! Managed attachments: <https://www.rfc-editor.org/rfc/rfc8607>.

use chapar_tests::support::{Client, shared};

const HOME: &str = "/dav/calendars/user/rfc8607/";

/// The path of the attachment of an object.
fn attachment(client: &mut Client, object: &str) -> String {
    let got = client.send("GET", object, &[], b"").expect(200).text();
    let got = got.replace("\r\n ", "");
    let line = got.lines().find(|line| line.starts_with("ATTACH")).unwrap();
    format!("/dav/{}", line.split_once("/dav/").unwrap().1)
}

/// Each calendar keeps its own as long as an object in it refers to it, whoever removes others.
#[test]
fn s3_7_attachments_go_along_with_their_objects() {
    shared().add_user("rfc8607");
    shared().add_user("rfc8607b");
    let mut client = shared().client("rfc8607");
    let mut sharee = shared().client("rfc8607b");
    let calendars = ["one", "two", "three"].map(|name| format!("{HOME}{name}/"));
    for calendar in &calendars {
        client.send("MKCALENDAR", calendar, &[], b"").expect(201);
    }
    let [one, two, three] = calendars.map(|calendar| calendar + "1.ics");
    let event = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Chapar//Tests//EN\r\nBEGIN:VEVENT\r\n\
        UID:1@rfc8607\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260102T100000Z\r\n\
        END:VEVENT\r\nEND:VCALENDAR\r\n";
    let calendar = [("content-type", "text/calendar; charset=utf-8")];
    client
        .send("PUT", &one, &calendar, event.as_bytes())
        .expect(201);
    let action = format!("{one}?action=attachment-add");
    let text = [("content-type", "text/plain")];
    client.send("POST", &action, &text, b"minutes").expect(201);
    let url = attachment(&mut client, &one);
    let to = [("destination", two.as_str())];
    client.send("COPY", &one, &to, b"").expect(201);

    let acl = "<D:acl xmlns:D=\"DAV:\"><D:ace><D:principal>\
        <D:href>/dav/principals/user/rfc8607b/</D:href></D:principal><D:grant><D:privilege>\
        <D:read/></D:privilege><D:privilege><D:write/></D:privilege></D:grant></D:ace></D:acl>";
    let xml = [("content-type", "application/xml")];
    let shared_one = format!("{HOME}one/");
    client
        .send("ACL", &shared_one, &xml, acl.as_bytes())
        .expect(200);
    assert_eq!(
        sharee.send("GET", &url, &[], b"").expect(200).text(),
        "minutes"
    );
    sharee.send("DELETE", &one, &[], b"").expect(204);
    sharee.send("GET", &url, &[], b"").expect(404);
    assert_eq!(
        client.send("GET", &url, &[], b"").expect(200).text(),
        "minutes"
    );

    let to = [("destination", three.as_str())];
    client.send("MOVE", &two, &to, b"").expect(201);
    client
        .send("DELETE", &format!("{HOME}two/"), &[], b"")
        .expect(204);
    assert_eq!(
        client.send("GET", &url, &[], b"").expect(200).text(),
        "minutes"
    );
    client.send("DELETE", &three, &[], b"").expect(204);
    client.send("GET", &url, &[], b"").expect(404);
}
