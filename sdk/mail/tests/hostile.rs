//! Mail that is made to hurt: no panic, bounded work, and never a part that is not shown.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use mail::html::{Image, sanitise, to_text};
use mail::keys::keys;
use mail::{Body, Condition, Form, Limits, Message, Place, decoded_len, preview, thread_keys};
use std::time::{Duration, Instant};

/// xorshift64*: the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Does all there is to do with a message.
fn use_all(bytes: &[u8]) {
    let message = Message::parse(bytes, &Limits::default());
    let body = Body::of(&message);
    assert!(preview(&message, &body).chars().count() <= 256);
    body.has_attachment(&message);
    thread_keys(message.header());
    let mut shown = 0;
    for (at, part) in message.parts().iter().enumerate() {
        assert_eq!(
            part.size(),
            part.decoded()
                .len()
                .max(part.size() * usize::from(part.is_multipart()))
        );
        assert_eq!(part.part_id().is_none(), part.is_multipart());
        part.cid();
        part.language();
        part.location();
        part.body_value(100);
        if !part.is_multipart() {
            let lists = [&body.text, &body.html, &body.attachments];
            assert!(
                lists.iter().any(|list| list.contains(&at)),
                "a part is nowhere"
            );
            shown += 1;
        }
        for field in part.fields().iter().take(50) {
            for form in [
                Form::Raw,
                Form::Text,
                Form::Addresses,
                Form::GroupedAddresses,
                Form::MessageIds,
                Form::Date,
                Form::Urls,
            ] {
                field.value_as(form);
            }
        }
    }
    assert!(shown > 0, "a message without anything to show");
    keys(bytes, 0);
    Condition::new(Place::Text, "\"a b\" c").matches(&message);
}

const SEED: &str = "From: \"A\\\"\" <a@b> (c), G: =?utf-8?q?=C3=A4?= <d@e>;\r
To: a@[1:2]\r
Subject: Re: [x] =?utf-8?B?w6Q=?= =?iso-2022-jp?B?GyRCJDMbKEI=?=\r
Date: Fri, 21 Nov 1997 09:55:06 -0600 (x)\r
Message-ID: <a@b>\r
References: <c@d> <e@f>\r
List-Post: <mailto:a@b> (x)\r
Content-Type: multipart/mixed; boundary=\"b\"; x*0*=utf-8'en'%41; x*1=b\r
\r
pre\r
--b\r
Content-Type: multipart/alternative; boundary=bb\r
\r
--bb\r
Content-Type: text/plain; charset=utf-16le\r
Content-Transfer-Encoding: quoted-printable\r
\r
a=00=\r
b=0\r
--bb\r
Content-Type: text/html; name*=utf-7''+AOQ-\r
Content-Transfer-Encoding: base64\r
Content-Disposition: attachment; filename=\"a(b\\\"c\"\r
\r
PHAgdGl0bGU9J2EnPmI8L3A+PHNjcmlwdD54PC9zY3JpcHQ+JmF1bWw7\r
--bb--\r
--b\r
Content-Type: message/rfc822\r
\r
Subject: x\r
\r
y\r
--b--\r
post\r
";

const PIECES: [&[u8]; 26] = [
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b"\0",
    b"--b",
    b"--bb--\r\n",
    b"--",
    b"\"",
    b"\\",
    b"(",
    b")",
    b"<",
    b">",
    b";",
    b":",
    b",",
    b"=?",
    b"?=",
    b"=",
    b"*",
    b"'",
    b"\xff\xfe",
    b"&#x0;",
    b"<!--",
];

#[test]
fn whatever_is_broken_is_read() {
    let mut random = Random(0x1234_5678_9abc_def1);
    for _ in 0..2500 {
        let mut bytes = SEED.as_bytes().to_vec();
        for _ in 0..=random.below(8) {
            let at = random.below(bytes.len());
            match random.below(5) {
                0 => bytes[at] = random.next() as u8,
                1 => drop(bytes.splice(at..at, PIECES[random.below(PIECES.len())].iter().copied())),
                2 => bytes.truncate(at.max(1)),
                3 => {
                    let end = (at + random.below(40)).min(bytes.len());
                    bytes.drain(at..end);
                }
                _ => {
                    let from = random.below(bytes.len());
                    let piece = bytes[from..(from + 60).min(bytes.len())].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
            bytes.push(b'.');
        }
        use_all(&bytes);
    }
    for bytes in [
        &b""[..],
        b"\r\n",
        b"\n\n",
        b":",
        b"a",
        b"\0",
        b"--",
        b"From x\r\n\r\n",
    ] {
        use_all(bytes);
    }
}

/// Time for all there is to do with a message, which must not hang on how it is made.
fn in_time(what: &str, bytes: &[u8]) {
    let start = Instant::now();
    use_all(bytes);
    let took = start.elapsed();
    // A thousand times what it takes, where nothing is optimised.
    assert!(took < Duration::from_secs(60), "{what}: {took:?}");
    println!("{what}: {} bytes in {took:?}", bytes.len());
}

#[test]
fn deep_multiparts_are_bounded() {
    let mut deep = String::from("A: b\r\n");
    for level in 0..20_000 {
        deep += &format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n");
    }
    in_time("deep multiparts", deep.as_bytes());
    let message = Message::parse(deep.as_bytes(), &Limits::default());
    assert!(message.is_cut() && message.parts().len() <= 33);
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    in_time("messages in messages", nested.as_bytes());
    let same = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".repeat(50_000);
    in_time("one boundary for all", same.as_bytes());
}

#[test]
fn many_parts_are_bounded() {
    let head = "Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned();
    let many = head.clone() + &"--b\r\n\r\n\r\n".repeat(500_000);
    in_time("many parts", many.as_bytes());
    let message = Message::parse(many.as_bytes(), &Limits::default());
    assert!(message.is_cut() && message.parts().len() == 1000);
    in_time(
        "many dashes",
        (head.clone() + &"\r\n--".repeat(300_000)).as_bytes(),
    );
    in_time(
        "nearly boundaries",
        (head + &"--bx\r\n".repeat(300_000)).as_bytes(),
    );
}

#[test]
fn big_header_sections_are_bounded() {
    let fields = "X-Field: value\r\n".repeat(1_000_000);
    in_time("many fields", fields.as_bytes());
    let message = Message::parse(fields.as_bytes(), &Limits::default());
    assert!(message.is_cut() && message.header().fields().len() == 2000);
    let bytes = [
        "Subject: ".as_bytes(),
        &vec![b'a'; 50 << 20],
        b"\r\n\r\nbody",
    ]
    .concat();
    in_time("a field of 50 MB", &bytes);
    let message = Message::parse(&bytes, &Limits::default());
    assert_eq!(&*message.parts()[0].decoded(), b"body");
    for (what, piece) in [
        ("addresses", "a@b, "),
        ("open groups", "a: "),
        ("comments", "("),
        ("quotes", "\""),
        ("escapes", "\\"),
        ("angles", "<"),
        ("encoded words", "=?utf-8?q?a?= "),
        ("half words", "=?utf-8?q?"),
        ("parameters", "; a=b"),
        ("continuations", "; a*1*=b"),
        ("folds", "a\r\n "),
        ("colons", ":"),
        ("brackets", "["),
        ("words", "a "),
    ] {
        for name in [
            "To",
            "Subject",
            "Content-Type: a/b",
            "Date",
            "References",
            "Content-Disposition: a",
        ] {
            let bytes = format!("{name}: {}\r\n\r\nx", piece.repeat(20_000));
            in_time(&format!("{what} in {name}"), bytes.as_bytes());
        }
    }
}

#[test]
fn html_bombs_are_bounded() {
    for (what, html) in [
        ("deep", "<div>".repeat(200_000)),
        (
            "formatting",
            (0..1000).map(|n| format!("<b id={n}>")).collect::<String>() + &"<p>x".repeat(50_000),
        ),
        (
            "fonts",
            (0..9000)
                .map(|n| format!("<font size={n}>"))
                .collect::<String>()
                + &"<p>x</p>".repeat(9_000),
        ),
        ("misnested", "<b><p></b><i><p></i>".repeat(40_000)),
        ("tables", "<table><b>".repeat(20_000)),
        ("attributes", format!("<a {}>", "b ".repeat(400_000))),
        ("comments", "<!--".repeat(200_000)),
        ("quotes", "<a b='".repeat(100_000)),
        ("references", "&".repeat(900_000)),
        ("ends", "</".repeat(400_000)),
        ("scripts", "<script>".repeat(100_000)),
        ("raw ends", "<style></styl".repeat(20_000)),
        ("lists", "<li>x".repeat(100_000)),
        ("anchors", "<a href=x>x".repeat(20_000)),
        ("selects", "<select><b></select>".repeat(40_000)),
    ] {
        let start = Instant::now();
        let safe = sanitise(&html, |_| Image::Gone);
        let text = to_text(&html, usize::MAX);
        let took = start.elapsed();
        println!(
            "{what}: {} bytes to {} and {} in {took:?}",
            html.len(),
            safe.len(),
            text.len()
        );
        assert!(safe.len() < 32 << 20, "{what}");
        assert!(took < Duration::from_secs(60), "{what}: {took:?}");
    }
}

#[test]
fn bodies_are_decoded_once() {
    let head = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: ";
    for (encoding, piece) in [
        ("base64", "QUFB"),
        ("base64", "===="),
        ("base64", "!@#$"),
        ("quoted-printable", "=41"),
        ("quoted-printable", "="),
        ("quoted-printable", " \r\n"),
        ("8bit", "\r\n"),
    ] {
        let bytes = format!("{head}{encoding}\r\n\r\n{}", piece.repeat(200_000));
        in_time(&format!("{piece:?} as {encoding}"), bytes.as_bytes());
    }
    assert_eq!(decoded_len(b"QUJ", mail::Encoding::Base64), 2);
}
