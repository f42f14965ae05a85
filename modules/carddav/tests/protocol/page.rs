//! The page for people at a home.

use super::*;

const HOME_PAGE: &str = "/dav/addressbooks/user/alice/";
const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const OWN: (&str, &str) = ("origin", "https://example.org");

fn page(host: &Host) -> String {
    let reply = send(host, "GET", HOME_PAGE, &[BROWSER], "");
    assert_eq!(reply.status, 200, "{}", reply.text());
    let content_type = reply.header("content-type").unwrap();
    assert_eq!(content_type, "text/html; charset=utf-8");
    reply.text()
}

#[track_caller]
fn fill_in(host: &Host, form: &str) {
    let reply = send(host, "POST", HOME_PAGE, &[FORM, OWN], form);
    assert_eq!(reply.status, 303, "{}", reply.text());
    assert_eq!(reply.header("location").unwrap(), HOME_PAGE);
}

/// The name, in URLs, of the address book that is called this.
fn name_of(host: &Host, title: &str) -> String {
    let reply = propfind(host, HOME_PAGE, "1", "<displayname/>");
    let text = reply.text();
    let response = text
        .split("<D:response>")
        .find(|response| response.contains(&format!("<D:displayname>{title}</D:displayname>")));
    let href = response.unwrap().split("</D:href>").next().unwrap();
    let parts: Vec<&str> = href.trim_end_matches('/').split('/').collect();
    parts.last().unwrap().to_string()
}

#[test]
fn browsers_see_a_page_and_others_do_not() {
    let host = host();
    let html = page(&host);
    for piece in [
        "<h1>Address books</h1>",
        ">Personal</h2>",
        "href=\"/dav/addressbooks/user/alice/Default/\">Download</a>",
        "Share with everyone",
    ] {
        assert!(html.contains(piece), "{piece} is not in {html}");
    }
    assert!(!html.contains("<script") && !html.contains("style="));
    let reply = send(&host, "GET", HOME_PAGE, &[BROWSER], "");
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"));
    assert_eq!(send(&host, "GET", HOME_PAGE, &[], "").status, 204);
    let without_slash = HOME_PAGE.trim_end_matches('/');
    assert_eq!(
        send(&host, "GET", without_slash, &[BROWSER], "").status,
        301
    );
    host.option("carddav_allowaddressbookadmin", "no");
    assert_eq!(send(&host, "GET", HOME_PAGE, &[BROWSER], "").status, 204);
}

#[test]
fn address_books_are_made_renamed_shared_and_deleted() {
    let host = host();
    fill_in(&host, "action=create&displayname=Fu%C3%9Fball+%26+Co");
    let html = page(&host);
    assert!(html.contains(">Fußball &amp; Co</h2>"), "{html}");
    let name = name_of(&host, "Fußball &amp; Co");
    fill_in(
        &host,
        &format!("action=rename&name={name}&displayname=Club"),
    );
    assert!(page(&host).contains(">Club</h2>"));
    let path = format!("{HOME_PAGE}{name}/");
    fill_in(&host, &format!("action=publish&name={name}"));
    assert!(page(&host).contains("Everyone can read this."));
    host.act_as("bob");
    assert_eq!(send(&host, "GET", &path, &[], "").status, 200);
    host.act_as("alice");
    fill_in(&host, &format!("action=unpublish&name={name}"));
    host.act_as("bob");
    assert_eq!(send(&host, "GET", &path, &[], "").status, 404);
    host.act_as("alice");
    let unsure = format!("action=delete&name={name}");
    let reply = send(&host, "POST", HOME_PAGE, &[FORM, OWN], &unsure);
    expect(&reply, 409, &["role=\"alert\"", "you were not sure"]);
    fill_in(&host, &format!("{unsure}&sure=yes"));
    assert!(!page(&host).contains("Club"));
    assert_eq!(send(&host, "GET", &path, &[], "").status, 404);
}

#[test]
fn names_stay_text() {
    let host = host();
    fill_in(
        &host,
        "action=create&displayname=%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27",
    );
    let html = page(&host);
    assert!(!html.contains("<script"), "{html}");
    let shown = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;";
    assert!(html.contains(shown), "{html}");
}

#[test]
fn forms_of_other_sites_are_refused() {
    let host = host();
    let form = "action=create&displayname=Evil";
    let refused: [&[(&str, &str)]; 5] = [
        &[FORM],
        &[FORM, ("origin", "https://evil.example")],
        &[FORM, ("origin", "null")],
        &[FORM, OWN, ("sec-fetch-site", "cross-site")],
        &[FORM, OWN, ("sec-fetch-site", "same-site")],
    ];
    for headers in refused {
        let reply = send(&host, "POST", HOME_PAGE, headers, form);
        assert_eq!(reply.status, 403, "{headers:?}");
    }
    assert!(!page(&host).contains("Evil"));
    let own = [FORM, ("sec-fetch-site", "same-origin")];
    assert_eq!(send(&host, "POST", HOME_PAGE, &own, form).status, 303);
}

#[test]
fn what_cannot_be_done_is_said() {
    let host = host();
    let wrong = [
        ("action=delete&name=Default&sure=yes", 403),
        ("action=create&displayname=", 409),
        ("action=rename&name=nothing&displayname=x", 404),
        ("action=rename&name=&displayname=x", 404),
        ("action=recolour&name=Default&colour=%23ff0000", 400),
        ("action=dance", 400),
        ("%zz=1", 400),
    ];
    for (form, status) in wrong {
        let reply = send(&host, "POST", HOME_PAGE, &[FORM, OWN], form);
        expect(
            &reply,
            status,
            &["role=\"alert\"", "<h1>Address books</h1>"],
        );
    }
    host.act_as("bob");
    let form = "action=create&displayname=x";
    let reply = send(&host, "POST", HOME_PAGE, &[FORM, OWN], form);
    assert!(matches!(reply.status, 403 | 404), "{}", reply.status);
}
