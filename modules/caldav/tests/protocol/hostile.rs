//! Whatever a client sends, it gets an answer, and never one that says that we are at fault.

use super::*;

/// SplitMix64: the same numbers every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Words that mean something somewhere.
const WORDS: [&str; 24] = [
    "VCALENDAR",
    "VEVENT",
    "VALARM",
    "VTIMEZONE",
    "RRULE:FREQ=SECONDLY;INTERVAL=0",
    "RRULE:FREQ=YEARLY;BYDAY=53MO;BYSETPOS=-366",
    "RDATE;VALUE=PERIOD:19970101T000000Z/P99999999D",
    "DTSTART:00000101T000000",
    "DTSTART;TZID=Nowhere:99991231T235959",
    "DURATION:-P999999999W",
    "RECURRENCE-ID;RANGE=THISANDFUTURE:20060104T120000",
    "TRIGGER;RELATED=END:P1000000000D",
    "REPEAT:999999999999",
    "START=\"00010101T000000Z\"",
    "20060104T000000Z",
    "99991231T235959Z",
    "i;unicode-casemap",
    "\u{0}",
    "\r\n ",
    "\"",
    "<",
    "&#0;",
    "é",
    "-1",
];

/// Puts words in, takes pieces out, doubles others.
fn mutate(random: &mut Random, text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(40)).min(bytes.len());
        match random.below(4) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let word = WORDS[random.below(WORDS.len())];
                drop(bytes.splice(at..at, word.bytes()));
            }
            2 => {
                let piece = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, piece));
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = random.next() as u8;
                }
            }
        }
    }
    bytes
}

macro_rules! fixtures {
    ($($name:literal),* $(,)?) => {
        [$(include_str!(concat!("../fixtures/rfc4791/", $name))),*]
    };
}

const OBJECTS: [&str; 8] = fixtures!(
    "appendix_b/abcd1.ics",
    "appendix_b/abcd2.ics",
    "appendix_b/abcd3.ics",
    "appendix_b/abcd4.ics",
    "appendix_b/abcd5.ics",
    "appendix_b/abcd6.ics",
    "appendix_b/abcd7.ics",
    "appendix_b/abcd8.ics",
);

const REPORTS: [&str; 12] = fixtures!(
    "s7_8_1_request.xml",
    "s7_8_2_request.xml",
    "s7_8_3_request.xml",
    "s7_8_4_request.xml",
    "s7_8_5_request.xml",
    "s7_8_6_request.xml",
    "s7_8_7_request.xml",
    "s7_8_8_request.xml",
    "s7_8_9_request.xml",
    "s7_8_10_request.xml",
    "s7_9_1_request.xml",
    "s7_10_1_request.xml",
);

#[track_caller]
fn answered(host: &Host, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) {
    let mut request = host.request(method, path);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let reply = request.body(body.to_vec()).send::<CalDav>();
    let shown = String::from_utf8_lossy(body);
    assert!(
        (200..500).contains(&reply.status) || reply.status == 507,
        "{method} {path}: {} {}\n{shown}",
        reply.status,
        reply.text()
    );
}

#[test]
fn mutated_objects_are_stored_or_refused_and_break_nothing() {
    let mut random = Random(1);
    let host = host();
    let calendar_type = [("content-type", "text/calendar")];
    for round in 0..600 {
        let body = mutate(&mut random, OBJECTS[round % OBJECTS.len()]);
        let path = format!("{DEFAULT}/{}.ics", round % 20);
        answered(&host, "PUT", &path, &calendar_type, &body);
        if round % 10 == 0 {
            answered(&host, "POST", &format!("{DEFAULT}/"), &calendar_type, &body);
            answered(
                &host,
                "GET",
                &path,
                &[("accept", "application/calendar+json")],
                b"",
            );
        }
    }
    for text in REPORTS {
        let depth = [("depth", "1"), ("content-type", "application/xml")];
        answered(&host, "REPORT", DEFAULT, &depth, text.as_bytes());
    }
    for accept in ["text/calendar", "application/calendar+json"] {
        answered(
            &host,
            "GET",
            &format!("{DEFAULT}/"),
            &[("accept", accept)],
            b"",
        );
    }
}

#[test]
fn mutated_reports_get_answers() {
    let mut random = Random(2);
    let host = host();
    for (number, body) in OBJECTS.iter().enumerate() {
        put(&host, &format!("{DEFAULT}/abcd{}.ics", number + 1), body);
    }
    for round in 0..1500 {
        let body = mutate(&mut random, REPORTS[round % REPORTS.len()]);
        let depth = ["0", "1", "infinity", "x"][random.below(4)];
        let headers = [
            ("depth", depth),
            ("content-type", "application/xml"),
            ("caldav-timezones", ["T", "F", "?"][random.below(3)]),
        ];
        let path = [DEFAULT, HOME, "/dav/calendars/user/alice/Default/abcd2.ics"][random.below(3)];
        answered(&host, "REPORT", path, &headers, &body);
    }
}

#[test]
fn mutated_properties_and_forms_get_answers() {
    let mut random = Random(3);
    let host = host();
    host.option("caldav_allowcalendaradmin", "1");
    let properties = format!(
        "<C:mkcalendar {NAMESPACES}><set><prop><displayname>A</displayname>\
         <C:calendar-timezone>BEGIN:VCALENDAR&#13;\nBEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\n\
         DTSTART:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nEND:STANDARD\n\
         END:VTIMEZONE\nEND:VCALENDAR</C:calendar-timezone><C:supported-calendar-component-set>\
         <C:comp name='VEVENT'/></C:supported-calendar-component-set><C:schedule-calendar-transp>\
         <C:opaque/></C:schedule-calendar-transp><A:calendar-color>#FFF</A:calendar-color></prop>\
         </set></C:mkcalendar>"
    );
    let xml = [("content-type", "application/xml")];
    let form = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "https://example.org"),
    ];
    for round in 0..400 {
        let path = format!("{HOME}/c{}/", round % 50);
        let body = mutate(&mut random, &properties);
        answered(&host, "MKCALENDAR", &path, &xml, &body);
        let update = properties.replace("C:mkcalendar", "propertyupdate");
        answered(
            &host,
            "PROPPATCH",
            DEFAULT,
            &xml,
            &mutate(&mut random, &update),
        );
        let fields = "action=update&calendar=Default&name=A%20b&color=%23112233&public=on";
        answered(
            &host,
            "POST",
            &format!("{HOME}/"),
            &form,
            &mutate(&mut random, fields),
        );
        let query = mutate(
            &mut random,
            "action=attachment-add&rid=M,20060104T120000&managed-id=1",
        );
        let query = String::from_utf8_lossy(&query).replace(['#', ' '], "");
        let attachment = format!("{DEFAULT}/1.ics?{query}");
        answered(&host, "POST", &attachment, &[], b"x");
    }
}
