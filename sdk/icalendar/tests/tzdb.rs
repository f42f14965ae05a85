//! Names of time zones, and local time: RFC 5545 §3.3.5, and what clients write as `TZID`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use icalendar::tzdb::{self, Zone};
use icalendar::zone::Resolved;

fn name(tzid: &str) -> Option<&'static str> {
    Zone::find(tzid).map(|zone| &*zone.name().to_owned().leak())
}

/// Each alias has the very data of its zone. Another release may have other aliases: then the table
/// is to be made anew.
#[test]
fn aliases_are_those_of_the_release() {
    assert_eq!(
        tzdb::version(),
        "2026f",
        "the table of aliases is of another release"
    );
    for (alias, zone) in tzdb::aliases() {
        let fingerprint = tzdb::fingerprint(alias);
        assert!(fingerprint.is_some(), "{alias}");
        assert_eq!(fingerprint, tzdb::fingerprint(zone), "{alias}");
        assert_eq!(Zone::iana(alias).unwrap().alias_of(), Some(zone));
        assert_eq!(Zone::iana(zone).unwrap().alias_of(), None);
    }
    let all: Vec<_> = tzdb::aliases()
        .map(|(alias, _)| alias.to_ascii_lowercase())
        .collect();
    assert!(all.is_sorted());
    assert_eq!(tzdb::zones().count() + all.len(), tzdb::names().count());
}

#[test]
fn names_of_iana_in_any_case_and_with_prefixes() {
    for tzid in [
        "Europe/Berlin",
        "europe/BERLIN",
        " Europe/Berlin ",
        "\"Europe/Berlin\"",
        // Evolution, libical.
        "/freeassociation.sourceforge.net/Europe/Berlin",
        "/freeassociation.sourceforge.net/Tzfile/Europe/Berlin",
        "/softwarestudio.org/Olson_20011030_5/Europe/Berlin",
        // Lightning's ancestors.
        "/mozilla.org/20050126_1/Europe/Berlin",
        "/citadel.org/20190914_1/Europe/Berlin",
    ] {
        assert_eq!(name(tzid), Some("Europe/Berlin"), "{tzid}");
    }
    assert_eq!(name("America/New York"), Some("America/New_York"));
    assert_eq!(
        name("/mozilla.org/20050126_1/America/Argentina/San_Juan"),
        Some("America/Argentina/San_Juan")
    );
    for tzid in [
        "",
        "/",
        "//",
        "///",
        "/example.org/",
        "Europe",
        "Custom Time Zone",
        "\u{0}",
    ] {
        assert_eq!(name(tzid), None, "{tzid:?}");
    }
    assert_eq!(name(&"/x".repeat(100_000)), None);
    assert_eq!(name(&"é".repeat(100)), None);
}

#[test]
fn names_of_windows_outlook_and_exchange() {
    for (tzid, zone) in [
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("w. europe standard time", "Europe/Berlin"),
        ("Eastern Standard Time", "America/New_York"),
        ("Russian Standard Time", "Europe/Moscow"),
        ("GMT Standard Time", "Europe/London"),
        ("Mid-Atlantic Standard Time", "Etc/GMT+2"),
        (
            "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
            "Europe/Berlin",
        ),
        (
            "(GMT+01.00) Amsterdam / Berlin / Bern / Rome / Stockholm / Vienna",
            "Europe/Berlin",
        ),
        ("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
        (
            "(UTC-05:00) Eastern Time (US and Canada)",
            "America/New_York",
        ),
        ("(UTC) Coordinated Universal Time", "Etc/UTC"),
        (
            "(GMT) Greenwich Mean Time : Dublin, Edinburgh, Lisbon, London",
            "Europe/London",
        ),
        (
            "Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
            "Europe/Berlin",
        ),
        ("tzone://Microsoft/Utc", "Etc/UTC"),
    ] {
        assert_eq!(name(tzid), Some(zone), "{tzid}");
    }
    for tzid in [
        "tzone://Microsoft/Custom",
        "Customized Time Zone",
        "(UTC+01:00)",
        "(",
        "()",
    ] {
        assert_eq!(name(tzid), None, "{tzid}");
    }
}

#[test]
fn offsets_are_zones_if_they_are_whole_hours() {
    for (tzid, zone) in [
        ("GMT+0100", "Etc/GMT-1"),
        ("GMT-0500", "Etc/GMT+5"),
        ("UTC+2", "Etc/GMT-2"),
        ("UTC-11:00", "Etc/GMT+11"),
        ("GMT+00:00", "Etc/UTC"),
    ] {
        assert_eq!(name(tzid), Some(zone), "{tzid}");
        assert!(Zone::find(tzid).is_some());
    }
    for tzid in [
        "UTC+05:30",
        "UTC+99",
        "UTC+",
        "UTC+-1",
        "GMT+0530",
        "UTC+00000001",
    ] {
        assert_eq!(name(tzid), None, "{tzid}");
    }
}

#[test]
fn windows_zones_are_there() {
    for tzid in [
        "UTC+12",
        "UTC-02",
        "Kamchatka Standard Time",
        "Samoa Standard Time",
    ] {
        let (_, zone) = tzdb::windows_zone(tzid).unwrap();
        assert!(Zone::iana(zone).is_some(), "{zone}");
    }
}

/// RFC 5545 §3.3.5, which says it of 2007-11-04 and 2007-03-11 in New York.
#[test]
fn s3_3_5_local_times_that_are_there_twice_and_not_at_all() {
    let zone = Zone::iana("America/New_York").unwrap();
    // 2007-11-04T01:30:00 is first at -4.
    let local = 1_194_139_800;
    let (first, second) = (local + 4 * 3600, local + 5 * 3600);
    assert_eq!(zone.resolve(local), Resolved::Fold(first, second));
    assert_eq!(zone.to_utc(local), first);
    assert_eq!(
        (zone.to_local(first), zone.to_local(second)),
        (local, local)
    );
    // 2007-03-11T02:30:00 is read at -5, and is 03:30 at -4.
    let local = 1_173_580_200;
    let (before, after) = (local + 5 * 3600, local + 4 * 3600);
    assert_eq!(zone.resolve(local), Resolved::Gap(before, after));
    assert_eq!(zone.to_utc(local), before);
    assert_eq!(zone.to_local(before), local + 3600);
}

#[test]
fn any_number_is_a_time() {
    for name in [
        "Europe/Berlin",
        "Africa/Casablanca",
        "Etc/UTC",
        "Pacific/Apia",
    ] {
        let zone = Zone::iana(name).unwrap();
        for time in [i64::MIN, -1 << 40, -1, 0, 1 << 40, i64::MAX] {
            zone.to_local(time);
            zone.to_utc(time);
            let range = tzdb::Range {
                start: Some(time),
                end: Some(time.saturating_add(1)),
            };
            zone.vtimezone("x", range).to_icalendar();
            zone.tzif(range);
        }
    }
}

/// A name that a client made up is written as text, and in lines that are not too long.
#[test]
fn s3_1_names_are_escaped_and_folded() {
    let zone = Zone::iana("Etc/UTC").unwrap();
    let tzid = format!("a;b,c\\d\r\nEND:VTIMEZONE\n{}", "é".repeat(60));
    let vtimezone = zone.vtimezone(&tzid, tzdb::Range::ALL);
    let text = vtimezone.to_icalendar();
    assert!(text.contains("TZID:a\\;b\\,c\\\\dEND:VTIMEZONEé"));
    assert!(text.split("\r\n").all(|line| line.len() <= 75));
    assert_eq!(text.matches("\r\nEND:VTIMEZONE\r\n").count(), 1);
    let jcal: serde_json::Value = serde_json::from_str(&vtimezone.to_jcal()).unwrap();
    let values = jcal.pointer("/2/0/1/0/3").and_then(|value| value.as_str());
    assert_eq!(values, Some(tzid.as_str()));
}
