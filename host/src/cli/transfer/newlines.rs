//! Lines end with CR LF in a store, as they do on the wire, and with LF in files of mail.

/// With CR LF at the end of every line.
pub fn to_wire(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 32);
    let mut before = 0;
    for &byte in bytes {
        if byte == b'\n' && before != b'\r' {
            out.push(b'\r');
        }
        out.push(byte);
        before = byte;
    }
    out
}

/// With LF at the end of every line.
pub fn to_file(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for (at, &byte) in bytes.iter().enumerate() {
        if byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            out.push(byte);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_they_should() {
        assert_eq!(to_wire(b"a\nb\r\nc\n\n"), b"a\r\nb\r\nc\r\n\r\n");
        assert_eq!(to_file(b"a\r\nb\rc\r\n\r\n"), b"a\nb\rc\n\n");
        let wire = b"A: b\r\n\r\nbody\r\n";
        assert_eq!(to_wire(&to_file(wire)), wire);
    }
}
