//! Which parts of a message are its text, and which are attached to it: the algorithm of RFC 8621
//! §4.1.4.

use crate::message::Message;
use crate::part::Part;

/// The parts of a message in the order in which they are to be shown: numbers in
/// [`Message::parts`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Body {
    /// What to show where plain text is preferred.
    pub text: Vec<usize>,
    /// What to show where HTML is preferred.
    pub html: Vec<usize>,
    /// What is attached.
    pub attachments: Vec<usize>,
}

/// Signatures, which clients check by themselves.
const SIGNATURES: [&str; 3] = [
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
];

impl Body {
    /// Sorts the parts of a message.
    pub fn of(message: &Message<'_>) -> Self {
        let mut body = Self::default();
        body.sort(message, &[0], "mixed", false, (true, true));
        body
    }

    /// `wanted` says whether parts become text and HTML; the depth is that of the message.
    fn sort(
        &mut self,
        message: &Message<'_>,
        parts: &[usize],
        multipart: &str,
        in_alternative: bool,
        wanted: (bool, bool),
    ) {
        let (mut text, mut html) = wanted;
        let (text_len, html_len) = (self.text.len(), self.html.len());
        for (position, &number) in parts.iter().enumerate() {
            let Some(part) = message.parts().get(number) else {
                continue;
            };
            if part.is_multipart() {
                let sub = part.type_.strip_prefix("multipart/").unwrap_or_default();
                let in_alternative = in_alternative || sub == "alternative";
                self.sort(message, &part.sub_parts, sub, in_alternative, (text, html));
                continue;
            }
            if !is_inline(part, position, multipart) {
                self.attachments.push(number);
                continue;
            }
            if multipart == "alternative" {
                match part.type_.as_str() {
                    "text/plain" if text => self.text.push(number),
                    "text/html" if html => self.html.push(number),
                    // Where another alternative has been chosen above, the algorithm as printed has
                    // no list for one of these.
                    _ => self.attachments.push(number),
                }
                continue;
            }
            if in_alternative {
                match part.type_.as_str() {
                    "text/plain" => html = false,
                    "text/html" => text = false,
                    _ => {}
                }
            }
            if text {
                self.text.push(number);
            }
            if html {
                self.html.push(number);
            }
            let is_shown = text || html;
            if !(text && html) && (part.is_media() || !is_shown) {
                self.attachments.push(number);
            }
        }
        if multipart == "alternative" && text && html {
            match (self.text.len() > text_len, self.html.len() > html_len) {
                (false, true) => self.text.extend(self.html.iter().skip(html_len)),
                (true, false) => self.html.extend(self.text.iter().skip(text_len)),
                _ => {}
            }
        }
    }

    /// Says whether there is something to download: an attachment that is not shown in the text, and
    /// no signature. Pictures that HTML refers to lie next to it in a `multipart/related`.
    pub fn has_attachment(&self, message: &Message<'_>) -> bool {
        let mut attached = self
            .attachments
            .iter()
            .filter_map(|at| message.parts().get(*at));
        attached.any(|part| {
            let parent = part.parent.and_then(|parent| message.parts().get(parent));
            let is_related = parent.is_some_and(|parent| parent.type_ == "multipart/related");
            let is_picture = is_related && part.is_media() && part.cid().is_some();
            part.disposition() != Some("inline")
                && !(is_picture && part.disposition().is_none())
                && !SIGNATURES.contains(&part.type_.as_str())
        })
    }
}

fn is_inline(part: &Part<'_>, position: usize, multipart: &str) -> bool {
    let is_shown = matches!(part.type_.as_str(), "text/plain" | "text/html") || part.is_media();
    // In a related one only the first is the text; a text with a name that is not the first is a
    // file.
    let is_first =
        position == 0 || (multipart != "related" && (part.is_media() || part.name().is_none()));
    part.disposition() != Some("attachment") && is_shown && is_first
}
