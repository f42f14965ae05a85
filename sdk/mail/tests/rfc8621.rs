//! RFC 8621, by section: the forms of header fields, and the parts of a body.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use mail::{
    Body, EmailAddress, EmailAddressGroup, Form, Header, HeaderProperty, Limits, Message,
    PropertyError, Value, preview,
};
use serde_json::{Value as Json, json};

fn header(text: &str) -> String {
    text.replace('\n', "\r\n") + "\r\n"
}

/// The value of a property in a header section.
fn property(section: &str, name: &str) -> Json {
    let section = header(section);
    let header = Header::parse(section.as_bytes(), &Limits::default());
    let property = HeaderProperty::parse(name).unwrap().unwrap();
    property.read(&header)
}

fn address(name: Option<&str>, email: &str) -> EmailAddress {
    EmailAddress {
        name: name.map(str::to_owned),
        email: email.to_owned(),
    }
}

#[test]
fn s4_1_2_1_raw_keeps_space_and_folds_and_drops_nul() {
    let text = "Subject: a\n  folded\nX-Nul: a\0b\n";
    assert_eq!(property(text, "header:subject"), json!(" a\r\n  folded"));
    assert_eq!(property(text, "header:X-Nul"), json!(" ab"));
    let header = Header::parse(b"X: \xff\xfe ok\r\n\r\n", &Limits::default());
    let raw = header.last("x").unwrap().value_as(Form::Raw);
    assert_eq!(raw, Value::Text(" \u{fffd}\u{fffd} ok".to_owned()));
}

#[test]
fn s4_1_2_2_text_is_unfolded_decoded_and_composed() {
    for (raw, text) in [
        ("  plain", "plain"),
        (" a\n\tb", "a\tb"),
        // The examples of RFC 2047 §8.
        (" =?ISO-8859-1?Q?a?=", "a"),
        (" =?ISO-8859-1?Q?a?= b", "a b"),
        (" =?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
        (" =?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab"),
        (" =?ISO-8859-1?Q?a?=\n    =?ISO-8859-1?Q?b?=", "ab"),
        (" =?ISO-8859-1?Q?a_b?=", "a b"),
        (" =?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"),
        (
            " =?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\n \
             =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
            "If you can read this you understand the example.",
        ),
        // Not between white space, or no word at all.
        (" x=?ISO-8859-1?Q?a?=", "x=?ISO-8859-1?Q?a?="),
        (" =?ISO-8859-1?Z?a?=", "=?ISO-8859-1?Z?a?="),
        (" =?ISO-8859-1?Q?a b?=", "=?ISO-8859-1?Q?a b?="),
        // A character that the sender has cut in two.
        (" =?UTF-8?B?w6TD?= =?UTF-8?B?tg==?=", "äö"),
        // Control characters that were encoded are dropped.
        (" =?UTF-8?Q?a=00=0Ab?=", "ab"),
        // Normalization Form C.
        (" A\u{308}", "Ä"),
    ] {
        let section = format!("Subject:{raw}\n");
        assert_eq!(property(&section, "subject"), json!(text), "{raw:?}");
    }
}

const SMYTHE: &str = "To: \"  James Smythe\" <james@example.com>, Friends:\n  \
    jane@example.com, =?UTF-8?Q?John_Sm=C3=AEth?=\n  <john@example.com>;\n";

#[test]
fn s4_1_2_3_addresses_example() {
    // The text of the RFC has lost the circumflex that its octets encode.
    assert_eq!(
        property(SMYTHE, "to"),
        json!([
            { "name": "James Smythe", "email": "james@example.com" },
            { "name": null, "email": "jane@example.com" },
            { "name": "John Smîth", "email": "john@example.com" }
        ])
    );
}

#[test]
fn s4_1_2_4_grouped_addresses_example() {
    assert_eq!(
        property(SMYTHE, "header:To:asGroupedAddresses"),
        json!([
            { "name": null, "addresses": [
                { "name": "James Smythe", "email": "james@example.com" }
            ]},
            { "name": "Friends", "addresses": [
                { "name": null, "email": "jane@example.com" },
                { "name": "John Smîth", "email": "john@example.com" }
            ]}
        ])
    );
}

#[test]
fn s4_1_2_3_addresses_of_rfc_5322_appendix_a() {
    let section = header(concat!(
        "From: \"Joe Q. Public\" <john.q.public@example.com>\n",
        "To: Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>\n",
        "Cc: <boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>\n",
        "Bcc: Undisclosed recipients:;\n",
        "Reply-To: Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>\n",
        "Sender: Pete(A wonderful \\) chap) <pete@silly.test>\n",
        "Resent-To: A Group(Some people)\n",
        "     :Chris Jones <c@(Chris's host.)public.example>,\n",
        "         joe@example.org,\n",
        "  John <jdoe@one.test> (my dear friend); (the end of the group)\n",
        "Resent-Cc: (Empty list)(start)Hidden recipients  :(nobody(that I know))  ;\n",
        "Resent-From: Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example\n",
    ));
    let header = Header::parse(section.as_bytes(), &Limits::default());
    let addresses = |name: &str| header.last(name).unwrap().addresses();
    let mary = address(Some("Mary Smith"), "mary@x.test");
    assert_eq!(
        addresses("from"),
        [address(Some("Joe Q. Public"), "john.q.public@example.com")]
    );
    let one = address(Some("Who?"), "one@y.test");
    assert_eq!(
        addresses("to"),
        [mary, address(None, "jdoe@example.org"), one]
    );
    assert_eq!(
        addresses("cc"),
        [
            address(None, "boss@nil.test"),
            address(Some("Giant; \"Big\" Box"), "sysservices@example.net")
        ]
    );
    assert_eq!(addresses("bcc"), []);
    assert_eq!(
        addresses("reply-to"),
        [address(Some("Pete"), "pete@silly.test")]
    );
    assert_eq!(
        header.last("resent-to").unwrap().grouped_addresses(),
        [EmailAddressGroup {
            name: Some("A Group".to_owned()),
            addresses: vec![
                address(Some("Chris Jones"), "c@public.example"),
                address(None, "joe@example.org"),
                address(Some("John"), "jdoe@one.test"),
            ]
        }]
    );
    assert_eq!(
        header.last("resent-cc").unwrap().grouped_addresses(),
        [EmailAddressGroup {
            name: Some("Hidden recipients".to_owned()),
            addresses: vec![]
        }]
    );
    assert_eq!(
        addresses("resent-from"),
        [
            address(Some("Mary Smith"), "mary@example.net"),
            address(None, "jdoe@test.example")
        ]
    );
}

#[test]
fn s4_1_2_3_comments_are_names_and_what_is_no_address_is_told() {
    for (value, expected) in [
        (
            "jdoe@example.org (John Doe)",
            address(Some("John Doe"), "jdoe@example.org"),
        ),
        ("root", address(None, "root")),
        (
            "\"john doe\"@example.org",
            address(None, "\"john doe\"@example.org"),
        ),
        ("a@[IPv6:::1]", address(None, "a@[IPv6:::1]")),
        // RFC 2047 §5: no encoded word is in a quoted-string.
        (
            "\"=?UTF-8?Q?a?=\" <a@example.org>",
            address(Some("=?UTF-8?Q?a?="), "a@example.org"),
        ),
        (
            "Jane <jane@example.org",
            address(Some("Jane"), "jane@example.org"),
        ),
        (
            "Jane Doe jane@example.org",
            address(Some("Jane Doe"), "jane@example.org"),
        ),
    ] {
        let section = format!("From: {value}\n");
        assert_eq!(property(&section, "from"), json!([expected]), "{value}");
    }
}

#[test]
fn s4_1_2_5_message_ids() {
    let text = "References: (old) <a@x>\n  <b (c) @ x> <\"q\"@x>\nMessage-ID: nothing\n";
    assert_eq!(
        property(text, "references"),
        json!(["a@x", "b(c)@x", "\"q\"@x"])
    );
    assert_eq!(property(text, "messageId"), json!(null));
}

#[test]
fn s4_1_2_6_dates() {
    for (value, date) in [
        (
            "Fri, 21 Nov 1997 09:55:06 -0600",
            json!("1997-11-21T09:55:06-06:00"),
        ),
        (
            "Tue, 1 Jul 2003 10:52:37 +0000",
            json!("2003-07-01T10:52:37Z"),
        ),
        ("21 Nov 97 09:55:06 GMT", json!("1997-11-21T09:55:06Z")),
        (
            "Thu,\n      13\n        Feb\n          1969\n      23:32\n               -0330 (Newfoundland Time)",
            json!("1969-02-13T23:32:00-03:30"),
        ),
        ("Wed, 30 Feb 2022 10:00:00 +0000", json!(null)),
        ("yesterday", json!(null)),
        ("", json!(null)),
    ] {
        let section = format!("Date: {value}\n");
        assert_eq!(property(&section, "sentAt"), date, "{value}");
    }
}

#[test]
fn s4_1_2_7_urls() {
    // The examples of RFC 2369 §3.
    let text = concat!(
        "List-Help: <ftp://ftp.example.com/list.txt> (FTP),\n",
        "   <mailto:list@host.com?subject=help>\n",
        "List-Post: NO (posting not allowed on this list)\n",
    );
    assert_eq!(
        property(text, "header:List-Help:asURLs"),
        json!([
            "ftp://ftp.example.com/list.txt",
            "mailto:list@host.com?subject=help"
        ])
    );
    assert_eq!(property(text, "header:List-Post:asURLs"), json!(null));
}

#[test]
fn s4_1_3_header_properties() {
    let text = "Resent-To: a@x\nresent-to: b@x\nX-Y: 1\n";
    assert_eq!(
        property(text, "header:Resent-To:asAddresses:all"),
        json!([[{ "name": null, "email": "a@x" }], [{ "name": null, "email": "b@x" }]])
    );
    assert_eq!(property(text, "header:RESENT-TO"), json!(" b@x"));
    assert_eq!(property(text, "header:x-y:all"), json!([" 1"]));
    assert_eq!(property(text, "header:none"), json!(null));
    assert_eq!(property(text, "header:none:asText:all"), json!([]));
    for wrong in [
        "header:",
        "header:a b",
        "header:a:asNothing",
        "header:a:all:asText",
        "header:a::",
    ] {
        let parsed = HeaderProperty::parse(wrong).unwrap();
        assert_eq!(parsed, Err(PropertyError::Syntax(wrong.to_owned())));
    }
    assert_eq!(HeaderProperty::parse("preview"), None);
}

#[test]
fn s4_1_2_forms_are_for_the_fields_that_have_them() {
    for (allowed, property) in [
        (false, "header:From:asDate"),
        (false, "header:from:asText"),
        (true, "header:From:asRaw"),
        (true, "header:from:asGroupedAddresses"),
        (false, "header:Subject:asAddresses"),
        (false, "header:Received:asText"),
        (true, "header:List-Id:asText"),
        (true, "header:Resent-Message-ID:asMessageIds"),
        (false, "header:Date:asMessageIds"),
        (false, "header:List-Post:asText"),
        (true, "header:X-Any:asDate"),
    ] {
        let parsed = HeaderProperty::parse(property).unwrap();
        assert_eq!(parsed.is_ok(), allowed, "{property}");
    }
}

/// The example of RFC 8621 §4.1.4, each part with its letter as text.
const LIST_MESSAGE: &str = "Subject: list
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=1

preamble
--1
Content-Type: text/plain
Content-Disposition: inline

A
--1
Content-Type: multipart/mixed; boundary=\"2\"

--2
Content-Type: multipart/alternative; boundary=3

--3
Content-Type: multipart/mixed; boundary=4

--4
Content-Disposition: inline

B
--4
Content-Type: image/jpeg
Content-Disposition: inline

C
--4
Content-Type: text/plain
Content-Disposition: inline

D
--4--
--3
Content-Type: multipart/related; boundary=5

--5
Content-Type: text/html

E
--5
Content-Type: image/jpeg

F
--5--

--3--
--2
Content-Type: image/jpeg
Content-Disposition: attachment

G
--2
Content-Type: application/x-excel

H
--2
Content-Type: message/rfc822

J: attached

J
--2--
--1
Content-Type: text/plain
Content-Disposition: inline

K
--1--
epilogue
";

#[test]
fn s4_1_4_body_parts_example() {
    let text = LIST_MESSAGE.replace('\n', "\r\n");
    let message = Message::parse(text.as_bytes(), &Limits::default());
    let body = Body::of(&message);
    let letters = |parts: &[usize]| {
        let letter = |at: &usize| {
            let octets = message.parts()[*at].decoded().into_owned();
            let text = String::from_utf8(octets).unwrap();
            text.trim().chars().last().unwrap()
        };
        parts.iter().map(letter).collect::<String>()
    };
    assert_eq!(letters(&body.text), "ABCDK");
    assert_eq!(letters(&body.html), "AEK");
    assert_eq!(letters(&body.attachments), "CFGHJ");
    assert!(body.has_attachment(&message));
    assert!(!message.is_cut());
    let parts = message.parts().iter();
    let sections: Vec<_> = parts.map(|part| part.section.as_str()).collect();
    let expected = [
        "", "1", "2", "2.1", "2.1.1", "2.1.1.1", "2.1.1.2", "2.1.1.3", "2.1.2", "2.1.2.1",
        "2.1.2.2", "2.2", "2.3", "2.4", "3",
    ];
    assert_eq!(sections, expected);
    assert_eq!(message.part("2.1.1.2").unwrap().type_, "image/jpeg");
    assert!(message.part("2.1").is_none());
}

#[test]
fn s4_1_4_a_lone_text_is_both_bodies() {
    let message = Message::parse(b"Subject: x\r\n\r\nHello\r\n", &Limits::default());
    let body = Body::of(&message);
    assert_eq!(
        (body.text.as_slice(), body.html.as_slice()),
        (&[0][..], &[0][..])
    );
    assert!(body.attachments.is_empty() && !body.has_attachment(&message));
    let part = message.part("1").unwrap();
    assert_eq!(
        (part.type_.as_str(), part.charset()),
        ("text/plain", Some("us-ascii"))
    );
    assert_eq!(part.size(), 7);
}

#[test]
fn s4_1_4_properties_of_parts() {
    let text = header(concat!(
        "Content-Type: Text/HTML (c); charset=ISO-8859-1; name*0=\"a\"; name*1=\"b.html\"\n",
        "Content-Disposition: ATTACHMENT; filename*=utf-8''%e2%82%ac.html\n",
        "Content-ID: <foo@example.org> (the foo)\n",
        "Content-Language: de, en (English)\n",
        "Content-Location: http://example.org/\n  a\n",
    ));
    let message = Message::parse(text.as_bytes(), &Limits::default());
    let part = &message.parts()[0];
    assert_eq!(part.type_, "text/html");
    assert_eq!(part.charset(), Some("ISO-8859-1"));
    assert_eq!(part.disposition(), Some("attachment"));
    assert_eq!(part.name(), Some("€.html"));
    assert_eq!(part.cid().as_deref(), Some("foo@example.org"));
    assert_eq!(
        part.language(),
        Some(vec!["de".to_owned(), "en".to_owned()])
    );
    assert_eq!(part.location().as_deref(), Some("http://example.org/a"));
    let text = "Content-Type: image/png; name=\"=?utf-8?q?=E2=82=AC=2Epng?=\"\r\n\r\n";
    let message = Message::parse(text.as_bytes(), &Limits::default());
    assert_eq!(message.parts()[0].name(), Some("€.png"));
    assert_eq!(message.parts()[0].charset(), None);
}

fn value(head: &str, body: &[u8], max: usize) -> mail::BodyValue {
    let bytes = [head.as_bytes(), b"\r\n\r\n", body].concat();
    let message = Message::parse(&bytes, &Limits::default());
    message.parts()[0].body_value(max)
}

#[test]
fn s4_1_4_body_values() {
    let told = |head: &str, body: &[u8]| {
        let value = value(head, body, 0);
        assert!(!value.is_truncated);
        (value.value, value.is_encoding_problem)
    };
    let ok = |text: &str| (text.to_owned(), false);
    let problem = |text: &str| (text.to_owned(), true);
    let utf_8 = "Content-Type: text/plain; charset=utf-8";
    assert_eq!(told(utf_8, b"a\r\nb\r\n"), ok("a\nb\n"));
    assert_eq!(told(utf_8, b"a\xffb"), problem("a\u{fffd}b"));
    let latin = "Content-Type: text/plain; charset=iso-8859-1";
    assert_eq!(told(latin, b"\xe4"), ok("ä"));
    let unknown = "Content-Type: text/plain; charset=x-none";
    assert_eq!(told(unknown, b"abc"), problem("abc"));
    let utf_7 = "Content-Type: text/plain; charset=utf-7";
    assert_eq!(told(utf_7, b"+AOQ-"), ok("ä"));
    let base64 = format!("Content-Transfer-Encoding: base64\r\n{utf_8}");
    assert_eq!(told(&base64, b"w6Q\r\n=\r\n"), ok("ä"));
    let uuencoded = "Content-Transfer-Encoding: x-uuencode";
    assert_eq!(told(uuencoded, b"abc"), problem("abc"));
}

#[test]
fn s4_2_values_are_cut_between_characters_and_outside_of_tags() {
    let told = |head: &str, body: &[u8], max: usize| {
        let value = value(head, body, max);
        assert!(!value.is_encoding_problem);
        (value.value, value.is_truncated)
    };
    let plain = "Content-Type: text/plain; charset=utf-8";
    assert_eq!(told(plain, "a€€".as_bytes(), 5), ("a€".to_owned(), true));
    assert_eq!(told(plain, "a€€".as_bytes(), 7), ("a€€".to_owned(), false));
    let html = "Content-Type: text/html; charset=utf-8";
    let link = b"text <a href=\"https://example.com\">x</a>";
    assert_eq!(told(html, link, 20), ("text ".to_owned(), true));
    let long = "b".repeat(1 << 20);
    let quoted = "Content-Transfer-Encoding: quoted-printable";
    assert_eq!(told(quoted, long.as_bytes(), 4), ("bbbb".to_owned(), true));
}

#[test]
fn s4_1_4_previews_have_no_quotes_and_256_characters() {
    let told = |text: &str| {
        let message = Message::parse(text.as_bytes(), &Limits::default());
        preview(&message, &Body::of(&message))
    };
    let reply = "A: b\r\n\r\nYes.\r\n\r\nOn Monday, X wrote:\r\n> No?\r\n> 1\r\n  Then\t do.\r\n";
    assert_eq!(told(reply), "Yes. Then do.");
    assert_eq!(told("A: b\r\n\r\n> all of it\r\n"), "> all of it");
    let long = "Content-Type: text/plain; charset=utf-8\r\n\r\n".to_owned() + &"ä".repeat(600);
    assert_eq!(told(&long).chars().count(), 256);
    let html = "Content-Type: text/html\r\n\r\n<head><title>T</title></head><style>p{}</style>\
                <p>Hello&nbsp;<b>w&ouml;rld</b></p><p>More";
    assert_eq!(told(html), "Hello wörld More");
}

#[test]
fn s3_threads_by_id_and_subject() {
    let keys = |text: &str| {
        let section = header(text);
        mail::thread_keys(&Header::parse(section.as_bytes(), &Limits::default()))
    };
    let shares = |a: &str, b: &str| {
        let b = keys(b);
        keys(a).iter().any(|key| b.contains(key))
    };
    let first = "Message-ID: <1@x>\nSubject: Lunch\n";
    let reply = "Message-ID: <2@x>\nIn-Reply-To: <1@x>\nSubject: Re: [Food] lunch\n";
    assert!(shares(first, reply));
    let forward = "Message-ID: <3@x>\nReferences: <0@x> <1@x>\nSubject: Fwd:  LUNCH\n";
    assert!(shares(first, forward));
    let other = "Message-ID: <4@x>\nIn-Reply-To: <1@x>\nSubject: Dinner\n";
    assert!(!shares(first, other));
    assert!(!shares(first, "Message-ID: <5@x>\nSubject: Lunch\n"));
    assert!(keys("Subject: Lunch\n").is_empty());
}
