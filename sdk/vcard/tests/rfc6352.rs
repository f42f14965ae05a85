//! What CardDAV asks of cards: selections of properties, and what they are found by.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use support::{APPLE_CONTACT, card_of, crlf, lines};
use vcard::{Key, Selected, Selection, grams, keys};

#[test]
fn s10_4_2_a_selection_has_the_properties_that_are_asked_for() {
    let text = card_of(
        "3.0",
        &[
            "FN:A",
            "item1.TEL;TYPE=home:1",
            "item2.TEL:2",
            "tel:3",
            "NOTE:a\r\n bc",
            "UID:1",
        ],
    );
    let select = |names: &[(&str, bool)]| {
        let properties = names.iter().map(|(name, bare)| Selected::new(name, *bare));
        let selection = Selection {
            properties: properties.collect(),
        };
        String::from_utf8(selection.apply(text.as_bytes())).unwrap()
    };
    assert_eq!(
        select(&[("TEL", false), ("Note", false)]),
        card_of(
            "3.0",
            &[
                "item1.TEL;TYPE=home:1",
                "item2.TEL:2",
                "tel:3",
                "NOTE:a\r\n bc"
            ]
        )
    );
    assert_eq!(lines(&select(&[("ITEM2.TEL", false)])), ["item2.TEL:2"]);
    assert_eq!(
        lines(&select(&[("TEL", true)])),
        ["item1.TEL;TYPE=home:", "item2.TEL:", "tel:"]
    );
    assert_eq!(select(&[]), card_of("3.0", &[]));
}

/// Whether an index would find the card.
fn finds(text: &str, property: &str, wanted: &str) -> bool {
    let all = keys(text.as_bytes());
    let known = all.iter().find_map(|key| match key {
        Key::Grams(grams) => Some(grams.as_str()),
        _ => None,
    });
    let known: Vec<&str> = known.unwrap().split(' ').collect();
    let wanted = grams(property, wanted).unwrap();
    wanted.split(' ').all(|gram| known.contains(&gram)) || all.contains(&Key::Big)
}

#[test]
fn s8_6_what_a_card_is_found_by() {
    let text = crlf(APPLE_CONTACT);
    let all = keys(text.as_bytes());
    for key in [
        Key::ObjectUid("0b0d7ad6-0d7c-4a29-9a3f-6ab2f4f0a5c1".into()),
        Key::Email("john@example.org".into()),
        Key::Email("john.doe@example.com".into()),
        Key::Telephone("+491701234567".into()),
    ] {
        assert!(all.contains(&key), "{key:?}");
    }
    let words = all.iter().find_map(|key| match key {
        Key::NameWords(words) => Some(words.clone()),
        _ => None,
    });
    assert_eq!(
        words.unwrap(),
        "doe jöhn emil dr dr jöhn emil doe jo example gmbh research"
    );
}

#[test]
fn s8_3_an_index_finds_whatever_a_collation_would() {
    let text = card_of(
        "3.0",
        &["FN:Dr. Jöhn Straße", "EMAIL:Joe@EXAMPLE.com", "UID:1"],
    );
    for (property, wanted) in [
        ("FN", "jöhn"),
        ("FN", "JO\u{308}HN"),
        ("FN", "r. J"),
        ("fn", "straße"),
        ("FN", "STRASSE"),
        ("EMAIL", "@example"),
        ("EMAIL", "joe@example.com"),
    ] {
        assert!(finds(&text, property, wanted), "{property} {wanted}");
    }
    assert!(!finds(&text, "EMAIL", "other"));
    assert!(!finds(&text, "ORG", "example"));
    assert_eq!(grams("FN", "ab"), None);
    assert_eq!(grams("X-OTHER", "abcd"), None);
}

#[test]
fn s8_6_cards_that_are_too_big_for_an_index_are_always_looked_into() {
    let long = format!("FN:{}needle", "x".repeat(10_000));
    let text = card_of("3.0", &[&long, "UID:1"]);
    assert!(finds(&text, "FN", "needle"));
    let many: Vec<String> = (0..5000)
        .map(|n| format!("EMAIL:someone{n}@example.com"))
        .collect();
    let mut all: Vec<&str> = many.iter().map(String::as_str).collect();
    all.push("EMAIL:needle@example.org");
    let text = card_of("3.0", &all);
    assert!(finds(&text, "EMAIL", "needle"));
    assert!(keys(text.as_bytes()).len() < 300);
}
