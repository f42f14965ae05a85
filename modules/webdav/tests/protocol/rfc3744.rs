//! RFC 3744.

use super::*;

/// Grants privileges on a collection of alice's to a principal, by its path, and keeps her own.
pub(crate) fn share(host: &Host, path: &str, principal: &str, privileges: &str) {
    let ace = |principal: &str, privileges: &str| {
        format!(
            "<ace><principal><href>{principal}</href></principal><grant>{privileges}</grant></ace>"
        )
    };
    let all = "<privilege><all/></privilege>";
    let acl = format!(
        "<acl xmlns='DAV:'>{}{}</acl>",
        ace("/dav/principals/user/alice/", all),
        ace(principal, privileges)
    );
    let reply = send(host, "ACL", path, &[], &acl);
    assert_eq!(reply.status, 200, "{}", reply.text());
}

pub(crate) const READ: &str = "<privilege><read/></privilege>";

#[test]
fn s8_1_acl_lets_others_in() {
    let host = host();
    mkcol(&host, &format!("{HOME}/c"));
    put(&host, &format!("{HOME}/c/f"), "1");
    host.act_as("bob");
    assert_eq!(get(&host, &format!("{HOME}/c/f")).status, 404);
    host.act_as("alice");
    share(
        &host,
        &format!("{HOME}/c/"),
        "/dav/principals/group/staff/",
        READ,
    );
    host.act_as("bob");
    assert_eq!(get(&host, &format!("{HOME}/c/f")).text(), "1");
    let refused = send(&host, "PUT", &format!("{HOME}/c/f"), &[], "2");
    assert_eq!(refused.status, 403);
    assert!(
        refused.text().contains("need-privileges"),
        "{}",
        refused.text()
    );
    host.act_as("carol");
    assert_eq!(get(&host, &format!("{HOME}/c/f")).status, 404);
}

#[test]
fn s8_1_1_unknown_principals_are_refused() {
    let host = host();
    let acl = "<acl xmlns='DAV:'><ace><principal><href>/dav/principals/user/nobody/</href>\
        </principal><grant><privilege><read/></privilege></grant></ace></acl>";
    let reply = send(&host, "ACL", HOME, &[], acl);
    assert_eq!(reply.status, 403);
    assert!(
        reply.text().contains("recognized-principal"),
        "{}",
        reply.text()
    );
}

#[test]
fn s5_properties() {
    let host = host();
    put(&host, &format!("{HOME}/f"), "1");
    let props = "<owner/><current-user-privilege-set/><acl/><principal-collection-set/>";
    let text = propfind(&host, &format!("{HOME}/f"), "0", props).text();
    for part in [
        "/dav/principals/user/alice/",
        "<D:write-acl/>",
        "/dav/principals/group/",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}
