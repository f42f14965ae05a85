//! Tenants share a server and nothing else.

use chapar_tests::support::{Client, PASSWORD, Server, wait_until};
use std::time::Duration;

const HOME: &str = "/dav/drive/user/alice";

fn server() -> Server {
    Server::builder()
        .tenant("a", "domains: a.test")
        .tenant("b", "domains: b.test")
        .user("alice@a.test")
        .user("alice@b.test")
        .user("alice")
        .start()
}

/// The same name and password in three tenants, with the same module, at the same path: requests
/// that follow each other closely find warm instances and remembered sign-ins, each its own.
#[test]
fn nothing_crosses_between_users_of_the_same_name() {
    let server = server();
    let path = format!("{HOME}/file");
    let mut clients = [
        ("a", server.client("alice").at("a.test")),
        ("b", server.client("alice").at("b.test")),
        ("default", server.client("alice")),
        ("a", server.client("alice@a.test")),
        ("b", server.client("alice@b.test")),
    ];
    for (name, client) in &mut clients[..3] {
        client.send("GET", &path, &[], b"").expect(404);
        client.send("PUT", &path, &[], name.as_bytes()).expect(201);
    }
    for _ in 0..20 {
        for (name, client) in &mut clients {
            let answer = client.send("GET", &path, &[], b"").expect(200);
            assert_eq!(answer.text(), *name);
        }
    }
    // All at once, on connections of their own.
    std::thread::scope(|scope| {
        for (name, client) in &mut clients {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..50 {
                    let answer = client.send("GET", path, &[], b"").expect(200);
                    assert_eq!(answer.text(), *name);
                }
            });
        }
    });
    // A password that holds in one tenant is worth nothing in another.
    let said = server.run(
        &["user", "passwd", "alice@a.test", "--password-stdin"],
        "another password\n",
    );
    assert!(said.status.success(), "{said:?}");
    let mut changed = Client::user(server.address, "alice", "another password");
    changed = changed.at("a.test");
    assert_eq!(changed.send("GET", &path, &[], b"").expect(200).text(), "a");
    for host in ["b.test", "x.test"] {
        let mut client = Client::user(server.address, "alice", "another password").at(host);
        client.send("GET", &path, &[], b"").expect(401);
    }
    let mut client = Client::user(server.address, "alice", PASSWORD).at("b.test");
    assert_eq!(client.send("GET", &path, &[], b"").expect(200).text(), "b");
}

/// A tenant has the modules that its file names, and no mount or well-known name of others.
#[test]
fn each_tenant_has_its_own_modules() {
    let server = Server::builder()
        .tenant("a", "domains: a.test\nhttpmodules: webdav")
        .tenant("b", "domains: b.test\nhttpmodules: principals")
        .user("alice@a.test")
        .user("alice@b.test")
        .start();
    let status = |host: &str, path: &str| {
        let mut client = server.client("alice").at(host);
        client.send("PROPFIND", path, &[("depth", "0")], b"").status
    };
    let principal = "/dav/principals/user/alice/";
    assert_eq!(status("a.test", &format!("{HOME}/")), 207);
    assert_eq!(status("a.test", principal), 405);
    assert_eq!(status("b.test", &format!("{HOME}/")), 405);
    assert_eq!(status("b.test", principal), 207);
}

/// Dropped in, taken out and brought back while the server runs, by file or by signal.
#[test]
fn a_tenant_comes_goes_and_comes_back() {
    let server = Server::builder().start();
    let path = format!("{HOME}/file");
    let mut client = server.client("alice").at("a.test");
    client.send("GET", &path, &[], b"").expect(401);
    server.tenant("a", "domains: a.test");
    server.add_user("alice@a.test");
    let mut serves = |what: &str, status: u16| {
        wait_until(what, Duration::from_secs(10), || {
            client.send("GET", &path, &[], b"").status == status
        });
    };
    serves("the tenant serves", 404);
    let mut writer = server.client("alice").at("a.test");
    writer.send("PUT", &path, &[], b"kept").expect(201);
    let file = server.folder().join("state/tenants.d/a.conf");
    std::fs::rename(&file, file.with_extension("off")).unwrap();
    server.signal("-HUP");
    serves("the tenant is gone", 401);
    std::fs::rename(file.with_extension("off"), &file).unwrap();
    server.signal("-HUP");
    serves("the tenant is back", 200);
}

#[test]
fn tenants_are_listed_with_what_is_wrong() {
    let server = Server::builder()
        .tenant("a", "domains: a.test\nhttpmodules: webdav")
        .tenant("b", "domains: b.test\nlisten: *:1")
        .tenant("c", "domains: a.test")
        .user("alice@a.test")
        .user("bob")
        .prepare();
    let said = server.run(&["tenant", "list"], "");
    assert!(said.status.success(), "{said:?}");
    let text = String::from_utf8(said.stdout).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    let row = |name: &str| rows.iter().find(|row| row[0] == name).unwrap();
    assert_eq!(row("a")[1..4], ["a.test", "webdav", "1"]);
    assert_eq!(row("default")[1..4], ["", "*", "1"]);
    assert!(row("a")[4].parse::<u64>().unwrap() > 0);
    assert!(text.contains("b.conf:2: `listen`"), "{text}");
    assert!(text.contains("`a` and `c` both have `a.test`"), "{text}");
    let users = |arguments: &[&str]| {
        let said = server.run(arguments, "");
        String::from_utf8(said.stdout).unwrap()
    };
    assert!(users(&["user", "list", "--tenant", "a"]).starts_with("alice\t"));
    assert!(users(&["user", "list"]).starts_with("bob\t"));
    let said = server.run(&["user", "list", "--tenant", "z"], "");
    assert!(String::from_utf8_lossy(&said.stderr).contains("no z.conf"));
}
