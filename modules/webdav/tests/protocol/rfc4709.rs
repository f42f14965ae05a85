//! RFC 4709.

use super::*;

#[test]
fn s3_mount_document() {
    let host = host();
    mkcol(&host, &format!("{HOME}/a%20b"));
    let reply = get(&host, &format!("{HOME}/a%20b/?davmount"));
    assert_eq!(
        reply.header("content-type"),
        Some("application/davmount+xml")
    );
    assert_eq!(
        element(&reply, "dm:url").as_deref(),
        Some("https://example.org/dav/drive/user/alice/")
    );
    assert_eq!(element(&reply, "dm:open").as_deref(), Some("a%20b/"));
    assert_eq!(element(&reply, "dm:username").as_deref(), Some("alice"));
    let home = get(&host, &format!("{HOME}/?davmount"));
    assert_eq!(element(&home, "dm:open"), None);
}
