//! RFC 2045 §6: transfer encodings, at once and piece by piece.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use mail::{Decoder, Encoding, decode, decoded_len};

fn check(encoding: Encoding, encoded: &[u8], decoded: &[u8]) {
    assert_eq!(
        &*decode(encoded, encoding),
        decoded,
        "{:?}",
        String::from_utf8_lossy(encoded)
    );
    assert_eq!(decoded_len(encoded, encoding), decoded.len());
    for piece in 1..=encoded.len().clamp(1, 9) {
        let mut decoder = Decoder::new(encoding);
        let mut out = Vec::new();
        for piece in encoded.chunks(piece) {
            decoder.push(piece, &mut out);
        }
        decoder.end(&mut out);
        assert_eq!(
            out,
            decoded,
            "{:?} by {piece}",
            String::from_utf8_lossy(encoded)
        );
    }
}

#[test]
fn s6_7_quoted_printable() {
    for (encoded, decoded) in [
        // The example of rule 5.
        (
            "Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.",
            "Now's the time for all folk to come to the aid of their country.",
        ),
        ("a=3Db=0D=0Ac", "a=b\r\nc"),
        // Rule 3: white space that was added on the way is taken off.
        ("a \t\r\nb=20\r\n", "a\r\nb \r\n"),
        ("soft = \r\nbreak", "soft break"),
        // Not valid, and left as it is.
        ("a=zzb=", "a=zzb"),
        ("=4", "=4"),
        ("lower =c3=a4", "lower ä"),
        ("a\nb\n", "a\nb\n"),
        ("", ""),
    ] {
        check(
            Encoding::QuotedPrintable,
            encoded.as_bytes(),
            decoded.as_bytes(),
        );
    }
    let long = "x=3D ".repeat(40_000);
    let mut decoder = Decoder::new(Encoding::QuotedPrintable);
    let mut out = Vec::new();
    for piece in long.as_bytes().chunks(7001) {
        decoder.push(piece, &mut out);
    }
    decoder.end(&mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "x= ".repeat(40_000).trim_end()
    );
}

#[test]
fn s6_8_base64() {
    for (encoded, decoded) in [
        ("", ""),
        ("Zg==", "f"),
        ("Zm8=", "fo"),
        ("Zm9v", "foo"),
        ("Zm9vYg==", "foob"),
        ("Zm9vYmE=", "fooba"),
        ("Zm9vYmFy", "foobar"),
        // Characters outside of the alphabet are ignored.
        ("Zm\r\n9v!-Ym\0Fy", "foobar"),
        // No padding, and padding in between.
        ("Zm8", "fo"),
        ("Zg==Zm8=Zg", "ffof"),
        ("Z", ""),
        ("====", ""),
    ] {
        check(Encoding::Base64, encoded.as_bytes(), decoded.as_bytes());
    }
}

#[test]
fn s6_2_others_are_as_they_are() {
    check(Encoding::Identity, b"a=20\r\n\xff", b"a=20\r\n\xff");
    check(Encoding::Unknown, b"begin 644 x", b"begin 644 x");
}
