//! Taking HTML apart: text, tags, and nothing else. One pass, whose work is that of its length.

/// What HTML is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Text, with its character references.
    Text(&'a str),
    /// A start tag: its name, and where its attributes are.
    Start(&'a str, Attributes<'a>),
    /// An end tag.
    End(&'a str),
}

/// The attributes of a tag: names and values, with their character references.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attributes<'a>(&'a str);

/// Elements whose contents are not text to be read.
const HIDDEN: [&str; 8] = [
    "script", "style", "title", "template", "noscript", "textarea", "xmp", "iframe",
];

/// The pieces of HTML. Comments, declarations, and what is never shown are left out.
pub(crate) struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(html: &'a str) -> Self {
        Self { rest: html }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Passes over the rest up to and with this, or all of it.
    fn skip_past(&mut self, end: &str) {
        let end = self.rest.find(end).map(|at| at + end.len());
        self.take(end.unwrap_or(self.rest.len()));
    }

    /// What follows a `<`, if it is a tag.
    fn tag(&mut self) -> Option<Piece<'a>> {
        let is_end = self.rest.starts_with("</");
        let inner = self.rest.get(if is_end { 2 } else { 1 }..)?;
        let name_end = inner.find(|char: char| char.is_ascii_whitespace() || "/>".contains(char));
        let name = inner.get(..name_end.unwrap_or(inner.len()))?;
        let attributes = inner.get(name.len()..)?;
        let len = tag_len(attributes);
        let attributes = attributes.get(..len).unwrap_or(attributes);
        self.take(self.rest.len() - inner.len() + name.len() + len + 1);
        Some(match is_end {
            true => Piece::End(name),
            false => {
                let hidden = HIDDEN
                    .iter()
                    .find(|hidden| name.eq_ignore_ascii_case(hidden));
                if let Some(hidden) = hidden {
                    self.skip_element(hidden);
                }
                Piece::Start(name, Attributes(attributes))
            }
        })
    }

    /// Passes over the contents of an element that holds no elements.
    fn skip_element(&mut self, name: &str) {
        let ends = |at: &usize| {
            let after = self.rest.get(at + 2..at + 2 + name.len());
            after.is_some_and(|after| after.eq_ignore_ascii_case(name))
        };
        let end = self.rest.match_indices("</").map(|(at, _)| at).find(ends);
        self.take(end.unwrap_or(self.rest.len()));
    }
}

/// Where the tag ends: the first `>` that is not in quotes.
fn tag_len(attributes: &str) -> usize {
    let mut quote = None;
    let mut is_value = false;
    for (at, byte) in attributes.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'>') => return at,
            (None, b'"' | b'\'') if is_value => quote = Some(byte),
            (None, b' ' | b'\t' | b'\r' | b'\n') => {}
            (None, _) => is_value = byte == b'=',
        }
    }
    attributes.len()
}

impl<'a> Iterator for Scan<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let at = self.rest.find('<').unwrap_or(self.rest.len());
            if at > 0 {
                return Some(Piece::Text(self.take(at)));
            }
            if self.rest.starts_with("<!--") {
                self.take(4);
                self.skip_past("-->");
                continue;
            }
            let mut after = self.rest.chars().skip(1);
            match (after.next(), after.next()) {
                (Some('!' | '?'), _) => self.skip_past(">"),
                (Some('/'), Some(letter)) if letter.is_ascii_alphabetic() => return self.tag(),
                (Some('/'), Some(_)) => self.skip_past(">"),
                (Some(letter), _) if letter.is_ascii_alphabetic() => return self.tag(),
                _ => return Some(Piece::Text(self.take(1))),
            }
        }
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let is_space = |char: char| char.is_ascii_whitespace();
        let rest = self
            .0
            .trim_start_matches(|char| is_space(char) || char == '/');
        if rest.is_empty() {
            return None;
        }
        let ends = |char: char| is_space(char) || "=/".contains(char);
        // An equals sign at the beginning is part of the name.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let name_end = rest.get(first..).and_then(|rest| rest.find(ends));
        let (name, rest) = rest.split_at(name_end.map_or(rest.len(), |end| first + end));
        let Some(value) = rest.trim_start_matches(is_space).strip_prefix('=') else {
            self.0 = rest;
            return Some((name, ""));
        };
        let value = value.trim_start_matches(is_space);
        let quote = value.chars().next().filter(|char| "\"'".contains(*char));
        let (value, rest) = match quote {
            Some(quote) => {
                let value = value.get(1..).unwrap_or_default();
                value.split_once(quote).unwrap_or((value, ""))
            }
            None => value.split_at(value.find(is_space).unwrap_or(value.len())),
        };
        self.0 = rest;
        Some((name, value))
    }
}

/// Writes text with its character references resolved.
pub(crate) fn unescape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (plain, reference) = rest.split_at(at);
        out.push_str(plain);
        let end = reference.bytes().take(40).position(|byte| byte == b';');
        match end.and_then(|end| reference.split_at_checked(end + 1)) {
            Some((reference, after)) if reference.is_ascii() => {
                mail_parser::decoders::html::add_html_token(out, reference.as_bytes(), false);
                rest = after;
            }
            _ => {
                out.push('&');
                rest = reference.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
}
