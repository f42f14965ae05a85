//! Paths below the mount: parts that are decoded once, compared decoded, and encoded into hrefs.
//! RFC 3986 §2.1, §3.3; RFC 4918 §8.3.

/// Where a resource is: decoded parts below the mount, the mount itself being empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(Vec<String>);

impl Path {
    /// The path with these parts.
    pub fn new<S: Into<String>>(parts: impl IntoIterator<Item = S>) -> Self {
        Self(parts.into_iter().map(Into::into).collect())
    }

    /// Decodes an absolute path of a URI. The flag says whether it ended with a slash.
    ///
    /// Empty parts are dropped, as file systems do. There is no path if a part is `.` or `..`,
    /// holds an encoded slash or NUL, or is not UTF-8.
    pub fn parse(encoded: &str) -> Option<(Self, bool)> {
        let mut parts = Vec::new();
        for part in encoded.split('/').filter(|part| !part.is_empty()) {
            let part = percent_decode(part)?;
            if part == "." || part == ".." || part.contains(['/', '\0']) {
                return None;
            }
            parts.push(part);
        }
        Some((Self(parts), encoded.ends_with('/')))
    }

    /// The decoded parts.
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// The last part; none for the mount itself.
    pub fn name(&self) -> Option<&str> {
        self.0.last().map(String::as_str)
    }

    /// The path without its last part; none for the mount itself.
    pub fn parent(&self) -> Option<Path> {
        self.0.split_last().map(|(_, rest)| Path(rest.to_vec()))
    }

    /// The path with one part more.
    pub fn join(&self, name: &str) -> Path {
        let mut parts = self.0.clone();
        parts.push(name.to_owned());
        Path(parts)
    }

    /// Whether this is `other` or inside of it.
    pub fn is_within(&self, other: &Path) -> bool {
        self.0.starts_with(&other.0)
    }

    /// What is left of it inside of `other`.
    pub fn strip(&self, other: &Path) -> Option<&[String]> {
        self.0.strip_prefix(other.0.as_slice())
    }

    /// Appends `/part/part`, encoded, without a slash at the end. Safe inside XML.
    pub fn write(&self, out: &mut String) {
        for part in &self.0 {
            out.push('/');
            percent_encode(out, part);
        }
    }
}

/// Appends a part of a path, encoded. Safe inside XML: `&` and `'` are encoded as well.
pub fn percent_encode(out: &mut String, part: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let is_plain = |byte: u8| PLAIN.get(usize::from(byte)).copied().unwrap_or(false);
    let mut start = 0;
    while let Some(rest) = part.as_bytes().get(start..) {
        let len = rest.iter().take_while(|byte| is_plain(**byte)).count();
        // What is plain is ASCII, so that it begins and ends between characters.
        out.push_str(part.get(start..start + len).unwrap_or_default());
        let Some(byte) = rest.get(len) else {
            return;
        };
        let digit = |nibble: u8| {
            HEX.get(usize::from(nibble))
                .copied()
                .map_or('0', char::from)
        };
        out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        start += len + 1;
    }
}

/// For each byte whether it stands for itself in a part of a path of ours.
static PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut plain: &[u8] =
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$()*+,;=:@";
    while let [byte, rest @ ..] = plain {
        if let [slot, ..] = table.split_at_mut(*byte as usize).1 {
            *slot = true;
        }
        plain = rest;
    }
    table
};

/// Decodes `%XX`; none if a triplet is broken or the result is not UTF-8.
pub fn percent_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            out.push((high * 16 + low) as u8);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn encoding_round_trips() {
        for (encoded, parts, slash) in [
            ("/", &[][..], true),
            ("", &[], false),
            ("/a/b%20c/", &["a", "b c"], true),
            ("//a//b", &["a", "b"], false),
            ("/%C3%BC/x%26y@z", &["ü", "x&y@z"], false),
        ] {
            let (path, ended) = Path::parse(encoded).unwrap();
            assert_eq!(
                (path.parts(), ended),
                (Path::new(parts.iter().copied()).parts(), slash)
            );
            let mut out = String::new();
            path.write(&mut out);
            assert_eq!(Path::parse(&out).unwrap().0, path);
        }
        for bad in [
            "/a/../b", "/%2e%2E/", "/a%2Fb", "/%00", "/%FF", "/%", "/%4", "/%zz",
        ] {
            assert_eq!(Path::parse(bad), None, "{bad}");
        }
    }
}
