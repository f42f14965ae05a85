//! RFC 7808, over the in-memory host, named by clause.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use module::Module;
use module::native::{Host, Reply};
use serde_json::{Value, json};
use tzdist::TzDist;

fn get(target: &str) -> Reply {
    Host::new().request("GET", target).send::<TzDist>()
}

fn accept(target: &str, accept: &str) -> Reply {
    let request = Host::new().request("GET", target);
    request.header("accept", accept).send::<TzDist>()
}

fn json(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("application/json"));
    serde_json::from_slice(&reply.body).unwrap()
}

/// Checks that a request fails with a status and an error code.
fn fails(target: &str, status: u16, code: &str) {
    problem(&get(target), status, code);
}

fn problem(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    let code = format!("urn:ietf:params:tzdist:error:{code}");
    assert_eq!(
        (&body["type"], &body["status"]),
        (&json!(code), &json!(status))
    );
    assert!(body["title"].is_string() && body["detail"].is_string());
}

fn lines(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.text().ends_with("END:VTIMEZONE\r\nEND:VCALENDAR\r\n"));
    reply.text().split("\r\n").map(str::to_owned).collect()
}

fn zone<'a>(list: &'a Value, tzid: &str) -> &'a Value {
    let zones = list["timezones"].as_array().unwrap();
    zones.iter().find(|zone| zone["tzid"] == tzid).unwrap()
}

#[test]
fn s4_1_slashes_of_a_tzid_may_be_encoded_or_not() {
    for path in [
        "America%2FNew_York",
        "America%2fNew_York",
        "America/New_York",
    ] {
        let reply = get(&format!("/tzdist/zones/{path}"));
        assert!(lines(&reply).contains(&"TZID:America/New_York".to_owned()));
    }
    for path in [
        "America%2FArgentina%2FSan_Juan/observances",
        "America/Argentina/San_Juan/observances/",
    ] {
        let times = "start=2026-01-01T00:00:00Z&end=2027-01-01T00:00:00Z";
        let expansion = json(&get(&format!("/tzdist/zones/{path}?{times}")));
        assert_eq!(expansion["tzid"], "America/Argentina/San_Juan");
    }
}

#[test]
fn s4_1_2_format_by_accept() {
    for (wanted, got) in [
        ("", "text/calendar; charset=utf-8"),
        ("*/*", "text/calendar; charset=utf-8"),
        ("text/*", "text/calendar; charset=utf-8"),
        ("application/calendar+json", "application/calendar+json"),
        ("Application/Calendar+JSON", "application/calendar+json"),
        ("application/tzif", "application/tzif"),
        ("application/*", "application/calendar+json"),
        (
            "text/calendar;q=0.5, application/tzif;q=0.9",
            "application/tzif",
        ),
        ("text/calendar;q=0, */*;q=0.1", "application/calendar+json"),
        (
            "text/html, application/xhtml+xml, */*;q=0.8",
            "text/calendar; charset=utf-8",
        ),
        (
            "application/calendar+xml, application/calendar+json;q=0.2",
            "application/calendar+json",
        ),
    ] {
        let reply = accept("/tzdist/zones/Europe%2FParis", wanted);
        assert_eq!(reply.header("content-type"), Some(got), "{wanted}");
        assert_eq!(reply.header("vary"), Some("accept"));
    }
    // Cyrus's parameter wins over the field.
    let reply = accept(
        "/tzdist/zones/Europe%2FParis?format=application%2Fcalendar%2Bjson",
        "text/calendar",
    );
    assert_eq!(
        reply.header("content-type"),
        Some("application/calendar+json")
    );
}

#[test]
fn s4_1_4_etags_of_list_and_get_agree() {
    let list = json(&get("/tzdist/zones"));
    for tzid in ["America/New_York", "Etc/UTC", "Asia/Kolkata"] {
        let etag = zone(&list, tzid)["etag"].as_str().unwrap();
        let reply = get(&format!("/tzdist/zones/{tzid}"));
        assert_eq!(reply.header("etag"), Some(format!("\"{etag}\"").as_str()));
        assert_eq!(reply.header("cache-control"), Some("public, max-age=86400"));
    }
    // Representations differ, and so do their tags.
    let tags = [
        "text/calendar",
        "application/calendar+json",
        "application/tzif",
    ];
    let tags = tags.map(|format| accept("/tzdist/zones/Etc/UTC", format));
    let tags = tags.each_ref().map(|reply| reply.header("etag").unwrap());
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2]);
}

#[test]
fn s4_1_7_other_errors_are_invalid_actions() {
    for path in ["/tzdist/nothing", "/tzdist/zones2", "/tzdist/leapseconds/1"] {
        fails(path, 404, "invalid-action");
    }
    fails("/tzdist/zones?pattern=%FF", 400, "invalid-action");
    fails("/tzdist/zones?pattern=%4", 400, "invalid-action");
    let many = "a=b&".repeat(100);
    fails(&format!("/tzdist/zones?{many}"), 400, "invalid-action");
}

#[test]
fn s4_2_1_3_well_known_name() {
    let descriptor = TzDist::describe();
    let name = &descriptor.well_known[0];
    assert_eq!(
        (name.name.as_str(), name.target.as_str()),
        ("timezone", "/tzdist")
    );
    // Whoever follows it and asks for nothing sees what there is.
    assert_eq!(json(&get("/tzdist"))["version"], 1);
}

#[test]
fn s5_1_capabilities() {
    let capabilities = json(&get("/tzdist/capabilities"));
    assert_eq!(capabilities["version"], 1);
    let info = &capabilities["info"];
    assert_eq!(
        info["formats"],
        json!([
            "text/calendar",
            "application/calendar+json",
            "application/tzif"
        ])
    );
    assert_eq!(info["truncated"], json!({"any": true, "untruncated": true}));
    let source = info["primary-source"].as_str().unwrap();
    assert!(source.ends_with(icalendar::tzdb::version()));
    let actions = capabilities["actions"].as_array().unwrap();
    let actions: Vec<_> = actions
        .iter()
        .map(|action| {
            (
                action["name"].as_str().unwrap(),
                action["uri-template"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        actions,
        [
            ("capabilities", "/tzdist/capabilities"),
            ("list", "/tzdist/zones{?changedsince}"),
            ("get", "/tzdist/zones{/tzid}{?start,end}"),
            ("expand", "/tzdist/zones{/tzid}/observances{?start,end}"),
            ("find", "/tzdist/zones{?pattern}"),
            ("leapseconds", "/tzdist/leapseconds"),
        ]
    );
}

#[test]
fn s5_2_list_has_every_zone_once_with_its_aliases() {
    let list = json(&get("/tzdist/zones"));
    let zones = list["timezones"].as_array().unwrap();
    assert!(zones.len() > 300);
    let new_york = zone(&list, "America/New_York");
    assert_eq!(new_york["version"], icalendar::tzdb::version());
    let aliases = new_york["aliases"].as_array().unwrap();
    assert!(aliases.contains(&json!("US/Eastern")));
    assert!(zones.iter().all(|zone| zone["tzid"] != "US/Eastern"));
    let names = zones
        .iter()
        .map(|zone| 1 + zone["aliases"].as_array().map_or(0, Vec::len));
    assert_eq!(names.sum::<usize>(), icalendar::tzdb::names().count());
    assert!(zone(&list, "Etc/GMT+9").get("aliases").is_none());
}

#[test]
fn s5_2_list_of_what_changed() {
    let list = json(&get("/tzdist/zones"));
    let token = list["synctoken"].as_str().unwrap();
    let since = json(&get(&format!("/tzdist/zones?changedsince={token}")));
    assert_eq!(since["timezones"], json!([]));
    assert_eq!(since["synctoken"], token);
    // One that is not known is as none.
    let since = json(&get("/tzdist/zones?changedsince=2009-10-11T09:32:11Z"));
    assert_eq!(since, list);
    let twice = "/tzdist/zones?changedsince=a&changedsince=b";
    fails(twice, 400, "invalid-changedsince");
}

#[test]
fn s5_3_get_as_jcal() {
    let reply = accept("/tzdist/zones/Europe%2FBerlin", "application/calendar+json");
    let object: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(object[0], "vcalendar");
    let component = &object[2][0];
    assert_eq!(component[0], "vtimezone");
    assert_eq!(
        component[1][0],
        json!(["tzid", {}, "text", "Europe/Berlin"])
    );
    let last = component[2].as_array().unwrap().last().unwrap();
    assert_eq!(
        last,
        &json!(["standard", [
            ["tzname", {}, "text", "CET"],
            ["tzoffsetfrom", {}, "utc-offset", "+02:00"],
            ["tzoffsetto", {}, "utc-offset", "+01:00"],
            ["dtstart", {}, "date-time", "1996-10-27T03:00:00"],
            ["rrule", {}, "recur", {"freq": "YEARLY", "bymonth": 10, "byday": "-1SU"}]
        ], []])
    );
}

#[test]
fn s5_3_3_get_by_an_alias() {
    let lines = lines(&get("/tzdist/zones/US%2FEastern"));
    assert!(lines.contains(&"TZID:US/Eastern".to_owned()));
    assert!(lines.contains(&"TZID-ALIAS-OF:America/New_York".to_owned()));
}

#[test]
fn s5_3_3_names_of_windows_are_aliases_too() {
    let lines = lines(&get("/tzdist/zones/W.%20Europe%20Standard%20Time"));
    assert!(lines.contains(&"TZID:W. Europe Standard Time".to_owned()));
    assert!(lines.contains(&"TZID-ALIAS-OF:Europe/Berlin".to_owned()));
}

/// What the RFC's example has, in the year that its text means: the start, 2010-01-01T00:00:00Z,
/// was on 2009-12-31 in New York.
#[test]
fn s5_3_4_get_truncated() {
    let range = "start=2010-01-01T00:00:00Z&end=2020-01-01T00:00:00Z";
    let reply = get(&format!("/tzdist/zones/America%2FNew_York?{range}"));
    let expected = "BEGIN:VTIMEZONE\r\nTZID:America/New_York\r\nTZUNTIL:20200101T000000Z\r\n\
        BEGIN:STANDARD\r\nTZNAME:EST\r\nTZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\n\
        DTSTART:20091231T190000\r\nEND:STANDARD\r\n";
    assert!(reply.text().contains(expected), "{}", reply.text());
    let lines = lines(&reply);
    for line in [
        "DTSTART:20100314T020000",
        "RRULE:FREQ=YEARLY;UNTIL=20190310T070000Z;BYMONTH=3;BYDAY=2SU",
        "DTSTART:20101107T020000",
        "RRULE:FREQ=YEARLY;UNTIL=20191103T060000Z;BYMONTH=11;BYDAY=1SU",
    ] {
        assert!(lines.contains(&line.to_owned()), "{line}");
    }
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.starts_with("DTSTART"))
            .count(),
        3
    );
}

#[test]
fn s5_3_4_get_truncated_at_one_end() {
    let start = get("/tzdist/zones/America%2FNew_York?start=2010-01-01T00:00:00Z");
    assert!(!start.text().contains("TZUNTIL"));
    assert!(
        start
            .text()
            .contains("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\n")
    );
    let end = get("/tzdist/zones/America%2FNew_York?end=1966-01-01T00:00:00.000Z");
    assert!(end.text().contains("TZUNTIL:19660101T000000Z\r\n"));
    assert!(!end.text().contains("RRULE"));
}

#[test]
fn s5_3_4_an_onset_at_the_start_is_the_first_observance() {
    // Summer time began at this very second, and ended at that of the end, which is left out.
    let range = "start=2026-03-29T01:00:00Z&end=2026-10-25T01:00:00Z";
    let reply = get(&format!("/tzdist/zones/Europe%2FBerlin?{range}"));
    let expected = "BEGIN:DAYLIGHT\r\nTZNAME:CEST\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n\
        DTSTART:20260329T020000\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n";
    assert!(reply.text().contains(expected), "{}", reply.text());
    assert_eq!(reply.text().matches("DTSTART").count(), 1);
}

#[test]
fn s5_3_5_get_what_is_not_there() {
    let reply = accept(
        "/tzdist/zones/America%2FPittsburgh",
        "application/calendar+json",
    );
    problem(&reply, 404, "tzid-not-found");
    assert_eq!(reply.header("content-language"), Some("en"));
    for path in [
        "%FF",
        "..%2F..%2Fetc%2Fpasswd",
        "America",
        "Europe%2FParis%2Fx",
        "%00",
    ] {
        fails(&format!("/tzdist/zones/{path}"), 404, "tzid-not-found");
    }
    let long = "x".repeat(100_000);
    fails(&format!("/tzdist/zones/{long}"), 404, "tzid-not-found");
}

#[test]
fn s5_3_errors_of_get() {
    let zone = "/tzdist/zones/Europe%2FParis";
    problem(
        &accept(zone, "application/calendar+xml"),
        406,
        "invalid-format",
    );
    problem(&accept(zone, "text/calendar;q=0"), 406, "invalid-format");
    fails(&format!("{zone}?format=xml"), 406, "invalid-format");
    for (query, code) in [
        ("start=yesterday", "invalid-start"),
        ("start=", "invalid-start"),
        ("start=2010-01-01", "invalid-start"),
        ("start=2010-01-01T00:00:00", "invalid-start"),
        ("start=2010-01-01T00:00:00%2B01:00", "invalid-start"),
        ("start=20100101T000000Z", "invalid-start"),
        ("start=2010-13-01T00:00:00Z", "invalid-start"),
        ("start=2010-02-30T00:00:00Z", "invalid-start"),
        ("start=0000-01-01T00:00:00Z", "invalid-start"),
        ("start=2010-01-01T00:00:00Zx", "invalid-start"),
        ("start=%F0%9F%95%90", "invalid-start"),
        ("start=2010-01-01T00:00:00.Z", "invalid-start"),
        (
            "start=2010-01-01T00:00:00Z&start=2011-01-01T00:00:00Z",
            "invalid-start",
        ),
        ("end=2010-01-01T00:60:00Z", "invalid-end"),
        (
            "start=2010-01-01T00:00:00Z&end=2010-01-01T00:00:00Z",
            "invalid-end",
        ),
        (
            "start=2010-01-01T00:00:00Z&end=2009-01-01T00:00:00Z",
            "invalid-end",
        ),
        (
            "end=2010-01-01T00:00:00Z&end=2010-01-01T00:00:00Z",
            "invalid-end",
        ),
    ] {
        fails(&format!("{zone}?{query}"), 400, code);
    }
}

#[test]
fn s5_4_1_expand() {
    let times = "start=2008-01-01T00:00:00Z&end=2009-01-01T00:00:00Z";
    let reply = get(&format!(
        "/tzdist/zones/America%2FNew_York/observances?{times}"
    ));
    let whole = get("/tzdist/zones/America%2FNew_York");
    assert_eq!(reply.header("etag"), whole.header("etag"));
    let expansion = json(&reply);
    assert_eq!(expansion["tzid"], "America/New_York");
    let observances = expansion["observances"].as_array().unwrap().iter();
    let observances: Vec<_> = observances
        .map(|o| {
            (
                &o["name"],
                &o["onset"],
                &o["utc-offset-from"],
                &o["utc-offset-to"],
            )
        })
        .collect();
    assert_eq!(
        observances,
        [
            (
                &json!("Standard"),
                &json!("2008-01-01T00:00:00Z"),
                &json!(-18000),
                &json!(-18000)
            ),
            (
                &json!("Daylight"),
                &json!("2008-03-09T07:00:00Z"),
                &json!(-18000),
                &json!(-14400)
            ),
            (
                &json!("Standard"),
                &json!("2008-11-02T06:00:00Z"),
                &json!(-14400),
                &json!(-18000)
            ),
        ]
    );
    assert_eq!(expansion["observances"][1]["local-names"], json!(["EDT"]));
}

#[test]
fn s5_4_expand_all_of_time_is_bounded() {
    let times = "start=0001-01-01T00:00:00Z&end=9999-12-31T23:59:59Z";
    let expansion = json(&get(&format!(
        "/tzdist/zones/Europe%2FBerlin/observances?{times}"
    )));
    let observances = expansion["observances"].as_array().unwrap();
    assert!(observances.len() > 16_000 && observances.len() < 17_000);
}

#[test]
fn s5_4_errors_of_expand() {
    let zone = "/tzdist/zones/Europe%2FParis/observances";
    let (start, end) = ("start=2010-01-01T00:00:00Z", "end=2011-01-01T00:00:00Z");
    fails(zone, 400, "invalid-start");
    fails(&format!("{zone}?{end}"), 400, "invalid-start");
    fails(&format!("{zone}?{start}"), 400, "invalid-end");
    fails(
        &format!("{zone}?{start}&{start}&{end}"),
        400,
        "invalid-start",
    );
    fails(&format!("{zone}?{start}&{end}&{end}"), 400, "invalid-end");
    fails(
        &format!("{zone}?{start}&end=2010-01-01T00:00:00Z"),
        400,
        "invalid-end",
    );
    let nowhere = "/tzdist/zones/Nowhere/observances";
    fails(&format!("{nowhere}?{start}&{end}"), 404, "tzid-not-found");
}

#[test]
fn s5_5_find() {
    for (pattern, found) in [
        ("US/Eastern", vec!["America/New_York"]),
        ("us%2Feastern", vec!["America/New_York"]),
        ("*New%20York*", vec!["America/New_York"]),
        ("*New+York", vec!["America/New_York"]),
        ("america/new_*", vec!["America/New_York"]),
        ("*/kolkata", vec!["Asia/Kolkata"]),
        ("*calcutta", vec!["Asia/Kolkata"]),
        ("Etc/GMT%2B9", vec!["Etc/GMT+9"]),
        ("York", vec![]),
        (r"\*New", vec![]),
        (r"\\", vec![]),
    ] {
        let list = json(&get(&format!("/tzdist/zones?pattern={pattern}")));
        let zones = list["timezones"].as_array().unwrap().iter();
        let zones: Vec<_> = zones.map(|zone| zone["tzid"].as_str().unwrap()).collect();
        assert_eq!(zones, found, "{pattern}");
    }
    let all = json(&get("/tzdist/zones"));
    assert_eq!(json(&get("/tzdist/zones?pattern=*")), all);
    assert_eq!(json(&get("/tzdist/zones?pattern=**")), all);
}

#[test]
fn s5_5_errors_of_find() {
    for pattern in ["", "New*York", "*New*York*", r"\New", r"New\", "***", r"\"] {
        fails(
            &format!("/tzdist/zones?pattern={pattern}"),
            400,
            "invalid-pattern",
        );
    }
    fails("/tzdist/zones?pattern=a&pattern=b", 400, "invalid-pattern");
}

#[test]
fn s5_6_leap_seconds() {
    let table = json(&get("/tzdist/leapseconds"));
    let entries = table["leapseconds"].as_array().unwrap();
    assert_eq!(entries[0], json!({"utc-offset": 10, "onset": "1972-01-01"}));
    assert_eq!(
        entries[27],
        json!({"utc-offset": 37, "onset": "2017-01-01"})
    );
    assert!(entries.contains(&json!({"utc-offset": 35, "onset": "2012-07-01"})));
    assert!(entries.contains(&json!({"utc-offset": 36, "onset": "2015-07-01"})));
    for pair in entries.windows(2) {
        let offset = |entry: &Value| entry["utc-offset"].as_i64().unwrap();
        assert_eq!(offset(&pair[1]), offset(&pair[0]) + 1);
        assert!(pair[0]["onset"].as_str() < pair[1]["onset"].as_str());
    }
    assert!(table["expires"].is_string() && table["publisher"].is_string());
}

#[test]
fn s8_anyone_may_ask_and_nobody_may_change() {
    let host = Host::new();
    host.act_as_anonymous();
    assert_eq!(
        host.request("HEAD", "/tzdist/zones")
            .send::<TzDist>()
            .status,
        200
    );
    let options = host.request("OPTIONS", "/tzdist/zones").send::<TzDist>();
    assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(
        host.request("PUT", "/tzdist/zones/x")
            .send::<TzDist>()
            .status,
        405
    );
}

/// A folder of compiled zones, as systems have them.
fn folder() -> std::path::PathBuf {
    let name = format!("zoneinfo-{}", std::process::id());
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let zone = |target: &str| accept(target, "application/tzif").body;
    let moscow = zone("/tzdist/zones/Europe%2FMoscow");
    for (name, bytes) in [
        // It is another clock than the module's.
        ("Europe/Vienna", moscow.as_slice()),
        ("Moon/Tranquility", &moscow),
        ("Europe/Rome", b"no zone"),
        ("posix/Europe/Paris", &moscow),
        ("tzdata.zi", b"# version 2099z\nR a"),
        ("zone.tab", b"#"),
    ] {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

#[test]
fn the_operators_zones_take_the_place_of_the_modules() {
    let folder = folder();
    let own = json(&get("/tzdist/zones"));
    let host = Host::new();
    host.option("zoneinfo_dir", folder.to_str().unwrap());
    let get = |target: &str| host.request("GET", target).send::<TzDist>();
    let vienna = get("/tzdist/zones/europe%2Fvienna").text();
    assert!(vienna.contains("TZID:Europe/Vienna") && vienna.contains("TZOFFSETTO:+0300"));
    assert!(
        get("/tzdist/zones/Moon%2FTranquility")
            .text()
            .contains("TZNAME:MSK")
    );
    // What cannot be read, and what is not there, is the module's.
    for name in ["Europe%2FRome", "Europe%2FParis"] {
        let own = get(&format!("/tzdist/zones/{name}")).text();
        assert!(own.contains("TZNAME:CEST"), "{own}");
    }
    let list = json(&get("/tzdist/zones"));
    assert_eq!(zone(&list, "Moon/Tranquility")["version"], "2099z");
    let tag = |list: &Value, tzid: &str| zone(list, tzid)["etag"].clone();
    assert_eq!(tag(&list, "Europe/Vienna"), tag(&list, "Europe/Moscow"));
    assert_eq!(tag(&list, "Asia/Tokyo"), tag(&own, "Asia/Tokyo"));
    let names = list["timezones"].as_array().unwrap().iter();
    assert!(
        names
            .clone()
            .all(|zone| zone["tzid"] != "zone.tab" && zone["tzid"] != "posix/Europe/Paris")
    );
    // The token is that of the data.
    let token = list["synctoken"].as_str().unwrap().to_owned();
    let since = format!("/tzdist/zones?changedsince={token}");
    let is_empty = || json(&get(&since))["timezones"] == json!([]);
    assert!(is_empty());
    std::fs::remove_file(folder.join("Moon/Tranquility")).unwrap();
    assert!(!is_empty());
    // Nothing else is a zone, wherever it lies.
    for name in ["..%2FCargo.toml", "tzdata.zi", "%2Fetc%2Fpasswd", "Europe"] {
        let reply = get(&format!("/tzdist/zones/{name}"));
        problem(&reply, 404, "tzid-not-found");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
