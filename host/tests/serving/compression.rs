//! Compressed answers, as they are on the wire. RFC 9110 §8.4, §12.5.3.

use crate::support::start;

fn page() -> Vec<u8> {
    "<p>All the same, all the same.</p>\n"
        .repeat(200)
        .into_bytes()
}

#[test]
fn s12_5_3_who_asks_for_it_gets_it() {
    let page = page();
    let server = start("httpdocroot: {folder}/www", &[("a.html", &page)]);
    let plain = server.ask("GET", "/a.html", &[]);
    assert_eq!(plain.body.len(), page.len());
    assert_eq!(plain.field("vary"), Some("accept-encoding"));
    let strong = plain.field("etag").unwrap();
    for coding in ["gzip", "br", "zstd"] {
        let fields = [("Accept-Encoding", coding)];
        let answer = server.ask("GET", "/a.html", &fields);
        assert_eq!(answer.field("content-encoding"), Some(coding));
        assert_eq!(answer.field("vary"), Some("accept-encoding"));
        assert_eq!(answer.field("etag").unwrap(), format!("w/{strong}"));
        let length: usize = answer.field("content-length").unwrap().parse().unwrap();
        assert!(length < 300, "{length}");

        // RFC 9110 §8.6: no length, rather than a wrong one.
        let head = server.ask("HEAD", "/a.html", &fields);
        assert_eq!(head.field("content-encoding"), Some(coding));
        assert_eq!(head.field("content-length"), None);
        assert!(head.body.is_empty());
    }
}

#[test]
fn s13_1_1_a_weakened_tag_is_as_good_as_the_strong_one() {
    let server = start("httpdocroot: {folder}/www", &[("a.html", &page())]);
    let gzip = ("Accept-Encoding", "gzip");
    let answer = server.ask("GET", "/a.html", &[gzip]);
    let tag = answer.field("etag").unwrap().replace("w/", "W/");
    let ask = |field| server.ask("GET", "/a.html", &[gzip, (field, &tag)]);
    let unchanged = ask("If-None-Match");
    assert_eq!(unchanged.status, 304);
    assert_eq!(unchanged.field("etag"), answer.field("etag"));
    assert_eq!(unchanged.field("vary"), Some("accept-encoding"));
    assert_eq!(ask("If-Match").status, 200);
}

#[test]
fn an_operator_can_do_without() {
    let options = "httpdocroot: {folder}/www\nhttpallowcompress: off";
    let server = start(options, &[("a.html", &page())]);
    let answer = server.ask("GET", "/a.html", &[("Accept-Encoding", "gzip")]);
    assert_eq!(answer.field("content-encoding"), None);
    assert_eq!(answer.field("vary"), None);
}
