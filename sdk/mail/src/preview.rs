//! A line that says what a message is about: the `preview` of RFC 8621 §4.1.4.

use crate::body::Body;
use crate::html;
use crate::message::Message;
use crate::part::Part;

/// The longest preview, in characters.
pub const PREVIEW_MAX: usize = 256;

/// Octets of a part that are looked at for a preview, at least.
const ENOUGH: usize = 16 << 10;

/// A piece of the text of a message, without what it quotes, on one line: no more than
/// [`PREVIEW_MAX`] characters.
pub fn preview(message: &Message<'_>, body: &Body) -> String {
    synopsis(message, body, PREVIEW_MAX)
}

/// A [`preview`] of so many characters.
pub fn synopsis(message: &Message<'_>, body: &Body, max: usize) -> String {
    let texts = body.text.iter().chain(&body.html);
    let parts = texts.filter_map(|at| message.parts().get(*at));
    let mut parts = parts.filter(|part| part.type_.starts_with("text/"));
    parts
        .find_map(|part| Some(of_part(part, max)).filter(|text| !text.is_empty()))
        .unwrap_or_default()
}

fn of_part(part: &Part<'_>, max: usize) -> String {
    // Much of a text may be quoted, and of HTML most is markup.
    let enough = max.saturating_mul(4).saturating_add(ENOUGH);
    let text = part.body_value(enough).value;
    let text = match part.type_.as_str() {
        "text/html" => html::to_text(&text, enough),
        _ => text,
    };
    let own = line(text.lines().filter(|line| !is_quoted(line)), max);
    match own.is_empty() {
        // All of it is quoted: better that than nothing.
        true => line(text.lines(), max),
        false => own,
    }
}

/// Lines that stand in a reply for what somebody else has written.
fn is_quoted(line: &str) -> bool {
    let line = line.trim();
    line.starts_with('>') || (line.starts_with("On ") && line.ends_with("wrote:"))
}

fn line<'t>(lines: impl Iterator<Item = &'t str>, max: usize) -> String {
    let mut told = String::new();
    let mut left = max;
    for word in lines.flat_map(str::split_whitespace) {
        let space = if told.is_empty() { "" } else { " " };
        // Most words are plain, and whole.
        if word.bytes().all(|byte| byte.is_ascii_graphic()) && space.len() + word.len() <= left {
            told.push_str(space);
            told.push_str(word);
            left -= space.len() + word.len();
            continue;
        }
        let plain = word.chars().filter(|char| !char.is_control());
        for char in space.chars().chain(plain) {
            if left == 0 {
                return told;
            }
            told.push(char);
            left -= 1;
        }
    }
    told.trim_end().to_owned()
}
