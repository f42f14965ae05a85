//! What goes in comes back: the tree, its limits, and standing alone.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use xml::{Element, Error, Limits, Name, Writer, parse};

fn read(text: &str) -> Result<Element, Error> {
    parse(text.as_bytes(), &Limits::default())
}

/// Reads `text`, takes the first element below the root, writes it alone.
fn alone(text: &str) -> String {
    let root = read(text).unwrap();
    let mut out = Vec::new();
    root.elements()
        .next()
        .unwrap()
        .write_standalone(&mut out, &[&root]);
    String::from_utf8(out).unwrap()
}

#[test]
fn standing_alone_keeps_meaning() {
    for (text, expected) in [
        ("<a><b/></a>", "<b/>"),
        (r#"<a xmlns="urn:a"><b/></a>"#, r#"<b xmlns="urn:a"/>"#),
        (
            r#"<a xmlns="urn:a"><b xmlns=""><c/></b></a>"#,
            r#"<b xmlns=""><c/></b>"#,
        ),
        (
            r#"<p:a xmlns:p="urn:a"><p:b p:c="d"> x </p:b></p:a>"#,
            r#"<p:b xmlns:p="urn:a" p:c="d"> x </p:b>"#,
        ),
        (
            r#"<p:a xmlns:p="urn:a" xmlns:q="urn:q"><b>q:name</b></p:a>"#,
            r#"<b xmlns:q="urn:q">q:name</b>"#,
        ),
        (
            r#"<a><b xml:lang="de">one<c/>two<![CDATA[<&]]></b></a>"#,
            r#"<b xml:lang="de">one<c/>two&lt;&amp;</b>"#,
        ),
        (
            "<a><b c='\"&#9;&#13;'>&#13;&#x10000;\r\n</b></a>",
            "<b c=\"&quot;&#9;&#13;\">&#13;\u{10000}\n</b>",
        ),
        (
            "<a><!-- no --><b><?no no?>x<!-- no -->y</b></a>",
            "<b>xy</b>",
        ),
        (
            r#"<a xmlns:p="u:1"><b xmlns:p="u:2"><p:c/></b></a>"#,
            r#"<b xmlns:p="u:2"><p:c/></b>"#,
        ),
        (
            r#"<a xmlns:p="u:a&amp;b"><p:b/></a>"#,
            r#"<p:b xmlns:p="u:a&amp;b"/>"#,
        ),
    ] {
        assert_eq!(alone(text), expected, "{text}");
        assert!(read(expected).is_ok(), "{expected}");
    }
}

#[test]
fn refused() {
    for text in [
        "",
        " ",
        "x",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>x",
        "</a>",
        "<a b='1' b='2'/>",
        "<p:a/>",
        "<a xmlns:p=''/>",
        "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
        "<a>&nbsp;</a>",
        "<a>&#0;</a>",
        "<a>&#x1;</a>",
        "<a>\u{1}</a>",
        "<1/>",
        "<a:/>",
        "<a:b:c xmlns:a='u'/>",
        "<a b=c/>",
        "<a b='<'/>",
        "<!DOCTYPE a><a/>",
        "<a>&#xFFFF;</a>",
        "<a b='&#0;'/>",
        "<?xml version='1.0' encoding='latin1'?><a/>",
        "<a>&lt</a>",
        "<a",
        "<a b=\"&unknown;\"/>",
        "<a xmlns:xmlns='u'/>",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    assert!(matches!(
        parse(b"\xFF\xFE<\0a\0", &Limits::default()),
        Err(Error::Encoding(_))
    ));
    assert!(matches!(
        parse(b"<a>\xFF</a>", &Limits::default()),
        Err(Error::Malformed(_))
    ));
    assert!(parse(b"\xEF\xBB\xBF<a/>", &Limits::default()).is_ok());
    assert_eq!(
        read("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
        Err(Error::DocumentType)
    );
}

#[test]
fn limits_hold() {
    let limits = Limits {
        bytes: 1000,
        depth: 5,
        elements: 20,
        attributes: 3,
    };
    for (text, what) in [
        ("<a>".repeat(6) + &"</a>".repeat(6), "levels of elements"),
        (format!("<a>{}</a>", "<b/>".repeat(20)), "elements"),
        ("<a b='' c='' d='' e=''/>".to_owned(), "attributes"),
        (format!("<a>{}</a>", " ".repeat(1000)), "bytes"),
    ] {
        match parse(text.as_bytes(), &limits) {
            Err(Error::TooBig { what: found, .. }) => assert_eq!(found, what),
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn writer_escapes_and_declares() {
    let mut writer = Writer::new(&[("urn:stamps", "S")]);
    let root = Name::dav("multistatus");
    writer.start_root(&root);
    writer.leaf(&Name::dav("href"), "/a&b<\u{0}\u{1F}\u{FFFF}\r");
    writer.start(&Name::new("urn:stamps", "value"));
    writer.attribute("unit", "a\"\n");
    writer.number(0);
    writer.number(1_234_567_890);
    writer.end(&Name::new("urn:stamps", "value"));
    writer.empty(&Name::new("urn:other", "x"));
    writer.empty(&Name::new("", "none"));
    writer.end(&root);
    let text = String::from_utf8(writer.into_bytes()).unwrap();
    assert_eq!(
        text.lines().nth(1).unwrap(),
        "<D:multistatus xmlns:D=\"DAV:\" xmlns:S=\"urn:stamps\"><D:href>/a&amp;b&lt;&#13;</D:href>\
         <S:value unit=\"a&quot;&#10;\">01234567890</S:value><x:x xmlns:x=\"urn:other\"/><none/></D:multistatus>"
    );
    assert!(parse(text.as_bytes(), &Limits::default()).is_ok());
}

#[test]
fn what_is_escaped_is_so_wherever_it_stands_in_a_long_text() {
    let one_by_one = |text: &str, attribute: bool| -> String {
        let escaped = text.chars().map(|c| match c {
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '&' => "&amp;".to_owned(),
            '\r' => "&#13;".to_owned(),
            '"' if attribute => "&quot;".to_owned(),
            '\t' if attribute => "&#9;".to_owned(),
            '\n' if attribute => "&#10;".to_owned(),
            '\t' | '\n' => c.to_string(),
            // XML 1.0 §2.2: not a Char.
            '\0'..'\u{20}' | '\u{FFFE}' | '\u{FFFF}' => String::new(),
            c => c.to_string(),
        });
        escaped.collect()
    };
    let pieces = [
        "a",
        "SUMMARY:Tea",
        "\r\n",
        "<",
        ">",
        "&",
        "\"",
        "\t",
        "\u{1}",
        "\u{FFFE}",
        "\u{FFFF}",
        "\u{FF5E}",
        "ü",
        "\u{1F4C5}",
        "\u{7F}",
        "0123456789abcdef0123456789abcdef",
    ];
    let mut state = 1u32;
    for _ in 0..3000 {
        let mut text = String::new();
        for _ in 0..state % 23 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.extend(pieces.get((state >> 20) as usize % pieces.len()).copied());
        }
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) >> 1;
        let (mut in_text, mut in_attribute) = (Vec::new(), Vec::new());
        xml::escape_text(&mut in_text, &text);
        xml::escape_attribute(&mut in_attribute, &text);
        assert_eq!(in_text, one_by_one(&text, false).as_bytes(), "{text:?}");
        assert_eq!(in_attribute, one_by_one(&text, true).as_bytes(), "{text:?}");
    }
}
