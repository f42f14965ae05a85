//! vCard 3.0 as programs write it, and vCard 2.1 of phones: what is tolerated, each by name.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use support::{APPLE_CONTACT, APPLE_GROUP, PHONE_2_1, card_of, crlf, lines, parse, to};
use vcard::{Card, Fault, Limits, Version, check};

#[test]
fn s3_what_apples_contacts_write_may_be_stored() {
    for text in [APPLE_CONTACT, APPLE_GROUP] {
        check(&parse(&crlf(text))).unwrap();
        // Line feeds alone are read as well.
        check(&parse(text)).unwrap();
    }
    let text = crlf(APPLE_GROUP);
    assert_eq!(parse(&text).kind().as_deref(), Some("group"));
}

#[test]
fn s3_1_one_of_n_and_fn_may_be_missing() {
    check(&parse(&card_of("3.0", &["FN:A", "UID:1"]))).unwrap();
    check(&parse(&card_of("3.0", &["N:A;;;;", "UID:1"]))).unwrap();
    let error = check(&parse(&card_of("3.0", &["ORG:A", "UID:1"]))).unwrap_err();
    assert_eq!(error.fault, Fault::Missing("FN"));
}

#[test]
fn s2_4_2_types_without_their_name_are_types() {
    let text = card_of("3.0", &["FN:A", "UID:1", "TEL;CELL;type=pref:1"]);
    let card = parse(&text);
    check(&card).unwrap();
    assert_eq!(card.first("TEL").unwrap().types(), ["CELL", "pref"]);
}

#[test]
fn s5_quoted_printable_of_phones_is_read() {
    let text = card_of(
        "3.0",
        &[
            "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6hn",
            "NOTE;ENCODING=QUOTED-PRINTABLE:a=0D=0A=\r\nEMAIL:not one",
            "UID:1",
        ],
    );
    let card = parse(&text);
    check(&card).unwrap();
    assert_eq!(card.first("FN").unwrap().text(), "Jöhn");
    assert_eq!(card.first("NOTE").unwrap().text(), "a\nEMAIL:not one");
    assert!(card.first("EMAIL").is_none());
    let found = vcard::find(text.as_bytes(), Version::V3_0, |name| name.is("EMAIL"));
    assert_eq!(found.count(), 0);
}

#[test]
fn versit_2_1_becomes_3_0() {
    let text = to(Version::V3_0, PHONE_2_1);
    assert_eq!(
        lines(&text),
        [
            "N:Döe;Jöhn;;;",
            "FN:Jöhn Döe",
            "TEL;TYPE=CELL;TYPE=PREF:+491701234567",
            "TEL;TYPE=HOME;TYPE=VOICE:0221-123",
            r"NOTE:first\, line\nsecond\; café",
            "EMAIL;TYPE=INTERNET:jm@example.org",
            r"ADR;TYPE=HOME:;;Hauptstraße 1\, Hof;Köln;;50667;",
            "PHOTO;TYPE=JPEG;ENCODING=b:/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJ",
            "BDAY:19700102",
        ]
    );
    let text = to(Version::V4_0, PHONE_2_1);
    let card = parse(&text);
    assert_eq!(card.version(), Version::V4_0);
    assert_eq!(card.first("TEL").unwrap().parameter("PREF").unwrap(), "1");
    assert!(
        card.first("PHOTO")
            .unwrap()
            .raw()
            .starts_with("data:image/jpeg;base64,/9j/4AAQ")
    );
}

#[test]
fn versit_2_1_an_agent_is_a_card_in_a_card() {
    let text = "BEGIN:VCARD\r\nVERSION:2.1\r\nN:A\r\nAGENT:\r\nBEGIN:VCARD\r\nVERSION:2.1\r\n\
                N:Friday;Fred\r\nEND:VCARD\r\nTEL:1\r\nEND:VCARD\r\n";
    let card = parse(text);
    assert_eq!(card.all("N").count(), 1);
    assert!(card.first("AGENT").unwrap().embeds());
    assert_eq!(
        lines(&to(Version::V3_0, text)),
        [
            "N:A",
            r"AGENT:BEGIN:VCARD\nVERSION:2.1\nN:Friday\;Fred\nEND:VCARD",
            "TEL:1",
            "FN:A",
        ]
    );
}

#[test]
fn many_cards_are_read_one_after_the_other() {
    let text = [crlf(APPLE_CONTACT), crlf(APPLE_GROUP), PHONE_2_1.to_owned()].join("\r\n");
    let cards: Result<Vec<Card<'_>>, _> =
        Card::parse_all(text.as_bytes(), &Limits::DEFAULT).collect();
    let cards = cards.unwrap();
    assert_eq!(cards.len(), 3);
    let all: Vec<u8> = cards
        .iter()
        .flat_map(|card| card.bytes().to_vec())
        .collect();
    assert_eq!(String::from_utf8(all).unwrap(), text);
    let mut broken = Card::parse_all(b"BEGIN:VCARD\nEND:VCARD\nx", &Limits::DEFAULT);
    assert!(broken.next().unwrap().is_ok());
    let error = broken.next().unwrap().unwrap_err();
    assert_eq!((error.line, error.fault), (3, Fault::NoColon));
    assert!(broken.next().is_none());
}
