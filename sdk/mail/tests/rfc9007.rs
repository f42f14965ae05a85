//! RFC 9007: MDNs as objects, and as the messages of RFC 8098.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use mail::mdn::{Mdn, MdnError, asked_by};
use mail::{ComposeError, EmailAddress, Limits, Message, Surroundings};
use serde_json::json;

const SURROUNDINGS: Surroundings<'static> = Surroundings {
    now: 1_531_184_591,
    unique: "bbce0ae9",
    domain: "example.com",
    size_max: 1 << 20,
};

const ORIGINAL: &str = "From: Joe Bloggs <joe@example.com>\r
To: John <john@example.com>\r
Subject: World domination\r
Message-ID: <199509192301.23456@example.org>\r
Original-Recipient: rfc822;john@example.com\r
Disposition-Notification-To: joe@example.com\r
\r
I have the most brilliant plan.\r
";

fn parse(text: &str) -> Message<'_> {
    Message::parse(text.as_bytes(), &Limits::default())
}

fn john() -> EmailAddress {
    EmailAddress {
        name: Some("John".to_owned()),
        email: "john@example.com".to_owned(),
    }
}

/// The example of §3.1, with the property's name as §2 has it.
fn example() -> Mdn {
    serde_json::from_value(json!({
        "forEmailId": "Md45b47b4877521042cec0938",
        "subject": "Read receipt for: World domination",
        "textBody": "This receipt shows that the email has been\ndisplayed on your computer.",
        "reportingUA": "joes-pc.cs.example.com; Foomail 97.1",
        "disposition": {
            "actionMode": "manual-action",
            "sendingMode": "mdn-sent-manually",
            "type": "displayed"
        },
        "extensionFields": { "EXTENSION-EXAMPLE": "example.com" }
    }))
    .unwrap()
}

#[test]
fn s3_1_an_mdn_is_made_and_completed() {
    let mut mdn = example();
    let made = mdn
        .compose(&parse(ORIGINAL), &john(), &SURROUNDINGS)
        .unwrap();
    assert_eq!(
        mdn.final_recipient.as_deref(),
        Some("rfc822; john@example.com")
    );
    assert_eq!(
        mdn.original_message_id.as_deref(),
        Some("<199509192301.23456@example.org>")
    );
    let made = String::from_utf8(made).unwrap();
    for line in [
        "Reporting-UA: joes-pc.cs.example.com; Foomail 97.1",
        "Original-Recipient: rfc822;john@example.com",
        "Final-Recipient: rfc822; john@example.com",
        "Original-Message-ID: <199509192301.23456@example.org>",
        "Disposition: manual-action/MDN-sent-manually; displayed",
        "EXTENSION-EXAMPLE: example.com",
        "To: <joe@example.com>",
        "Subject: Read receipt for: World domination",
        "Auto-Submitted: auto-replied",
    ] {
        assert!(made.lines().any(|known| known == line), "{line} in {made}");
    }
    assert!(
        made.contains("multipart/report; report-type=\"disposition-notification\""),
        "{made}"
    );
    let message = parse(&made);
    let types: Vec<_> = message
        .parts()
        .iter()
        .map(|part| part.type_.as_str())
        .collect();
    let expected = [
        "multipart/report",
        "text/plain",
        "message/disposition-notification",
    ];
    assert_eq!(types, expected);
    // What is read is what was made, but for what only the mail store knows.
    let mut read = Mdn::parse(&message).unwrap();
    read.for_email_id.clone_from(&mdn.for_email_id);
    assert_eq!(read, mdn);
}

#[test]
fn s2_the_original_comes_along_if_it_is_wanted() {
    let mut mdn = example();
    mdn.include_original_message = true;
    mdn.subject = None;
    let made = mdn
        .compose(&parse(ORIGINAL), &john(), &SURROUNDINGS)
        .unwrap();
    let made = String::from_utf8(made).unwrap();
    let message = parse(&made);
    assert_eq!(&*message.part("3").unwrap().decoded(), ORIGINAL.as_bytes());
    assert!(Mdn::parse(&message).unwrap().include_original_message);
}

/// The example of RFC 8098 §9.
const RFC8098_S9: &str = "Date: Wed, 20 Sep 1995 00:19:00 (EDT) -0400\r
From: Joe Recipient <Joe_Recipient@example.com>\r
Message-Id: <199509200019.12345@example.com>\r
Subject: Disposition notification\r
To: Jane Sender <Jane_Sender@example.org>\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=disposition-notification;\r
   boundary=\"RAA14128.773615765/example.com\"\r
\r
--RAA14128.773615765/example.com\r
\r
The message sent on 1995 Sep 19 at 13:30:00 (EDT) -0400 to Joe\r
Recipient <Joe_Recipient@example.com> with subject \"First draft of\r
report\" has been displayed.\r
This is no guarantee that the message has been read or understood.\r
\r
--RAA14128.773615765/example.com\r
Content-Type: message/disposition-notification\r
\r
Reporting-UA: joes-pc.cs.example.com; Foomail 97.1\r
Original-Recipient: rfc822;Joe_Recipient@example.com\r
Final-Recipient: rfc822;Joe_Recipient@example.com\r
Original-Message-ID: <199509192301.23456@example.org>\r
Disposition: manual-action/MDN-sent-manually; displayed\r
\r
--RAA14128.773615765/example.com\r
Content-Type: message/rfc822\r
\r
[original message optionally goes here]\r
\r
--RAA14128.773615765/example.com--\r
";

#[test]
fn rfc8098_s9_example_is_read() {
    let mdn = Mdn::parse(&parse(RFC8098_S9)).unwrap();
    let told = serde_json::to_value(&mdn).unwrap();
    assert_eq!(told["reportingUA"], "joes-pc.cs.example.com; Foomail 97.1");
    assert_eq!(told["finalRecipient"], "rfc822;Joe_Recipient@example.com");
    assert_eq!(
        told["originalMessageId"],
        "<199509192301.23456@example.org>"
    );
    assert_eq!(
        told["disposition"],
        json!({
            "actionMode": "manual-action",
            "sendingMode": "mdn-sent-manually",
            "type": "displayed"
        })
    );
    assert_eq!(told["includeOriginalMessage"], true);
    assert!(
        told["textBody"]
            .as_str()
            .unwrap()
            .starts_with("The message sent on 1995")
    );
    assert_eq!(Mdn::parse(&parse(ORIGINAL)), None);
}

#[test]
fn s2_1_what_is_wrong_is_refused() {
    let unasked = ORIGINAL.replace("Disposition-Notification-To", "X");
    let refused = |mut mdn: Mdn, original: &str| {
        mdn.compose(&parse(original), &john(), &SURROUNDINGS)
            .unwrap_err()
    };
    assert_eq!(refused(example(), &unasked), MdnError::NotAsked);
    let invalid = |mdn: Mdn| match refused(mdn, ORIGINAL) {
        MdnError::Invalid(ComposeError::InvalidProperties { properties, .. }) => properties,
        other => panic!("{other:?}"),
    };
    let mut mdn = example();
    mdn.reporting_ua = Some("a\r\nFinal-Recipient: b".to_owned());
    assert_eq!(invalid(mdn), ["reportingUA"]);
    let mut mdn = example();
    mdn.extension_fields = Some([("Disposition".to_owned(), "x".to_owned())].into());
    assert_eq!(invalid(mdn), ["extensionFields"]);
    assert_eq!(asked_by(parse(ORIGINAL).header()).unwrap().len(), 1);
}
