//! Looking for text in messages: RFC 8621 §4.4.1, and showing what was found, §5.

use crate::keys::{ANY_FIELD, BODY, FIELDS, searched, text_of};
use crate::message::Message;
use crate::text::cut;
use crate::words::{each_word, fold};

/// Where text is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the body and in the fields that have conditions of their own.
    Text,
    /// In one of the fields From, To, Cc, Bcc, Subject.
    Field(&'static str),
    /// In the body.
    Body,
    /// In any other header field, of this name.
    Header(String),
}

/// A text that is looked for somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    place: Place,
    /// What must all occur: words, and phrases.
    wanted: Vec<Wanted>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    /// Folded.
    text: String,
    is_phrase: bool,
    /// The words that whatever has it must have.
    words: Vec<String>,
}

/// Words that must all occur in one or another place: `words` of the key
/// [`WORDS`](crate::keys::WORDS), separated by spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordTerms {
    /// Each of these must hold, and does if all the words of one of its alternatives are there.
    pub all_of: Vec<Vec<String>>,
    /// What they say is what was asked. If not, a message with the words may still lack the phrase:
    /// [`Condition::matches`] tells.
    pub is_exact: bool,
}

/// Words of a condition that are looked for; more don't make it find fewer.
const WANTED_MAX: usize = 12;

/// Octets of a condition that are looked at.
const CONDITION_MAX: usize = 1024;

/// Octets of a part that are looked at.
const PART_MAX: usize = 4 << 20;

impl Condition {
    /// Reads what is looked for: words, and phrases in single or double quotes, in which a backslash
    /// makes a quote or a backslash of what follows it.
    pub fn new(place: Place, text: &str) -> Self {
        let mut wanted = Vec::new();
        let mut rest = cut(text, CONDITION_MAX).trim_start();
        while let Some(first) = rest.chars().next() {
            let phrase = matches!(first, '"' | '\'')
                .then(|| phrase(rest, first))
                .flatten();
            let (text, after) = match &phrase {
                Some((text, after)) => (text.as_str(), *after),
                None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
            };
            let mut words = Vec::new();
            each_word(text, |word| {
                words.push(word.to_owned());
                true
            });
            if !words.is_empty() {
                wanted.push(Wanted {
                    text: fold(text.trim()),
                    is_phrase: phrase.is_some(),
                    words,
                });
            }
            rest = after.trim_start();
        }
        Self { place, wanted }
    }

    /// What to ask an index for. Nothing, if there is nothing in the condition to look for, or no
    /// index of it.
    pub fn terms(&self) -> WordTerms {
        let letters: &[char] = match &self.place {
            Place::Text => &[ANY_FIELD, BODY],
            Place::Body => &[BODY],
            Place::Field(name) => match FIELDS.iter().find(|(known, _)| known == name) {
                Some((_, letter)) => std::slice::from_ref(letter),
                None => &[],
            },
            Place::Header(_) => &[],
        };
        let words = self.wanted.iter().flat_map(|wanted| &wanted.words);
        let is_exact = !letters.is_empty()
            && words.clone().count() <= WANTED_MAX
            && self.wanted.iter().all(|wanted| wanted.words.len() == 1);
        let term = |word: &String| {
            let tagged = |letter: &char| format!("{letter}{word}");
            letters.iter().map(tagged).collect::<Vec<_>>()
        };
        let all_of = words.take(WANTED_MAX).map(term);
        WordTerms {
            all_of: all_of
                .filter(|term: &Vec<String>| !term.is_empty())
                .collect(),
            is_exact,
        }
    }

    /// Says whether a message has what is looked for.
    pub fn matches(&self, message: &Message<'_>) -> bool {
        let mut missing: Vec<&Wanted> = self.wanted.iter().collect();
        for text in self.texts(message) {
            if missing.is_empty() {
                return true;
            }
            let folded = fold(&text);
            missing.retain(|wanted| !wanted.is_in(&folded));
        }
        missing.is_empty()
    }

    fn texts<'m>(&'m self, message: &'m Message<'_>) -> Box<dyn Iterator<Item = String> + 'm> {
        let fields = |wanted: Option<&'static str>| {
            let known = FIELDS
                .iter()
                .filter(move |(name, _)| wanted.is_none_or(|w| w == *name));
            known.flat_map(|(name, letter)| {
                let fields = message.header().all(name);
                fields.map(|field| searched(&field, *letter))
            })
        };
        let body = || {
            let parts = message.parts().iter();
            parts.filter_map(|part| text_of(part, PART_MAX))
        };
        match &self.place {
            Place::Text => Box::new(fields(None).chain(body())),
            Place::Body => Box::new(body()),
            Place::Field(name) => Box::new(fields(Some(name))),
            Place::Header(name) => Box::new(message.header().all(name).map(|field| field.text())),
        }
    }

    /// The text with what is looked for in `<mark>` and `</mark>`, and `&`, `<`, `>` as character
    /// references; none if nothing of it is there.
    pub fn mark(&self, text: &str) -> Option<String> {
        let found = self.found(text);
        (!found.is_empty()).then(|| marked(text, &found))
    }

    /// The piece of a text around the first thing in it that is looked for, marked as
    /// [`mark`](Self::mark) does, on one line and of no more than 255 octets.
    pub fn snippet(&self, text: &str) -> Option<String> {
        const BEFORE: usize = 40;
        const MAX: usize = 255;
        let (first, _) = self.found(text).into_iter().next()?;
        let mut from = first.saturating_sub(BEFORE);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        // It begins with a whole word, if there is one.
        if from > 0
            && let Some(space) = text.get(from..first)?.find(char::is_whitespace)
        {
            from += space;
        }
        let mut len = MAX;
        loop {
            let piece = cut(text.get(from..)?, len);
            let line = piece.split_whitespace().collect::<Vec<_>>().join(" ");
            let before = if from > 0 { "..." } else { "" };
            let after = if from + piece.len() < text.len() {
                "..."
            } else {
                ""
            };
            let found = self.found(&line);
            let told = format!("{before}{}{after}", marked(&line, &found));
            if told.len() <= MAX || len == 0 {
                return (!found.is_empty() && told.len() <= MAX).then_some(told);
            }
            len -= (told.len() - MAX).div_ceil(2).min(len);
        }
    }

    /// Where in a text is what is looked for: ranges that do not overlap.
    fn found(&self, text: &str) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let (folded, places) = folded_with_places(text);
        for wanted in &self.wanted {
            let mut at = 0;
            while let Some(next) = folded.get(at..).and_then(|rest| rest.find(&wanted.text)) {
                let (start, end) = (at + next, at + next + wanted.text.len());
                if wanted.is_whole(&folded, start, end) {
                    let place = |at: usize| places.get(at).copied().unwrap_or(text.len());
                    found.push((place(start), place(end)));
                }
                at = end.max(at + 1);
                while !folded.is_char_boundary(at) {
                    at += 1;
                }
            }
        }
        found.sort_unstable();
        let mut last = 0;
        found.retain(|(start, end)| {
            let is_after = *start >= last && end > start;
            if is_after {
                last = *end;
            }
            is_after
        });
        found
    }
}

impl Wanted {
    fn is_in(&self, folded: &str) -> bool {
        match self.is_phrase {
            true => {
                let spaced = folded.split_whitespace().collect::<Vec<_>>().join(" ");
                let text = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
                let mut places = spaced.match_indices(&text);
                places.any(|(at, _)| self.is_whole(&spaced, at, at + text.len()))
            }
            false => {
                let mut missing: Vec<&String> = self.words.iter().collect();
                each_word(folded, |word| {
                    missing.retain(|wanted| *wanted != word);
                    !missing.is_empty()
                });
                missing.is_empty()
            }
        }
    }

    /// Says whether it stands between other words, and not in one: what has words does.
    fn is_whole(&self, text: &str, start: usize, end: usize) -> bool {
        let of_word = |char: Option<char>| char.is_some_and(|char| char.is_ascii_alphanumeric());
        let before = text.get(..start).and_then(|text| text.chars().next_back());
        let after = text.get(end..).and_then(|text| text.chars().next());
        let first = self.text.chars().next();
        let last = self.text.chars().next_back();
        let begins_inside = of_word(before) && of_word(first);
        let ends_inside = of_word(after) && of_word(last);
        !begins_inside && !ends_inside
    }
}

/// A phrase, and what comes after it; none if it does not end.
fn phrase(text: &str, quote: char) -> Option<(String, &str)> {
    let mut phrase = String::new();
    let mut is_escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' => {
                is_escaped = true;
                continue;
            }
            char if char == quote => return Some((phrase, text.get(at + 1..)?)),
            _ => {}
        }
        phrase.push(char);
    }
    None
}

/// A text folded, and for each octet of that where in the text it comes from.
fn folded_with_places(text: &str) -> (String, Vec<usize>) {
    let mut folded = String::with_capacity(text.len());
    let mut places = Vec::with_capacity(text.len());
    for (at, char) in text.char_indices() {
        match char.is_ascii() {
            true => folded.push(char.to_ascii_lowercase()),
            false => folded.push_str(&fold(char.encode_utf8(&mut [0; 4]))),
        }
        places.resize(folded.len(), at);
    }
    (folded, places)
}

fn marked(text: &str, found: &[(usize, usize)]) -> String {
    let mut out = String::with_capacity(text.len() + found.len() * 13);
    let mut at = 0;
    for (start, end) in found {
        push_escaped(text.get(at..*start).unwrap_or_default(), &mut out);
        out.push_str("<mark>");
        push_escaped(text.get(*start..*end).unwrap_or_default(), &mut out);
        out.push_str("</mark>");
        at = *end;
    }
    push_escaped(text.get(at..).unwrap_or_default(), &mut out);
    out
}

fn push_escaped(text: &str, out: &mut String) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            char => out.push(char),
        }
    }
}
