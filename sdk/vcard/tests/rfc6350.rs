//! vCard 4.0 as RFC 6350 has it: how lines are read, and what may be stored.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use support::{RFC6350_8, card_of, crlf, parse};
use vcard::{Card, Error, Fault, Limits, Version, check};

fn checked(text: &str) -> Result<(), Error> {
    Card::parse(text.as_bytes(), &Limits::DEFAULT).and_then(|card| check(&card))
}

#[test]
fn s3_2_a_long_line_is_read_as_one() {
    let text = card_of(
        "4.0",
        &[
            "FN:A",
            "NOTE:This is a long description\r\n  that exists o\r\n\tn a long line.",
        ],
    );
    let card = parse(&text);
    assert_eq!(
        card.first("NOTE").unwrap().text(),
        "This is a long description that exists on a long line."
    );
}

#[test]
fn s3_2_a_fold_may_split_a_character() {
    let text = card_of("4.0", &["NOTE:caf\u{e9}"]).into_bytes();
    let at = text.iter().position(|byte| *byte == 0xC3).unwrap() + 1;
    let mut folded = text.clone();
    folded.splice(at..at, *b"\r\n ");
    let card = Card::parse(&folded, &Limits::DEFAULT).unwrap();
    assert_eq!(card.first("NOTE").unwrap().text(), "caf\u{e9}");
}

#[test]
fn s3_3_names_and_parameters_have_no_case_and_groups_are_no_names() {
    let text = card_of("4.0", &["item1.tel;type=HOME,Cell;PREF=1:+1 2"]);
    let card = parse(&text);
    let tel = card.first("TEL").unwrap();
    assert_eq!(tel.group(), Some("item1"));
    assert_eq!(tel.name(), "tel");
    assert_eq!(tel.types(), ["HOME", "Cell"]);
    assert_eq!(tel.parameter("pref").unwrap(), "1");
    assert_eq!(tel.line(), 3);
}

#[test]
fn s3_4_escapes() {
    let line = r"ADR:;;1\; Main St\, West,Rear;a\nb;\\;;x";
    let card = card_of("4.0", &[line, r"NOTE:a\,b\;c\\d\Ne"]);
    let card = parse(&card);
    assert_eq!(
        card.first("ADR").unwrap().components(),
        [
            vec![""],
            vec![""],
            vec!["1; Main St, West", "Rear"],
            vec!["a\nb"],
            vec!["\\"],
            vec![""],
            vec!["x"],
        ]
    );
    assert_eq!(card.first("NOTE").unwrap().text(), "a,b;c\\d\ne");
}

#[test]
fn s5_6_types_in_one_pair_of_quotes() {
    let text = crlf(RFC6350_8);
    let card = parse(&text);
    assert_eq!(card.first("TEL").unwrap().types(), ["work", "voice"]);
}

#[test]
fn rfc6868_3_1_carets_in_parameters() {
    let text = card_of(
        "4.0",
        &[r#"X-A;X-B="George Herman ^'Babe^' Ruth^n^^n";X-C=^a:1"#],
    );
    let card = parse(&text);
    let property = card.first("X-A").unwrap();
    assert_eq!(
        property.parameter("X-B").unwrap(),
        "George Herman \"Babe\" Ruth\n^n"
    );
    assert_eq!(property.parameter("X-C").unwrap(), "^a");
}

#[test]
fn s8_the_author_is_read() {
    let text = crlf(RFC6350_8);
    let card = parse(&text);
    assert_eq!(card.version(), Version::V4_0);
    assert_eq!(card.properties().len(), 17);
    assert_eq!(card.bytes(), text.as_bytes());
    let key = card.first("KEY").unwrap();
    assert_eq!(
        key.raw(),
        "http://www.viagenie.ca/simon.perreault/simon.asc"
    );
    // It has no UID, which RFC 6352 §5.1 asks for.
    assert_eq!(check(&card).unwrap_err().fault, Fault::Missing("UID"));
}

#[test]
fn s6_1_1_what_is_no_card_is_refused_with_its_line() {
    let fault = |text: &str| checked(text).unwrap_err();
    assert_eq!(fault("").fault, Fault::NoBegin);
    assert_eq!(fault("hello").fault, Fault::NoColon);
    assert_eq!(fault("FN:A\r\n").fault, Fault::NoBegin);
    assert_eq!(
        fault("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").fault,
        Fault::NoBegin
    );
    assert_eq!(fault("BEGIN:VCARD\r\nVERSION:4.0\r\n").fault, Fault::NoEnd);
    let error = fault("BEGIN:VCARD\r\nVERSION:4.0\r\n\r\nFN A\r\nEND:VCARD\r\n");
    assert_eq!((error.line, error.fault), (4, Fault::NoColon));
    let two = card_of("4.0", &["FN:A", "UID:1"]).repeat(2);
    let error = fault(&two);
    assert_eq!((error.line, error.fault), (6, Fault::SeveralCards));
    let nested = card_of("4.0", &["FN:A", "BEGIN:VCARD", "END:VCARD"]);
    assert_eq!(fault(&nested).fault, Fault::Nested);
}

#[test]
fn s6_7_9_the_version_is_there_once_and_known() {
    let without = "BEGIN:VCARD\r\nFN:A\r\nUID:1\r\nEND:VCARD\r\n";
    assert_eq!(
        checked(without).unwrap_err().fault,
        Fault::Missing("VERSION")
    );
    let error = checked(&card_of("2.1", &["FN:A", "UID:1"])).unwrap_err();
    assert_eq!((error.line, error.fault), (2, Fault::Version("2.1".into())));
    let twice = card_of("4.0", &["FN:A", "UID:1", "VERSION:4.0"]);
    assert_eq!(
        checked(&twice).unwrap_err().fault,
        Fault::Repeated("VERSION")
    );
}

#[test]
fn s6_7_6_a_uid_is_there_once() {
    let twice = card_of("4.0", &["FN:A", "UID:1", "UID:2"]);
    let error = checked(&twice).unwrap_err();
    assert_eq!((error.line, error.fault), (5, Fault::Repeated("UID")));
    let empty = card_of("4.0", &["FN:A", "UID: "]);
    assert_eq!(checked(&empty).unwrap_err().fault, Fault::Empty("UID"));
    checked(&card_of("4.0", &["FN:A", "UID:urn:uuid:4fbe8971"])).unwrap();
    let text = card_of("4.0", &["FN:A", "UID:urn:uuid:4fbe8971"]);
    assert_eq!(parse(&text).object_uid().unwrap(), "4fbe8971");
}

#[test]
fn s5_4_alternatives_are_one() {
    let names = [
        "N;ALTID=1;LANGUAGE=jp:a;b;;;",
        "N;ALTID=1;LANGUAGE=en:c;d;;;",
    ];
    checked(&card_of("4.0", &["FN:A", "UID:1", names[0], names[1]])).unwrap();
    let error = checked(&card_of("4.0", &["FN:A", "UID:1", "N:a;b;;;", "N:c;d;;;"])).unwrap_err();
    assert_eq!((error.line, error.fault), (6, Fault::Repeated("N")));
}

#[test]
fn s3_1_bytes_that_are_not_utf8_are_refused_with_their_line() {
    let mut text = card_of("3.0", &["FN:A", "N:A;;;;", "UID:1", "NOTE:caf?"]).into_bytes();
    let at = text.iter().position(|byte| *byte == b'?').unwrap();
    text[at] = 0xE9;
    let card = Card::parse(&text, &Limits::DEFAULT).unwrap();
    let error = check(&card).unwrap_err();
    assert_eq!((error.line, error.fault), (6, Fault::NotUtf8));
    let charset = card_of("3.0", &["FN;CHARSET=ISO-8859-1:A", "UID:1"]);
    let error = checked(&charset).unwrap_err();
    assert_eq!(
        (error.line, error.fault),
        (3, Fault::Charset("ISO-8859-1".into()))
    );
}

#[test]
fn s3_3_control_characters_are_refused_with_their_line() {
    let text = card_of("4.0", &["FN:A", "UID:1", "NOTE:a\u{b}b"]);
    let error = checked(&text).unwrap_err();
    assert_eq!((error.line, error.fault), (5, Fault::ControlCharacter(0xB)));
    checked(&card_of("4.0", &["FN:A", "UID:1", "NOTE:a\tb"])).unwrap();
}

#[test]
fn limits_are_told() {
    let limits = Limits {
        bytes: 1000,
        lines: 100,
        properties: 10,
        parameters: 5,
    };
    let refused = |text: &str| match Card::parse(text.as_bytes(), &limits).unwrap_err().fault {
        Fault::TooBig { what, .. } => what,
        other => panic!("{other}"),
    };
    let long = "x".repeat(1000);
    assert_eq!(
        refused(&card_of("4.0", &[&format!("NOTE:{long}")])),
        "bytes in a card"
    );
    assert_eq!(
        refused(&card_of("4.0", &["A:"; 12])),
        "properties in a card"
    );
    assert_eq!(
        refused(&card_of("4.0", &["A;B=;C=;D=;E=;F=;G=:"])),
        "parameters in a property"
    );
    assert_eq!(refused(&"\r\n".repeat(101)), "lines");
}
