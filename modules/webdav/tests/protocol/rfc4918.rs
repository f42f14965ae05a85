//! RFC 4918.

use super::*;

#[test]
fn s9_7_put_and_get_return_the_same_bytes() {
    let host = host();
    let created = put(&host, &format!("{HOME}/a%20b.txt"), "one");
    assert_eq!(created.status, 201);
    let reply = get(&host, &format!("{HOME}/a%20b.txt"));
    assert_eq!((reply.status, reply.text().as_str()), (200, "one"));
    assert_eq!(reply.header("etag"), created.header("etag"));
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(
        reply.last_modified.map(|at| at / 1000),
        Some(host.now() / 1000)
    );
    assert_eq!(put(&host, &format!("{HOME}/a%20b.txt"), "two").status, 204);
    assert_eq!(get(&host, &format!("{HOME}/a%20b.txt")).text(), "two");
}

#[test]
fn s9_7_1_put_without_a_parent_is_409() {
    let host = host();
    assert_eq!(
        send(&host, "PUT", &format!("{HOME}/x/a"), &[], "1").status,
        409
    );
    assert_eq!(
        send(&host, "PUT", "/dav/drive/user/nobody/a", &[], "1").status,
        409
    );
}

#[test]
fn s9_7_2_put_on_a_collection_is_405() {
    let host = host();
    mkcol(&host, &format!("{HOME}/c"));
    assert_eq!(
        send(&host, "PUT", &format!("{HOME}/c"), &[], "1").status,
        405
    );
}

#[test]
fn s9_3_1_mkcol_answers() {
    let host = host();
    mkcol(&host, &format!("{HOME}/c/"));
    for (path, body, status) in [
        ("/c/", "", 405),
        ("/x/y", "", 409),
        ("/d", "not xml", 415),
        ("/c/d", "", 201),
    ] {
        let reply = send(&host, "MKCOL", &format!("{HOME}{path}"), &[], body);
        assert_eq!(reply.status, status, "{path}");
    }
    put(&host, &format!("{HOME}/f"), "1");
    assert_eq!(
        send(&host, "MKCOL", &format!("{HOME}/f"), &[], "").status,
        405
    );
    for above in ["/dav/drive/new", "/dav/drive/user/new"] {
        assert!(
            matches!(send(&host, "MKCOL", above, &[], "").status, 403 | 409),
            "{above}"
        );
    }
}

#[test]
fn s9_1_propfind_lists_collections_and_members() {
    let host = host();
    mkcol(&host, &format!("{HOME}/c"));
    put(&host, &format!("{HOME}/c/inner"), "1");
    put(&host, &format!("{HOME}/f&.txt"), "123");
    let reply = propfind(
        &host,
        &format!("{HOME}/"),
        "1",
        "<getcontentlength/><resourcetype/>",
    );
    assert_eq!(
        hrefs(&reply),
        [
            "/dav/drive/user/alice/",
            "/dav/drive/user/alice/c/",
            "/dav/drive/user/alice/f%26.txt"
        ]
    );
    assert_eq!(element(&reply, "D:getcontentlength").as_deref(), Some("3"));
    let deep = propfind(&host, &format!("{HOME}/"), "infinity", "<getetag/>");
    assert!(hrefs(&deep).contains(&format!("{HOME}/c/inner")));
    let single = propfind(
        &host,
        &format!("{HOME}/c/inner"),
        "0",
        "<getetag/><creationdate/>",
    );
    assert_eq!(hrefs(&single), [format!("{HOME}/c/inner")]);
}

#[test]
fn s9_1_many_members_come_page_by_page() {
    let host = host();
    for number in 0..1203 {
        put(&host, &format!("{HOME}/f{number}"), "1");
    }
    for number in 0..3 {
        mkcol(&host, &format!("{HOME}/c{number}"));
    }
    let reply = propfind(&host, &format!("{HOME}/"), "1", "<getetag/>");
    let mut found = hrefs(&reply);
    found.dedup();
    assert_eq!(found.len(), 1 + 1203 + 3);
}

#[test]
fn s4_dead_properties_are_kept_as_they_were() {
    let host = host();
    put(&host, &format!("{HOME}/f"), "1");
    mkcol(&host, &format!("{HOME}/c"));
    let update = "<propertyupdate xmlns='DAV:'><set><prop>\
        <p xmlns='urn:x' xml:lang='de'>a<b c='d'/>&amp;</p><displayname>N</displayname>\
        </prop></set></propertyupdate>";
    for path in ["/f", "/c/"] {
        let path = format!("{HOME}{path}");
        assert_eq!(send(&host, "PROPPATCH", &path, &[], update).status, 207);
        let reply = propfind(&host, &path, "0", "<X:p/><displayname/>");
        let text = reply.text();
        assert!(
            text.contains("xml:lang=\"de\"") || text.contains("xml:lang='de'"),
            "{text}"
        );
        assert!(
            text.contains("&amp;</") && text.contains("<D:displayname>N<"),
            "{text}"
        );
    }
    let listed = propfind(&host, &format!("{HOME}/"), "1", "<displayname/>").text();
    assert_eq!(listed.matches("<D:displayname>N<").count(), 2, "{listed}");
    let remove = "<propertyupdate xmlns='DAV:'><remove><prop><p xmlns='urn:x'/></prop></remove>\
        </propertyupdate>";
    assert_eq!(
        send(&host, "PROPPATCH", &format!("{HOME}/f"), &[], remove).status,
        207
    );
    let reply = propfind(&host, &format!("{HOME}/f"), "0", "<X:p/>");
    assert!(reply.text().contains("404"), "{}", reply.text());
}

#[test]
fn s9_8_copy_takes_properties_along() {
    let host = host();
    put(&host, &format!("{HOME}/f"), "1");
    let update = "<propertyupdate xmlns='DAV:'><set><prop><displayname>N</displayname></prop>\
        </set></propertyupdate>";
    send(&host, "PROPPATCH", &format!("{HOME}/f"), &[], update);
    let to = format!("https://example.org{HOME}/g");
    let copy = |overwrite| {
        send(
            &host,
            "COPY",
            &format!("{HOME}/f"),
            &[("destination", &to), ("overwrite", overwrite)],
            "",
        )
    };
    assert_eq!(copy("F").status, 201);
    assert_eq!(copy("F").status, 412);
    assert_eq!(copy("T").status, 204);
    let reply = propfind(&host, &format!("{HOME}/g"), "0", "<displayname/>");
    assert_eq!(element(&reply, "D:displayname").as_deref(), Some("N"));
}

#[test]
fn s9_8_3_collections_are_copied_with_all_that_is_in_them() {
    let host = host();
    mkcol(&host, &format!("{HOME}/c"));
    mkcol(&host, &format!("{HOME}/c/d"));
    put(&host, &format!("{HOME}/c/d/f"), "deep");
    let to = format!("{HOME}/e/");
    let reply = send(
        &host,
        "COPY",
        &format!("{HOME}/c/"),
        &[("destination", &to)],
        "",
    );
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(get(&host, &format!("{HOME}/e/d/f")).text(), "deep");
    assert_eq!(get(&host, &format!("{HOME}/c/d/f")).text(), "deep");
    let flat = format!("{HOME}/flat/");
    let headers = [("destination", flat.as_str()), ("depth", "0")];
    assert_eq!(
        send(&host, "COPY", &format!("{HOME}/c/"), &headers, "").status,
        201
    );
    assert_eq!(get(&host, &format!("{HOME}/flat/d/f")).status, 404);
}

#[test]
fn s9_8_3_depth_0_copies_properties_but_no_members() {
    let host = host();
    mkcol(&host, &format!("{HOME}/c"));
    put(&host, &format!("{HOME}/c/f"), "1");
    let update = "<propertyupdate xmlns='DAV:'><set><prop><displayname>N</displayname></prop>\
        </set></propertyupdate>";
    send(&host, "PROPPATCH", &format!("{HOME}/c/"), &[], update);
    mkcol(&host, &format!("{HOME}/old"));
    put(&host, &format!("{HOME}/old/f"), "old");
    put(&host, &format!("{HOME}/old/g"), "old");
    for (name, status) in [("new", 201), ("old", 204)] {
        let to = format!("{HOME}/{name}/");
        let headers = [("destination", to.as_str()), ("depth", "0")];
        let reply = send(&host, "COPY", &format!("{HOME}/c/"), &headers, "");
        assert_eq!(reply.status, status, "{}", reply.text());
        let found = propfind(&host, &to, "1", "<displayname/>");
        assert_eq!(hrefs(&found), [to.as_str()]);
        assert_eq!(element(&found, "D:displayname").as_deref(), Some("N"));
    }
}

#[test]
fn s9_9_move_renames_trees_and_overwrites() {
    let host = host();
    mkcol(&host, &format!("{HOME}/c"));
    mkcol(&host, &format!("{HOME}/c/d"));
    put(&host, &format!("{HOME}/c/d/f"), "deep");
    mkcol(&host, &format!("{HOME}/old"));
    let to = format!("{HOME}/old/");
    let reply = send(
        &host,
        "MOVE",
        &format!("{HOME}/c/"),
        &[("destination", &to)],
        "",
    );
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert_eq!(get(&host, &format!("{HOME}/old/d/f")).text(), "deep");
    assert_eq!(get(&host, &format!("{HOME}/c/d/f")).status, 404);
    let into = format!("{HOME}/old/d/e");
    let reply = send(
        &host,
        "MOVE",
        &format!("{HOME}/old/"),
        &[("destination", &into)],
        "",
    );
    assert_eq!(reply.status, 403);
    let to = format!("{HOME}/f");
    let reply = send(
        &host,
        "MOVE",
        &format!("{HOME}/old/d/f"),
        &[("destination", &to)],
        "",
    );
    assert_eq!(reply.status, 201);
    assert_eq!(get(&host, &format!("{HOME}/f")).text(), "deep");
}

#[test]
fn s9_6_delete_removes_members_and_trees_but_no_home() {
    let host = host();
    mkcol(&host, &format!("{HOME}/c"));
    put(&host, &format!("{HOME}/c/f"), "1");
    assert_eq!(
        send(&host, "DELETE", &format!("{HOME}/c/f"), &[], "").status,
        204
    );
    assert_eq!(
        send(&host, "DELETE", &format!("{HOME}/c/f"), &[], "").status,
        404
    );
    put(&host, &format!("{HOME}/c/f"), "1");
    assert_eq!(
        send(&host, "DELETE", &format!("{HOME}/c/"), &[], "").status,
        204
    );
    assert_eq!(get(&host, &format!("{HOME}/c/f")).status, 404);
    for above in [HOME, "/dav/drive/user/", "/dav/drive/"] {
        let status = send(&host, "DELETE", above, &[], "").status;
        assert!(matches!(status, 403 | 405), "{above}: {status}");
    }
}

const EXCLUSIVE: &str = "<lockinfo xmlns='DAV:'><lockscope><exclusive/></lockscope>\
    <locktype><write/></locktype><owner>me</owner></lockinfo>";
const SHARED: &str = "<lockinfo xmlns='DAV:'><lockscope><shared/></lockscope>\
    <locktype><write/></locktype></lockinfo>";

fn lock(host: &Host, path: &str, depth: &str, body: &str) -> String {
    let reply = send(
        host,
        "LOCK",
        path,
        &[("depth", depth), ("timeout", "Second-600")],
        body,
    );
    assert!(
        matches!(reply.status, 200 | 201),
        "{} {}",
        reply.status,
        reply.text()
    );
    reply
        .header("lock-token")
        .unwrap()
        .trim_matches(['<', '>'])
        .to_owned()
}

#[test]
fn s9_10_locks_keep_others_out_until_they_end() {
    let host = host();
    let file = format!("{HOME}/f");
    put(&host, &file, "1");
    let token = lock(&host, &file, "0", EXCLUSIVE);
    assert_eq!(send(&host, "PUT", &file, &[], "2").status, 423);
    assert_eq!(send(&host, "DELETE", &file, &[], "").status, 423);
    assert_eq!(
        send(&host, "LOCK", &file, &[("depth", "0")], SHARED).status,
        423
    );
    let held = format!("(<{token}>)");
    assert_eq!(send(&host, "PUT", &file, &[("if", &held)], "2").status, 204);
    let refreshed = send(
        &host,
        "LOCK",
        &file,
        &[("if", &held), ("timeout", "Second-900")],
        "",
    );
    assert_eq!(refreshed.status, 200, "{}", refreshed.text());
    assert!(
        propfind(&host, &file, "0", "<lockdiscovery/>")
            .text()
            .contains(&token)
    );
    let unlock = [("lock-token", format!("<{token}>"))];
    let unlock: Vec<_> = unlock
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(send(&host, "UNLOCK", &file, &unlock, "").status, 204);
    assert_eq!(send(&host, "PUT", &file, &[], "3").status, 204);
    lock(&host, &file, "0", EXCLUSIVE);
    host.advance(1_000_000_000);
    assert_eq!(send(&host, "PUT", &file, &[], "4").status, 204);
}

#[test]
fn s7_4_a_deep_lock_covers_what_is_inside() {
    let host = host();
    mkcol(&host, &format!("{HOME}/c"));
    mkcol(&host, &format!("{HOME}/c/d"));
    let token = lock(&host, &format!("{HOME}/c/"), "infinity", EXCLUSIVE);
    assert_eq!(
        send(&host, "PUT", &format!("{HOME}/c/d/f"), &[], "1").status,
        423
    );
    assert_eq!(
        send(&host, "MKCOL", &format!("{HOME}/c/e"), &[], "").status,
        423
    );
    let held = format!("<https://example.org{HOME}/c/> (<{token}>)");
    assert_eq!(
        send(
            &host,
            "PUT",
            &format!("{HOME}/c/d/f"),
            &[("if", &held)],
            "1"
        )
        .status,
        201
    );
    assert_eq!(
        send(&host, "DELETE", &format!("{HOME}/c/"), &[], "").status,
        423
    );
}

#[test]
fn s6_2_shared_locks_stand_side_by_side() {
    let host = host();
    let file = format!("{HOME}/f");
    put(&host, &file, "1");
    let first = lock(&host, &file, "0", SHARED);
    let second = lock(&host, &file, "0", SHARED);
    assert_ne!(first, second);
    assert_eq!(
        send(&host, "LOCK", &file, &[("depth", "0")], EXCLUSIVE).status,
        423
    );
    let held = format!("(<{second}>)");
    assert_eq!(send(&host, "PUT", &file, &[("if", &held)], "2").status, 204);
}

#[test]
fn s7_3_a_lock_where_nothing_is_makes_an_empty_file() {
    let host = host();
    let file = format!("{HOME}/new.txt");
    let reply = send(&host, "LOCK", &file, &[("depth", "0")], EXCLUSIVE);
    assert_eq!(reply.status, 201, "{}", reply.text());
    let found = get(&host, &file);
    assert_eq!((found.status, found.body.len()), (200, 0));
    assert_eq!(
        found.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
}

#[test]
fn s7_6_a_moved_file_leaves_its_lock_behind() {
    let host = host();
    let file = format!("{HOME}/f");
    put(&host, &file, "1");
    let token = lock(&host, &file, "0", EXCLUSIVE);
    let (held, to) = (format!("(<{token}>)"), format!("{HOME}/g"));
    let headers = [("if", held.as_str()), ("destination", to.as_str())];
    assert_eq!(send(&host, "MOVE", &file, &headers, "").status, 201);
    assert_eq!(send(&host, "PUT", &to, &[], "2").status, 204);
    assert_eq!(send(&host, "PUT", &file, &[], "2").status, 201);
}

#[test]
fn s10_4_if_with_an_entity_tag() {
    let host = host();
    let file = format!("{HOME}/f");
    let etag = put(&host, &file, "1").header("etag").unwrap().to_owned();
    let right = format!("([{etag}])");
    assert_eq!(
        send(&host, "PUT", &file, &[("if", "([\"wrong\"])")], "2").status,
        412
    );
    assert_eq!(
        send(&host, "PUT", &file, &[("if", &right)], "2").status,
        204
    );
}
