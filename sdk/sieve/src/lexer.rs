//! Tokens. RFC 5228 §8.1.
//!
//! Deviation: a line may end with LF alone, as editors and other servers write it.

use crate::error::{Fault, SieveError};

/// The greatest number: what JSON can carry, too. RFC 5228 §2.4.1 asks for 2^31 - 1.
const NUMBER_MAX: u64 = (1 << 53) - 1;

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token<'s> {
    /// A name, as it is written.
    Identifier(&'s str),
    /// A tag, without its colon.
    Tag(&'s str),
    /// A number.
    Number(u64),
    /// A quoted string, or a text of several lines.
    Text(String),
    /// One of `[ ] ( ) { } , ;`.
    Mark(char),
    /// The end of the script.
    End,
}

/// Reads tokens, one by one.
#[derive(Debug)]
pub struct Lexer<'s> {
    rest: &'s str,
    line: u32,
}

impl<'s> Lexer<'s> {
    /// Begins with a script.
    pub fn new(script: &'s str) -> Self {
        Self {
            rest: script,
            line: 1,
        }
    }

    /// The line of what comes next.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// An error here.
    pub fn fail(&self, fault: Fault) -> SieveError {
        SieveError {
            line: self.line,
            fault,
        }
    }

    /// Skips white space and comments.
    pub fn skip(&mut self) -> Result<(), SieveError> {
        loop {
            let blank = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
            self.advance(self.rest.len() - blank.len());
            if self.rest.starts_with('#') {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.advance(end);
            } else if let Some(comment) = self.rest.strip_prefix("/*") {
                let end = comment.find("*/");
                let end = end.ok_or_else(|| self.fail(Fault::Unterminated("comment")))?;
                self.advance(end + 4);
            } else {
                return Ok(());
            }
        }
    }

    /// The next token; white space was skipped before.
    pub fn next(&mut self) -> Result<Token<'s>, SieveError> {
        let Some(first) = self.rest.chars().next() else {
            return Ok(Token::End);
        };
        match first {
            '[' | ']' | '(' | ')' | '{' | '}' | ',' | ';' => {
                self.advance(1);
                Ok(Token::Mark(first))
            }
            '"' => self.quoted(),
            ':' => {
                self.advance(1);
                match self.word() {
                    Some(name) => Ok(Token::Tag(name)),
                    None => Err(self.unexpected(':', "a tag")),
                }
            }
            '0'..='9' => self.number(),
            _ => match self.word() {
                Some(name) if name.eq_ignore_ascii_case("text") && self.rest.starts_with(':') => {
                    self.lines()
                }
                Some(name) => Ok(Token::Identifier(name)),
                None => Err(self.unexpected(first, "a command")),
            },
        }
    }

    fn unexpected(&self, found: char, wanted: &'static str) -> SieveError {
        self.fail(Fault::Unexpected {
            found: format!("{found:?}"),
            wanted,
        })
    }

    /// Takes so many bytes, which end at a character.
    fn advance(&mut self, len: usize) -> &'s str {
        let (taken, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, ""));
        let lines = taken.bytes().filter(|&byte| byte == b'\n').count();
        self.line = self.line.saturating_add(lines as u32);
        self.rest = rest;
        taken
    }

    fn word(&mut self) -> Option<&'s str> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = self.rest.find(|c| !allowed(c)).unwrap_or(self.rest.len());
        let starts_well = !self.rest.starts_with(|c: char| c.is_ascii_digit());
        (end > 0 && starts_well).then(|| self.advance(end))
    }

    fn number(&mut self) -> Result<Token<'s>, SieveError> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit());
        let digits = self.advance(end.unwrap_or(self.rest.len()));
        let shift = match self.rest.chars().next().map(|c| c.to_ascii_uppercase()) {
            Some('K') => 10,
            Some('M') => 20,
            Some('G') => 30,
            _ => 0,
        };
        if shift > 0 {
            self.advance(1);
        }
        if let Some(next) = self.rest.chars().next().filter(|c| c.is_alphanumeric()) {
            return Err(self.unexpected(next, "the end of a number"));
        }
        let number = digits.parse::<u64>().ok();
        let number = number.and_then(|number| number.checked_mul(1 << shift));
        match number.filter(|&number| number <= NUMBER_MAX) {
            Some(number) => Ok(Token::Number(number)),
            None => Err(self.fail(Fault::NumberTooBig)),
        }
    }

    fn quoted(&mut self) -> Result<Token<'s>, SieveError> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.advance(at + 1);
                    return Ok(Token::Text(text));
                }
                // RFC 5228 §2.4.2: a backslash before anything else is ignored.
                '\\' => text.extend(chars.next().map(|(_, c)| c)),
                c => text.push(c),
            }
        }
        Err(self.fail(Fault::Unterminated("string")))
    }

    /// A text of several lines, behind its `text`.
    fn lines(&mut self) -> Result<Token<'s>, SieveError> {
        self.advance(1);
        let rest = self.rest.trim_start_matches([' ', '\t']);
        let (opening, lines) = rest.split_once('\n').unwrap_or((rest, ""));
        let opening = opening.strip_suffix('\r').unwrap_or(opening);
        if !opening.is_empty() && !opening.starts_with('#') {
            let first = opening.chars().next().unwrap_or_default();
            return Err(self.unexpected(first, "the end of the line"));
        }
        let mut text = String::new();
        let mut left = lines;
        while !left.is_empty() {
            let (line, rest) = left.split_once('\n').unwrap_or((left, ""));
            left = rest;
            let bare = line.strip_suffix('\r').unwrap_or(line);
            if bare == "." {
                self.advance(self.rest.len() - left.len());
                return Ok(Token::Text(text));
            }
            // RFC 5228 §2.4.2: a line that begins with a dot has another one in front.
            text.push_str(
                bare.strip_prefix('.')
                    .filter(|rest| rest.starts_with('.'))
                    .unwrap_or(bare),
            );
            text.push_str("\r\n");
        }
        Err(self.fail(Fault::Unterminated("text")))
    }
}
