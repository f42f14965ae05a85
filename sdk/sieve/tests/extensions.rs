//! Scripts that use extensions: the examples of their RFCs, shortened, and what they refuse.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use sieve::{Fault, Script};

const GOOD: [&str; 16] = [
    // RFC 5230 §4.
    "require \"vacation\"; vacation :days 23 :addresses [\"tjs@example.edu\", \"ts4z@landru.example.edu\"] \
     \"I'm away until October 19.\";",
    "require \"vacation\"; if header :contains \"subject\" \"cyrus\" { vacation \"I'm out -- send mail to \
     cyrus-bugs\"; } else { vacation \"I'm out -- call me at +1 304 555 0123\"; }",
    "require \"vacation\"; vacation :mime text:\r\nContent-Type: multipart/alternative; boundary=foo\r\n\r\n\
     --foo\r\n\r\nI'm at the beach.\r\n\r\n--foo--\r\n.\r\n;",
    "require \"vacation\"; vacation :subject \"Automatic response to: x\" :from \"T <tjs@example.edu>\" \
     :handle \"ran-away\" \"Out\";",
    // RFC 6131 §2.
    "require \"vacation-seconds\"; vacation :seconds 1800 \"I am in a meeting\";",
    // RFC 5231 §7.
    "require [\"relational\", \"comparator-i;ascii-numeric\", \"fileinto\"]; \
     if header :value \"lt\" :comparator \"i;ascii-numeric\" [\"x-priority\"] [\"3\"] { fileinto \"Priority\"; } \
     elsif address :count \"gt\" :comparator \"i;ascii-numeric\" [\"to\"] [\"5\"] { fileinto \"SPAM\"; }",
    // RFC 5232.
    "require [\"fileinto\", \"imap4flags\", \"variables\"]; if size :over 1M { addflag \"MyFlags\" \"Big\"; \
     if header :is \"From\" \"boss@company.example.com\" { addflag \"MyFlags\" \"\\\\Flagged Todo\"; } \
     fileinto :flags \"${MyFlags}\" \"Big messages\"; }",
    "require \"imap4flags\"; if hasflag :contains [\"\\\\Seen\", \"Junk\"] { keep; }",
    "require [\"imap4flags\", \"variables\"]; if hasflag :contains \"MyVar\" [\"label\", \"forward\"] { keep; }",
    // RFC 5233 §5.
    "require [\"envelope\", \"subaddress\", \"fileinto\"]; if envelope :detail \"to\" \"mta-filters\" \
     { fileinto \"inbox.ietf-mta-filters\"; }",
    // RFC 5229 §3, §4.
    "require [\"fileinto\", \"variables\"]; if header :matches \"List-ID\" \"*<*@*\" \
     { fileinto \"INBOX.lists.${2}\"; stop; } set :length :upperfirst \"b\" \"${1}\"; \
     if string :is \"${state}\" \"pending\" { redirect \"${who}\"; }",
    // RFC 5260 §4, §6.
    "require [\"date\", \"relational\", \"index\", \"fileinto\"]; \
     if allof (currentdate :value \"ge\" \"date\" \"2007-06-30\", date :index 1 :last :zone \"-0500\" \
     \"received\" \"weekday\" [\"0\", \"6\"]) { fileinto \"weekend\"; }",
    // RFC 5173 §5.
    "require [\"body\", \"fileinto\"]; if body :raw :contains \"MAKE MONEY FAST\" { discard; } \
     if body :content \"text\" :contains [\"missile\", \"coordinates\"] { fileinto \"secrets\"; }",
    // RFC 3894, RFC 5490 §3, RFC 8579 §4.
    "require [\"copy\", \"fileinto\", \"mailbox\", \"special-use\"]; \
     if anyof (mailboxexists [\"A\"], specialuse_exists \"\\\\Archive\", specialuse_exists \"INBOX\" \"\\\\Junk\") \
     { fileinto :copy :create :specialuse \"\\\\Archive\" \"A\"; redirect :copy \"b@example.com\"; }",
    // RFC 5429 §2.
    "require [\"reject\", \"ereject\"]; if true { reject \"no\"; } else { ereject \"never\"; }",
    // Lines that end as on Unix.
    "require [\"fileinto\"];\n# comment\nif true /*\n*/ {\n}\n",
];

#[test]
fn examples_are_read() {
    for script in GOOD {
        Script::parse(script.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{script}"));
    }
}

#[test]
fn values_that_make_no_sense_are_named() {
    for (script, value) in [
        (
            "require \"relational\"; if header :count \"more\" \"a\" \"1\" { }",
            "more",
        ),
        (
            "require \"date\"; if currentdate \"century\" \"20\" { }",
            "century",
        ),
        (
            "require \"date\"; if currentdate :zone \"CET\" \"year\" \"2020\" { }",
            "CET",
        ),
        ("require \"imap4flags\"; setflag \"\\\\Seen (x\";", "(x"),
        ("require \"variables\"; set \"1a\" \"b\";", "1a"),
        ("require \"envelope\"; if envelope \"cc\" \"a\" { }", "cc"),
        (
            "require \"vacation\"; vacation :from \"me\" \"gone\";",
            "me",
        ),
        ("require \"index\"; if header :index 0 \"a\" \"b\" { }", "0"),
        (
            "require \"comparator-i;ascii-numeric\"; \
             if header :contains :comparator \"i;ascii-numeric\" \"a\" \"b\" { }",
            "i;ascii-numeric",
        ),
    ] {
        let error = Script::parse(script.as_bytes()).expect_err(script);
        let Fault::Value { value: found, .. } = error.fault else {
            panic!("{script}: {error}");
        };
        assert_eq!(found, value);
    }
    // What a variable makes of it is not known before there is a message.
    let script = "require [\"variables\", \"fileinto\"]; redirect \"${1}\"; fileinto \"${x}\";";
    assert!(Script::parse(script.as_bytes()).is_ok());
}
