//! The lines of a message that goes out: RFC 5321 §2.3.8.

use std::borrow::Cow;

/// The message, with a CRLF for each CR and LF that stands alone. They are not to be sent: another
/// program on the way may take `.` between two of them for the end of the message, and what follows
/// for commands.
pub fn whole(message: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Vec::new();
    let mut copied = 0;
    for (at, &byte) in message.iter().enumerate() {
        let is_bare = match byte {
            b'\r' => message.get(at + 1) != Some(&b'\n'),
            b'\n' => at == 0 || message.get(at - 1) != Some(&b'\r'),
            _ => false,
        };
        if is_bare {
            out.extend_from_slice(message.get(copied..at).unwrap_or_default());
            out.extend_from_slice(b"\r\n");
            copied = at + 1;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(message);
    }
    out.extend_from_slice(message.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn what_stands_alone_becomes_a_line_end() {
        assert_eq!(&*whole(b"a\r\n.b\r\n"), b"a\r\n.b\r\n");
        assert_eq!(&*whole(b"\n.\r\rb\n"), b"\r\n.\r\n\r\nb\r\n");
        assert_eq!(&*whole(b"a\r\r\n\nb\r"), b"a\r\n\r\n\r\nb\r\n");
        assert_eq!(&*whole(b""), b"");
    }
}
