//! Whether commands and tests have what they take. RFC 5228 §2.6, §2.10.5, §3.

use crate::error::{Fault, SieveError};
use crate::script::{Argument, Command, Test};
use crate::value;
use crate::vocabulary::{self, COMPARATORS, EXTENSIONS, Kind, Tag, Tests, Word};

/// What is known of a script while it is read.
#[derive(Debug, Default)]
pub struct Checks {
    requires: Vec<String>,
    /// There was a command that is no `require`.
    has_begun: bool,
}

impl Checks {
    /// The extensions that were required.
    pub fn into_requires(self) -> Vec<String> {
        self.requires
    }

    fn has(&self, extension: &str) -> bool {
        self.requires.iter().any(|known| known == extension)
    }

    /// A string as it is meant. RFC 5228 §2.4.2.4.
    pub fn decode(&self, text: String, line: u32) -> Result<String, SieveError> {
        match self.has("encoded-character") {
            true => value::decode(text).map_err(|fault| SieveError { line, fault }),
            false => Ok(text),
        }
    }

    /// A command with a block begins.
    pub fn open(&mut self, name: &str, line: u32) -> Result<(), SieveError> {
        self.has_begun = true;
        match vocabulary::command(name) {
            Some(word) if word.block => Ok(()),
            Some(_) => Err(Fault::Arguments {
                word: name.to_owned(),
                wanted: "no block".to_owned(),
            }),
            None => Err(Fault::UnknownCommand(name.to_owned())),
        }
        .map_err(|fault| SieveError { line, fault })
    }

    /// Checks a command; `before` is the name of the one before it in its block.
    pub fn command(
        &mut self,
        command: &Command,
        tests: usize,
        has_block: bool,
        before: Option<&str>,
        depth: usize,
    ) -> Result<(), SieveError> {
        let check = || -> Result<(), Fault> {
            let name = command.name.as_str();
            let word = vocabulary::command(name);
            let word = word.ok_or_else(|| Fault::UnknownCommand(name.to_owned()))?;
            if word.block != has_block {
                let wanted = if word.block { "a block" } else { "no block" };
                return Err(arguments(name, wanted));
            }
            if matches!(name, "elsif" | "else") && !matches!(before, Some("if" | "elsif")) {
                return Err(Fault::NoIf(name.to_owned()));
            }
            self.word(word, &command.arguments, tests)
        };
        let fail = |fault| SieveError {
            line: command.line,
            fault,
        };
        check().map_err(fail)?;
        if command.name == "require" {
            if self.has_begun || depth > 0 {
                return Err(fail(Fault::LateRequire));
            }
            let extensions = command.arguments.iter().flat_map(Argument::texts);
            for extension in extensions {
                self.require(extension).map_err(fail)?;
            }
        } else {
            self.has_begun = true;
        }
        Ok(())
    }

    fn require(&mut self, extension: &str) -> Result<(), Fault> {
        // RFC 5228 §2.7.3: these are there anyway.
        let is_comparator = extension
            .strip_prefix("comparator-")
            .is_some_and(|name| COMPARATORS.iter().any(|(known, _)| *known == name));
        if !is_comparator && !EXTENSIONS.contains(&extension) {
            return Err(Fault::UnknownExtension(extension.to_owned()));
        }
        let mut add = |extension: &str| {
            if !self.has(extension) {
                self.requires.push(extension.to_owned());
            }
        };
        add(extension);
        // RFC 6131 §2.
        if extension == "vacation-seconds" {
            add("vacation");
        }
        Ok(())
    }

    /// Checks a test.
    pub fn test(&self, test: &Test) -> Result<(), SieveError> {
        let check = || {
            let name = test.name.as_str();
            let word = vocabulary::test(name);
            let word = word.ok_or_else(|| Fault::UnknownTest(name.to_owned()))?;
            self.word(word, &test.arguments, test.tests.len())
        };
        check().map_err(|fault| SieveError {
            line: test.line,
            fault,
        })
    }

    fn word(&self, word: &Word, given: &[Argument], tests: usize) -> Result<(), Fault> {
        self.needs(word.name.to_owned(), word.extension)?;
        let mut rest = given.iter().peekable();
        let mut tags: Vec<(&Tag, Option<&Argument>)> = Vec::new();
        while let Some(Argument::Tag(name)) = rest.peek() {
            rest.next();
            let mut known = word.tags.iter().copied().flatten();
            let tag = known.find(|tag| tag.name == name.as_str());
            let tag = tag.ok_or_else(|| Fault::UnknownTag {
                word: word.name.to_owned(),
                tag: name.clone(),
            })?;
            self.needs(format!(":{name}"), tag.extension)?;
            if tags.iter().any(|(other, _)| other.group == tag.group) {
                return Err(Fault::TwiceTagged {
                    word: word.name.to_owned(),
                    group: tag.group,
                });
            }
            let value = match tag.value {
                None => None,
                Some(kind) => match rest.next() {
                    Some(value) if is_of(kind, value) => Some(value),
                    _ => return Err(arguments(&format!(":{name}"), name_of(kind))),
                },
            };
            tags.push((tag, value));
        }
        let plain: Vec<&Argument> = rest.collect();
        if let Some(name) = plain.iter().find_map(|argument| match argument {
            Argument::Tag(name) => Some(name),
            _ => None,
        }) {
            return Err(Fault::LateTag(name.clone()));
        }
        self.plain(word, &plain)?;
        if let Some(group) = word.must
            && !tags.iter().any(|(tag, _)| tag.group == group)
        {
            return Err(arguments(word.name, &format!("one {group}")));
        }
        let has_tests = match word.tests {
            Tests::None => tests == 0,
            Tests::One => tests == 1,
            Tests::Some => tests >= 1,
        };
        if !has_tests {
            let wanted = match word.tests {
                Tests::None => "no test",
                Tests::One => "one test",
                Tests::Some => "tests in parentheses",
            };
            return Err(arguments(word.name, wanted));
        }
        value::check(word, &tags, &plain, &|name: &str| self.has(name))
    }

    /// Checks the arguments that are no tags.
    fn plain(&self, word: &Word, given: &[&Argument]) -> Result<(), Fault> {
        let fits = |kinds: &[Kind], given: &[&Argument]| {
            kinds.len() == given.len()
                && kinds
                    .iter()
                    .zip(given)
                    .all(|(&kind, argument)| is_of(kind, argument))
        };
        if fits(word.arguments, given) {
            return Ok(());
        }
        if let Some((kind, extension)) = word.optional
            && let Some((first, others)) = given.split_first()
            && is_of(kind, first)
            && fits(word.arguments, others)
        {
            return self.needs(
                format!("a further argument of {}", word.name),
                Some(extension),
            );
        }
        let kinds: Vec<&str> = word.arguments.iter().map(|&kind| name_of(kind)).collect();
        Err(match kinds.is_empty() {
            true => arguments(word.name, "no argument but tags"),
            false => arguments(word.name, &kinds.join(", then ")),
        })
    }

    fn needs(&self, what: String, extension: Option<&'static str>) -> Result<(), Fault> {
        match extension {
            Some(extension) if !self.has(extension) => Err(Fault::NotRequired { what, extension }),
            _ => Ok(()),
        }
    }
}

fn arguments(word: &str, wanted: &str) -> Fault {
    Fault::Arguments {
        word: word.to_owned(),
        wanted: wanted.to_owned(),
    }
}

fn is_of(kind: Kind, argument: &Argument) -> bool {
    match kind {
        Kind::Text => matches!(argument, Argument::Text(_)),
        // RFC 5228 §2.4.2.1: one string is as good as a list of it.
        Kind::Texts => matches!(argument, Argument::Text(_) | Argument::List(_)),
        Kind::Number => matches!(argument, Argument::Number(_)),
    }
}

fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "a string",
        Kind::Texts => "a string or a list of strings",
        Kind::Number => "a number",
    }
}
