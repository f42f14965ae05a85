//! HTML: pieces of a page with texts in them.

use dav::page::escape;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
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
    }
}
