//! RFC 9110.

use super::*;

#[test]
fn s13_1_conditions_on_writes() {
    let host = host();
    let file = format!("{HOME}/f");
    let etag = put(&host, &file, "1").header("etag").unwrap().to_owned();
    let put = |name, value: &str| send(&host, "PUT", &file, &[(name, value)], "2").status;
    assert_eq!(put("if-none-match", "*"), 412);
    assert_eq!(put("if-match", "\"other\""), 412);
    assert_eq!(put("if-match", &etag), 204);
    assert_eq!(put("if-match", "*"), 204);
    let new = format!("{HOME}/g");
    assert_eq!(
        send(&host, "PUT", &new, &[("if-none-match", "*")], "1").status,
        201
    );
    assert_eq!(
        send(&host, "PUT", &new, &[("if-match", "*")], "1").status,
        204
    );
}

#[test]
fn s9_3_4_a_part_is_not_taken_for_the_whole() {
    let host = host();
    let headers = [("content-range", "bytes 0-0/2")];
    assert_eq!(
        send(&host, "PUT", &format!("{HOME}/f"), &headers, "1").status,
        400
    );
    assert_eq!(get(&host, &format!("{HOME}/f")).status, 404);
}

#[test]
fn s9_3_7_options_needs_no_sign_in() {
    let host = host();
    host.act_as_anonymous();
    let reply = send(&host, "OPTIONS", &format!("{HOME}/"), &[], "");
    assert_eq!(reply.status, 200);
    assert!(reply.header("dav").unwrap().starts_with("1, 2, 3"));
    let allow = reply.header("allow").unwrap();
    assert!(allow.contains("PROPFIND"), "{allow}");
    assert_eq!(send(&host, "PROPFIND", "/dav/drive/", &[], "").status, 401);
}

#[test]
fn s8_3_types_are_kept_or_guessed() {
    let host = host();
    for (name, told, kept) in [
        ("a.png", "", "image/png"),
        ("b.png", "application/octet-stream", "image/png"),
        ("c.png", "text/x-mine; a=b", "text/x-mine; a=b"),
        ("d", "", "application/octet-stream"),
        ("e.txt", "a\nb", "text/plain; charset=utf-8"),
    ] {
        let path = format!("{HOME}/{name}");
        let headers = [("content-type", told)];
        let headers = if told.is_empty() {
            &headers[..0]
        } else {
            &headers[..]
        };
        assert_eq!(send(&host, "PUT", &path, headers, "1").status, 201);
        assert_eq!(
            get(&host, &path).header("content-type"),
            Some(kept),
            "{name}"
        );
    }
}

#[test]
fn stored_documents_run_nothing_in_the_servers_name() {
    let host = host();
    put(&host, &format!("{HOME}/a.html"), "<script>");
    put(&host, &format!("{HOME}/a.png"), "png");
    let html = get(&host, &format!("{HOME}/a.html"));
    assert!(
        html.header("content-security-policy")
            .unwrap()
            .starts_with("sandbox;")
    );
    assert_eq!(html.header("x-content-type-options"), Some("nosniff"));
    let png = get(&host, &format!("{HOME}/a.png"));
    assert_eq!(png.header("content-security-policy"), None);
    assert_eq!(png.header("x-content-type-options"), Some("nosniff"));
}

#[test]
fn a_page_for_browsers_is_safe_and_sorted() {
    let host = host();
    mkcol(&host, &format!("{HOME}/z"));
    put(&host, &format!("{HOME}/b%22%3Cscript%3E"), "1");
    put(&host, &format!("{HOME}/a.txt"), "12");
    let bare = get(&host, HOME);
    assert_eq!(
        (bare.status, bare.header("location")),
        (301, Some("/dav/drive/user/alice/"))
    );
    let reply = get(&host, &format!("{HOME}/"));
    let html = reply.text();
    assert!(
        reply
            .header("content-security-policy")
            .unwrap()
            .starts_with("default-src 'none'")
    );
    assert!(!html.contains("<script"), "{html}");
    let at = |text: &str| {
        html.find(text)
            .unwrap_or_else(|| panic!("{text} in {html}"))
    };
    assert!(at(">z/</a>") < at(">a.txt</a>"));
    assert!(at(">a.txt</a>") < at("b&quot;&lt;script&gt;</a>"));
    assert!(html.contains("href=\"/dav/drive/user/alice/b%22%3Cscript%3E\""));
    assert!(html.contains("<td>2 bytes</td>") && html.contains("href=\"/dav/drive/user/\""));
    assert!(
        get(&host, "/dav/drive/")
            .text()
            .contains("href=\"/dav/drive/user/\"")
    );
    assert!(
        get(&host, "/dav/drive/user/")
            .text()
            .contains(">alice/</a>")
    );
    assert!(
        send(&host, "HEAD", &format!("{HOME}/"), &[], "")
            .body
            .is_empty()
    );
}
