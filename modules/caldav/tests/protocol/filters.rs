//! Filters, and what they cost. RFC 4791 §7.8, §9.7, §9.9.

use super::*;

/// Three events, a task, and a note.
fn filled() -> Host {
    let host = host();
    let objects = [
        (
            "a",
            event("a", "20060714", "LOCATION:Room 1\nCATEGORIES:Work,Family"),
        ),
        (
            "b",
            event(
                "b",
                "20060715",
                "ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.com",
            ),
        ),
        (
            "c",
            event("c", "20060701", "RRULE:FREQ=DAILY\nSTATUS:CANCELLED"),
        ),
        (
            "d",
            calendar("BEGIN:VTODO\nUID:d\nDTSTAMP:20060206T001121Z\nSUMMARY:Do it\nEND:VTODO"),
        ),
        (
            "e",
            calendar(
                "BEGIN:VJOURNAL\nUID:e\nDTSTAMP:20060206T001121Z\nDTSTART;VALUE=DATE:20060714\n\
             SUMMARY:Äpfel\nEND:VJOURNAL",
            ),
        ),
    ];
    for (name, body) in &objects {
        assert_eq!(put(&host, &format!("{DEFAULT}/{name}"), body).status, 201);
    }
    host
}

#[track_caller]
fn check(host: &Host, filter: &str, expected: &[&str]) {
    assert_eq!(names(&query(host, DEFAULT, filter)), expected, "{filter}");
}

fn of_events(inner: &str) -> String {
    format!("<C:comp-filter name='VEVENT'>{inner}</C:comp-filter>")
}

#[test]
fn s9_7_1_components() {
    let host = filled();
    check(&host, "", &["a", "b", "c", "d", "e"]);
    check(&host, &of_events(""), &["a", "b", "c"]);
    check(&host, "<C:comp-filter name='VTODO'/>", &["d"]);
    check(&host, "<C:comp-filter name='VPOLL'/>", &[]);
    check(
        &host,
        "<C:comp-filter name='VEVENT'><C:is-not-defined/></C:comp-filter>",
        &["d", "e"],
    );
    check(&host, &of_events("<C:comp-filter name='VALARM'/>"), &[]);
    check(
        &host,
        &of_events("<C:comp-filter name='VALARM'><C:is-not-defined/></C:comp-filter>"),
        &["a", "b", "c"],
    );
}

#[test]
fn s9_7_2_properties_and_parameters() {
    let host = filled();
    let prop = |name: &str, inner: &str| {
        of_events(&format!(
            "<C:prop-filter name='{name}'>{inner}</C:prop-filter>"
        ))
    };
    check(&host, &prop("LOCATION", ""), &["a"]);
    check(&host, &prop("location", "<C:is-not-defined/>"), &["b", "c"]);
    check(
        &host,
        &prop("CATEGORIES", "<C:text-match>mil</C:text-match>"),
        &["a"],
    );
    let status = |text: &str| {
        prop(
            "STATUS",
            &format!("<C:text-match negate-condition='yes'>{text}</C:text-match>"),
        )
    };
    check(&host, &status("CANCELLED"), &[]);
    check(&host, &status("CONFIRMED"), &["c"]);
    let param = |inner: &str| {
        prop(
            "ATTENDEE",
            &format!("<C:param-filter name='PARTSTAT'>{inner}</C:param-filter>"),
        )
    };
    check(&host, &param(""), &["b"]);
    check(&host, &param("<C:text-match>accept</C:text-match>"), &["b"]);
    check(&host, &param("<C:text-match>declined</C:text-match>"), &[]);
    check(&host, &param("<C:is-not-defined/>"), &[]);
    // All of a filter must hold.
    let both = of_events(
        "<C:prop-filter name='LOCATION'/><C:prop-filter name='SUMMARY'><C:text-match>event b\
         </C:text-match></C:prop-filter>",
    );
    check(&host, &both, &[]);
}

#[test]
fn s7_5_collations() {
    let host = filled();
    let summary = |collation: &str, text: &str| {
        format!(
            "<C:comp-filter name='VJOURNAL'><C:prop-filter name='SUMMARY'><C:text-match {collation}>\
             {text}</C:text-match></C:prop-filter></C:comp-filter>"
        )
    };
    check(&host, &summary("", "PFEL"), &["e"]);
    check(&host, &summary("", "äpfel"), &[]);
    check(&host, &summary("collation='i;octet'", "PFEL"), &[]);
    check(
        &host,
        &summary("collation='i;unicode-casemap'", "äPFEL"),
        &["e"],
    );
    let unknown = query(&host, DEFAULT, &summary("collation='i;basic'", "x"));
    expect(&unknown, 403, &["<C:supported-collation/>"]);
}

#[test]
fn s9_9_ranges_of_time() {
    let host = filled();
    let range = |kind: &str, start: &str, end: &str| {
        let attribute = |name: &str, value: &str| match value {
            "" => String::new(),
            value => format!("{name}='{value}'"),
        };
        format!(
            "<C:comp-filter name='{kind}'><C:time-range {} {}/></C:comp-filter>",
            attribute("start", start),
            attribute("end", end)
        )
    };
    check(
        &host,
        &range("VEVENT", "20060714T000000Z", "20060715T000000Z"),
        &["a", "c"],
    );
    check(
        &host,
        &range("VEVENT", "20060714T130000Z", "20060715T120000Z"),
        &[],
    );
    check(&host, &range("VEVENT", "", "20060701T000000Z"), &[]);
    check(&host, &range("VEVENT", "20060715T120000Z", ""), &["b", "c"]);
    check(
        &host,
        &range("VEVENT", "20950101T000000Z", "20950102T000000Z"),
        &["c"],
    );
    check(
        &host,
        &range("VTODO", "20060714T000000Z", "20060715T000000Z"),
        &["d"],
    );
    check(
        &host,
        &range("VJOURNAL", "20060714T230000Z", "20060715T000000Z"),
        &["e"],
    );
    let stamp = of_events(
        "<C:prop-filter name='DTSTAMP'><C:time-range start='20060206T000000Z' \
         end='20060207T000000Z'/></C:prop-filter>",
    );
    check(&host, &stamp, &["a", "b", "c"]);
    let end = of_events(
        "<C:prop-filter name='DTEND'><C:time-range start='20060714T130000Z' \
         end='20060714T130001Z'/></C:prop-filter>",
    );
    check(&host, &end, &["a"]);
}

/// §9.9 leaves open what a time range right under VCALENDAR means; python-caldav sends it for whoever
/// searches without a type of component, and means whatever is at that time.
#[test]
fn s9_9_ranges_of_time_without_a_component() {
    let host = filled();
    let at = |start: &str, end: &str| {
        format!("<C:time-range start='{start}T000000Z' end='{end}T000000Z'/>")
    };
    check(&host, &at("20060714", "20060715"), &["a", "c", "d", "e"]);
    check(&host, &at("20060715", "20060716"), &["b", "c", "d"]);
    check(&host, &at("20950101", "20950102"), &["c", "d"]);
    // All of a filter must hold.
    let with = |inner: &str| format!("{}{inner}", at("20060714", "20060715"));
    check(&host, &with("<C:comp-filter name='VEVENT'/>"), &["a", "c"]);
    let later = of_events(&at("20060715", "20060716"));
    check(&host, &with(&later), &["c"]);
    // §9.7.2: properties are those of the enclosing component, and VCALENDAR has no SUMMARY.
    check(&host, &with("<C:prop-filter name='SUMMARY'/>"), &[]);
    let none = "<C:prop-filter name='SUMMARY'><C:is-not-defined/></C:prop-filter>";
    check(&host, &with(none), &["a", "c", "d", "e"]);
}

#[test]
fn s7_8_queries_have_a_depth() {
    let host = filled();
    let body = format!(
        "<C:calendar-query {NAMESPACES}><prop><getetag/></prop><C:filter><C:comp-filter \
         name='VCALENDAR'/></C:filter></C:calendar-query>"
    );
    let asked = |path: &str, depth: &str| names(&report(&host, path, depth, &body)).len();
    assert_eq!(asked(DEFAULT, "0"), 0);
    assert_eq!(asked(DEFAULT, "infinity"), 5);
    assert_eq!(asked(HOME, "1"), 5);
    assert_eq!(asked(&format!("{DEFAULT}/a"), "0"), 1);
    let none = send(&host, "REPORT", DEFAULT, &[], &body);
    assert!(names(&none).is_empty());
}

#[test]
fn s7_8_filters_that_make_no_sense() {
    let host = filled();
    for filter in [
        "",
        "<C:filter/>",
        "<C:filter><C:comp-filter name='VEVENT'/></C:filter>",
        "<C:filter><C:comp-filter name='VCALENDAR'><C:is-not-defined/></C:comp-filter></C:filter>",
        "<C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter/></C:comp-filter></C:filter>",
        "<C:filter><C:comp-filter name='VCALENDAR'><C:time-range/></C:comp-filter></C:filter>",
        "<C:filter><C:comp-filter name='VCALENDAR'><C:what/></C:comp-filter></C:filter>",
        "<C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'><C:time-range/>\
         </C:comp-filter></C:comp-filter></C:filter>",
    ] {
        let body = format!("<C:calendar-query {NAMESPACES}><prop/>{filter}</C:calendar-query>");
        expect(
            &report(&host, DEFAULT, "1", &body),
            403,
            &["<C:valid-filter/>"],
        );
    }
    let many = "<C:prop-filter name='X'/>".repeat(200);
    assert_eq!(query(&host, DEFAULT, &of_events(&many)).status, 400);
}

/// Neither is answered in part without saying so.
#[test]
fn s5_2_8_too_many_instances_are_said_to_be() {
    let host = host();
    let endless = event("1", "20060714", "RRULE:FREQ=MINUTELY");
    assert_eq!(
        put(&host, &format!("{DEFAULT}/1.ics"), &endless).status,
        201
    );
    let expand = |start: &str, end: &str| {
        let body = format!(
            "<C:calendar-query {NAMESPACES}><prop><C:calendar-data><C:expand start='{start}' \
             end='{end}'/></C:calendar-data></prop><C:filter><C:comp-filter name='VCALENDAR'>\
             <C:comp-filter name='VEVENT'/></C:comp-filter></C:filter></C:calendar-query>"
        );
        report(&host, DEFAULT, "1", &body)
    };
    let reply = expand("20060714T000000Z", "20070714T000000Z");
    expect(&reply, 507, &["<C:max-instances>20000</C:max-instances>"]);
    assert_eq!(expand("20060714T000000Z", "20060714T120010Z").status, 207);
}

/// As with Cyrus, and as RFC 6352 §10.5.1 has it of cards.
#[test]
fn rfc6352_10_5_1_one_of_several_conditions_is_enough() {
    let host = host();
    for (name, body) in [
        ("1", event("1", "20060714", "LOCATION:Here")),
        ("2", event("2", "20060715", "LOCATION:Away")),
        ("3", event("3", "20060716", "COMMENT;X-P=a:Here")),
        (
            "4",
            calendar("BEGIN:VTODO\nUID:4\nDTSTAMP:20060206T001121Z\nSUMMARY:x\nEND:VTODO"),
        ),
    ] {
        assert_eq!(
            put(&host, &format!("{DEFAULT}/{name}.ics"), &body).status,
            201
        );
    }
    let text = |name: &str, text: &str| {
        format!("<C:prop-filter name='{name}'><C:text-match>{text}</C:text-match></C:prop-filter>")
    };
    let day = "<C:time-range start='20060716T000000Z' end='20060717T000000Z'/>";
    let here = text("LOCATION", "Here");
    let found = |test: &str, inside: &str| {
        let filter = format!("<C:comp-filter name='VEVENT'{test}>{inside}</C:comp-filter>");
        names(&query(&host, DEFAULT, &filter))
    };
    let (any, all) = (" test='anyof'", " test='allof'");
    let both = format!("{day}{here}");
    assert_eq!(found(any, &both), ["1.ics", "3.ics"]);
    assert!(found(all, &both).is_empty() && found("", &both).is_empty());
    let summaries = format!(
        "{}{}",
        text("SUMMARY", "Event 1"),
        text("SUMMARY", "Event 2")
    );
    assert_eq!(found(any, &summaries), ["1.ics", "2.ics"]);
    assert_eq!(found(any, &here), ["1.ics"]);
    assert_eq!(found(any, day), ["3.ics"]);
    assert_eq!(found(any, "").len(), 3);
    let alarm = format!("<C:comp-filter name='VALARM'>{day}</C:comp-filter>{here}");
    assert_eq!(found(any, &alarm), ["1.ics"]);
    let texts = "<C:prop-filter name='LOCATION' test='anyof'><C:text-match>Here</C:text-match>\
        <C:text-match>Where</C:text-match></C:prop-filter>";
    assert_eq!(found("", texts), ["1.ics"]);
    let either = "<C:prop-filter name='COMMENT' test='anyof'><C:text-match>nothing</C:text-match>\
        <C:param-filter name='X-P'/></C:prop-filter>";
    assert_eq!(found("", either), ["3.ics"]);
    // Of any kind: the root has conditions, too.
    let body = format!(
        "<C:calendar-query {NAMESPACES}><prop><getetag/></prop><C:filter><C:comp-filter \
         name='VCALENDAR' test='anyof'><C:comp-filter name='VTODO'/><C:comp-filter name='VEVENT'>\
         {day}</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    );
    assert_eq!(
        names(&report(&host, DEFAULT, "1", &body)),
        ["3.ics", "4.ics"]
    );
    let filter = format!("<C:comp-filter name='VEVENT' test='some'>{both}</C:comp-filter>");
    expect(&query(&host, DEFAULT, &filter), 403, &["<C:valid-filter/>"]);
}

/// Those of all objects count together, and those beside the range do not.
#[test]
fn s5_2_8_instances_outside_of_what_is_expanded_are_not_counted() {
    let host = host();
    let mut asked = String::new();
    for number in 0..6 {
        let path = format!("{DEFAULT}/{number}.ics");
        let minutely = event(&number.to_string(), "20060714", "RRULE:FREQ=MINUTELY");
        let minutely = minutely.replace("DURATION:PT1H", "DURATION:PT10S");
        assert_eq!(put(&host, &path, &minutely).status, 201);
        asked.push_str(&format!("<href>{path}</href>"));
    }
    host.option("caldav_max_instances", "30");
    let body = format!(
        "<C:calendar-multiget {NAMESPACES}><prop><C:calendar-data><C:expand \
         start='20060801T120000Z' end='20060801T120500Z'/></C:calendar-data></prop>{asked}\
         </C:calendar-multiget>"
    );
    let reply = report(&host, DEFAULT, "1", &body);
    expect(&reply, 207, &[]);
    assert_eq!(reply.text().matches("BEGIN:VEVENT").count(), 30);
    host.option("caldav_max_instances", "29");
    expect(
        &report(&host, DEFAULT, "1", &body),
        507,
        &["<C:max-instances>29<"],
    );
}

/// RFC 4791 §5.3.2.1: what could never be gone through is not taken in.
#[test]
fn s5_3_2_1_recurrences_that_take_too_long_are_refused() {
    let host = host();
    let path = format!("{DEFAULT}/1.ics");
    for rule in [
        "FREQ=SECONDLY;COUNT=2000000000",
        "FREQ=SECONDLY;BYSECOND=7,8;COUNT=2000000000",
        "FREQ=SECONDLY",
        "FREQ=DAILY;BYSETPOS=2",
    ] {
        let reply = put(
            &host,
            &path,
            &event("1", "20060714", &format!("RRULE:{rule}")),
        );
        let status = if rule.starts_with("FREQ=SECONDLY") {
            403
        } else {
            201
        };
        assert_eq!(reply.status, status, "{rule} {}", reply.text());
        if status == 403 {
            expect(&reply, 403, &["<C:max-instances>"]);
        }
    }
    for rule in [
        "FREQ=DAILY;COUNT=10000",
        "FREQ=MINUTELY",
        "FREQ=HOURLY;BYHOUR=9,17;UNTIL=20991231T000000Z",
        "FREQ=SECONDLY;COUNT=600",
    ] {
        let reply = put(
            &host,
            &path,
            &event("1", "20060714", &format!("RRULE:{rule}")),
        );
        assert_eq!(reply.status, 204, "{rule} {}", reply.text());
    }
}

/// What is there all the same, by an import or from before, hides nothing else.
#[test]
fn s7_8_what_takes_too_long_breaks_no_query() {
    use module::Indexer;
    let host = host();
    put(
        &host,
        &format!("{DEFAULT}/1.ics"),
        &event("1", "20060714", ""),
    );
    let path = ["user", "alice", "#calendars", "Default"].map(str::to_owned);
    let mailbox = module::Mailbox::open(&path).unwrap();
    let batch = module::Batch::new();
    let bomb = event("2", "20000101", "RRULE:FREQ=SECONDLY;COUNT=2000000000");
    let keys = CalDav::keys(module::Unindexed {
        mailbox_type: "calendar".to_owned(),
        content_type: "text/calendar".to_owned(),
        created: 0,
        reach: None,
        message: format!("\r\n\r\n{bomb}").into(),
    });
    batch.put(
        &mailbox,
        module::Put {
            name: Some("2.ics".to_owned()),
            condition: module::Condition::None,
            header: b"\r\n".to_vec(),
            content: module::Content::Bytes(bomb.into_bytes()),
            content_type: "text/calendar".to_owned(),
            flags: Vec::new(),
            keys,
            keys_version: 1,
        },
    );
    batch.commit().unwrap();
    let day = "start='20060714T000000Z' end='20060715T000000Z'";
    let filter = format!("<C:comp-filter name='VEVENT'><C:time-range {day}/></C:comp-filter>");
    let found = names(&query(&host, DEFAULT, &filter));
    assert!(found.contains(&"1.ics".to_owned()), "{found:?}");
    let expanded = format!(
        "<C:calendar-query {NAMESPACES}><prop><C:calendar-data><C:expand {day}/></C:calendar-data>\
         </prop><C:filter><C:comp-filter name='VCALENDAR'>{filter}</C:comp-filter></C:filter>\
         </C:calendar-query>"
    );
    expect(
        &report(&host, DEFAULT, "1", &expanded),
        207,
        &["UID:1&#13;"],
    );
    let busy = format!("<C:free-busy-query {NAMESPACES}><C:time-range {day}/></C:free-busy-query>");
    expect(
        &report(&host, DEFAULT, "1", &busy),
        200,
        &["20060714T120000Z"],
    );
}

/// A DURATION of days is days on the clock: this one is an hour shorter, since clocks are put forward.
#[test]
fn s9_9_the_effective_end_is_on_the_clock_of_the_start() {
    let host = host();
    let body = calendar(
        "BEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\n\
         DTSTART;TZID=Europe/Vienna:20260328T120000\nDURATION:P1D\nEND:VEVENT",
    );
    assert_eq!(put(&host, &format!("{DEFAULT}/1.ics"), &body).status, 201);
    let ends = |hour: u32| {
        let filter = format!(
            "<C:comp-filter name='VEVENT'><C:prop-filter name='DTEND'><C:time-range \
             start='20260329T{hour:02}3000Z' end='20260329T{:02}3000Z'/></C:prop-filter>\
             </C:comp-filter>",
            hour + 1
        );
        names(&query(&host, DEFAULT, &filter)).len()
    };
    assert_eq!((ends(8), ends(9), ends(10)), (0, 1, 0));
}
