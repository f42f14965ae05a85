//! Cards that strangers write: they are read, checked, searched and converted without a panic, and
//! their bytes stay what they are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vcard::{Card, Limits, Selected, Selection, Version, check, convert, find, jcard, keys};

fuzz_target!(|bytes: &[u8]| {
    keys(bytes);
    Selection {
        properties: vec![Selected::new("FN", true), Selected::new("item1.EMAIL", false)],
    }
    .apply(bytes);
    let _ = jcard::read(bytes, &Limits::DEFAULT);
    let Ok(card) = Card::parse(bytes, &Limits::DEFAULT) else {
        return;
    };
    assert_eq!(card.bytes(), bytes);
    let _ = jcard::write(&card);
    let valid = check(&card).is_ok();
    if valid {
        let found = find(bytes, card.version(), |name| !name.is("BEGIN") && !name.is("END"));
        let known = card
            .properties()
            .iter()
            .filter(|property| !property.is("BEGIN") && !property.is("END"));
        assert_eq!(found.count(), known.count());
    }
    for version in [Version::V3_0, Version::V4_0] {
        let converted = convert(&card, version);
        if valid {
            let converted = converted.expect("a valid card can be converted");
            let converted = Card::parse(&converted, &Limits::DEFAULT).expect("into a card");
            check(&converted).expect("that is valid, too");
            assert_eq!(converted.object_uid(), card.object_uid());
        }
    }
});
