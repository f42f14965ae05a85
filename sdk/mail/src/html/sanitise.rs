//! HTML that is safe to show.
//!
//! What is safe decides the library ammonia, by a list of elements and attributes. It builds a tree
//! as browsers do, and their rules for elements that are not closed let a little HTML become a lot:
//! so the HTML is balanced first, with bounds on elements and depth. That step is not what makes it
//! safe.

use super::HTML_MAX;
use super::scan::{Piece, Scan, unescape};
use crate::text::cut;
use ammonia::{Builder, UrlRelative};
use std::borrow::Cow;
use std::collections::HashSet;

/// Start tags that are kept.
const TAGS_MAX: usize = 20_000;

/// How deep elements are kept in one another.
const DEPTH_MAX: usize = 100;

/// Attributes of an element that are kept.
const ATTRIBUTES_MAX: usize = 32;

/// Elements that have no contents.
const VOID: [&str; 8] = ["area", "br", "col", "hr", "img", "input", "wbr", "link"];

/// Elements that are for browsers rather than for readers, and whose rules of nesting are their own.
const DROPPED: [&str; 15] = [
    "base",
    "button",
    "embed",
    "form",
    "frame",
    "frameset",
    "input",
    "link",
    "math",
    "meta",
    "object",
    "option",
    "plaintext",
    "select",
    "svg",
];

/// What becomes of the picture that HTML refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// It is fetched from here.
    At(String),
    /// It is left out.
    Gone,
}

/// Makes HTML safe to show: no scripts, styles, forms, or frames, and links that tell nobody where
/// they were followed. `image` says where a picture comes from, given the value of its `src`: it must
/// never let strangers learn that their mail was read.
pub fn sanitise(html: &str, image: impl Fn(&str) -> Image + Send + Sync + 'static) -> String {
    let balanced = balance(cut(html, HTML_MAX));
    let mut builder = Builder::default();
    builder
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "cid"]))
        // What `image` gives may be relative; what comes from the mail may not, see below.
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer nofollow"))
        .attribute_filter(move |_, attribute, value| match attribute {
            "src" => match image(value) {
                Image::At(url) => Some(Cow::Owned(url)),
                Image::Gone => None,
            },
            "href" => is_link(value).then_some(Cow::Borrowed(value)),
            // Other ways to have something fetched.
            "srcset" | "background" | "cite" | "longdesc" => None,
            _ => Some(Cow::Borrowed(value)),
        });
    builder.clean(&balanced).to_string()
}

fn is_link(url: &str) -> bool {
    ["http:", "https:", "mailto:", "tel:"].iter().any(|scheme| {
        let start = url.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// The same HTML with every element closed where it was opened, within bounds.
fn balance(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut open: Vec<String> = Vec::new();
    let mut tags = 0;
    for piece in Scan::new(html) {
        match piece {
            Piece::Text(text) => push_escaped(text, &mut out),
            Piece::Start(name, attributes) => {
                let name = name.to_ascii_lowercase();
                let is_dropped = DROPPED.contains(&name.as_str()) || !is_name(&name);
                if is_dropped || tags >= TAGS_MAX || open.len() >= DEPTH_MAX {
                    continue;
                }
                tags += 1;
                if closes_alike(&name) && open.last() == Some(&name) {
                    close(&mut open, 1, &mut out);
                }
                out.push('<');
                out.push_str(&name);
                for (attribute, value) in attributes.take(ATTRIBUTES_MAX) {
                    push_attribute(attribute, value, &mut out);
                }
                out.push('>');
                if !VOID.contains(&name.as_str()) {
                    open.push(name);
                }
            }
            Piece::End(name) => {
                let is_it = |open: &String| open.eq_ignore_ascii_case(name);
                if let Some(at) = open.iter().rposition(is_it) {
                    let count = open.len() - at;
                    close(&mut open, count, &mut out);
                }
            }
        }
    }
    let count = open.len();
    close(&mut open, count, &mut out);
    out
}

/// Elements whose end tags are left out before another of them.
fn closes_alike(name: &str) -> bool {
    matches!(name, "p" | "li" | "td" | "th" | "tr" | "dd" | "dt" | "a")
}

fn close(open: &mut Vec<String>, count: usize, out: &mut String) {
    for _ in 0..count {
        if let Some(name) = open.pop() {
            out.push_str("</");
            out.push_str(&name);
            out.push('>');
        }
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn push_attribute(name: &str, value: &str, out: &mut String) {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !name.bytes().all(is_plain) {
        return;
    }
    let mut text = String::new();
    unescape(value, &mut text);
    out.push(' ');
    out.push_str(&name.to_ascii_lowercase());
    out.push_str("=\"");
    push_escaped(&text.replace('&', "&amp;"), out);
    out.push('"');
}

/// Character references stay as they are in text: only what would begin a tag, or end a value, is
/// written as one.
fn push_escaped(text: &str, out: &mut String) {
    for char in text.chars() {
        match char {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\0' => {}
            char => out.push(char),
        }
    }
}
