//! `httpdocroot`: files that no module serves. RFC 9110 §13, §14.

use chapar_tests::support::Server;

fn server() -> (Server, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    let docroot = root.path().join("www");
    std::fs::create_dir_all(docroot.join("sub")).unwrap();
    std::fs::write(root.path().join("secret"), b"secret").unwrap();
    std::fs::write(docroot.join("index.html"), b"<p>hello</p>").unwrap();
    std::fs::write(docroot.join("data.txt"), b"0123456789").unwrap();
    std::fs::write(docroot.join("sub/index.html"), b"<p>below</p>").unwrap();
    std::fs::write(docroot.join("a b \u{e4}.txt"), b"named").unwrap();
    std::os::unix::fs::symlink(root.path().join("secret"), docroot.join("link")).unwrap();
    let server = Server::builder()
        .user("alice")
        .option("httpdocroot", &docroot.display().to_string())
        .start();
    (server, root)
}

#[test]
fn files_are_served_with_their_types_and_validators() {
    let (server, _root) = server();
    let mut client = server.anonymous();
    let index = client.send("GET", "/", &[], b"").expect(200);
    assert_eq!(index.body, b"<p>hello</p>");
    assert!(
        index
            .header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    assert_eq!(
        client.send("GET", "/sub/", &[], b"").expect(200).body,
        b"<p>below</p>"
    );
    assert_eq!(
        client
            .send("GET", "/a%20b%20%C3%A4.txt", &[], b"")
            .expect(200)
            .body,
        b"named"
    );
    let data = client.send("GET", "/data.txt", &[], b"").expect(200);
    let etag = data.header("etag").expect("an etag").to_owned();
    let modified = data.header("last-modified").expect("a date").to_owned();
    client
        .send("GET", "/data.txt", &[("if-none-match", &etag)], b"")
        .expect(304);
    client
        .send("GET", "/data.txt", &[("if-modified-since", &modified)], b"")
        .expect(304);
    client
        .send("GET", "/data.txt", &[("if-match", "\"other\"")], b"")
        .expect(412);
    let head = client.send("HEAD", "/data.txt", &[], b"").expect(200);
    assert_eq!(head.header("content-length"), Some("10"));
    client.send("GET", "/none.txt", &[], b"").expect(404);
    client
        .send("PUT", "/data.txt", &[], b"x")
        .expect_any(&[401, 403, 404, 405]);
}

#[test]
fn ranges_are_served() {
    let (server, _root) = server();
    let mut client = server.anonymous();
    let mut range = |value: &str| client.send("GET", "/data.txt", &[("range", value)], b"");
    let part = range("bytes=2-4").expect(206);
    assert_eq!(part.body, b"234");
    assert_eq!(part.header("content-range"), Some("bytes 2-4/10"));
    assert_eq!(range("bytes=-3").expect(206).body, b"789");
    assert_eq!(range("bytes=7-").expect(206).body, b"789");
    let past = range("bytes=10-").expect(416);
    assert_eq!(past.header("content-range"), Some("bytes */10"));
    range("nonsense=1-2").expect(200);
}

#[test]
fn nothing_outside_the_folder_is_served() {
    let (server, _root) = server();
    let mut client = server.anonymous();
    for path in [
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/sub/../../secret",
        "/sub/..%2f..%2fsecret",
        "/..%5csecret",
        "//secret",
        "/link",
    ] {
        let answer = client.send("GET", path, &[], b"");
        assert!(
            matches!(answer.status, 400 | 403 | 404),
            "{path}: {}",
            answer.status
        );
        assert!(
            !answer.text().contains("secret"),
            "{path}: {}",
            answer.text()
        );
    }
}
