//! What a card is found by.
//!
//! Texts are compared byte by byte in an index, so all are in lower case here; whoever looks for
//! something must do the same. A search for a part of a text goes by [`grams`]: whatever contains
//! the part has all its grams. The other way round it is not so: what is found must be checked.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use crate::object_uid;
use crate::property::Property;
use crate::scan::{Name, find, version_of};

/// The version of what [`keys`] gives: it grows with every change of that.
pub const KEYS_VERSION: u32 = 1;

/// Something that a card is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// The UID as it is compared, see [`object_uid`].
    ObjectUid(String),
    /// KIND, in lower case.
    Kind(String),
    /// An address of e-mail, in lower case.
    Email(String),
    /// A telephone number: its digits, and a plus before them.
    Telephone(String),
    /// The words of all names, nicknames and organisations, in lower case.
    NameWords(String),
    /// The [`grams`] of the texts that people look for.
    Grams(String),
    /// Not all of its texts have become keys, because it has so many or so long ones: whoever looks
    /// for something must look into it.
    Big,
}

/// The properties with grams, and the letter that those begin with.
const WITH_GRAMS: [(&str, char); 6] = [
    ("FN", 'f'),
    ("N", 'n'),
    ("NICKNAME", 'k'),
    ("ORG", 'o'),
    ("EMAIL", 'e'),
    ("TEL", 't'),
];

/// The longest text that becomes a key, in bytes: longer ones are found by checking all.
const TEXT_LEN: usize = 512;

/// How many grams a search asks for at most: more hardly make it find fewer, and each takes its time.
const WORDS: usize = 3;

/// How many characters a gram has.
const GRAM_LEN: usize = 3;

/// How many keys of a kind there are at most, for cards that are made to be big.
const KEYS: usize = 100;

/// The keys of a card that passed [`crate::check`]; of anything else what can be read.
pub fn keys(bytes: &[u8]) -> Vec<Key> {
    let wanted = |name: Name<'_>| {
        ["UID", "KIND", "X-ADDRESSBOOKSERVER-KIND"]
            .iter()
            .chain(WITH_GRAMS.iter().map(|(name, _)| name))
            .any(|known| name.is(known))
    };
    let mut keys = Vec::new();
    let mut words = String::new();
    let mut tokens = BTreeSet::new();
    let mut counted = 0;
    let mut is_big = false;
    for property in find(bytes, version_of(bytes), wanted) {
        let text = property.text();
        if property.is("UID") {
            keys.push(Key::ObjectUid(object_uid(&text).to_owned()));
            continue;
        }
        let Some((_, tag)) = WITH_GRAMS.iter().find(|(name, _)| property.is(name)) else {
            keys.push(Key::Kind(text.trim().to_lowercase()));
            continue;
        };
        counted += 1;
        if text.len() > TEXT_LEN || counted > KEYS {
            is_big = true;
            continue;
        }
        match tag {
            'e' => keys.push(Key::Email(text.trim().to_lowercase())),
            't' => keys.extend(telephone(&text).map(Key::Telephone)),
            _ => push_words(&mut words, &property),
        }
        tokens.extend(tagged_grams(*tag, &text));
    }
    keys.push(Key::NameWords(words));
    keys.push(Key::Grams(join(tokens)));
    if is_big {
        keys.push(Key::Big);
    }
    keys
}

/// What an index must be asked for so that it gives every card in which a property of this name
/// contains `text`, in whatever case: the grams, separated by white space, that must all be there. It
/// must give those with [`Key::Big`] as well.
///
/// None if that cannot be asked: the property has no grams, or the text is too short.
pub fn grams(property: &str, text: &str) -> Option<String> {
    let known = WITH_GRAMS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(property));
    let (_, tag) = known?;
    let folded: Vec<char> = fold(text).chars().collect();
    let last = folded.len().checked_sub(GRAM_LEN)?;
    // Spread over the text: what overlaps says the same twice.
    let places: BTreeSet<usize> = (0..WORDS).map(|n| last * n / (WORDS - 1)).collect();
    let chosen = places
        .into_iter()
        .filter_map(|at| folded.get(at..at + GRAM_LEN));
    Some(join(chosen.map(|gram| tagged_gram(*tag, gram))))
}

fn join(words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// All runs of [`GRAM_LEN`] characters, as words of letters and digits that an index takes as they
/// are.
fn tagged_grams(tag: char, text: &str) -> BTreeSet<String> {
    let folded: Vec<char> = fold(text).chars().collect();
    let grams = folded.windows(GRAM_LEN);
    grams.map(|gram| tagged_gram(tag, gram)).collect()
}

fn tagged_gram(tag: char, gram: &[char]) -> String {
    // FNV-1a, folded to 20 bits: another gram of the same number costs a look, no more.
    let hash = gram.iter().fold(0x811c_9dc5_u32, |hash, char| {
        (hash ^ *char as u32).wrapping_mul(0x0100_0193)
    });
    format!("{tag}{:05x}", (hash >> 20) ^ (hash & 0xf_ffff))
}

/// A text so that what is equal under any collation of RFC 6352 §8.3 is equal here.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars()
        .flat_map(char::to_uppercase)
        .nfkd()
        .flat_map(char::to_lowercase)
        .collect()
}

fn push_word(words: &mut String, word: &str) {
    if !words.is_empty() {
        words.push(' ');
    }
    words.push_str(word);
}

fn push_words(words: &mut String, property: &Property<'_>) {
    for part in property.components().iter().flatten() {
        for word in part.split(|char: char| !char.is_alphanumeric()) {
            if !word.is_empty() {
                push_word(words, &word.to_lowercase());
            }
        }
    }
}

/// A number as it is dialled. None for what has no digits.
fn telephone(text: &str) -> Option<String> {
    let number: String = text
        .trim_start_matches("tel:")
        .chars()
        .take_while(|char| *char != ';')
        .filter(|char| char.is_ascii_digit() || *char == '+')
        .collect();
    number
        .contains(|char: char| char.is_ascii_digit())
        .then_some(number)
}
