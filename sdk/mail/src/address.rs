//! Addresses: RFC 5322 §3.4, and what else there is in the fields that should have them.

use crate::encoded_word;
use serde::{Deserialize, Serialize};

/// Somebody who sends or gets mail: RFC 8621 §4.1.2.3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailAddress {
    /// The display-name, or else a comment after the address.
    pub name: Option<String>,
    /// The addr-spec; whatever stands in its place in an address that has none.
    pub email: String,
}

/// Addresses that belong together: RFC 8621 §4.1.2.4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailAddressGroup {
    /// The display-name of the group; none for addresses outside of groups.
    pub name: Option<String>,
    /// Its addresses.
    pub addresses: Vec<EmailAddress>,
}

/// Reads an address-list that has been unfolded. Nothing fails to parse.
pub(crate) fn parse(value: &str) -> Vec<EmailAddressGroup> {
    let mut list = List::default();
    let mut lexer = Lexer { rest: value };
    while let Some(token) = lexer.next() {
        match token {
            Token::Comment(text) => list.comment = list.comment.or(Some(text)),
            Token::Angle(address) => list.angle = list.angle.or(Some(address)),
            Token::Word(word) => list.phrase.push(word),
            Token::Comma => list.end_mailbox(),
            Token::Colon if list.begins_group() => list.begin_group(),
            Token::Colon => {}
            Token::Semicolon => list.end_group(),
        }
    }
    list.end_group();
    list.groups
}

/// A word of a display-name, or a piece of an address.
struct Word<'a> {
    text: Text<'a>,
    /// White space comes before it.
    is_apart: bool,
}

enum Text<'a> {
    Atom(&'a str),
    /// A quoted-string: what it says, and how it is written.
    Quoted(String, &'a str),
}

impl<'a> Word<'a> {
    fn written(&self) -> &'a str {
        match self.text {
            Text::Atom(written) | Text::Quoted(_, written) => written,
        }
    }
}

enum Token<'a> {
    Word(Word<'a>),
    Comment(String),
    Angle(String),
    Comma,
    Colon,
    Semicolon,
}

/// What has been read, and the mailbox that is being read.
#[derive(Default)]
struct List<'a> {
    groups: Vec<EmailAddressGroup>,
    is_group: bool,
    phrase: Vec<Word<'a>>,
    angle: Option<String>,
    comment: Option<String>,
}

impl List<'_> {
    fn begins_group(&self) -> bool {
        !self.is_group && self.angle.is_none() && !self.phrase.is_empty()
    }

    fn begin_group(&mut self) {
        let name = phrase(&self.phrase);
        (self.angle, self.comment) = (None, None);
        self.phrase.clear();
        self.is_group = true;
        let addresses = Vec::new();
        self.groups.push(EmailAddressGroup {
            name: Some(name),
            addresses,
        });
    }

    fn end_group(&mut self) {
        self.end_mailbox();
        self.is_group = false;
    }

    fn end_mailbox(&mut self) {
        let comment = self.comment.take().filter(|text| !text.is_empty());
        let words = std::mem::take(&mut self.phrase);
        let (name, email) = match self.angle.take() {
            Some(email) => (phrase(&words), email),
            None if words.is_empty() => return,
            None => bare(&words),
        };
        let name = Some(name).filter(|name| !name.is_empty()).or(comment);
        let address = EmailAddress { name, email };
        match self.groups.last_mut() {
            Some(group) if self.is_group || group.name.is_none() => group.addresses.push(address),
            _ => self.groups.push(EmailAddressGroup {
                name: None,
                addresses: vec![address],
            }),
        }
    }
}

/// A name and an address that stand in no angle brackets.
fn bare(words: &[Word<'_>]) -> (String, String) {
    // A local part may have white space around its dots and its sign: RFC 5322 §4.4.
    let is_address = |words: &[Word<'_>]| words.iter().any(|word| word.written().contains('@'));
    if !is_address(words) {
        return (String::new(), phrase(words));
    }
    let begins = |at: usize| {
        let joins = |word: Option<&Word<'_>>, with: fn(&str) -> bool| {
            word.is_some_and(|word| with(word.written()))
        };
        let is_apart = words.get(at).is_some_and(|word| word.is_apart);
        is_apart
            && !joins(words.get(at), |text| text.starts_with(['@', '.']))
            && !joins(at.checked_sub(1).and_then(|at| words.get(at)), |text| {
                text.ends_with(['@', '.']) && !text.ends_with(". ")
            })
    };
    let last_sign = words.iter().rposition(|word| word.written().contains('@'));
    let from = (0..=last_sign.unwrap_or_default())
        .rev()
        .find(|at| begins(*at));
    let (name, address) = words.split_at(from.unwrap_or_default());
    (phrase(name), address.iter().map(Word::written).collect())
}

/// The text of a phrase, with its encoded words decoded. Those in a quoted-string are none: RFC 2047
/// §5.
fn phrase(words: &[Word<'_>]) -> String {
    let mut text = String::new();
    let mut atoms = String::new();
    for (number, word) in words.iter().enumerate() {
        let space = if word.is_apart && number > 0 { " " } else { "" };
        match &word.text {
            Text::Atom(atom) => {
                atoms.push_str(space);
                atoms.push_str(atom);
            }
            Text::Quoted(quoted, _) => {
                text.push_str(&encoded_word::decode(&atoms));
                atoms.clear();
                text.push_str(space);
                text.push_str(quoted);
            }
        }
    }
    text.push_str(&encoded_word::decode(&atoms));
    text.trim().to_owned()
}

struct Lexer<'a> {
    rest: &'a str,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        let trimmed = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let is_apart = trimmed.len() < self.rest.len();
        self.rest = trimmed;
        let first = self.rest.chars().next()?;
        let punctuation = match first {
            ',' => Some(Token::Comma),
            ':' => Some(Token::Colon),
            ';' => Some(Token::Semicolon),
            _ => None,
        };
        if punctuation.is_some() {
            self.advance(1);
            return punctuation;
        }
        Some(match first {
            '(' => Token::Comment(encoded_word::decode(&self.comment())),
            '<' => Token::Angle(self.angle()),
            '"' => {
                let before = self.rest;
                let quoted = self.quoted();
                let written = before.get(..before.len() - self.rest.len());
                Token::Word(Word {
                    text: Text::Quoted(quoted.trim().to_owned(), written.unwrap_or_default()),
                    is_apart,
                })
            }
            _ => Token::Word(Word {
                text: Text::Atom(self.atom()),
                is_apart,
            }),
        })
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// A run of characters that mean nothing by themselves. A domain-literal has colons.
    fn atom(&mut self) -> &'a str {
        let mut is_literal = false;
        let end = self.rest.char_indices().find(|(at, char)| {
            match char {
                '[' if *at > 0 && self.rest.get(at - 1..*at) == Some("@") => is_literal = true,
                ']' => is_literal = false,
                _ => {}
            }
            let special = matches!(char, ' ' | '\t' | '\r' | '\n' | '(' | '<' | '"' | ',' | ';');
            *at > 0 && (special || (*char == ':' && !is_literal))
        });
        let (atom, rest) = self
            .rest
            .split_at(end.map_or(self.rest.len(), |(at, _)| at));
        self.rest = rest;
        atom
    }

    /// A comment, and those in it: RFC 5322 §3.2.2.
    fn comment(&mut self) -> String {
        let mut text = String::new();
        let mut depth = 0_usize;
        let mut is_escaped = false;
        let mut end = self.rest.len();
        for (at, char) in self.rest.char_indices() {
            match char {
                _ if is_escaped => {}
                '\\' => {
                    is_escaped = true;
                    continue;
                }
                '(' => {
                    depth += 1;
                    if depth == 1 {
                        continue;
                    }
                }
                ')' => depth -= 1,
                _ => {}
            }
            is_escaped = false;
            if depth == 0 {
                end = at + 1;
                break;
            }
            text.push(char);
        }
        self.advance(end);
        text.trim().to_owned()
    }

    /// A quoted-string: RFC 5322 §3.2.4. One that does not end goes on to the end.
    fn quoted(&mut self) -> String {
        let mut text = String::new();
        let mut is_escaped = false;
        let mut end = self.rest.len();
        for (at, char) in self.rest.char_indices().skip(1) {
            match char {
                _ if is_escaped => is_escaped = false,
                '\\' => {
                    is_escaped = true;
                    continue;
                }
                '"' => {
                    end = at + 1;
                    break;
                }
                _ => {}
            }
            text.push(char);
        }
        self.advance(end);
        text
    }

    /// What stands in angle brackets, without white space, comments and a route: RFC 5322 §4.4.
    fn angle(&mut self) -> String {
        self.advance(1);
        let mut address = String::new();
        while let Some(first) = self.rest.chars().next() {
            match first {
                '>' => {
                    self.advance(1);
                    break;
                }
                '(' => {
                    self.comment();
                }
                '"' => {
                    let before = self.rest;
                    self.quoted();
                    let written = before.get(..before.len() - self.rest.len());
                    address.push_str(written.unwrap_or_default());
                }
                _ => {
                    if !matches!(first, ' ' | '\t' | '\r' | '\n') {
                        address.push(first);
                    }
                    self.advance(first.len_utf8());
                }
            }
        }
        match address.split_once(':') {
            Some((route, address)) if route.starts_with('@') => address.to_owned(),
            _ => address,
        }
    }
}
