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

    /// Writes what was written elsewhere.
    pub(crate) fn written(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Writes text, also between quotes.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        let is_ascii = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
        if text.bytes().all(is_ascii) || !text.contains(is_unfit) {
            xml::escape_attribute(&mut self.0, text);
        } else {
            xml::escape_attribute(&mut self.0, &text.replace(is_unfit, ""));
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

/// Says whether XML can't carry a character (XML 1.0 §2.2), or HTML should not.
fn is_unfit(char: char) -> bool {
    let is_space = matches!(char, '\t' | '\n' | '\r');
    (char.is_control() && !is_space) || matches!(char, '\u{fffe}' | '\u{ffff}')
}
