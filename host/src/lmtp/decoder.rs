//! The lines of a message as they come: the dots of DATA (RFC 5321 §4.5.2) taken away, the end found,
//! and line ends looked at. A CR or LF that stands alone is not passed on: another program on the way
//! may take it for the end of a line, and what follows for commands.

/// Where in a line the decoder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before its first byte.
    Start,
    /// Behind a dot that was its first byte.
    Dot,
    /// Behind a dot and a CR.
    DotCr,
    /// Somewhere in it.
    Text,
    /// Behind a CR.
    Cr,
}

/// Decodes one message.
#[derive(Debug)]
pub struct Decoder {
    at: At,
    dots: bool,
    done: bool,
    bare: bool,
}

impl Decoder {
    /// For DATA: a line with nothing but a dot ends the message.
    pub fn data() -> Self {
        Self::new(true)
    }

    /// For BDAT: whoever feeds it knows the end. RFC 3030 §2.
    pub fn chunks() -> Self {
        Self::new(false)
    }

    fn new(dots: bool) -> Self {
        Self {
            at: At::Start,
            dots,
            done: false,
            bare: false,
        }
    }

    /// The line with nothing but a dot has come.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// A CR or LF stood alone, or stands alone if nothing more comes.
    pub fn is_bare(&self) -> bool {
        self.bare || (!self.done && matches!(self.at, At::Cr | At::DotCr))
    }

    /// Takes bytes up to the end of the message, and returns how many it took. What they mean is
    /// appended to `out`.
    pub fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
        for (taken, &byte) in input.iter().enumerate() {
            self.byte(byte, out);
            if self.done {
                return taken + 1;
            }
        }
        input.len()
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        match (self.at, byte) {
            (At::Start, b'.') if self.dots => {
                self.at = At::Dot;
                return;
            }
            (At::Dot, b'\r') => {
                self.at = At::DotCr;
                return;
            }
            (At::DotCr, b'\n') => {
                self.done = true;
                return;
            }
            (At::Cr, b'\n') => {
                self.at = At::Start;
                out.extend_from_slice(b"\r\n");
                return;
            }
            // The CR was not followed by LF.
            (At::DotCr | At::Cr, _) => self.bare = true,
            _ => {}
        }
        match byte {
            b'\r' => self.at = At::Cr,
            b'\n' => {
                self.bare = true;
                self.at = At::Text;
            }
            _ => {
                self.at = At::Text;
                out.push(byte);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes in pieces of every size: what was decoded, what is left, and whether it was bare.
    fn decode(input: &[u8]) -> (Vec<u8>, Vec<u8>, bool) {
        let whole = decode_in(input, input.len().max(1));
        for size in 1..input.len() {
            assert_eq!(decode_in(input, size), whole, "{size}");
        }
        whole
    }

    fn decode_in(input: &[u8], size: usize) -> (Vec<u8>, Vec<u8>, bool) {
        let mut decoder = Decoder::data();
        let mut out = Vec::new();
        let mut taken = 0;
        for piece in input.chunks(size) {
            taken += decoder.feed(piece, &mut out);
            if decoder.is_done() {
                break;
            }
        }
        (out, input[taken..].to_vec(), decoder.is_bare())
    }

    #[test]
    fn s4_5_2_dots_are_taken_away_and_the_end_is_found() {
        let (out, rest, bare) = decode(b"a\r\n..b\r\n.c\r\n.\r\nQUIT\r\n");
        assert_eq!(out, b"a\r\n.b\r\nc\r\n");
        assert_eq!(rest, b"QUIT\r\n");
        assert!(!bare);
        let (out, rest, bare) = decode(b".\r\n.\r\n");
        assert_eq!(
            (out.as_slice(), rest.as_slice(), bare),
            (&b""[..], &b".\r\n"[..], false)
        );
    }

    /// What looks like an end to others is none, and the message is known for what it is.
    #[test]
    fn only_cr_lf_dot_cr_lf_ends_a_message() {
        for smuggled in [
            &b"a\n.\r\nMAIL FROM:<x>\r\n.\r\n"[..],
            b"a\r\n.\nMAIL FROM:<x>\r\n.\r\n",
            b"a\n.\nMAIL FROM:<x>\r\n.\r\n",
            b"a\r.\rMAIL FROM:<x>\r\n.\r\n",
            b"a\r\n.\rMAIL FROM:<x>\r\n.\r\n",
            b"a\r.\r\nMAIL FROM:<x>\r\n.\r\n",
            b"a\r\r\n.\r\n",
        ] {
            let (_, rest, bare) = decode(smuggled);
            assert_eq!(rest, b"");
            assert!(bare, "{smuggled:?}");
        }
    }

    #[test]
    fn chunks_have_no_dots() {
        let mut decoder = Decoder::chunks();
        let mut out = Vec::new();
        assert_eq!(decoder.feed(b".\r\n..\r\n", &mut out), 7);
        assert_eq!(out, b".\r\n..\r\n");
        assert!(!decoder.is_done() && !decoder.is_bare());
        decoder.feed(b"a\r", &mut out);
        assert!(decoder.is_bare());
    }
}
