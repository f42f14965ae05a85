//! What a message is found and ordered by: the keys that an index keeps with it, and the terms that
//! ask for them.
//!
#![doc = include_str!("keys.md")]

use crate::body::Body;
use crate::header::Header;
use crate::message::Message;
use crate::part::Part;
use crate::text::cut;
use crate::thread::{base_subject, thread_keys};
use crate::words::{each_word, fold};
use crate::{Limits, html};
use std::collections::{BTreeSet, HashSet};

/// The version of what [`keys`] gives: it grows with every change of that.
pub const KEYS_VERSION: u32 = 2;

/// The name of the key with octets.
pub const SIZE: &str = "size";
/// The name of the key with the time of arrival.
pub const RECEIVED: &str = "received";
/// The name of the key with the time of the Date field.
pub const SENT: &str = "sent";
/// The name of the key that says whether something is attached.
pub const ATTACHMENT: &str = "attachment";
/// The name of the key that orders by From.
pub const ORDER_FROM: &str = "order-from";
/// The name of the key that orders by To.
pub const ORDER_TO: &str = "order-to";
/// The name of the key that orders by subject.
pub const ORDER_SUBJECT: &str = "order-subject";
/// The name of the key with names of header fields.
pub const HEADER: &str = "header";
/// The name of the key with the message's own id.
pub const ID: &str = "id";
/// The name of the key with ids that the message refers to.
pub const REPLY: &str = "reply";
/// The name of the key with what a thread has in common.
pub const THREAD: &str = "thread";
/// The name of the key with words.
pub const WORDS: &str = "words";
/// The name of the key of messages not all of whose words are kept.
pub const UNREAD: &str = "unread";

/// Octets of a text key.
const TEXT_MAX: usize = 255;

/// Different names of header fields that are kept.
const NAMES_MAX: usize = 200;

/// Different words that are kept, and octets that they may have together.
const WORDS_MAX: usize = 20_000;
const WORDS_BYTES_MAX: usize = 512 << 10;

/// Octets of text that are looked at for words.
const BODY_MAX: usize = 4 << 20;

/// The letters for the fields whose words are kept apart.
pub(crate) const FIELDS: [(&str, char); 5] = [
    ("From", 'f'),
    ("To", 't'),
    ("Cc", 'c'),
    ("Bcc", 'b'),
    ("Subject", 's'),
];

/// The letter for words in any of the fields.
pub(crate) const ANY_FIELD: char = 'h';

/// The letter for words in the body.
pub(crate) const BODY: char = 'x';

/// Something that a message is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: KeyValue,
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyValue {
    /// Compared byte by byte.
    Text(String),
    /// Compared as numbers.
    Number(i64),
    /// Words, separated by spaces.
    Words(String),
}

/// The keys of a message that came at a time, in seconds since 1970.
pub fn keys(bytes: &[u8], received: i64) -> Vec<Key> {
    let message = Message::parse(bytes, &Limits::default());
    let body = Body::of(&message);
    let header = message.header();
    let sent = header.last("Date").and_then(|field| field.date());
    let sent = sent.map(|date| date.seconds());
    let has_attachment = body.has_attachment(&message);
    let mut keys = Keys::default();
    keys.number(SIZE, i64::try_from(bytes.len()).unwrap_or(i64::MAX));
    keys.number(RECEIVED, received);
    keys.number(SENT, sent.unwrap_or(received));
    keys.number(ATTACHMENT, has_attachment.into());
    keys.text(ORDER_FROM, &first_of(header, "From"));
    keys.text(ORDER_TO, &first_of(header, "To"));
    let subject = header.last("Subject").map(|field| field.text());
    keys.text(
        ORDER_SUBJECT,
        &fold(&base_subject(&subject.unwrap_or_default())),
    );
    let names: BTreeSet<String> = header
        .fields()
        .iter()
        .map(|field| text_key(&field.name.to_ascii_lowercase()).to_owned())
        .take(NAMES_MAX)
        .collect();
    names.iter().for_each(|name| keys.text(HEADER, name));
    for (key, fields) in [
        (ID, &["Message-ID"][..]),
        (REPLY, &["In-Reply-To", "References"]),
    ] {
        let fields = fields.iter().filter_map(|name| header.last(name));
        let ids = fields.filter_map(|field| field.message_ids()).flatten();
        let ids: BTreeSet<String> = ids.take(NAMES_MAX).collect();
        ids.iter().for_each(|id| keys.text(key, id));
    }
    thread_keys(header)
        .iter()
        .for_each(|key| keys.text(THREAD, key));
    keys.words(&message);
    keys.0
}

/// A text as it is kept and asked for.
pub fn text_key(text: &str) -> &str {
    cut(text, TEXT_MAX)
}

fn first_of(header: &Header<'_>, name: &str) -> String {
    let field = header.last(name);
    let first = field.and_then(|field| field.addresses().into_iter().next());
    let told = first.map(|first| first.name.unwrap_or(first.email));
    fold(&told.unwrap_or_default())
}

#[derive(Default)]
struct Keys(Vec<Key>);

impl Keys {
    fn number(&mut self, name: &'static str, number: i64) {
        let value = KeyValue::Number(number);
        self.0.push(Key { name, value });
    }

    fn text(&mut self, name: &'static str, text: &str) {
        let value = KeyValue::Text(text_key(text).to_owned());
        self.0.push(Key { name, value });
    }

    fn words(&mut self, message: &Message<'_>) {
        let mut words = Words::default();
        for (name, letter) in FIELDS {
            for field in message.header().all(name) {
                words.add(&[letter, ANY_FIELD], &searched(&field, letter));
            }
        }
        let mut left = BODY_MAX;
        for part in message.parts() {
            if left == 0 {
                words.is_full = true;
                break;
            }
            if let Some(text) = text_of(part, left) {
                left = left.saturating_sub(text.len());
                words.add(&[BODY], &text);
            }
        }
        let value = KeyValue::Words(words.out);
        self.0.push(Key { name: WORDS, value });
        if words.is_full {
            self.number(UNREAD, 1);
        }
    }
}

/// The text of a field that words are looked for in.
pub(crate) fn searched(field: &crate::Field<'_>, letter: char) -> String {
    if letter == 's' {
        return field.text();
    }
    let addresses = field.addresses().into_iter();
    addresses
        .map(|address| format!("{} {}\n", address.name.unwrap_or_default(), address.email))
        .collect()
}

/// The text of a part that is text, for searching; none for others.
pub(crate) fn text_of(part: &Part<'_>, max: usize) -> Option<String> {
    if !part.type_.starts_with("text/") {
        return None;
    }
    let text = part.body_value(max).value;
    Some(match part.type_.as_str() {
        "text/html" => html::to_text(&text, max),
        _ => text,
    })
}

/// Different words, each with its letters before it.
#[derive(Default)]
struct Words {
    known: HashSet<String>,
    out: String,
    is_full: bool,
}

impl Words {
    fn add(&mut self, letters: &[char], text: &str) {
        let mut tagged = String::new();
        let is_whole = each_word(text, |word| {
            letters.iter().all(|letter| {
                tagged.clear();
                tagged.push(*letter);
                tagged.push_str(word);
                if self.known.contains(&tagged) {
                    return true;
                }
                let is_room =
                    self.known.len() < WORDS_MAX && self.out.len() + tagged.len() < WORDS_BYTES_MAX;
                if is_room {
                    if !self.out.is_empty() {
                        self.out.push(' ');
                    }
                    self.out.push_str(&tagged);
                    self.known.insert(tagged.clone());
                }
                is_room
            })
        });
        self.is_full |= !is_whole;
    }
}
