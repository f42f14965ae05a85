//! Text into HTML.

/// Appends text so that it stays text, in an element or in a quoted attribute.
pub fn escape(html: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // Turning marks would let a name pretend to be another.
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => html.push('\u{FFFD}'),
            character if character.is_control() => html.push('\u{FFFD}'),
            character => html.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
        let mut html = String::new();
        escape(&mut html, "<a href=\"x\">&'\u{202E}\n");
        assert_eq!(
            html,
            "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\u{FFFD}\u{FFFD}"
        );
    }
}
