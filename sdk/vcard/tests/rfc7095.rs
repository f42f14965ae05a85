//! jCard: the examples of RFC 7095, both ways.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};
use support::{RFC6350_8, card_of, crlf, lines, parse};
use vcard::{Fault, Limits, jcard};

fn write(text: &str) -> Value {
    serde_json::from_str(&jcard::write(&parse(text)).unwrap()).unwrap()
}

fn read(json: &Value) -> String {
    let mut all = jcard::read(json.to_string().as_bytes(), &Limits::DEFAULT).unwrap();
    assert_eq!(all.len(), 1);
    String::from_utf8(all.remove(0)).unwrap()
}

/// A line of a vCard is this in jCard, and comes back as it was.
fn both(line: &str, json: Value) {
    let text = card_of("4.0", &[line]);
    assert_eq!(write(&text)[1][1], json);
    assert_eq!(
        lines(&read(&json!([
            "vcard",
            [["version", {}, "text", "4.0"], json]
        ]))),
        [line]
    );
}

#[test]
fn b_1_the_author_of_rfc_6350() {
    let text = include_str!("fixtures/rfc7095_b_1_2.json");
    // Seconds from nowhere: the table of §3.5.5 has `T2320` as `T23:20`.
    let text = text.replace("14:30:00-05:00", "14:30-05:00");
    let expected: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(write(&crlf(RFC6350_8)), expected);
    // And back, and there again.
    assert_eq!(write(&read(&expected)), expected);
}

#[test]
fn s3_3_1_2_groups() {
    both(
        r"CONTACT.FN:Mr. John Q. Public\, Esq.",
        json!(["fn", { "group": "CONTACT" }, "text", "Mr. John Q. Public, Esq."]),
    );
}

#[test]
fn s3_3_1_3_structured_values() {
    both(
        "ADR:;;123 Main Street;Any Town;CA;91921-1234;U.S.A.",
        json!([
            "adr",
            {},
            "text",
            [
                "",
                "",
                "123 Main Street",
                "Any Town",
                "CA",
                "91921-1234",
                "U.S.A."
            ]
        ]),
    );
    both(
        "ADR:;;My Street,Left Side,Second Shack;Hometown;PA;18252;U.S.A.",
        json!([
            "adr",
            {},
            "text",
            [
                "",
                "",
                ["My Street", "Left Side", "Second Shack"],
                "Hometown",
                "PA",
                "18252",
                "U.S.A."
            ]
        ]),
    );
    both(
        "GENDER:F;grrrl",
        json!(["gender", {}, "text", ["F", "grrrl"]]),
    );
    both("GENDER:M", json!(["gender", {}, "text", "M"]));
    let label = card_of(
        "4.0",
        &[
            r#"ADR;LABEL="123 Maple Ave\nSuite 901\nVancouver BC\nA1B 2C9\nCan"#,
            r#" ada":;;;;;;"#,
        ],
    );
    assert_eq!(
        write(&label)[1][1],
        json!(["adr", {"label": "123 Maple Ave\nSuite 901\nVancouver BC\nA1B 2C9\nCanada"},
            "text", ["", "", "", "", "", "", ""]])
    );
}

#[test]
fn s3_4_2_parameters_with_several_values() {
    let text = card_of(
        "4.0",
        &[r#"N;SORT-AS="Harten,Rene":van der Harten;Rene,J.;Sir;R.D.O.N."#],
    );
    assert_eq!(
        write(&text)[1][1][1],
        json!({ "sort-as": ["Harten", "Rene"] })
    );
    both(
        "ROLE;LANGUAGE=tr:roca",
        json!(["role", { "language": "tr" }, "text", "roca"]),
    );
}

#[test]
fn s3_5_2_uris_and_lists() {
    both(
        "SOURCE:ldap://ldap.example.com/cn=babs%20jensen",
        json!([
            "source",
            {},
            "uri",
            "ldap://ldap.example.com/cn=babs%20jensen"
        ]),
    );
    both(
        r"CATEGORIES:computers,cam\,eras",
        json!(["categories", {}, "text", "computers", "cam,eras"]),
    );
}

#[test]
fn s3_5_3_to_7_dates_and_times() {
    let dates = [
        ("19850412", "1985-04-12"),
        ("1985-04", "1985-04"),
        ("1985", "1985"),
        ("--0412", "--04-12"),
        ("--04", "--04"),
        ("---12", "---12"),
    ];
    for (basic, extended) in dates {
        both(
            &format!("BDAY;VALUE=date:{basic}"),
            json!(["bday", {}, "date", extended]),
        );
    }
    let times = [
        ("232050", "23:20:50"),
        ("2320", "23:20"),
        ("23", "23"),
        ("-2050", "-20:50"),
        ("-20", "-20"),
        ("--50", "--50"),
        ("123000Z", "12:30:00Z"),
        ("123000-0800", "12:30:00-08:00"),
    ];
    for (basic, extended) in times {
        both(
            &format!("X-T;VALUE=time:{basic}"),
            json!(["x-t", {}, "time", extended]),
        );
    }
    let both_of = [
        ("19850412T232050", "1985-04-12T23:20:50"),
        ("19850412T232050Z", "1985-04-12T23:20:50Z"),
        ("19850412T232050+0400", "1985-04-12T23:20:50+04:00"),
        ("19850412T232050+04", "1985-04-12T23:20:50+04"),
        ("19850412T2320", "1985-04-12T23:20"),
        ("--0412T2320", "--04-12T23:20"),
        ("---12T2320", "---12T23:20"),
        ("--04T23", "--04T23"),
        ("T1230", "T12:30"),
    ];
    for (basic, extended) in both_of {
        both(
            &format!("BDAY:{basic}"),
            json!(["bday", {}, "date-and-or-time", extended]),
        );
    }
    both(
        "REV:20130214T123000-0500",
        json!(["rev", {}, "timestamp", "2013-02-14T12:30:00-05:00"]),
    );
}

#[test]
fn s3_5_8_to_12_other_types() {
    both(
        "X-NON-SMOKING;VALUE=boolean:true",
        json!(["x-non-smoking", {}, "boolean", true]),
    );
    both(
        "X-KARMA-POINTS;VALUE=integer:42",
        json!(["x-karma-points", {}, "integer", 42]),
    );
    both(
        "X-GRADE;VALUE=float:1.3",
        json!(["x-grade", {}, "float", 1.3]),
    );
    both(
        "TZ;VALUE=utc-offset:-0500",
        json!(["tz", {}, "utc-offset", "-05:00"]),
    );
    both("LANG:de", json!(["lang", {}, "language-tag", "de"]));
}

#[test]
fn s5_what_is_unknown_stays_as_it_is() {
    both(
        r"X-COMPLAINT-URI:mailto:abuse@example.org\, or",
        json!([
            "x-complaint-uri",
            {},
            "unknown",
            r"mailto:abuse@example.org\, or"
        ]),
    );
}

#[test]
fn s3_3_a_card_of_3_0_is_one_of_4_0_before() {
    let text = card_of(
        "3.0",
        &["FN:A", "N:A;;;;", "PHOTO;ENCODING=b;TYPE=PNG:iVBO"],
    );
    let json = write(&text);
    assert_eq!(json[1][0], json!(["version", {}, "text", "4.0"]));
    assert_eq!(
        json[1][3],
        json!(["photo", {}, "uri", "data:image/png;base64,iVBO"])
    );
}

#[test]
fn s4_what_is_no_jcard_is_refused() {
    for json in [
        "{}",
        "1",
        "[1]",
        r#"["vcalendar",[]]"#,
        r#"["vcard",[["fn",{},"text"]]]"#,
        r#"["vcard",[["f n",{},"text","a"]]]"#,
        r#"["vcard",[["fn",{"a:b":"1"},"text","a"]]]"#,
        r#"["vcard",[["version",{},"text","3.0"]]]"#,
        "[",
        "",
    ] {
        assert!(
            jcard::read(json.as_bytes(), &Limits::DEFAULT).is_err(),
            "{json}"
        );
    }
    let deep = "[".repeat(100_000);
    let error = jcard::read(deep.as_bytes(), &Limits::DEFAULT).unwrap_err();
    assert!(matches!(error.fault, Fault::NotJcard(_)));
    // A line break cannot end the line.
    let text = read(&json!(["vcard", [["url", {"x-a": "a\r\nB:c"}, "uri", "a\r\nEND:VCARD"]]]));
    assert_eq!(parse(&text).properties().len(), 2);
}
