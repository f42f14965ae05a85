//! What messages are found by: keys, conditions, snippets. RFC 8621 §4.4, §5.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use mail::keys::{KeyValue, keys};
use mail::{Condition, Limits, Message, Place, base_subject};

const MAIL: &str = "Received: from a by b; Tue, 1 Jul 2003 10:52:40 +0000\r
Received: from c by a; Tue, 1 Jul 2003 09:00:00 +0000\r
From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\r
To: Anna <anna@example.com>, \"Bob\" <bob@example.com>\r
Subject: Re: [List] Über the Foosball competition\r
Date: Tue, 1 Jul 2003 10:52:37 +0200\r
Message-ID: <1@example.org>\r
References: <0@example.org>\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/html; charset=utf-8\r
\r
<style>.hidden{}</style><p title='Tooltip'>This year the <b>foos</b>ball is &lt;1 widget</p>\r
<p>\u{6771}\u{4eac}\u{90fd} \u{0928}\u{092e}\u{0938}\u{094d}\u{0924}\u{0947}</p>\r
--b\r
Content-Type: text/x-log\r
Content-Disposition: attachment; filename=a.log\r
\r
attached words\r
--b--\r
";

fn texts(name: &str) -> Vec<String> {
    let of_name = keys(MAIL.as_bytes(), 1_057_056_760)
        .into_iter()
        .filter(|key| key.name == name);
    of_name
        .map(|key| match key.value {
            KeyValue::Text(text) | KeyValue::Words(text) => text,
            KeyValue::Number(number) => number.to_string(),
        })
        .collect()
}

/// Does as the host's index does: all words of one alternative of each term.
fn is_found(place: Place, text: &str) -> bool {
    let words = texts("words").remove(0);
    let has = |wanted: &String| {
        let mut wanted = wanted.split(' ');
        wanted.all(|wanted| words.split(' ').any(|word| word == wanted))
    };
    let condition = Condition::new(place, text);
    let terms = condition.terms();
    let is_found = terms.all_of.iter().all(|any_of| any_of.iter().any(has));
    let message = Message::parse(MAIL.as_bytes(), &Limits::default());
    let matches = condition.matches(&message);
    // What the index leaves out must not match, and what it says is exact must.
    assert!(is_found || !matches, "{text}");
    assert!(!terms.is_exact || is_found == matches, "{text}");
    matches
}

#[test]
fn s4_4_keys() {
    assert_eq!(texts("size"), [MAIL.len().to_string()]);
    assert_eq!(texts("received"), ["1057056760"]);
    assert_eq!(texts("sent"), ["1057049557"]);
    assert_eq!(texts("attachment"), ["1"]);
    assert_eq!(texts("order-from"), ["jorg"]);
    assert_eq!(texts("order-to"), ["anna"]);
    assert_eq!(texts("order-subject"), ["uber the foosball competition"]);
    assert!(texts("header").contains(&"content-type".to_owned()));
    assert_eq!(
        texts("header")
            .iter()
            .filter(|name| *name == "received")
            .count(),
        1
    );
    assert_eq!(texts("id"), ["1@example.org"]);
    assert_eq!(texts("reply"), ["0@example.org"]);
    assert_eq!(texts("thread").len(), 2);
    assert!(texts("unread").is_empty());
}

#[test]
fn s4_4_1_text_is_found_where_it_is() {
    let subject = || Place::Field("Subject");
    for (is, place, text) in [
        (true, Place::Text, "jörg"),
        (true, Place::Text, "JORG foosball"),
        (true, Place::Text, "attached"),
        (true, Place::Body, "attached"),
        (false, Place::Body, "jörg"),
        (true, Place::Field("From"), "joerg@example.org"),
        (false, Place::Field("From"), "anna"),
        (true, Place::Field("To"), "anna bob"),
        (true, subject(), "uber"),
        (false, subject(), "foos"),
        // HTML: text, not markup; what is told to those who don't see, too.
        (true, Place::Body, "foosball"),
        (false, Place::Body, "hidden"),
        (false, Place::Body, "style"),
        (true, Place::Body, "tooltip"),
        // Scripts without spaces, and with vowels that are marks.
        (true, Place::Body, "\u{6771}\u{4eac}"),
        (true, Place::Body, "\u{4eac}\u{90fd}"),
        (true, Place::Body, "\u{90fd}"),
        (false, Place::Body, "\u{4eac}\u{6771}"),
        (
            true,
            Place::Body,
            "\u{0928}\u{092e}\u{0938}\u{094d}\u{0924}\u{0947}",
        ),
        // Phrases.
        (true, subject(), "\"foosball competition\""),
        (true, subject(), "'the foosball'"),
        (false, subject(), "\"competition foosball\""),
        (false, Place::Text, "\"foosball competitio\""),
        (true, Place::Text, "\"year the\" anna"),
        (false, Place::Text, "anna nobody"),
        // Nothing asked for.
        (true, Place::Text, ""),
    ] {
        assert_eq!(is_found(place.clone(), text), is, "{place:?} {text}");
    }
}

#[test]
fn s4_4_1_header_fields_are_looked_into() {
    let message = Message::parse(MAIL.as_bytes(), &Limits::default());
    let has = |name: &str, text: &str| {
        let condition = Condition::new(Place::Header(name.to_owned()), text);
        assert!(!condition.terms().is_exact);
        condition.matches(&message)
    };
    assert!(has("references", "0@example.org"));
    assert!(has("RECEIVED", "from c"));
    assert!(!has("references", "2@example.org"));
}

#[test]
fn s5_snippets_are_marked_and_escaped() {
    let foo = Condition::new(Place::Text, "foosball");
    assert_eq!(
        foo.mark("The Foosball competition").as_deref(),
        Some("The <mark>Foosball</mark> competition")
    );
    assert_eq!(foo.mark("nothing"), None);
    let several = Condition::new(Place::Text, "b \"a < c\"");
    assert_eq!(
        several.mark("A < C & B").as_deref(),
        Some("<mark>A &lt; C</mark> &amp; <mark>B</mark>")
    );
    let umlaut = Condition::new(Place::Text, "uber");
    assert_eq!(umlaut.mark("Über").as_deref(), Some("<mark>Über</mark>"));
    let text = "word ".repeat(40) + "<b> foosball </b>" + &" more & more".repeat(40);
    let snippet = foo.snippet(&text).unwrap();
    assert!(snippet.len() <= 255 && snippet.len() > 150, "{snippet}");
    assert!(
        snippet.contains("&lt;b&gt; <mark>foosball</mark> &lt;/b&gt; more &amp;"),
        "{snippet}"
    );
    assert!(
        snippet.starts_with("...") && snippet.ends_with("..."),
        "{snippet}"
    );
    let wide = "\u{6771}".repeat(300) + "foosball" + &"\u{4eac}&".repeat(300);
    let snippet = foo.snippet(&wide).unwrap();
    assert!(
        snippet.len() <= 255 && snippet.contains("<mark>foosball</mark>"),
        "{snippet}"
    );
}

#[test]
fn base_subjects() {
    // RFC 5256 §2.1.
    for (subject, base) in [
        ("Re: Lunch", "Lunch"),
        ("RE: re:  Fwd: Lunch  today ", "Lunch today"),
        ("[List] Re: Lunch", "Lunch"),
        ("Fwd: [Fwd: Lunch]", "Lunch"),
        ("Lunch (fwd)", "Lunch"),
        ("Lunch", "Lunch"),
        ("Re:", ""),
        ("", ""),
    ] {
        assert_eq!(base_subject(subject), base, "{subject}");
    }
}
