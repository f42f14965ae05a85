//! Conversions as other programs read them: see `fixtures/judged/README.md`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use serde_json::Value;
use support::{APPLE_CONTACT, PHONE_2_1, RFC6350_8, crlf, parse, to};
use vcard::{Property, Version, jcard};

/// The properties of a jCard, where ical.js deviates from the standard as the standard has it.
fn properties(json: &str) -> Vec<Value> {
    let mut json: Value = serde_json::from_str(json).unwrap();
    let Value::Array(mut all) = json[1].take() else {
        panic!("no array");
    };
    for property in &mut all {
        let name = property[0].as_str().unwrap().to_owned();
        // The default of TEL is text: RFC 6350 §6.4.1.
        if name == "tel" && property[2] == "uri" && !property[3].to_string().contains("tel:") {
            property[2] = "text".into();
        }
        // It knows neither PRODID, nor that `\;` is an escape: RFC 6350 §6.7.3, §3.4.
        if name == "prodid" {
            property[2] = "text".into();
        }
        if name == "note" {
            property[3] = property[3].as_str().unwrap().replace("\\;", ";").into();
        }
    }
    all
}

#[test]
fn ical_js_reads_4_0_as_we_write_jcard() {
    for (text, judged) in [
        (
            include_str!("fixtures/everything_3_0.vcf"),
            include_str!("fixtures/judged/everything_3_0.ical_js.json"),
        ),
        (
            APPLE_CONTACT,
            include_str!("fixtures/judged/apple_contact.ical_js.json"),
        ),
        (
            PHONE_2_1,
            include_str!("fixtures/judged/phone_2_1.ical_js.json"),
        ),
    ] {
        let ours = jcard::write(&parse(&crlf(text))).unwrap();
        assert_eq!(properties(&ours), properties(judged));
    }
}

fn flat(property: &Property<'_>) -> String {
    let structured = ["N", "ADR", "ORG"].iter().any(|name| property.is(name));
    if !structured {
        return property.text().into_owned();
    }
    let components = property.components();
    let mut all: Vec<String> = components.iter().map(|parts| parts.join(",")).collect();
    // vobject fills up what is left out.
    while property.is("N") && all.len() < 5 {
        all.push(String::new());
    }
    all.join(";")
}

#[test]
fn vobject_reads_3_0_as_we_do() {
    for (text, judged) in [
        (
            RFC6350_8,
            include_str!("fixtures/judged/rfc6350_8.vobject.jsonl"),
        ),
        (
            PHONE_2_1,
            include_str!("fixtures/judged/phone_2_1.vobject.jsonl"),
        ),
    ] {
        let three = to(Version::V3_0, &crlf(text));
        let card = parse(&three);
        let ours: Vec<Value> = card
            .properties()
            .iter()
            .map(|property| {
                let mut types = property.types();
                types.sort();
                let name = property.name().to_ascii_uppercase();
                serde_json::json!([name, types, flat(property)])
            })
            .collect();
        let judged: Vec<Value> = judged
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(ours, judged);
    }
}
