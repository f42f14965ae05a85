//! From a URL to a module, and switching modules on and off.

use chapar_tests::support::{Server, artifacts, shared, wait_until};
use std::time::Duration;

const DEPTH: [(&str, &str); 1] = [("depth", "0")];

#[test]
fn what_nobody_answers_for_is_not_found() {
    let mut client = shared().client("alice");
    client.send("GET", "/no/such/thing", &[], b"").expect(404);
    // A mount is a whole segment, not the beginning of one.
    client.send("GET", "/dav/drives", &[], b"").expect(404);
}

#[test]
fn methods_that_are_not_for_a_module_or_for_nobody_are_refused() {
    let mut client = shared().client("alice");
    let answer = client
        .send("PATCH", "/dav/drive/user/alice/", &[], b"")
        .expect(405);
    assert!(
        answer
            .list("allow")
            .iter()
            .any(|method| method == "PROPFIND")
    );
    client
        .send("BREW", "/dav/drive/user/alice/", &[], b"")
        .expect_any(&[405, 501]);
}

#[test]
fn dot_segments_do_not_lead_from_one_mount_to_another() {
    let mut client = shared().client("alice");
    let answer = client.send(
        "PROPFIND",
        "/dav/drive/../principals/user/alice/",
        &DEPTH,
        b"",
    );
    assert!(
        matches!(answer.status, 207 | 400 | 404),
        "{}",
        answer.status
    );
    for path in [
        "/dav/drive/user/alice/../bob/",
        "/dav/drive/user/alice/%2e%2e/bob/",
    ] {
        let answer = client.send("PROPFIND", path, &DEPTH, b"");
        assert!(
            matches!(answer.status, 400 | 403 | 404),
            "{path}: {}",
            answer.status
        );
    }
}

/// RFC 8615, RFC 6764 §5.
#[test]
fn an_unknown_well_known_name_is_not_found() {
    shared()
        .anonymous()
        .send("GET", "/.well-known/no-such-name", &[], b"")
        .expect(404);
}

#[test]
fn only_the_modules_that_httpmodules_names_run() {
    let server = Server::builder()
        .user("alice")
        .option("httpmodules", "webdav")
        .start();
    let mut client = server.client("alice");
    client
        .send("PROPFIND", "/dav/drive/user/alice/", &DEPTH, b"")
        .expect(207);
    client
        .send("GET", "/dav/principals/user/alice/", &[], b"")
        .expect(404);
}

#[test]
fn a_module_that_is_not_in_the_folder_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = artifacts().join("modules").join("principals.wasm");
    std::fs::copy(shipped, folder.path().join("principals.wasm")).unwrap();
    std::fs::write(folder.path().join("broken.wasm"), b"\0asm nonsense").unwrap();
    std::fs::write(folder.path().join("notes.txt"), b"not a module").unwrap();
    let moduledir = folder.path().display().to_string();
    let server = Server::builder()
        .user("alice")
        .option("moduledir", &moduledir)
        .start();
    let mut client = server.client("alice");
    client
        .send("PROPFIND", "/dav/principals/user/alice/", &DEPTH, b"")
        .expect(207);
    client
        .send("GET", "/dav/drive/user/alice/", &[], b"")
        .expect(404);
    wait_until("the log says so", Duration::from_secs(10), || {
        server.log().contains("module=broken")
    });
}

#[test]
fn calendars_are_where_the_operator_puts_them_and_called_what_they_are_to_be_called() {
    let server = Server::builder()
        .user("alice")
        .option("calendarprefix", "/cal")
        .option("caldav_realm", "Our calendars")
        .start();
    let home = "/cal/user/alice/";
    let mut anonymous = server.anonymous();
    let asked = anonymous.send("PROPFIND", home, &DEPTH, b"").expect(401);
    let challenges = asked.headers("www-authenticate");
    let realm = "realm=\"Our calendars\"";
    assert!(
        challenges.iter().any(|it| it.contains(realm)),
        "{challenges:?}"
    );
    // That of others is what it was.
    let asked = anonymous.send("PROPFIND", "/dav/drive/user/alice/", &DEPTH, b"");
    let asked = asked.expect(401);
    let challenges = asked.headers("www-authenticate");
    assert!(!challenges.iter().any(|it| it.contains("Our calendars")));

    let mut alice = server.client("alice");
    let led = alice.send("GET", "/.well-known/caldav", &[], b"");
    let led = led.expect_any(&[301, 302, 307, 308]);
    let to = led.headers("location");
    assert!(to.iter().all(|to| to.ends_with("/cal/")), "{to:?}");
    alice.send("PROPFIND", home, &DEPTH, b"").expect(207);
    alice
        .send("PROPFIND", "/dav/calendars/user/alice/", &DEPTH, b"")
        .expect_any(&[404, 405]);
    // What clients ask a principal for is the new place.
    let ask = b"<D:propfind xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:prop>\
        <C:calendar-home-set/></D:prop></D:propfind>";
    let headers = [("depth", "0"), ("content-type", "application/xml")];
    let principal = alice.send("PROPFIND", "/dav/principals/user/alice/", &headers, ask);
    let said = principal.expect(207).text();
    assert!(said.contains(">/cal/user/alice/<"), "{said}");
}
