//! Cards that were broken at random: no panic, and nothing comes out that was not put in.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use support::{APPLE_CONTACT, APPLE_GROUP, PHONE_2_1, RFC6350_8, crlf};
use vcard::{Card, Limits, Selected, Selection, Version, check, convert, find, jcard, keys};

/// xorshift64*: the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// A photo of several megabytes, folded as it should be, takes time by its length alone.
#[test]
fn long_folded_values_are_read_once() {
    let photo = "A".repeat(74).repeat(120_000 / 74) + "=";
    let folded = |times: usize| {
        let lines = "\r\n ".to_owned() + &"A".repeat(74);
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nUID:1\r\nPHOTO;ENCODING=b:{photo}{}\r\nTEL:1\r\n\
             END:VCARD\r\n",
            lines.repeat(times)
        )
    };
    let time = |text: &str| {
        let start = std::time::Instant::now();
        let card = Card::parse(text.as_bytes(), &Limits::DEFAULT).unwrap();
        check(&card).unwrap();
        keys(text.as_bytes());
        convert(&card, Version::V4_0).unwrap();
        assert_eq!(
            find(text.as_bytes(), Version::V3_0, |name| name.is("TEL")).count(),
            1
        );
        start.elapsed()
    };
    // The best of some runs: others use the machine, too.
    let best = |text: &str| (0..4).map(|_| time(text)).min().unwrap();
    let (short, long) = (best(&folded(6_000)), best(&folded(60_000)));
    // Ten times as long, and nothing near to a hundred times as slow.
    assert!(long < short * 40, "{short:?} {long:?}");
}

const PIECES: [&[u8]; 24] = [
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b":",
    b";",
    b",",
    b"=",
    b"\"",
    b"\\",
    b"^",
    b".",
    b"\xE9",
    b"\xF0\x9F\x98\x80",
    b"BEGIN:VCARD\r\n",
    b"END:VCARD\r\n",
    b"VERSION:4.0\r\n",
    b"VERSION:2.1\r\n",
    b";ENCODING=QUOTED-PRINTABLE:",
    b"=\r\n",
    b"data:;base64,",
    b"AGENT:\r\n",
    b"\0",
];

fn mutate(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..1 + random.below(6) {
        let at = random.below(bytes.len());
        let to = (at + random.below(30)).min(bytes.len());
        match random.below(4) {
            0 => drop(bytes.drain(at..to)),
            1 => drop(bytes.splice(at..at, PIECES[random.below(PIECES.len())].to_vec())),
            2 => {
                let piece = bytes[at..to].to_vec();
                let into = random.below(bytes.len());
                drop(bytes.splice(into..into, piece));
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = random.next() as u8;
                }
            }
        }
    }
    bytes
}

#[test]
fn mutations_never_panic_and_keep_every_byte() {
    let seeds: Vec<Vec<u8>> = [APPLE_CONTACT, APPLE_GROUP, RFC6350_8]
        .iter()
        .map(|text| crlf(text).into_bytes())
        .chain([PHONE_2_1.as_bytes().to_vec()])
        .collect();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut valid = 0;
    for _ in 0..30_000 {
        let bytes = mutate(&mut random, &seeds);
        let all: Vec<u8> = Card::parse_all(&bytes, &Limits::DEFAULT)
            .filter_map(Result::ok)
            .flat_map(|card| card.bytes().to_vec())
            .collect();
        let start = usize::from(bytes.starts_with(b"\xEF\xBB\xBF")) * 3;
        assert!(bytes[start..].starts_with(&all));
        keys(&bytes);
        Selection {
            properties: vec![
                Selected::new("FN", true),
                Selected::new("item1.EMAIL", false),
            ],
        }
        .apply(&bytes);
        let _ = jcard::read(&bytes, &Limits::DEFAULT);
        let Ok(card) = Card::parse(&bytes, &Limits::DEFAULT) else {
            continue;
        };
        assert_eq!(card.bytes(), bytes);
        jcard::write(&card).ok();
        if check(&card).is_ok() {
            valid += 1;
            looks_the_same_from_both_sides(&card);
        }
        for version in [Version::V3_0, Version::V4_0] {
            converts_into_a_card(&card, version);
        }
    }
    assert!(valid > 1000, "{valid}");
}

/// What [`find`] gives is what the whole card has.
fn looks_the_same_from_both_sides(card: &Card<'_>) {
    let found = find(card.bytes(), card.version(), |_| true);
    let found: Vec<(String, String)> = found
        .map(|p| (p.name().to_owned(), p.text().into_owned()))
        .filter(|(name, _)| !["BEGIN", "END"].contains(&&*name.to_ascii_uppercase()))
        .collect();
    let known: Vec<(String, String)> = card
        .properties()
        .iter()
        .map(|p| (p.name().to_owned(), p.text().into_owned()))
        .filter(|(name, _)| !["BEGIN", "END"].contains(&&*name.to_ascii_uppercase()))
        .collect();
    assert_eq!(found, known, "{}", String::from_utf8_lossy(card.bytes()));
}

/// A valid card becomes a valid card, which stays what it is from then on.
fn converts_into_a_card(card: &Card<'_>, version: Version) {
    let Ok(bytes) = convert(card, version) else {
        return;
    };
    let Ok(converted) = Card::parse(&bytes, &Limits::DEFAULT) else {
        assert!(
            check(card).is_err(),
            "{}",
            String::from_utf8_lossy(card.bytes())
        );
        return;
    };
    if check(card).is_ok() {
        check(&converted).unwrap();
        let uid = |card: &Card<'_>| card.object_uid();
        assert_eq!(uid(&converted), uid(card));
    }
}

#[test]
fn a_mark_before_the_card_is_part_of_no_name() {
    let bytes = "\u{FEFF}BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nEND:VCARD\r\n".as_bytes();
    let found = vcard::find(bytes, vcard::Version::V3_0, |name| !name.is("BEGIN"));
    assert_eq!(found.count(), 3);
}
