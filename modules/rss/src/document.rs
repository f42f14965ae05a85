//! Writing XML and HTML.

/// A document that is being written.
#[derive(Debug, Default)]
pub(crate) struct Document(Vec<u8>);

impl Document {
    /// Writes markup.
    pub(crate) fn raw(&mut self, markup: &str) -> &mut Self {
        self.0.extend_from_slice(markup.as_bytes());
        self
    }

    /// Writes text, also between quotes.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        let is_plain = |char: char| !matches!(char, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
        match text.chars().all(is_plain) {
            true => xml::escape_attribute(&mut self.0, text),
            // What XML can't carry (XML 1.0 §2.2), and HTML should not.
            false => {
                let text: String = text.chars().filter(|char| is_plain(*char)).collect();
                xml::escape_attribute(&mut self.0, &text);
            }
        }
        self
    }

    /// Writes an element that holds text.
    pub(crate) fn element(&mut self, name: &str, text: &str) -> &mut Self {
        self.raw("<").raw(name).raw(">");
        self.text(text).raw("</").raw(name).raw(">\n")
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}
