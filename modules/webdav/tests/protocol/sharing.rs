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
