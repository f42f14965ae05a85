//! What others see of what is shared with them.

use super::rfc3744::{READ, share};
use super::*;

#[test]
fn a_home_is_made_when_its_owner_comes_and_for_nobody_else() {
    let host = host();
    host.act_as("bob");
    assert_eq!(get(&host, &format!("{HOME}/")).status, 404);
    host.act_as("alice");
    assert_eq!(get(&host, &format!("{HOME}/")).status, 200);
    host.scope(module::Scope::READ_ONLY);
    assert_eq!(put_status(&host, &format!("{HOME}/f")), 403);
}

fn put_status(host: &Host, path: &str) -> u16 {
    send(host, "PUT", path, &[], "1").status
}

#[test]
fn a_shared_folder_deep_inside_can_be_walked_to() {
    let host = host();
    mkcol(&host, &format!("{HOME}/secret"));
    mkcol(&host, &format!("{HOME}/secret/open"));
    put(&host, &format!("{HOME}/secret/hidden"), "1");
    put(&host, &format!("{HOME}/secret/open/f"), "1");
    share(
        &host,
        &format!("{HOME}/secret/open/"),
        "/dav/principals/user/bob/",
        READ,
    );
    host.act_as("bob");
    let users = hrefs(&propfind(&host, "/dav/drive/user/", "1", "<resourcetype/>"));
    assert_eq!(
        users,
        [
            "/dav/drive/user/",
            "/dav/drive/user/alice/",
            "/dav/drive/user/bob/"
        ]
    );
    let walked = hrefs(&propfind(
        &host,
        "/dav/drive/",
        "infinity",
        "<resourcetype/>",
    ));
    assert!(
        walked.contains(&format!("{HOME}/secret/open/f")),
        "{walked:?}"
    );
    assert!(
        !walked.iter().any(|href| href.contains("hidden")),
        "{walked:?}"
    );
    assert_eq!(get(&host, &format!("{HOME}/secret/hidden")).status, 404);
    assert_eq!(put_status(&host, &format!("{HOME}/new")), 403);
}

#[test]
fn who_may_only_put_things_in_learns_nothing() {
    let host = host();
    mkcol(&host, &format!("{HOME}/box"));
    put(&host, &format!("{HOME}/box/f"), "1");
    let bind = "<privilege><read-current-user-privilege-set/></privilege>";
    let _ = bind;
    share(
        &host,
        &format!("{HOME}/box/"),
        "/dav/principals/user/bob/",
        "<privilege><bind/></privilege>",
    );
    host.act_as("bob");
    assert_eq!(get(&host, &format!("{HOME}/box/f")).status, 404);
}

/// Grants a collection of alice's to anyone.
fn publish(host: &Host, path: &str, privileges: &str) {
    let acl = format!(
        "<acl xmlns='DAV:'><ace><principal><href>/dav/principals/user/alice/</href></principal>\
         <grant><privilege><all/></privilege></grant></ace>\
         <ace><principal><all/></principal><grant>{privileges}</grant></ace></acl>"
    );
    let reply = send(host, "ACL", path, &[], &acl);
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[test]
fn anonymous_is_asked_to_sign_in_for_what_is_private() {
    let host = host();
    put(&host, &format!("{HOME}/f"), "1");
    host.act_as_anonymous();
    for path in [
        "/dav/drive/",
        "/dav/drive/user/",
        "/dav/drive/user/alice/",
        "/dav/drive/user/alice/f",
        "/dav/drive/user/alice/new",
        "/dav/drive/user/nobody/",
        "/dav/drive/user/nobody/new",
        "/dav/drive/other",
    ] {
        for method in [
            "PROPFIND",
            "PUT",
            "GET",
            "HEAD",
            "LOCK",
            "MKCOL",
            "DELETE",
            "POST",
            "PROPPATCH",
            "REPORT",
            "ACL",
            "UNLOCK",
            "COPY",
            "MOVE",
        ] {
            // A malformed body that nobody should look at.
            let headers = [("destination", "/dav/drive/user/alice/g")];
            let reply = send(&host, method, path, &headers, "<");
            assert_eq!(reply.status, 401, "{method} {path}: {}", reply.text());
        }
    }
    // Nobody's home was made, and alice's is as it was.
    host.act_as("alice");
    let found = propfind(&host, &format!("{HOME}/"), "1", "<getetag/>");
    assert_eq!(
        hrefs(&found),
        [format!("{HOME}/"), format!("{HOME}/f")].as_slice()
    );
}

#[test]
fn anonymous_reads_what_anyone_may_read() {
    let host = host();
    put(&host, &format!("{HOME}/private"), "1");
    mkcol(&host, &format!("{HOME}/open"));
    put(&host, &format!("{HOME}/open/f"), "public");
    mkcol(&host, &format!("{HOME}/open/hidden"));
    put(&host, &format!("{HOME}/open/hidden/f"), "1");
    publish(&host, &format!("{HOME}/open/"), READ);
    host.act_as_anonymous();
    let file = format!("{HOME}/open/f");
    assert_eq!(get(&host, &file).text(), "public");
    assert_eq!(get(&host, &format!("{HOME}/open/")).status, 200);
    let props = "<getetag/><owner/><acl/><lockdiscovery/><quota-available-bytes/>\
        <current-user-principal/><current-user-privilege-set/><sync-token/>";
    let found = propfind(&host, &format!("{HOME}/open/"), "infinity", props);
    assert_eq!(hrefs(&found), [format!("{HOME}/open/"), file.clone()]);
    assert!(found.text().contains("<D:unauthenticated/>"));
    for (method, path) in [
        ("PUT", "open/f"),
        ("PUT", "open/new"),
        ("DELETE", "open/f"),
        ("LOCK", "open/f"),
        ("LOCK", "open/new"),
        ("MKCOL", "open/new"),
        ("PROPPATCH", "open/f"),
        ("ACL", "open/"),
        ("POST", "open/?action=add-member"),
        ("GET", "open/hidden/f"),
        ("GET", "open/hidden/"),
        ("GET", "private"),
        ("PROPFIND", ""),
    ] {
        let reply = send(&host, method, &format!("{HOME}/{path}"), &[], "<");
        assert_eq!(reply.status, 401, "{method} {path}: {}", reply.text());
    }
    for to in ["open/g", "open/f", "private", "g", "none/g"] {
        let to = format!("{HOME}/{to}");
        let headers = [("destination", to.as_str()), ("overwrite", "F")];
        let reply = send(&host, "COPY", &file, &headers, "");
        assert_eq!(reply.status, 401, "{to}: {}", reply.text());
    }
    // Who has signed in is told what is there and what is not.
    host.act_as("bob");
    assert_eq!(get(&host, &format!("{HOME}/open/none")).status, 404);
    assert_eq!(send(&host, "PUT", &file, &[], "2").status, 403);
}
