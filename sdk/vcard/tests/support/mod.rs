//! What the tests share: cards out of lines, and what a card says, whatever its bytes.
#![allow(clippy::unwrap_used, dead_code)]

use vcard::{Card, Limits, Version, convert};

pub const RFC6350_8: &str = include_str!("../fixtures/rfc6350_8.vcf");
pub const APPLE_CONTACT: &str = include_str!("../fixtures/apple_contact.vcf");
pub const APPLE_GROUP: &str = include_str!("../fixtures/apple_group.vcf");
pub const PHONE_2_1: &str = include_str!("../fixtures/phone_2_1.vcf");

/// A text with the line ends that cards have.
pub fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// A card of a version with these lines in it.
pub fn card_of(version: &str, lines: &[&str]) -> String {
    let mut text = format!("BEGIN:VCARD\r\nVERSION:{version}\r\n");
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text + "END:VCARD\r\n"
}

pub fn parse(text: &str) -> Card<'_> {
    Card::parse(text.as_bytes(), &Limits::DEFAULT).unwrap()
}

pub fn to(version: Version, text: &str) -> String {
    String::from_utf8(convert(&parse(text), version).unwrap()).unwrap()
}

/// The lines of a card, unfolded, without those that make it one.
pub fn lines(text: &str) -> Vec<String> {
    let unfolded = text.replace("\r\n ", "").replace("\r\n\t", "");
    let envelope = ["BEGIN:VCARD", "END:VCARD"];
    unfolded
        .lines()
        .filter(|line| {
            !line.is_empty() && !envelope.contains(line) && !line.starts_with("VERSION:")
        })
        .map(str::to_owned)
        .collect()
}

/// What one line becomes in another version, with all that comes with it.
pub fn line_to(version: Version, line: &str) -> Vec<String> {
    let from = match version {
        Version::V4_0 => "3.0",
        _ => "4.0",
    };
    let text = card_of(from, &["FN:A", "N:A;;;;", line]);
    let mut all = lines(&to(version, &text));
    all.drain(..2);
    all
}
