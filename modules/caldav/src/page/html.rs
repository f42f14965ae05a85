//! HTML: text that stays text, and forms that are read back.

use dav::percent_decode;

/// Appends text so that it stays text, in an element or in a quoted attribute.
pub(super) fn escape(html: &mut String, text: &str) {
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

/// Appends a piece of a page; `{}` in it is where the next of the texts goes, escaped.
pub(super) fn push(html: &mut String, piece: &str, texts: &[&str]) {
    let mut texts = texts.iter();
    let mut parts = piece.split("{}");
    html.push_str(parts.next().unwrap_or_default());
    for part in parts {
        escape(html, texts.next().copied().unwrap_or_default());
        html.push_str(part);
    }
}

/// The fields of a form: `application/x-www-form-urlencoded`. What is not UTF-8 is left out.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn parse(body: &[u8]) -> Self {
        let text = std::str::from_utf8(body).unwrap_or_default();
        let fields = text.split('&').filter_map(|field| {
            let (name, value) = field.split_once('=')?;
            let value = percent_decode(&value.replace('+', " "))?;
            Some((percent_decode(name)?, value.trim().to_owned()))
        });
        Self(fields.collect())
    }

    /// The value of a field; empty if it has none.
    pub(super) fn value(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts_and_fields_are_fields() {
        let mut html = String::new();
        push(
            &mut html,
            "<a title=\"{}\">{}</a>",
            &["\"><script>", "&\u{202E}"],
        );
        assert_eq!(
            html,
            "<a title=\"&quot;&gt;&lt;script&gt;\">&amp;\u{FFFD}</a>"
        );
        let form = Form::parse(b"name=A+%26+B&color=%23FF0000&bad=%FF");
        assert_eq!(form.value("name"), "A & B");
        assert_eq!(form.value("color"), "#FF0000");
        assert_eq!((form.value("bad"), form.value("none")), ("", ""));
    }
}
