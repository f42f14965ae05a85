//! The grammar. RFC 5228 §8.2.

use crate::check::Checks;
use crate::error::{Fault, SieveError};
use crate::lexer::{Lexer, Token};
use crate::script::{Argument, Command, Script, Test};
use crate::{DEPTH_MAX, SIZE_MAX};

impl Script {
    /// Reads a script; the error says what is wrong first, and in which line.
    pub fn parse(bytes: &[u8]) -> Result<Self, SieveError> {
        let first_line = |fault| SieveError { line: 1, fault };
        if bytes.len() > SIZE_MAX {
            return Err(first_line(Fault::TooLong));
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return Err(not_text(bytes, error.valid_up_to())),
        };
        let is_alone = |at: usize| bytes.get(at + 1) != Some(&b'\n');
        let mut bytes_of = text.bytes().enumerate();
        if let Some((at, _)) =
            bytes_of.find(|&(at, byte)| byte == 0 || (byte == b'\r' && is_alone(at)))
        {
            return Err(not_text(bytes, at));
        }
        let mut parser = Parser {
            lexer: Lexer::new(text),
            token: Token::End,
            line: 1,
            checks: Checks::default(),
        };
        parser.advance()?;
        let commands = parser.commands(0)?;
        if parser.token != Token::End {
            return Err(parser.unexpected("a command"));
        }
        Ok(Self {
            requires: parser.checks.into_requires(),
            commands,
        })
    }
}

fn not_text(bytes: &[u8], at: usize) -> SieveError {
    let before = bytes.iter().take(at);
    let lines = before.filter(|&&byte| byte == b'\n').count();
    SieveError {
        line: u32::try_from(lines + 1).unwrap_or(u32::MAX),
        fault: Fault::NotText,
    }
}

struct Parser<'s> {
    lexer: Lexer<'s>,
    /// What comes next.
    token: Token<'s>,
    /// The line that it begins in.
    line: u32,
    checks: Checks,
}

impl<'s> Parser<'s> {
    fn advance(&mut self) -> Result<Token<'s>, SieveError> {
        self.lexer.skip()?;
        self.line = self.lexer.line();
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn fail(&self, fault: Fault) -> SieveError {
        SieveError {
            line: self.line,
            fault,
        }
    }

    fn unexpected(&self, wanted: &'static str) -> SieveError {
        let found = match &self.token {
            Token::Identifier(name) => format!("{name:?}"),
            Token::Tag(name) => format!("\":{name}\""),
            Token::Number(number) => format!("the number {number}"),
            Token::Text(_) => "a string".to_owned(),
            Token::Mark(mark) => format!("\"{mark}\""),
            Token::End => "the end of the script".to_owned(),
        };
        self.fail(Fault::Unexpected { found, wanted })
    }

    fn take(&mut self, mark: char) -> Result<bool, SieveError> {
        let is_there = self.token == Token::Mark(mark);
        if is_there {
            self.advance()?;
        }
        Ok(is_there)
    }

    /// Commands, as far as they go: up to the end of the block or of the script.
    fn commands(&mut self, depth: usize) -> Result<Vec<Command>, SieveError> {
        let mut commands: Vec<Command> = Vec::new();
        while let Token::Identifier(name) = self.token {
            let (name, line) = (name.to_ascii_lowercase(), self.line);
            self.advance()?;
            let (arguments, tests) = self.arguments(depth)?;
            let (block, has_block) = match self.take('{')? {
                true if depth >= DEPTH_MAX => return Err(self.fail(Fault::TooDeep)),
                true => {
                    // What stands before its block must be right for what stands within: `require`.
                    self.checks.open(&name, line)?;
                    let block = self.commands(depth + 1)?;
                    if !self.take('}')? {
                        return Err(self.unexpected("a command or \"}\""));
                    }
                    (block, true)
                }
                false if self.take(';')? => (Vec::new(), false),
                false => return Err(self.unexpected("an argument, \"{\" or \";\"")),
            };
            let tests_given = tests.len();
            let command = Command {
                name,
                arguments,
                test: tests.into_iter().next(),
                block,
                line,
            };
            let before = commands.last().map(|before| before.name.as_str());
            self.checks
                .command(&command, tests_given, has_block, before, depth)?;
            if command.name != "require" {
                commands.push(command);
            }
        }
        Ok(commands)
    }

    fn arguments(&mut self, depth: usize) -> Result<(Vec<Argument>, Vec<Test>), SieveError> {
        let mut arguments = Vec::new();
        loop {
            let argument = match &self.token {
                Token::Tag(name) => Argument::Tag(name.to_ascii_lowercase()),
                Token::Number(number) => Argument::Number(*number),
                Token::Text(_) => Argument::Text(self.text()?),
                Token::Mark('[') => {
                    arguments.push(Argument::List(self.list()?));
                    continue;
                }
                Token::Mark('(') => return Ok((arguments, self.tests(depth)?)),
                Token::Identifier(_) => return Ok((arguments, vec![self.test(depth)?])),
                Token::Mark(_) | Token::End => return Ok((arguments, Vec::new())),
            };
            if !matches!(argument, Argument::Text(_)) {
                self.advance()?;
            }
            arguments.push(argument);
        }
    }

    fn text(&mut self) -> Result<String, SieveError> {
        if !matches!(self.token, Token::Text(_)) {
            return Err(self.unexpected("a string"));
        }
        match self.advance()? {
            Token::Text(text) => self.checks.decode(text, self.line),
            _ => Ok(String::new()),
        }
    }

    fn list(&mut self) -> Result<Vec<String>, SieveError> {
        self.advance()?;
        let mut texts = vec![self.text()?];
        while self.take(',')? {
            texts.push(self.text()?);
        }
        match self.take(']')? {
            true => Ok(texts),
            false => Err(self.unexpected("\",\" or \"]\"")),
        }
    }

    fn tests(&mut self, depth: usize) -> Result<Vec<Test>, SieveError> {
        self.advance()?;
        let mut tests = vec![self.test(depth)?];
        while self.take(',')? {
            tests.push(self.test(depth)?);
        }
        match self.take(')')? {
            true => Ok(tests),
            false => Err(self.unexpected("\",\" or \")\"")),
        }
    }

    fn test(&mut self, depth: usize) -> Result<Test, SieveError> {
        let Token::Identifier(name) = self.token else {
            return Err(self.unexpected("a test"));
        };
        if depth >= DEPTH_MAX {
            return Err(self.fail(Fault::TooDeep));
        }
        let (name, line) = (name.to_ascii_lowercase(), self.line);
        self.advance()?;
        let (arguments, tests) = self.arguments(depth + 1)?;
        let test = Test {
            name,
            arguments,
            tests,
            line,
        };
        self.checks.test(&test)?;
        Ok(test)
    }
}
