//! RFC 8621 §4.6: messages made of Email objects, and what is refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use mail::{Body, ComposeError, Encoding, Limits, Message, Surroundings, compose};
use serde_json::{Value as Json, json};

const SURROUNDINGS: Surroundings<'static> = Surroundings {
    now: 1_531_184_591,
    unique: "bbce0ae9",
    domain: "example.com",
    size_max: 1 << 20,
};

/// A blob is its own name, twice.
fn create(email: &Json) -> Result<String, ComposeError> {
    let blob = |id: &str| (id != "none").then(|| format!("{id}\n{id}").into_bytes());
    let message = compose(email.as_object().unwrap(), &SURROUNDINGS, blob)?;
    Ok(String::from_utf8(message).unwrap())
}

#[test]
fn s4_10_example_of_a_draft() {
    let created = create(&json!({
        "mailboxIds": { "2ea1ca41b38e": true },
        "keywords": { "$seen": true, "$draft": true },
        "from": [{ "name": "Joe Bloggs", "email": "joe@example.com" }],
        "subject": "World domination",
        "receivedAt": "2018-07-10T01:03:11Z",
        "sentAt": "2018-07-10T11:03:11+10:00",
        "bodyStructure": {
            "type": "text/plain",
            "partId": "bd48",
            "header:Content-Language": "en"
        },
        "bodyValues": {
            "bd48": {
                "value": "I have the most brilliant plan.  Let me tell you all about it.  \
                          What we do is, we",
                "isTruncated": false
            }
        }
    }))
    .unwrap();
    for line in [
        "Message-ID: <bbce0ae9@example.com>",
        "Date: Tue, 10 Jul 2018 11:03:11 +1000",
        "From: \"Joe Bloggs\" <joe@example.com>",
        "Subject: World domination",
        "Content-Language: en",
        "MIME-Version: 1.0",
    ] {
        assert!(
            created.lines().any(|known| known == line),
            "{line} in {created}"
        );
    }
    let message = Message::parse(created.as_bytes(), &Limits::default());
    let value = message.parts()[0].body_value(0).value;
    assert!(
        value.starts_with("I have the most brilliant plan.  Let me"),
        "{value}"
    );
}

#[test]
fn s4_10_example_of_a_draft_in_html() {
    let created = create(&json!({
        "from": [{ "name": "Joe Bloggs", "email": "joe@example.com" }],
        "to": [{ "name": "John", "email": "john@example.com" }],
        "subject": "World domination",
        "bodyStructure": {
            "type": "multipart/alternative",
            "subParts": [
                { "partId": "a49d", "type": "text/html", "header:Content-Language": "en" },
                { "partId": "bd48", "type": "text/plain", "header:Content-Language": "en" }
            ]
        },
        "bodyValues": {
            "bd48": { "value": "I have the most brilliant plan.", "isTruncated": false },
            "a49d": { "value": "<!DOCTYPE html><html><body>&ouml;ä</body></html>" }
        }
    }))
    .unwrap();
    let message = Message::parse(created.as_bytes(), &Limits::default());
    let types: Vec<_> = message
        .parts()
        .iter()
        .map(|part| part.type_.as_str())
        .collect();
    assert_eq!(types, ["multipart/alternative", "text/html", "text/plain"]);
    let html = message.part("1").unwrap().body_value(0);
    assert_eq!(
        html.value,
        "<!DOCTYPE html><html><body>&ouml;ä</body></html>"
    );
    assert_eq!(
        message.part("2").unwrap().language(),
        Some(vec!["en".to_owned()])
    );
}

#[test]
fn s4_6_attachments_are_read_as_attachments() {
    let attachments = json!([
        { "blobId": "picture", "type": "image/png", "name": "ä b.png" },
        { "blobId": "text", "type": "text/plain" },
        { "blobId": "sound", "type": "audio/ogg", "header:Content-Disposition": "attachment" },
    ]);
    let created = create(&json!({
        "textBody": [{ "partId": "t" }],
        "attachments": attachments,
        "bodyValues": { "t": { "value": "a" } }
    }))
    .unwrap();
    let message = Message::parse(created.as_bytes(), &Limits::default());
    let body = Body::of(&message);
    let types: Vec<&str> = body
        .attachments
        .iter()
        .map(|at| message.parts()[*at].type_.as_str())
        .collect();
    assert_eq!(types, ["image/png", "text/plain", "audio/ogg"], "{created}");
    assert_eq!((body.text.len(), body.html.len()), (1, 1));
    assert_eq!(message.parts()[body.attachments[0]].name(), Some("ä b.png"));
    assert!(body.has_attachment(&message));
}

#[test]
fn s4_6_flat_bodies_become_what_they_are_read_as() {
    let created = create(&json!({
        "subject": "Grüße",
        "header:X-Note:asText": "ünusual",
        "textBody": [{ "partId": "t", "type": "text/plain" }],
        "htmlBody": [{ "partId": "h", "type": "text/html" }],
        "attachments": [
            { "blobId": "picture", "type": "image/png", "cid": "p@x", "disposition": "inline" },
            { "blobId": "text", "type": "text/plain", "charset": "iso-8859-1",
              "disposition": "attachment", "name": "Übersicht.txt" },
            { "blobId": "Subject: m", "type": "message/rfc822" }
        ],
        "bodyValues": { "t": { "value": "a\nb" }, "h": { "value": "<img src='cid:p@x'>" } }
    }))
    .unwrap();
    assert!(created.is_ascii(), "{created}");
    let message = Message::parse(created.as_bytes(), &Limits::default());
    let body = Body::of(&message);
    let names = |parts: &[usize]| {
        let name = |at: &usize| message.parts()[*at].type_.clone();
        parts.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names(&body.text), ["text/plain"]);
    assert_eq!(names(&body.html), ["text/html"]);
    assert_eq!(
        names(&body.attachments),
        ["image/png", "text/plain", "message/rfc822"]
    );
    let attached = &message.parts()[body.attachments[1]];
    assert_eq!(attached.name(), Some("Übersicht.txt"));
    assert_eq!(attached.charset(), Some("iso-8859-1"));
    // Octet by octet what the blob has.
    assert_eq!(&*attached.decoded(), b"text\ntext");
    let within = &message.parts()[body.attachments[2]];
    assert_eq!(within.encoding, Encoding::Identity);
    assert_eq!(&*within.decoded(), b"Subject: m\nSubject: m");
    let header = message.header();
    assert_eq!(header.last("Subject").unwrap().text(), "Grüße");
    assert_eq!(header.last("X-Note").unwrap().text(), "ünusual");
    assert_eq!(message.parts()[body.text[0]].body_value(0).value, "a\nb");
}

#[test]
fn s4_1_2_forms_are_written_as_they_are_read() {
    let email = json!({
        "from": [{ "name": "Ünï, \"q\" (c)", "email": "a@example.com" }],
        "header:To:asGroupedAddresses": [
            { "name": "Freunde", "addresses": [{ "name": null, "email": "b@example.com" }] }
        ],
        "replyTo": [],
        "subject": "=?utf-8?q?no?= word, though \u{e4} =?like=?",
        "messageId": ["x@example.com"],
        "references": ["1@x", "2@x"],
        "header:List-Post:asURLs": ["mailto:list@example.com"],
        "header:X-Raw": " raw value\r\n folded",
        "header:X-Twice:asText:all": ["one", "two"],
        "sentAt": "2018-07-10T11:03:11+10:00"
    });
    let created = create(&email).unwrap();
    let message = Message::parse(created.as_bytes(), &Limits::default());
    for (property, value) in email.as_object().unwrap() {
        let parsed = mail::HeaderProperty::parse(property).unwrap().unwrap();
        let told = parsed.read(message.header());
        match property.as_str() {
            "replyTo" => assert_eq!(told, json!([])),
            "header:X-Raw" => assert_eq!(told, json!(" raw value folded")),
            _ => assert_eq!(told, *value, "{property} in {created}"),
        }
    }
}

fn refused(email: &Json) -> Vec<String> {
    match create(email) {
        Err(ComposeError::InvalidProperties { properties, .. }) => properties,
        other => panic!("{email}: {other:?}"),
    }
}

#[test]
fn s4_6_invalid_properties() {
    let values = json!({ "1": { "value": "a" } });
    let text = json!([{ "partId": "1", "type": "text/plain" }]);
    let within = |part: Json| json!({ "bodyStructure": part, "bodyValues": values });
    for (properties, email) in [
        (&["headers"][..], json!({ "headers": [] })),
        (
            &["header:from"],
            json!({ "header:from": "a@x", "from": [] }),
        ),
        (
            &["header:Subject:asDate"],
            json!({ "header:Subject:asDate": "x" }),
        ),
        (
            &["header:Content-Type"],
            json!({ "header:Content-Type": "text/plain" }),
        ),
        (
            &["bodyStructure", "textBody"],
            json!({ "bodyStructure": text[0], "textBody": text, "bodyValues": values }),
        ),
        (
            &["textBody"],
            json!({ "textBody": [], "bodyValues": values }),
        ),
        (
            &["htmlBody"],
            json!({ "htmlBody": text, "bodyValues": values }),
        ),
        (
            &["bodyStructure"],
            within(json!({ "partId": "1", "blobId": "b" })),
        ),
        (&["bodyStructure"], within(json!({ "partId": "2" }))),
        (&["bodyStructure"], within(json!({ "type": "text/plain" }))),
        (
            &["bodyStructure"],
            within(json!({ "partId": "1", "charset": "utf-8" })),
        ),
        (
            &["bodyStructure"],
            within(json!({ "partId": "1", "size": 1 })),
        ),
        (
            &["bodyStructure"],
            within(json!({ "partId": "1", "headers": [] })),
        ),
        (
            &["bodyStructure"],
            within(json!({ "partId": "1", "header:Content-Transfer-Encoding": "8bit" })),
        ),
        (
            &["bodyStructure"],
            within(json!({ "partId": "1", "type": "text/plain", "header:Content-Type": "x/y" })),
        ),
        (
            &["bodyStructure"],
            within(json!({ "type": "multipart/mixed", "subParts": [] })),
        ),
        (
            &["bodyStructure"],
            within(json!({ "partId": "1", "subParts": [] })),
        ),
        (
            &["bodyStructure"],
            json!({
                "subject": "a", "bodyValues": values,
                "bodyStructure": { "partId": "1", "header:Subject:asText": "b" }
            }),
        ),
        (
            &["bodyValues"],
            json!({ "textBody": text, "bodyValues": { "1": { "value": "a", "isTruncated": true } } }),
        ),
        (
            &["bodyValues"],
            json!({
                "textBody": text,
                "bodyValues": { "1": { "value": "a", "isEncodingProblem": true } }
            }),
        ),
        // Nothing that a client says begins a line of its own.
        (&["header:X-A"], json!({ "header:X-A": " a\r\nBcc: b@x" })),
        (&["header:X-A"], json!({ "header:X-A": " a\nBcc: b@x" })),
        (&["messageId"], json!({ "messageId": ["a>\r\nBcc: b@x"] })),
        (
            &["bodyStructure"],
            within(json!({ "partId": "1", "cid": "a\r\nB: c" })),
        ),
        (
            &["bodyStructure"],
            within(json!({ "partId": "1", "type": "text/plain\r\nB: c" })),
        ),
        (&["id"], json!({ "id": "x" })),
        (&["sentAt"], json!({ "sentAt": "tomorrow" })),
    ] {
        assert_eq!(refused(&email), properties, "{email}");
    }
}

#[test]
fn s4_6_no_line_begins_in_what_is_encoded() {
    let created = create(&json!({
        "subject": "a\r\nBcc: b@x",
        "from": [{ "name": "n\r\nBcc: c@x", "email": "d@x\r\nBcc: e@x" }],
        "textBody": [{ "partId": "1", "name": "n\u{2028}x" }],
        "bodyValues": { "1": { "value": "" } }
    }))
    .unwrap();
    let message = Message::parse(created.as_bytes(), &Limits::default());
    assert!(message.header().last("Bcc").is_none(), "{created}");
}

#[test]
fn s4_6_blobs_that_are_not_there() {
    let email = json!({
        "attachments": [{ "blobId": "none" }, { "blobId": "b" }, { "blobId": "none" }]
    });
    let not_found = vec!["none".to_owned(), "none".to_owned()];
    assert_eq!(
        create(&email),
        Err(ComposeError::BlobNotFound { not_found })
    );
}

#[test]
fn parts_are_bounded() {
    let mut part = json!({ "partId": "1" });
    for _ in 0..40 {
        part = json!({ "type": "multipart/mixed", "subParts": [part] });
    }
    let email = json!({ "bodyStructure": part, "bodyValues": { "1": { "value": "" } } });
    assert_eq!(refused(&email), ["bodyStructure"]);
    let long = "a".repeat(1 << 19);
    let email = json!({ "attachments": [{ "blobId": long }] });
    assert_eq!(create(&email), Err(ComposeError::TooLarge { max: 1 << 20 }));
}
