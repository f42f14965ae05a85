//! Default alarms, as Apple's clients keep them: `CALDAV:default-alarm-vevent-datetime` and its kin.

use super::*;

const NONE: &str = "BEGIN:VALARM\nX-WR-ALARMUID:1\nUID:1\nTRIGGER;VALUE=DATE-TIME:19760401T005545Z\n\
    ACTION:NONE\nEND:VALARM\n";

fn alarm(trigger: &str) -> String {
    format!("BEGIN:VALARM\nTRIGGER:{trigger}\nACTION:AUDIO\nEND:VALARM\n")
}

fn set(host: &Host, path: &str, value: &str) -> Reply {
    let value = format!("<C:default-alarm-vevent-date>{value}</C:default-alarm-vevent-date>");
    proppatch(host, path, &value)
}

/// What new events in a calendar get; none if nothing is said.
fn get(host: &Host, path: &str) -> Option<String> {
    let reply = propfind(host, path, "0", "<C:default-alarm-vevent-date/>");
    let is_there = !reply.text().contains("404");
    let value = element(&reply, "C:default-alarm-vevent-date");
    is_there.then(|| value.unwrap_or_default().replace("&#xD;", ""))
}

#[test]
fn apple_default_alarms_are_alarms() {
    let host = host();
    for path in [HOME, DEFAULT] {
        for good in [&alarm("-PT30M"), &alarm("-P1D").repeat(10), NONE, ""] {
            expect(&set(&host, path, good), 207, &["200 OK"]);
        }
        for bad in [
            "BEGIN:VEVENT\nEND:VEVENT",
            "SUMMARY:x",
            "BEGIN:VALARM\nACTION:AUDIO\nEND:VALARM",
            "BEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM",
            "BEGIN:VALARM\nTRIGGER:-PT5M\n",
            &alarm("soon"),
            &alarm("-P1D").repeat(11),
        ] {
            expect(
                &set(&host, path, bad),
                207,
                &["<C:valid-calendar-data>", "403"],
            );
            assert_eq!(get(&host, path).as_deref(), Some(""), "{bad}");
        }
        let long = alarm("-P1D").replace("AUDIO", &"A".repeat(20_000));
        expect(&set(&host, path, &long), 207, &["409", "bytes"]);
    }
}

#[test]
fn a_calendar_has_what_its_home_has_unless_it_says_otherwise() {
    let host = host();
    assert_eq!(get(&host, DEFAULT), None);
    let (early, late) = (alarm("-P1D"), alarm("-PT5M"));
    set(&host, HOME, &early);
    for path in [HOME, DEFAULT] {
        assert_eq!(get(&host, path), Some(early.clone()), "{path}");
    }
    set(&host, DEFAULT, &late);
    assert_eq!(get(&host, DEFAULT), Some(late));
    set(&host, DEFAULT, "");
    assert_eq!(get(&host, DEFAULT).as_deref(), Some(""));
    let remove = format!(
        "<propertyupdate {NAMESPACES}><remove><prop><C:default-alarm-vevent-date/></prop>\
         </remove></propertyupdate>"
    );
    send(&host, "PROPPATCH", DEFAULT, &[], &remove);
    assert_eq!(get(&host, DEFAULT), Some(early));
}

#[test]
fn each_sharee_has_alarms_of_their_own() {
    let host = host();
    let (alices, bobs) = (alarm("-P1D"), alarm("-PT5M"));
    set(&host, HOME, &alices);
    grant(&host, "Default", "bob", &["<read/>"]);
    host.act_as("bob");
    assert_eq!(get(&host, DEFAULT), None);
    let home = "/dav/calendars/user/bob";
    propfind(&host, home, "0", "<resourcetype/>");
    set(&host, home, &bobs);
    assert_eq!(get(&host, DEFAULT), Some(bobs.clone()));
    host.act_as("alice");
    assert_eq!(get(&host, DEFAULT), Some(alices.clone()));
    set(&host, DEFAULT, &alarm("PT0S"));
    host.act_as("bob");
    assert_eq!(get(&host, DEFAULT), Some(bobs));
    host.act_as_anonymous();
    assert_eq!(propfind_status(&host, DEFAULT), 401);
}

fn propfind_status(host: &Host, path: &str) -> u16 {
    let body =
        format!("<propfind {NAMESPACES}><prop><C:default-alarm-vevent-date/></prop></propfind>");
    send(host, "PROPFIND", path, &[("depth", "0")], &body).status
}

/// Objects that another server's users of JMAP have marked are given as they were put, and keep
/// their tags, whatever is said of alarms.
#[test]
fn objects_are_never_given_other_alarms_than_they_have() {
    let host = host();
    let path = format!("{DEFAULT}/1.ics");
    let text = event(
        "1",
        "20260714",
        "X-JMAP-USEDEFAULTALERTS;VALUE=BOOLEAN:TRUE\n",
    );
    let put = put(&host, &path, &text);
    let tag = put.header("etag").map(str::to_owned);
    assert!(put.status == 201 && tag.is_some());
    set(&host, DEFAULT, &alarm("-PT5M"));
    let reply = send(&host, "GET", &path, &[], "");
    assert_eq!(reply.text(), text);
    assert_eq!(reply.header("etag").map(str::to_owned), tag);
}
