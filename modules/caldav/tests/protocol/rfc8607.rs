//! RFC 8607: managed attachments.

use super::*;

const WHERE: &str = "/dav/calendars/user/alice/Default/64.ics";

/// The event of the example in §3.4.
fn meeting() -> String {
    calendar(
        "BEGIN:VEVENT\nUID:20010712T182145Z-123401@example.com\nDTSTAMP:20120201T203412Z\n\
         DTSTART:20120714T170000Z\nDTEND:20120715T040000Z\nSUMMARY:One-off meeting\nEND:VEVENT",
    )
}

fn stored() -> Host {
    let host = host();
    assert_eq!(put(&host, WHERE, &meeting()).status, 201);
    host
}

fn post(host: &Host, query: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    send(host, "POST", &format!("{WHERE}?{query}"), headers, body)
}

fn add(host: &Host, query: &str, body: &str) -> String {
    let headers = [
        ("content-type", "text/html; charset=\"utf-8\""),
        ("content-disposition", "attachment;filename=agenda.html"),
    ];
    let reply = post(
        host,
        &format!("action=attachment-add{query}"),
        &headers,
        body,
    );
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(reply.header("etag"), None);
    reply.header("cal-managed-id").unwrap().to_owned()
}

fn unfolded(host: &Host, path: &str) -> String {
    send(host, "GET", path, &[], "").text().replace("\r\n ", "")
}

/// The URLs in `ATTACH` properties, below the server.
fn urls(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.starts_with("ATTACH"));
    lines
        .map(|line| {
            line.split_once(":https://example.org")
                .unwrap()
                .1
                .to_owned()
        })
        .collect()
}

#[test]
fn s3_2_support_is_told() {
    let host = host();
    let dav = send(&host, "OPTIONS", HOME, &[], "");
    let dav = dav.header("dav").unwrap().to_owned();
    assert!(dav.contains("calendar-managed-attachments"), "{dav}");
    assert!(!dav.contains("no-recurrence"), "{dav}");
    let asked = "<C:max-attachment-size/><C:max-attachments-per-resource/>";
    expect(
        &propfind(&host, DEFAULT, "0", asked),
        207,
        &[
            "<C:max-attachment-size>10485760<",
            "<C:max-attachments-per-resource>100<",
        ],
    );
    let server = "<C:managed-attachments-server-URL/>";
    expect(&propfind(&host, HOME, "0", server), 207, &["200 OK"]);
}

#[test]
fn s3_4_adding_with_the_object_as_the_answer() {
    let host = stored();
    let body = "<html>\n  <body>\n    <h1>Agenda</h1>\n  </body>\n</html>\n";
    let headers = [
        ("content-type", "text/html; charset=\"utf-8\""),
        ("content-disposition", "attachment;filename=agenda.html"),
        ("prefer", "return=representation"),
    ];
    let reply = post(&host, "action=attachment-add", &headers, body);
    assert_eq!(reply.status, 201, "{}", reply.text());
    let managed_id = reply.header("cal-managed-id").unwrap().to_owned();
    assert_eq!(reply.header("content-location"), Some(WHERE));
    let got = send(&host, "GET", WHERE, &[], "");
    assert_eq!(
        (got.text(), got.header("etag")),
        (reply.text(), reply.header("etag"))
    );
    let text = unfolded(&host, WHERE);
    let size = body.len();
    let property = format!(
        "ATTACH;MANAGED-ID={managed_id};FMTTYPE=text/html;SIZE={size};FILENAME=agenda.html:https://"
    );
    assert!(text.contains(&property), "{text}");
    let [url] = &urls(&text)[..] else {
        panic!("{text}");
    };
    let file = send(&host, "GET", url, &[], "");
    assert_eq!((file.status, file.text()), (200, body.to_owned()));
    assert_eq!(
        file.header("content-type"),
        Some("text/html; charset=\"utf-8\"")
    );
    assert_eq!(file.header("content-disposition"), Some("attachment"));
    // It is no member of the calendar.
    assert_eq!(hrefs(&propfind(&host, DEFAULT, "1", "<getetag/>")).len(), 2);
}

#[test]
fn s3_5_updating_makes_a_new_id() {
    let host = stored();
    let first = add(&host, "", "one");
    let old = urls(&unfolded(&host, WHERE));
    let query = format!("action=attachment-update&managed-id={first}");
    let reply = post(&host, &query, &[("content-type", "text/plain")], "two!");
    assert_eq!(reply.status, 204, "{}", reply.text());
    let second = reply.header("cal-managed-id").unwrap();
    assert_ne!(first, second);
    let text = unfolded(&host, WHERE);
    assert_eq!(text.matches("ATTACH").count(), 1, "{text}");
    assert!(text.contains("FMTTYPE=text/plain;SIZE=4:"), "{text}");
    assert_eq!(send(&host, "GET", &urls(&text)[0], &[], "").text(), "two!");
    assert_eq!(send(&host, "GET", &old[0], &[], "").status, 404);
    expect(
        &post(&host, &query, &[], "x"),
        403,
        &["<C:valid-managed-id/>"],
    );
}

#[test]
fn s3_6_removing() {
    let host = stored();
    let managed_id = add(&host, "", "one");
    let url = urls(&unfolded(&host, WHERE));
    let query = format!("action=attachment-remove&managed-id={managed_id}");
    assert_eq!(post(&host, &query, &[], "").status, 204);
    assert_eq!(unfolded(&host, WHERE), meeting());
    assert_eq!(send(&host, "GET", &url[0], &[], "").status, 404);
}

#[test]
fn s3_3_2_single_instances() {
    let host = host();
    let series = calendar(
        "BEGIN:VEVENT\nUID:1\nDTSTAMP:20120201T203412Z\nDTSTART;TZID=Europe/Vienna:20120714T170000\n\
         DTEND;TZID=Europe/Vienna:20120714T180000\nRRULE:FREQ=DAILY;COUNT=3\nSUMMARY:Daily\n\
         END:VEVENT",
    );
    assert_eq!(put(&host, WHERE, &series).status, 201);
    let managed_id = add(&host, "&rid=20120715T170000", "one");
    let text = unfolded(&host, WHERE);
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 2);
    assert_eq!(text.matches("ATTACH").count(), 1);
    let (master, made) = text.split_once("END:VEVENT").unwrap();
    assert!(
        master.contains("RRULE") && !master.contains("ATTACH"),
        "{text}"
    );
    for line in [
        "RECURRENCE-ID;TZID=Europe/Vienna:20120715T170000",
        "DTSTART;TZID=Europe/Vienna:20120715T170000",
        "DTEND;TZID=Europe/Vienna:20120715T180000",
        "SUMMARY:Daily",
    ] {
        assert!(made.contains(line), "{line}: {made}");
    }
    assert!(!made.contains("RRULE"));
    for rid in ["20120720T170000", "nonsense", "M,M", ""] {
        let query = format!("action=attachment-add&rid={rid}");
        expect(&post(&host, &query, &[], "x"), 403, &["<C:valid-rid/>"]);
    }
    add(&host, "&rid=M", "two");
    let query = format!("action=attachment-remove&managed-id={managed_id}");
    let master = post(&host, &format!("{query}&rid=M"), &[], "");
    expect(&master, 403, &["<C:valid-managed-id/>"]);
    assert_eq!(post(&host, &query, &[], "").status, 204);
}

#[test]
fn s3_7_other_objects_can_refer_to_it() {
    let host = stored();
    add(&host, "", "one");
    let url = urls(&unfolded(&host, WHERE)).remove(0);
    let copy = send(&host, "GET", WHERE, &[], "")
        .text()
        .replace("UID:", "UID:x");
    let other = format!("{DEFAULT}/other.ics");
    assert_eq!(put(&host, &other, &copy).status, 201);
    // §3.9: what nothing refers to any more goes; until then it stays.
    assert_eq!(send(&host, "DELETE", WHERE, &[], "").status, 204);
    assert_eq!(send(&host, "GET", &url, &[], "").status, 200);
    let bare = meeting().replace("UID:", "UID:x");
    assert_eq!(put(&host, &other, &bare).status, 204);
    assert_eq!(send(&host, "GET", &url, &[], "").status, 404);
    expect(
        &put(&host, &other, &copy),
        403,
        &["<C:valid-managed-id-parameter/>"],
    );
    // Those of other servers are theirs to look after.
    let foreign = copy.replace("https://example.org", "https://example.com");
    assert_eq!(put(&host, &other, &foreign).status, 204);
}

#[test]
fn s3_11_what_is_wrong_is_said() {
    let host = stored();
    for (query, condition) in [
        ("", "valid-action"),
        ("action=attachment-eat", "valid-action"),
        (
            "action=attachment-add&action=attachment-add",
            "valid-action",
        ),
        ("action=attachment-add&managed-id=1", "valid-managed-id"),
        ("action=attachment-update", "valid-managed-id"),
        ("action=attachment-update&managed-id=1&rid=M", "valid-rid"),
        (
            "action=attachment-remove&managed-id=nobody",
            "valid-managed-id",
        ),
    ] {
        let reply = post(&host, query, &[], "x");
        expect(&reply, 403, &[&format!("<C:{condition}/>")]);
    }
    let large = "x".repeat((10 << 20) + 1);
    let reply = post(&host, "action=attachment-add", &[], &large);
    expect(&reply, 403, &["<C:max-attachment-size/>"]);
    assert_eq!(unfolded(&host, WHERE), meeting());
}

#[test]
fn s3_12_2_who_may_read_the_calendar_may_read_it() {
    let host = stored();
    add(&host, "", "one");
    let url = urls(&unfolded(&host, WHERE)).remove(0);
    host.act_as("bob");
    assert_eq!(send(&host, "GET", &url, &[], "").status, 404);
    host.act_as("alice");
    grant(&host, "Default", "bob", &["<read/>"]);
    host.act_as("bob");
    assert_eq!(send(&host, "GET", &url, &[], "").text(), "one");
    let refused = post(&host, "action=attachment-add", &[], "x");
    expect(&refused, 403, &["<D:need-privileges>"]);
    // An attendee's copy: the attachments are the organizer's.
    let invited = meeting().replace("SUMMARY", "ORGANIZER:mailto:alice@example.org\r\nSUMMARY");
    let path = "/dav/calendars/user/bob/Default/1.ics";
    assert_eq!(put(&host, path, &invited).status, 201);
    let query = format!("{path}?action=attachment-add");
    assert_eq!(send(&host, "POST", &query, &[], "x").status, 403);
}

/// However many calendars there are in the home: a copy in the last of them counts.
#[test]
fn s3_7_other_objects_are_looked_for_in_all_of_the_home() {
    let host = stored();
    add(&host, "", "kept");
    let url = urls(&unfolded(&host, WHERE)).remove(0);
    for number in 0..260 {
        mkcalendar(&host, &format!("{HOME}/c{number:03}/"), "");
    }
    let copy = format!("{HOME}/c259/64.ics");
    let to = [("destination", copy.as_str())];
    assert_eq!(send(&host, "COPY", WHERE, &to, "").status, 201);
    assert_eq!(send(&host, "DELETE", WHERE, &[], "").status, 204);
    assert_eq!(send(&host, "GET", &url, &[], "").text(), "kept");
}

/// Whatever makes keys of stored messages again finds the same ones.
#[test]
fn keys_are_a_function_of_the_message() {
    use module::{Indexer, Key, Unindexed};
    let host = stored();
    add(&host, "", "one");
    let path = ["user", "alice", "#calendars", "Default"].map(str::to_owned);
    let mailbox = module::Mailbox::open(&path).unwrap();
    let listed = mailbox.list(0, 100, module::Fields::CONTENT_TYPE).unwrap();
    let mut seen = 0;
    for entry in listed.iter() {
        let message = mailbox.read(&[entry.uid()], module::Part::Whole).unwrap();
        let keys = CalDav::keys(Unindexed {
            mailbox_type: "calendar".to_owned(),
            content_type: entry.content_type().to_owned(),
            created: entry.created(),
            reach: None,
            message: message.into_iter().next().unwrap(),
        });
        for Key { name, value } in keys {
            let module::Value::Text(text) = value else {
                continue;
            };
            let term = module::Term::new(&name, module::Test::Equal(text));
            let query = module::Query {
                all_of: vec![vec![term]],
                limit: 10,
                ..module::Query::default()
            };
            let found = mailbox.search(&query).unwrap().found;
            assert!(
                found.iter().any(|found| found.message.uid == entry.uid()),
                "{name}"
            );
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen}");
}

/// Whoever adds it through their own home, everyone can read it.
#[test]
fn s3_12_2_attachments_of_sharees_are_everyones() {
    let host = stored();
    grant(&host, "Default", "bob", &["<read/>", "<write/>"]);
    host.act_as("bob");
    let path = ["user", "alice", "#calendars", "Default"].map(str::to_owned);
    let mailbox = module::Mailbox::open(&path).unwrap();
    let batch = module::Batch::new();
    batch.subscribe(&mailbox, true);
    batch.commit().unwrap();
    let shared = "/dav/calendars/user/bob/alice.Default/64.ics";
    let query = format!("{shared}?action=attachment-add");
    let reply = send(&host, "POST", &query, &[], "of bob");
    assert_eq!(reply.status, 201, "{}", reply.text());
    let url = urls(&unfolded(&host, shared)).remove(0);
    assert!(
        url.starts_with("/dav/calendars/user/alice/Default/?"),
        "{url}"
    );
    for who in ["bob", "alice"] {
        host.act_as(who);
        assert_eq!(send(&host, "GET", &url, &[], "").text(), "of bob", "{who}");
    }
    let id = reply.header("cal-managed-id").unwrap();
    let query = format!("{shared}?action=attachment-remove&managed-id={id}");
    host.act_as("bob");
    assert_eq!(send(&host, "POST", &query, &[], "").status, 204);
    assert_eq!(send(&host, "GET", &url, &[], "").status, 404);
}

/// Objects say where their calendar was when they got an attachment, and are not rewritten: it is there
/// when the calendar has another name, and when the object has gone to another calendar.
#[test]
fn attachments_are_there_after_a_move() {
    let host = stored();
    mkcalendar(&host, &format!("{HOME}/work/"), "");
    let at_work = format!("{HOME}/work/1.ics");
    put(&host, &at_work, &event("1", "20060714", ""));
    let query = format!("{at_work}?action=attachment-add");
    let reply = send(&host, "POST", &query, &[], "minutes");
    assert_eq!(reply.status, 201, "{}", reply.text());
    let url = urls(&unfolded(&host, &at_work)).remove(0);
    let to = [("destination", "/dav/calendars/user/alice/office/")];
    assert_eq!(
        send(&host, "MOVE", &format!("{HOME}/work/"), &to, "").status,
        201
    );
    let get = |who: &str| {
        host.act_as(who);
        send(&host, "GET", &url, &[], "")
    };
    assert_eq!(get("alice").text(), "minutes");
    assert_eq!(get("bob").status, 404);
    host.act_as("alice");
    let other = url.replace("attachment=", "attachment=0");
    assert_eq!(send(&host, "GET", &other, &[], "").status, 404);
    // Another calendar takes the name.
    mkcalendar(&host, &format!("{HOME}/work/"), "");
    assert_eq!(get("alice").text(), "minutes");
    // Clients may put the object again, and move it.
    host.act_as("alice");
    let office = format!("{HOME}/office/1.ics");
    let body = send(&host, "GET", &office, &[], "").text();
    assert_eq!(put(&host, &office, &body).status, 204);
    let to = [("destination", at_work.as_str())];
    assert_eq!(send(&host, "MOVE", &office, &to, "").status, 201);
    assert_eq!(get("alice").text(), "minutes");
    // Who may read the calendar that has it may read it.
    host.act_as("alice");
    grant(&host, "work", "bob", &["<read/>"]);
    assert_eq!(get("bob").text(), "minutes");
}
