//! The action "find": the time zones whose name or alias matches a pattern. RFC 7808 §5.5.

use crate::database::Database;
use crate::problem::{Kind, Problem};
use crate::query;
use crate::{json, list};
use module::Response;
use module::query::Parameters;

pub(crate) fn answer(parameters: &Parameters, database: &Database) -> Result<Response, Problem> {
    let pattern = query::one(parameters, "pattern", Kind::InvalidPattern)?;
    let pattern = Pattern::parse(pattern.unwrap_or_default())?;
    let list = list::list(database, |tzid, aliases| {
        pattern.matches(tzid) || aliases.iter().any(|alias| pattern.matches(alias))
    });
    Ok(json(list::sync_token(database), &list))
}

/// What names are compared with.
struct Pattern {
    /// The text, in lower case, with blanks for underscores.
    text: String,
    /// Whether anything may stand before it.
    open_start: bool,
    /// Whether anything may stand after it.
    open_end: bool,
}

impl Pattern {
    /// Reads a pattern: an asterisk stands for anything, and only at the beginning and the end; a
    /// backslash stands before an asterisk or backslash that is meant as such.
    fn parse(pattern: &str) -> Result<Self, Problem> {
        let wrong = |reason| Err(Problem::new(Kind::InvalidPattern, reason));
        if pattern.is_empty() {
            return wrong("the pattern is empty: send one such as *York*");
        }
        let (open_start, rest) = match pattern.strip_prefix('*') {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        let mut text = String::with_capacity(rest.len());
        let mut open_end = false;
        let mut letters = rest.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '*' if letters.as_str().is_empty() => open_end = true,
                '*' => {
                    return wrong("an asterisk stands in the middle: write \\* for the letter");
                }
                '\\' => match letters.next() {
                    Some(letter @ ('*' | '\\')) => text.push(letter),
                    _ => return wrong("a backslash stands alone: write \\\\ for the letter"),
                },
                _ => text.push(comparable(letter)),
            }
        }
        Ok(Self {
            text,
            open_start,
            open_end,
        })
    }

    fn matches(&self, name: &str) -> bool {
        let name: String = name.chars().map(comparable).collect();
        match (self.open_start, self.open_end) {
            (false, false) => name == self.text,
            (true, false) => name.ends_with(&self.text),
            (false, true) => name.starts_with(&self.text),
            (true, true) => name.contains(&self.text),
        }
    }
}

fn comparable(letter: char) -> char {
    match letter {
        '_' => ' ',
        letter => letter.to_ascii_lowercase(),
    }
}
