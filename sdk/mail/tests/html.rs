//! HTML that strangers send: safe, or plain.
#![allow(clippy::unwrap_used)]

use mail::html::{Image, sanitise, to_text};

fn safe(html: &str) -> String {
    sanitise(html, |src| match src.strip_prefix("cid:") {
        Some(id) => Image::At(format!("/part/{id}")),
        None => Image::Gone,
    })
}

#[test]
fn what_is_harmless_stays() {
    let html = "<p>Hello <b>w&ouml;rld</b> &amp; <a href=\"https://example.org/?a=1&amp;b=2\">x</a></p>\
                <table><tbody><tr><td>1</td></tr></tbody></table>";
    let safe = safe(html);
    assert!(
        safe.starts_with(
            "<p>Hello <b>wörld</b> &amp; <a href=\"https://example.org/?a=1&amp;b=2\""
        )
    );
    assert!(safe.contains("rel=\"noopener noreferrer nofollow\""));
    assert!(
        safe.ends_with("<table><tbody><tr><td>1</td></tr></tbody></table>"),
        "{safe}"
    );
}

#[test]
fn pictures_come_from_where_they_may() {
    assert_eq!(safe("<img src='cid:a@b'>"), "<img src=\"/part/a@b\">");
    assert_eq!(
        safe("<img src='https://spy.example/x.gif' alt=a>"),
        "<img alt=\"a\">"
    );
    assert_eq!(safe("<img src=x srcset='https://spy.example 2x'>"), "<img>");
}

#[test]
fn nothing_runs() {
    for html in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=' java\tscript:alert(1)'>x</a>",
        "<a href='&#106;avascript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<iframe src='https://example.org'></iframe>",
        "<style>body{background:url(https://spy.example)}</style>",
        "<p style='background:url(https://spy.example)'>x</p>",
        "<body background='https://spy.example'>x",
        "<svg><script>alert(1)</script></svg>",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<form action='https://example.org'><input name=password></form>",
        "<meta http-equiv=refresh content='0;url=https://example.org'>",
        "<base href='https://example.org/'><a href='x'>x</a>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<!--><img src=x onerror=alert(1)>-->",
        "<<script>alert(1)//<</script>",
        "<a href=\"x\"\"onclick=alert(1)//\">x</a>",
        "<textarea><img title=\"</textarea><img src=x onerror=alert(1)>\"></textarea>",
        "<xmp><img title=\"</xmp><img src=x onerror=alert(1)>\"></xmp>",
    ] {
        let safe = safe(html).to_ascii_lowercase();
        for bad in [
            "<script",
            "onerror=",
            "onclick=",
            "javascript:",
            "data:",
            "spy",
            "<form",
            "<iframe",
            "<svg",
            "<math",
            "<style",
            "style=",
            "<meta",
            "<base",
            "<input",
        ] {
            // In text it may stand, because there `<` is a character reference.
            let in_tag = safe.split('<').skip(1).any(|tag| {
                let tag = tag.split('>').next().unwrap_or_default();
                format!("<{tag}").contains(bad)
            });
            assert!(!in_tag, "{html} gives {safe}");
        }
    }
}

#[test]
fn text_is_what_is_seen() {
    for (html, text) in [
        ("<p>a<p>b<br>c", "a\nb\nc"),
        ("a   b\n\nc", "a b c"),
        ("<b>a</b>b <i>c</i>", "ab c"),
        ("&lt;p&gt; &#228;&#xe4;&auml; &nope; &", "<p> äää &nope; &"),
        ("<head><title>t</title><style>s</style></head><body>b", "b"),
        ("<script>if (a<b) { '</p>' }</script>x", "x"),
        ("<!-- a > b --><![CDATA[x]]>y<!DOCTYPE html>z", "yz"),
        ("<img alt='A picture' src=x> there", "A picture there"),
        ("<td>1</td><td>2</td>", "1 2"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<a title='it > that'>x</a>", "it > that x"),
    ] {
        assert_eq!(to_text(html, usize::MAX), text, "{html}");
    }
    assert_eq!(to_text(&"ä ".repeat(100), 7), "ä ä ");
}
