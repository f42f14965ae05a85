//! A script, as it was read.

/// A script that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// The extensions that it requires, in the order in which it does.
    pub requires: Vec<String>,
    /// Its commands, without `require`.
    pub commands: Vec<Command>,
}

/// A command. RFC 5228 §2.9.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its name, in lower case.
    pub name: String,
    /// Its arguments, in order.
    pub arguments: Vec<Argument>,
    /// The test of `if` and `elsif`.
    pub test: Option<Test>,
    /// The commands in its block.
    pub block: Vec<Command>,
    /// The line that it begins in, from 1.
    pub line: u32,
}

/// A test. RFC 5228 §5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// Its name, in lower case.
    pub name: String,
    /// Its arguments, in order.
    pub arguments: Vec<Argument>,
    /// The tests that it is made of.
    pub tests: Vec<Test>,
    /// The line that it begins in, from 1.
    pub line: u32,
}

/// An argument. RFC 5228 §2.6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A tag, in lower case, without its colon.
    Tag(String),
    /// A number.
    Number(u64),
    /// A string.
    Text(String),
    /// A list of strings in brackets.
    List(Vec<String>),
}

impl Argument {
    /// The strings of a string or a list.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::Text(text) => std::slice::from_ref(text),
            Self::List(texts) => texts,
            Self::Tag(_) | Self::Number(_) => &[],
        }
    }
}
