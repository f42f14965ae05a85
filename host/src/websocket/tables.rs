//! RFC 6455 in tables: what each of a kind of frames leads to.

use super::tests::{frame, read};

/// A head with its length written in two bytes, or in eight, and no payload.
fn long(first: u8, len: u64, bytes: usize) -> Vec<u8> {
    let mut head = vec![first, if bytes == 2 { 0xfe } else { 0xff }];
    head.extend(&len.to_be_bytes()[8 - bytes..]);
    head.extend([0; 4]);
    head
}

async fn last(sent: &[u8]) -> String {
    read(sent).await.pop().unwrap()
}

#[tokio::test]
async fn s5_2_every_first_byte_is_a_frame_or_a_fault() {
    for first in 0..=255_u8 {
        let (is_last, reserved, opcode) = (first >= 0x80, first & 0x70, first & 0x0f);
        let told = match (reserved, opcode, is_last) {
            (0, 1, true) => ["", "gone"].as_slice(),
            (0, 8, true) => &["close None"],
            (0, 9, true) => &["ping 0", "gone"],
            (0, 10, true) => &["pong", "gone"],
            // The first part of a message that does not go on.
            (0, 1, false) => &["gone"],
            (0, 2, _) => &["fault 1003"],
            _ => &["fault 1002"],
        };
        assert_eq!(read(&frame(first, b"")).await, told, "{first:#x}");
    }
}

#[tokio::test]
async fn s5_2_a_length_is_written_as_short_as_can_be() {
    for len in [0, 1, 125, 126, 127, 255, 256, 65_535, 65_536, 70_000] {
        let told = match len {
            0 => String::new(),
            1 => "x".to_owned(),
            len => format!("{len} bytes"),
        };
        assert_eq!(read(&frame(0x81, &vec![b'x'; len])).await, [&told, "gone"]);
    }
    for (len, bytes, told) in [
        (0, 2, "fault 1002"),
        (125, 2, "fault 1002"),
        (126, 2, "gone"),
        (0, 8, "fault 1002"),
        (126, 8, "fault 1002"),
        (65_535, 8, "fault 1002"),
        (65_536, 8, "gone"),
        // "The most significant bit MUST be 0."
        (1 << 63, 8, "fault 1002"),
        (u64::MAX, 8, "fault 1002"),
        // It may be, and nobody takes so much.
        (u64::MAX >> 1, 8, "fault 1009"),
    ] {
        assert_eq!(
            last(&long(0x81, len, bytes)).await,
            told,
            "{len} in {bytes}"
        );
    }
    // A length of two bytes is for what has more than a control frame may have.
    assert_eq!(last(&long(0x89, 126, 2)).await, "fault 1002");
}

#[tokio::test]
async fn s5_3_any_mask_is_taken_off_and_none_is_a_fault() {
    for mask in [[0; 4], [0xff; 4], [1, 2, 3, 4], [0, 0, 0, 0x80]] {
        let text = b"masked text";
        let masked = text.iter().zip(mask.iter().cycle());
        let mut sent = vec![0x81, 0x80 | 11];
        sent.extend(mask);
        sent.extend(masked.map(|(byte, mask)| byte ^ mask));
        assert_eq!(read(&sent).await, ["masked text", "gone"]);
    }
    for first in [0x81, 0x01, 0x80, 0x88, 0x89, 0x8a] {
        assert_eq!(last(&[first, 0]).await, "fault 1002", "{first:#x}");
    }
}

#[tokio::test]
async fn s5_4_parts_follow_each_other() {
    let (text, go_on, end) = (0x01, 0x00, 0x80);
    let (ping, pong, close) = (0x89, 0x8a, 0x88);
    for (sent, told) in [
        (&[text, end][..], &["ab", "gone"][..]),
        (&[text, go_on, go_on, end], &["abcd", "gone"]),
        (&[text, ping, end], &["ping 1", "ac", "gone"]),
        (
            &[text, pong, go_on, ping, end],
            &["pong", "ping 1", "ace", "gone"],
        ),
        (&[text, end, text, end], &["ab", "cd", "gone"]),
        (&[text, end, 0x81], &["ab", "c", "gone"]),
        (&[go_on], &["fault 1002"]),
        (&[end], &["fault 1002"]),
        (&[text, end, end], &["ab", "fault 1002"]),
        (&[0x81, go_on], &["a", "fault 1002"]),
        (&[text, text], &["fault 1002"]),
        (&[text, 0x81], &["fault 1002"]),
        (&[text, 0x82], &["fault 1003"]),
        (&[text, go_on, text], &["fault 1002"]),
        // Control frames are not in parts.
        (&[text, 0x09], &["fault 1002"]),
        (&[0x08], &["fault 1002"]),
        (&[text, go_on], &["gone"]),
        (&[text, ping], &["ping 1", "gone"]),
        // A close may come before a message is whole; its payload is half a code here.
        (&[text, close], &["fault 1002"]),
    ] {
        let frames = sent
            .iter()
            .zip(b'a'..)
            .map(|(first, it)| frame(*first, &[it]));
        let bytes: Vec<u8> = frames.flatten().collect();
        assert_eq!(read(&bytes).await, told, "{sent:02x?}");
    }
    // An empty part is one.
    let sent = [frame(text, b""), frame(go_on, b""), frame(end, b"")];
    assert_eq!(read(&sent.concat()).await, ["", "gone"]);
}

#[tokio::test]
async fn s5_5_control_frames_are_short() {
    for len in [0, 1, 2, 124, 125, 126, 200, 70_000] {
        let payload = vec![b'x'; len];
        let fits = len <= 125;
        let told = if fits {
            format!("ping {len}")
        } else {
            "fault 1002".into()
        };
        assert_eq!(read(&frame(0x89, &payload)).await[0], told);
        let told = if fits { "pong" } else { "fault 1002" };
        assert_eq!(read(&frame(0x8a, &payload)).await[0], told);
        let close = [&[0x03, 0xe8][..], &payload].concat();
        let told = if len <= 123 {
            "close Some(1000)"
        } else {
            "fault 1002"
        };
        assert_eq!(read(&frame(0x88, &close)).await, [told]);
    }
}

/// Those that the registry of RFC 6455 §11.7 has for use on the wire are taken, and those of
/// applications; 1004 to 1006 and 1015 are never sent.
#[tokio::test]
async fn s7_4_codes() {
    let ranges = [
        (0..=999, false),
        (1000..=1003, true),
        (1004..=1006, false),
        (1007..=1014, true),
        (1015..=2999, false),
        (3000..=4999, true),
        (5000..=u16::MAX, false),
    ];
    for (codes, is_taken) in ranges {
        for code in [
            *codes.start(),
            codes.start() / 2 + codes.end() / 2,
            *codes.end(),
        ] {
            let told = match is_taken {
                true => format!("close Some({code})"),
                false => "fault 1002".to_owned(),
            };
            assert_eq!(read(&frame(0x88, &code.to_be_bytes())).await, [told]);
        }
    }
}

/// RFC 3629 §3, §4.
#[tokio::test]
async fn s8_1_texts_and_reasons_are_utf_8() {
    for (bytes, is_text) in [
        (&b"ascii"[..], true),
        (b"\0", true),
        (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", true),
        (b"\xc2\x80", true),
        (b"\xdf\xbf", true),
        (b"\xe0\xa0\x80", true),
        (b"\xed\x9f\xbf", true),
        (b"\xee\x80\x80", true),
        (b"\xef\xbf\xbf", true),
        (b"\xf0\x90\x80\x80", true),
        (b"\xf4\x8f\xbf\xbf", true),
        // Bytes that are in no text.
        (b"\xc0\xaf", false),
        (b"\xc1\xbf", false),
        (b"\xf5\x80\x80\x80", false),
        (b"\xfe", false),
        (b"\xff", false),
        // Longer than need be.
        (b"\xe0\x80\xaf", false),
        (b"\xf0\x80\x80\xaf", false),
        // Halves of UTF-16.
        (b"\xed\xa0\x80", false),
        (b"\xed\xbf\xbf", false),
        (b"\xed\xa0\x80\xed\xb0\x80", false),
        // Beyond the last character.
        (b"\xf4\x90\x80\x80", false),
        // Without a beginning, and without an end.
        (b"\x80", false),
        (b"a\xbf", false),
        (b"\xc3", false),
        (b"\xe2\x82", false),
        (b"\xf0\x9f\x98", false),
    ] {
        let whole = read(&frame(0x81, bytes)).await;
        assert_eq!(whole[0] != "fault 1007", is_text, "{bytes:02x?}");
        // The same, however it is cut into frames.
        for at in 0..=bytes.len() {
            let (one, two) = bytes.split_at(at);
            let parts = [frame(0x01, one), frame(0x80, two)].concat();
            assert_eq!(read(&parts).await, whole, "{bytes:02x?} cut at {at}");
        }
        let told = if is_text {
            "close Some(1000)"
        } else {
            "fault 1007"
        };
        let reason = [&[0x03, 0xe8][..], bytes].concat();
        assert_eq!(read(&frame(0x88, &reason)).await, [told], "{bytes:02x?}");
    }
}
