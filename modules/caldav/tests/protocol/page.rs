//! The page for people.

use super::*;

fn host_with_page() -> Host {
    let host = host();
    host.option("caldav_allowcalendaradmin", "yes");
    host
}

fn page(host: &Host) -> Reply {
    let headers = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    send(host, "GET", &format!("{HOME}/"), &headers, "")
}

fn submit(host: &Host, headers: &[(&str, &str)], form: &str) -> Reply {
    let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
    all.extend_from_slice(headers);
    send(host, "POST", &format!("{HOME}/"), &all, form)
}

const SAME: [(&str, &str); 2] = [
    ("origin", "https://example.org"),
    ("sec-fetch-site", "same-origin"),
];

#[test]
fn there_is_one_if_the_operator_wants_it() {
    let host = host();
    assert_eq!(page(&host).status, 204);
    assert_eq!(
        submit(&host, &SAME, "action=create&displayname=A").status,
        405
    );
    let host = host_with_page();
    let reply = page(&host);
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = reply.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("script"),
        "{policy}"
    );
    let text = reply.text();
    for piece in [
        ">personal</h2>",
        "webcal://example.org",
        ">Download</a>",
        ">New calendar</h2>",
    ] {
        assert!(text.contains(piece), "{piece}: {text}");
    }
    assert!(!text.contains(">Delete<"), "the only calendar stays");
    assert!(!text.contains("Inbox") && !text.contains("<script"));
    assert_eq!(send(&host, "GET", &format!("{HOME}/"), &[], "").status, 204);
}

#[test]
fn calendars_are_made_changed_and_removed() {
    let host = host_with_page();
    let made = submit(
        &host,
        &SAME,
        "action=create&displayname=Caf%C3%A9+%26+more&colour=%23a1B2c3&choice=VTODO",
    );
    assert_eq!(
        (made.status, made.header("location")),
        (303, Some("/dav/calendars/user/alice/"))
    );
    let asked = "<displayname/><A:calendar-color/><C:supported-calendar-component-set/>";
    let listed = propfind(&host, HOME, "1", asked);
    expect(
        &listed,
        207,
        &[
            "Café &amp; more",
            "#a1B2c3<",
            "<C:comp name=\"VTODO\"/></C:supported",
        ],
    );
    let id = hrefs(&listed)
        .into_iter()
        .filter_map(|href| {
            href.strip_prefix(&format!("{HOME}/"))?
                .strip_suffix('/')
                .map(str::to_owned)
        })
        .find(|name| !["", "Default", "Inbox", "Outbox"].contains(&name.as_str()))
        .unwrap();
    let text = page(&host).text();
    assert!(text.contains(">Café &amp; more</h2>") && text.contains("value=\"#a1B2c3\""));
    for form in [
        format!("action=rename&name={id}&displayname=Tasks"),
        format!("action=recolour&name={id}&colour=%23000000"),
        format!("action=publish&name={id}"),
    ] {
        assert_eq!(submit(&host, &SAME, &form).status, 303, "{form}");
    }
    let path = format!("{HOME}/{id}/");
    let file = send(&host, "GET", &path, &[], "");
    assert_eq!(
        file.header("content-disposition"),
        Some("attachment; filename*=utf-8''Tasks.ics"),
        "a file is named as people name it"
    );
    host.act_as_anonymous();
    assert_eq!(
        send(&host, "GET", &path, &[], "").status,
        200,
        "it is public"
    );
    host.act_as("alice");
    assert!(page(&host).text().contains("Everyone can read this."));
    let form = format!("action=unpublish&name={id}");
    assert_eq!(submit(&host, &SAME, &form).status, 303);
    host.act_as_anonymous();
    assert_eq!(send(&host, "GET", &path, &[], "").status, 401);
    host.act_as("alice");
    let reply = propfind(&host, &path, "0", "<acl/><displayname/>");
    expect(&reply, 207, &[">Tasks<", "<C:read-free-busy/>"]);
    let form = format!("action=delete&name={id}");
    assert_eq!(
        submit(&host, &SAME, &form).status,
        409,
        "not without a tick"
    );
    assert_eq!(submit(&host, &SAME, &(form + "&sure=yes")).status, 303);
    assert_eq!(send(&host, "PROPFIND", &path, &[], "").status, 404);
    let form = "action=delete&name=Default&sure=yes";
    expect(&submit(&host, &SAME, form), 403, &["role=\"alert\""]);
}

#[test]
fn other_sites_change_nothing() {
    let host = host_with_page();
    let form = "action=create&displayname=Evil&colour=%23112233";
    for headers in [
        &[][..],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "https://example.org.evil.example")],
        &[
            ("origin", "https://example.org"),
            ("sec-fetch-site", "cross-site"),
        ],
        &[
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "same-origin"),
        ],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
    ] {
        assert_eq!(submit(&host, headers, form).status, 403, "{headers:?}");
    }
    assert_eq!(
        submit(&host, &[("origin", "https://example.org")], form).status,
        303
    );
    let text = send(
        &host,
        "POST",
        &format!("{HOME}/"),
        &[("content-type", "text/plain")],
        form,
    );
    assert_eq!(text.status, 405);
}

#[test]
fn names_are_text() {
    let host = host_with_page();
    let name = "<displayname>&quot;>&lt;script>alert(1)&lt;/script></displayname>";
    expect(&proppatch(&host, DEFAULT, name), 207, &["200 OK"]);
    let color = "<A:calendar-color>\" onfocus=\"x</A:calendar-color>";
    expect(&proppatch(&host, DEFAULT, color), 207, &["200 OK"]);
    let text = page(&host).text();
    assert!(
        !text.contains("<script>") && !text.contains("onfocus"),
        "{text}"
    );
    assert!(
        text.contains("value=\"&quot;&gt;&lt;script&gt;alert(1)"),
        "{text}"
    );
    for (form, status) in [
        ("action=create&displayname=", 409),
        ("action=create&displayname=A&colour=red", 409),
        ("action=recolour&name=Default&colour=%23gggggg", 409),
        ("action=eat", 400),
        ("", 400),
        ("action=rename&name=none&displayname=A", 404),
        ("action=rename&name=Inbox&displayname=A", 404),
    ] {
        assert_eq!(submit(&host, &SAME, form).status, status, "{form}");
    }
}
