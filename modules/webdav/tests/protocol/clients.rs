//! What the big desktop clients do, step by step.

use super::*;

#[test]
fn finder_makes_a_file() {
    let host = host();
    let class_2 = send(&host, "OPTIONS", &format!("{HOME}/"), &[], "");
    assert!(
        class_2.header("dav").unwrap().contains("2"),
        "read-only without class 2"
    );
    for probe in [".metadata_never_index", "._.", ".DS_Store"] {
        assert_eq!(
            send(
                &host,
                "PROPFIND",
                &format!("{HOME}/{probe}"),
                &[("depth", "0")],
                ""
            )
            .status,
            404
        );
    }
    // An empty PUT, then LOCK, PUT with the token, and UNLOCK.
    let file = format!("{HOME}/._a.txt");
    assert_eq!(
        send(&host, "PUT", &file, &[("content-length", "0")], "").status,
        201
    );
    let body = "<lockinfo xmlns='DAV:'><lockscope><exclusive/></lockscope><locktype><write/>\
        </locktype><owner><href>http://www.apple.com/webdav_fs/</href></owner></lockinfo>";
    let headers = [("depth", "0"), ("timeout", "Second-600")];
    let locked = send(&host, "LOCK", &file, &headers, body);
    assert_eq!(locked.status, 200);
    let token = locked.header("lock-token").unwrap().to_owned();
    let held = format!("({token})");
    assert_eq!(
        send(&host, "PUT", &file, &[("if", &held)], "data").status,
        204
    );
    assert_eq!(
        send(&host, "UNLOCK", &file, &[("lock-token", &token)], "").status,
        204
    );
    assert_eq!(get(&host, &file).text(), "data");
}

#[test]
fn windows_makes_a_file() {
    let host = host();
    let options = send(&host, "OPTIONS", &format!("{HOME}/"), &[], "");
    assert_eq!(options.header("ms-author-via"), Some("DAV"));
    let file = format!("{HOME}/New%20Text%20Document.txt");
    assert_eq!(
        send(&host, "PUT", &file, &[("content-length", "0")], "").status,
        201
    );
    // It locks without Depth.
    let body = "<?xml version=\"1.0\" encoding=\"utf-8\" ?><D:lockinfo xmlns:D=\"DAV:\">\
        <D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>\
        <D:owner><D:href>PC\\alice</D:href></D:owner></D:lockinfo>";
    let locked = send(&host, "LOCK", &file, &[("timeout", "Second-3600")], body);
    assert_eq!(locked.status, 200, "{}", locked.text());
    let token = locked.header("lock-token").unwrap().to_owned();
    let held = format!("({token})");
    assert_eq!(send(&host, "PUT", &file, &[("if", &held)], "x").status, 204);
    let times = "<?xml version=\"1.0\" encoding=\"utf-8\" ?><D:propertyupdate xmlns:D=\"DAV:\" \
        xmlns:Z=\"urn:schemas-microsoft-com:\"><D:set><D:prop><Z:Win32FileAttributes>00000020\
        </Z:Win32FileAttributes></D:prop></D:set></D:propertyupdate>";
    let patched = send(&host, "PROPPATCH", &file, &[("if", &held)], times);
    assert_eq!(patched.status, 207);
    assert!(patched.text().contains("200 OK"), "{}", patched.text());
    assert_eq!(
        send(&host, "UNLOCK", &file, &[("lock-token", &token)], "").status,
        204
    );
}
