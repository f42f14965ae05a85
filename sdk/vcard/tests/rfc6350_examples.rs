//! The examples of RFC 6350 of each property and parameter, in `fixtures/rfc6350_examples.txt` by
//! their sections; `|` stands between the lines of one example. Each may be stored, and says the
//! same after it was made vCard 3.0 or jCard, and vCard 4.0 again.
//!
//! Whole cards are elsewhere: §8 in `rfc6350.rs`, those of §6.6.5 and §7 by their properties here.
//! §5.4's examples of what is wrong are in `rfc6350.rs`, §6.1.5's XML is not in any of its examples.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeSet;

use support::{card_of, parse, to};
use vcard::{Card, Limits, Property, Version, check, jcard};

/// The examples: section and lines.
fn examples() -> Vec<(&'static str, Vec<&'static str>)> {
    let all = include_str!("fixtures/rfc6350_examples.txt").lines();
    all.map(|line| {
        let (section, example) = line.split_once(' ').unwrap();
        (section, example.split('|').collect())
    })
    .collect()
}

/// A card of an example, with what every card has.
fn card(example: &[&str]) -> String {
    let mut lines = vec!["UID:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"];
    for (name, line) in [("FN", "FN:Somebody"), ("N", "N:Somebody;;;;")] {
        let has = |line: &&str| line.split([':', ';']).next() == Some(name);
        lines.extend((!example.iter().any(has)).then_some(line));
    }
    lines.extend(example);
    card_of("4.0", &lines)
}

/// What a property says, however it is written: its name, its parameters in whatever order, and its
/// value without escapes and separators that say nothing.
fn meaning(property: &Property<'_>) -> String {
    let mut parameters = BTreeSet::new();
    for parameter in property.parameters() {
        let name = parameter.name().to_ascii_uppercase();
        for value in parameter.values() {
            match name.as_str() {
                // A list in one pair of quotes is the same list.
                "TYPE" | "SORT-AS" => {
                    parameters.extend(value.split(',').map(|one| format!("{name}={one}")));
                }
                // The example of §6.3.1 is older than the `^n` of RFC 6868.
                "LABEL" => {
                    parameters.insert(format!("{name}={}", value.replace("\\n", "\n")));
                }
                // The default of what is an URI anyway.
                "VALUE" if value.eq_ignore_ascii_case("uri") => {}
                _ => {
                    parameters.insert(format!("{name}={value}"));
                }
            }
        }
    }
    let structured = ["N", "ADR", "ORG", "GENDER", "CLIENTPIDMAP"];
    let mut components: Vec<String> = match structured.iter().any(|name| property.is(name)) {
        true => property
            .components()
            .iter()
            .map(|one| one.join(","))
            .collect(),
        false => vec![property.text().into_owned()],
    };
    while components.last().is_some_and(String::is_empty) {
        components.pop();
    }
    let name = property.name().to_ascii_uppercase();
    format!("{name} {parameters:?} {components:?}")
}

fn meanings(card: &Card<'_>) -> Vec<String> {
    let properties = card.properties().iter();
    let mut all: Vec<String> = properties
        .filter(|property| !property.is("VERSION"))
        .map(meaning)
        .collect();
    all.sort();
    all
}

#[test]
fn each_may_be_stored() {
    for (section, example) in examples() {
        let text = card(&example);
        let card = Card::parse(text.as_bytes(), &Limits::DEFAULT).unwrap();
        assert_eq!(check(&card), Ok(()), "§{section} {example:?}");
    }
}

#[test]
fn each_comes_back_from_3_0() {
    for (section, example) in examples() {
        let four = card(&example);
        let three = to(Version::V3_0, &four);
        let back = to(Version::V4_0, &three);
        assert_eq!(
            meanings(&parse(&back)),
            meanings(&parse(&four)),
            "§{section}\n{three}"
        );
    }
}

#[test]
fn each_comes_back_from_jcard() {
    for (section, example) in examples() {
        let four = card(&example);
        let json = jcard::write(&parse(&four)).unwrap();
        let mut back = jcard::read(json.as_bytes(), &Limits::DEFAULT).unwrap();
        let back = String::from_utf8(back.remove(0)).unwrap();
        assert_eq!(
            meanings(&parse(&back)),
            meanings(&parse(&four)),
            "§{section}\n{json}"
        );
    }
}
