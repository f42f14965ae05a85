//! HTML as plain text: what somebody sees who looks at it, and what is found by searching. RFC 8621
//! §4.4.1.

use super::HTML_MAX;
use super::scan::{Piece, Scan, unescape};
use crate::text::cut;

/// Elements that begin on a line of their own.
const BLOCKS: [&str; 30] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];

/// Elements that have space around them.
const CELLS: [&str; 2] = ["td", "th"];

/// Attributes that are read to those who don't see.
const TOLD: [&str; 2] = ["alt", "title"];

/// Makes plain text of HTML, with no more than `max` octets. What is in the head, styles, scripts and
/// comments is no text; `alt` and `title` of pictures and links are.
pub fn to_text(html: &str, max: usize) -> String {
    let mut text = Text::default();
    let mut is_head = false;
    let mut raw = String::new();
    for piece in Scan::new(cut(html, HTML_MAX)) {
        match piece {
            Piece::Text(_) if is_head => {}
            Piece::Text(piece) => {
                raw.clear();
                unescape(piece, &mut raw);
                text.push(&raw);
            }
            Piece::Start(name, attributes) => {
                if name.eq_ignore_ascii_case("head") {
                    is_head = true;
                } else if name.eq_ignore_ascii_case("body") {
                    is_head = false;
                }
                text.between(name);
                // A tag has few attributes, and one that has not is not for people to read.
                for (name, value) in attributes.take(32) {
                    let is_told = TOLD.iter().any(|told| name.eq_ignore_ascii_case(told));
                    if is_told && !value.is_empty() && !is_head {
                        raw.clear();
                        unescape(value, &mut raw);
                        text.is_apart = true;
                        text.push(&raw);
                        text.is_apart = true;
                    }
                }
            }
            Piece::End(name) => {
                if name.eq_ignore_ascii_case("head") {
                    is_head = false;
                }
                text.between(name);
            }
        }
        if text.out.len() >= max {
            break;
        }
    }
    let len = cut(&text.out, max).len();
    text.out.truncate(len);
    text.out
}

/// Text whose white space is that of HTML: runs of it are one space.
#[derive(Default)]
struct Text {
    out: String,
    is_apart: bool,
    is_line: bool,
}

impl Text {
    fn push(&mut self, text: &str) {
        for char in text.chars() {
            if char.is_whitespace() {
                self.is_apart = true;
                continue;
            }
            if !self.out.is_empty() {
                match (self.is_line, self.is_apart) {
                    (true, _) => self.out.push('\n'),
                    (false, true) => self.out.push(' '),
                    (false, false) => {}
                }
            }
            (self.is_line, self.is_apart) = (false, false);
            self.out.push(char);
        }
    }

    fn between(&mut self, element: &str) {
        let is = |names: &[&str]| names.iter().any(|name| element.eq_ignore_ascii_case(name));
        self.is_line |= is(&BLOCKS);
        self.is_apart |= is(&CELLS);
    }
}
