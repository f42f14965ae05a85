//! The header section in front of a body: what makes a message of it, for whoever reads the same
//! mailbox as mail. RFC 5322, RFC 2045, RFC 2047, RFC 2183, RFC 2231.

use crate::Time;

/// What the header section of a member says.
pub(super) struct Header<'a> {
    /// Who puts it there.
    pub(super) principal: Option<&'a str>,
    /// The domain of that principal, and of the message's name.
    pub(super) domain: &'a str,
    /// The member's name.
    pub(super) name: &'a str,
    /// When.
    pub(super) date: Time,
    /// A text that no other message has.
    pub(super) unique: u128,
    /// The media type of the body.
    pub(super) content_type: &'a str,
    /// The bytes of the body.
    pub(super) length: u64,
}

impl Header<'_> {
    /// The section, with the empty line that ends it.
    pub(super) fn write(&self) -> Vec<u8> {
        let domain = clean(self.domain);
        let from = clean(self.principal.unwrap_or("anonymous"));
        // RFC 5322 §3.3 differs from the date of HTTP in the zone alone.
        let date = self.date.http_date().replace("GMT", "+0000");
        let mut out = String::with_capacity(512);
        let mut line = |name: &str, value: &str| {
            out.push_str(name);
            out.push_str(": ");
            out.push_str(value);
            out.push_str("\r\n");
        };
        line("From", &format!("<{}@{domain}>", mailbox_word(&from)));
        line("Subject", &unstructured(self.name));
        line("Date", &date);
        line("Message-ID", &format!("<{:032x}@{domain}>", self.unique));
        line("MIME-Version", "1.0");
        line("Content-Type", &clean(self.content_type));
        line("Content-Length", &self.length.to_string());
        line(
            "Content-Disposition",
            &format!("attachment;\r\n {}", filename(self.name)),
        );
        line("Content-Transfer-Encoding", "binary");
        out.push_str("\r\n");
        out.into_bytes()
    }
}

/// Nothing that a client names may end a line.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(500)
        .collect()
}

/// The part before the `@`, quoted where RFC 5322 §3.4.1 wants that.
fn mailbox_word(text: &str) -> String {
    let is_atom =
        |character: char| character.is_ascii_alphanumeric() || "._-+=".contains(character);
    match !text.is_empty() && text.chars().all(is_atom) {
        true => text.to_owned(),
        false => format!("\"{}\"", quoted(text)),
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// A text, in encoded words if it is not ASCII. RFC 2047 §2 lets each have 75 characters.
fn unstructured(text: &str) -> String {
    let text = clean(text);
    if text.is_ascii() {
        return text;
    }
    const BYTES_MAX: usize = 39;
    let mut words: Vec<String> = vec![String::new()];
    for character in text.chars() {
        let full = words
            .last()
            .is_some_and(|word| word.len() + character.len_utf8() > BYTES_MAX);
        if full {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    let encoded: Vec<String> = words
        .iter()
        .map(|word| format!("=?UTF-8?B?{}?=", base64(word.as_bytes())))
        .collect();
    encoded.join("\r\n ")
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS
                .get((group >> (18 - 6 * place) & 63) as usize)
                .copied();
            let padded = place > chunk.len();
            out.push(if padded {
                '='
            } else {
                char::from(digit.unwrap_or(b'A'))
            });
        }
    }
    out
}

/// The parameter with the name: RFC 2183 §2.3, and RFC 2231 §4 if it is not ASCII.
fn filename(name: &str) -> String {
    let name = clean(name);
    if name.is_ascii() {
        return format!("filename=\"{}\"", quoted(&name));
    }
    let mut encoded = String::from("filename*=utf-8''");
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn header(name: &str) -> String {
        let header = Header {
            principal: Some("alice"),
            domain: "example.org",
            name,
            date: Time(784_111_777),
            unique: 7,
            content_type: "text/plain; charset=utf-8\r\nEvil: yes",
            length: 3,
        };
        String::from_utf8_lossy(&header.write()).into_owned()
    }

    #[test]
    fn rfc5322_2_1_lines_end_where_they_should() {
        let text = header("a\r\nb.txt");
        assert!(text.starts_with("From: <alice@example.org>\r\nSubject: ab.txt\r\n"));
        assert!(text.contains("Date: Sun, 06 Nov 1994 08:49:37 +0000\r\n"));
        assert!(text.contains("filename=\"ab.txt\"\r\n"));
        assert!(text.contains("text/plain; charset=utf-8Evil: yes\r\n"));
        assert!(text.ends_with("\r\n\r\n"));
    }

    #[test]
    fn rfc2047_2_names_that_are_not_ascii_are_encoded() {
        let text = header("Übersicht für das ganze lange Jahr 2026.pdf");
        assert!(text.is_ascii());
        assert!(text.contains("Subject: =?UTF-8?B?w5xiZXJzaWNodCBmw7"));
        assert!(text.contains("filename*=utf-8''%C3%9Cbersicht%20f"));
        assert!(text.lines().all(|line| line.len() <= 200));
    }
}
